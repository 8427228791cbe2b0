"""``manage.py up``: database, broker, pages, worker and clock, under one supervisor in the foreground."""

import os
import signal

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from coop import embedded, supervisor
from coop.keeper import tie_to_parent


class Command(BaseCommand):
    help = "Start everything in the foreground; Ctrl-C stops everything. PORT and HOST say where pages are served."
    requires_system_checks = []
    migrates_during_a_vote = False

    def handle(self, *args, **options):
        if os.environ.pop("ROCHDALE_TIED", ""):  # started by make: were make killed, Ctrl-C would reach nobody
            tie_to_parent(signal.SIGTERM)
        try:
            claim = supervisor.OnlyOne(embedded.data_dir())
            listener = supervisor.listen(os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or None)
            if embedded.needed():
                embedded.ensure(own=True)
        except (supervisor.CannotStart, embedded.EmbeddedError) as problem:
            raise CommandError(str(problem), returncode=2) from None
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the supervisor listens itself
        try:
            self.prepare()
        except KeyboardInterrupt:
            raise CommandError("Stopped before anything was served.", returncode=130) from None
        connections.close_all()
        code = supervisor.Supervisor(listener=listener, claim=claim, once_up=self.welcome).run()
        raise SystemExit(code)

    def prepare(self):
        """What must be true before the first page is served."""
        call_command("migrate", verbosity=0, interactive=False, with_open_ballots=self.migrates_during_a_vote)
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)

    def welcome(self, url):
        """Called once, when pages answer."""
        where = f"  The data is in {embedded.data_dir()}.\n" if embedded.needed() else ""
        self.stdout.write(f"\n  Rochdale is up: {url}\n{where}  Ctrl-C stops it.\n\n")
        self.stdout.flush()
