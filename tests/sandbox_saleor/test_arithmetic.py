"""Amounts out of events, case by case."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from sandbox.saleor.arithmetic import Happening, amounts, authorize_status, charge_status

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def story(text: str) -> list[Happening]:
    """Read `TYPE amount reference[@second]` separated by commas; `-` is no reference."""
    out = []
    for index, part in enumerate(text.split(",")):
        kind, amount, reference = part.split()
        reference, _, second = reference.partition("@")
        at = START + datetime.timedelta(seconds=int(second) if second else index)
        out.append(Happening(kind, Decimal(amount), "" if reference == "-" else reference, at))
    return out


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("CHARGE_REQUEST 100 a", {"charge_pending": 100}),
        ("CHARGE_REQUEST 100 a, CHARGE_SUCCESS 100 a", {"charged": 100}),
        ("CHARGE_REQUEST 100 a, CHARGE_FAILURE 100 a", {}),
        ("CHARGE_ACTION_REQUIRED 100 a", {}),
        ("INFO 5 a", {}),
        ("CHARGE_FAILURE 100 a, CHARGE_SUCCESS 100 a", {"charged": 100}),
        ("CHARGE_SUCCESS 100 a, CHARGE_FAILURE 100 a", {}),
        ("CHARGE_FAILURE 100 a@5, CHARGE_SUCCESS 100 a@5", {}),
        ("CHARGE_SUCCESS 60 a, CHARGE_SUCCESS 40 b", {"charged": 100}),
        ("AUTHORIZATION_SUCCESS 100 a", {"authorized": 100}),
        ("AUTHORIZATION_SUCCESS 100 a, CHARGE_SUCCESS 30 b", {"authorized": 70, "charged": 30}),
        ("AUTHORIZATION_SUCCESS 100 a, CHARGE_REQUEST 30 b", {"authorized": 70, "charge_pending": 30}),
        ("AUTHORIZATION_SUCCESS 100 a, AUTHORIZATION_ADJUSTMENT 80 b", {"authorized": 80}),
        ("AUTHORIZATION_SUCCESS 100 a, CANCEL_SUCCESS 100 c", {"canceled": 100}),
        ("AUTHORIZATION_SUCCESS 100 a, CANCEL_REQUEST 100 c", {"cancel_pending": 100}),
        ("CHARGE_SUCCESS 100 a, REFUND_REQUEST 30 r", {"charged": 70, "refund_pending": 30}),
        ("CHARGE_SUCCESS 100 a, REFUND_REQUEST 30 r, REFUND_SUCCESS 30 r", {"charged": 70, "refunded": 30}),
        ("CHARGE_SUCCESS 100 a, REFUND_SUCCESS 30 r, REFUND_SUCCESS 20 s", {"charged": 50, "refunded": 50}),
        ("CHARGE_SUCCESS 100 a, REFUND_REQUEST 30 r, REFUND_FAILURE 30 r", {"charged": 100}),
        ("CHARGE_SUCCESS 100 a, REFUND_SUCCESS 30 r, REFUND_REVERSE 30 r", {"charged": 100}),
        ("CHARGE_SUCCESS 100 a, CHARGE_BACK 100 a", {}),
        ("CHARGE_SUCCESS 100 a, CHARGE_BACK 40 d", {"charged": 60}),
        ("CHARGE_SUCCESS 100 a, CHARGE_BACK 40 d, CHARGE_SUCCESS 40 d", {"charged": 100}),
        ("CHARGE_SUCCESS 100 -", {"charged": 100}),
        ("CHARGE_SUCCESS 100 -, REFUND_SUCCESS 30 -", {"charged": 100, "refunded": 30}),
        ("CHARGE_SUCCESS 50 a", {"charged": 50}),
    ],
)
def test_amounts(events: str, expected: dict[str, int]) -> None:
    found = {name: value for name, value in amounts(story(events)).items() if value}
    assert found == {name: Decimal(value) for name, value in expected.items()}


def test_charging_without_authorization_leaves_none_missing() -> None:
    assert amounts(story("CHARGE_SUCCESS 50 a"))["authorized"] == 0


@pytest.mark.parametrize(
    ("charged", "total", "status"),
    [
        (0, 10, "NONE"),
        (5, 10, "PARTIAL"),
        (10, 10, "FULL"),
        (11, 10, "OVERCHARGED"),
        (0, 0, "FULL"),
        (-5, 10, "NONE"),
    ],
)
def test_charge_status(charged: int, total: int, status: str) -> None:
    assert charge_status(Decimal(charged), Decimal(total)) == status


@pytest.mark.parametrize(
    ("authorized", "charged", "total", "status"),
    [(0, 0, 10, "NONE"), (4, 0, 10, "PARTIAL"), (4, 6, 10, "FULL"), (0, 0, 0, "FULL"), (20, 0, 10, "FULL")],
)
def test_authorize_status(authorized: int, charged: int, total: int, status: str) -> None:
    assert authorize_status(Decimal(authorized), Decimal(charged), Decimal(total)) == status


def test_an_empty_checkout_is_not_paid() -> None:
    assert charge_status(Decimal(0), Decimal(0), has_lines=False) == "NONE"
    assert authorize_status(Decimal(0), Decimal(0), Decimal(0), has_lines=False) == "NONE"
