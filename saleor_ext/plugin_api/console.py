"""What the console does for plugins' own pages. The implementation lives with the console and is set at start.

A page is a Django view below the plugin's ``console_urls``. Strangers and accounts that are not staff never reach it;
its template extends ``console/base.html`` and may use the component set (``{% load ui %}``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.money import Money

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is at work: ``name`` as the audit log has it, and the permissions that Saleor gave the account."""

    name: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Tell whether the account has a Saleor permission such as ``MANAGE_USERS``; an empty one everybody has."""
        return not permission or permission in self.permissions


@dataclass(frozen=True, slots=True)
class Way:
    """A link of a tab row or a crumb trail."""

    text: str
    url: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Icon and colour of a state; the word comes from the state itself."""

    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry of the settlement ledger; debits are positive. ``url`` is its journal's page of the console."""

    at: datetime
    kind: str
    account: str
    amount: Money
    reference: str
    url: str

    @property
    def credit(self) -> Money:
        """The amount on the other side."""
        return -self.amount


class Console(Protocol):
    """Services for plugins' pages."""

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, place: str, status: int = 200
    ) -> HttpResponse:
        """Render a template inside the console; ``place`` is the ``name`` of the menu entry it belongs to."""

    def speak(self, form: Form) -> None:
        """Give a form's fields the house's words for what is refused, but for those that they bring themselves."""

    def operator(self, request: HttpRequest) -> Operator:
        """Return who is at work; PermissionDenied for strangers."""

    def ledger_of(self, api_url: str, transaction_id: str) -> list[LedgerLine]:
        """Return what the settlement ledger has of a payment, in the order in which it was written."""


_console: Console | None = None


def set_console(implementation: Console) -> None:
    """Install the implementation; called once when the console app is ready."""
    global _console  # noqa: PLW0603  # one process-wide service, set once at start
    _console = implementation


def console() -> Console:
    """Return the console's services."""
    if _console is None:
        raise ConfigurationError("the console's services are not set: is storefront.console installed?")
    return _console


def needs(
    permission: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Refuse a view to operators without a Saleor permission."""

    def around(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not console().operator(request).may(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", checked)

    return around
