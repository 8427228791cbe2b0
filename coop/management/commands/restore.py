"""``manage.py restore FILE``: a backup into an empty database, examined afterwards."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coop import privacy
from coop.embedded_files import EmbeddedError
from coop.moving.backup import MoveError, restore_backup


class Command(BaseCommand):
    help = (
        "Bring the backup FILE into the configured database, which must be empty; compare every sum and chain with the"
        " backup's, and erase again whoever was erased since. Exit status 1 where something does not hold."
    )
    requires_system_checks = []  # the schema is not there yet

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, file, **options):
        try:
            done = restore_backup(file.absolute())
        except (MoveError, EmbeddedError) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        for slug, known in done.coops.items():
            self.stdout.write(f"{slug}: audit chain {known.get('audit chain', 'empty')}")
        if not privacy.log_file().exists():
            self.stdout.write(f"There is no erasure log at {privacy.log_file()}: nobody was erased again.")
        for each in done.erased:
            self.stdout.write(f"{each.erasure.coop.slug}: party {each.erasure.party_id} erased again.")
        for said in done.stayed:
            self.stderr.write(said)
        if not done.whole:
            raise CommandError("\n".join([*done.differences, *done.broken]), returncode=1)
        self.stdout.write(f"Restored what was backed up at {done.made_at}; every chain and every sum holds.")
