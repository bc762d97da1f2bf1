"""Clients by whom they act as: an installed app, a signed-in person, or nobody."""

from __future__ import annotations

from saleor_ext.core.settings import platform_settings

from .client import GraphQLClient
from .errors import AppNotInstalled
from .instances import normal_url
from .models import SaleorAppInstall
from .platform_app import PLATFORM_APP


def default_api_url() -> str:
    """Return the GraphQL address of the Saleor the shop sells through."""
    return normal_url(platform_settings().saleor_api_url)


def app_client(api_url: str, identifier: str) -> GraphQLClient:
    """Return a client with the app's own token.

    :raises AppNotInstalled: when the app has no token for this Saleor
    """
    install = SaleorAppInstall.objects.filter(
        instance__api_url=normal_url(api_url), instance__active=True, identifier=identifier
    ).first()
    if install is None:
        raise AppNotInstalled(f"{identifier} is not installed at {api_url}; run `ponte saleor setup`")
    return GraphQLClient(normal_url(api_url), install.token)


def platform_client(api_url: str | None = None) -> GraphQLClient:
    """Return a client acting as the platform's own app."""
    return app_client(api_url or default_api_url(), PLATFORM_APP.identifier)


def anonymous_client(api_url: str | None = None) -> GraphQLClient:
    """Return a client with the rights of a visitor."""
    return GraphQLClient(normal_url(api_url or default_api_url()))


def user_client(token: str, api_url: str | None = None) -> GraphQLClient:
    """Return a client acting as the person whose access token this is."""
    return GraphQLClient(normal_url(api_url or default_api_url()), token)


def installed(api_url: str, identifier: str) -> bool:
    """Tell whether an app of ours has a token for this Saleor."""
    return SaleorAppInstall.objects.filter(
        instance__api_url=normal_url(api_url), instance__active=True, identifier=identifier
    ).exists()


def instances_with(identifier: str) -> list[str]:
    """Return the API addresses of the active instances in which an app of ours is installed, in order."""
    found = SaleorAppInstall.objects.filter(instance__active=True, identifier=identifier)
    return list(found.order_by("instance__api_url").values_list("instance__api_url", flat=True))
