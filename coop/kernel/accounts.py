"""How allauth's pages meet our logins."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Logins are e-mail addresses in lower case; everything else is allauth's."""

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()
