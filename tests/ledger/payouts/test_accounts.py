"""One truth for where a member's money goes: named, asked for, granted, paid to; and who is told."""

import zlib

import pytest
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Mail
from ledger.models import PayoutDetails, Way
from ledger.selectors.payouts import details_of
from ledger.services import payout_requests, payouts
from ledger.services.payout_details import record_details
from members import services as members
from members.models import ChangeRequest, PaperLetter
from tests.cast import make_officer
from tests.ledger.payout_factories import IBANS, make_run, owe, paid, ready, with_iban
from tests.members.factories import make_application, make_class, make_member

pytestmark = pytest.mark.django_db
NAMED = "ledger.account_named"


def url(coop, name, **kwargs):
    return reverse(name, kwargs={"coop": coop.slug, **kwargs})


def ask(client, coop, place=2, **more):
    said = {"way": "sepa", "holder": "Amara Okafor", "iban": IBANS[place], **more}
    return client.post(url(coop, "ledger:payout-mine"), said, follow=True)


@pytest.fixture
def known(coop, lena, buyers):
    """Amara is owed money, and the books know her account."""
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    with_iban(lena, buyers[1], 0)
    return buyers[1]


def test_from_asking_to_the_banks_file(coop, lena, mei, amara, known, client_of):
    me, desk = client_of(amara), client_of(mei)
    page = me.get(url(coop, "ledger:payout-mine")).text
    assert "SEPA credit transfer •••• 3000" in page
    assert "within 7 days" in page
    answered = ask(me, coop).text
    asked = ChangeRequest.objects.get()
    assert "You asked for another account" in answered
    assert "See what you asked for" in me.get(url(coop, "ledger:money")).text
    assert "•••• 3201" not in answered
    assert "•••• 4300" in answered
    assert details_of(known).iban == IBANS[0], "until it is granted nothing changes"
    assert "Amara" in desk.get(url(coop, "members:inbox")).text
    review = desk.get(url(coop, "members:request", pk=asked.pk)).text
    assert "SEPA credit transfer •••• 3000" in review
    assert IBANS[0] not in review.replace(" ", "")
    assert "NL91 ABNA 0417 1643 00" in review
    assert "call the member" in review
    first = make_run(lena)
    assert IBANS[0] in zlib.decompress(first.file.content).decode()
    assert desk.post(url(coop, "members:request", pk=asked.pk), {"act": "grant"}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.said, details_of(known).iban) == ("done", {}, IBANS[2])
    assert details_of(known).recorded_by_id == mei.user_id
    told = AuditEvent.objects.filter(kind="ledger.payout_details_recorded").select_related("payload").last()
    assert told.payload.body == {"way": "sepa", "account": "•••• 4300", "request": asked.pk}
    payouts.cancel(actor=lena, run=first, because="another account")
    content = zlib.decompress(make_run(lena).file.content).decode()
    assert IBANS[2] in content
    assert IBANS[0] not in content
    assert not any(IBANS[2] in mail.text for mail in Mail.objects.all()), "no letter shows the account"


def test_a_run_drawn_up_before_is_not_released_and_says_so(coop, lena, jonas, mei, amara, known, client_of):
    run = make_run(lena)
    asked = payout_requests.name_account(actor=amara, party=known.party, way="sepa", iban=IBANS[2])
    assert "is drawn up with what is known now" in client_of(amara).get(url(coop, "ledger:payout-mine")).text
    assert "cannot be released" not in client_of(jonas).get(url(coop, "ledger:payout", pk=run.pk)).text
    members.decide_change(actor=mei, request=asked, grant=True)
    for name, who in (("payout", lena), ("payout-release", jonas)):
        assert "cannot be released any more" in client_of(who).get(url(coop, f"ledger:{name}", pk=run.pk)).text
    with pytest.raises(Refused, match="member 1") as refused:
        payouts.release(actor=jonas, run=run, seen=run.hash)
    assert refused.value.code == "renamed"
    run.refresh_from_db()
    assert run.state == "draft"
    payouts.cancel(actor=lena, run=run, because="another account")
    done = paid(make_run(lena), jonas)
    assert [line.ends for line in payouts_lines(done)] == ["4300"]


def payouts_lines(run):
    from ledger.selectors.payouts import lines

    return lines(run)


def test_the_first_account_holds_at_once_and_every_address_is_told(coop, amara, buyers, client_of):
    party = buyers[1].party
    for email in ("amara@old.example", "amara@new.example"):
        members.change_details(actor=amara, party=party, email=email)
    page = ask(client_of(amara), coop).text
    assert "from the next pay-out on" in page
    assert details_of(buyers[1]).iban == IBANS[2]
    assert not ChangeRequest.objects.exists()
    told = set(Mail.objects.filter(kind=NAMED).values_list("to", flat=True))
    assert told == {"amara@new.example", "amara@old.example", "amara@example.org"}, "the login's and one given up, too"


def test_a_first_one_that_was_asked_for_is_not_passed_by(amara, buyers):
    party = buyers[1].party
    asked = members.ask_change(actor=amara, party=party, kind="bank", iban=IBANS[0])
    assert members.until_now(party, "bank") == "nothing known yet"
    with pytest.raises(Refused, match="asked for this already"):
        payout_requests.name_account(actor=amara, party=party, way="sepa", iban=IBANS[2])
    members.withdraw_change(actor=amara, request=asked)
    assert payout_requests.name_account(actor=amara, party=party, way="sepa", iban=IBANS[2]) is None


def test_whoever_wants_paper_is_told_on_paper(coop, lena, buyers):
    party = buyers[1].party
    party.by_post = True
    party.save(update_fields=["by_post"])
    with_iban(lena, buyers[1])
    assert not Mail.objects.filter(kind=NAMED).exists()
    letter = PaperLetter.objects.get(kind=NAMED)
    assert "•••• 3000" in letter.text
    assert "treasurer" in letter.text


def test_every_way_is_asked_for_and_what_makes_no_sense_is_refused(amara, known):
    ask_for = {"actor": amara, "party": known.party}
    for said, code in (
        ({"way": "sepa", "iban": "DE89370400440532013001"}, "iban"),
        ({"way": "nacha", "routing": "123456789", "account": "1"}, "routing"),
        ({"way": "pigeon"}, "way"),
        ({"way": "sepa", "iban": IBANS[0], "holder": known.party.name}, "known_already"),
    ):
        with pytest.raises(Refused) as refused:
            payout_requests.name_account(**ask_for, **said)
        assert refused.value.code == code
    for said, words in (
        ({"way": "cheque"}, "Cheque"),
        ({"way": "nacha", "routing": "121042882", "account": "12 34 5", "savings": True}, "ACH credit •••• 2345"),
    ):
        asked = payout_requests.name_account(**ask_for, **said)
        assert payout_requests.masked(asked.said) == words
        members.withdraw_change(actor=amara, request=asked)
    assert PayoutDetails.objects.count() == 1


def test_an_account_a_payment_came_back_from_may_be_confirmed(coop, lena, jonas, amara, known, client_of):
    line = paid(make_run(lena), jonas).lines.get()
    payouts.record_return(actor=lena, line=line, on=clock.today(coop), because="closed")
    assert "The last payment came back" in client_of(amara).get(url(coop, "ledger:payout-mine")).text
    same = {"way": "sepa", "iban": IBANS[0], "holder": known.party.name}
    assert payout_requests.name_account(actor=amara, party=known.party, **same).state == "open"


def test_taken_back_it_is_as_before(coop, mei, amara, known, client_of):
    me = client_of(amara)
    ask(me, coop)
    asked = ChangeRequest.objects.get()
    assert "Taken back" in me.post(url(coop, "ledger:payout-mine"), {"act": "withdraw"}, follow=True).text
    asked.refresh_from_db()
    assert (asked.state, asked.said) == ("withdrawn", {})
    again = me.post(url(coop, "ledger:payout-mine"), {"act": "withdraw"}, follow=True).text
    assert "There is no request any more" in again
    with pytest.raises(Refused, match="answered already"):
        members.decide_change(actor=mei, request=asked, grant=True)
    assert details_of(known).iban == IBANS[0]


def test_what_the_treasurer_has_on_paper_closes_a_request(coop, lena, mei, amara, known, client_of):
    asked = payout_requests.name_account(actor=amara, party=known.party, way="sepa", iban=IBANS[2])
    page = url(coop, "ledger:payout-details", number=known.number)
    desk = client_of(lena)
    assert "A request waits for the secretary" in desk.get(page).text
    assert desk.post(page, {"way": "sepa", "holder": "Amara", "iban": IBANS[3]}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.said, details_of(known).iban) == ("refused", {}, IBANS[3])
    assert "on paper" in asked.answer
    assert "that request is closed" in Mail.objects.filter(kind=NAMED).latest("pk").text
    with pytest.raises(Refused, match="answered already"):
        members.decide_change(actor=mei, request=asked, grant=True)


def test_who_may_and_never_for_oneself(coop, lena, mei, jonas, amara, known):
    with pytest.raises(NotAllowed):
        record_details(actor=mei, membership=known, way=Way.CHEQUE)
    for stranger in (jonas, lena, mei):
        with pytest.raises(NotAllowed):
            payout_requests.name_account(actor=stranger, party=known.party, way="cheque")
    own = make_member(coop, user=lena.user)
    record_details(actor=lena, membership=own, way=Way.CHEQUE)
    with pytest.raises(Refused) as refused:
        record_details(actor=lena, membership=own, way=Way.SEPA, iban=IBANS[1])
    assert refused.value.code == "own_account"
    mine = make_member(coop, user=mei.user)
    with_iban(lena, mine, 1)
    asked = payout_requests.name_account(actor=mei, party=mine.party, way="cheque")
    with pytest.raises(Refused) as refused:
        members.decide_change(actor=mei, request=asked, grant=True)
    assert refused.value.code == "own_request"
    members.withdraw_change(actor=mei, request=asked)
    nell = make_officer(coop, "nell", "secretary")
    written = members.ask_change(actor=nell, party=mine.party, kind="bank", way="cheque")
    assert "Nell wrote down that you ask for this" in Mail.objects.filter(kind="members.change_asked").latest("pk").text
    with pytest.raises(Refused, match="about yourself"):
        members.decide_change(actor=mei, request=written, grant=True)


def test_both_memberships_of_a_person_are_paid_to_one_account(coop, lena, mei, amara, known):
    application = make_application(coop, name="Amara Okafor", member_class=make_class(coop, "producer"))
    members.match_party(actor=mei, application=application, party=known.party)
    second = members.admit(actor=mei, application=application, resolution="2", on=clock.today(coop))
    asked = payout_requests.name_account(actor=amara, party=known.party, way="sepa", iban=IBANS[2])
    before, _after = members.before_and_after(asked)
    assert before == f"{known.number_text}: SEPA credit transfer •••• 3000; {second.number_text}: nothing known yet"
    members.decide_change(actor=mei, request=asked, grant=True)
    assert {details_of(each).iban for each in (known, second)} == {IBANS[2]}
    assert payout_requests.known(known.party) == "SEPA credit transfer •••• 4300"


def test_whoever_stands_for_a_firm_names_its_account(coop, mei, amara, buyers, client_of):
    firm = make_member(coop, name="", kind="organisation", firm="Corrigan Ltd", email="firm@example.org")
    members.name_stand_in(
        actor=mei,
        party=firm.party,
        kind="represents",
        on=clock.today(coop),
        evidence="Extract.",
        by=buyers[1].party,
    )
    me, page = client_of(amara), url(coop, "ledger:payout-mine")
    assert f"?member={firm.number}" in me.get(page).text
    firms = f"{page}?member={firm.number}"
    assert "Corrigan Ltd" in me.get(firms).text
    said = {"way": "sepa", "holder": "Corrigan Ltd", "iban": IBANS[3]}
    assert me.post(firms, said).status_code == 302
    assert (details_of(firm).iban, details_of(buyers[1])) == (IBANS[3], None)
    told = set(Mail.objects.filter(kind=NAMED).values_list("to", flat=True))
    assert told == {"firm@example.org", "amara@example.org"}
    assert me.post(firms, said | {"iban": IBANS[2]}, follow=True).status_code == 200
    assert ChangeRequest.objects.get().party_id == firm.party_id
    assert me.get(f"{page}?member={buyers[2].number}").status_code == 404


def test_the_secretary_sees_where_money_goes_and_that_a_change_waits(coop, mei, jonas, amara, known, client_of):
    asked = payout_requests.name_account(actor=amara, party=known.party, way="sepa", iban=IBANS[2])
    page = url(coop, "members:detail", number=known.number)
    mine = client_of(mei).get(page).text
    assert "SEPA credit transfer •••• 3000" in mine
    assert url(coop, "members:request", pk=asked.pk) in mine
    assert "•••• 3000" not in client_of(jonas).get(page).text


def test_the_file_of_ones_data_says_every_account(coop, lena, amara, known, client_of):
    with_iban(lena, known, 2)
    mine = client_of(amara).get(url(coop, "my-data")).json()
    assert [each["iban"] for each in mine["accounts"]] == [IBANS[0], IBANS[2]]


@pytest.mark.parametrize("more", [0, 2])
def test_the_pages_ask_the_same_however_many_memberships(
    more, coop, lena, mei, amara, known, client_of, django_assert_num_queries
):
    for number in range(more):
        application = make_application(coop, name="Amara Okafor", member_class=make_class(coop, f"kind{number}"))
        members.match_party(actor=mei, application=application, party=known.party)
        members.admit(actor=mei, application=application, resolution="2", on=clock.today(coop))
    asked = payout_requests.name_account(actor=amara, party=known.party, way="sepa", iban=IBANS[2])
    me, desk = client_of(amara), client_of(mei)
    for queries, client, page in (
        (15, me, url(coop, "ledger:payout-mine")),
        (11, desk, url(coop, "members:request", pk=asked.pk)),
        (24, desk, url(coop, "members:detail", number=known.number)),
    ):
        client.get(page)
        with django_assert_num_queries(queries):
            assert client.get(page).status_code == 200
