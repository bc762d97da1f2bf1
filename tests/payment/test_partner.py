"""The payment company that docs/payments.md adds: built from the page, offered, paid with, declared."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.test import Client

from plugins.cross_border_payment import companies, declarations, gateways, hooks, offers, story, webhooks
from plugins.cross_border_payment.models import PaymentDeclaration, PaymentSession, PaymentWireRecord
from plugins.cross_border_payment.port import GatewayUnavailable
from plugins.cross_border_payment.wire import reveal
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Account, PaymentMethodsRequest, Wait, configuration
from saleor_ext.plugin_api.accounts import kind_of

from .conftest import FakePlatform
from .fake_wechat import FakeWechat
from .test_declarations import view
from .test_refunds import event, request
from .test_sessions import CONTEXT, payload

PAGE = Path(__file__).resolve().parents[2] / "docs" / "payments.md"
FILE = re.compile(r"<!-- file: (?P<path>[\w/.]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
SECRET = "harbour-secret"
TARGETS = [{"customs": "NANSHA", "merchant_customs_no": "4401961234"}]


def signed(raw: bytes) -> dict[str, str]:
    return {"X-Signature": hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}


class FakeHarbour:
    """The company: signed JSON, one payment, its refunds and its customs record."""

    def __init__(self) -> None:
        self.payment: dict[str, Any] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.record = {"state": "SUBMITTED", "identity": "UNCHECKED", "department": "", "clearing_number": ""}
        self.secret_ok = True

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["X-Signature"] == signed(request.content)["X-Signature"]
        told = json.loads(request.content)
        answer = getattr(self, request.url.path[1:].replace("-", "_"))(told)
        raw = json.dumps(answer).encode()
        return httpx2.Response(200, content=raw, headers=signed(raw) if self.secret_ok else {})

    def me(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"name": f"merchant {told['merchant']}"}

    def pay(self, told: dict[str, Any]) -> dict[str, Any]:
        self.payment = {"state": "open", "merchant": told["merchant"], "ref": "", "paid_at": "", **told}
        return {"code": "harbour://pay/1"}

    def query(self, told: dict[str, Any]) -> dict[str, Any]:
        return self.payment

    def refund(self, told: dict[str, Any]) -> dict[str, Any]:
        assert told["of"] == self.payment["ref"]
        self.refunds[told["number"]] = {
            "state": "SUCCESS", "ref": "HR-1", "amount": told["amount"], "currency": "CNY"
        }  # fmt: skip
        return {}

    def refund_query(self, told: dict[str, Any]) -> dict[str, Any]:
        return self.refunds[told["number"]]

    def declare(self, told: dict[str, Any]) -> dict[str, Any]:
        assert (told["customs"], told["registration"]) == ("NANSHA", "4401961234")
        return self.record

    def identity(self, told: dict[str, Any]) -> dict[str, Any]:
        assert told["id_number"] == "11010519491231002x".upper()
        self.record = {
            "state": "SUCCESS", "identity": "SAME", "department": "NETSUNION", "clearing_number": "C-77"
        }  # fmt: skip
        return self.record

    def declaration(self, told: dict[str, Any]) -> dict[str, Any]:
        return self.record

    def pay_now(self) -> None:
        self.payment |= {"state": "paid", "ref": "H-1", "paid_at": clock.now().isoformat()}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package of the page, installed as development installs it."""
    for file in FILE.finditer(PAGE.read_text(encoding="utf-8")):
        target = tmp_path / file["path"]
        target.parent.mkdir(exist_ok=True)
        target.write_text(file["code"], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(companies.EXTRA_VARIABLE, "harbour_pay.company:company")
    companies.companies.cache_clear()
    ours = import_module("plugins.cross_border_payment.plugin")
    monkeypatch.setattr(ours, "plugin", replace(ours.plugin, accounts=companies.account_kinds()))
    yield
    companies.companies.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "harbour_pay"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def harbour(package: None, wechat: FakeWechat) -> FakeHarbour:
    """An account there beside the one at WeChat, and nothing else on the network."""
    fake = FakeHarbour()
    gateways.use_transport(httpx2.MockTransport(fake))
    save()
    return fake


def save(**changes: Any) -> Account:
    plugin = import_module("plugins.cross_border_payment.plugin").plugin
    account = Account(plugin, kind_of(plugin, "harbour_pay"), "main")
    values = {"base_url": "https://pay.harbour.example", "merchant_no": "M-9", "secret": SECRET, **changes}
    configuration.save(account, {"customs_targets": TARGETS, **values}, actor="test")
    configuration.forget_cache()
    gateways.forget()
    return account


def offered(lane: str) -> list[str]:
    return [one.identifier for one in offers.of(offers.Wish(lane, Money("194.00", "CNY")))]


def drain() -> None:
    while inbox.drain() + outbox.drain():
        pass


def test_the_console_knows_it_and_tries_the_connection(harbour: FakeHarbour) -> None:
    assert gateways.probe(save()) == "merchant M-9"
    harbour.secret_ok = False
    with pytest.raises(GatewayUnavailable, match="signature does not hold"):
        gateways.probe(save())
    told = next(row for row in story.accounts() if row["gateway"] == "harbour_pay")
    assert (told["wallet"], told["declares"], told["targets"]) == ("Harbour Pay", True, TARGETS)
    assert told["notify_url"].endswith("/plugins/payment/notify/harbour_pay/main")


def test_it_is_offered_by_what_it_can_do_alone(harbour: FakeHarbour) -> None:
    assert offered("bonded_1210") == ["wechat", "harbour_pay"]
    save(customs_targets=[])
    assert (offered("bonded_1210"), offered("local")) == (["wechat"], ["wechat", "harbour_pay"])
    save(payer_countries=["HK", "MO"])
    assert (offered("named"), offered("bonded_1210")) == (["wechat"], ["wechat", "harbour_pay"])
    save(payer_countries=["HK", "CN"])
    assert offered("named") == ["wechat", "harbour_pay"]
    save(lowest="200.00")
    assert offered("bonded_1210") == ["wechat"]


def test_a_buyer_pays_with_it_customs_have_the_record_and_money_goes_back(
    harbour: FakeHarbour, services: FakePlatform, client: Client
) -> None:
    wish = PaymentMethodsRequest("bonded_1210", Money("194.00", "CNY"))
    assert [(one.id, str(one.name)) for one in hooks.payment_methods(wish)] == [
        ("wechat", "WeChat Pay"),
        ("harbour_pay", "Harbour Pay"),
    ]
    answer = webhooks.initialize(CONTEXT, payload(data={"method": "harbour_pay", "surroundings": "desktop"}))
    assert (answer["result"], answer["data"]["code_url"]) == ("CHARGE_ACTION_REQUIRED", "harbour://pay/1")
    session = PaymentSession.objects.get()
    harbour.pay_now()
    notice = {"id": "N-1", "number": session.out_trade_no, "merchant": "M-9", "at": clock.now().isoformat()}
    for spoilt in ({}, {"merchant": "M-8"}, {"at": "2020-01-01T00:00:00+08:00"}):
        raw = json.dumps({**notice, **spoilt}).encode()
        headers = signed(raw) if spoilt else {"X-Signature": "0" * 64}
        assert tell(client, raw, headers) == 401
    raw = json.dumps(notice).encode()
    assert tell(client, raw, signed(raw)) == 200
    drain()
    session.refresh_from_db()
    assert (session.state, session.gateway_ref) == ("paid", "H-1")
    [reported] = services.client.calls
    assert (reported["type"], reported["pspReference"]) == ("CHARGE_SUCCESS", "H-1")

    parcel = view(session.out_trade_no)
    services.parcels[parcel.id] = parcel
    assert isinstance(declarations.run(parcel), Wait)
    drain()
    declared = PaymentDeclaration.objects.get()
    assert (declared.state, declared.identity, declared.customs) == ("SUCCESS", "SAME", "NANSHA")
    assert services.done[parcel.id]["payCode"] == "4400000000"
    kept = b"".join(reveal(row, actor="test", reason="test") for row in PaymentWireRecord.objects.all())
    assert b"11010519491231002" not in kept

    asked = webhooks.refund(CONTEXT, request(event(1, amount=194.0), amount=194.0))
    drain()
    assert list(harbour.refunds) == [asked["pspReference"]]
    assert harbour.refunds[asked["pspReference"]]["amount"] == "194.00"
    last = services.client.calls[-1]
    assert (last["type"], last["pspReference"]) == ("REFUND_SUCCESS", asked["pspReference"])


def tell(client: Client, raw: bytes, headers: dict[str, str]) -> int:
    url = "/plugins/payment/notify/harbour_pay/main"
    return client.post(url, raw, content_type="application/json", headers=headers).status_code


def test_two_companies_of_one_name_stop_the_start(package: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("harbour_pay.company"), "company", companies.WECHAT)
    companies.companies.cache_clear()
    with pytest.raises(ConfigurationError, match="two payment companies share an identifier"):
        companies.companies()


def test_what_is_no_company_is_named(package: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(companies.EXTRA_VARIABLE, "harbour_pay.gateway:STATES")
    companies.companies.cache_clear()
    with pytest.raises(ConfigurationError, match=r"harbour_pay\.gateway:STATES.* is not a .*\.Company"):
        companies.companies()
