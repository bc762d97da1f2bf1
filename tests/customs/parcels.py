"""Invented parcels, buyers and a platform that remembers what it was told."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

from plugins.customs_declaration.config import CustomsConfig
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import (
    Address,
    Buyer,
    Identity,
    MerchantView,
    ParcelLine,
    ParcelView,
    StepView,
    VariantFacts,
)

ID_NUMBER = "11010519491231002X"
NAME = "林悦"

CONFIG: dict[str, Any] = {
    "ebp_code": "4401960PT1",
    "ebp_name": "桥平台（演示）",
    "ebc_code": "4401960PT2",
    "ebc_name": "演示代理有限公司",
    "agent_code": "4401960PT2",
    "agent_name": "演示代理有限公司",
    "cop_code": "4401960PT1",
    "cop_name": "桥平台（演示）",
    "dxp_id": "DXPENT0000000001",
    "area_code": "4401960PT3",
    "area_name": "南沙演示仓储有限公司",
}


def cny(amount: str) -> Money:
    return Money(D(amount), "CNY")


def facts(sku: str = "COOKIE-1", **changes: Any) -> VariantFacts:
    values: dict[str, Any] = {
        "sku": sku,
        "name": "澳门杏仁饼 300 克",
        "merchant": "pastelaria",
        "lane": "bonded_1210",
        "warehouse": "nansha",
        "hs_code": "1905310000",
        "gmodel": "杏仁饼|盒装|300克|品牌：演示",
        "origin": "121",
        "unit": "140",
        "unit1": "035",
        "qty1": D("0.3"),
        "net_g": 300,
        "gross_g": 420,
        "barcode": "9580000000018",
        "item_record_no": "0001",
    }
    return VariantFacts(**{**values, **changes})


def line(gnum: int = 1, quantity: int = 2, price: str = "100.00", **changes: Any) -> ParcelLine:
    about = changes.pop("facts", None) or facts(f"COOKIE-{gnum}", **changes)
    return ParcelLine(gnum, f"OrderLine:{gnum}", about, quantity, cny(price), cny(price) * quantity)


def step(name: str, **data: Any) -> StepView:
    return StepView(name, "done", data)


def parcel(number: str = "PT26112310427A1C", **changes: Any) -> ParcelView:
    lines = changes.pop("lines", (line(),))
    goods = Money.sum([one.total for one in lines], "CNY")
    freight, tax = changes.pop("freight", cny("18.00")), changes.pop("tax_total", cny("19.84"))
    values: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, number)),
        "number": number,
        "state": "paid",
        "api_url": "http://saleor.test/graphql/",
        "order_id": "T3JkZXI6MQ==",
        "order_number": "1042",
        "checkout_id": f"Checkout:{number}",
        "transaction_id": "VHJhbnNhY3Rpb246MQ==",
        "psp_reference": "4200001",
        "merchant": MerchantView("pastelaria", "Pastelaria", "", ""),
        "lane": "bonded_1210",
        "warehouse": "nansha",
        "lines": tuple(lines),
        "goods_value": goods,
        "freight": freight,
        "tax_total": tax,
        "discount": cny("0"),
        "actual_paid": goods + freight + tax,
        "consignee": Address("林悦", "13800138000", "广东省", "广州市", "南沙区", "演示路 1 号", "511458"),
        "buyer": Buyer("person-1", "林*", "index-1"),
        "buyer_account": "user-77",
        "paid_at": datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
        "steps": {
            one.name: one
            for one in (
                step(
                    "declare_payment",
                    orderNo=f"W{number}",
                    payCode="4403169D3W",
                    payName="财付通支付科技有限公司",
                    payTransactionId=f"V{number}",
                ),
                step(
                    "obtain_waybill",
                    logistics_no=f"SF{number}",
                    logistics_code="4403580001",
                    logistics_name="演示速运有限公司",
                ),
                step("reserve_stock", book_no="T516526A00001", lines=[{"gnum": 1, "item_record_no": "0001"}]),
            )
        },
    }
    return ParcelView(**{**values, **changes})


class FakePlatform:
    """Keeps what the plugin tells the platform, with the engine's rules for ending steps."""

    def __init__(self) -> None:
        self.views: dict[str, ParcelView] = {}
        self.identities: dict[str, Identity] = {"person-1": Identity(NAME, ID_NUMBER, "13800138000")}
        self.revealed: list[str] = []
        self.events: list[tuple[str, str]] = []
        self.completed: list[tuple[str, Mapping[str, Any]]] = []
        self.failed: list[tuple[str, str, str]] = []
        self.messages: list[str] = []
        self.articles: dict[str, VariantFacts] = {}
        self.retried: list[tuple[str, str, str, str]] = []
        self._keys: set[tuple[str, str]] = set()

    def add(self, view: ParcelView) -> ParcelView:
        self.views[view.id] = view
        return view

    def parcel(self, parcel_id: str) -> ParcelView:
        return self.views[parcel_id]

    def parcels(self, parcel_ids: Iterable[str]) -> dict[str, ParcelView]:
        return {one: self.views[one] for one in parcel_ids if one in self.views}

    def corrections(self, parcel_id: str) -> list[Any]:
        return []

    def complete_step(self, parcel_id: str, name: str, data: Mapping[str, Any] | None = None) -> bool:
        if (parcel_id, name) in self._keys:
            return False
        self._keys.add((parcel_id, name))
        self.completed.append((name, data or {}))
        return True

    def fail_step(
        self, parcel_id: str, name: str, code: str, message: str, *, buyer_message: Any = ""
    ) -> bool:
        self.failed.append((name, code, str(buyer_message)))
        self.messages.append(message)
        return True

    def retry_step(self, parcel_id: str, name: str, *, actor: str, reason: str) -> bool:
        step = self.views[parcel_id].steps.get(name) if parcel_id in self.views else None
        told = [one for one in self.failed if one[0] == name]
        if not told and (step is None or step.state != "failed"):
            return False
        self.failed = [one for one in self.failed if one[0] != name]
        if step is not None:
            self.set_step(parcel_id, dataclasses.replace(step, state="running"))
        self.retried.append((parcel_id, name, actor, reason))
        return True

    def set_step(self, parcel_id: str, step: StepView) -> None:
        view = self.views[parcel_id]
        self.views[parcel_id] = dataclasses.replace(view, steps={**view.steps, step.name: step})

    def parcels_paid(self, since: datetime, until: datetime, lanes: Iterable[str]) -> Iterator[ParcelView]:
        found = [one for one in self.views.values() if since <= one.paid_at < until and one.lane in lanes]
        yield from sorted(found, key=lambda one: one.paid_at)

    def update_step(self, parcel_id: str, name: str, data: Mapping[str, Any]) -> None:
        view = self.views[parcel_id]
        kept = view.steps.get(name, StepView(name, "waiting", {}))
        steps = {**view.steps, name: dataclasses.replace(kept, data={**kept.data, **data})}
        self.views[parcel_id] = dataclasses.replace(view, steps=steps)

    def add_event(self, parcel_id: str, code: str, *, at: Any = None, key: str = "", **data: Any) -> None:
        if (parcel_id, f"event:{key or code}") not in self._keys:
            self._keys.add((parcel_id, f"event:{key or code}"))
            self.events.append((code, str(data.get("reason", ""))))

    def variant_facts(self, skus: Iterable[str]) -> dict[str, VariantFacts]:
        return {sku: self.articles[sku] for sku in skus if sku in self.articles}

    recent_facts = variant_facts

    def reveal_identity(self, reference: str, *, purpose: str, actor: str = "system") -> Identity:
        self.revealed.append(purpose)
        return self.identities[reference]

    def reveal_identities(
        self, wanted: Iterable[tuple[str, str]], *, actor: str = "system"
    ) -> dict[str, Identity]:
        known = [(one, why) for one, why in wanted if one in self.identities]
        return {one: self.reveal_identity(one, purpose=why) for one, why in known}


def config(**changes: Any) -> CustomsConfig:
    return CustomsConfig(**{**CONFIG, **changes})
