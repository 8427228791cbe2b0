"""From the file of purchases to a member's statement, in the browser and the worker: what is committed on the way."""

import pytest
from django.urls import reverse

from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from ledger import tasks
from ledger.models import PatronageImport, PatronageRecord, SurplusPlan
from tests.governance.factories import carried_resolution
from tests.ledger.surplus.test_pages import make_books, plan_form, upload, url
from tests.ledger.surplus_factories import YEAR, csv_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_csv_to_posted_in_the_browser(coop, lena, jonas, buyers, client_of):
    make_books(coop)
    treasurer, board = client_of(lena), client_of(jonas)
    answer = upload(treasurer, coop, csv_of({1: "2318.40", 2: "640.00", 3: "1.60"}))
    found = PatronageImport.objects.get()
    assert answer.status_code == 302
    page = treasurer.get(answer.url)
    assert "3 members bought €2,960.00" in page.content.decode()
    assert not PatronageRecord.objects.exists()
    treasurer.post(url(coop, "patronage-record", pk=found.pk))
    assert PatronageRecord.objects.count() == 3

    answer = treasurer.post(url(coop, "plan-new", year=YEAR), plan_form())
    plan = SurplusPlan.objects.get()
    assert answer.url == url(coop, "plan", pk=plan.pk)
    assert plan.result["pools"][0]["amount"] == 3_381_700
    treasurer.post(url(coop, "plan-propose", pk=plan.pk))
    resolution = carried_resolution(coop, "Plan A")
    page = treasurer.get(url(coop, "plan", pk=plan.pk)).content.decode()
    assert "Plan A is before the members" in page
    assert resolution.title in page
    treasurer.post(url(coop, "plan-resolution", pk=plan.pk), {"resolution": resolution.pk})

    assert treasurer.get(url(coop, "plan-approve", pk=plan.pk)).status_code == 403
    page = board.get(url(coop, "plan-approve", pk=plan.pk)).content.decode()
    plan.refresh_from_db()
    assert f'value="{plan.hash}"' in page
    board.post(url(coop, "plan-approve", pk=plan.pk), {"seen": plan.hash, "read": "on"})
    answer = treasurer.post(url(coop, "plan-post", pk=plan.pk))
    job = Job.objects.get(kind="ledger.post_distribution")
    assert answer.url == reverse("job", kwargs={"coop": coop.slug, "pk": job.pk})
    again = treasurer.post(url(coop, "plan-post", pk=plan.pk))
    assert again.url == answer.url
    tasks.post_distribution(job.pk)
    assert treasurer.post(url(coop, "plan-post", pk=plan.pk)).url == url(coop, "plan", pk=plan.pk)
    plan.refresh_from_db()
    assert plan.state == "posted"
    job.refresh_from_db()
    assert job.result_url == url(coop, "plan", pk=plan.pk)

    amara = Actor.of(buyers[1].party.account, coop)
    member = client_of(amara)
    page = member.get(url(coop, "statement", year=YEAR)).content.decode()
    assert "You get €13,243.47 now, and €13,243.47 more is yours later." in page
    assert "Your purchases were €2,318.40 of the €2,960.00 that all members bought" in page
    pdf = member.get(url(coop, "statement-pdf", year=YEAR))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
