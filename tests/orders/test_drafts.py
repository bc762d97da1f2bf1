"""A checkout right before its payment: described from the listings, checked by the plugins."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from plugins.customs_declaration.models import QuotaUse
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.orders import drafts
from saleor_ext.plugin_api import CheckoutLine, CheckoutView, OrderDraft
from saleor_ext.plugin_api.platform import platform

from .conftest import API, FACTS

ARTICLES = {
    "A-1": dataclasses.replace(FACTS, lane="bonded_1210"),
    "A-2": dataclasses.replace(FACTS, sku="A-2", lane="bonded_1210"),
    "B-1": dataclasses.replace(FACTS, sku="B-1", lane="bonded_1210", merchant="cellar"),
    "C-1": dataclasses.replace(FACTS, sku="C-1", lane="local"),
}


@pytest.fixture(autouse=True)
def _listings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drafts.listings, "variant_facts", lambda skus: {sku: ARTICLES[sku] for sku in skus if sku in ARTICLES}
    )


def checkout(*skus: str, lane: str = "bonded_1210", price: str = "88.00", quantity: int = 2) -> CheckoutView:
    lines = tuple(CheckoutLine(sku, quantity, Money(price, "CNY")) for sku in skus)
    return CheckoutView(API, "Checkout:1", lane, lines, Money("18", "CNY"))


def codes(view: CheckoutView) -> list[str]:
    return [one.code for one in platform().check_order(view) if not one.code.startswith("payment_")]


def test_the_draft_is_made_of_the_listings(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[OrderDraft] = []
    monkeypatch.setattr(drafts, "ask", lambda hook, draft: seen.append(draft) or [])
    assert codes(checkout("A-1", "A-2")) == []
    (draft,) = seen
    assert (draft.merchant, draft.lane, draft.warehouse) == ("bakery", "bonded_1210", "nansha")
    assert [(line.facts.sku, line.quantity, line.unit_price.amount) for line in draft.lines] == [
        ("A-1", 2, 88),
        ("A-2", 2, 88),
    ]
    assert draft.buyer is not None and draft.buyer.masked_name.startswith("林")
    assert draft.freight == Money("18", "CNY") and draft.checkout_id == "Checkout:1"


def test_a_lapsed_reservation_is_taken_anew() -> None:
    assert codes(checkout("A-1")) == []
    QuotaUse.objects.update(expires_at=clock.now() - timedelta(minutes=1), amount="1.00")
    assert codes(checkout("A-1")) == []
    use = QuotaUse.objects.get()
    assert (use.amount, use.state) == (194, "reserved")
    assert use.expires_at is not None and use.expires_at > clock.now()


def test_a_year_used_meanwhile_refuses_the_payment() -> None:
    assert codes(checkout("A-1")) == []
    use = QuotaUse.objects.get()
    QuotaUse.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    QuotaUse.objects.create(
        account=use.account,
        reference="checkout:other",
        amount="25900.00",
        state="held",
        changed_at=clock.now(),
    )
    assert codes(checkout("A-1")) == ["annual_limit"]


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (checkout(), "unknown_article"),
        (checkout("A-1", "X"), "unknown_article"),
        (checkout(""), "unknown_article"),
        (checkout("A-1", "B-1"), "mixed_box"),
        (checkout("A-1", "C-1"), "mixed_box"),
        (checkout("A-1", lane="local"), "mixed_box"),
        (checkout("A-1", lane=""), "mixed_box"),
        (checkout("A-1", price="2600"), "single_limit"),
    ],
)
def test_what_cannot_be_ordered_is_not_paid_for(view: CheckoutView, code: str) -> None:
    assert codes(view) == [code]
    assert not QuotaUse.objects.exists()
