"""``migrate``: as the owner, quicker than Django's own, with the very same schema at the end."""

import os
import subprocess

import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Stock
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddConstraint, AddField, AlterField, CreateModel
from django.db.migrations.state import ProjectState
from psycopg2 import sql

from coop import embedded_files
from coop.kernel import guards
from coop.light_migrations import rendered_once
from tests.database import as_owner, point_at


@pytest.mark.parametrize("kind", [AddConstraint, CreateModel, AddField, AlterField])
def test_the_patch_lasts_no_longer_than_its_block(kind):
    before = kind.state_forwards
    with rendered_once():
        assert kind.state_forwards is not before
    assert kind.state_forwards is before


def test_rendered_models_carry_their_options_all_the_same():
    """All migrations, state only: what later operations look at is what the migrations said."""
    loader = MigrationLoader(None)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    state.apps  # noqa: B018 - from here on it is kept rendered
    done = set()
    with rendered_once():
        for leaf in loader.graph.leaf_nodes():
            for name in loader.graph.forwards_plan(leaf):
                if name not in done:
                    done.add(name)
                    state = loader.graph.nodes[name].mutate_state(state, preserve=False)
    counted = 0
    for key, model in state.models.items():
        rendered = state.apps.get_model(*key)._meta
        assert {field.name for field in [*rendered.local_fields, *rendered.local_many_to_many]} == set(model.fields), (
            key
        )
        for option in ("constraints", "indexes"):
            wanted = [each.name for each in model.options.get(option, ())]
            assert [each.name for each in getattr(rendered, option)] == wanted, key
            counted += len(wanted)
    assert counted > 50
    cooperative = state.apps.get_model("kernel", "cooperative")._meta
    back = [each for each in cooperative.get_fields(include_hidden=True) if each.auto_created and not each.concrete]
    of_coops = {each.related_model._meta.label_lower for each in back}
    assert {f"{app}.{name}" for app, name in state.models if "coop" in state.models[app, name].fields} == of_coops


@pytest.mark.django_db
def test_a_second_migrate_changes_nothing(monkeypatch):
    """Grants and composite keys are put in place again without harm, what follows a migration is made up for, and no
    model is rendered to find nothing to do."""
    done = []
    monkeypatch.setattr("django.db.models.signals.post_migrate.send", lambda sender, **_: done.append(sender.label))
    monkeypatch.setattr(ProjectState, "apps", property(lambda state: pytest.fail("rendered")))
    call_command("migrate", verbosity=0)
    assert {"kernel", "members", "governance", "ledger", "auth"} <= set(done)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, has_table_privilege('kernel_auditevent', 'UPDATE')")
        assert cursor.fetchone() == ("rochdale_app", False)


@pytest.mark.django_db
def test_the_application_cannot_migrate():
    with pytest.raises(DatabaseError, match="permission denied|must be owner"):
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE kernel_user ADD COLUMN mine int")


def dump(database):
    params = connections["owner"].get_connection_params()
    done = subprocess.run(
        [embedded_files._postgres_home() / "bin" / "pg_dump", "--schema-only", "-h", params["host"]]
        + ["-p", str(params["port"]), "-U", params["user"], database],
        env={"PGPASSWORD": params["password"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if "restrict" not in line]


@pytest.mark.skipif("ROCHDALE_SOAK" not in os.environ, reason="minutes in Django's own way; part of 'make soak'")
def test_the_schema_is_the_same_as_djangos_own_way_gives(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        ours, copy = connection.settings_dict["NAME"], f"test_{os.getpid()}_stock"
        with as_owner() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(copy)))
            try:
                point_at(copy)
                call_command(Stock(), database="owner", verbosity=0, skip_checks=True)
                guards.ensure(connections["owner"])
                assert dump(copy) == dump(ours)
            finally:
                point_at(ours)
                cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))
