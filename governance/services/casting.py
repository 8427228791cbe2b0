"""Casting a secret paper: the one service without an actor, a record or a task. It knows a token, and no person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.errors import Refused

from .. import boxes
from ..ballotbox import blind, keys, message
from ..models import Ballot


@dataclass(frozen=True)
class Slot:
    """What the box must know of a ballot: the lengths of its messages, and the public keys of its credentials."""

    signature: int
    sealed: int
    credentials: tuple[rsa.RSAPublicKey, ...]

    @property
    def body(self) -> int:
        return 2 + message.PREPARED + self.signature + self.sealed


class NoBallot(LookupError):
    """There is no released secret ballot of this number."""


@lru_cache(maxsize=256)
def slot(ballot_id: int) -> Slot:
    """Read once: what was put to the vote does not change. Raises NoBallot."""
    rows = Ballot.objects.filter(pk=ballot_id, kind=Ballot.Kind.SECRET).exclude(state=Ballot.State.DRAFT)
    manifest = rows.values_list("manifest", flat=True).first()
    if manifest is None:
        raise NoBallot(ballot_id)
    said = manifest["secret"]
    credentials = tuple(keys.load_public(each) for each in said["credentials"])
    return Slot((credentials[0].key_size + 7) // 8, said["sealed_bytes"], credentials)


def cast_secret(*, ballot_id: int, body: bytes) -> str:
    """Put a sealed paper into the box, or in the place of the one cast with the same token. Returns its SHA-256.

    Refuses a message of the wrong shape, a token this ballot's key did not sign, and a ballot that is not open by the
    clock under its lock. Raises NoBallot. Nothing is written down but the sealed paper under the token's hash.
    """
    here = slot(ballot_id)
    try:
        cast = message.read(body, signature=here.signature, sealed=here.sealed)
    except message.BadMessage as bad:
        raise Refused("shape", str(bad)) from bad
    known = cast.key < len(here.credentials)
    if not known or not blind.verify(here.credentials[cast.key], cast.prepared, cast.signature):
        raise Refused("token", _("This token was not signed for this ballot. Nothing was cast."), status=403)
    answer = boxes.cast(ballot_id, at=clock.now(), token_hash=cast.token_hash, credential=cast.key, sealed=cast.sealed)
    if answer != "cast":
        raise _refused(answer)
    return hashlib.sha256(cast.sealed).hexdigest()


def _refused(answer: str) -> Refused:
    if answer == "early":
        return Refused("not_open_yet", _("The ballot has not opened yet. The paper was not cast."), status=409)
    if answer == "closed":
        return Refused("closed", _("The ballot has closed; this paper came too late and was not cast."), status=409)
    return Refused("shape", _("This is not a paper of this ballot."))


def look_up(*, ballot_id: int, prepared: bytes) -> str:
    """SHA-256 of the sealed paper in the box under one's own token, empty where there is none. Nobody else's."""
    slot(ballot_id)
    if len(prepared) != message.PREPARED:
        raise Refused("shape", _("This is not a token."))
    return boxes.find(ballot_id, message.token_hash(prepared))
