"""``manage.py import_coop FILE``: a co-op that ``export_coop`` wrote elsewhere, into this installation."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coop.moving.archive import import_coop
from coop.moving.backup import MoveError


class Command(BaseCommand):
    help = "Bring a co-op in from the zip FILE, whole or not at all, and prove its chains and sums."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, file, **options):
        try:
            slug, rows = import_coop(file.absolute())
        except MoveError as problem:
            raise CommandError(str(problem), returncode=2) from problem
        self.stdout.write(f"{slug}: {sum(rows.values())} rows; every chain and every sum holds.")
        self.stdout.write("Passwords and second factors did not travel: each login sets a new one by e-mail.")
