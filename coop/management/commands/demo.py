"""``manage.py demo``: a co-op that has just finished its year, on this machine, in one command."""

import os
import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from coop import demo, embedded
from coop.kernel.models import Cooperative
from coop.management.commands.up import Command as Up


class Command(Up):
    help = "Start everything with a finished year to look at. The data is kept; 'make reset' throws it away."
    migrates_during_a_vote = True  # its ballots are nobody’s vote, and some are always open

    def handle(self, *args, **options):
        if "postgres" not in embedded.needed():
            raise CommandError("The demo has logins everybody knows. Unset DATABASE_URL to run it here.", returncode=2)
        if not settings.DEMO:  # settings are read once: begin again as the demo
            os.environ["ROCHDALE_DEMO"] = "1"
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves
        self.begun = embedded.data_dir() / "demo-begun"
        if self.begun.exists() and not embedded.running():
            self.stdout.write("The last start was interrupted half-way through the story; telling it from the start.")
            call_command("reset_data", yes=True, verbosity=0)
        super().handle(*args, **options)

    def prepare(self):
        super().prepare()
        if Cooperative.objects.exists():
            return
        self.stdout.write("Telling a co-op's year: members, shares, a meeting, an election, the surplus …")
        self.stdout.flush()
        self.begun.touch()
        demo.seed()
        self.begun.unlink()

    def welcome(self, url):
        self.stdout.write(demo.welcome(url))
        self.stdout.flush()
