"""The settlement ledger: accounts with their balances, an account's entries, one journal. For the finance staff."""

from __future__ import annotations

import uuid
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Way, needs
from saleor_ext.settlement import chart, ledger, reading
from saleor_ext.settlement.models import Account, Entry, Journal
from storefront.console.access import staff_only
from storefront.console.shell import FINANCE, page

FOUND = 100
KINDS = {
    Account.Kind.ASSET: _("Asset"),
    Account.Kind.LIABILITY: _("Liability"),
    Account.Kind.INCOME: _("Income"),
    Account.Kind.EXPENSE: _("Expense"),
}


@staff_only
@needs(FINANCE)
def accounts(request: HttpRequest) -> HttpResponse:
    """Show every account; a number leads to the journals that bear it."""
    query = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    found = list(reading.journals_with(query)[:FOUND]) if query else []
    if len(found) == 1:
        return redirect("console:journal", journal_id=found[0].pk)
    rows = [
        {
            **one,
            "money": Money(Decimal(one["balance"]), one["currency"]),
            "word": KINDS[Account.Kind(one["kind"])],
        }
        for one in ledger.balances()
    ]
    context = {"rows": rows, "query": query, "found": found}
    return page(request, "ledger", context, place="ledger")


@staff_only
@needs(FINANCE)
def account(request: HttpRequest, code: str, currency: str) -> HttpResponse:
    """Show the entries of an account, the newest first."""
    found = get_object_or_404(Account, code=code, currency=currency)
    entries = reading.of_account(
        code, currency, newer=request.GET.get("newer", ""), older=request.GET.get("older", "")
    )
    context = {
        "account": found,
        "word": KINDS[Account.Kind(found.kind)],
        "balance": ledger.balance(code, currency),
        "grows_by_debits": found.kind in chart.DEBIT_KINDS,
        "entries": [_sides(one) for one in entries.rows],
        "newer_url": "?" + urlencode({"newer": entries.newer}) if entries.newer else "",
        "older_url": "?" + urlencode({"older": entries.older}) if entries.older else "",
        "trail": [_back(), Way(f"{code} {currency}")],
    }
    return page(request, "ledger_account", context, place="ledger")


@staff_only
@needs(FINANCE)
def journal(request: HttpRequest, journal_id: uuid.UUID) -> HttpResponse:
    """Show a journal with its entries and the others of its payment."""
    found = get_object_or_404(Journal, pk=journal_id)
    entries = found.entries.select_related("account")
    others = Journal.objects.none()
    if found.transaction_id:
        others = Journal.objects.filter(api_url=found.api_url, transaction_id=found.transaction_id)
    context = {
        "journal": found,
        "entries": [_sides(one) for one in entries],
        "others": others.exclude(pk=found.pk).order_by("recorded_at"),
        "trail": [_back(), Way(found.key)],
    }
    return page(request, "journal", context, place="ledger")


def _sides(entry: Entry) -> dict[str, object]:
    """Return an entry with its amount on the side where it belongs."""
    money = Money(abs(entry.amount), entry.account.currency)
    return {
        "entry": entry,
        "debit": money if entry.amount > 0 else None,
        "credit": money if entry.amount < 0 else None,
    }


def _back() -> Way:
    return Way(str(_("Ledger")), reverse("console:ledger"))
