"""Opens a bonded book with demonstration stock."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from saleor_ext.core import clock
from saleor_ext.plugin_api import VariantFacts

from . import ledger
from .models import Book, BookItem
from .settings import config

OPENING = Decimal(1000)


def seed_book(articles: Iterable[VariantFacts], quantity: Decimal = OPENING) -> dict[str, str]:
    """Register articles in the configured book with an opening balance; return SKU → item record number.

    Articles that are registered already keep their number and their balance.
    """
    settings = config()
    with transaction.atomic():
        opened = {"warehouse": settings.warehouse, "opened_at": clock.now()}
        Book.objects.get_or_create(number=settings.book_number, defaults=opened)
        book = Book.objects.select_for_update().get(number=settings.book_number)
        numbers = dict(book.items.values_list("gds_mtno", "item_record_no"))
        last = book.items.aggregate(last=Max("gds_seqno"))["last"] or 0
        for facts in articles:
            if facts.sku in numbers:
                continue
            last += 1
            item = _register(book, last, facts)
            numbers[facts.sku] = item.item_record_no
            ledger.post(
                "opening",
                item.pk,
                quantity,
                item.dcl_unit,
                key=f"opening:{book.number}:{item.gds_seqno}",
                document="demonstration stock",
            )
    return numbers


def _register(book: Book, seqno: int, facts: VariantFacts) -> BookItem:
    return BookItem.objects.create(
        book=book,
        gds_seqno=seqno,
        item_record_no=facts.item_record_no or f"{seqno:05d}",
        gds_mtno=facts.sku,
        merchant=facts.merchant,
        name=facts.name,
        hs_code=facts.hs_code,
        origin=facts.origin,
        dcl_unit=facts.unit,
        lawf_unit=facts.unit1,
    )
