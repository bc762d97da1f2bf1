"""One day's parcels side by side: order, payment, waybill, list, tax and parcel, with what does not agree.

A day is China's, and a parcel belongs to the day it was paid on. What was declared is read from the messages that were
sent, not from what they would be made of now. What is simply not there yet counts as a difference only when the day
is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.plugin_api import ParcelView, platform

from .config import TRADE_MODES
from .messages import MESSAGES, parse
from .models import CustomsDocument, Declaration, Receipt
from .states import DocumentState
from .steps import LIST, ORDER

PAYMENT_STEP, WAYBILL_STEP = "declare_payment", "obtain_waybill"
BATCH = 200
S = DocumentState
_ACCEPTED = (S.ACCEPTED, S.REVIEWED)
_RELEASED = (S.RELEASED, S.CLOSED)
_REFUSED = (S.REJECTED, S.ERROR)
#: A list in one of these binds nobody any more.
_DEAD = (S.REJECTED, S.ERROR, S.RETURNED)
_ON_THE_ROAD = ("shipped", "delivered")

#: Code of a difference -> what it says.
WORDS: dict[str, str | Promise] = {
    "payment_missing": _("The payment is not declared."),
    "payment_amount": _("Another amount was declared by the payment company than the order has."),
    "payment_order": _("The payment was declared under another order number."),
    "payment_number": _("The order names another payment."),
    "waybill_missing": _("There is no waybill."),
    "waybill_number": _("The inventory list names another waybill."),
    "order_missing": _("The order is not accepted by customs."),
    "order_refused": _("Customs refused the order."),
    "order_amount": _("Another sum was declared with the order than was paid."),
    "list_missing": _("The inventory list is not released."),
    "list_refused": _("Customs refused the inventory list."),
    "list_order": _("The inventory list names another order."),
    "tax_declared": _("Another tax was declared than was collected."),
    "tax_bill": _("Customs' bill has another tax than was collected."),
    "sent_unreleased": _("The parcel is on the road, but its list is not released."),
    "released_unnoticed": _("The list is released, but the parcel has not noticed."),
    "cancelled_declared": _("The parcel was cancelled, but customs still have its list."),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What one message said, and how it stands at customs; empty when there is none."""

    state: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def amount(self, name: str) -> Decimal | None:
        return _amount(self.values.get(name))


@dataclass(frozen=True, slots=True)
class Row:
    """One parcel. Amounts in CNY; None and empty mean that there is nothing (yet)."""

    parcel_id: str
    number: str
    lane: str
    parcel_state: str
    paid_at: datetime
    paid: Decimal
    payment_state: str
    payment_no: str
    payment_order_no: str
    payment_amount: Decimal | None
    waybill_no: str
    order_no: str
    order_state: str
    order_paid: Decimal | None
    list_state: str
    list_order_no: str
    list_waybill_no: str
    pre_no: str
    invt_no: str
    tax_collected: Decimal
    tax_declared: Decimal | None
    tax_bill: Decimal | None
    declaration_id: UUID | None = None
    declared_payment_no: str = ""
    differences: tuple[str, ...] = ()

    @property
    def words(self) -> list[str | Promise]:
        return [WORDS[code] for code in self.differences]


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first instant of a day in China and that of the next."""
    start = datetime.combine(day, time(), clock.CHINA)
    return start, datetime.combine(day + timedelta(days=1), time(), clock.CHINA)


def rows(day: date) -> Iterator[Row]:
    """Yield the parcels of customs lanes that were paid on a day, in the order of payment."""
    over = day < clock.china_today()
    parcels = platform().parcels_paid(*bounds(day), tuple(TRADE_MODES))
    while batch := list(islice(parcels, BATCH)):
        yield from _of_batch(batch, over=over)


def _of_batch(parcels: Sequence[ParcelView], *, over: bool) -> Iterator[Row]:
    declarations = {
        str(one.parcel_id): one
        for one in Declaration.objects.filter(parcel_id__in=[parcel.id for parcel in parcels])
    }
    orders, lists = (_newest(declarations.values(), kind) for kind in (ORDER, LIST))
    bills = bills_of(declarations.values())
    for parcel in parcels:
        declaration = declarations.get(parcel.id)
        key = declaration.pk if declaration else None
        row = _row(
            parcel,
            declaration,
            orders.get(key, Sent()),
            lists.get(key, Sent()),
            bills.get(key) if key else None,
        )
        yield _judged(row, over=over)


def _newest(declarations: Iterable[Declaration], kind: str) -> dict[UUID | None, Sent]:
    """Return the newest message of a kind of each declaration: its state and the fields of its head."""
    found: dict[UUID | None, Sent] = {}
    keys = [one.pk for one in declarations]
    documents = CustomsDocument.objects.filter(declaration__in=keys, kind=kind).exclude(body_sha256="")
    head = MESSAGES[kind].head.name
    for document in documents.order_by("declaration", "-version").distinct("declaration"):
        (content,) = parse((document.body or "").encode()).documents
        found[document.declaration_id] = Sent(document.state, content[head])
    return found


def bills_of(declarations: Iterable[Declaration]) -> dict[UUID, Decimal]:
    """Return the tax of customs' bills by declaration, as the receipts 816 tell it; bills made void are left out."""
    by_number = {one.invt_no: one.pk for one in declarations if one.invt_no}
    receipts = Receipt.objects.filter(
        message__in=("CEB816Message", "CEB818Message"), raw__invtNo__in=list(by_number)
    )
    found: dict[UUID, Decimal] = {}
    for receipt in receipts.order_by("returned_at", "received_at"):
        key = by_number[receipt.raw["invtNo"]]
        if receipt.status == "3":
            found.pop(key, None)
        elif receipt.message == "CEB816Message":
            parts = (
                _amount(receipt.raw.get(name)) for name in ("customsTax", "valueAddedTax", "consumptionTax")
            )
            found[key] = sum((part for part in parts if part is not None), Decimal(0))
    return found


def _row(
    parcel: ParcelView, declaration: Declaration | None, order: Sent, listed: Sent, bill: Decimal | None
) -> Row:
    payment, waybill = parcel.step_data(PAYMENT_STEP), parcel.step_data(WAYBILL_STEP)
    step = parcel.steps.get(PAYMENT_STEP)
    return Row(
        parcel_id=parcel.id,
        number=parcel.number,
        lane=parcel.lane,
        parcel_state=parcel.state,
        paid_at=parcel.paid_at,
        paid=parcel.actual_paid.amount,
        payment_state=step.state if step else "",
        payment_no=str(payment.get("payTransactionId") or ""),
        payment_order_no=str(payment.get("orderNo") or ""),
        payment_amount=_amount(payment.get("amount")),
        waybill_no=str(waybill.get("logistics_no") or ""),
        order_no=order.values.get("orderNo", ""),
        order_state=order.state,
        order_paid=order.amount("acturalPaid"),
        list_state=listed.state,
        list_order_no=listed.values.get("orderNo", ""),
        list_waybill_no=listed.values.get("logisticsNo", ""),
        pre_no=declaration.pre_no if declaration else "",
        invt_no=declaration.invt_no if declaration else "",
        tax_collected=parcel.tax_total.amount,
        tax_declared=order.amount("taxTotal"),
        tax_bill=bill,
        declaration_id=declaration.pk if declaration else None,
        declared_payment_no=order.values.get("payTransactionId", ""),
    )


def _amount(value: Any) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _judged(row: Row, *, over: bool) -> Row:
    found = [code for code, differs in _CHECKS if differs(row)]
    if row.parcel_state == "cancelled":
        found = [code for code, differs in _OF_CANCELLED if differs(row)]
    elif over:
        found += [code for code, missing in _MISSING if missing(row)]
    return replace(row, differences=tuple(found))


def _unlike(one: object, other: object) -> bool:
    """Tell whether two facts differ; a fact that is not there differs from nothing."""
    return one not in (None, "") and other not in (None, "") and one != other


Check = tuple[str, Callable[[Row], bool]]
_CHECKS: tuple[Check, ...] = (
    ("payment_amount", lambda row: _unlike(row.payment_amount, row.paid)),
    ("payment_order", lambda row: _unlike(row.payment_order_no, row.order_no)),
    ("payment_number", lambda row: _unlike(row.payment_no, row.declared_payment_no)),
    ("waybill_number", lambda row: _unlike(row.waybill_no, row.list_waybill_no)),
    ("order_refused", lambda row: row.order_state in _REFUSED),
    ("order_amount", lambda row: _unlike(row.order_paid, row.paid)),
    ("list_refused", lambda row: row.list_state in _REFUSED),
    ("list_order", lambda row: _unlike(row.list_order_no, row.order_no)),
    ("tax_declared", lambda row: _unlike(row.tax_declared, row.tax_collected)),
    ("tax_bill", lambda row: _unlike(row.tax_bill, row.tax_collected)),
    ("sent_unreleased", lambda row: row.parcel_state in _ON_THE_ROAD and row.list_state not in _RELEASED),
    (
        "released_unnoticed",
        lambda row: row.parcel_state in ("paid", "declaring") and row.list_state in _RELEASED,
    ),
)
_MISSING: tuple[Check, ...] = (
    ("payment_missing", lambda row: row.payment_state != "done"),
    ("waybill_missing", lambda row: not row.waybill_no),
    ("order_missing", lambda row: row.order_state not in (*_ACCEPTED, *_REFUSED)),
    ("list_missing", lambda row: row.list_state not in (*_RELEASED, *_REFUSED)),
)
_OF_CANCELLED: tuple[Check, ...] = (
    ("cancelled_declared", lambda row: row.list_state != "" and row.list_state not in _DEAD),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A day for a page, as much as fits. ``whole`` is False when the day was too large to be read to its end."""

    day: date
    differing: list[Row]
    agreeing: list[Row]
    parcels: int
    differences: int
    whole: bool


def summary(day: date, *, most: int = 2000, shown: int = 300) -> Summary:
    """Read at most ``most`` parcels of a day and keep at most ``shown`` of either sort."""
    differing: list[Row] = []
    agreeing: list[Row] = []
    parcels = differences = 0
    for row in rows(day):
        if parcels == most:
            return Summary(day, differing, agreeing, parcels, differences, whole=False)
        parcels += 1
        differences += bool(row.differences)
        kept = differing if row.differences else agreeing
        if len(kept) < shown:
            kept.append(row)
    return Summary(day, differing, agreeing, parcels, differences, whole=True)
