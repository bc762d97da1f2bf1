"""What every console page shows around its content."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.core.models import InboxMessage, OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.orders import selectors
from saleor_ext.plugin_api import LedgerLine, Operator
from saleor_ext.plugin_api.registry import ask
from saleor_ext.settlement import reading
from storefront import accounts
from storefront.ui.forms import speak_plainly
from storefront.ui.viewmodels import Link, NavGroup

#: Saleor's permission without which the ledger stays closed.
FINANCE = "HANDLE_PAYMENTS"
#: And the further one of who leads finance: where merchants are paid, that they are, and by which terms.
FINANCE_LEAD = "MANAGE_SETTINGS"


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, place: str, status: int = 200
) -> HttpResponse:
    """Render a page inside the console's shell; ``place`` is the navigation entry it belongs to."""
    return _page(request, f"console/{template}.html", context, place=place, status=status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, place: str, status: int
) -> HttpResponse:
    account = accounts.account(request)
    permissions = account.permissions if account else []
    around = {"nav": navigation(place, permissions), "who": account.email if account else ""}
    return render(request, template, {**around, **context}, status=status)


def leads_finance(request: HttpRequest) -> bool:
    """Tell whether who is signed in may decide where, that and by which terms merchants are paid."""
    account = accounts.account(request)
    return account is not None and account.is_staff and FINANCE_LEAD in account.permissions


class ConsoleServices:
    """Implements ``plugin_api.Console``."""

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, place: str, status: int = 200
    ) -> HttpResponse:
        return _page(request, template, context, place=place, status=status)

    def speak(self, form: Form) -> None:
        for field in form.fields.values():
            speak_plainly(field)

    def operator(self, request: HttpRequest) -> Operator:
        account = accounts.account(request)
        if account is None or not account.is_staff:
            raise PermissionDenied
        return Operator(account.actor, frozenset(account.permissions))

    def ledger_of(self, api_url: str, transaction_id: str) -> list[LedgerLine]:
        return [
            LedgerLine(
                entry.journal.at,
                entry.journal.kind,
                entry.account.code,
                Money(entry.amount, entry.account.currency),
                entry.journal.reference,
                reverse("console:journal", args=[entry.journal_id]),
            )
            for entry in reading.of_payment(api_url, transaction_id)
        ]


def plugin_links(place: str, permissions: Collection[str]) -> tuple[Link, ...]:
    """Return the plugins' entries that an account may open; see the hook ``console_pages``."""
    found = []
    for entry in ask("console_pages"):
        if entry.permission and entry.permission not in permissions:
            continue
        url = reverse(entry.url_name)
        found.append(
            Link(entry.title, url, entry.icon, current=entry.name == place, count=entry.count or None)
        )
    return tuple(found)


def navigation(place: str, permissions: Collection[str] = ()) -> list[NavGroup]:
    def link(name: str, text: str, icon: str, count: int = 0) -> Link:
        return Link(text, reverse(f"console:{name}"), icon, current=name == place, count=count or None)

    return [
        NavGroup(
            _("Work"),
            (
                link("overview", _("Overview"), "home"),
                link("parcels", _("Parcels"), "parcel", attention_count()),
                *plugin_links(place, permissions),
                *(_finance(link) if FINANCE in permissions else ()),
                link("letters", _("Dead letters"), "alert", dead_count()),
            ),
        ),
        NavGroup(
            _("Set-up"),
            (
                link("merchants", _("Merchants"), "store"),
                link("plugins", _("Plugins"), "settings"),
                link("health", _("Health"), "info"),
            ),
        ),
    ]


def _finance(link: Callable[..., Link]) -> tuple[Link, ...]:
    return (
        link("ledger", _("Ledger"), "receipt"),
        link("payouts", _("Payouts"), "chart"),
        link("bank", _("Bank statements"), "store"),
        link("terms", _("Commission and rates"), "tag"),
    )


def attention_count() -> int:
    return selectors.search(attention=True).count()


def dead_count() -> int:
    return (
        InboxMessage.objects.filter(state=InboxMessage.State.DEAD).count()
        + OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).count()
    )
