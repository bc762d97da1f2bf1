"""Turns parcels into the values that plugins see."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from saleor_ext.core.money import Money
from saleor_ext.identity.models import Person
from saleor_ext.identity.services import buyer
from saleor_ext.merchants.selectors import merchant_view
from saleor_ext.plugin_api.types import Address, MerchantView, ParcelView, StepView, VariantFacts
from saleor_ext.plugin_api.types import ParcelLine as LineView

from .models import Parcel, ParcelLine

_DECIMALS = ("qty1", "qty2", "content")


def facts_to_json(facts: VariantFacts) -> dict[str, Any]:
    """Return facts as JSON, decimals as strings."""
    plain = asdict(facts)
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in plain.items()}


def facts_from_json(stored: Mapping[str, Any]) -> VariantFacts:
    known = {name: value for name, value in stored.items() if name in VariantFacts.__dataclass_fields__}
    for name in _DECIMALS:
        if known.get(name) is not None:
            known[name] = Decimal(known[name])
    return VariantFacts(**known)


BATCH = 500


@dataclass(slots=True)
class Overlay:
    """What is declared otherwise than the order has it: values by line and field, address parts, the buyer."""

    lines: dict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    address: dict[str, str] = field(default_factory=dict)
    person: Person | None = None


def overlay_of(parcel: Parcel) -> Overlay:
    """Return a parcel's corrections, of each field the newest; one query, none where there are none."""
    found = Overlay()
    if not parcel.corrected:
        return found
    for one in parcel.corrections.select_related("person").order_by("number"):
        if one.person is not None:
            found.person = one.person
        elif one.gnum:
            found.lines[one.gnum][one.field] = json.loads(one.after or "null")
        else:
            found.address[one.field] = json.loads(one.after or '""')
    return found


def parcel_views(parcels: QuerySet[Parcel]) -> Iterator[ParcelView]:
    """Yield many parcels with a few queries a batch, and one for each merchant."""
    merchants: dict[str, MerchantView] = {}
    for parcel in (
        parcels.select_related("buyer").prefetch_related("lines", "steps").iterator(chunk_size=BATCH)
    ):
        if parcel.merchant not in merchants:
            merchants[parcel.merchant] = merchant_view(parcel.merchant)
        yield parcel_view(parcel, merchants[parcel.merchant])


def parcel_view(parcel: Parcel, merchant: MerchantView | None = None) -> ParcelView:
    """Return a parcel with its lines and steps; three queries besides the parcel, four when it is corrected."""
    over = overlay_of(parcel)
    person = over.person or parcel.buyer

    def money(amount: Decimal) -> Money:
        return Money(amount, parcel.currency)

    return ParcelView(
        id=str(parcel.pk),
        number=parcel.number,
        state=parcel.state,
        api_url=parcel.api_url,
        order_id=parcel.order_id,
        order_number=parcel.order_number,
        checkout_id=parcel.checkout_id,
        transaction_id=parcel.transaction_id,
        psp_reference=parcel.psp_reference,
        merchant=merchant or merchant_view(parcel.merchant),
        lane=parcel.lane,
        warehouse=parcel.warehouse,
        lines=tuple(
            _line_view(line, parcel.currency, over.lines.get(line.gnum, {})) for line in parcel.lines.all()
        ),
        goods_value=money(parcel.goods_value),
        freight=money(parcel.freight),
        tax_total=money(parcel.tax_total),
        discount=money(parcel.discount),
        actual_paid=money(parcel.actual_paid),
        consignee=Address(**{**json.loads(parcel.consignee), **over.address}),
        buyer=buyer(person) if person else None,
        buyer_account=parcel.buyer_account,
        paid_at=parcel.paid_at,
        steps={
            step.name: StepView(step.name, step.state, step.data, step.error) for step in parcel.steps.all()
        },
    )


def _line_view(line: ParcelLine, currency: str, over: Mapping[str, Any]) -> LineView:
    quantity, price = over.get("declared_quantity"), over.get("declared_price")
    return LineView(
        gnum=line.gnum,
        saleor_line_id=line.saleor_line_id,
        facts=facts_from_json({**line.facts, **over}),
        quantity=line.quantity,
        unit_price=Money(line.unit_price, currency),
        total=Money(line.total, currency),
        corrected=frozenset(over),
        own_quantity=None if quantity is None else int(quantity),
        own_price=None if price is None else Decimal(price),
    )
