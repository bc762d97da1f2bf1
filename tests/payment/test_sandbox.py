"""The whole way against the sandbox's payment company: its own processes, database and keys."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from plugins.cross_border_payment import addresses, declarations, gateways, matching, statements, webhooks
from plugins.cross_border_payment.models import (
    PaymentRefund,
    PaymentSession,
    PaymentStatement,
    PaymentStatementLine,
    ReconciliationItem,
)
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import ParcelView, configuration
from tests.sandbox_process import running_sandbox
from tests.waiting import until

from .conftest import FakePlatform
from .test_declarations import view
from .test_sessions import CONTEXT, TX, payload

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        find_spec("sandbox.psp") is None, reason="the sandbox is not part of this installation"
    ),
]


@dataclass(frozen=True)
class Sandbox:
    url: str
    config: dict[str, Any]

    def pay(self, number: str, persona: str = "same", **who: str) -> None:
        answer = httpx2.post(
            f"{self.url}/sandbox/psp/pay", json={"out_trade_no": number, "persona": persona, **who}
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox sixty times as fast."""
    with running_sandbox("payment", tmp_path_factory.mktemp("sandbox"), speed="60") as running:
        yield Sandbox(running.url, json.loads((running.folder / "psp" / "config.json").read_text()))


def _until(done: Callable[[], Any]) -> None:
    """Work our own queues until ``done`` is true."""

    def look() -> Any:
        if not (found := done()):
            inbox.drain()
            outbox.drain()
        return found

    until(look)


@pytest.fixture
def account(
    sandbox: Sandbox,
    live_server: Any,
    lanes_known: None,
    services: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sandbox]:
    """Configure the plugin from what the sandbox writes for its merchant."""
    monkeypatch.setattr(addresses, "platform_settings", lambda: SimpleNamespace(public_url=live_server.url))
    known = sandbox.config
    values = {
        "base_url": sandbox.url,
        "mchid": known["mchid"],
        "appid": known["appid"],
        "merchant_category_code": known["merchant_category_code"],
        "merchant_serial": known["merchant_serial"],
        "merchant_private_key": Path(known["merchant_key_file"]).read_text(),
        "apiv3_key": known["apiv3_key"],
        "customs_targets": known["customs"],
    }
    configuration.save(plugin, values, actor="test")
    configuration.forget_cache()
    yield sandbox
    gateways.forget()


def paid(account: Sandbox, number: int, persona: str = "same", **who: str) -> PaymentSession:
    """Open a session and pay it with the phone; the sandbox's own notification brings the news."""
    transaction_id = f"{TX}{number}{os.getpid()}{time.time_ns()}"
    answer = webhooks.initialize(CONTEXT, payload(transaction={"id": transaction_id}))
    assert answer["result"] == "CHARGE_ACTION_REQUIRED", answer
    row = PaymentSession.objects.get(transaction_id=transaction_id)
    account.pay(row.out_trade_no, persona, **who)
    _until(lambda: PaymentSession.objects.get(pk=row.pk).completed_at)
    return PaymentSession.objects.get(pk=row.pk)


def parcel_of(row: PaymentSession, services: FakePlatform) -> ParcelView:
    made = replace(view(row.out_trade_no), id=row.out_trade_no, transaction_id=row.transaction_id)
    services.parcels[made.id] = made
    return made


def soon() -> None:
    """Do not wait for our own polite pauses."""
    OutboxMessage.objects.filter(state="pending").update(run_at=clock.now())


def test_paid_by_notification_then_declared(account: Sandbox, services: FakePlatform) -> None:
    row = paid(account, 1, payer_name="张三", payer_id_number="11010519491231002X")
    assert services.client.calls[-1]["pspReference"] == row.gateway_ref
    parcel = parcel_of(row, services)
    declarations.run(parcel)
    _until(lambda: soon() or parcel.id in services.done)
    result = services.done[parcel.id]
    assert result["orderNo"] == row.out_trade_no
    assert result["payTransactionId"] == row.gateway_ref
    assert result["clearing"]["verDept"] == "2"


def test_another_payer_is_found_out(account: Sandbox, services: FakePlatform) -> None:
    parcel = parcel_of(paid(account, 2, "different"), services)
    declarations.run(parcel)
    _until(lambda: soon() or services.failed)
    assert services.failed[parcel.id][0] == "identity_different"


@pytest.mark.parametrize("persona", ["not_real_named", "hk_wallet", "foreign_id"])
def test_wallets_that_cannot_be_declared(account: Sandbox, services: FakePlatform, persona: str) -> None:
    parcel = parcel_of(paid(account, 3, persona), services)
    declarations.run(parcel)
    _until(lambda: services.failed)
    assert services.failed[parcel.id][2]


def test_a_failing_customs_interface_recovers(account: Sandbox, services: FakePlatform) -> None:
    parcel = parcel_of(paid(account, 4, "except"), services)
    declarations.run(parcel)
    _until(lambda: soon() or parcel.id in services.done)


def test_refund_and_over_refund(account: Sandbox, services: FakePlatform) -> None:
    row = paid(account, 5)
    request = {
        "action": {"amount": 94.0, "currency": "CNY"},
        "transaction": {"id": row.transaction_id, "events": []},
    }
    answers = [webhooks.refund(CONTEXT, request) for _ in range(3)]
    assert len({answer["pspReference"] for answer in answers}) == 1
    _until(lambda: soon() or PaymentRefund.objects.get(session=row).reported_at)
    assert services.client.calls[-1]["type"] == "REFUND_SUCCESS"
    too_much = {**request, "action": {"amount": 100.01, "currency": "CNY"}}
    assert webhooks.refund(CONTEXT, too_much)["result"] == "REFUND_FAILURE"
    assert row.money - Money("94.00", "CNY") == Money("100.00", "CNY")


def test_a_day_agrees_with_the_companys_own_statement(account: Sandbox, services: FakePlatform) -> None:
    """The statement is written apart from us, and what it lacks or says otherwise is found."""
    row = paid(account, 6)
    parcel_of(row, services)
    today = clock.china_today()

    def differences(fault: str) -> list[tuple[str, str]]:
        answer = httpx2.post(f"{account.url}/sandbox/faults", json={"psp_statement": fault})
        assert answer.status_code == 200, answer.text
        PaymentStatement.objects.all().delete()
        ReconciliationItem.objects.all().delete()
        statements.fetch(gateways.gateway(), today)
        found = matching.compare(gateways.gateway(), today)["differences"]
        return [(one["kind"], one["subject"]) for one in found if one["subject"] == row.out_trade_no]

    assert differences("early") == []
    line = PaymentStatementLine.objects.get(out_trade_no=row.out_trade_no)
    assert (line.amount, line.currency, line.reference) == (row.amount, "CNY", row.gateway_ref)
    assert (line.fee, line.settled_currency) == (Decimal("1.55"), "HKD")
