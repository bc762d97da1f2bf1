from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from saleor_ext.identity.services import name_buyer
from saleor_ext.merchants.services import enter_merchant
from saleor_ext.orders import ingest
from saleor_ext.plugin_api.types import VariantFacts
from tests.dummy_plugin import hooks as dummy

API = "http://saleor.test/graphql/"
ID = "11010519491231002X"
FACTS = VariantFacts(
    sku="A-1",
    name="杏仁饼",
    merchant="bakery",
    lane="dummy",
    warehouse="nansha",
    hs_code="1905310000",
    gmodel="杏仁饼|200克/盒",
    origin="121",
    unit="011",
    unit1="035",
    qty1=Decimal("0.2"),
    net_g=200,
    gross_g=260,
)


@pytest.fixture(autouse=True)
def _world(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    enter_merchant(
        "bakery",
        names={"zh-hans": "石街饼家"},
        stories={},
        customs_code="4401960001",
        customs_name="石街饼家有限公司",
        domestic_agent="南沙代理",
        domestic_agent_code="4401960002",
        colour="#1f4e8c",
        actor="test",
    )
    monkeypatch.setattr(
        ingest, "variant_facts", lambda skus: {sku: FACTS for sku in skus if sku == FACTS.sku}
    )
    name_buyer(API, "Checkout:1", name="林悦", id_number=ID, phone="13800000000")
    dummy.behaviour.clear()
    dummy.cancelled.clear()
    dummy.objections.clear()
    dummy.failed.clear()
    dummy.corrected.clear()
    yield
    dummy.behaviour.clear()


@pytest.fixture
def order() -> Callable[..., dict[str, Any]]:
    """A paid order as the platform's subscription shows it: 2 × 88.00, freight 18.00, tax 17.65."""

    def make(**changes: Any) -> dict[str, Any]:
        def taxed(net: str, gross: str) -> dict[str, Any]:
            return {
                "net": {"amount": Decimal(net), "currency": "CNY"},
                "gross": {"amount": Decimal(gross), "currency": "CNY"},
            }

        plain: dict[str, Any] = {
            "id": "Order:1",
            "number": "17",
            "created": "2026-11-11T00:10:00+08:00",
            "status": "UNFULFILLED",
            "isPaid": True,
            "checkoutId": "Checkout:1",
            "userEmail": "lin@ponte.example",
            "metadata": [
                {"key": "ponte.merchant", "value": "bakery"},
                {"key": "ponte.lane", "value": "dummy"},
                {"key": "ponte.warehouse", "value": "nansha"},
            ],
            "shippingAddress": {
                "firstName": "林悦",
                "lastName": "",
                "phone": "+8613800000000",
                "streetAddress1": "天府大道1号",
                "streetAddress2": "",
                "city": "成都市",
                "cityArea": "武侯区",
                "countryArea": "四川省",
                "postalCode": "610041",
                "country": {"code": "CN"},
            },
            "lines": [
                {
                    "id": "OrderLine:1",
                    "quantity": 2,
                    "productSku": "A-1",
                    "unitPrice": taxed("88.00", "96.825"),
                    "totalPrice": taxed("176.00", "193.65"),
                }
            ],
            "shippingPrice": taxed("18.00", "18.00"),
            "total": taxed("194.00", "211.65"),
            "transactions": [
                {
                    "id": "TransactionItem:1",
                    "pspReference": "4200000001",
                    "chargedAmount": {"amount": Decimal("211.65"), "currency": "CNY"},
                }
            ],
        }
        return {**plain, **changes}

    return make
