"""Many admissions at once, over real connections: each member has a number of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import services
from members.models import Application, Membership
from tests.beside import missing

from .factories import dead, make_application, make_class, make_member

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(width: int, work, items: list) -> list:
    """Run ``work(item)`` for all items, ``width`` connections at a time, the first ones starting together."""
    gate = Barrier(width, timeout=120)
    first = set(range(width))

    def one(pair):
        place, item = pair
        try:
            if place in first:
                connection.ensure_connection()
                gate.wait()
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(one, enumerate(items)))


def test_two_hundred_concurrent_admissions_give_two_hundred_numbers(coop):
    """Two hundred connections, all open before the first admission begins."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        if (allowed := cursor.fetchone()[0]) < 220:
            missing(f"PostgreSQL allows {allowed} connections for everybody; this needs 220 (max_connections).")
    member_class = make_class(coop)
    applications = [make_application(coop, name=f"Anna No{n:03d}", member_class=member_class) for n in range(200)]
    today, open_at_once = clock.today(coop), []

    def admit(application):
        if application is applications[0]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                open_at_once.append(cursor.fetchone()[0])
        number = services.admit(actor=Actor.system(coop), application=application, resolution="1", on=today).number
        done.wait()
        return number

    done = Barrier(200, timeout=180)  # nobody hangs up before the last is in
    numbers = at_once(200, admit, applications)
    assert open_at_once[0] >= 200
    assert sorted(numbers) == list(range(1, 201))
    assert Membership.objects.count() == 200
    assert list(audit.verify(coop)) == []


def test_one_sheet_decided_twice_at_once_is_decided_once(coop):
    application = make_application(coop)
    system, today = Actor.system(coop), clock.today(coop)
    sheet = services.create_sheet(actor=system, meeting_on=today, applications=[application])

    def decide(_):
        try:
            services.decide_sheet(
                actor=system,
                sheet=sheet,
                decisions={application.pk: services.Decision("admit")},
                resolution="1",
                on=today,
            )
        except Exception as refusal:  # noqa: BLE001 - the test counts what came back
            return getattr(refusal, "code", repr(refusal))
        return "decided"

    assert sorted(at_once(8, decide, list(range(8)))) == ["decided"] + ["sheet_decided"] * 7
    assert Membership.objects.count() == 1


def test_a_double_click_is_one_application(coop):
    make_class(coop)

    def send(_):
        return services.apply(
            coop=coop, member_class="consumer", given_names="Noor", family_name="Haddad", email="noor@example.org"
        ).pk

    assert len(set(at_once(8, send, list(range(8))))) == 1
    assert Application.objects.count() == 1


def test_paid_twice_at_once_is_active_once(coop):
    system, today = Actor.system(coop), clock.today(coop)
    membership = services.admit(actor=system, application=make_application(coop), resolution="1", on=today)
    at_once(
        8, lambda _: services.activate(actor=system, membership=membership, on=today, because="paid"), list(range(8))
    )
    assert [event.kind for event in membership.events.all()] == ["admitted", "activated"]


def test_a_death_is_taken_back_or_the_membership_passes_on_never_both(coop):
    system, today = Actor.system(coop), clock.today(coop)
    for n in range(3):
        otto, ida = make_member(coop, name=f"Otto No{n}"), make_member(coop, name=f"Ida No{n}")
        dead(otto)
        facts = {"deceased": otto.party, "heir": ida.party, "on": today, "evidence": "Will"}
        services.name_heir(actor=system, **facts)

        def act(what: str, otto=otto, ida=ida) -> str:
            how = {"actor": system, "membership": otto, "to": ida, "on": today}
            try:
                if what == "back":
                    services.take_back_death(actor=system, party=otto.party, because="He lives.")
                else:
                    services.pass_on(**how, resolution="9", because="Agreed.")
            except Refused as refused:
                return refused.code
            return what

        said = sorted(at_once(2, act, ["back", "pass"]))
        otto.refresh_from_db()
        otto.party.refresh_from_db()
        lives = otto.party.died_on is None
        assert said in (["cannot_be_undone", "pass"], ["back", "not_an_heir"], ["back", "pass"]), said
        assert (otto.ending == "transferred") is ("pass" in said)
        if said == ["back", "pass"]:  # first he was alive again, then passed it on as the living do
            assert lives
