"""Bonded stock of parcels: which book item a line draws on, holding it, giving it back, letting it go.

The parcel's ``Shipment`` row is the lock: a reservation and a cancellation of the same parcel cannot cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import BookBalance, ParcelLine, ParcelView, VariantFacts

from . import ledger
from .models import Book, BookItem, Reservation, Shipment


def item_of(facts: VariantFacts, book_number: str) -> BookItem | None:
    """Find the book item of an article: by its record number, else by its SKU."""
    items = BookItem.objects.filter(book__number=book_number)
    if facts.item_record_no:
        return items.filter(item_record_no=facts.item_record_no, gds_mtno=facts.sku).first()
    return items.filter(gds_mtno=facts.sku).order_by("gds_seqno").first()


def lock(parcel: ParcelView | str) -> Shipment:
    """Return the parcel's shipment with its row locked, making it at first sight of a parcel."""
    if isinstance(parcel, ParcelView):
        made = Shipment(parcel=parcel.id, number=parcel.number, created_at=clock.now())
        Shipment.objects.bulk_create([made], ignore_conflicts=True)
        return Shipment.objects.select_for_update().get(pk=parcel.id)
    return Shipment.objects.select_for_update().get(pk=parcel)


def hold_parcel(parcel: ParcelView, book_number: str) -> list[dict[str, Any]]:
    """Hold every line of a parcel, all or none; return what each line draws on.

    :raises ledger.LedgerError: when the book cannot give a line
    :raises PermanentError: ``cancelled`` when the parcel was given up meanwhile
    """
    drawn = [(line, _required_item(line, book_number)) for line in parcel.lines]
    with transaction.atomic():
        if lock(parcel).cancelled_at is not None:
            raise PermanentError("the parcel was cancelled", code="cancelled")
        # In the order of the rows, so that two parcels with the same goods cannot wait for each other.
        for line, item in sorted(drawn, key=lambda pair: (pair[1].pk, pair[0].gnum)):
            ledger.reserve(
                item.pk,
                line.quantity,
                line.facts.unit,
                key=_key(parcel.id, line),
                parcel=parcel.id,
                document=parcel.number,
            )
    return [
        {
            "gnum": line.gnum,
            "sku": line.facts.sku,
            "item_record_no": item.item_record_no,
            "gds_seqno": item.gds_seqno,
            "quantity": str(line.quantity),
            "unit": item.dcl_unit,
        }
        for line, item in drawn
    ]


def balances(parcels: Sequence[ParcelView]) -> dict[str, dict[int, BookBalance]]:
    """Return what the book says of each line of parcels, by three queries; one whose book is not here is missing."""
    number_of = {one.id: str(one.step_data("reserve_stock").get("book_no") or "") for one in parcels}
    books = set(Book.objects.filter(number__in=set(number_of.values())).values_list("number", flat=True))
    kept = [one for one in parcels if number_of[one.id] in books]
    holds = Reservation.objects.filter(parcel__in=[one.id for one in kept], state=Reservation.State.HELD)
    # Many lines are of few items: each is read once.
    held = {key: (item, quantity) for key, item, quantity in holds.values_list("key", "item", "quantity")}
    items = BookItem.objects.in_bulk({item for item, _quantity in held.values()})
    found: dict[str, dict[int, BookBalance]] = {}
    for parcel in kept:
        lines = found[parcel.id] = {}
        for line in parcel.lines:
            number, quantity = held.get(_key(parcel.id, line), (None, Decimal(0)))
            # What is not held (any more) is rare: that line is looked for by itself.
            item = items[number] if number is not None else item_of(line.facts, number_of[parcel.id])
            if item is not None:
                lines[line.gnum] = _balance(line.gnum, number_of[parcel.id], item, quantity)
    return found


def _balance(gnum: int, book_number: str, item: BookItem, held: Decimal) -> BookBalance:
    return BookBalance(
        gnum=gnum,
        book_no=book_number,
        item_record_no=item.item_record_no,
        hs_code=item.hs_code,
        origin=item.origin,
        dcl_unit=item.dcl_unit,
        lawf_unit=item.lawf_unit,
        stopped=item.execution in (BookItem.Execution.STOPPED, BookItem.Execution.STOPPED_OUT),
        held=held,
        available=item.available,
    )


def free_parcel(parcel: ParcelView, reason: str) -> int:
    """Give back what is still held for a parcel and close it; return how many lines were given back."""
    with transaction.atomic():
        shipment = lock(parcel)
        if shipment.cancelled_at is None:
            shipment.cancelled_at = clock.now()
            shipment.save(update_fields=["cancelled_at"])
        return sum(ledger.release(key, document=parcel.number, reason=reason) for key in _keys(parcel))


def deduct_parcel(parcel: ParcelView) -> None:
    """Turn every hold of a parcel into a decrease of the book; call with the shipment locked."""
    keys = _keys(parcel)
    if len(keys) != len(parcel.lines):
        message = f"{len(keys)} of {len(parcel.lines)} lines are held in the bonded book"
        raise PermanentError(message, code="not_held")
    for key in keys:
        ledger.deduct(key, document=parcel.number)


def shelve_parcel_return(parcel: ParcelView, document: str) -> None:
    """Take a returned parcel's goods back into the book; ``document`` is the return's inventory number."""
    with transaction.atomic():
        lock(parcel)
        for key in _keys(parcel):
            ledger.shelve_return(key, document=document)


def take_back(parcel: ParcelView, lines: Mapping[int, int], *, ground: str, document: str) -> int:
    """Book pieces (line number -> pieces) that customs let back in, once per ``ground``; return how many lines.

    What never left the book stays as it is: there is nothing to book back.
    """
    with transaction.atomic():
        lock(parcel)
        left = (Reservation.State.DEDUCTED, Reservation.State.RETURNED)
        keys = {f"{parcel.id}:{gnum}": pieces for gnum, pieces in lines.items()}
        holds = Reservation.objects.filter(key__in=keys, state__in=left).order_by("item", "key")
        return sum(
            ledger.take_back(key, keys[key], ground=ground, document=document)
            for key in list(holds.values_list("key", flat=True))
        )


def _key(parcel_id: str, line: ParcelLine) -> str:
    return f"{parcel_id}:{line.gnum}"


def _keys(parcel: ParcelView) -> list[str]:
    """Keys of a parcel's holds, in the order of the rows that they change."""
    holds = Reservation.objects.filter(parcel=parcel.id).order_by("item", "key")
    return list(holds.values_list("key", flat=True))


def _required_item(line: ParcelLine, book_number: str) -> BookItem:
    item = item_of(line.facts, book_number)
    if item is None:
        record = f" under record {line.facts.item_record_no}" if line.facts.item_record_no else ""
        message = f"{line.facts.sku} is not in the bonded book {book_number}{record}"
        raise ledger.LedgerError(message, code="unknown_item", sku=line.facts.sku, book=book_number)
    return item
