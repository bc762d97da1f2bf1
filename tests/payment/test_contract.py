"""The contract of the gateways, for each company; what a company cannot do is left out by its capabilities."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from plugins.cross_border_payment import wire
from plugins.cross_border_payment.antom import account as antom
from plugins.cross_border_payment.config import (
    AntomConfig,
    GatewayAccountConfig,
    StripeConfig,
    TargetConfig,
    WechatConfig,
)
from plugins.cross_border_payment.port import (
    Buyer,
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    DisputeSource,
    DisputeState,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    Identity,
    NotifyKind,
    NotifyRefused,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    ShowQr,
    StartFailed,
    Surroundings,
    VerifyDepartment,
)
from plugins.cross_border_payment.stripe_pay import account as stripe
from plugins.cross_border_payment.wechat import account as wechat
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from tests.sandbox_process import running_sandbox
from tests.waiting import until

from .contract import PRICE, Harness, StripeHarness, mailbox, stripe_endpoint
from .fake_wechat import MERCHANT_KEY, private_pem

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.skipif(
        find_spec("sandbox.psp") is None, reason="the sandbox is not part of this installation"
    ),
]
#: A name and a number that the sandbox's persona "same" takes for its own.
BUYER = Buyer("张三", "11010519491231002X")
OTHER = Buyer("欧阳不同", "110101199003070011")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """The sandbox sixty times as fast, and what it tells its merchant."""
    with running_sandbox("contract", tmp_path_factory.mktemp("sandbox"), speed="60") as running:
        yield running.url, json.loads((running.folder / "psp" / "config.json").read_text())


def wechat_config(url: str, given: dict[str, Any]) -> WechatConfig:
    return WechatConfig(
        base_url=url, mchid=given["mchid"], appid=given["appid"], merchant_serial=given["merchant_serial"],
        merchant_private_key=SecretStr(Path(given["merchant_key_file"]).read_text()),
        apiv3_key=SecretStr(given["apiv3_key"]),
        customs_targets=tuple(TargetConfig(**one) for one in given["customs"]),
    )  # fmt: skip


def antom_config(url: str, given: dict[str, Any]) -> AntomConfig:
    given = given["antom"]
    return AntomConfig(
        base_url=url, client_id=given["client_id"], antom_public_key=given["antom_public_key"],
        merchant_private_key=SecretStr(Path(given["merchant_key_file"]).read_text()),
        customs_name=given["customs_name"],
        customs_targets=tuple(TargetConfig(**one) for one in given["customs"]),
    )  # fmt: skip


def stripe_config(url: str, given: dict[str, Any]) -> StripeConfig:
    given = given["stripe"]
    return StripeConfig(
        base_url=url, account_id=given["account"], api_key=SecretStr(given["api_key"]),
        webhook_secret=SecretStr(given["webhook_secret"]), currencies=("CNY",),
    )  # fmt: skip


def _other_key() -> SecretStr:
    return SecretStr(private_pem(MERCHANT_KEY))


@dataclass(frozen=True)
class Company:
    """How a company joins: its account, the same with another key, and what differs in paying."""

    build: Callable[[str, Any, None], Gateway]
    config: Callable[[str, dict[str, Any]], GatewayAccountConfig]
    strange: dict[str, Any]
    harness: type[Harness] = Harness


COMPANIES = {
    "wechat": Company(wechat.build, wechat_config, {"merchant_private_key": _other_key()}),
    "antom": Company(antom.build, antom_config, {"merchant_private_key": _other_key()}),
    "stripe": Company(
        stripe.build, stripe_config, {"api_key": SecretStr("sk_test_somebody0else")}, StripeHarness
    ),
}


@pytest.fixture(params=list(COMPANIES))
def at(
    request: pytest.FixtureRequest, sandbox: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Harness]:
    """The gateway of one company, a second one with somebody else's key, and a place for notifications."""
    url, given = sandbox
    monkeypatch.setattr(wire, "recorder", lambda gateway, account: lambda entry: None)
    monkeypatch.setattr("plugins.cross_border_payment.antom.gateway.notify_path", lambda *_: "/hooks")
    company = COMPANIES[request.param]
    config = company.config(url, given)
    gateway = company.build("main", config, None)
    stranger = company.build("main", config.model_copy(update=company.strange), None)
    with ExitStack() as around:
        box = around.enter_context(mailbox("/hooks", gateway.notify_answer))
        if company.harness is StripeHarness:
            around.enter_context(stripe_endpoint(url, given["stripe"]["api_key"], box.url))
        yield company.harness(gateway, url, box, stranger)
    gateway.close_connections()
    stranger.close_connections()


@pytest.fixture
def declaring(at: Harness) -> Harness:
    """Only companies that declare to customs."""
    if not at.gateway.capabilities.can_declare_customs:
        pytest.skip("the company declares nothing")
    return at


@pytest.fixture
def disputable(at: Harness) -> Harness:
    """Only companies whose payments a bank can take back."""
    if not isinstance(at.gateway, DisputeSource):
        pytest.skip("the company knows no disputes")
    return at


# -- paying ------------------------------------------------------------------------------------------------------


def test_a_payment_begins_pending_and_shows_a_code_or_an_address(at: Harness) -> None:
    number, phone = at.number(), at.number()
    shown = at.gateway.start(at.request(number))
    # A company with a page of its own leads there from every screen.
    if at.gateway.capabilities.needs_return:
        assert isinstance(shown, Redirect) and shown.url.startswith(at.sandbox)
    else:
        assert isinstance(shown, ShowQr) and shown.code_url
    led = at.gateway.start(at.request(phone, on=Surroundings.PHONE))
    assert isinstance(led, Redirect) and led.url.startswith(at.sandbox)
    told = at.gateway.query(number)
    assert (told.state, told.merchant_account, told.gateway_ref) == (
        PaymentState.PENDING, at.gateway.merchant_account, "",
    )  # fmt: skip


def test_the_same_order_again_is_the_same_and_another_under_its_number_is_refused(at: Harness) -> None:
    number = at.number()
    first = at.gateway.start(at.request(number))
    assert at.gateway.start(at.request(number)) == first
    assert isinstance(at.gateway.start(at.request(number, Money("1.00", "CNY"))), StartFailed)


def test_what_was_never_ordered_counts_as_not_paid(at: Harness) -> None:
    assert at.gateway.query(at.number()).state is PaymentState.PENDING


def test_a_paid_payment_tells_number_amount_and_time(at: Harness) -> None:
    before = clock.now() - timedelta(seconds=2)
    number = at.paid()
    told = at.gateway.query(number)
    assert (told.out_trade_no, told.state, told.amount) == (number, PaymentState.PAID, PRICE)
    assert told.gateway_ref and told.merchant_account == at.gateway.merchant_account
    assert told.paid_at is not None and before <= told.paid_at <= clock.now() + timedelta(seconds=2)


def test_a_closed_payment_cannot_be_paid_and_a_paid_one_not_closed(at: Harness) -> None:
    number = at.number()
    at.gateway.start(at.request(number))
    at.gateway.close(number)
    at.gateway.close(number)
    assert at.gateway.query(number).state is PaymentState.CLOSED
    assert at.pay(number).status_code == 400
    paid = at.paid()
    with pytest.raises(GatewayRefused):
        at.gateway.close(paid)
    assert at.gateway.query(paid).state is PaymentState.PAID


def test_a_declined_payment_is_not_paid(at: Harness) -> None:
    """Where the buyer may try again on the same page it stays open; money counts in neither case."""
    number = at.number()
    at.gateway.start(at.request(number))
    at.pay(number, "declined")
    told = at.gateway.query(number)
    again = at.gateway.capabilities.needs_return
    assert told.state is (PaymentState.PENDING if again else PaymentState.FAILED)
    assert told.gateway_ref == "" and told.detail


def test_a_strange_key_opens_nothing(at: Harness) -> None:
    assert at.gateway.probe()
    with pytest.raises((GatewayRefused, GatewayUnavailable)):
        at.stranger.probe()
    assert isinstance(_start(at), StartFailed | GatewayUnavailable)


def _start(at: Harness) -> object:
    try:
        return at.stranger.start(at.request(at.number()))
    except GatewayUnavailable as error:
        return error


# -- notifications -----------------------------------------------------------------------------------------------


def subject(at: Harness, headers: dict[str, str], raw: bytes) -> str:
    notice = at.gateway.parse_notify(headers, raw, clock.now())
    return notice.refund_no or notice.out_trade_no


def _spoilt(signature: str) -> str:
    """Return another signature of the same length."""
    middle = len(signature) // 2
    return signature[:middle] + ("B" if signature[middle] == "A" else "A") + signature[middle + 1 :]


def test_a_notification_is_taken_and_every_change_of_it_refused(at: Harness) -> None:
    number = at.paid()
    headers, raw = at.box.about(number, lambda head, body: subject(at, head, body))
    notice = at.gateway.parse_notify(headers, raw, clock.now())
    assert (notice.kind, notice.out_trade_no) == (NotifyKind.PAYMENT, number)
    if notice.payment is not None:  # some only say that there is news
        assert (notice.payment.state, notice.payment.amount) == (PaymentState.PAID, PRICE)
    again = at.gateway.parse_notify(headers, raw, clock.now())
    assert again.notify_id == notice.notify_id
    bare = {name: value for name, value in headers.items() if "signature" not in name.lower()}
    forged = {
        name: _spoilt(value) if "signature" in name.lower() else value for name, value in headers.items()
    }
    refused = {
        "altered": (headers, raw + b" ", clock.now()),
        "unsigned": (bare, raw, clock.now()),
        "forged": (forged, raw, clock.now()),
        "old": (headers, raw, clock.now() + timedelta(minutes=10)),
        "of the future": (headers, raw, clock.now() - timedelta(minutes=10)),
        "none": (headers, b"", clock.now()),
    }
    for name, (head, body, now) in refused.items():
        with pytest.raises(NotifyRefused):
            at.gateway.parse_notify(head, body, now)
            pytest.fail(name)


def test_kept_headers_prove_the_sender_and_hold_no_secret(at: Harness) -> None:
    number = at.paid()
    headers, raw = at.box.about(number, lambda head, body: subject(at, head, body))
    kept = at.gateway.kept_headers(headers)
    at.gateway.parse_notify(kept, raw, clock.now())
    assert not any(name.lower() in ("authorization", "cookie") for name in kept)


# -- refunds -----------------------------------------------------------------------------------------------------


def refund(at: Harness, number: str, amount: str, refund_no: str) -> RefundSnapshot:
    reference = at.gateway.query(number).gateway_ref
    return at.gateway.refund(
        RefundRequest(refund_no, reference, Money(amount, "CNY"), PRICE, "测试", at.box.url)
    )


def ended(at: Harness, refund_no: str) -> RefundSnapshot | None:
    told = at.gateway.query_refund(refund_no)
    return told if told.state is not RefundState.PROCESSING else None


def test_partial_refunds_are_made_once_each_and_never_more_than_was_paid(at: Harness) -> None:
    number = at.paid()
    first, second = at.number().replace("PT", "PR"), at.number().replace("PT", "PR")
    made = refund(at, number, "94.00", first)
    assert refund(at, number, "94.00", first).gateway_ref == made.gateway_ref
    refund(at, number, "50.00", second)
    with pytest.raises(GatewayRefused):
        refund(at, number, "50.01", at.number())
    with pytest.raises(GatewayRefused):
        refund(at, number, "94.01", first)

    for refund_no, amount in ((first, "94.00"), (second, "50.00")):
        told = until(lambda refund_no=refund_no: ended(at, refund_no))
        assert (told.refund_no, told.state, told.amount) == (
            refund_no,
            RefundState.SUCCESS,
            Money(amount, "CNY"),
        )
    headers, raw = at.box.about(first, lambda head, body: subject(at, head, body))
    notice = at.gateway.parse_notify(headers, raw, clock.now())
    assert (notice.kind, notice.refund_no) == (NotifyKind.REFUND, first)
    assert at.gateway.query(number).state in (PaymentState.PAID, PaymentState.REFUNDED)


def test_a_refund_that_fails_later_says_so(at: Harness) -> None:
    number, refund_no = at.paid(at.refund_fails), at.number()
    reference = at.gateway.query(number).gateway_ref
    at.gateway.refund(RefundRequest(refund_no, reference, PRICE, PRICE, "退款异常", at.box.url))
    told = until(lambda: ended(at, refund_no))
    assert told.state is RefundState.FAILED


def test_nothing_is_refunded_of_what_was_not_paid(at: Harness) -> None:
    number = at.number()
    at.gateway.start(at.request(number))
    with pytest.raises(GatewayRefused):
        at.gateway.refund(RefundRequest(at.number(), "4200000000", PRICE, PRICE))


# -- disputes ----------------------------------------------------------------------------------------------------


def test_a_dispute_is_notified_and_told_when_asked(disputable: Harness) -> None:
    before = clock.now() - timedelta(seconds=2)
    number, gateway = disputable.paid("disputed"), disputable.gateway
    assert isinstance(gateway, DisputeSource)
    reference = gateway.query(number).gateway_ref

    def about(headers: dict[str, str], raw: bytes) -> str:
        return gateway.parse_notify(headers, raw, clock.now()).gateway_ref

    headers, raw = disputable.box.about(reference, about)
    assert gateway.parse_notify(headers, raw, clock.now()).kind is NotifyKind.DISPUTE
    (told,) = gateway.disputes(reference)
    assert (told.gateway_ref, told.state, told.amount) == (reference, DisputeState.NEEDS_RESPONSE, PRICE)
    assert told in gateway.disputes_since(before)
    assert gateway.disputes_since(clock.now() + timedelta(hours=1)) == []
    assert gateway.query(number).state is PaymentState.PAID


# -- customs -----------------------------------------------------------------------------------------------------


def wanted(at: Harness, number: str) -> DeclarationRequest:
    (target,) = at.gateway.capabilities.targets
    return DeclarationRequest(number, at.gateway.query(number).gateway_ref, target)


def declared(at: Harness, request: DeclarationRequest, buyer: Buyer = BUYER) -> DeclarationSnapshot:
    """Declare, compare the buyer, and wait for customs' word; the identity is that of the comparison."""
    assert at.declarer.query_declaration(request).state is DeclarationState.UNDECLARED
    at.declarer.declare(request)
    compared = at.declarer.verify_identity(request, buyer)

    def decided() -> DeclarationSnapshot | None:
        told = at.declarer.query_declaration(request)
        if told.state is DeclarationState.EXCEPT:
            at.declarer.redeclare(request)
        return told if told.state in (DeclarationState.SUCCESS, DeclarationState.FAIL) else None

    return replace(until(decided), identity=compared.identity)


def test_a_declared_payment_names_the_clearing_house_and_its_number(declaring: Harness) -> None:
    request = wanted(declaring, declaring.paid(payer_name=BUYER.name, payer_id_number=BUYER.id_number))
    told = declared(declaring, request)
    assert (told.state, told.identity) == (DeclarationState.SUCCESS, Identity.SAME)
    assert told.verify_department is VerifyDepartment.NETSUNION
    assert told.verify_number and told.verify_number != request.gateway_ref


def test_another_payer_is_found_out_whatever_customs_say(declaring: Harness) -> None:
    request = wanted(declaring, declaring.paid("different"))
    assert declared(declaring, request).identity is Identity.DIFFERENT
    assert (
        declared(declaring, wanted(declaring, declaring.paid("different")), OTHER).identity is Identity.SAME
    )


def test_a_failing_interface_of_customs_recovers(declaring: Harness) -> None:
    told = declared(declaring, wanted(declaring, declaring.paid("except")))
    assert told.state is DeclarationState.SUCCESS


@pytest.mark.parametrize("persona", ["not_real_named", "hk_wallet", "foreign_id"])
def test_wallets_that_cannot_be_declared_are_refused(declaring: Harness, persona: str) -> None:
    request = wanted(declaring, declaring.paid(persona))
    try:
        declaring.declarer.declare(request)
        told = declaring.declarer.verify_identity(request, BUYER)
    except GatewayRefused as refused:
        assert refused.message
    else:
        assert told.state is DeclarationState.FAIL and told.explanation


def test_a_registration_that_customs_do_not_know_fails(declaring: Harness) -> None:
    request = wanted(declaring, declaring.paid())
    unknown = replace(request, target=replace(request.target, merchant_customs_no="XUNKNOWN"))
    told = declared(declaring, unknown)
    assert told.state is DeclarationState.FAIL and told.explanation
