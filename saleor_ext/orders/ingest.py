"""Makes a parcel of a paid Saleor order, once, however often and in whatever order Saleor tells of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.identity.services import person_of_checkout
from saleor_ext.listings.selectors import variant_facts
from saleor_ext.plugin_api.types import Address, VariantFacts

from . import steps, timeline
from .models import Parcel, ParcelLine
from .views_of import facts_to_json

#: Metadata keys that tie a checkout, and so an order, to a merchant, a lane and a warehouse.
MERCHANT, LANE, WAREHOUSE = "ponte.merchant", "ponte.lane", "ponte.warehouse"
CANCELLED = frozenset({"CANCELED", "EXPIRED"})

_FEN = Decimal("0.01")


def order_seen(api_url: str, order: Mapping[str, Any]) -> Parcel | None:
    """Take note of an order's present state: make its parcel when it is paid, stop it when it is over.

    ``order`` has the shape of the ``ParcelOrder`` fragment. Orders without the shop's metadata are not ours.
    Runs in the caller's transaction.
    """
    parcel = Parcel.objects.filter(api_url=api_url, order_id=order["id"]).first()
    if reason := _over(order):
        if parcel is None and _was_paid(order) and _is_ours(order):
            # Kept as a cancelled parcel: the older news that it was paid may still be on its way.
            parcel = _create(api_url, order)
        if parcel is not None:
            steps.cancel_parcel(parcel, reason=reason)
        return parcel
    if parcel is None and order["isPaid"] and _is_ours(order):
        parcel = _create(api_url, order)
    return parcel


def parcel_number(api_url: str, order: Mapping[str, Any], day: datetime) -> str:
    """Return the customs order number: ``PT`` + day + Saleor's number + 4 hex digits of the order's identity.

    It is the same for the same order every time, and differs between two Saleors that count alike.
    """
    mark = hashlib.sha256(f"{api_url} {order['id']}".encode()).hexdigest()[:4].upper()
    return f"PT{day.astimezone(clock.CHINA):%y%m%d}{order['number']}{mark}"


def _over(order: Mapping[str, Any]) -> str:
    """Say why nothing more may be sent for an order: it is cancelled, or all its money went back."""
    if order["status"] in CANCELLED:
        return f"Saleor order is {order['status']}"
    if not order["isPaid"] and _refunded(order) >= _amount(order["total"]["gross"]) > 0:
        return "Saleor order is refunded in full"
    return ""


def _was_paid(order: Mapping[str, Any]) -> bool:
    return order["status"] != "EXPIRED" and (
        order["isPaid"] or _refunded(order) > 0
    )  # only unpaid ones expire


def _refunded(order: Mapping[str, Any]) -> Decimal:
    return _amount(order.get("totalRefunded") or {"amount": 0})


def _is_ours(order: Mapping[str, Any]) -> bool:
    return {MERCHANT, LANE} <= {entry["key"] for entry in order["metadata"]}


def _create(api_url: str, order: Mapping[str, Any]) -> Parcel:
    metadata = {entry["key"]: entry["value"] for entry in order["metadata"]}
    facts = variant_facts([line["productSku"] for line in order["lines"]])
    goods = sum((_amount(line["totalPrice"]["net"]) for line in order["lines"]), Decimal(0))
    freight = _amount(order["shippingPrice"]["net"])
    paid = _amount(order["total"]["gross"])
    payment = _payment(order["transactions"])
    paid_at = datetime.fromisoformat(order["created"])
    checkout_id = order.get("checkoutId") or ""
    parcel = Parcel(
        number=parcel_number(api_url, order, paid_at),
        api_url=api_url,
        order_id=order["id"],
        order_number=order["number"],
        checkout_id=checkout_id,
        transaction_id=payment.get("id", ""),
        psp_reference=payment.get("pspReference", ""),
        merchant=metadata[MERCHANT],
        lane=metadata[LANE],
        warehouse=metadata.get(WAREHOUSE, ""),
        currency=order["total"]["gross"]["currency"],
        goods_value=goods,
        freight=freight,
        tax_total=paid - goods - freight,
        discount=Decimal(0),
        actual_paid=paid,
        consignee=json.dumps(asdict(_address(order["shippingAddress"] or {})), ensure_ascii=False),
        buyer=person_of_checkout(api_url, checkout_id),
        buyer_account=_account(order),
        paid_at=paid_at,
        created_at=clock.now(),
    )
    with transaction.atomic():
        Parcel.objects.bulk_create([parcel], ignore_conflicts=True)
        stored = Parcel.objects.select_for_update().get(api_url=api_url, order_id=order["id"])
        if stored.pk != parcel.pk:  # another delivery of the same news was faster
            return stored
        ParcelLine.objects.bulk_create(_lines(stored, order["lines"], facts))
        audit.record("parcel.created", "parcel", stored.pk, number=stored.number, order=stored.order_number)
        timeline.add(stored, "paid", at=paid_at)
        steps.plan(stored)
    return stored


def _lines(
    parcel: Parcel, lines: Sequence[Mapping[str, Any]], facts: Mapping[str, VariantFacts]
) -> list[ParcelLine]:
    unknown = sorted({line["productSku"] for line in lines} - set(facts))
    if unknown:
        raise PermanentError(
            f"order {parcel.order_number} holds articles without a listing: {', '.join(unknown)}"
        )
    return [
        ParcelLine(
            parcel=parcel,
            gnum=gnum,
            saleor_line_id=line["id"],
            sku=line["productSku"],
            name=facts[line["productSku"]].name,
            quantity=line["quantity"],
            unit_price=_amount(line["unitPrice"]["net"]),
            total=_amount(line["totalPrice"]["net"]),
            facts=facts_to_json(facts[line["productSku"]]),
        )
        for gnum, line in enumerate(lines, start=1)
    ]


def _amount(money: Mapping[str, Any]) -> Decimal:
    """Saleor keeps three decimals; an order's amounts are whole fen, so nothing may be lost here."""
    amount = Decimal(str(money["amount"]))
    if amount != amount.quantize(_FEN):
        raise PermanentError(f"amount finer than the fen: {amount}")
    return amount.quantize(_FEN)


def _payment(transactions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    charged = [entry for entry in transactions if Decimal(str(entry["chargedAmount"]["amount"])) > 0]
    return charged[0] if charged else {}


def _address(address: Mapping[str, Any]) -> Address:
    street = " ".join(filter(None, [address.get("streetAddress1"), address.get("streetAddress2")]))
    return Address(
        name=f"{address.get('lastName') or ''}{address.get('firstName') or ''}".strip(),
        phone=address.get("phone") or "",
        province=address.get("countryArea") or "",
        city=address.get("city") or "",
        district=address.get("cityArea") or "",
        street=street,
        postal_code=address.get("postalCode") or "",
        country=(address.get("country") or {}).get("code") or "",
    )


def _account(order: Mapping[str, Any]) -> str:
    """The buyer's account number at the platform (buyerRegNo): never the e-mail address itself."""
    user = order.get("user") or {}
    if user.get("id"):
        return str(user["id"])
    return "guest-" + hashlib.sha256(str(order.get("userEmail") or "").lower().encode()).hexdigest()[:16]
