"""From the treasurer's button to the bank's file, and a member naming an account, as people press it."""

import pytest
from django.urls import reverse

from coop.kernel import clock, jobs
from coop.kernel.models import Job
from ledger import tasks
from ledger.models import PayoutRun
from tests.ledger.payout_factories import IBANS, OURS, make_run, owe, ready, with_iban

pytestmark = pytest.mark.django_db(transaction=True)


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


@pytest.fixture
def owed(coop, lena, buyers):
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    owe(coop, buyers[2], refund=5_00)
    with_iban(lena, buyers[1])
    return buyers


def test_from_the_account_to_the_file(coop, client_of, lena, jonas, buyers, django_capture_on_commit_callbacks):
    desk, second = client_of(lena), client_of(jonas)
    owe(coop, buyers[1], refund=34_76)
    with_iban(lena, buyers[1])
    assert "First say which account" in desk.get(url(coop, "payouts")).content.decode()
    assert desk.post(url(coop, "paying-account"), {"holder": "Riverside", "iban": OURS}).status_code == 302
    said = {"way": "sepa", "pay_on": "2020-01-01", "more_than": ""}
    assert desk.post(url(coop, "payout-new"), said).status_code == 422
    said["pay_on"] = clock.today(coop).isoformat()
    drawn = desk.post(url(coop, "payout-new"), said)
    assert drawn.status_code == 302, drawn.content.decode()
    run = PayoutRun.objects.get()
    assert desk.get(url(coop, "payout-file", pk=run.pk)).status_code == 404  # nobody released it
    assert desk.get(url(coop, "payout-release", pk=run.pk)).status_code == 403
    page = second.get(url(coop, "payout-release", pk=run.pk)).content.decode()
    assert run.hash in page
    answer = second.post(url(coop, "payout-release", pk=run.pk), {"seen": run.hash})
    job = Job.objects.get(kind="ledger.post_payout")
    assert answer.url.endswith(f"/{job.pk}/")
    tasks.post_payout(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert job.result_url == url(coop, "payout", pk=run.pk)
    file = desk.get(url(coop, "payout-file", pk=run.pk))
    assert file["Content-Type"] == "application/xml"
    assert IBANS[0].encode() in file.content
    assert second.get(url(coop, "payout-file", pk=run.pk)).status_code == 403
    returned = {"on": clock.local_day(job.created_at, coop).isoformat(), "code": "AC04", "because": "account closed"}
    back = desk.post(url(coop, "payout-return", pk=run.pk, number=1), returned)
    assert back.status_code == 302, back.content.decode()
    assert "account closed" in desk.get(url(coop, "payout", pk=run.pk)).content.decode()


def test_throwing_a_run_away_asks_why(coop, client_of, lena, owed):
    run, desk = make_run(lena), client_of(lena)
    assert url(coop, "payout-details", number=2) in desk.get(url(coop, "payout", pk=run.pk)).content.decode()
    desk.post(url(coop, "payout-cancel", pk=run.pk), {"because": ""})
    run.refresh_from_db()
    assert run.state == "draft"
    desk.post(url(coop, "payout-cancel", pk=run.pk), {"because": "wrong day"})
    assert "wrong day" in desk.get(url(coop, "payout", pk=run.pk)).content.decode()


def test_a_member_names_an_account_and_sees_four_digits(coop, client_of, amara, buyers):
    client = client_of(amara)
    assert "You have not said yet" in client.get(url(coop, "money")).content.decode()
    wrong = client.post(url(coop, "payout-mine"), {"way": "sepa", "holder": "Amara", "iban": "DE11"})
    assert wrong.status_code == 422
    assert "not an IBAN" in wrong.content.decode()
    right = client.post(url(coop, "payout-mine"), {"way": "sepa", "holder": "Amara", "iban": IBANS[0]})
    assert right.status_code == 302
    page = client.get(url(coop, "money")).content.decode()
    assert "•••• 3000" in page
    assert IBANS[0] not in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_ask_a_fixed_number_of_queries(count, coop, client_of, lena, buyers, django_assert_num_queries):
    ready(coop, lena)
    for number in range(1, count + 1):
        owe(coop, buyers[number], refund=number * 100)
        with_iban(lena, buyers[number], number)
    run, client = make_run(lena), client_of(lena)
    client.get(url(coop, "payouts"))
    with django_assert_num_queries(13):
        client.get(url(coop, "payouts"))
    with django_assert_num_queries(15):
        assert client.get(url(coop, "payout", pk=run.pk)).context["page"].paginator.count == count


def test_a_job_that_cannot_post_says_why(coop, lena, jonas, owed):
    from ledger.services import payouts

    run = make_run(lena)
    job = payouts.release(actor=jonas, run=run, seen=run.hash)
    owe(coop, owed[1], refund=-1)
    jobs.run(job.pk, lambda running, run_id, on: tasks.payout_posting.post_payout(
        actor=jobs.actor_of(running.job), run_id=run_id, on=clock.local_day(job.created_at, coop)))  # fmt: skip
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "member 1" in job.error
