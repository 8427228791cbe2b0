"""The project's settings on a database of the tests' own: ``.data/test``, in a hurry, thrown away without regret.

pytest-django reads settings before any conftest, so what must be known that early is set here.
"""

import os
from pathlib import Path

_folder = os.environ.get("ROCHDALE_DATA") or Path(__file__).resolve().parent.parent / ".data"
os.environ["ROCHDALE_DATA"] = str(_folder if Path(_folder).name == "test" else Path(_folder) / "test")
os.environ["ROCHDALE_EMBEDDED_FAST"] = "1"
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs an event loop in the tests' thread

from coop.settings import *  # noqa: E402, F403
from coop.settings import CACHES, DATABASES, REDIS_URL  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # noqa: S324 - hundreds of logins a run
MEDIA_ROOT = Path(os.environ["ROCHDALE_DATA"]) / "media"
BALLOT_KEYS = Path(os.environ["ROCHDALE_DATA"]) / f"ballot-keys-{os.getpid()}"
DATABASES["default"]["CONN_MAX_AGE"] = 0
WHITENOISE_AUTOREFRESH = True  # else each test's client reads the headers of every collected file before its first page

# Each worker of a parallel run has its own corner of the shared cache: limits on logins are counted there.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
CACHES["default"]["KEY_PREFIX"] = f"test-{_worker}-{os.getpid()}"
CACHES["default"]["LOCATION"] = REDIS_URL
