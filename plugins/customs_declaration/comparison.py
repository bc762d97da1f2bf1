"""The comparison of order, payment, waybill and list that customs make, made before anything is sent. Pure.

Each of the four is compared as it is or will be at customs: an order that was sent weeks ago counts as it was sent,
not as today's data would write it. Texts name elements and amounts, never persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from .messages.check import Remedy

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why customs would refuse a message: element, code (customs' own where there is one), text, who can mend it.

    One that is not ``blocking`` is recorded for a person to look at.
    """

    field: str
    code: str
    message: str
    remedy: Remedy = Remedy.MEND_DATA
    blocking: bool = True

    def __str__(self) -> str:
        return f"[{self.code}] {self.field}: {self.message}"

    def as_json(self) -> dict[str, object]:
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message,
            "class": self.remedy.value,
            "blocking": self.blocking,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Problem:
        """Read back what ``as_json`` wrote."""
        remedy = Remedy(stored["class"])
        return cls(stored["field"], stored["code"], stored["message"], remedy, stored["blocking"])


@dataclass(frozen=True, slots=True)
class Four:
    """What customs have or will have of one order; empty where there is nothing to compare.

    ``payment`` is what the payment company has declared: ``orderNo``, ``payCode``, ``payTransactionId``, ``amount``,
    ``identity`` (``SAME`` when the payer is the orderer). ``waybill`` is CEB511's head where it is ours to send, else
    what the carrier has answered.
    """

    order: Values = field(default_factory=dict)
    order_lines: Sequence[Values] = ()
    payment: Mapping[str, Any] = field(default_factory=dict)
    waybill: Values = field(default_factory=dict)
    listed: Values = field(default_factory=dict)
    listed_lines: Sequence[Values] = ()


def compare(four: Four) -> list[Problem]:
    """Return where the four do not agree."""
    return [*_payment(four), *_waybill(four), *(_list(four) if four.listed and four.order else ())]


def _payment(four: Four) -> Iterator[Problem]:
    order, payment = four.order, four.payment
    if not order:
        return
    paid = payment.get("amount")
    if paid is not None and _apart(order.get("acturalPaid", ""), str(paid)):
        text = f"the order says {order.get('acturalPaid')}, the payment {paid}"
        yield Problem("acturalPaid", "1332", text, Remedy.OPERATOR)
    if payment.get("identity") not in (None, "", "SAME"):
        text = "the payer was not found to be the person who orders"
        yield Problem("buyerIdNumber", "1327", text, Remedy.ASK_BUYER)
    for name, code in (("orderNo", "payment"), ("payTransactionId", "payment"), ("payCode", "13035")):
        declared = payment.get(name)
        if declared and order.get(name, "") != declared:
            yield Problem(name, code, "is another one than the payment was declared with", Remedy.OPERATOR)


def _waybill(four: Four) -> Iterator[Problem]:
    """The parcel must go to whom and where the order says, under the number that the list names."""
    for name in ("orderNo", "consignee", "consigneeTelephone", "consigneeAddress"):
        if four.order and name in four.waybill and four.waybill[name] != four.order.get(name):
            yield Problem(name, "waybill", "is not the same in order and waybill")
    for name in ("logisticsNo", "logisticsCode"):
        if four.listed and name in four.waybill and four.waybill[name] != four.listed.get(name):
            yield Problem(name, "waybill", "is not the same in waybill and list", Remedy.OPERATOR)


def _list(four: Four) -> Iterator[Problem]:
    order, listed = four.order, four.listed
    for name in ("orderNo", "ebpCode", "ebcCode", "consigneeAddress"):
        if order.get(name) != listed.get(name):
            yield Problem(name, "order_list", "is not the same in order and list")
    for name in ("buyerName", "buyerIdType", "buyerIdNumber"):
        if order.get(name) != listed.get(name):
            yield Problem(name, "13127", "is not the same in order and list", Remedy.ASK_BUYER)
    if order.get("buyerTelephone") != listed.get("buyerTelephone"):
        yield Problem("buyerTelephone", "130126", "is not the same in order and list", Remedy.ASK_BUYER)
    if len(four.order_lines) != len(four.listed_lines):
        text = f"{len(four.listed_lines)} lines in the list, {len(four.order_lines)} in the order"
        yield Problem("InventoryList", "1320", text)
        return
    for number, (ordered, row) in enumerate(zip(four.order_lines, four.listed_lines, strict=True), 1):
        for name in _unlike(ordered, row):
            yield Problem(f"InventoryList[{number}]/{name}", "1322", "is not the same in order and list")


#: Element of the list's line -> of the order's line.
_TEXTS = {"itemNo": "itemNo", "gname": "itemName", "unit": "unit", "country": "country"}
_NUMBERS = ("gnum", "qty", "price", "totalPrice")


def _unlike(ordered: Values, row: Values) -> Iterator[str]:
    for name, own in _TEXTS.items():
        if row.get(name) != ordered.get(own):
            yield name
    for name in _NUMBERS:
        if _apart(row.get(name, ""), ordered.get(name, "")):
            yield name


def _apart(one: str, other: str) -> bool:
    """Tell whether two numbers differ, however they are written; what is no number differs from all others."""
    try:
        return Decimal(one) != Decimal(other)
    except InvalidOperation:
        return one != other
