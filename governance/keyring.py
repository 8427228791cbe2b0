"""The private keys of secret ballots: files outside the database, one folder a ballot, destroyed when it is counted.

``BALLOT_KEYS/<ballot>/sealing.pem``, ``credential-<n>.pem``, and ``letters.key``, under which voting letters' codes are
digested; readable by the service's own user alone. Web and worker share the folder. A backup that holds the folder
while a ballot is open can open its box: docs/operator.md says how to leave it out. Overwriting a file before it is
unlinked is what a program can do; a journal or a flash disk may keep a copy for a while, and SECURITY.md says so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils.translation import gettext as _

from coop.kernel.errors import Refused

from . import codes
from .ballotbox import keys

LETTERS = "letters.key"
SEALING = "sealing.pem"


def folder() -> Path:
    return Path(settings.BALLOT_KEYS)


def _of(ballot_id: int) -> Path:
    return folder() / str(ballot_id)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def create(ballot_id: int, *, sealing: rsa.RSAPrivateKey, credentials: Sequence[rsa.RSAPrivateKey]) -> None:
    """Write a ballot's keys, on the disk before this returns. What an attempt that failed left there is destroyed."""
    destroy(ballot_id)
    place = _of(ballot_id)
    place.mkdir(mode=0o700, parents=True)
    place.chmod(0o700)
    _write(place / SEALING, keys.private_pem(sealing))
    for number, key in enumerate(credentials):
        _write(place / f"credential-{number}.pem", keys.private_pem(key))
    _write(place / LETTERS, secrets.token_bytes(codes.KEY_BYTES))
    _sync(place)
    _sync(folder())


def _read(ballot_id: int, name: str) -> bytes:
    try:
        return (_of(ballot_id) / name).read_bytes()
    except OSError as gone:
        sentence = _(
            "The key of this ballot cannot be read on the server. Nothing was done; tell the returning officer."
        )
        raise Refused("no_key", sentence, status=503) from gone


def credential(ballot_id: int, number: int) -> rsa.RSAPrivateKey:
    """The key that signs tokens. Refuses, with a sentence, where the file cannot be read."""
    return keys.load_private(_read(ballot_id, f"credential-{number}.pem"))


def sealing(ballot_id: int) -> rsa.RSAPrivateKey:
    """The key that opens papers. Refuses, with a sentence, where the file cannot be read."""
    return keys.load_private(_read(ballot_id, SEALING))


def letters(ballot_id: int) -> bytes:
    """The key under which the codes of voting letters are kept. Refuses, with a sentence, where it cannot be read."""
    return _read(ballot_id, LETTERS)


def there(ballot_id: int) -> bool:
    return (_of(ballot_id) / SEALING).exists()


def kept() -> Iterator[int]:
    """The ballots whose keys are still on the disk."""
    if folder().is_dir():
        yield from sorted(int(each.name) for each in folder().iterdir() if each.name.isdigit())


def destroy(ballot_id: int) -> bool:
    """Overwrite and unlink a ballot's keys. False where there were none. May run twice or die half-way."""
    place = _of(ballot_id)
    if not place.is_dir():
        return False
    for file in sorted(place.iterdir()):
        size = file.stat().st_size
        with open(file, "r+b") as handle:
            handle.write(secrets.token_bytes(size))
            handle.flush()
            os.fsync(handle.fileno())
        file.unlink()
    place.rmdir()
    _sync(folder())
    return True
