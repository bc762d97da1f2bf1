"""The tax guarantee: occupied when customs take a list, freed when its tax is paid or its goods are not taxed.

Append-only entries, one for each ground (``key``). Call with the declaration's row locked: receipts do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from saleor_ext.core import clock

from ..models import Declaration
from ..states import DocumentState
from . import coverage, figures
from .models import GuaranteeEntry, TaxBill

Kind = GuaranteeEntry.Kind
S = DocumentState
#: States of a list in which customs have it and its tax is secured.
TAKEN = frozenset(
    {S.ACCEPTED, S.REVIEW, S.REVIEWED, S.INSPECTION, S.DETAINED, S.RELEASED, S.CLOSED}
)  # fmt: skip
#: States of a list in which nothing is taxed.
UNTAXED = frozenset({S.REJECTED, S.RETURNED})
#: How long a sum is believed by those who only look ahead, in seconds: it runs over every open list.
BELIEVED = 30.0
_lately: dict[str, tuple[float, Decimal]] = {}


def occupied(guarantor: str) -> Decimal:
    """Return what is occupied of a guarantor's guarantee."""
    found = GuaranteeEntry.objects.filter(guarantor=guarantor).aggregate(total=Sum("amount"))["total"]
    return found if found is not None else Decimal(0)


def occupied_lately(guarantor: str) -> Decimal:
    """Return what was occupied at most ``BELIEVED`` seconds ago: enough for a look ahead, made for every list."""
    known = _lately.get(guarantor)
    if known is None or time.monotonic() - known[0] > BELIEVED:
        known = _lately[guarantor] = (time.monotonic(), occupied(guarantor))
    return known[1]


def forget() -> None:
    """Let this process add up anew."""
    _lately.clear()


def by_guarantor() -> dict[str, Decimal]:
    """Return what is occupied of every guarantee."""
    rows = GuaranteeEntry.objects.values_list("guarantor").annotate(total=Sum("amount")).order_by("guarantor")
    return dict(rows)


def balance(declaration: Declaration) -> Decimal:
    """Return what a declaration occupies now."""
    newest = GuaranteeEntry.objects.filter(declaration=declaration).order_by("-id").first()
    return newest.balance if newest else Decimal(0)


def balances(declarations: Iterable[Declaration]) -> dict[UUID, Decimal]:
    """Return what each of some declarations occupies now, by one query; those that never did are left out."""
    newest = GuaranteeEntry.objects.filter(declaration__in=[one.pk for one in declarations])
    rows = newest.order_by("declaration", "-id").distinct("declaration")
    return dict(rows.values_list("declaration_id", "balance"))


def occupy(declaration: Declaration, key: str) -> bool:
    """Occupy a list's tax for one version of it; False when it is occupied or paid, owes nothing, or did so before.

    A version that was freed is never occupied again, however late its receipts come; the next version is.
    """
    if balance(declaration) or _is_paid(declaration):
        return False
    kept = getattr(declaration, "figures", None)
    amount = figures.total(kept.lines.all()).total if kept else declaration.tax_total
    return _post(declaration, Kind.OCCUPY, amount, f"occupy:{key}", declaration.cop_no)


def adjust(declaration: Declaration, bill: TaxBill) -> bool:
    """Follow customs' figure where a bill says another amount than was occupied."""
    if bill.duty is None or bill.consumption_tax is None or bill.vat is None or not balance(declaration):
        return False
    billed = figures.Taxes(bill.duty, bill.consumption_tax, bill.vat).share(1, 1).total
    key = f"adjust:{bill.tax_no}:{billed:f}"
    if coverage.left_out(bill):
        left, key = billed, f"{key}:rest"
    else:
        left = max(billed + _sum(declaration, Kind.RETURNED), Decimal(0))
    return _post(declaration, Kind.ADJUST, left - balance(declaration), key, bill.tax_no)


def free(declaration: Declaration, kind: Kind, key: str, document: str) -> bool:
    """Free all that a declaration still occupies; False when it is nothing or this ground has freed before."""
    return _post(declaration, kind, -balance(declaration), key, document)


def free_returned(declaration: Declaration, key: str, document: str) -> bool:
    """Free what falls on the pieces that granted returns have taken back so far."""
    kept = getattr(declaration, "figures", None)
    if kept is None:
        return False
    lines = list(kept.lines.all())
    back = figures.returned_taxes(
        {line.gnum: figures.taxes_of(line) for line in lines},
        {line.gnum: line.quantity for line in lines},
        figures.returned_pieces(declaration),
    )
    # Freed so far counts as negative; never more than is left, for a bill may have lowered it.
    amount = min(back.total + _sum(declaration, Kind.RETURNED), balance(declaration))
    return _post(declaration, Kind.RETURNED, -amount, key, document)


def _is_paid(declaration: Declaration) -> bool:
    return TaxBill.objects.filter(declaration=declaration, status=TaxBill.Status.SUMMED).exists()


def _sum(declaration: Declaration, kind: Kind) -> Decimal:
    rows = GuaranteeEntry.objects.filter(declaration=declaration, kind=kind)
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _post(declaration: Declaration, kind: Kind, amount: Decimal, key: str, document: str) -> bool:
    if not amount or GuaranteeEntry.objects.filter(key=key).exists():
        return False
    first = GuaranteeEntry.objects.filter(declaration=declaration).order_by("id").first()
    GuaranteeEntry.objects.create(
        declaration=declaration,
        guarantor=first.guarantor if first else _guarantor(declaration),
        kind=kind,
        amount=amount,
        balance=balance(declaration) + amount,
        key=key,
        document=document,
        at=clock.now(),
    )
    return True


def _guarantor(declaration: Declaration) -> str:
    """Return whose guarantee the list was declared with."""
    from .. import links

    kept = getattr(declaration, "figures", None)
    settings = links.config()
    return kept.assure_code if kept else settings.assure_code or settings.agent_code
