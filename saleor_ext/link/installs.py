"""Installing an app: Saleor hands us a token; we make sure who sent it before we keep it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PonteError
from saleor_ext.core.settings import platform_settings

from . import instances
from .client import GraphQLClient, Operation
from .errors import SaleorRefused, SaleorUnavailable
from .models import SaleorAppInstall, SaleorInstance
from .results.apps import AppSelf

APP_SELF: Operation[AppSelf | None] = Operation("platform/app_self", AppSelf | None, ("app",))
#: What may stand in an Authorization header.
_TOKEN = re.compile(r"[!-~]{1,200}")


class InstallRefused(PonteError):
    """An installation that is not accepted; ``status`` is the HTTP answer, ``code`` is read by people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def register(identifier: str, api_url: str, token: str) -> SaleorAppInstall:
    """Check and keep an app's token.

    Saleor waits for our answer while we call it back, so this must not run on Saleor's only thread.

    :raises InstallRefused: with status, code and a message that Saleor shows to its staff
    """
    url = allowed_url(api_url)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise InstallRefused(400, "TOKEN_MISSING", "The request holds no usable auth_token.")
    app_id = _prove(identifier, url, token)
    return store(identifier, url, token, app_id)


def allowed_url(api_url: str) -> str:
    """Return the normal form of an API address that may install our apps."""
    if not api_url:
        raise InstallRefused(400, "SALEOR_URL_MISSING", "The header Saleor-Api-Url is missing.")
    url = instances.normal_url(api_url)
    if url not in {instances.normal_url(allowed) for allowed in platform_settings().allowed_saleor_urls}:
        raise InstallRefused(
            403, "SALEOR_URL_PROHIBITED", "This Saleor is not on the list of those that may install the app."
        )
    return url


def _prove(identifier: str, api_url: str, token: str) -> str:
    """Call back with the token: it must be good at the address it is said to come from, and belong to this app."""
    try:
        known = GraphQLClient(api_url, token).run(APP_SELF)
    except SaleorUnavailable as error:
        raise InstallRefused(
            503, "SALEOR_UNREACHABLE", f"{api_url} cannot be reached from the app."
        ) from error
    except SaleorRefused:
        known = None
    if known is None:
        raise InstallRefused(401, "UNKNOWN_APP_ID", "The token is not good at this Saleor.")
    if known.identifier and known.identifier != identifier:
        raise InstallRefused(401, "WRONG_APP", f"The token belongs to the app {known.identifier}.")
    return known.id


def store(identifier: str, api_url: str, token: str, saleor_app_id: str) -> SaleorAppInstall:
    """Keep a proven token together with fresh keys of the instance.

    :raises InstallRefused: when the instance's keys cannot be read
    """
    instance = SaleorInstance.objects.filter(api_url=api_url).first() or SaleorInstance(api_url=api_url)
    instance.domain = urlsplit(api_url).netloc
    instance.active = True
    try:
        instances.fetch_jwks(instance)
    except (SaleorUnavailable, SaleorRefused) as error:
        raise InstallRefused(503, "JWKS_NOT_AVAILABLE", f"{instance.jwks_url}: {error.message}") from error
    with transaction.atomic():
        instance, _ = SaleorInstance.objects.update_or_create(
            api_url=api_url,
            defaults={
                "domain": instance.domain,
                "active": True,
                "jwks": instance.jwks,
                "jwks_fetched_at": instance.jwks_fetched_at,
            },
        )
        install, created = SaleorAppInstall.objects.get_or_create(
            instance=instance,
            identifier=identifier,
            defaults={"token": token, "saleor_app_id": saleor_app_id, "installed_at": clock.now()},
        )
        if not created:
            install.token, install.saleor_app_id, install.installed_at = token, saleor_app_id, clock.now()
            install.save()
        audit.record("saleor.app_installed", "saleor_app", f"{api_url} {identifier}", app_id=saleor_app_id)
        transaction.on_commit(instances.forget)
    return install
