"""The named cast. Amara is a member, Jonas sits on the board, Mei is secretary, Lena treasurer, Samir returning
officer, Nadia auditor; Theo has a login and belongs nowhere; Olga is secretary and treasurer of another co-op."""

from __future__ import annotations

import time
from datetime import date

import pytest
from django.test import Client

from coop.kernel.models import Cooperative, Office, User
from coop.kernel.tenancy import Actor

PASSWORD = "sheaf-of-seven-stalks"
OFFICES = {
    "jonas": ("board",),
    "mei": ("secretary",),
    "lena": ("treasurer",),
    "samir": ("returning_officer",),
    "nadia": ("auditor",),
}
NAMES = {
    "amara": "Amara Okafor",
    "jonas": "Jonas Weber",
    "mei": "Mei Lindqvist",
    "lena": "Lena Hoffmann",
    "samir": "Samir Haddad",
    "nadia": "Nadia Petrova",
    "theo": "Theo Martin",
    "olga": "Olga Sorensen",
}


def make_user(who: str) -> User:
    return User.objects.create_user(f"{who}@example.org", PASSWORD, name=NAMES.get(who, who.title()))


def make_officer(coop: Cooperative, who: str, *roles: str) -> Actor:
    user = User.objects.filter(email=f"{who}@example.org").first() or make_user(who)
    for role in roles:
        Office.objects.create(coop=coop, user=user, role=role, starts_on=date(2020, 1, 1), reason="for the test")
    return Actor.of(user, coop)


def make_coop() -> Cooperative:
    return Cooperative.objects.create(
        slug="riverside",
        name="Riverside Food Co-op",
        registration="registered society 4471",
        law="de-geng",
        currency="EUR",
        time_zone="Europe/Berlin",
    )


def make_other_coop() -> Cooperative:
    return Cooperative.objects.create(
        slug="hillside", name="Hillside Growers", currency="GBP", time_zone="Europe/London"
    )


@pytest.fixture
def coop(db) -> Cooperative:
    return make_coop()


@pytest.fixture
def other_coop(db) -> Cooperative:
    return make_other_coop()


@pytest.fixture
def system(coop) -> Actor:
    return Actor.system(coop)


def _officer(who: str):
    def fixture(coop) -> Actor:
        return make_officer(coop, who, *OFFICES[who])

    fixture.__doc__ = f"{NAMES[who]}: {', '.join(OFFICES[who])}."
    return pytest.fixture(fixture, name=who)


jonas, mei, lena, samir, nadia = map(_officer, OFFICES)


@pytest.fixture
def theo(coop) -> Actor:
    """Signed in, and nobody here."""
    return Actor.of(make_user("theo"), coop)


@pytest.fixture
def olga(other_coop) -> Actor:
    return make_officer(other_coop, "olga", "secretary", "treasurer", "board", "returning_officer")


def show_who_it_is(client: Client, user: User) -> None:
    """As if they had just typed their password again, as allauth remembers it: pages that ask for it open."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def signed_in(user: User) -> Client:
    """A browser-less client of somebody who has just signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    show_who_it_is(client, user)
    return client


@pytest.fixture
def client_of(db):
    """A browser-less client, signed in as the actor's login; ``None`` is signed in as nobody."""
    return lambda actor: Client() if actor is None else signed_in(actor.user)
