"""Members' choices as people press them: opened by the treasurer, chosen on the phone, said in the statement."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from ledger import documents, tasks
from ledger.exchange.patr_csv import patr_csv
from ledger.models import RefundOffer, RefundOutcome
from ledger.selectors import statements
from ledger.services import allocation_notices, choices
from tests.ledger.surplus.test_choices import after, balance, choose, make_refund, opened
from tests.ledger.surplus_factories import YEAR

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(lena, jonas, buyers):
    return make_refund(lena, jonas)


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


def text(response) -> str:
    return response.content.decode()


def test_asked_chosen_carried_out_and_said_in_the_statement(coop, client_of, lena, buyers, plan):
    desk, amara = client_of(lena), client_of(Actor.of(buyers[1].party.account, coop))
    assert "Every refund is paid in cash" in text(desk.get(url(coop, "choices", pk=plan.pk)))
    assert amara.get(url(coop, "choice", year=YEAR)).status_code == 404
    today = clock.today(coop).isoformat()
    said = {"closes_on": today, "bylaws": "", "may_donate": "on", "share_class": ""}
    assert desk.post(url(coop, "choices-new", pk=plan.pk), said).status_code == 422
    assert desk.post(url(coop, "choices-new", pk=plan.pk), {**said, "bylaws": "by-laws § 34"}).status_code == 302
    assert url(coop, "choice", year=YEAR) in text(amara.get(url(coop, "statement", year=YEAR)))
    page = text(amara.get(url(coop, "choice", year=YEAR)))
    assert "€600.00" in page
    assert 'name="shares"' not in page  # shares are not offered
    assert "There are €600.00 left" in text(amara.post(url(coop, "choice", year=YEAR), {"donated": "600.01"}))
    assert amara.post(url(coop, "choice", year=YEAR), {"donated": "125.50"}).status_code == 302
    assert "€474.50" in text(amara.get(url(coop, "choice", year=YEAR)))
    paper = url(coop, "choice-of", pk=plan.pk, number=2)
    assert desk.post(paper, {"donated": "1"}).status_code == 302
    assert "First the choices" in text(desk.get(url(coop, "payouts")))
    wait = "Carry out what members chose"
    assert wait not in text(desk.get(url(coop, "plan", pk=plan.pk)))
    with after(RefundOffer.objects.get()):
        page = text(desk.get(url(coop, "choices", pk=plan.pk)))
        plain = re.sub("<[^>]*>", "", page)
        assert "One press gives €126.50 to the community fund and turns €0.00 into shares" in plain
        assert all(each in page for each in ("What will be done", "Amara Okafor", "€125.50", "€474.50", "Ben Ito"))
        assert not RefundOutcome.objects.exists()  # looked at, nothing done
        for place in (reverse("desk", kwargs={"coop": coop.slug}), url(coop, "plan", pk=plan.pk)):
            assert wait in text(desk.get(place))
        answer = desk.post(url(coop, "choices-carry-out", pk=plan.pk))
        job = Job.objects.get(kind="ledger.carry_out_choices")
        assert answer.url.endswith(f"/{job.pk}/")
        tasks.carry_out_choices(job.pk)
        assert wait not in text(desk.get(url(coop, "plan", pk=plan.pk)))
        assert "€126.50" in text(desk.get(url(coop, "choices", pk=plan.pk)))
        statement = text(amara.get(url(coop, "statement", year=YEAR)))
        assert "As you chose, €125.50 of your refund went to the community fund." in statement
        assert "So €474.50 of your refund is left" in statement
        assert "Your choice was carried out" in text(amara.get(url(coop, "choice", year=YEAR)))
        assert "is paid in cash" in text(desk.get(url(coop, "choice-of", pk=plan.pk, number=3)))  # she said nothing
    assert balance(coop, "community_fund") == 126_50


def test_the_letter_and_the_sheet_say_it_and_a_gift_stays_income(coop, lena, buyers, plan, mailoutbox):
    before = list(patr_csv(plan))
    offer = opened(lena, plan)
    allocation_notices.send(actor=lena, plan_id=plan.pk, site="https://coop.example")
    sheets = {each.line.number: documents.statement_data(each)["also"] for each in statements.all_of(plan)}
    assert "you can choose to give your refund" in sheets[1][-1]
    choose(lena, offer, buyers[1], donated=10_00, shares=1)
    with after(offer):
        choices.carry_out(actor=lena, offer=offer)
    found = list(statements.all_of(plan))
    again = statements.of_lines(plan, [each.line for each in found])
    for some in (found, again):
        sheets = {each.line.number: list(documents.statement_data(each)["also"]) for each in some}
        assert sheets[1][-2:] == [
            "As you chose, you took one share for €50.00 of your refund.",
            "So €540.00 of your refund is left to be paid in cash.",
        ]
        assert sheets[2] == []
    assert list(patr_csv(plan)) == before  # box 1 holds the gift and the shares as it did
