"""An order to be taxed as a JSON document, and its answer: the wire of ``ponte customs tax``. Pure: no database.

In: ``{"date","used_this_year","freight","insurance","discount_non_cash","lines":[{"sku","quantity","unit_price",
"hs_code"?,"rates"?:{"duty","vat","consumption":{"ad_valorem","specific","specific_quantity"}}}]}``. Amounts are CNY,
rates fractions (0.13 = 13 %), ``specific`` CNY per unit, ``specific_quantity`` the whole line's contents in that
unit; numbers or strings of numbers. A line has a commodity code, rates, or both: then given rates go before the
tariff's. Anything missing, unknown or out of range is an error that names its place: nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PermanentError

from .policy import ConsumptionTier, Rates, Tariff
from .tax import EXACT, FEN, ZERO, TaxLine, TaxResult, calculate

#: Largest file that is read. A thousand lines take a tenth of a megabyte.
MAX_BYTES = 16 * 1024 * 1024
#: Customs write amounts and quantities as N19,5: fourteen digits before the point, five after it.
WHOLE_DIGITS, PRICE_PLACES, MONEY_PLACES = 14, 5, 2
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CODE = re.compile(r"\d{8}(\d\d)?", re.ASCII)
_ORDER = ("date", "used_this_year", "freight", "insurance", "discount_non_cash", "lines")
_LINE = ("sku", "quantity", "unit_price")
_CONSUMPTION = ("ad_valorem", "specific", "specific_quantity")
#: Longest part of a wrong value that an error repeats.
_SHOWN = 40

Json = Mapping[str, Any]


class Unreadable(PermanentError):
    """The document is not an order that can be taxed; the message is one line and names the place."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be taxed; amounts in CNY."""

    day: date
    used_this_year: Decimal
    freight: Decimal
    insurance: Decimal
    discount_non_cash: Decimal
    lines: tuple[TaxLine, ...]


def read(path: Path) -> Any:
    """Read a JSON file with every number as ``Decimal``.

    :raises Unreadable: no file, too large, not UTF-8, not JSON, a key given twice
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1024**2} MB")
    return parse(raw)


def parse(raw: bytes) -> Any:
    """Read JSON text with every number as ``Decimal``; see ``read``."""
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_decimal,
            parse_constant=NoNumber,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Unreadable("not JSON: nested too deeply") from None


def order_of(document: Any, tariff: Tariff) -> Order:
    """Make the order of a document; ``tariff`` gives the rates of commodity codes.

    :raises Unreadable: with the first thing that is wrong
    """
    given = _object(document, "", _ORDER, _ORDER)
    day = _day(given["date"])
    lines = given["lines"]
    if not isinstance(lines, list):
        raise _wrong("lines", lines, "a list is needed")
    if not lines:
        raise Unreadable("lines: an order has at least one line")
    return Order(
        day=day,
        used_this_year=_money(given, "used_this_year"),
        freight=_money(given, "freight"),
        insurance=_money(given, "insurance"),
        discount_non_cash=_money(given, "discount_non_cash"),
        lines=tuple(_line(line, f"lines[{n}]", tariff, day) for n, line in enumerate(lines)),
    )


def tax(order: Order) -> TaxResult:
    """Work out the tax of an order.

    :raises Unreadable: no limits of that day, contents that a tax asks for, a discount above the whole payment
    """
    try:
        result = calculate(
            order.lines,
            day=order.day,
            freight=order.freight,
            insurance=order.insurance,
            discount_non_cash=order.discount_non_cash,
            used_this_year=order.used_this_year,
        )
    except PermanentError as error:
        place = "date" if error.code == "no_limits" else "lines"
        raise Unreadable(f"{place}: {error.message}") from None
    if result.actual_paid < 0:
        over = _shown(order.discount_non_cash)
        raise Unreadable(f"discount_non_cash: {over} is more than the whole payment")
    return result


def answer(result: TaxResult) -> dict[str, Any]:
    """Return the answer document; amounts are strings in CNY with two decimals."""
    return {
        "outcome": result.outcome.value,
        "refusal": result.refusal.value if result.refusal else None,
        "lines": [
            {
                "sku": line.ref,
                "dutiable_value": _text(line.dutiable_value),
                "duty": _text(line.duty),
                "consumption_tax": _text(line.consumption_tax),
                "vat": _text(line.vat),
            }
            for line in result.lines
        ],
        "goods_value": _text(result.goods_value),
        "dutiable_value": _text(result.dutiable_value),
        "tax_total": _text(result.tax_total),
        "discount": _text(result.discount),
        "actual_paid": _text(result.actual_paid),
    }


# -- JSON ------------------------------------------------------------------------------------------------------


class NoNumber(str):
    """NaN, Infinity, or a number beyond any amount; refused where it stands, so that its field can be named."""

    __slots__ = ()


def _decimal(text: str) -> Decimal | NoNumber:
    return Decimal(text) if _NUMBER.fullmatch(text) else NoNumber(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable(f"{_shown(key)} is given twice in one object")
        found[key] = value
    return found


# -- values ----------------------------------------------------------------------------------------------------


def _line(given: Any, place: str, tariff: Tariff, day: date) -> TaxLine:
    line = _object(given, place, (*_LINE, "hs_code", "rates"), _LINE)
    quantity = _number(line["quantity"], f"{place}.quantity", places=0)
    if quantity < 1:
        raise _wrong(f"{place}.quantity", line["quantity"], "at least one piece is needed")
    price = _number(line["unit_price"], f"{place}.unit_price", places=PRICE_PLACES)
    value = EXACT.multiply(price, quantity).quantize(FEN, ROUND_HALF_UP, EXACT)
    if value >= Decimal(10) ** WHOLE_DIGITS:
        raise Unreadable(f"{place}: quantity × unit_price is beyond any amount")
    rates, contents = _rates(line, place, tariff, day)
    made = TaxLine(
        ref=_name(line["sku"], f"{place}.sku"),
        quantity=quantity,
        value=value,
        rates=rates,
        specific_quantity=contents,
    )
    for unit in (
        unit for tier in rates.consumption for unit in (tier.basis, tier.specific and tier.unit) if unit
    ):
        if not made.measure(unit) and line.get("hs_code") is not None:
            where = f"{place}.rates.consumption.specific_quantity"
            raise Unreadable(
                f"{where}: is missing; the consumption tax of {line['hs_code']} is judged per {unit}"
            )
    return made


def _rates(line: Json, place: str, tariff: Tariff, day: date) -> tuple[Rates, Decimal | None]:
    """Return the line's rates and its contents in the unit of the specific tax, when given."""
    listed = (
        _listed(line["hs_code"], f"{place}.hs_code", tariff, day) if line.get("hs_code") is not None else None
    )
    if line.get("rates") is None:
        if listed is None:
            raise Unreadable(f"{place}: neither hs_code nor rates are given")
        return listed, None
    where = f"{place}.rates"
    given = _object(line["rates"], where, ("duty", "vat", "consumption"), () if listed else ("duty", "vat"))
    consumption, contents = (listed.consumption if listed else ()), None
    if given.get("consumption") is not None:
        parts = _object(given["consumption"], f"{where}.consumption", _CONSUMPTION, ())
        contents = _optional(parts, "specific_quantity", f"{where}.consumption")
        if "ad_valorem" in parts or "specific" in parts or not listed:
            consumption = (_tier(parts, f"{where}.consumption"),)
    base = listed or Rates(ZERO, ZERO)
    return (
        Rates(
            duty=_rate(given["duty"], f"{where}.duty") if "duty" in given else base.duty,
            vat=_rate(given["vat"], f"{where}.vat") if "vat" in given else base.vat,
            consumption=consumption,
            source=base.source or "given with the order",
        ),
        contents,
    )


def _tier(parts: Json, place: str) -> ConsumptionTier:
    given = parts.get("ad_valorem")
    rate = ZERO if given is None else _rate(given, f"{place}.ad_valorem")
    if rate == 1:
        raise _wrong(f"{place}.ad_valorem", rate, "must be below 1, else the tax has no end")
    specific = _optional(parts, "specific", place) or ZERO
    if specific and parts.get("specific_quantity") is None:
        raise Unreadable(f"{place}.specific_quantity: is missing; the specific tax is levied by it")
    return ConsumptionTier(ad_valorem=rate, specific=specific, unit="piece")


def _listed(given: Any, place: str, tariff: Tariff, day: date) -> Rates:
    given = str(given) if isinstance(given, Decimal) else given
    if not isinstance(given, str) or _CODE.fullmatch(given) is None:
        raise _wrong(place, given, "8 or 10 digits are needed")
    found = tariff.find(given, day)
    if found is None:
        raise Unreadable(f"{place}: no tax rate of {given} is on file for {day}; give rates")
    return found


def _object(given: Any, place: str, known: Sequence[str], needed: Sequence[str]) -> Json:
    if not isinstance(given, dict):
        raise _wrong(place or "the document", given, "an object is needed")
    start = f"{place}." if place else ""
    for key in needed:
        if key not in given:
            raise Unreadable(f"{start}{key}: is missing")
    for key in given:
        if key not in known:
            raise Unreadable(f"{start}{_shown(key)}: unknown key; known are {', '.join(known)}")
    return given


def _money(given: Json, key: str) -> Decimal:
    return _number(given[key], key, places=MONEY_PLACES)


def _optional(given: Json, key: str, place: str) -> Decimal | None:
    return None if given.get(key) is None else _number(given[key], f"{place}.{key}", places=PRICE_PLACES)


def _rate(given: Any, place: str) -> Decimal:
    rate = _number(given, place, places=8)
    if rate > 1:
        raise _wrong(place, given, "a rate is a fraction, 13 % is 0.13")
    return rate


def _number(given: Any, place: str, *, places: int) -> Decimal:
    """Return a number that is not negative, has no more decimals than ``places`` and no more digits than customs'."""
    number = Decimal(given) if isinstance(given, str) and _NUMBER.fullmatch(given) else given
    if not isinstance(number, Decimal):
        raise _wrong(place, given, "a number is needed")
    if number < 0:
        raise _wrong(place, given, "must not be negative")
    if number >= Decimal(10) ** WHOLE_DIGITS:
        raise _wrong(place, given, f"more than {WHOLE_DIGITS} digits before the point")
    if not number:
        return ZERO
    if number.adjusted() < -places or number != number.quantize(Decimal(1).scaleb(-places), context=EXACT):
        raise _wrong(place, given, f"more than {places} decimals" if places else "a whole number is needed")
    return number.quantize(Decimal(1).scaleb(-places), context=EXACT)


def _day(given: Any) -> date:
    if isinstance(given, str) and _DATE.fullmatch(given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    raise _wrong("date", given, "a day as YYYY-MM-DD is needed")


def _name(given: Any, place: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise _wrong(place, given, "a text is needed")
    return given


def _wrong(place: str, given: Any, why: str) -> Unreadable:
    return Unreadable(f"{place}: {_shown(given)}: {why}")


def _shown(given: Any) -> str:
    """Repeat a wrong value on one line, and not the whole of a long one."""
    if isinstance(given, dict | list):
        return "an object" if isinstance(given, dict) else "a list"
    quoted = (
        given is None
        or isinstance(given, bool)
        or (isinstance(given, str) and not isinstance(given, NoNumber))
    )
    text = json.dumps(given) if quoted else str(given)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _text(amount: Decimal) -> str:
    return f"{amount.quantize(FEN, ROUND_HALF_UP, EXACT):f}"
