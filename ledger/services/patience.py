"""Taking a lock others queue behind: for a moment only, and again until it is there."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from django.db import OperationalError, connection, transaction

T = TypeVar("T")
AT_MOST = "250ms"  # how long others wait behind us while we wait for somebody
BETWEEN = 0.5
LOCK_NOT_AVAILABLE = "55P03"


def patiently(act: Callable[[], T]) -> T:
    """Run ``act`` in a transaction that waits for each of its locks shortly, and begin anew until it got them all.

    Whoever asks for a table after us waits behind us as long as we wait for who came before; a long transaction before
    us would stop everybody. The job's own time limit ends it.
    """
    while True:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = '{AT_MOST}'")
                return act()
        except OperationalError as waited:
            if getattr(waited.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
                raise
            sleep(BETWEEN)
