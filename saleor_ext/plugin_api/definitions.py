"""How a plugin declares itself: one typed object, from which manifest, routes and menus are made.

A declaration is read before Django's apps are ready, so it names code by dotted path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .config import PluginConfig

if TYPE_CHECKING:
    from .platform import SaleorClient


@dataclass(frozen=True, slots=True)
class WebhookContext:
    """Which Saleor sent a webhook, and a client that acts as the receiving app."""

    api_url: str
    app_identifier: str
    event: str
    saleor: SaleorClient


@dataclass(frozen=True, slots=True)
class WebhookDefinition:
    """One webhook: from it come the manifest entry, the route and the subscription query.

    ``slug`` is the route's last part and the webhook's identifier. ``query`` is a ``.graphql`` file in the
    package of the app. ``handler`` is a dotted path to ``f(context: WebhookContext, payload: dict)``:
    a synchronous one returns the JSON answer; an asynchronous one runs from the inbox, inside
    the transaction that marks the message done, does database work only and returns None.
    ``quick`` marks a synchronous one that asks nobody outside: it computes, with at most a query, and goes to
    ``PONTE_ANSWERS_URL``, where nothing slow is before it.
    """

    slug: str
    event: str
    query: str
    handler: str
    sync: bool = False
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """A Dashboard extension (reference: manifest ``extensions``); ``path`` is relative to the app's base URL."""

    identifier: str
    label: str
    mount: str
    path: str
    target: str = "WIDGET"
    permissions: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: {"widgetTarget": {"method": "POST"}})


@dataclass(frozen=True, slots=True)
class SaleorApp:
    """A Saleor App: identifier, least permissions, webhooks. ``package`` holds its ``.graphql`` files."""

    identifier: str
    name: str
    package: str
    permissions: tuple[str, ...]
    webhooks: tuple[WebhookDefinition, ...] = ()
    extensions: tuple[Extension, ...] = ()
    about: str = ""
    version: str = "0.1.0"


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work to repeat: a dotted path to a function without arguments, every ``seconds``."""

    name: str
    function: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AccountKind:
    """A partner at whom a plugin may have any number of accounts, each configured by itself.

    ``probe`` is the dotted path of a function that takes an ``Account`` and tries the connection; it returns what to
    tell the operator and raises ``PonteError`` when the partner cannot be used.
    """

    identifier: str
    name: Any
    config_model: type[PluginConfig]
    probe: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """The one declaration of a plugin.

    ``slug`` is the part of the URL below ``/plugins/``; ``hooks`` the dotted path of a module with hook
    implementations; ``urls`` of a URL configuration, if any; ``console_urls`` of one with pages of the console,
    which stand below ``/console/`` and the slug and are reached by staff only. ``accounts`` are the partners at whom
    it may have accounts beside its own configuration.
    """

    identifier: str
    slug: str
    name: Any
    description: Any
    version: str
    django_app: str
    config_model: type[PluginConfig]
    hooks: str
    saleor_app: SaleorApp | None = None
    urls: str = ""
    console_urls: str = ""
    periodic: tuple[Periodic, ...] = ()
    accounts: tuple[AccountKind, ...] = ()
