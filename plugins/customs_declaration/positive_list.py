"""The positive list: which eight-digit codes may be retail imports, and its remarks as rules.

The official list is an annex that the operator loads; ``data/positive_list_sample.csv`` shows the shape and says of
every row how far it can be trusted. One row is one remark of one code, several rows of a code hold together:

=============  ==================================================================================================
``rule``       meaning
=============  ==================================================================================================
(empty)        listed without condition
``bonded``     only out of bonded stock (lane ``bonded_1210``), not by direct mail
``exclude``    part of the code is not listed: the ten-digit ``codes`` when given, else what ``remark`` describes
``narrow``     only part of the code is listed: the ten-digit ``codes`` when given, else what ``remark`` describes
``cap``        at most ``cap`` of ``unit`` (``kg``, ``l``, ``piece`` …) a person and calendar year; rows of one
               ``cap_group`` share it
=============  ==================================================================================================

A rule that only its text describes is put before a person, never judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from saleor_ext.core.errors import ConfigurationError

from . import tables
from .policy import BASES, DATA
from .tax import ZERO, MissingMeasure, TaxLine

BONDED_ONLY, EXCLUDE, NARROW, CAP = "bonded", "exclude", "narrow", "cap"
RULES = ("", BONDED_ONLY, EXCLUDE, NARROW, CAP)
BONDED_LANE = "bonded_1210"
COLUMNS = (
    "hs8",
    "name",
    "rule",
    "codes",
    "cap",
    "unit",
    "cap_group",
    "remark",
    "from",
    "to",
    "status",
    "source",
)


@dataclass(frozen=True, slots=True)
class ListRule:
    """One remark of one code. ``cap`` is a quantity in ``unit`` a person and year, shared by ``group``."""

    hs8: str
    name: str
    rule: str
    codes: frozenset[str]
    remark: str
    since: date
    until: date | None
    source: str
    cap: Decimal = ZERO
    unit: str = ""
    group: str = ""
    place: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the list says of an article: not listed, refused by rules, to be confirmed by a person, capped."""

    listed: bool
    refused: tuple[ListRule, ...] = ()
    confirm: tuple[ListRule, ...] = ()
    caps: tuple[ListRule, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.listed and not self.refused


@dataclass(frozen=True, slots=True)
class CapBreach:
    """A yearly quantity that would be exceeded; all three in the rule's unit."""

    rule: ListRule
    used: Decimal
    wanted: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.rule.cap - self.used, ZERO)


@dataclass
class PositiveList:
    """Rules by eight-digit code."""

    rules: tuple[ListRule, ...]
    _by_code: dict[str, list[ListRule]] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for rule in self.rules:
            self._by_code.setdefault(rule.hs8, []).append(rule)

    def verdict(self, hs_code: str, lane: str, day: date) -> Verdict:
        """Judge a ten-digit code on a lane and a day."""
        rules = [rule for rule in self._by_code.get(hs_code[:8], []) if rule.holds(day)]
        return Verdict(
            listed=bool(rules),
            refused=tuple(rule for rule in rules if _refuses(rule, hs_code, lane)),
            confirm=tuple(rule for rule in rules if rule.rule in (EXCLUDE, NARROW) and not rule.codes),
            caps=tuple(rule for rule in rules if rule.rule == CAP),
        )

    def breaches(
        self, lines: Iterable[tuple[str, TaxLine]], used: Mapping[str, Decimal], day: date
    ) -> list[CapBreach]:
        """Return the yearly quantities that (ten-digit code, line) pairs would exceed.

        ``used`` is what the person has had this year by cap group, in the unit of the group; a quantity equal to
        the cap is inside it.

        :raises MissingMeasure: a line's contents in the unit of its cap are not known
        """
        return [
            CapBreach(rule, used.get(rule.group, ZERO), amount)
            for rule, amount in self.capped(lines, day)
            if used.get(rule.group, ZERO) + amount > rule.cap
        ]

    def capped(self, lines: Iterable[tuple[str, TaxLine]], day: date) -> list[tuple[ListRule, Decimal]]:
        """Return what (ten-digit code, line) pairs take of yearly quantities, one entry a cap group.

        :raises MissingMeasure: a line's contents in the unit of its cap are not known
        """
        wanted: dict[str, tuple[ListRule, Decimal]] = {}
        for code, line in lines:
            for rule in self.verdict(code, BONDED_LANE, day).caps:
                amount = line.measure(rule.unit)
                if amount is None:
                    raise MissingMeasure(
                        f"{line.ref}: a yearly quantity is per {rule.unit}, contents not known"
                    )
                wanted[rule.group] = (rule, wanted.get(rule.group, (rule, ZERO))[1] + amount)
        return list(wanted.values())

    def listed(self, day: date) -> dict[str, tuple[ListRule, ...]]:
        """Return what is in force on a day: the rules of each code."""
        found = {
            code: tuple(rule for rule in rules if rule.holds(day)) for code, rules in self._by_code.items()
        }
        return {code: rules for code, rules in sorted(found.items()) if rules}


def _refuses(rule: ListRule, hs_code: str, lane: str) -> bool:
    if rule.rule == BONDED_ONLY:
        return lane != BONDED_LANE
    if rule.rule == EXCLUDE:
        return hs_code in rule.codes
    return rule.rule == NARROW and bool(rule.codes) and hs_code not in rule.codes


def differences(
    old: PositiveList, new: PositiveList, day: date, new_day: date | None = None
) -> dict[str, object]:
    """Compare two lists on a day (the new one on ``new_day`` when given).

    Returns ``{"added": [hs8], "removed": [hs8], "changed": [{"hs8", "old": [rule], "new": [rule]}]}``.
    """
    before, after = old.listed(day), new.listed(new_day or day)
    return {
        "added": [code for code in after if code not in before],
        "removed": [code for code in before if code not in after],
        "changed": [
            {"hs8": code, "old": _told(before[code]), "new": _told(after[code])}
            for code in before
            if code in after and _told(before[code]) != _told(after[code])
        ],
    }


def _told(rules: Iterable[ListRule]) -> list[str]:
    return sorted(
        " ".join(
            part
            for part in (
                rule.rule or "listed", *sorted(rule.codes), f"{rule.cap:f} {rule.unit}" if rule.unit else "",
                rule.group, rule.remark,
            )
            if part
        )
        for rule in rules
    )  # fmt: skip


# -- files -----------------------------------------------------------------------------------------------------


def load(path: Path) -> PositiveList:
    """Read a list: one CSV or XLSX file, or a folder of dated editions; a bad row names its line."""
    return _checked(tables.read(path, COLUMNS, _rule))


def list_of(text: str, name: str, since: date) -> PositiveList:
    """Read a list from CSV text that is in force from a day on."""
    return _checked(tables.read_text(text, name, since, COLUMNS, _rule))


def _checked(found: Sequence[ListRule]) -> PositiveList:
    _check_groups(found)
    return PositiveList(tuple(found))


def _rule(row: tables.Row, edition: tables.Edition) -> ListRule | None:
    cells = row.cells
    hs8, kind = tables.code(cells["hs8"]), cells["rule"].lower()
    if len(hs8) != 8:
        raise ValueError(f"hs8: {cells['hs8']!r} has not eight digits")
    if kind not in RULES:
        raise ValueError(f"rule: {kind!r} is none of {', '.join(RULES[1:])}")
    codes = frozenset(tables.code(code) for code in cells["codes"].replace(",", " ").split())
    if wrong := sorted(code for code in codes if len(code) != 10 or not code.startswith(hs8)):
        raise ValueError(f"codes: {', '.join(wrong)} are not ten digits below {hs8}")
    if kind in (EXCLUDE, NARROW) and not codes and not cells["remark"]:
        raise ValueError("remark: the rule needs codes or words")
    days = tables.period(cells, edition)
    if days is None:
        return None
    return ListRule(
        hs8=hs8,
        name=cells["name"],
        rule=kind,
        codes=codes,
        remark=cells["remark"],
        since=days[0],
        until=days[1],
        source=f"{cells['source']} ({cells['status']})",
        cap=_cap(cells) if kind == CAP else ZERO,
        unit=cells["unit"] if kind == CAP else "",
        group=(cells["cap_group"] or hs8) if kind == CAP else "",
        place=row.place,
    )


def _cap(cells: tables.Cells) -> Decimal:
    if cells["unit"] not in BASES:
        raise ValueError(f"unit: {cells['unit']!r} is none of {', '.join(BASES)}")
    try:
        cap = Decimal(cells["cap"])
    except InvalidOperation:
        raise ValueError(f"cap: {cells['cap']!r} is no number") from None
    if not cap.is_finite() or cap <= 0:
        raise ValueError(f"cap: {cells['cap']!r} is no quantity")
    return cap


def _check_groups(rules: Iterable[ListRule]) -> None:
    """A shared cap is one quantity: rows of a group that are in force together must agree."""
    seen: dict[str, list[ListRule]] = {}
    for rule in (rule for rule in rules if rule.rule == CAP):
        for other in seen.setdefault(rule.group, []):
            together = (other.until is None or rule.since <= other.until) and (
                rule.until is None or other.since <= rule.until
            )
            if together and (rule.cap, rule.unit) != (other.cap, other.unit):
                raise ConfigurationError(
                    f"{rule.place}: cap of group {rule.group} differs from {other.place}"
                )
        seen[rule.group].append(rule)


@lru_cache(maxsize=4)
def _list_at(path: Path, _stamp: tuple[tuple[str, int, int], ...]) -> PositiveList:
    return load(path)


def positive_list(path: str = "") -> PositiveList:
    """Return the list of a file or folder (the shipped sample when empty), read again when it changes."""
    chosen = Path(path) if path else DATA / "positive_list_sample.csv"
    return _list_at(chosen, tables.stamp(chosen))
