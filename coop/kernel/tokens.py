"""Keys for programs: made and revoked by the person whose login they are, good in one co-op, kept as a hash.

A token is 256 bits out of the system's generator, so one SHA-256 keeps it as well as a slow hash would: there is
nothing to guess. It can do what its login may do in its co-op today, or only read, and never outlives a year.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from . import audit, clock, rules
from .errors import Refused
from .models import ApiToken, User
from .tenancy import Actor

PREFIX = "roch_"  # so that scanners for leaked secrets can know one
SHOWN = len(PREFIX) + 6
LONGEST = 365  # days
USE_NOTED_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def make(*, actor: Actor, name: str, reads_only: bool, days: int) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can ever read again. Refused where a live one has that name."""
    rules.require(actor, "kernel.knows")
    if actor.user is None:
        raise Refused("no_login", _("Only a login has tokens."))
    if not 1 <= days <= LONGEST:
        raise Refused("token_too_long", _("A token is good for at most a year."), "days")
    secret = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                coop=actor.coop,
                user=actor.user,
                name=name.strip(),
                start=secret[:SHOWN],
                digest=digest(secret),
                reads_only=reads_only,
                created_at=now,
                expires_at=now + timedelta(days=days),
            )
    except IntegrityError:
        sentence = _("You have a token of this name already. Revoke that one, or choose another name.")
        raise Refused("token_name_taken", sentence, "name") from None
    audit.record(
        actor=actor,
        kind="token.made",
        subject=f"user:{actor.user_id}",
        token=token.pk,
        name=token.name,
        reads_only=reads_only,
        expires_at=token.expires_at.isoformat(),
    )
    return token, secret


@transaction.atomic
def revoke(*, actor: Actor, token: ApiToken) -> None:
    """Let a token of one's own open nothing any more; once."""
    if token.user_id != actor.user_id or token.coop_id != actor.coop_id:
        raise Refused("not_your_token", _("This token is not yours."), status=404)
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        audit.record(
            actor=actor, kind="token.revoked", subject=f"user:{actor.user_id}", token=token.pk, name=token.name
        )


def revoke_all(user: User) -> int:
    """Revoke whatever a login gave out, in every co-op; returns how many. The caller records why."""
    return ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=clock.now())


def find(secret: str) -> ApiToken | None:
    """The live token with this text and a login that is switched on, or None; notes that it was used."""
    now = clock.now()
    live = ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=now, user__is_active=True)
    token = live.select_related("user", "coop").filter(digest=digest(secret)).first()
    if token is not None:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk, revoked_at__isnull=True).update(last_used_at=now)
    return token


def live_tokens(user: User):
    """A login's tokens that were not revoked, those that ran out included, by co-op and name."""
    return ApiToken.objects.filter(user=user, revoked_at__isnull=True).select_related("coop").order_by("coop", "name")
