"""How a request to the API is read: whose it is, and what it holds. DRF loads this before its own views."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.parsers import JSONParser
from rest_framework.permissions import SAFE_METHODS

from . import tokens


class JSON(JSONParser):
    """JSON whose nesting ends somewhere, and a sentence for what is none."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_("This is nested too deeply.")) from None
        except exceptions.ParseError as problem:
            why = str(problem.detail).partition(" - ")[2] or str(problem.detail)
            raise exceptions.ParseError(_("This is not JSON: %(why)s.") % {"why": why}) from None


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Token …`` with a token its login made under ``/accounts/tokens/`` for the path's co-op."""

    keyword = "Token"

    def authenticate(self, request):
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword.lower().encode():
            return None
        token = tokens.find(words[1].decode("latin-1")) if len(words) == 2 else None
        coop = getattr(request._request, "coop", None)
        if token is None or (coop is not None and token.coop_id != coop.pk):
            raise exceptions.AuthenticationFailed(_("This token opens nothing here. It may be revoked or too old."))
        if token.reads_only and request.method not in SAFE_METHODS:
            raise exceptions.PermissionDenied(_("This token only reads."), code="token_reads_only")
        return token.user, token

    def authenticate_header(self, request) -> str:
        return self.keyword
