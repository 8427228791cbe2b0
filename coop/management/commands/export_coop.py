"""``manage.py export_coop SLUG FILE``: everything that is one co-op's, in formats anybody can read."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from coop.kernel.models import Cooperative
from coop.moving.archive import export_coop
from coop.moving.backup import MoveError


class Command(BaseCommand):
    help = "Write the whole co-op SLUG into the zip FILE: CSV by table, the journal, and the sums that prove it."

    def add_arguments(self, parser):
        parser.add_argument("coop", metavar="SLUG")
        parser.add_argument("file", type=Path)

    def handle(self, *args, coop, file, **options):
        found = Cooperative.objects.filter(slug=coop).first()
        if found is None:
            raise CommandError(f"There is no co-op called {coop}.", returncode=2)
        try:
            rows = export_coop(found, file.absolute())
        except (MoveError, OSError) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        self.stdout.write(f"{file}: {sum(rows.values())} rows of {len(rows)} tables.")
