"""``python -m tests.knock DATABASE CACHE_PREFIX EMAIL PASSWORD TIMES``: another process that tries to sign in.

Prints one line a try: ``in``, ``wrong`` or ``stopped``.
"""

import os
import sys

import django


def main(database: str, prefix: str, email: str, password: str, times: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings
    from django.test.utils import setup_test_environment

    from tests.database import point_at

    settings.CACHES["default"]["KEY_PREFIX"] = prefix
    setup_test_environment()
    point_at(database)
    print(*knocks(email, password, int(times)), sep="\n")


def knocks(email: str, password: str, times: int) -> list[str]:
    """What this process is answered."""
    from django.test import Client

    said = []
    for _try in range(times):
        answer = Client().post("/accounts/login/", {"login": email, "password": password})
        stopped = b"Too many tries." in answer.content or answer.status_code == 429
        said.append("in" if answer.status_code == 302 else "stopped" if stopped else "wrong")
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
