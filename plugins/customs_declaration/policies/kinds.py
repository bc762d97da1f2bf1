"""What each kind of policy table looks like: reading an edition, and saying what it changes.

Limits, postal articles and windows are TOML, amounts as text; tax rates and the positive list are CSV with the
columns of the shipped samples. A row or value that cannot be right is refused before anybody is asked to approve it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from saleor_ext.core.errors import ConfigurationError

from .. import policy, positive_list, postal, tariff_report
from . import windows
from .models import PolicyEdition

Kind = PolicyEdition.Kind
#: Kinds that are one table of values; the others are tables of codes, whose rows have days of their own.
VALUES = frozenset({Kind.LIMITS, Kind.POSTAL, Kind.RETURNS})
#: Columns of the tables of codes.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.TARIFF: ("name", *policy.COLUMNS),
    Kind.POSITIVE_LIST: positive_list.COLUMNS,
}
_WINDOW_KEYS = ("apply_days", "arrive_days", "pay_from_day", "pay_until_day")
#: Standing of what two persons have approved.
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: a key or code, and what it was and becomes; empty for what comes or goes."""

    key: str
    before: str
    after: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def parse(kind: str, content: str, since: date, source: str) -> Any:
    """Read an edition: ``Limits``, ``Tariff``, ``PositiveList``, ``PostalEdition`` or ``Windows``.

    :raises ConfigurationError: one line that names the place
    """
    return _READERS[Kind(kind)](content, since, source)


def write(kind: str, table: Any) -> str:
    """Return a table in force as an edition's text to start from; for tables of codes only their columns.

    Their rows are in the file or edition that they were read from.
    """
    chosen = Kind(kind)
    if chosen in COLUMNS:
        return ",".join(COLUMNS[chosen]) + "\n"
    if chosen == Kind.POSTAL:
        return _postal_text(table)
    if chosen == Kind.LIMITS:
        values = {"single_limit": table.single, "annual_limit": table.annual, "tax_share": table.tax_share}
        return "".join(f'{name} = "{value}"\n' for name, value in values.items())
    return "".join(f"{name} = {getattr(table, name)}\n" for name in _WINDOW_KEYS)


def _postal_text(table: postal.PostalEdition) -> str:
    lines = [f'exempt_up_to = "{table.exempt_up_to}"', "", "[rates]"]
    lines += [f'"{name}" = "{rate}"' for name, rate in table.rates.items()]
    lines += ["", "[parcel_limit]"]
    lines += [f'"{code}" = "{limit}"' for code, limit in table.parcel_limit.items()]
    return "\n".join(lines) + "\n"


def differences(kind: str, old: Any, new: Any, day: date) -> list[Change]:
    """Return what an edition in force from a day changes; both as ``parse`` makes them."""
    return list(_DIFFERENCES[Kind(kind)](old, new, day))


# -- TOML ------------------------------------------------------------------------------------------------------


def _table(content: str, keys: frozenset[str]) -> Mapping[str, Any]:
    try:
        found = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not TOML: {error}") from None
    if set(found) != keys:
        raise ConfigurationError(
            f"the keys are {', '.join(sorted(keys))}, not {', '.join(sorted(found)) or 'none'}"
        )
    return found


def _amount(found: Mapping[str, Any], key: str, place: str = "") -> Decimal:
    value = found[key]
    name = f"{place}.{key}" if place else key
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise ConfigurationError(f'{name}: {value!r} is no amount written as text (such as "5000.00")')
    return number


def _limits(content: str, since: date, source: str) -> policy.Limits:
    found = _table(content, frozenset({"single_limit", "annual_limit", "tax_share"}))
    single, annual = _amount(found, "single_limit"), _amount(found, "annual_limit")
    if not 0 < single <= annual:
        raise ConfigurationError("single_limit: is above nought and not above annual_limit")
    if _amount(found, "tax_share") > 1:
        raise ConfigurationError("tax_share: is a fraction, 1 at most (70 % is 0.70)")
    return policy.limits_of(found, since, source, APPROVED)


def _postal(content: str, since: date, source: str) -> postal.PostalEdition:
    found = _table(content, frozenset({"rates", "exempt_up_to", "parcel_limit"}))
    _amount(found, "exempt_up_to")
    for table in ("rates", "parcel_limit"):
        if not isinstance(found[table], dict) or not found[table]:
            raise ConfigurationError(f"{table}: is a table with at least one entry")
        for key in found[table]:
            _amount(found[table], key, table)
    if "" not in found["parcel_limit"]:
        raise ConfigurationError('parcel_limit: has no entry "" for all other origins')
    known = {name for edition in postal.editions() for name in edition.rates}
    if missing := known - set(found["rates"]):
        raise ConfigurationError(f"rates: no class {', '.join(sorted(missing))}")
    return postal.edition_of(found, since, source, APPROVED)


def _windows(content: str, since: date, source: str) -> windows.Windows:
    found = _table(content, frozenset(_WINDOW_KEYS))
    for key in _WINDOW_KEYS:
        if type(found[key]) is not int or not 0 < found[key] <= 366:
            raise ConfigurationError(f"{key}: {found[key]!r} is no number of days from 1 to 366")
    made = windows.windows_of(found, since, source, APPROVED)
    if made.arrive_days < made.apply_days:
        raise ConfigurationError("arrive_days: goods cannot be due before the application is")
    if not made.apply_days < made.pay_from_day <= made.pay_until_day:
        raise ConfigurationError("pay_from_day: lies after apply_days and not after pay_until_day")
    return made


# -- CSV -------------------------------------------------------------------------------------------------------


def _tariff(content: str, since: date, _source: str) -> policy.Tariff:
    made = policy.tariff_of(content, "tariff", since)
    if not made.rows:
        raise ConfigurationError("the table has no row")
    if found := tariff_report.contradictions(made):
        raise ConfigurationError(f"rows contradict each other: {found[0].as_json()}")
    return made


def _list(content: str, since: date, _source: str) -> positive_list.PositiveList:
    made = positive_list.list_of(content, "positive list", since)
    if not made.rules:
        raise ConfigurationError("the table has no row")
    return made


_READERS: dict[Kind, Callable[[str, date, str], Any]] = {
    Kind.LIMITS: _limits,
    Kind.TARIFF: _tariff,
    Kind.POSITIVE_LIST: _list,
    Kind.POSTAL: _postal,
    Kind.RETURNS: _windows,
}


# -- differences -----------------------------------------------------------------------------------------------


def _of_values(old: Any, new: Any, _day: date) -> Iterator[Change]:
    before, after = _flat(old), _flat(new)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Change(key, before.get(key, ""), after.get(key, ""))


#: Keys of an edition's text that are called otherwise in the value made of it.
_KEYS = {"single": "single_limit", "annual": "annual_limit"}


def _flat(edition: Any) -> dict[str, str]:
    """Return the values of an edition by its keys, those of tables as ``name.key``; not where it comes from."""
    found: dict[str, str] = {}
    for field, value in asdict(edition).items():
        name = _KEYS.get(field, field)
        if isinstance(value, dict):
            found.update({f"{name}.{key}": str(one) for key, one in value.items()})
        elif name not in ("since", "source", "status", "read_on"):
            found[name] = str(value)
    return found


def _of_tariffs(old: policy.Tariff, new: policy.Tariff, day: date) -> Iterator[Change]:
    yield from _of_codes(tariff_report.differences(old, new, day), "hs")


def _of_lists(
    old: positive_list.PositiveList | None, new: positive_list.PositiveList, day: date
) -> Iterator[Change]:
    before = old or positive_list.PositiveList(())
    yield from _of_codes(positive_list.differences(before, new, day), "hs8")


def _of_codes(told: Mapping[str, Any], name: str) -> Iterator[Change]:
    for one in told["added"]:
        yield Change(one if isinstance(one, str) else str(one[name]), "", "+")
    for one in told["removed"]:
        yield Change(one if isinstance(one, str) else str(one[name]), "-", "")
    for one in told["changed"]:
        if "changes" in one:
            for field, (old, new) in one["changes"].items():
                yield Change(f"{one[name]} {field}", old, new)
        else:
            yield Change(str(one[name]), "; ".join(one["old"]), "; ".join(one["new"]))


_DIFFERENCES: dict[Kind, Callable[[Any, Any, date], Iterator[Change]]] = {
    Kind.LIMITS: _of_values,
    Kind.TARIFF: _of_tariffs,
    Kind.POSITIVE_LIST: _of_lists,
    Kind.POSTAL: _of_values,
    Kind.RETURNS: _of_values,
}
