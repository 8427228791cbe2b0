import sys

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from coop.kernel.models import Cooperative
from members.models import Membership
from members.services import history


class Command(BaseCommand):
    help = (
        "Walk every membership's history of one co-op, or of all, and say whether it is whole. Exit 1 where it is not."
    )

    def add_arguments(self, parser):
        parser.add_argument("--coop", metavar="SLUG", help="only this co-op")

    def handle(self, *args, coop=None, **options):
        coops = Cooperative.objects.order_by("slug")
        if coop:
            coops = coops.filter(slug=coop)
            if not coops:
                raise CommandError(f"There is no co-op called {coop}.", returncode=2)
        broken = False
        for each in coops:
            findings = list(history.verify(each))
            for finding in findings:
                self.stderr.write(f"{each.slug}: {finding}")
            broken |= bool(findings)
            if not findings:
                count = Membership.objects.filter(coop=each).count()
                held = ngettext("one membership", "%(n)d memberships", count) % {"n": count}
                self.stdout.write(f"{each.slug}: {held}, every history is whole")
        if broken:
            sys.exit(1)
