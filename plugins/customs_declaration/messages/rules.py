"""What customs would refuse of a message and can be told from the message alone.

Sources: the specification of 202205 (meaning of the elements, table of codes), announcements 2018/113 and 2018/194.
Amounts may differ by less than a fen's half, because a unit price has five places at most. Findings never quote
names or ID numbers. A value that is no number is left to the structural check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from saleor_ext.core.errors import PermanentError

from ..identity_checks import id_number_ok
from ..policy import limits_on
from .check import Remedy, StructureFinding
from .document import Document, read_stamp
from .fields import Message

Values = Mapping[str, str]
Found = Iterator[tuple[str, str, str, Remedy]]
Rule = Callable[[Values, list[Values]], Found]

BONDED, DIRECT = "1210", "9610"
_TOLERANCE = Decimal("0.005")
_MEND, _BUYER, _OPERATOR = Remedy.MEND_DATA, Remedy.ASK_BUYER, Remedy.OPERATOR

#: Rule code -> what it says and the code customs answer with, where one is published. Shown in docs/customs.md.
RULES: dict[str, str] = {
    "actural_paid": "acturalPaid = goodsValue + freight + taxTotal - discount (customs compare it with 411: 1332)",
    "line_total": "totalPrice = price x qty",
    "goods_value": "goodsValue = sum of the lines' totalPrice",
    "gnum": "gnum from 1, ascending, each once (-301002, -621027); 625: each once; 711: without gaps",
    "range": "amounts not negative, quantities and weights above zero, net weight not above gross weight",
    "fixed": "packNo 1; buyerIdType and payerIdType 1; appType 1 in a cancellation",
    "id_number": "a resident ID number with the right check character (1300)",
    "conditional": "1210: emsNo, areaCode, areaName, itemRecordNo, country 142; 9610: trafNo, voyageNo, billNo, "
    "country of departure; copNo always; the three payment elements of an order together",
    "superfluous": "1210: no trafNo, voyageNo, billNo; 9610: no emsNo",
    "pair": "unit2 and qty2 together, qty2 above zero (-625009)",
    "single_limit": "goods, freight and insurance of more than one piece within the limit of one order (-621005)",
    "upper_case": "guid in upper case",
    "duplicate": "one guid and one number per document of a message",
}


def check_rules(
    message: Message, index: int, document: Document, apart_from: Collection[Rule] = ()
) -> Iterator[StructureFinding]:
    """Return the findings of substance of one document of a request, by all rules or by all but some."""
    if not message.request:
        return
    head = document if not message.wrapper else document.get(message.head.name) or {}
    rows: list[Values] = (document.get(message.lines.name) or []) if message.lines else []
    for rule in _RULES_OF[message.name]:
        if rule in apart_from:
            continue
        for path, code, text, remedy in rule(head, rows):
            place = path.replace("{head}", message.head.name).replace(
                "{lines}", message.lines.name if message.lines else ""
            )
            yield StructureFinding(index, place, code, text, remedy=remedy)


class Doubles:
    """Finds documents of one message that carry the same guid or the same number."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._names = _UNIQUE.get(message.name, _NUMBERS)
        self._seen: dict[tuple[str, str], int] = {}

    def of(self, index: int, document: Document) -> Iterator[StructureFinding]:
        """Return which values of a document an earlier one had."""
        if not self._message.request:
            return
        name = self._message.head.name
        head = document if not self._message.wrapper else document.get(name) or {}
        for field in self._names:
            value = head.get(field)
            if value:
                first = self._seen.setdefault((field, value), index)
                if first != index:
                    text = f"the same {field} as document {first}"
                    yield StructureFinding(index, f"{name}/{field}", "duplicate", text)


_NUMBERS = ("guid", "orderNo", "logisticsNo", "payTransactionId", "copNo")
#: Several returns may be against one list.
_UNIQUE = {"CEB625Message": ("guid", "copNo")}


def _decimal(values: Values, name: str) -> Decimal | None:
    try:
        value = Decimal(values.get(name, "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and value.adjusted() < 30 else None


def _present(values: Values, name: str) -> bool:
    return bool(values.get(name, "").strip())


def _guid(head: Values, _rows: list[Values]) -> Found:
    if head.get("guid", "") != head.get("guid", "").upper():
        yield "{head}/guid", "upper_case", "the letters of a guid must be upper case", _MEND


def _actural_paid(head: Values, _rows: list[Values]) -> Found:
    goods, freight, tax, discount, paid = (
        _decimal(head, name) for name in ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")
    )
    if goods is None or freight is None or tax is None or discount is None or paid is None:
        return
    expected = goods + freight + tax - discount
    if paid != expected:
        text = f"acturalPaid is {paid}, but goodsValue + freight + taxTotal - discount is {expected}"
        yield "{head}/acturalPaid", "actural_paid", text, _MEND


def _line_totals(_head: Values, rows: list[Values]) -> Found:
    for number, row in enumerate(rows, 1):
        price, qty, total = (_decimal(row, name) for name in ("price", "qty", "totalPrice"))
        if price is None or qty is None or total is None:
            continue
        if abs(price * qty - total) > _TOLERANCE:
            text = f"totalPrice is {total}, but price x qty is {price * qty}"
            yield f"{{lines}}[{number}]/totalPrice", "line_total", text, _MEND


def _goods_value(head: Values, rows: list[Values]) -> Found:
    totals = [_decimal(row, "totalPrice") for row in rows]
    goods = _decimal(head, "goodsValue")
    known = [one for one in totals if one is not None]
    if goods is None or not rows or len(known) != len(totals):
        return
    if abs(sum(known, Decimal(0)) - goods) > _TOLERANCE:
        text = f"goodsValue is {goods}, but the lines add up to {sum(known, Decimal(0))}"
        yield "{head}/goodsValue", "goods_value", text, _MEND


def _gnums(rows: list[Values]) -> list[tuple[int, int]]:
    """Return the readable line numbers with the place of their line."""
    found = []
    for number, row in enumerate(rows, 1):
        text = row.get("gnum", "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 10:
            found.append((number, int(text)))
    return found


def _once(rows: list[Values]) -> Found:
    seen: set[int] = set()
    for number, gnum in _gnums(rows):
        if gnum in seen:
            yield (
                f"{{lines}}[{number}]/gnum",
                "gnum",
                f"line number {gnum} stands there more than once",
                _MEND,
            )
        seen.add(gnum)


def _gnum_once(_head: Values, rows: list[Values]) -> Found:
    yield from _once(rows)


def _gnum_ascending(_head: Values, rows: list[Values]) -> Found:
    yield from _once(rows)
    last = 0
    seen: set[int] = set()
    for number, gnum in _gnums(rows):
        if number == 1 and gnum != 1:
            yield "{lines}[1]/gnum", "gnum", f"line numbers begin with 1, not {gnum}", _MEND
        elif gnum < last and gnum not in seen:
            yield f"{{lines}}[{number}]/gnum", "gnum", f"line number {gnum} comes after {last}", _MEND
        seen.add(gnum)
        last = max(last, gnum)


def _gnum_gapless(_head: Values, rows: list[Values]) -> Found:
    for number, gnum in _gnums(rows):
        if gnum != number:
            yield f"{{lines}}[{number}]/gnum", "gnum", f"line {number} is numbered {gnum}", _MEND


def _at_least(place: str, values: Values, names: tuple[str, ...], *, above: bool) -> Found:
    for name in names:
        value = _decimal(values, name)
        if value is not None and (value <= 0 if above else value < 0):
            yield (
                f"{place}/{name}",
                "range",
                f"{name} must {'be above zero' if above else 'not be negative'}",
                _MEND,
            )


def _head_range(head: Values, _rows: list[Values]) -> Found:
    free = ("goodsValue", "freight", "discount", "taxTotal", "acturalPaid", "insuredFee")
    yield from _at_least("{head}", head, free, above=False)
    yield from _at_least("{head}", head, ("amountPaid", "weight", "grossWeight", "netWeight"), above=True)
    gross, net = _decimal(head, "grossWeight"), _decimal(head, "netWeight")
    if gross is not None and net is not None and net > gross:
        yield "{head}/netWeight", "range", f"net weight {net} is above gross weight {gross}", _MEND


def _row_range(_head: Values, rows: list[Values]) -> Found:
    for number, row in enumerate(rows, 1):
        place = f"{{lines}}[{number}]"
        yield from _at_least(place, row, ("price", "totalPrice"), above=False)
        yield from _at_least(place, row, ("qty", "qty1"), above=True)


def _pack_no(head: Values, _rows: list[Values]) -> Found:
    if "packNo" in head and head["packNo"].strip() != "1":
        yield "{head}/packNo", "fixed", "packNo must be 1: one parcel, one list", _MEND


def _new_only(head: Values, _rows: list[Values]) -> Found:
    if "appType" in head and head["appType"] != "1":
        yield "{head}/appType", "fixed", "a cancellation is always new: appType must be 1", _MEND


def _id_type(kind: str) -> Rule:
    def rule(head: Values, _rows: list[Values]) -> Found:
        if head.get(kind, "1") != "1":
            yield f"{{head}}/{kind}", "fixed", f"{kind} must be 1: a resident ID", _BUYER

    return rule


def _id_number(kind: str, number: str) -> Rule:
    def rule(head: Values, _rows: list[Values]) -> Found:
        if head.get(kind, "1") == "1" and number in head and not id_number_ok(head[number]):
            yield f"{{head}}/{number}", "id_number", "is no valid resident ID number (GB 11643)", _BUYER

    return rule


def _payment(head: Values, _rows: list[Values]) -> Found:
    names = ("payCode", "payName", "payTransactionId")
    given = [name for name in names if _present(head, name)]
    if given:
        for name in names:
            if name not in given:
                yield f"{{head}}/{name}", "conditional", f"{name} belongs to {', '.join(given)}", _MEND


def _own_number(head: Values, _rows: list[Values]) -> Found:
    if not _present(head, "copNo"):
        yield "{head}/copNo", "conditional", "without copNo no receipt can be matched", _MEND


def _mode(head: Values, rows: list[Values]) -> Found:
    mode = head.get("tradeMode", "")
    if mode == BONDED:
        yield from _bonded(head, rows)
    elif mode == DIRECT:
        yield from _direct(head)


def _bonded(head: Values, rows: list[Values]) -> Found:
    for name in ("emsNo", "areaCode", "areaName"):
        if not _present(head, name):
            yield f"{{head}}/{name}", "conditional", f"{name} is needed in mode 1210", _OPERATOR
    for number, row in enumerate(rows, 1):
        if not _present(row, "itemRecordNo"):
            path = f"{{lines}}[{number}]/itemRecordNo"
            yield path, "conditional", "itemRecordNo is needed in mode 1210", _MEND
    if head.get("country", "142") != "142":
        yield "{head}/country", "conditional", "country must be 142 in mode 1210", _MEND
    for name in ("trafNo", "voyageNo", "billNo"):
        if _present(head, name):
            yield f"{{head}}/{name}", "superfluous", f"{name} has no place in mode 1210", _MEND


def _direct(head: Values) -> Found:
    for name in ("trafNo", "voyageNo", "billNo"):
        if not _present(head, name):
            yield f"{{head}}/{name}", "conditional", f"{name} is needed in mode 9610", _MEND
    if head.get("country") == "142":
        yield "{head}/country", "conditional", "country is that of departure in mode 9610, not 142", _MEND
    if _present(head, "emsNo"):
        yield "{head}/emsNo", "superfluous", "emsNo has no place in mode 9610", _MEND


def _second_unit(_head: Values, rows: list[Values]) -> Found:
    for number, row in enumerate(rows, 1):
        place = f"{{lines}}[{number}]"
        unit, qty = _present(row, "unit2"), _present(row, "qty2")
        if unit and not qty:
            yield f"{place}/qty2", "pair", "unit2 is given, so qty2 must be", _MEND
        elif qty and not unit:
            yield f"{place}/unit2", "pair", "qty2 is given, so unit2 must be", _MEND
        elif qty:
            value = _decimal(row, "qty2")
            if value is not None and value <= 0:
                yield f"{place}/qty2", "pair", "qty2 must be above zero", _MEND


def _single_limit(head: Values, rows: list[Values]) -> Found:
    day = read_stamp(head.get("declTime", "")) or read_stamp(head.get("appTime", ""))
    if day is None:
        return
    total, pieces = Decimal(0), Decimal(0)
    for row in rows:
        price, qty = _decimal(row, "totalPrice"), _decimal(row, "qty")
        if price is None or qty is None:
            return
        total, pieces = total + price, pieces + qty
    total += (_decimal(head, "freight") or 0) + (_decimal(head, "insuredFee") or 0)
    try:
        limit = limits_on(day.date()).single
    except PermanentError:  # a day before the first edition on file
        return
    if total > limit and (pieces > 1 or len(rows) > 1):
        yield "{head}", "single_limit", f"{total} yuan exceed the {limit} of one order", _BUYER


def _parcels_once(_head: Values, rows: list[Values]) -> Found:
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        name = row.get("logisticsNo", "")
        if name and name in seen:
            path = f"{{lines}}[{number}]/logisticsNo"
            yield path, "duplicate", "the parcel stands in the list already", _MEND
        seen.add(name)


_BUYER_TYPE, _BUYER_ID = _id_type("buyerIdType"), _id_number("buyerIdType", "buyerIdNumber")
_PAYER_TYPE, _PAYER_ID = _id_type("payerIdType"), _id_number("payerIdType", "payerIdNumber")
#: Rules that whoever knows more than the message judges better: limits, persons, weights.
JUDGED_ELSEWHERE = frozenset({_BUYER_ID, _PAYER_ID, _single_limit, _head_range, _row_range})
_AFTER = (_guid, _BUYER_TYPE, _BUYER_ID, _own_number)
_RULES_OF: dict[str, tuple[Rule, ...]] = {
    "CEB311Message": (
        _guid, _actural_paid, _goods_value, _head_range, _BUYER_TYPE, _BUYER_ID, _payment,
        _gnum_ascending, _line_totals, _row_range,
    ),
    "CEB411Message": (_guid, _PAYER_TYPE, _PAYER_ID, _head_range),
    "CEB511Message": (_guid, _pack_no, _head_range),
    "CEB513Message": (_guid,),
    "CEB621Message": (
        _guid, _own_number, _mode, _BUYER_TYPE, _BUYER_ID, _pack_no, _head_range, _single_limit,
        _gnum_ascending, _line_totals, _row_range, _second_unit,
    ),
    "CEB623Message": (*_AFTER, _new_only),
    "CEB625Message": (*_AFTER, _gnum_once, _row_range),
    "CEB711Message": (_guid, _own_number, _gnum_gapless, _parcels_once),
}  # fmt: skip
