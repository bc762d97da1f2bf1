"""Walks that go on another way: cancelled while customs have the list, amended, sent back after delivery."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.demo_process import DemoProcess

pytestmark = pytest.mark.demo

#: How each walk ends, and what it buys: no two of them restock one listing at the same time.
ENDS = {
    "cancel": ("aged-puer-cake", ["accepted", "cancelled", "withdrawn", "refunded"]),
    "amend": ("peanut-candy", ["fulfilled", "delivered"]),
    "return": ("almond-cookies", ["return_asked", "return_approved", "refunded", "returned"]),
}


def walk(demo: DemoProcess, then: str) -> list[dict[str, Any]]:
    arguments = ("walk", "--json", "--patience", "180", "--then", then, "--listing", ENDS[then][0])
    result = demo.ponte(*arguments, check=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, (lines[-1:], result.stderr[-500:], demo.log(40))
    return lines


def test_cancelled_amended_and_returned(running_demo: DemoProcess) -> None:
    with ThreadPoolExecutor() as pool:
        told = dict(zip(ENDS, pool.map(lambda then: walk(running_demo, then), ENDS), strict=True))
    for then, (_listing, end) in ENDS.items():
        assert [line["step"] for line in told[then]][-len(end) :] == end
        assert all(line["ok"] for line in told[then])
    steps = [line["step"] for line in told["amend"]]
    assert steps.index("rejected") + 1 == steps.index("amended") < steps.index("released")
    asked, _granted, _refund, back = told["return"][-4:]
    assert asked["ref"] == back["ref"]
    check_bills(running_demo)
    check_ledger(running_demo)


def test_paid_by_alipay_and_declared_by_it(running_demo: DemoProcess) -> None:
    """The whole way with the other company: its record goes to the national office under its own code."""
    arguments = ("walk", "--json", "--patience", "180", "--wallet", "antom", "--listing", "walnut-shortbread")
    result = running_demo.ponte(*arguments, check=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, (lines[-1:], result.stderr[-500:], running_demo.log(40))
    refs = {line["step"]: line["ref"] for line in lines}
    assert (refs["payment_session"], lines[-1]["step"]) == ("antom", "delivered")
    (payment,) = json.loads(running_demo.ponte("pay", "show", refs["order"]).stdout)["payments"]
    assert (payment["wallet"], payment["state"]) == ("Alipay", "paid")
    ((customs, state, identity),) = [
        (one["customs"], one["state"], one["identity"]) for one in payment["declarations"]
    ]
    assert (customs, state, identity) == ("ZONGSHU", "SUCCESS", "SAME")


def check_bills(demo: DemoProcess) -> None:
    """Customs' bills of what was released say the same figures as ours, line by line."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        rows = json.loads(demo.ponte("customs", "bills").stdout)["bills"]
        found = [row for row in rows if row["order_no"] is not None]
        if len(found) >= 2:
            break
        time.sleep(2)
    assert len(found) >= 2, demo.log(40)
    assert [(row["comparison"], row["differences"]) for row in found] == [("equal", [])] * len(found)


def check_ledger(demo: DemoProcess) -> None:
    """What the walks paid and got back is in the ledger, and all of it is somebody's."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = json.loads(demo.ponte("ledger", "check", check=False).stdout)
        rows = json.loads(demo.ponte("ledger", "balance").stdout)["accounts"]
        held = {row["account"]: Decimal(row["balance"]) for row in rows}
        if told["ok"] and held.get("customs_tax.payable"):
            break
        time.sleep(2)
    assert told["ok"], told["differences"]
    owed = sum(amount for name, amount in held.items() if not name.startswith("psp."))
    here = sum(amount for name, amount in held.items() if name.startswith("psp."))
    assert here == owed > held["customs_tax.payable"] > 0
