"""The demo's register shows a life: each case is there, by the services a real co-op uses, and the chains hold."""

import pytest

from coop.demo import story
from coop.kernel import audit
from members import services
from members.models import (
    ChangeRequest,
    Completion,
    ExpulsionCase,
    ImportBatch,
    Membership,
    Party,
    PartyMerge,
    PartyTag,
    Relationship,
)
from members.selectors.inbox import inbox, inbox_count
from members.services import history

pytestmark = pytest.mark.django_db


def test_the_demo_shows_a_case_under_appeal_a_minor_a_death_with_heirs_and_an_import_undone():
    coop = story.seed()
    case = ExpulsionCase.objects.select_related("membership__party").get(coop=coop)
    assert (case.state, case.membership.party.name, case.membership.state) == (
        "appealed",
        "Tariq Siddiqui",
        "suspended",
    )
    assert ImportBatch.objects.get(coop=coop).state == "undone"
    assert not Membership.objects.filter(coop=coop, number__gte=2001).exists()
    dead = Party.objects.get(coop=coop, died_on__isnull=False)
    kinds = Relationship.objects.filter(coop=coop).order_by("pk").values_list("kind", "object__name", "subject__name")
    assert ("heirs_representative", dead.name, "Lars Holmberg") in kinds
    assert ("guardian", "Salma Bakr", "Yusuf Bakr") in kinds
    assert [kind for kind, _who, _by in kinds].count("represents") == 2
    assert set(PartyMerge.objects.filter(coop=coop).values_list("kind", flat=True)) == {"merged", "split"}
    assert Membership.objects.get(coop=coop, ending="transferred").party.name == "Oskar Lindgren"
    assert {"Induction", "Duties of the board"} == set(
        Completion.objects.filter(coop=coop).values_list("course__name", flat=True)
    )
    assert PartyTag.objects.filter(coop=coop, name="deliveries").count() == 1
    wants = ChangeRequest.objects.get(coop=coop, kind="bank", state="open")
    assert services.until_now(wants.party, "bank").startswith("SEPA credit transfer •••• "), "old beside new"
    lines = inbox(coop)
    assert len(lines) == inbox_count(coop)
    assert "members:course" in [line.url_name for line in lines]
    assert list(history.verify(coop)) == []
    assert list(audit.verify(coop)) == []
