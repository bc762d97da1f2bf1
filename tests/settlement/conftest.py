"""Parcels whose money is settled, and movements as a payment plugin tells them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from saleor_ext.core import outbox
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel, ParcelLine
from saleor_ext.plugin_api import money_events
from saleor_ext.plugin_api.money_events import MoneyEvent
from saleor_ext.settlement import ledger

API = "http://saleor.test/graphql/"
PAID_AT = datetime(2026, 11, 11, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> Iterator[None]:
    """Accounts of a test are gone with it."""
    ledger.forget()
    yield
    ledger.forget()


def make_parcel(number: str = "1", merchant: str = "bakery", **figures: str) -> Parcel:
    """A paid parcel: 160.00 of goods, 20.00 of freight, 16.38 of tax unless told."""
    amounts = {
        "goods_value": "160.00",
        "freight": "20.00",
        "tax_total": "16.38",
        "discount": "0.00",
        **figures,
    }
    known = {name: Decimal(value) for name, value in amounts.items()}
    paid = known["goods_value"] + known["freight"] + known["tax_total"] - known["discount"]
    parcel = Parcel.objects.create(
        number=f"PT261111{number}",
        api_url=API,
        order_id=f"Order:{number}",
        order_number=number,
        transaction_id=f"Transaction:{number}",
        merchant=merchant,
        lane="bonded_1210",
        warehouse="nansha",
        currency="CNY",
        actual_paid=paid,
        consignee="{}",
        buyer_account="",
        paid_at=PAID_AT,
        created_at=PAID_AT,
        **known,
    )
    ParcelLine.objects.create(
        parcel=parcel, gnum=1, saleor_line_id="l", sku="A-1", name="杏仁饼", quantity=2, unit_price=Decimal("80.00"),
        total=known["goods_value"], facts={"hs_code": "1905310000"},
    )  # fmt: skip
    return parcel


def moved(kind: str, number: str, amount: str, key: str = "", **changes: Any) -> MoneyEvent:
    return MoneyEvent(
        **{
            "kind": kind,
            "key": key or f"{kind}-{number}",
            "gateway": "wechat",
            "account": "main",
            "api_url": API,
            "transaction_id": f"Transaction:{number}",
            "amount": Money(amount, "CNY"),
            "at": PAID_AT,
            "reference": f"42000{number}",
            **changes,
        }
    )


@pytest.fixture
def tell() -> Callable[..., None]:
    """Tell the ledger of movements, and let it write them."""

    def told(*events: MoneyEvent) -> None:
        for event in events:
            money_events.tell(event)
        while outbox.drain():
            pass

    return told


def balances(currency: str = "CNY") -> dict[str, str]:
    """Return the accounts that hold something."""
    return {
        row["account"]: row["balance"]
        for row in ledger.balances()
        if row["currency"] == currency and row["balance"] != "0.00"
    }


def new_key() -> str:
    return uuid.uuid4().hex
