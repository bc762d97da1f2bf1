"""Customs' tax bills: 816 brings the figures, 818 how the bill stands; both idempotent, in any order.

Every figure is compared with our own, HALF_UP to the fen, with no tolerance; customs' figure is the truth, ours
shows where rates, values or rounding part. A bill of a list that is not ours is kept, and looked up again later: the
number of a list may come after its bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import transaction
from django.db.models import QuerySet

from saleor_ext.core import audit, clock

from ..messages.document import Document
from ..models import Declaration
from ..tax import FEN
from . import coverage, figures, guarantee
from .models import TaxBill, TaxBillLine

Status, Comparison = TaxBill.Status, TaxBill.Comparison
#: Bills looked up again at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of which customs and we say different things; None where one side has no such line.

    ``gnum`` None is the whole bill. ``tax``: ``value``, ``duty``, ``consumption_tax``, ``vat`` or ``total``.
    """

    gnum: int | None
    tax: str
    ours: Decimal | None
    theirs: Decimal | None

    def as_json(self) -> dict[str, object]:
        told = asdict(self)
        return {**told, "ours": _told(self.ours), "theirs": _told(self.theirs)}


# -- receipts --------------------------------------------------------------------------------------------------


def take_bill(fields: Document, at: datetime) -> TaxBill | None:
    """Store a bill of CEB816, or a newer issue of one; None when it has no number."""
    head = fields.get("TaxHeadRd") or {}
    bill = _locked(head)
    if bill is None:
        return None
    if bill.figures_at is None or at > bill.figures_at:
        bill.duty, bill.consumption_tax, bill.vat = (
            _number(head, name) for name in ("customsTax", "consumptionTax", "valueAddedTax")
        )
        bill.agent_code = head.get("agentCode", "")[:18]
        bill.assure_code = head.get("assureCode", "")[:64] or bill.assure_code
        bill.figures_at = at
        bill.lines.all().delete()
        TaxBillLine.objects.bulk_create(_lines(bill, fields.get("TaxListRd") or []))
    _stand(bill, head, at)
    _settle(bill)
    return bill


def take_status(fields: Document, at: datetime) -> TaxBill | None:
    """Store how a bill stands by CEB818, whether or not its figures have come; None when it has no number."""
    head = fields.get("TaxHeadStatus") or fields
    bill = _locked(head)
    if bill is None:
        return None
    bill.assure_code = bill.assure_code or head.get("assureCode", "")[:64]
    _stand(bill, head, at)
    _settle(bill)
    return bill


def adopt() -> int:
    """Look up the lists of bills that were not known as ours; return how many are now. Runs periodically."""
    found = 0
    for pk in TaxBill.objects.filter(declaration=None).values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            invt_no = TaxBill.objects.values_list("invt_no", flat=True).get(pk=pk)
            if (declaration := _declaration(invt_no)) is None:
                continue
            bill = TaxBill.objects.select_for_update().get(pk=pk)
            bill.declaration = declaration
            _settle(bill)
            found += 1
    return found


def look_again(declaration: Declaration) -> None:
    """Settle bills that are of what returns have left: such a bill may have come before the return's receipt."""
    for bill in (
        TaxBill.objects.select_for_update().filter(declaration=declaration).exclude(status=Status.VOID)
    ):
        if coverage.left_out(bill):
            _settle(bill)


def _locked(head: dict[str, str]) -> TaxBill | None:
    """Return the bill of a number with its declaration and itself locked, made at first sight of it."""
    tax_no, invt_no = head.get("taxNo", "")[:50], head.get("invtNo", "")[:18]
    if not tax_no or not invt_no:
        return None
    declaration = _declaration(invt_no)
    made = TaxBill(tax_no=tax_no, invt_no=invt_no, received_at=clock.now())
    TaxBill.objects.bulk_create([made], ignore_conflicts=True)
    bill = TaxBill.objects.select_for_update().get(tax_no=tax_no)
    # A number belongs to the list that it was first made out for.
    if bill.declaration_id is None and bill.invt_no == invt_no:
        bill.declaration = declaration
    return bill


def _declaration(invt_no: str) -> Declaration | None:
    return Declaration.objects.select_for_update().filter(invt_no=invt_no).first()


def _lines(bill: TaxBill, rows: list[dict[str, str]]) -> Iterator[TaxBillLine]:
    """Yield the readable lines; a line number that stands there twice counts once."""
    names = ("taxPrice", "customsTax", "consumptionTax", "valueAddedTax")
    seen = set()
    for row in rows:
        gnum = row.get("gnum", "")
        amounts = [amount for name in names if (amount := _number(row, name)) is not None]
        if not (gnum.isascii() and gnum.isdigit()) or len(gnum) > 9 or len(amounts) < len(names):
            continue
        if int(gnum) in seen:
            continue
        seen.add(int(gnum))
        price, duty, consumption, vat = amounts
        yield TaxBillLine(
            bill=bill,
            gnum=int(gnum),
            gcode=row.get("gcode", "")[:10],
            tax_price=price,
            duty=duty,
            consumption_tax=consumption,
            vat=vat,
        )


def _stand(bill: TaxBill, head: dict[str, str], at: datetime) -> None:
    """Move the bill's status if this one is newer; a void bill stays void."""
    status = head.get("status", "")[:1]
    if not status or bill.status == Status.VOID or (bill.status_at is not None and at < bill.status_at):
        return
    bill.status, bill.status_at = status, at
    bill.ent_duty_no = head.get("entDutyNo", "")[:50] or bill.ent_duty_no


def _settle(bill: TaxBill) -> None:
    """Compare the bill, store it, and let the guarantee follow."""
    found = compare(bill)
    bill.comparison = (
        Comparison.UNKNOWN if found is None else Comparison.DIFFERS if found else Comparison.EQUAL
    )
    bill.save()
    declaration = bill.declaration
    if declaration is None:
        return
    audit.record(
        "customs.tax_bill",
        "parcel",
        declaration.parcel_id,
        tax_no=bill.tax_no,
        status=bill.status,
        comparison=bill.comparison,
    )
    if bill.status == Status.SUMMED:
        guarantee.free(declaration, guarantee.Kind.PAID, f"paid:{bill.tax_no}", bill.tax_no)
    elif bill.status != Status.VOID:
        guarantee.adjust(declaration, bill)


# -- comparison ------------------------------------------------------------------------------------------------


def compare(bill: TaxBill) -> list[Difference] | None:
    """Return where a bill and our own figures differ, None when one of them is not there.

    A bill of what returns have left is compared with what they left of ours.
    """
    kept = getattr(bill.declaration, "figures", None) if bill.declaration else None
    if kept is None or bill.duty is None or bill.consumption_tax is None or bill.vat is None:
        return None
    ours = figures.left(kept.lines.all(), coverage.left_out(bill))
    theirs = {line.gnum: line for line in bill.lines.all()}
    found = []
    for gnum in sorted(ours.keys() | theirs.keys()):
        own, billed = ours.get(gnum), theirs.get(gnum)
        found += _apart(
            gnum,
            None if own is None else _sides(*own),
            None
            if billed is None
            else _sides(billed.tax_price, figures.Taxes(billed.duty, billed.consumption_tax, billed.vat)),
        )
    whole = sum((taxes for _, taxes in ours.values()), figures.Taxes())
    billed_whole = figures.Taxes(bill.duty, bill.consumption_tax, bill.vat)
    return found + _apart(None, _sides(None, whole), _sides(None, billed_whole))


def _sides(value: Decimal | None, taxes: figures.Taxes) -> dict[str, Decimal]:
    """Return the figures of one side by name, rounded to the fen; a total of them for a whole bill."""
    found = {"duty": taxes.duty, "consumption_tax": taxes.consumption_tax, "vat": taxes.vat}
    found |= {"total": taxes.total} if value is None else {"value": value}
    return {name: figure.quantize(FEN, ROUND_HALF_UP) for name, figure in found.items()}


def _apart(
    gnum: int | None, ours: dict[str, Decimal] | None, theirs: dict[str, Decimal] | None
) -> list[Difference]:
    names = (ours or theirs or {}).keys()
    return [
        Difference(gnum, name, ours[name] if ours else None, theirs[name] if theirs else None)
        for name in names
        if (ours or {}).get(name) != (theirs or {}).get(name)
    ]


# -- selectors -------------------------------------------------------------------------------------------------


def differences() -> Iterator[tuple[TaxBill, list[Difference]]]:
    """Yield the bills that differ from our own figures, with every difference; void ones are past."""
    for bill in differing(listed()).iterator(BATCH):
        yield bill, compare(bill) or []


def differing(among: QuerySet[TaxBill] | None = None) -> QuerySet[TaxBill]:
    """Return the bills, of some or of all, that differ from our own figures; void ones are past."""
    found = TaxBill.objects.all() if among is None else among
    return found.filter(comparison=Comparison.DIFFERS).exclude(status=Status.VOID)


def counts() -> tuple[int, int]:
    """Return how many bills differ from our figures, and how many are of lists that are not known here."""
    standing = TaxBill.objects.exclude(status=Status.VOID)
    return differing().count(), standing.filter(declaration=None).count()


def listed() -> QuerySet[TaxBill]:
    """Return all bills with what a page shows of them, oldest first."""
    found = TaxBill.objects.select_related("declaration", "declaration__figures")
    return found.prefetch_related("lines", "declaration__figures__lines").order_by("received_at", "tax_no")


def _number(values: dict[str, str], name: str) -> Decimal | None:
    """Read an amount of customs (N19,5); None when it is none."""
    try:
        found = Decimal(values.get(name, "").strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**14 else None


def _told(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
