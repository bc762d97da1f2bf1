"""What a bill of customs is of: the whole list, or what granted returns have left of it.

After a return customs void the bill and make one out for the rest; whether always is not established. So a bill is
taken for what its own values say, whenever it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from ..tax import FEN
from . import figures
from .models import TaxBill


def left_out(bill: TaxBill) -> Mapping[int, int]:
    """Return the returned pieces (line number -> pieces) that a bill is without, none when it is of the whole list.

    It is of the rest when the dutiable value of its lines is nearer to that of the rest: the two are a piece's value
    apart, so a rounding decides nothing.
    """
    declaration = bill.declaration
    kept = getattr(declaration, "figures", None) if declaration else None
    billed = [line.tax_price for line in bill.lines.all()]
    if declaration is None or kept is None or not billed:
        return {}
    priced = sum(billed, Decimal(0)).quantize(FEN, ROUND_HALF_UP)
    lines = list(kept.lines.all())
    whole = sum((line.dutiable_value for line in lines), Decimal(0))
    if priced == whole:
        return {}
    returned = figures.returned_pieces(declaration)
    rest = sum((value for value, _ in figures.left(lines, returned).values()), Decimal(0))
    return returned if abs(priced - rest) < abs(priced - whole) else {}
