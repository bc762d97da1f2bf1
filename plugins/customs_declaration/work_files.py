"""The work list as a table for spreadsheets: every declaration that fits, not one page of them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Prefetch

from saleor_ext.core import clock

from . import selectors
from .exporting import Cell, Table
from .models import CustomsDocument, Declaration

COLUMNS = (
    "order_no", "cop_no", "pre_no", "invt_no", "logistics_no", "pay_no", "lane", "merchant", "state", "messages",
    "created_at", "released_at", "stopped_at", "stopped_step", "stopped_code", "stopped_text", "dutiable_value",
    "tax_total",
)  # fmt: skip
BATCH = 500


def table(filters: selectors.Filters) -> Table:
    """Return the declarations of some filters, oldest first. ``messages``: newest of each kind with its state."""
    return Table(f"customs-declarations-{clock.china_today():%Y-%m-%d}", COLUMNS, _rows(filters))


def _rows(filters: selectors.Filters) -> Iterator[list[Cell]]:
    documents = Prefetch("documents", CustomsDocument.objects.defer("body").order_by("kind", "version"))
    found = selectors.matching(filters).prefetch_related(documents).order_by("created_at", "pk")
    for one in found.iterator(BATCH):
        yield _row(one)


def _row(one: Declaration) -> list[Cell]:
    return [
        one.order_no, one.cop_no, one.pre_no, one.invt_no, one.logistics_no, one.pay_no, one.lane, one.merchant,
        one.state, " ".join(_told(document) for document in selectors.current_documents(one)), one.created_at,
        one.released_at, one.stopped_at, one.stopped_step, one.stopped_code, one.stopped_text, one.dutiable_value,
        one.tax_total,
    ]  # fmt: skip


def _told(document: CustomsDocument) -> str:
    return f"{document.kind[3:6]}v{document.version}:{document.state}"
