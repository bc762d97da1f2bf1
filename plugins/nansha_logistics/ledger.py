"""The bonded book's arithmetic. Every change is one SQL statement: balance, movement and hold move together.

``available = actl_inc - actl_redc - prevd_redc`` (the balance rule of bonded books). Each function takes a
key; the same key again changes nothing. The row's CHECK constraints stand behind every statement, and
movements cannot be altered.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Sum

from saleor_ext.core import clock
from saleor_ext.core.audit import SYSTEM
from saleor_ext.core.errors import PermanentError

from .models import DECIMAL_PLACES, MAX_DIGITS, BookItem, Movement, Reservation

Kind = Movement.Kind
LIMIT = Decimal(10) ** (MAX_DIGITS - DECIMAL_PLACES)
STEP = Decimal(1).scaleb(-DECIMAL_PLACES)


class LedgerError(PermanentError):
    """A movement that the book refuses; ``code`` says why."""


class Effect(NamedTuple):
    """How one unit of a movement changes the four measures."""

    actl_inc: int = 0
    actl_redc: int = 0
    prevd_inc: int = 0
    prevd_redc: int = 0


#: What each kind of movement does per unit of its quantity.
EFFECTS: dict[str, Effect] = {
    Kind.OPENING: Effect(actl_inc=1),
    Kind.ANNOUNCE: Effect(prevd_inc=1),
    Kind.INBOUND: Effect(prevd_inc=-1, actl_inc=1),
    Kind.RESERVE: Effect(prevd_redc=1),
    Kind.RELEASE: Effect(prevd_redc=-1),
    Kind.DEDUCT: Effect(prevd_redc=-1, actl_redc=1),
    Kind.RETURN: Effect(actl_inc=1),
    Kind.ADJUST: Effect(actl_inc=1),
}

_RESERVE = """
WITH moved AS (
    UPDATE nansha_logistics_bookitem AS i SET prevd_redc = prevd_redc + %(quantity)s
    WHERE i.id = %(item)s AND i.dcl_unit = %(unit)s AND i.execution NOT IN ('4', '6')
      AND i.actl_inc - i.actl_redc - i.prevd_redc >= %(quantity)s
      AND NOT EXISTS (SELECT 1 FROM nansha_logistics_reservation WHERE key = %(key)s)
    RETURNING i.id, i.actl_inc, i.actl_redc, i.prevd_inc, i.prevd_redc
), held AS (
    INSERT INTO nansha_logistics_reservation
        (id, key, item_id, parcel, quantity, state, created_at, changed_at)
    SELECT %(id)s, %(key)s, id, %(parcel)s, %(quantity)s, 'held', %(at)s, %(at)s FROM moved
)
INSERT INTO nansha_logistics_movement
    (item_id, kind, key, quantity, actl_inc, actl_redc, prevd_inc, prevd_redc, document, reason, actor, at)
SELECT id, 'reserve', 'reserve:' || %(key)s, %(quantity)s, actl_inc, actl_redc, prevd_inc, prevd_redc,
       %(document)s, '', %(actor)s, %(at)s
FROM moved RETURNING id
"""

#: Moves a hold from one state to the next and books it; the hold's row decides who is first.
_SETTLE = """
WITH hold AS (
    UPDATE nansha_logistics_reservation SET state = %(to)s, changed_at = %(at)s
    WHERE key = %(key)s AND state = %(from)s
    RETURNING item_id, quantity
), moved AS (
    UPDATE nansha_logistics_bookitem AS i SET
        actl_inc = i.actl_inc + %(actl_inc)s * hold.quantity,
        actl_redc = i.actl_redc + %(actl_redc)s * hold.quantity,
        prevd_inc = i.prevd_inc + %(prevd_inc)s * hold.quantity,
        prevd_redc = i.prevd_redc + %(prevd_redc)s * hold.quantity
    FROM hold WHERE i.id = hold.item_id
    RETURNING i.id, hold.quantity, i.actl_inc, i.actl_redc, i.prevd_inc, i.prevd_redc
)
INSERT INTO nansha_logistics_movement
    (item_id, kind, key, quantity, actl_inc, actl_redc, prevd_inc, prevd_redc, document, reason, actor, at)
SELECT id, %(kind)s, %(kind)s || ':' || %(key)s, quantity, actl_inc, actl_redc, prevd_inc, prevd_redc,
       %(document)s, %(reason)s, %(actor)s, %(at)s
FROM moved RETURNING id
"""

_POST = """
WITH moved AS (
    UPDATE nansha_logistics_bookitem AS i SET
        actl_inc = i.actl_inc + %(actl_inc)s * %(quantity)s,
        actl_redc = i.actl_redc + %(actl_redc)s * %(quantity)s,
        prevd_inc = i.prevd_inc + %(prevd_inc)s * %(quantity)s,
        prevd_redc = i.prevd_redc + %(prevd_redc)s * %(quantity)s
    WHERE i.id = %(item)s AND i.dcl_unit = %(unit)s
      AND NOT EXISTS (SELECT 1 FROM nansha_logistics_movement WHERE key = %(key)s)
    RETURNING i.id, i.actl_inc, i.actl_redc, i.prevd_inc, i.prevd_redc
)
INSERT INTO nansha_logistics_movement
    (item_id, kind, key, quantity, actl_inc, actl_redc, prevd_inc, prevd_redc, document, reason, actor, at)
SELECT id, %(kind)s, %(key)s, %(quantity)s, actl_inc, actl_redc, prevd_inc, prevd_redc,
       %(document)s, %(reason)s, %(actor)s, %(at)s
FROM moved RETURNING id
"""

#: Books pieces of a deducted hold back in; the hold is over when all of it is back. LIKE finds its earlier returns:
#: keys hold no ``%`` and no ``_``.
_TAKE_BACK = """
WITH hold AS (
    SELECT id, item_id, quantity FROM nansha_logistics_reservation
    WHERE key = %(key)s AND state = 'deducted' FOR UPDATE
), taken AS (
    SELECT COALESCE(SUM(quantity), 0) AS total FROM nansha_logistics_movement
    WHERE kind = 'return' AND key LIKE 'return:' || %(key)s || ':%%'
), moved AS (
    UPDATE nansha_logistics_bookitem AS i SET actl_inc = i.actl_inc + %(quantity)s
    FROM hold, taken WHERE i.id = hold.item_id AND taken.total + %(quantity)s <= hold.quantity
      AND NOT EXISTS (SELECT 1 FROM nansha_logistics_movement WHERE key = %(movement)s)
    RETURNING i.id, hold.id AS hold, hold.quantity AS held, taken.total, i.actl_inc, i.actl_redc,
              i.prevd_inc, i.prevd_redc
), closed AS (
    UPDATE nansha_logistics_reservation AS r SET state = 'returned', changed_at = %(at)s
    FROM moved WHERE r.id = moved.hold AND moved.total + %(quantity)s = moved.held
)
INSERT INTO nansha_logistics_movement
    (item_id, kind, key, quantity, actl_inc, actl_redc, prevd_inc, prevd_redc, document, reason, actor, at)
SELECT id, 'return', %(movement)s, %(quantity)s, actl_inc, actl_redc, prevd_inc, prevd_redc,
       %(document)s, '', %(actor)s, %(at)s
FROM moved RETURNING id
"""


def checked_quantity(quantity: Decimal | int, *, signed: bool = False) -> Decimal:
    """Return a quantity that the book can hold exactly: DECIMAL(18,5), above zero unless ``signed``."""
    if isinstance(quantity, bool) or not isinstance(quantity, Decimal | int):
        raise _bad_quantity(f"must be a whole or decimal number, not {quantity!r}")
    value = Decimal(quantity)
    if not value.is_finite() or value == 0 or (value < 0 and not signed):
        raise _bad_quantity(f"must be above zero, not {quantity}")
    if abs(value) >= LIMIT:
        raise _bad_quantity(f"must be below {LIMIT:f}, not {quantity}")
    if value != value.quantize(STEP):
        raise _bad_quantity(f"has at most {DECIMAL_PLACES} decimals, not {quantity}")
    return value


def reserve(
    item: int,
    quantity: Decimal | int,
    unit: str,
    *,
    key: str,
    parcel: str,
    document: str = "",
    actor: str = SYSTEM,
) -> bool:
    """Hold stock for a parcel's line; return False when this key already holds it.

    :raises LedgerError: ``unknown_item``, ``wrong_unit``, ``item_stopped``, ``short_stock``,
        ``bad_quantity``, ``key_conflict``
    """
    wanted = checked_quantity(quantity)
    values = {
        "id": uuid.uuid4(),
        "item": item,
        "unit": unit,
        "quantity": wanted,
        "key": key,
        "parcel": parcel,
        "document": document,
        "actor": actor,
        "at": clock.now(),
    }
    if _execute(_RESERVE, values, lambda: Reservation.objects.filter(key=key).exists()):
        return True
    known = Reservation.objects.filter(key=key).first()
    if known is None:
        raise _refusal(item, unit, wanted)
    if (known.item_id, known.quantity) != (item, wanted):
        raise LedgerError(f"the key {key} already holds something else", code="key_conflict")
    return False


def release(key: str, *, document: str = "", reason: str = "", actor: str = SYSTEM) -> bool:
    """Give a held quantity back to the stock on sale; False when it is no longer held."""
    return _settle(key, Kind.RELEASE, "held", "released", document=document, reason=reason, actor=actor)


def deduct(key: str, *, document: str = "", actor: str = SYSTEM) -> bool:
    """Turn a held quantity into a real decrease, when the goods leave; False when that is done already.

    :raises LedgerError: ``not_held`` when there is no hold to turn
    """
    if _settle(key, Kind.DEDUCT, "held", "deducted", document=document, reason="", actor=actor):
        return True
    state = _state(key)
    if state not in (Reservation.State.DEDUCTED, Reservation.State.RETURNED):
        raise LedgerError(f"nothing is held under {key} (state: {state})", code="not_held")
    return False


def shelve_return(key: str, *, document: str, actor: str = SYSTEM) -> bool:
    """Take goods of a deducted line back onto the shelves; False when that is done already.

    :raises LedgerError: ``not_deducted`` when the goods never left
    """
    if _settle(key, Kind.RETURN, "deducted", "returned", document=document, reason="", actor=actor):
        return True
    state = _state(key)
    if state != Reservation.State.RETURNED:
        raise LedgerError(f"the goods of {key} have not left (state: {state})", code="not_deducted")
    return False


def take_back(key: str, quantity: Decimal | int, *, ground: str, document: str, actor: str = SYSTEM) -> bool:
    """Book returned pieces of a deducted line back in, once per ``ground``; call with the shipment locked.

    :raises LedgerError: ``not_deducted`` when the goods never left, ``too_much`` when more came back than left
    """
    values = {
        "key": key,
        "movement": f"return:{key}:{ground}",
        "quantity": checked_quantity(quantity),
        "document": document,
        "actor": actor,
        "at": clock.now(),
    }

    def known() -> bool:
        return Movement.objects.filter(key=values["movement"]).exists()

    if _execute(_TAKE_BACK, values, known):
        return True
    if known():
        return False
    state = _state(key)
    if state in (Reservation.State.DEDUCTED, Reservation.State.RETURNED):
        raise LedgerError(f"more than left came back under {key}", code="too_much")
    raise LedgerError(f"the goods of {key} have not left (state: {state})", code="not_deducted")


def post(
    kind: str,
    item: int,
    quantity: Decimal | int,
    unit: str,
    *,
    key: str,
    document: str = "",
    reason: str = "",
    actor: str = SYSTEM,
) -> bool:
    """Book what is not a parcel's: opening, announce, inbound, adjust (signed, with a reason).

    :raises LedgerError: ``unknown_item``, ``wrong_unit``, ``short_stock``, ``bad_quantity``, ``bad_kind``,
        ``reason_needed``, ``key_conflict``
    """
    if kind not in (Kind.OPENING, Kind.ANNOUNCE, Kind.INBOUND, Kind.ADJUST):
        raise LedgerError(f"{kind} is not booked by hand", code="bad_kind")
    if kind == Kind.ADJUST and not reason.strip():
        raise LedgerError("an adjustment needs a reason", code="reason_needed")
    amount = checked_quantity(quantity, signed=kind == Kind.ADJUST)
    values = {
        **EFFECTS[kind]._asdict(),
        "item": item,
        "unit": unit,
        "quantity": amount,
        "kind": str(kind),
        "key": key,
        "document": document,
        "reason": reason,
        "actor": actor,
        "at": clock.now(),
    }
    if _execute(_POST, values, lambda: Movement.objects.filter(key=key).exists()):
        return True
    known = Movement.objects.filter(key=key).first()
    if known is None:
        raise _refusal(item, unit, amount)
    if (known.item_id, known.kind, known.quantity) != (item, str(kind), amount):
        raise LedgerError(f"the key {key} already booked something else", code="key_conflict")
    return False


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of an item that is not the sum of its movements."""

    book: str
    item_record_no: str
    measure: str
    balance: Decimal
    movements: Decimal


def reconcile() -> list[Difference]:
    """Prove that every balance is the sum of its movements; return what differs."""
    sums: dict[int, dict[str, Decimal]] = {}
    for row in Movement.objects.order_by().values("item", "kind").annotate(total=Sum("quantity")):
        totals = sums.setdefault(row["item"], dict.fromkeys(Effect._fields, Decimal(0)))
        for measure, sign in EFFECTS[row["kind"]]._asdict().items():
            totals[measure] += sign * row["total"]
    nothing = dict.fromkeys(Effect._fields, Decimal(0))
    return [
        Difference(item.book.number, item.item_record_no, measure, getattr(item, measure), expected)
        for item in BookItem.objects.select_related("book").order_by("pk")
        for measure, expected in sums.get(item.pk, nothing).items()
        if getattr(item, measure) != expected
    ]


def _settle(key: str, kind: Kind, before: str, after: str, *, document: str, reason: str, actor: str) -> bool:
    values = {
        **EFFECTS[kind]._asdict(),
        "key": key,
        "from": before,
        "to": after,
        "kind": str(kind),
        "document": document,
        "reason": reason,
        "actor": actor,
        "at": clock.now(),
    }
    return _execute(_SETTLE, values, lambda: False)


def _execute(statement: str, values: dict[str, Any], known: Callable[[], bool]) -> bool:
    """Run one statement; return whether it booked. A key that somebody else booked meanwhile is no error."""
    try:
        # A savepoint only inside a transaction: alone, the statement is its own transaction.
        if connection.in_atomic_block:
            with transaction.atomic():
                return _run(statement, values)
        return _run(statement, values)
    except IntegrityError as error:
        if known():
            return False
        if "not_negative" in str(error):
            raise LedgerError("the book would fall below zero", code="short_stock") from None
        raise
    except DataError:
        raise LedgerError("the balance would outgrow eighteen digits", code="bad_quantity") from None


def _run(statement: str, values: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() is not None


def _refusal(item: int, unit: str, quantity: Decimal) -> LedgerError:
    """Say why a conditional statement found no row to change."""
    row = BookItem.objects.select_related("book").filter(pk=item).first()
    if row is None:
        return LedgerError("no such item in the bonded book", code="unknown_item")
    facts = {"book": row.book.number, "item_record_no": row.item_record_no, "sku": row.gds_mtno}
    if row.dcl_unit != unit:
        message = f"{row.gds_mtno} is booked in unit {row.dcl_unit}, not {unit or '(none)'}"
        return LedgerError(message, code="wrong_unit", **facts)
    if row.execution in (BookItem.Execution.STOPPED, BookItem.Execution.STOPPED_OUT):
        return LedgerError(f"customs stopped {row.gds_mtno} in the book", code="item_stopped", **facts)
    message = f"{row.gds_mtno}: {quantity:f} wanted, {row.available:f} available in the bonded book"
    facts |= {"wanted": f"{quantity:f}", "available": f"{row.available:f}"}
    return LedgerError(message, code="short_stock", **facts)


def _state(key: str) -> str:
    return Reservation.objects.filter(key=key).values_list("state", flat=True).first() or "unknown"


def _bad_quantity(why: str) -> LedgerError:
    return LedgerError(f"a quantity {why}", code="bad_quantity")
