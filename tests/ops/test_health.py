"""The three addresses machines ask."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families

from coop import health
from coop.kernel import clock
from coop.kernel.models import Cooperative, Job, Mail


@pytest.fixture
def unsure(monkeypatch):
    """A process that has not yet seen that the schema is up to date."""
    monkeypatch.setitem(health._state, "migrated", False)


def test_livez_answers_without_a_database(client):
    # No database mark on purpose: a query here would be an error.
    answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_readyz_names_what_it_needs(client, unsure):
    answer = client.get("/readyz")
    assert answer.json() == {"database": "ok", "migrations": "ok", "broker": "ok"}
    assert answer.status_code == 200


@pytest.mark.django_db
def test_readyz_says_that_the_broker_is_gone(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "migrations": "ok", "broker": "down"}


@pytest.mark.django_db
def test_the_record_of_migrations_is_not_the_applications():
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute("DELETE FROM django_migrations")


@pytest.mark.django_db(transaction=True)
def test_readyz_waits_for_a_migration_nobody_ran(client, unsure):
    from tests.database import as_owner

    with as_owner(connection.settings_dict["NAME"]) as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied")
        taken = cursor.fetchall()
        try:
            answer = client.get("/readyz")
        finally:
            for row in taken:
                cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert answer.json() == {"database": "ok", "migrations": "down", "broker": "ok"}
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_readyz_says_that_the_database_is_gone_and_nothing_about_it(client, monkeypatch, caplog, unsure):
    def refuse(*args, **kwargs):
        raise OperationalError("connection to server at 10.0.0.7 failed: password of rochdale_app")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(connection, "_cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "down", "migrations": "down", "broker": "ok"}
    assert b"10.0.0.7" not in answer.content
    assert "10.0.0.7" in caplog.text


def numbers(answer):
    """{(name, labels): value} of a Prometheus page."""
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.mark.django_db
def test_metrics_count_the_work(client):
    coop = Cooperative.objects.create(slug="a", name="A")
    Job.objects.create(coop=coop, kind="x", title="X", args=[1], created_at=clock.now() - timedelta(hours=1))
    Job.objects.create(coop=coop, kind="x", title="X", args=[2], state=Job.State.FAILED)
    Mail.objects.create(to="a@example.org", sender="b@example.org", subject="S", text="T")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    seen = numbers(answer)
    assert seen["rochdale_jobs", "queued"] == 1
    assert seen["rochdale_jobs", "failed"] == 1
    assert seen["rochdale_jobs", "done"] == 0
    assert seen["rochdale_letters", "queued"] == 1
    assert seen["rochdale_cooperatives",] == 1
    assert seen["rochdale_broker_up",] == 1
    assert seen["rochdale_database_bytes",] > 1_000_000
    assert 3590 < seen["rochdale_oldest_waiting_job_seconds",] < 3700


@pytest.mark.django_db
def test_metrics_without_a_broker_still_tell_the_rest(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    seen = numbers(client.get("/metrics"))
    assert seen["rochdale_broker_up",] == 0
    assert ("rochdale_broker_messages",) not in seen
    assert seen["rochdale_jobs", "queued"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stranger",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "::1", "HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_metrics_are_not_there_for_strangers(client, settings, stranger):
    assert client.get("/metrics", **stranger).status_code == 404
    settings.METRICS_PUBLIC = True
    assert client.get("/metrics", **stranger).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_they_only_read(client, path):
    assert client.post(path).status_code == 405
