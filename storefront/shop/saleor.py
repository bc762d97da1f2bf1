"""The shop's way to Saleor: in the page's language, as the signed-in account if there is one."""

from __future__ import annotations

import time

from django.http import HttpRequest
from django.utils.translation import get_language

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.settings import platform_settings
from saleor_ext.link.clients import default_api_url
from saleor_ext.link.storefront import LANGUAGE_CODES, Storefront, storefront

from . import session

#: Saleor's access tokens live five minutes by default.
TOKEN_SECONDS = 240


def api_url() -> str:
    return default_api_url()


def language() -> str:
    """Return the language of the page as one the shop has."""
    code = (get_language() or "zh-hans").lower()
    return code if code in LANGUAGE_CODES else "zh-hans"


def client(request: HttpRequest) -> Storefront:
    """Return a client for this visitor; a token that can no longer be renewed ends the sign-in quietly."""
    signed = session.account(request)
    token = signed.token if signed else None
    if signed and time.time() - signed.at > TOKEN_SECONDS:
        try:
            token = session.renew(request, signed, _anonymous().token_refresh(signed.refresh)).token
        except PermanentError:
            session.forget_account(request)
            token = None
    return storefront(token=token, channel=platform_settings().channel, language=LANGUAGE_CODES[language()])


def _anonymous() -> Storefront:
    return storefront(channel=platform_settings().channel, language=LANGUAGE_CODES[language()])
