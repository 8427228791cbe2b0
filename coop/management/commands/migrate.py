"""Django's ``migrate``, run as the owner of the schema, followed by what the database itself must keep true."""

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from coop.kernel import guards
from coop.light_migrations import rendered_once


class Command(DjangoMigrate):
    help = "Bring the schema up to date as its owner, then put privileges and composite keys in place."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args, **options):
        users = {settings.DATABASES[alias]["USER"] for alias in ("default", "owner")}
        if len(users) == 1 and not settings.DEBUG:  # history would be guarded from nobody
            raise CommandError(
                "DATABASE_URL and DATABASE_OWNER_URL name one role. The application needs one of its own, which owns"
                " nothing; docs/operator.md shows how to make the two.",
                returncode=2,
            )
        with rendered_once():
            super().handle(*args, **options)
        only_looked = options["check_unapplied"] or options["plan"]
        if not only_looked and not options["app_label"] and options["database"] == "owner":
            guards.ensure(connections["owner"])
