"""What customs would check, checked before anything is sent. Findings never hold personal data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelView

from .config import BONDED
from .identity_checks import id_number_ok, name_ok
from .mapping import Case, gross_grams, net_grams
from .messages import MessageData, check
from .policy import limits_on
from .tax import FEN, Outcome, decide


class NotDeclarable(PermanentError):
    """A declaration would be refused; ``data["findings"]`` lists why."""

    code = "not_declarable"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message would be refused: element, code (customs' own where there is one), text."""

    field: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def ensure(case: Case, data: MessageData) -> None:
    """Raise ``NotDeclarable`` with every problem of a message, if there is any."""
    problems = [*find(case), *_structure(data, case.config.edition)]
    if problems:
        first = "; ".join(str(one) for one in problems[:5])
        more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
        raise NotDeclarable(
            f"not sent: {first}{more}",
            findings=[{"field": one.field, "code": one.code, "message": one.message} for one in problems],
        )


def find(case: Case) -> list[Problem]:
    """Return the problems of substance of a case."""
    return [
        *_identity(case),
        *_amounts(case.parcel),
        *_limits(case),
        *_support(case),
        *(_bonded(case) if case.parcel.lane == BONDED else []),
        *_weights(case.parcel),
    ]


def _structure(data: MessageData, edition: str) -> Iterator[Problem]:
    for finding in check(data, edition):
        if finding.severity == "error":
            yield Problem(finding.path, finding.code, finding.message)


def _identity(case: Case) -> Iterator[Problem]:
    if not name_ok(case.identity.name):
        yield Problem("buyerName", "1300", "not a Chinese name as printed on a resident ID")
    if not id_number_ok(case.identity.id_number):
        yield Problem("buyerIdNumber", "1300", "fails the check of GB 11643")


def _amounts(parcel: ParcelView) -> Iterator[Problem]:
    expected = parcel.goods_value + parcel.freight + parcel.tax_total - parcel.discount
    if expected != parcel.actual_paid:
        yield Problem(
            "acturalPaid",
            "1332",
            f"{parcel.actual_paid} is not goods + freight + tax - discount = {expected}",
        )
    total = sum((line.total.amount for line in parcel.lines), Decimal(0))
    if total != parcel.goods_value.amount:
        yield Problem("goodsValue", "1332", f"{parcel.goods_value} is not the sum of the lines, {total}")
    for line in parcel.lines:
        if (line.unit_price.amount * line.quantity).quantize(FEN, ROUND_HALF_UP) != line.total.amount:
            yield Problem(f"OrderList[{line.gnum}]/totalPrice", "1322", "is not price times quantity")


def _limits(case: Case) -> Iterator[Problem]:
    parcel = case.parcel
    dutiable = dutiable_value(parcel)
    pieces = Decimal(sum(line.quantity for line in parcel.lines))
    limits = limits_on(case.now.date())
    outcome, _reason = decide(dutiable, pieces, Decimal(0), limits)
    if outcome is Outcome.REFUSED:
        yield Problem("goodsValue", "-621005", f"{dutiable} yuan exceed the limit of one order")


def dutiable_value(parcel: ParcelView) -> Decimal:
    """Return what counts towards limits and quota: goods and freight, before tax."""
    return parcel.goods_value.amount + parcel.freight.amount


def _support(case: Case) -> Iterator[Problem]:
    support = case.support
    for field, value in (
        ("payCode", support.pay_code),
        ("payName", support.pay_name),
        ("payTransactionId", support.pay_transaction_id),
    ):
        if not value:
            yield Problem(field, "payment", "the declared payment does not name it")


def _bonded(case: Case) -> Iterator[Problem]:
    if not case.support.ems_no:
        yield Problem("emsNo", "book", "the bonded book is not known")
    for line in case.parcel.lines:
        if not case.support.item_record(line):
            yield Problem(
                f"InventoryList[{line.gnum}]/itemRecordNo", "book", "the article has no item in the book"
            )


def _weights(parcel: ParcelView) -> Iterator[Problem]:
    net, gross = net_grams(parcel), gross_grams(parcel)
    if not 0 < net <= gross:
        yield Problem("netWeight", "weight", f"{net} g net and {gross} g gross cannot be")
