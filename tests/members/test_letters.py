"""Letters on paper with proof of delivery, and codes that open the door to a login."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop import privacy
from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from members import selectors, services
from members.models import Invitation, PaperLetter
from members.selectors.inbox import inbox, inbox_count
from members.services.posting import is_code
from tests.cast import make_user

from .factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def offline(coop):
    return make_member(coop, name="Ottilie Brandt", email="", street="Lindenweg 3", postcode="24103", place="Kiel")


def code_of(letter: PaperLetter) -> str:
    return next(word for word in letter.text.split() if is_code(word))


def test_who_has_no_email_is_written_to_on_paper(coop, mei, offline):
    letters = PaperLetter.objects.order_by("pk")
    assert [each.kind for each in letters] == ["members.received", "members.admitted"]
    assert letters[0].lines == ["Ottilie Brandt", "Lindenweg 3", "24103 Kiel"]
    assert letters[0].due_on == clock.today(coop) + timedelta(days=3)
    assert not Mail.objects.filter(to="").exists()
    items = [item for item in inbox(coop) if item.url_name == "members:letters"]
    assert [item.sentence for item in items] == ["2 letters to print and post"]
    assert inbox_count(coop) == len(inbox(coop))


def test_printed_posted_and_what_became_of_it(coop, mei, lena, offline, client_of):
    desk, url = client_of(mei), f"/{coop.slug}/register/letters/"
    first, second = PaperLetter.objects.order_by("pk")
    printed = desk.get(f"{url}print/").text
    assert printed.count("<article") == 2
    assert "Lindenweg 3" in printed
    said = {"letters": [first.pk, second.pk], "on": clock.today(coop), "how": "registered", "tracking": "RR 123 DE"}
    assert client_of(lena).post(url, said).status_code == 403
    assert desk.post(url, {**said, "letters": []}).status_code == 422
    assert desk.post(url, {**said, "on": clock.today(coop) + timedelta(days=1)}).status_code == 422
    assert "2 letters went out" in desk.post(url, said, follow=True).text
    assert desk.post(url, said).status_code == 422, "not twice"
    page = f"{url}{first.pk}/"
    done = {"arrived": "yes", "on": clock.today(coop), "proof": "Signed by O. Brandt."}
    assert "Signed by O. Brandt." in desk.post(page, done, follow=True).text
    assert desk.post(page, done).status_code == 422
    desk.post(f"{url}{second.pk}/", {"arrived": "no", "on": clock.today(coop)})
    back = [item for item in inbox(coop) if item.url_name == "members:letter"]
    assert [item.sentence for item in back] == ["A letter to Ottilie Brandt came back"]
    desk.post(f"{url}{second.pk}/")
    assert [item for item in inbox(coop) if item.url_name.startswith("members:letter")] == []
    for attack in (
        "UPDATE members_paperletter SET text = 'Something else.'",
        "UPDATE members_paperletter SET posted_on = '2020-01-01'",
        "UPDATE members_paperletter SET state = 'waiting'",
        "DELETE FROM members_paperletter",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)


def test_an_expulsion_goes_out_by_letter_too(coop, mei, theo):
    from .test_expelling import OPENED, expel, hear, on, open_case

    member = make_member(coop, user=theo.user, on=OPENED - timedelta(days=400), street="Quay 1", place="Kiel")
    with on(OPENED):
        case = open_case(mei, member)
    expel(mei, hear(mei, case))
    assert PaperLetter.objects.get().kind == "members.case"
    assert "you may appeal" in Mail.objects.filter(kind="members.case").latest("pk").subject


def test_a_member_without_email_claims_by_the_code_in_the_letter(coop, mei, offline, client_of):
    client_of(mei).post(f"/{coop.slug}/register/members/{offline.number}/invite/")
    letter = PaperLetter.objects.get(kind="members.invitation")
    code = code_of(letter)
    actor = Actor.of(make_user("ottilie"), coop)
    me, url = client_of(actor), f"/{coop.slug}/claim/"
    for number, typed in ((offline.number, "ABCD-EFGH-JKMN"), (offline.number + 7, code), (offline.number, "")):
        assert me.post(url, {"number": number, "code": typed}).status_code == 422
    assert Invitation.objects.get().tries == 1
    assert me.post(url, {"number": offline.number, "code": f" {code.lower()} "}).status_code == 302
    assert selectors.membership_of(Actor.of(actor.user, coop)).pk == offline.pk
    assert Invitation.objects.get().used_at is not None
    services.post_letters(actor=mei, letters=[letter], on=clock.today(coop), how="letter")
    letter.refresh_from_db()
    assert code not in letter.text, "a posted letter keeps no code"
    assert Invitation.objects.filter(digest__contains=code).count() == 0


def test_a_code_ends_after_ten_wrong_ones_a_new_one_or_thirty_days(coop, mei, offline):
    actor = Actor.of(make_user("ottilie"), coop)

    def claim(code):
        return services.claim_by_code(actor=actor, number=offline.number, code=code)

    services.invite(actor=mei, membership=offline)
    first = code_of(PaperLetter.objects.get(kind="members.invitation"))
    services.invite(actor=mei, membership=offline)
    second = code_of(PaperLetter.objects.filter(kind="members.invitation").latest("pk"))
    with pytest.raises(Refused, match="do not fit"):
        claim(first)
    with clock.at(clock.now() + timedelta(days=31)), pytest.raises(Refused):
        claim(second)
    for _wrong in range(9):
        with pytest.raises(Refused):
            claim("ABCD-EFGH-JKMN")
    with pytest.raises(Refused):
        claim(second)
    for attack in ("UPDATE members_invitation SET tries = 0", "UPDATE members_invitation SET digest = 'x'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)


def test_all_without_a_login_are_invited_at_once(coop, mei, theo, offline, client_of):
    make_member(coop, user=theo.user)
    make_member(coop, name="Gita Mohan", email="gita@example.org")
    desk, url = client_of(mei), f"/{coop.slug}/register/invitations/"
    assert "One gets an e-mail, one a letter" in desk.get(url).text
    assert "2 members are invited" in desk.post(url, follow=True).text
    assert Invitation.objects.count() == 2
    assert not any(
        is_code(word) for mail in Mail.objects.filter(kind="members.invitation") for word in mail.text.split()
    )
    with pytest.raises(Refused, match="has a login"):
        services.invite(actor=mei, membership=selectors.membership_of(theo))


def test_erased_letters_keep_that_they_were_posted_and_nothing_else(coop, mei, offline):
    with clock.at(clock.now() - timedelta(days=3000)):
        gone = make_member(coop, name="Wilhelmina Quast", email="", street="Elderflower Road 17")
        letters = PaperLetter.objects.filter(name="Wilhelmina Quast")
        services.post_letters(actor=mei, letters=letters, on=clock.today(coop), how="letter")
        services.give_notice(actor=mei, membership=gone, received_on=clock.today(coop))
    services.end_due(coop)
    assert privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Time is up.").left == {}
    assert PaperLetter.objects.filter(state="posted", text="").count() == 2
    assert PaperLetter.objects.filter(name="Ottilie Brandt").count() == 2


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_of_letters_take_the_same_queries(coop, mei, client_of, django_assert_num_queries, rows):
    for at in range(rows):
        make_member(coop, name=f"Paper Number{at}", email="", street="Quay 1")
    desk = client_of(mei)
    desk.get(f"/{coop.slug}/register/letters/")
    for name, queries in (("letters", 9), ("invitations", 11)):
        with django_assert_num_queries(queries):
            assert desk.get(f"/{coop.slug}/register/{name}/").status_code == 200


def test_a_roll_for_a_past_day_uses_that_days_households(coop, mei):
    from datetime import UTC, date, datetime

    from .factories import make_class

    flat = make_class(coop, "flat", household="one_vote")
    people = [make_member(coop, name=name, member_class=flat, on=date(2024, 1, 5)) for name in ("Ruth B", "Omar B")]

    def on(day):
        return clock.at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))

    def voters(day):
        return [line.number for line in selectors.roll_candidates(coop, day) if line.eligible]

    with on(date(2025, 3, 1)):
        home = services.form_household(actor=mei, name="Quay 7", memberships=people, voter=people[0])
    for each in people:
        each.refresh_from_db()
    with on(date(2025, 6, 1)):
        services.move_vote(actor=mei, household=home, to=people[1])
    with on(date(2025, 9, 1)):
        people[0].refresh_from_db()
        services.leave_household(actor=mei, membership=people[0])
    one, two = (each.number for each in people)
    assert voters(date(2025, 2, 28)) == [one, two]
    assert voters(date(2025, 3, 1)) == voters(date(2025, 5, 31)) == [one]
    assert voters(date(2025, 6, 1)) == voters(date(2025, 8, 31)) == [two]
    assert voters(date(2025, 9, 1)) == [one, two]
