"""The bonded book: exact numbers, refusals, idempotency, and what the database itself refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from plugins.nansha_logistics import ledger
from plugins.nansha_logistics.models import BookItem, Movement, Reservation

from .factories import book_item

pytestmark = pytest.mark.django_db


def measures(item: BookItem) -> tuple[Decimal, ...]:
    item.refresh_from_db()
    return item.actl_inc, item.actl_redc, item.prevd_inc, item.prevd_redc


def hold(item: BookItem, quantity: Any, key: str = "k1", unit: str = "140") -> bool:
    return ledger.reserve(item.pk, quantity, unit, key=key, parcel="p1", document="P1")


def test_the_life_of_a_quantity_moves_the_four_measures() -> None:
    item = book_item(opening=100)
    assert hold(item, 7)
    assert measures(item) == (100, 0, 0, 7)
    assert item.available == 93
    assert ledger.deduct("k1", document="P1")
    assert measures(item) == (100, 7, 0, 0)
    assert ledger.shelve_return("k1", document="QD1")
    assert measures(item) == (107, 7, 0, 0)
    assert item.available == 100
    assert ledger.reconcile() == []


def test_each_movement_carries_the_balance_after_it() -> None:
    item = book_item(opening=10)
    hold(item, 4)
    ledger.release("k1", reason="cancelled")
    last, reserved, opening = Movement.objects.filter(item=item)
    assert (opening.kind, opening.quantity, opening.actl_inc, opening.prevd_redc) == ("opening", 10, 10, 0)
    assert (reserved.kind, reserved.quantity, reserved.actl_inc, reserved.prevd_redc) == ("reserve", 4, 10, 4)
    assert (last.kind, last.prevd_redc, last.reason) == ("release_reservation", 0, "cancelled")


def test_inbound_is_announced_then_deducted_into_stock() -> None:
    item = book_item(opening=0)
    ledger.post("announce", item.pk, 50, "140", key="QD1:1:a")
    assert (measures(item), item.available) == ((0, 0, 50, 0), 0)
    ledger.post("inbound", item.pk, 50, "140", key="QD1:1:i")
    assert (measures(item), item.available) == ((50, 0, 0, 0), 50)
    with pytest.raises(ledger.LedgerError) as refusal:
        ledger.post("inbound", item.pk, 1, "140", key="QD2:1:i")
    assert refusal.value.code == "short_stock"


def test_the_same_key_books_once() -> None:
    item = book_item(opening=10)
    assert hold(item, 6) is True
    assert hold(item, 6) is False
    assert ledger.post("opening", item.pk, 10, "140", key=f"opening:{item.pk}") is False
    assert ledger.release("k1") is True
    assert ledger.release("k1") is False
    assert hold(item, 6) is False, "a released hold is not taken again by a late repeat"
    assert measures(item) == (10, 0, 0, 0)
    assert Movement.objects.filter(item=item).count() == 3


def test_the_same_key_for_something_else_is_refused() -> None:
    item = book_item(opening=10)
    hold(item, 6)
    with pytest.raises(ledger.LedgerError) as refusal:
        hold(item, 5)
    assert refusal.value.code == "key_conflict"


def test_deduct_and_return_are_idempotent_and_in_order() -> None:
    item = book_item(opening=10)
    hold(item, 2)
    with pytest.raises(ledger.LedgerError, match="have not left"):
        ledger.shelve_return("k1", document="QD1")
    assert ledger.deduct("k1") is True
    assert ledger.deduct("k1") is False
    assert ledger.release("k1") is False
    assert ledger.shelve_return("k1", document="QD1") is True
    assert ledger.shelve_return("k1", document="QD1") is False
    assert measures(item) == (12, 2, 0, 0)
    with pytest.raises(ledger.LedgerError) as refusal:
        ledger.deduct("nothing")
    assert refusal.value.code == "not_held"


def test_returned_pieces_come_back_once_a_return_and_never_more_than_left() -> None:
    item = book_item(opening=10)
    hold(item, 3)
    with pytest.raises(ledger.LedgerError) as refusal:
        ledger.take_back("k1", 1, ground="r1", document="T1")
    assert refusal.value.code == "not_deducted"
    ledger.deduct("k1")
    assert ledger.take_back("k1", 1, ground="r1", document="T1") is True
    assert ledger.take_back("k1", 1, ground="r1", document="T1") is False
    assert measures(item) == (11, 3, 0, 0)
    with pytest.raises(ledger.LedgerError) as refusal:
        ledger.take_back("k1", 3, ground="r2", document="T2")
    assert refusal.value.code == "too_much"
    assert ledger.take_back("k1", 2, ground="r2", document="T2") is True
    assert (measures(item), item.available) == ((13, 3, 0, 0), 10)
    assert ledger.take_back("k1", 2, ground="r2", document="T2") is False
    assert ledger.shelve_return("k1", document="T3") is False, "all of it is back"
    moved = Movement.objects.filter(item=item, kind="return").order_by("id")
    assert [(one.key, one.quantity, one.document) for one in moved] == [
        ("return:k1:r1", 1, "T1"),
        ("return:k1:r2", 2, "T2"),
    ]
    assert ledger.reconcile() == []


def test_stock_is_given_to_the_last_unit_and_not_beyond() -> None:
    item = book_item(opening=Decimal("0.30000"))
    for number in range(3):
        assert hold(item, Decimal("0.1"), key=f"k{number}")
    with pytest.raises(ledger.LedgerError, match="0 available") as refusal:
        hold(item, Decimal("0.00001"), key="k9")
    assert refusal.value.code == "short_stock"
    assert Decimal(str(refusal.value.data["available"])) == 0


@pytest.mark.parametrize(
    "quantity",
    [
        0,
        -1,
        Decimal("-0.00001"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("0.000001"),
        10**13,
        10**15,
        1.5,
        "3",
        True,
    ],
)
def test_impossible_quantities_are_refused(quantity: Any) -> None:
    item = book_item(opening=10)
    with pytest.raises(ledger.LedgerError) as refusal:
        hold(item, quantity)
    assert refusal.value.code == "bad_quantity"
    assert measures(item) == (10, 0, 0, 0)


def test_a_balance_cannot_outgrow_its_column() -> None:
    item = book_item(opening=0)
    most = Decimal("9999999999999.99999")
    ledger.post("opening", item.pk, most, "140", key="most")
    assert item.actl_inc != measures(item)[0] == most
    with pytest.raises(ledger.LedgerError) as refusal:
        ledger.post("adjust", item.pk, 1, "140", key="more", reason="count")
    assert refusal.value.code == "bad_quantity"


def test_wrong_unit_unknown_item_and_stopped_item_are_refused() -> None:
    item = book_item(opening=10)
    with pytest.raises(ledger.LedgerError, match="unit 140, not 035") as wrong:
        hold(item, 1, unit="035")
    assert wrong.value.code == "wrong_unit"
    with pytest.raises(ledger.LedgerError) as unknown:
        ledger.reserve(item.pk + 1, 1, "140", key="k", parcel="p")
    assert unknown.value.code == "unknown_item"
    BookItem.objects.filter(pk=item.pk).update(execution=BookItem.Execution.STOPPED_OUT)
    with pytest.raises(ledger.LedgerError) as stopped:
        hold(item, 1)
    assert stopped.value.code == "item_stopped"
    assert Reservation.objects.count() == 0


def test_an_adjustment_is_signed_and_needs_a_reason() -> None:
    item = book_item(opening=10)
    with pytest.raises(ledger.LedgerError) as silent:
        ledger.post("adjust", item.pk, -1, "140", key="a", reason=" ")
    assert silent.value.code == "reason_needed"
    ledger.post("adjust", item.pk, -3, "140", key="a", reason="three broken at stock-take", actor="op")
    assert measures(item) == (7, 0, 0, 0)
    hold(item, 7)
    with pytest.raises(ledger.LedgerError) as short:
        ledger.post("adjust", item.pk, -1, "140", key="b", reason="one more")
    assert short.value.code == "short_stock"
    assert ledger.reconcile() == []


def test_movements_cannot_be_changed_or_deleted() -> None:
    movement = Movement.objects.get(item=book_item(opening=10))
    for statement in ("UPDATE {} SET quantity = 1", "DELETE FROM {}"):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format("nansha_logistics_movement"))
    assert Movement.objects.get(pk=movement.pk).quantity == 10


@pytest.mark.parametrize(
    "change", [{"prevd_redc": 11}, {"actl_redc": 11}, {"actl_inc": -1}, {"prevd_inc": -1}, {"prevd_redc": -1}]
)
def test_the_database_itself_refuses_a_false_balance(change: dict[str, int]) -> None:
    item = book_item(opening=10)
    with pytest.raises(IntegrityError, match="not_negative"), transaction.atomic():
        BookItem.objects.filter(pk=item.pk).update(**change)


def test_reconcile_names_a_balance_that_is_not_its_movements() -> None:
    item = book_item(opening=10)
    BookItem.objects.filter(pk=item.pk).update(actl_inc=11)
    assert ledger.reconcile() == [
        ledger.Difference("T516526A00001", "00001", "actl_inc", Decimal(11), Decimal(10))
    ]


def test_a_refusal_inside_a_transaction_leaves_the_transaction_usable() -> None:
    item = book_item(opening=1)
    with transaction.atomic():
        with pytest.raises(ledger.LedgerError):
            ledger.post("adjust", item.pk, -2, "140", key="x", reason="too much")
        hold(item, 1)
    assert measures(item) == (1, 0, 0, 1)
