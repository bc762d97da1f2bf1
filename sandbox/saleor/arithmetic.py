"""Amounts of a transaction out of its events: pure, so that a table of cases can pin it down.

Events of one family (authorization, charge, refund, cancel) with one pspReference tell one story: a request is pending
until a success or a failure arrives; when both arrived, the success counts only if strictly newer.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
# What an action takes its money from: charging uses up the authorization, refunding the charge.
SOURCE = {"charge": "authorized", "refund": "charged", "cancel": "authorized"}
AMOUNT = {"authorization": "authorized", "charge": "charged", "refund": "refunded", "cancel": "canceled"}
PENDING = {
    "authorization": "authorize_pending",
    "charge": "charge_pending",
    "refund": "refund_pending",
    "cancel": "cancel_pending",
}


@dataclass(frozen=True)
class Happening:
    """The part of a transaction event that arithmetic needs."""

    type: str
    amount: Decimal
    psp_reference: str
    at: datetime.datetime


def amounts(events: Iterable[Happening]) -> dict[str, Decimal]:
    """Compute the eight amounts of a transaction."""
    total = dict.fromkeys([*AMOUNT.values(), *PENDING.values()], ZERO)
    stories: dict[tuple[str, str], dict[str, Happening]] = defaultdict(dict)
    for event in _since_adjustment(sorted(events, key=lambda e: e.at)):
        family, _, kind = _split(event.type)
        if not family:
            continue
        if event.psp_reference:
            stories[family, event.psp_reference][kind] = event
        else:
            _unreferenced(total, family, kind, event.amount)
    for family in AMOUNT:
        for (name, _), story in stories.items():
            if name == family:
                _tell(total, family, story)
    # Charging more than was authorized leaves nothing authorized, never less than nothing.
    for name in ("authorized", "authorize_pending"):
        total[name] = max(total[name], ZERO)
    return total


def _split(kind: str) -> tuple[str, str, str]:
    if kind == "CHARGE_BACK":
        return "charge", "_", "BACK"
    family, _, rest = kind.partition("_")
    return (
        (family.lower(), "_", rest)
        if family.lower() in AMOUNT and rest != "ACTION_REQUIRED"
        else ("", "", "")
    )


def _since_adjustment(events: list[Happening]) -> list[Happening]:
    """An adjustment states the authorized amount anew: authorization events before the last one are history."""
    last = max((i for i, e in enumerate(events) if e.type == "AUTHORIZATION_ADJUSTMENT"), default=-1)
    return [e for i, e in enumerate(events) if i >= last or not e.type.startswith("AUTHORIZATION_")]


def _unreferenced(total: dict[str, Decimal], family: str, kind: str, amount: Decimal) -> None:
    """Events Saleor writes itself have no reference; they move one amount and nothing is taken from a source."""
    if kind == "ADJUSTMENT":
        total["authorized"] = amount
    elif kind == "SUCCESS":
        total[AMOUNT[family]] += amount
    elif kind == "BACK":
        total["charged"] -= amount
    elif kind == "REVERSE":
        total["charged"] += amount


def _tell(total: dict[str, Decimal], family: str, story: dict[str, Happening]) -> None:
    request, success, failure = story.get("REQUEST"), story.get("SUCCESS"), story.get("FAILURE")
    if adjustment := story.get("ADJUSTMENT"):
        total["authorized"] = adjustment.amount
    if back := story.get("BACK"):
        total["charged"] -= back.amount
    if reverse := story.get("REVERSE"):
        total["charged"] += reverse.amount
        total["refunded"] -= reverse.amount
    if request and not success and not failure:
        _move(total, family, PENDING[family], request.amount)
    if success and (failure is None or success.at > failure.at):
        _move(total, family, AMOUNT[family], success.amount)


def _move(total: dict[str, Decimal], family: str, to: str, amount: Decimal) -> None:
    total[to] += amount
    if family in SOURCE:
        total[SOURCE[family]] -= amount


def charge_status(charged: Decimal, total: Decimal, has_lines: bool = True) -> str:
    """Compare what was charged with what is due."""
    charged = max(charged, ZERO)
    if charged == 0:
        return "FULL" if total <= 0 and has_lines else "NONE"
    if charged < total:
        return "PARTIAL"
    return "FULL" if charged == total else "OVERCHARGED"


def authorize_status(authorized: Decimal, charged: Decimal, total: Decimal, has_lines: bool = True) -> str:
    """Compare what is covered (authorized or charged) with what is due."""
    covered = authorized + charged
    if total <= 0 and has_lines:
        return "FULL"
    if covered <= 0:
        return "NONE"
    return "FULL" if covered >= total else "PARTIAL"
