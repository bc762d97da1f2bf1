"""The main job through an official Saleor: set-up twice, a few listings, the walk, and what Saleor says of it."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path

import httpx2

from saleor_ext.demo.accounts import ACCOUNTS, PASSWORD
from saleor_ext.link.client import GraphQLClient
from saleor_ext.link.storefront import TOKEN_CREATE
from tests.demo_process import DemoProcess

from .conftest import LISTINGS, OfficialSaleor, Walked

ORDER = """
query WalkedOrder($id: ID!) {
  order(id: $id) {
    status
    chargeStatus
    total { gross { amount currency } tax { amount } }
    totalCharged { amount currency }
    fulfillments { status trackingNumber }
    transactions { chargedAmount { amount } events { type } }
  }
}
"""


def test_a_second_set_up_changes_nothing(set_up: list[str], set_up_again: list[str]) -> None:
    assert set_up
    assert set_up_again == ["nothing to change"]


def test_the_seed_publishes_and_enters_people(saleor: OfficialSaleor, seeded: list[str]) -> None:
    assert f"{len(LISTINGS)} listings published" in seeded
    shopper = next(account for account in ACCOUNTS if account.role == "consumer")
    tokens = GraphQLClient(saleor.api_url).run(TOKEN_CREATE, email=shopper.email, password=PASSWORD)
    assert tokens.token


def test_the_walk_ends_with_the_delivery(walked: Walked) -> None:
    last = {name: walked.steps[-1].get(name) for name in ("step", "ok")}
    assert last == {"step": "delivered", "ok": True}, f"{walked.steps[-1]}\n{walked.log}"
    assert walked.returncode == 0
    assert all(line["ok"] for line in walked.steps)


def test_saleor_agrees(saleor: OfficialSaleor, walked: Walked) -> None:
    """Paid in full by one transaction, taxed as the customs app said, fulfilled under the waybill's number."""
    order = saleor.client().execute(ORDER, {"id": walked.reference("order")})["order"]
    assert (order["status"], order["chargeStatus"]) == ("FULFILLED", "FULL")
    assert order["totalCharged"] == order["total"]["gross"]
    assert order["total"]["gross"]["currency"] == "CNY"
    assert Decimal(str(order["total"]["tax"]["amount"])) > 0
    assert [(one["status"], one["trackingNumber"]) for one in order["fulfillments"]] == [
        ("FULFILLED", walked.reference("obtain_waybill"))
    ]
    assert len(order["transactions"]) == 1


def test_live_signatures_verify(
    saleor: OfficialSaleor, demo: DemoProcess, walked: Walked, tmp_path: Path
) -> None:
    recorded = walked.recorder.wait_for(walked.reference("order"))
    keys = tmp_path / "jwks.json"
    keys_url = httpx2.URL(saleor.api_url).join("/.well-known/jwks.json")
    keys.write_bytes(httpx2.get(keys_url, trust_env=False).content)
    good, altered = tmp_path / "good.http", tmp_path / "altered.http"
    good.write_bytes(recorded.raw)
    altered.write_bytes(recorded.raw[:-1] + b" }")
    verdict = _verify(demo, good, keys)
    assert (verdict.returncode, json.loads(verdict.stdout)) == (
        0,
        {"valid": True, "event": "order_fully_paid", "reason": None},
    )
    verdict = _verify(demo, altered, keys)
    assert verdict.returncode == 1
    assert json.loads(verdict.stdout)["valid"] is False


def test_what_is_signed_for_another_app_is_refused(demo: DemoProcess, walked: Walked) -> None:
    recorded = walked.recorder.wait_for(walked.reference("order"))
    url = f"{demo.web}/saleor/ponte.platform/webhooks/order-fully-paid"
    headers = {
        name: value for name, value in recorded.headers if name.lower() not in ("host", "content-length")
    }
    foreign = httpx2.post(url, content=recorded.body, headers=headers, trust_env=False)
    assert (foreign.status_code, "WRONG_RECIPIENT" in foreign.text) == (403, True)
    altered = httpx2.post(url, content=recorded.body + b" ", headers=headers, trust_env=False)
    assert (altered.status_code, "SIGNATURE" in altered.text) == (401, True)


def _verify(demo: DemoProcess, recorded: Path, keys: Path) -> subprocess.CompletedProcess[str]:
    return demo.ponte("saleor", "verify", str(recorded), "--jwks", str(keys), check=False)
