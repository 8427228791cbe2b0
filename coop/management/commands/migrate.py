"""Django's ``migrate``, run as the owner of the schema, followed by what the database itself must keep true."""

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import ngettext

from coop.kernel import guards
from coop.light_migrations import rendered_once

MORE_THAN_ALL = ("app_label", "fake", "fake_initial", "plan", "check_unapplied", "run_syncdb", "prune")


class Command(DjangoMigrate):
    help = "Bring the schema up to date as its owner, then put privileges and composite keys in place."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

        parser.add_argument(
            "--with-open-ballots",
            action="store_true",
            help="Migrate although a ballot takes votes. Its voters may be kept waiting, or refused, while it runs.",
        )

    def handle(self, *args, **options):
        users = {settings.DATABASES[alias]["USER"] for alias in ("default", "owner")}
        if len(users) == 1 and not settings.DEBUG:  # history would be guarded from nobody
            raise CommandError(
                "DATABASE_URL and DATABASE_OWNER_URL name one role. The application needs one of its own, which owns"
                " nothing; docs/operator.md shows how to make the two.",
                returncode=2,
            )
        only_looked = options["check_unapplied"] or options["plan"]
        if nothing_waits(options):
            emit_post_migrate_signal(0, options["interactive"], options["database"], apps=apps, plan=[])
        else:
            with rendered_once():
                if not only_looked and not options["with_open_ballots"]:
                    self._refuse_during_a_vote(options["database"])
                super().handle(*args, **options)
        if not only_looked and not options["app_label"] and options["database"] == "owner":
            guards.ensure(connections["owner"])

    def _refuse_during_a_vote(self, database):
        """Nothing is changed under people who are voting: what is missing waits until the ballot has closed."""
        connection = connections[database]
        open_ballots = ballots_taking_votes(connection)
        if not open_ballots:
            return
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if waiting:
            raise CommandError(
                ngettext("One migration waits", "%(n)d migrations wait", len(waiting))
                % {"n": len(waiting)}
                + f", and people are voting: {'; '.join(open_ballots)}. Nothing was changed. Start after the close,"
                " or run “manage.py migrate --with-open-ballots” first; who votes meanwhile may be kept waiting.",
                returncode=2,
            )


def nothing_waits(options) -> bool:
    """Whether a quiet call finds everything applied, as each start does but the one after an update.

    Django would render all models to learn that there is nothing to do with them: half of what a start's ``migrate``
    took. What is done after every migration (content types, permissions) is done all the same.
    """
    if options["verbosity"] or any(options[each] for each in MORE_THAN_ALL):
        return False
    executor = MigrationExecutor(connections[options["database"]])
    leaves = executor.loader.graph.leaf_nodes()
    return not executor.loader.detect_conflicts() and not executor.migration_plan(leaves)


def ballots_taking_votes(connection) -> list[str]:
    """The ballots that are open by the database's clock, as “title (co-op, until …)”; none before the first migration.

    Asked in SQL: the models may know columns the database does not have yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('governance_ballot') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            "SELECT b.title, c.slug, b.closes_at FROM governance_ballot b JOIN kernel_cooperative c ON c.id = b.coop_id"
            " WHERE b.state = 'open' AND now() >= b.opens_at AND now() < b.closes_at ORDER BY b.closes_at LIMIT 5"
        )
        return [f"“{title}” ({slug}, until {until:%d %B %Y, %H:%M} UTC)" for title, slug, until in cursor]
