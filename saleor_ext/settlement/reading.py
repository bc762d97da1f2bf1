"""Reading the ledger for people: a payment's entries, an account's, one journal, how a merchant stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from saleor_ext.core import keyset
from saleor_ext.core.money import Money

from . import chart, ledger
from .models import Account, Entry, Journal

PAGE = 100


def of_payment(api_url: str, transaction_id: str) -> QuerySet[Entry]:
    """Return what was written of a payment, in the order in which it was written."""
    found = Entry.objects.filter(journal__api_url=api_url, journal__transaction_id=transaction_id)
    return found.select_related("journal", "account").order_by("journal__recorded_at", "id")


def of_account(code: str, currency: str, *, newer: str = "", older: str = "") -> keyset.Page[Entry]:
    """Return a page of an account's entries, the newest first."""
    found = Entry.objects.filter(account__code=code, account__currency=currency)
    return keyset.newest_first(
        found.select_related("journal", "account"),
        "journal__recorded_at",
        lambda one: one.journal.recorded_at,
        newer=newer,
        older=older,
        size=PAGE,
    )


def journals_with(reference: str) -> QuerySet[Journal]:
    """Return journals by key, by the wallet's or bank's number, by Saleor's transaction or by parcel number."""
    found = Journal.objects.filter(key=reference) | Journal.objects.filter(reference=reference)
    found |= Journal.objects.filter(transaction_id=reference) | Journal.objects.filter(text=reference)
    return found.order_by("recorded_at", "key")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a merchant will get in a currency, and what of it may be paid now."""

    pending: Money
    available: Money

    @property
    def owed(self) -> Money:
        return self.pending + self.available


def standings(merchant: str) -> list[Standing]:
    """Return a merchant's balances, by currency."""
    places = chart.merchant_pending(merchant), chart.merchant_available(merchant)
    used = Account.objects.filter(code__in=places).order_by("currency").values_list("currency", flat=True)
    return [
        Standing(*(ledger.balance(place, currency) for place in places)) for currency in dict.fromkeys(used)
    ]
