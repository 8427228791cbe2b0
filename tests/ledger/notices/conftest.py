"""Three members who buy: 1 is Amara, 2 Ben, 3 Carla."""

from datetime import date

import pytest

from coop.kernel.models import User
from tests.cast import make_user
from tests.members.factories import make_member


@pytest.fixture
def buyers(coop):
    """Memberships by number."""
    user = User.objects.filter(email="amara@example.org").first() or make_user("amara")
    found = [
        make_member(coop, user=user, on=date(2020, 5, 1)),
        make_member(coop, name="Ben Ito", on=date(2021, 5, 1)),
        make_member(coop, name="Carla Ruiz", on=date(2022, 5, 1)),
    ]
    return {each.number: each for each in found}
