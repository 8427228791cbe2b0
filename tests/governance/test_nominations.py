"""Nominations: by the by-laws' days, eligibility explained, seconded, withdrawn, drawn by lot onto the paper."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Nomination, Option
from governance.pictures import AT_MOST, BadPicture, portrait
from governance.selectors import issues_before_opening
from governance.selectors.nominations import eligibility, rule_in_words
from governance.tally.ties import lot_order
from members import services as members
from tests.cast import make_user
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, membership, question
from tests.members.factories import make_class, make_member

pytestmark = pytest.mark.django_db


def call_for(coop, *, meeting=None, **rule):
    """A ballot with one seat question and an open call that closes in eleven days."""
    meeting = meeting or make_meeting(coop)
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), board=("X",), motion="", released=False)
    rule = {"opens_days": 60, "closes_days": 3, **rule}
    return services.call_nominations(actor=Actor.system(coop), question=question(ballot), **rule)


def put_forward(call, by, who) -> Nomination:
    nominee = membership(who)
    return services.nominate(actor=by, call=call, number=nominee.number, name=str(nominee.party))


def standing(call, who, *seconders, **said) -> Nomination:
    made = put_forward(call, who, who)
    services.accept_nomination(actor=who, nomination=made, **{"sentence": f"{who.name} stands.", **said})
    for each in seconders:
        services.second_nomination(actor=each, nomination=made)
    return made


def settle(call):
    with clock.at(call.closes_at):
        return services.settle_nominations(actor=Actor.system(call.coop), call=call)


@pytest.fixture
def people(coop):
    return [make_voter(coop, who) for who in ("amara", "ruth", "felix", "priya")]


def photo(size=(2000, 1500), kind="PNG", **more) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).save(out, kind, **more)
    return out.getvalue()


def test_the_days_come_from_the_by_laws_and_are_explained(coop, people):
    meeting = make_meeting(coop, title="AGM")
    call = call_for(coop, meeting=meeting, seconders=2, member_for_months=12, not_employed=True, cite="§ 14")
    day = clock.local_day(meeting.starts_at, coop)
    assert call.as_of == day - timedelta(3)
    assert clock.local_day(call.closes_at, coop) == day - timedelta(2)
    said = rule_in_words(call)
    assert said[0].startswith(
        "Nominations are open from 60 days before “AGM” to the end of the day 3 days before it: from "
    )
    assert "2 other members second each." in said
    assert said[-1] == "§ 14"
    with pytest.raises(Refused, match="such a call would be over already"):
        call_for(coop, opens_days=90, closes_days=40)
    with pytest.raises(Refused, match="earlier day than they close"):
        call_for(coop, opens_days=3, closes_days=3)


def test_what_an_office_asks_for_is_asked_of_whoever_stands_for_it(coop, people, mei):
    amara, ruth, *_others = people
    today, party = clock.today(coop), membership(amara).party
    course = members.save_course(actor=mei, name="Bookkeeping")
    members.require_course(actor=mei, course=course, office="board", starts_on=today, cite="§ 6")
    call = call_for(coop, office="board")
    assert "Whoever stands has done “Bookkeeping”, which comes before this office (§ 6)." in rule_in_words(call)
    with pytest.raises(Refused, match="“Bookkeeping” comes before this office .§ 6., and is not done yet"):
        put_forward(call, ruth, amara)
    members.record_completion(actor=mei, course=course, learner=party, on=today, evidence="Certificate.")
    made = put_forward(call, ruth, amara)
    services.accept_nomination(actor=amara, nomination=made, sentence="Amara stands.")
    with pytest.raises(Refused, match="There is no such office"):
        call_for(coop, office="king")


def test_who_may_stand_is_explained_line_by_line(coop, people):
    amara, *_others = people
    investors = make_class(coop, "investor")
    make_member(coop, user=(user := make_user("ivo")), on=date(2026, 9, 1), member_class=investors, active=False)
    consumer = membership(amara).member_class
    call = call_for(coop, classes=[consumer], member_for_months=24, minimum_age=18)
    refused = eligibility(call, membership(Actor.of(user, coop)))
    day = f"{call.as_of:%-d %B %Y}"
    assert [each.sentence for each in refused.reasons if not each.fits] == [
        "Only a member in good standing may stand; this membership is: Admitted, shares not yet paid.",
        "Only Consumer members may stand; this membership is Investor.",
        f"Whoever stands has been a member for 24 months on {day}: member since 1 September 2026,"
        " so from 1 September 2028 on.",
        f"Whoever stands is at least 18 on {day}; the register has no date of birth. Ask the office.",
    ]
    me = membership(amara)
    me.party.born_on = date(call.as_of.year - 18, call.as_of.month, call.as_of.day)
    fits = eligibility(call, me)
    assert fits.may
    assert f"Whoever stands is at least 18 on {day}: 18 that day." in [each.sentence for each in fits.reasons]
    with pytest.raises(Refused, match="the register has no date of birth"):
        put_forward(call, amara, amara)


def test_put_forward_accepted_seconded_and_drawn_by_lot(coop, people):
    amara, ruth, felix, priya = people
    call = call_for(coop, seconders=2, not_employed=True)
    asked = put_forward(call, felix, amara)
    assert Mail.objects.get(kind="governance.nomination_made").to == "amara@example.org"
    with pytest.raises(Refused, match="has been put forward already"):
        put_forward(call, ruth, amara)
    with pytest.raises(Refused, match="Declare that it does not employ you"):
        services.accept_nomination(actor=amara, nomination=asked, sentence="Bees.")
    with pytest.raises(Refused, match="Only whoever was put forward decides"):
        services.accept_nomination(actor=ruth, nomination=asked, sentence="Bees.", declared=True)
    services.accept_nomination(actor=amara, nomination=asked, sentence="Bees.", declared=True)
    for own in (amara, felix):
        with pytest.raises(Refused, match="somebody else than its two people"):
            services.second_nomination(actor=own, nomination=asked)
    assert services.second_nomination(actor=ruth, nomination=asked) == services.second_nomination(
        actor=ruth, nomination=asked
    )
    services.second_nomination(actor=priya, nomination=asked)
    standing(call, ruth, amara, felix, declared=True)
    standing(call, felix, amara, priya, declared=True)
    standing(call, priya, amara, declared=True)  # one seconder only
    with pytest.raises(Refused, match="Nominations are open until"):
        services.settle_nominations(actor=Actor.system(coop), call=call)
    ballot = call.question.ballot
    assert "nominations_open" in [each.code for each in issues_before_opening(ballot, clock.now())]
    with clock.at(call.closes_at):
        assert "nominations" in [each.code for each in issues_before_opening(ballot, clock.now())]
        with pytest.raises(Refused, match="Nominations closed on"):
            services.second_nomination(actor=felix, nomination=Nomination.objects.get(nominee=membership(priya)))
    settled = settle(call)
    numbers = sorted(membership(each).number for each in (amara, ruth, felix))
    place = lot_order(3, settled.lot_seed)
    drawn = [number for _place, number in sorted(zip(place, numbers, strict=True))]
    paper = list(Option.objects.filter(question=call.question).order_by("position"))
    assert [each.membership.number for each in paper] == drawn
    logged = AuditEvent.objects.get(kind="governance.nominations_settled").payload.body
    assert (logged["seed"], logged["paper"], logged["drawn_from"]) == (settled.lot_seed, drawn, numbers)
    assert settle(call).lot_seed == settled.lot_seed  # once; a second press writes the same paper


def test_the_alphabet_and_two_of_one_name(coop, people):
    twins = []
    for n in range(2):
        make_member(coop, user=(user := make_user(f"jo{n}")), name="Jo Berg", on=date(2020, 1, 1))
        twins.append(Actor.of(user, coop))
    call = call_for(coop, order="alphabet")
    for who in (people[1], *reversed(twins)):
        standing(call, who)
    settle(call)
    numbers = [membership(each).number_text for each in twins]
    names = list(Option.objects.filter(question=call.question).values_list("name", flat=True))
    assert names == [f"Jo Berg ({numbers[0]})", f"Jo Berg ({numbers[1]})", "Ruth"]
    assert call.__class__.objects.get(pk=call.pk).lot_seed == ""


def test_withdrawn_until_the_release_and_no_longer(coop, people, client_of):
    amara, ruth, felix, priya = people
    call = call_for(coop)
    rows = [standing(call, who) for who in people]
    services.step_back(actor=priya, nomination=rows[3])
    settled = settle(call)
    assert Option.objects.filter(question=call.question).count() == 3
    order = list(Option.objects.filter(question=call.question).values_list("membership", flat=True))
    services.step_back(actor=ruth, nomination=rows[1])
    order.remove(membership(ruth).pk)
    assert list(Option.objects.filter(question=call.question).values_list("membership", flat=True)) == order
    ballot = call.question.ballot
    with pytest.raises(Refused, match="comes from the nominations"):
        services.set_options(actor=Actor.system(coop), question=call.question, options=[{"name": "A friend"}])
    with pytest.raises(Refused, match="the question stays"):
        services.remove_question(actor=Actor.system(coop), question=call.question)
    opens = {"opens_at": settled.closes_at, "closes_at": settled.closes_at + timedelta(days=2)}
    with clock.at(settled.closes_at):
        services.change_ballot(actor=Actor.system(coop), ballot=ballot, **opens)
        ballot = services.open_ballot(actor=Actor.system(coop), ballot=ballot)
        assert [each["statement"] for each in ballot.manifest["questions"][0]["options"]]
        beside = f"/riverside/votes/nominations/{call.pk}/".encode()
        assert beside in client_of(felix).get(f"/riverside/votes/{ballot.pk}/").content
        with pytest.raises(Refused, match="has been released; who stands in it is settled"):
            services.step_back(actor=amara, nomination=rows[0])


def test_the_returning_officer_strikes_out_with_a_reason(coop, people):
    amara, *_others = people
    call = call_for(coop)
    made = standing(call, amara)
    with pytest.raises(Refused, match="Say why"):
        services.strike_out_nomination(actor=Actor.system(coop), nomination=made, because=" ")
    ended = services.strike_out_nomination(actor=Actor.system(coop), nomination=made, because="Works in the shop.")
    assert (ended.ended, ended.ended_because) == ("refused", "Works in the shop.")
    assert "Works in the shop." in Mail.objects.get(kind="governance.nomination_ended").text
    assert standing(call, amara).open  # and may be put forward once more


def test_a_photo_becomes_small_and_says_nothing_but_the_picture(coop, people):
    small = portrait(photo())
    with Image.open(io.BytesIO(small)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (640, 480))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home, 52.5 N"  # turned by 90°, and a description
    kept = portrait(photo(kind="JPEG", exif=exif))
    with Image.open(io.BytesIO(kept)) as turned:
        assert turned.size == (480, 640)
        assert not turned.getexif()
    assert len(kept) <= AT_MOST
    assert b"at home" not in kept
    for bad, why in (
        (b"<svg/>", "no_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 60, "no_picture"),
        (b"0" * 8_000_001, "large"),
    ):
        with pytest.raises(BadPicture, match=why):
            portrait(bad)
    bomb = io.BytesIO()
    Image.new("1", (7_000, 6_000)).save(bomb, "PNG")
    with pytest.raises(BadPicture, match="unfolds"):
        portrait(bomb.getvalue())
    call = call_for(coop)
    made = put_forward(call, people[0], people[0])
    with pytest.raises(Refused, match="what the photo shows"):
        services.accept_nomination(actor=people[0], nomination=made, sentence="Bees.", photo=photo((90, 90)))
    with pytest.raises(Refused, match="no picture we can read"):
        services.accept_nomination(actor=people[0], nomination=made, sentence="B.", photo=b"GIF89a", photo_alt="me")
    services.accept_nomination(actor=people[0], nomination=made, sentence="B.", photo=photo((90, 90)), photo_alt="me")
    services.accept_nomination(actor=people[0], nomination=made, sentence="Bees!", photo_alt="me, at work")
    made = Nomination.objects.get(pk=made.pk)
    assert (bytes(made.photo)[:2], made.photo_alt, made.sentence) == (b"\xff\xd8", "me, at work", "Bees!")
    services.accept_nomination(actor=people[0], nomination=made, sentence="Bees!", drop_photo=True)
    assert Nomination.objects.get(pk=made.pk).photo is None
