"""``manage.py demo``: a co-op that has just finished its year, on this machine, in one command."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from coop import embedded
from coop.kernel.models import Cooperative
from coop.management.commands.up import Command as Up

# While the story is not written yet, the house starts empty.
demo: Any = import_module("coop.demo") if find_spec("coop.demo") else None


class Command(Up):
    help = "Start everything with a finished year to look at. The data is kept; 'make reset' throws it away."

    def handle(self, *args, **options):
        if "postgres" not in embedded.needed():
            raise CommandError("The demo has logins everybody knows. Unset DATABASE_URL to run it here.", returncode=2)
        if not settings.DEMO:  # settings are read once: begin again as the demo
            os.environ["ROCHDALE_DEMO"] = "1"
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves
        super().handle(*args, **options)

    def prepare(self):
        super().prepare()
        if demo is not None and not Cooperative.objects.exists():
            self.stdout.write("Telling a co-op's year: members, shares, a meeting, an election, the surplus …")
            self.stdout.flush()
            demo.seed()

    def welcome(self, url):
        if demo is None:
            super().welcome(url)
            return
        self.stdout.write(demo.welcome(url))
        self.stdout.flush()
