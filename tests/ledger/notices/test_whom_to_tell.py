"""Who is told by letter and who on a sheet, and that a sending that broke off goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from ledger import documents
from ledger.models import AllocationNotice
from ledger.selectors import notices as selectors
from ledger.services import allocation_notices as services
from members.models import Party, PartyAddress
from tests.ledger.notices.test_notices import SITE, letters, make_told, url
from tests.ledger.stood import cast, parts, stands
from tests.ledger.surplus_factories import make_buyers
from tests.members.factories import dead, erased

pytestmark = pytest.mark.django_db
coop, lena, jonas, buyers, plan = parts("coop", "lena", "jonas", "buyers", "plan")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena", "jonas")
    buyers = make_buyers(made.coop)
    return stands(made, buyers=buyers, plan=make_told(made.lena, made.jonas, buyers))


def test_killed_between_two_batches_it_goes_on(lena, plan, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 1)
    write = services.notices.allocation

    def stop(statement, link):
        if letters().count() == 1:
            raise KeyboardInterrupt
        write(statement, link)

    monkeypatch.setattr(services.notices, "allocation", stop)
    with pytest.raises(KeyboardInterrupt):
        services.send(actor=lena, plan_id=plan.pk, site=SITE)
    assert (letters().count(), AllocationNotice.objects.count()) == (1, 1)
    monkeypatch.setattr(services.notices, "allocation", write)
    assert services.send(actor=lena, plan_id=plan.pk, site=SITE) == 1
    assert len({mail.to for mail in letters()}) == letters().count() == 2


def test_the_dead_the_erased_and_whoever_wants_paper_get_no_letter(lena, plan, buyers):
    Party.objects.filter(pk=buyers[1].party_id).update(by_post=True)
    assert (selectors.told(plan).with_email, selectors.told(plan).on_the_list) == (1, 2)
    dead(buyers[1])
    erased(buyers[2])
    assert services.send(actor=lena, plan_id=plan.pk, site=SITE) == 0
    assert selectors.told(plan).on_the_list == 3


def test_the_sheets_are_pdf_ua_with_the_address_of_the_day(coop, lena, client_of, plan, buyers, monkeypatch):
    for street, day in (("Long Street 9", clock.today(coop)), ("Tomorrow 1", clock.today(coop) + timedelta(days=1))):
        PartyAddress.objects.create(
            coop=coop, party=buyers[3].party, valid_from=day, street=street, postcode="12345", place="Riverside"
        )
    printed, compiled = [], documents.compiled
    monkeypatch.setattr(documents, "compiled", lambda *given: printed.append(given) or compiled(*given))
    client = client_of(lena)
    answer = client.get(url(coop, "notices-sheets", pk=plan.pk, part=1))
    assert answer.content.startswith(b"%PDF-")
    assert b"pdfuaid" in answer.content  # the compiler checked it as PDF/UA and says so in the file
    ((_template, sheets, _at),) = printed
    assert [sheet["address"] for sheet in sheets] == [["Carla Ruiz", "Long Street 9", "12345 Riverside"]]
    assert client.get(url(coop, "notices-sheets", pk=plan.pk, part=2)).status_code == 404


def test_paper_is_recorded_once_and_on_a_day_that_can_be(coop, lena, jonas, plan):
    today = clock.today(coop)
    for day in (today + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(Refused, match="Choose a day"):
            services.record_paper(actor=lena, plan=plan, on=day)
    assert services.record_paper(actor=lena, plan=plan, on=today) == 1
    with pytest.raises(Refused, match="Nobody is left"):
        services.record_paper(actor=lena, plan=plan, on=today)
    with pytest.raises(NotAllowed):
        services.ask_to_send(actor=jonas, plan=plan, site=SITE)
