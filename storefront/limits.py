"""Who is counted when somebody signs in, registers or hands in an identity; the numbers stand in the settings."""

from __future__ import annotations

from math import ceil

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import ngettext

from saleor_ext.core.errors import TransientError
from saleor_ext.core.limits import Allowance, TooMany
from saleor_ext.link.errors import SaleorUserError


def address(request: HttpRequest) -> str:
    """Return the client's address as the outermost trusted proxy saw it; what a client claims itself is not read."""
    proxies: int = settings.PONTE.trusted_proxies
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return told[-proxies] if 0 < proxies <= len(told) else str(request.META.get("REMOTE_ADDR", ""))


def sign_in(request: HttpRequest, email: str) -> tuple[Allowance, ...]:
    """Count by account and address; the shop, the portal and the console guess at the same passwords."""
    here, account = address(request), email.strip().casefold()
    return (
        Allowance("sign in here", f"{account}\0{here}", *settings.LIMIT_SIGN_IN_HERE),
        Allowance("sign in, account", account, *settings.LIMIT_SIGN_IN_ACCOUNT),
        Allowance("sign in, address", here, *settings.LIMIT_SIGN_IN_ADDRESS),
    )


def register(request: HttpRequest, email: str) -> tuple[Allowance, ...]:
    return (
        Allowance("register, e-mail", email.strip().casefold(), *settings.LIMIT_REGISTER_EMAIL),
        Allowance("register, address", address(request), *settings.LIMIT_REGISTER_ADDRESS),
    )


def identity(request: HttpRequest, person: str) -> tuple[Allowance, ...]:
    """Count by *person* (the account, or the checkout of a guest) and address."""
    return (
        Allowance("identity, person", person, *settings.LIMIT_IDENTITY_PERSON),
        Allowance("identity, address", address(request), *settings.LIMIT_IDENTITY_ADDRESS),
    )


def mind_saleors_own(error: SaleorUserError) -> None:
    """Tell Saleor's own delay from a wrong password: it counts by address, and all of ours come from one.

    :raises TransientError: Saleor lets nobody sign in just now
    """
    if error.has("LOGIN_ATTEMPT_DELAYED", "UNKNOWN_IP_ADDRESS"):
        raise TransientError(f"Saleor delays sign-ins: {error.code}") from error


def wait_words(limit: TooMany) -> str:
    """Tell how long to wait, in whole minutes."""
    minutes = ceil(limit.seconds / 60)
    return ngettext(
        "Too many tries. Please try again in %(n)d minute.",
        "Too many tries. Please try again in %(n)d minutes.",
        minutes,
    ) % {"n": minutes}
