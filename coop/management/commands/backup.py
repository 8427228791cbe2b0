"""``manage.py backup FILE``: the whole database into one file, with what must be true of it."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coop.embedded_files import EmbeddedError
from coop.moving.backup import MoveError, make_backup


class Command(BaseCommand):
    help = "Write the whole database into FILE while everything runs. Keys of open ballots stay out of it."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, file, **options):
        try:
            known = make_backup(file.absolute())
        except (MoveError, EmbeddedError) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        for slug, said in known.items():
            self.stdout.write(f"{slug}: audit chain {said.get('audit chain', 'empty')}")
        self.stdout.write(f"{file}: {file.stat().st_size} bytes, {len(known)} co-ops.")
