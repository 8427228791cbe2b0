import sys

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from coop.kernel import audit
from coop.kernel.models import AuditEvent, Cooperative


class Command(BaseCommand):
    help = "Walk the audit chain of one co-op, or of all, and say whether it is whole. Exit status 1 where it is not."

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
            findings = list(audit.verify(each))
            for finding in findings:
                self.stderr.write(f"{each.slug}: event {finding.seq}: {finding.what}")
            if findings:
                broken = True
            else:
                count = AuditEvent.objects.filter(coop=each).count()
                events = ngettext("one event", "%(n)d events", count) % {"n": count}
                self.stdout.write(f"{each.slug}: {events}, the chain is whole")
        if broken:
            sys.exit(1)
