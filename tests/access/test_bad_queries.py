"""A value in an address that is no day, no month or no number is named; no page answers as if it had not been there."""

import pytest

from coop.kernel.tenancy import path
from tests.members.test_desk_pages import text

NO_DAYS = ("2024-13-45", "x", "²")
ASKED_FOR_DAYS = {
    "members:list": ("secretary", ("as_at", "known")),
    "ledger:accounts": ("treasurer", ("on",)),
    "ledger:shares": ("treasurer", ("on",)),
    "ledger:journal": ("treasurer", ("since", "until")),
    "ledger:trial-balance": ("treasurer", ("on",)),
    "ledger:balance-sheet": ("treasurer", ("on",)),
    "ledger:income-statement": ("treasurer", ("on",)),
    "ledger:members-equity": ("treasurer", ("on",)),
}
FILES = ("ledger:trial-balance", "ledger:balance-sheet", "ledger:income-statement", "ledger:members-equity")


@pytest.mark.parametrize("name", ASKED_FOR_DAYS)
def test_what_is_no_day_is_named(world, client_of, name):
    role, fields = ASKED_FOR_DAYS[name]
    client = client_of(world.actors[role])
    for field in fields:
        for typed in NO_DAYS:
            page = client.get(path(world.coop, name), {field: typed})
            assert page.status_code == 422, (field, typed)
            assert f"“{typed}” is not a day of the calendar" in text(page)
            assert f'value="{typed}"' in page.content.decode(), "what was typed is kept"


def test_the_register_of_no_day_is_not_an_empty_one(world, client_of):
    words = text(client_of(world.mei).get(path(world.coop, "members:list"), {"as_at": "2024-13-45"}))
    assert "Which day did you mean?" in words
    assert "0 members" not in words
    assert "Nobody was on the register" not in words


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("form", ["csv", "pdf"])
def test_no_file_of_another_day_passes_for_the_right_one(world, client_of, name, form):
    client = client_of(world.actors["treasurer"])
    answer = client.get(path(world.coop, name), {"on": "2024-13-45", "as": form})
    assert answer.status_code == 422
    assert "“2024-13-45” is not a day of the calendar" in text(answer)


def test_no_month_is_a_month(world, client_of):
    page = client_of(world.actors["treasurer"]).get(path(world.coop, "ledger:dues-charge"), {"month": "2024-13"})
    assert page.status_code == 422
    assert "This is not a month" in text(page)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1"])
def test_what_looks_like_a_number_breaks_nothing(world, client_of, number):
    for name, role, field, key in (
        ("governance:roll", "returning_officer", "q", {"pk": world.roll.meeting_id}),
        ("ledger:patronage-new", "treasurer", "after", {}),
        ("members:list", "secretary", "q", {}),
        ("ledger:journal", "treasurer", "q", {}),
        ("members:invitations", "secretary", "page", {}),
    ):
        page = client_of(world.actors[role]).get(path(world.coop, name, **key), {field: number})
        assert page.status_code < 500, (name, page.status_code)


def test_a_character_no_text_has_is_refused_on_our_own_page(world, client_of):
    for client in (client_of(world.mei), client_of(None)):
        page = client.get(path(world.coop, "home") + "?q=%00")
        assert page.status_code == 400
        assert "This address holds a character that stands in no text." in text(page)
        assert world.coop.name in text(page) or "front page" in text(page)
