"""How allauth's pages meet our logins: addresses in lower case, letters with their kind, secrets not in the clear."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from math import inf

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from . import outbox, tokens
from .models import User


class SeenMiddleware:
    """Notes when, from where and by what browser a session was last seen: at once where that is new, else each minute.

    allauth's own writes a row at every request, which is much of what a page costs that only reads. Each process keeps
    its own minutes; forgetting them costs one write.
    """

    MINUTE, MOST = 60, 10_000

    def __init__(self, get_response) -> None:
        self.get_response = get_response
        self.noted: dict[tuple[str, str, str], float] = {}

    def __call__(self, request):
        if request.session.session_key and request.user.is_authenticated and self._is_news(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _is_news(self, request) -> bool:
        address = get_adapter().get_client_ip(request)
        seen, now = (request.session.session_key, address, request.headers.get("User-Agent", "")), time.monotonic()
        if now - self.noted.get(seen, -inf) < self.MINUTE:
            return False
        if len(self.noted) >= self.MOST:
            self.noted.clear()
        self.noted[seen] = now
        return True


class AccountAdapter(DefaultAccountAdapter):
    """Logins are e-mail addresses in lower case; everything else is allauth's."""

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

    def send_account_already_exists_mail(self, email: str) -> None:
        """Somebody signs up with an address that has a login. A password is hashed as for a new one: hashing is most of
        what signing up takes, and an answer that comes sooner would tell who has a login here.
        """
        make_password(secrets.token_urlsafe())
        super().send_account_already_exists_mail(email)

    def render_mail(self, template_prefix, email, context, headers=None):
        """The outbox shall know which letters open a login: it forgets what they say once they are sent."""
        message = super().render_mail(template_prefix, email, context, headers)
        message.kind = outbox.SECURITY
        return message


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: the secret of an authenticator app is not readable in a stolen copy of the database."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": settings.SITE_NAME}

    def encrypt(self, text: str) -> str:
        return _safe().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; where it was kept under another SECRET_KEY, one that no code will ever match."""
        try:
            return _safe().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return base64.b32encode(secrets.token_bytes(20)).decode()


def _safe() -> MultiFernet:
    """Keyed by SECRET_KEY; old ones in SECRET_KEY_FALLBACKS still open what they closed."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(each)) for each in keys])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"rochdale.second-factor" + secret.encode()).digest())


def shut_out(user: User) -> dict[str, int]:
    """End every session of a login and revoke its tokens; how many of each. The caller records why."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return {"sessions": len(sessions), "tokens": tokens.revoke_all(user)}


def forget_in_sessions(names_them: Callable[[str], bool]) -> int:
    """End the sessions in whose packed data somebody's words stand, such as an address typed to sign in. How many.

    A session says nothing as text; each is unpacked for this.
    """
    kept = Session.objects.values_list("session_key", "session_data").iterator(chunk_size=2000)
    found = [key for key, data in kept if names_them(str(SessionStore().decode(data)))]
    return Session.objects.filter(session_key__in=found).delete()[0]


def forget_login(user: User) -> bool:
    """Make a login nobody's, unless an office ever held it: then it signed for the co-op and stays. True if it went.

    The row stays, for what it did points at it; name, addresses, keys and sessions go.
    """
    if user.offices.exists() or user.is_staff:
        return False
    shut_out(user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.email, user.name, user.is_active = f"erased-{user.pk}@invalid", "", False
    user.set_unusable_password()
    user.save()
    return True
