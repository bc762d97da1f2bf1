"""Who works in the Saleor Dashboard: checks the short-lived token it hands to our pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import jwt

from . import instances
from .errors import SaleorRefused, SaleorUnavailable
from .jws import public_key
from .models import SaleorInstance

#: Type of tokens that Saleor makes for apps' pages; a storefront's access token is not one.
TOKEN_TYPE = "thirdparty"  # noqa: S105  # a claim's value, not a secret
#: Seconds by which clocks may differ.
LEEWAY = 10


@dataclass(frozen=True, slots=True)
class DashboardUser:
    """A staff member as Saleor vouches for them, with all of their own permissions."""

    user_id: str
    email: str
    permissions: frozenset[str]


def verify_user_token(
    token: str, *, api_url: str, identifier: str, permissions: Collection[str] = (), audience: str = ""
) -> DashboardUser:
    """Return whose token this is.

    The token must be signed by the stored instance, made for our app there, unexpired, and its user must hold
    every one of ``permissions``.

    :raises SaleorRefused: with code ``not_installed``, ``token_invalid`` or ``permission_missing``
    """
    known = instances.find(api_url, identifier)
    if known is None:
        raise SaleorRefused("the app is not installed there", code="not_installed")
    claims = _claims(token, known.instance)
    if claims.get("type") != TOKEN_TYPE:
        raise SaleorRefused("not a token for an app's page", code="token_invalid")
    if claims.get("iss") != known.instance.api_url:
        raise SaleorRefused("the token comes from another Saleor", code="token_invalid")
    if claims.get("app") != known.saleor_app_id:
        raise SaleorRefused("the token was made for another app", code="token_invalid")
    if audience and claims.get("aud") != audience:
        raise SaleorRefused("the token was made for another audience", code="token_invalid")
    held = frozenset(str(name) for name in claims.get("user_permissions") or ())
    if lacking := sorted(set(permissions) - held):
        raise SaleorRefused(f"permission missing: {', '.join(lacking)}", code="permission_missing")
    return DashboardUser(str(claims.get("user_id", "")), str(claims.get("email", "")), held)


def _claims(token: str, instance: SaleorInstance) -> dict[str, Any]:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, RecursionError) as error:
        raise SaleorRefused(f"the token does not hold: {error}", code="token_invalid") from error
    key = _key(kid, instance.jwks)
    if key is None and _renew(instance):
        key = _key(kid, instance.jwks)
    if key is None:
        raise SaleorRefused("the token is signed by an unknown key", code="token_invalid")
    options = {"require": ["exp", "iss"], "verify_aud": False}
    try:
        return jwt.decode(token, public_key(*key), algorithms=["RS256"], options=options, leeway=LEEWAY)  # type: ignore[arg-type]  # its stubs know no partial options
    except (jwt.PyJWTError, ValueError) as error:
        raise SaleorRefused(f"the token does not hold: {error}", code="token_invalid") from error


def _renew(instance: SaleorInstance) -> bool:
    try:
        return instances.renew_keys(instance)
    except (SaleorUnavailable, SaleorRefused):
        return False


def _key(kid: object, jwks: dict[str, Any]) -> tuple[str, str] | None:
    for key in jwks.get("keys") or ():
        if kid and key.get("kid") == kid and key.get("kty") == "RSA" and "n" in key and "e" in key:
            return str(key["n"]), str(key["e"])
    return None
