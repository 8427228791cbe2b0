"""``manage.py examine``: every chain, seal, sum and hash of the house, computed anew."""

from django.core.management.base import BaseCommand, CommandError

from coop.kernel.models import Cooperative
from coop.moving.examine import examine


class Command(BaseCommand):
    help = "Prove the records of one co-op, or of all: audit chain, histories, journal, shares, rolls, ballots."

    def add_arguments(self, parser):
        parser.add_argument("--coop", metavar="SLUG", help="only this co-op")

    def handle(self, *args, coop=None, **options):
        coops = Cooperative.objects.order_by("slug")
        if coop:
            coops = coops.filter(slug=coop)
            if not coops:
                raise CommandError(f"There is no co-op called {coop}.", returncode=2)
        broken = []
        for each in coops:
            found = [f"{each.slug}: {what}" for what in examine(each)]
            broken += found
            if not found:
                self.stdout.write(f"{each.slug}: everything holds.")
        if broken:
            raise CommandError("\n".join(broken), returncode=1)
