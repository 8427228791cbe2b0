"""Whoever applied and did not become a member is erased too: once nobody can appeal, and again after a restore."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from coop import privacy
from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor, path
from members import services
from members.models import Application, Party
from members.selectors.rights import came_to_nothing, traces
from members.services import REFUSE, Decision, history

from .factories import make_application

pytestmark = pytest.mark.django_db
WORDS = ["Ottilie Quast", "ottilie@example.net", "Elderflower Road 17", "I bake bread"]


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    return tmp_path / "erasures.jsonl"


def applied(coop, **more) -> Application:
    said = {"email": "ottilie@example.net", "street": "Elderflower Road 17", "note": "I bake bread.", **more}
    return make_application(coop, name="Ottilie Quast", **said)


def withdrawn(coop) -> Application:
    application = applied(coop)
    services.withdraw(actor=Actor.system(coop), application=application, reference=application.reference)
    application.refresh_from_db()
    return application


def refused(coop, mei, jonas) -> Application:
    application, today = applied(coop), clock.today(coop)
    sheet = services.create_sheet(actor=mei, meeting_on=today, applications=[application])
    decisions = {application.pk: Decision(REFUSE, "Ottilie Quast lives too far away.")}
    services.decide_sheet(actor=mei, sheet=sheet, decisions=decisions, on=today, resolution="4")
    application.refresh_from_db()
    return application


def test_a_withdrawn_application_is_erased_everywhere(coop, mei):
    application = withdrawn(coop)
    assert len(traces(WORDS)) > 3
    done = privacy.erase_applicant(actor=mei, application=application, basis="Asked.")
    assert (done.left, traces(WORDS)) == ({}, {})
    application.refresh_from_db()
    assert (application.state, application.full_name, application.received_on) == (
        "withdrawn", "", clock.today(coop),
    )  # fmt: skip
    assert not Mail.objects.filter(to="ottilie@example.net").exists()
    assert list(audit.verify(coop)) == []
    assert list(history.verify(coop)) == []
    assert not came_to_nothing(coop, clock.today(coop)).exists()


def test_a_refused_one_may_appeal_first(coop, mei, jonas):
    with clock.at(clock.now() - timedelta(days=100)):
        application = refused(coop, mei, jonas)
        with pytest.raises(Refused) as said:
            privacy.erase_applicant(actor=mei, application=application, basis="x")
    assert said.value.code == "may_appeal"
    assert Party.objects.filter(name="Ottilie Quast").count() == 0, "nothing half done"
    assert privacy.erase_applicant(actor=mei, application=application, basis="x").left == {}
    assert traces(WORDS) == {}


def test_what_is_open_stays_and_only_the_secretary_erases(coop, mei, lena, olga):
    with pytest.raises(Refused) as said:
        privacy.erase_applicant(actor=mei, application=applied(coop), basis="x")
    assert said.value.code == "application_counts"
    over = withdrawn(coop)
    for actor in (lena, olga):
        with pytest.raises((PermissionDenied, Http404, Application.DoesNotExist)):
            privacy.erase_applicant(actor=actor, application=over, basis="x")
    over.refresh_from_db()
    assert over.full_name == "Ottilie Quast"


def test_restored_from_a_backup_the_applicant_is_erased_again(coop, mei, log, django_capture_on_commit_callbacks):
    application = withdrawn(coop)
    backup = transaction.savepoint()
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_applicant(actor=mei, application=application, basis="Asked.")
    said = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"coop": coop.slug, "application": str(application.reference)} in said
    assert "Quast" not in log.read_text()
    transaction.savepoint_rollback(backup)
    assert traces(["Ottilie Quast"]) != {}
    with django_capture_on_commit_callbacks(execute=True):
        assert len(privacy.erase_again()) == 1
    assert traces(WORDS) == {}
    assert privacy.erase_again() == []


def test_the_page_lists_them_and_says_whose_time_is_up(coop, mei, client_of):
    with clock.at(clock.now() - timedelta(days=200)):
        application = withdrawn(coop)
    desk, here = client_of(mei), path(coop, "erasures")
    page = desk.get(here).text
    assert "Ottilie Quast" in page
    assert "time is up" in page
    answer = desk.post(path(coop, "erase-application", pk=application.pk), follow=True).text
    assert "found none of the words" in answer
    assert "Ottilie" not in answer
