"""Stripe's stand-in over its real wire."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from sandbox.jobs.models import Knob
from sandbox.psp import keys
from sandbox.psp.stripe import account, refunds
from sandbox.psp.stripe.models import StripeDelivery, StripeEvent, StripeIntent, StripeRefund, StripeSession
from sandbox.psp.stripe.wire import ApiError, parse

from .clock import run_for

pytestmark = pytest.mark.django_db
SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"
GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
DISPUTED, REFUND_FAILS = "4000 0000 0000 0259", "4000 0000 0000 5126"


class Shop:
    """A merchant's end: form-encoded calls with the account's key."""

    def __init__(self) -> None:
        keys.load()
        self.config = json.loads((keys.folder() / "config.json").read_text())["stripe"]
        self.http = Client()

    def post(
        self, path: str, params: dict[str, Any] | None = None, key: str = "", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        given = {"Authorization": f"Bearer {self.config['api_key']}", **headers}
        if key:
            given["Idempotency-Key"] = key
        form = "application/x-www-form-urlencoded"
        self.answer = self.http.post(path, urlencode(params or {}), content_type=form, headers=given)
        return self.answer.status_code, self.answer.json()

    def get(self, path: str, **params: Any) -> tuple[int, dict[str, Any]]:
        query = urlencode({name.replace("__", "["): value for name, value in params.items()})
        return self.get_raw(f"{path}?{query}")

    def get_raw(self, target: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.config['api_key']}"}
        answer = self.http.get(target, headers=headers)
        return answer.status_code, answer.json()

    def session(self, number: str = "PT1", **changed: Any) -> dict[str, Any]:
        params = {
            "mode": "payment",
            "client_reference_id": number,
            "line_items[0][quantity]": 1,
            "line_items[0][price_data][currency]": "cny",
            "line_items[0][price_data][unit_amount]": 19400,
            "line_items[0][price_data][product_data][name]": "杏仁饼",
            "metadata[out_trade_no]": number,
            "payment_intent_data[metadata][out_trade_no]": number,
            "expires_at": int((timezone.now() + timedelta(minutes=61)).timestamp()),
            "success_url": "http://shop.test/done",
            "cancel_url": "http://shop.test/back",
            **changed,
        }
        return {name: value for name, value in params.items() if value is not None}

    def pay(self, number: str = "PT1", method: str = "card", card: str = GOOD, persona: str = "good") -> Any:
        data = {"client_reference_id": number, "method": method, "number": card, "persona": persona}
        return self.http.post("/sandbox/psp/stripe/pay", json.dumps(data), content_type="application/json")

    def paid(self, number: str = "PT1", **how: str) -> str:
        """Open and pay a session; return the payment intent's id."""
        status, answer = self.post(SESSIONS, self.session(number))
        assert status == 200, answer
        done = self.pay(number, **how)
        assert done.status_code == 200, done.content
        return str(done.json()["payment_intent"])

    def types(self) -> list[str]:
        return list(StripeEvent.objects.order_by("pk").values_list("type", flat=True))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_config_tells_the_merchant_everything(shop: Shop) -> None:
    assert shop.config["api_key"].startswith("sk_test_")
    assert shop.config["webhook_secret"].startswith("whsec_")
    assert shop.config["base_url"].startswith("http")
    assert shop.config["payment_method_types"] == ["card", "alipay", "wechat_pay"]


# -- wire


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a[b][c]=1&a[d]=2", {"a": {"b": {"c": "1"}, "d": "2"}}),
        ("a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("expand[]=x&expand[]=y", {"expand": ["x", "y"]}),
        ("a%5Bb%5D=%E6%9D%8F", {"a": {"b": "杏"}}),
    ],
)
def test_nested_parameters(text: str, tree: dict[str, Any]) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["a", "[a]=1", "a[b=1", "a=1&a[b]=2", "a[b]=1&a=2", "a[b][c][d][e][f][g]=1"])
def test_malformed_parameters_are_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("", "You did not provide an API key."),
        ("Bearer sk_test_wrong_key_of_a_stranger", "Invalid API Key provided: sk_test_****nger"),
        ("Bearer é", "Invalid API Key provided: é****"),
        ("Basic !!", "You did not provide an API key."),
    ],
)
def test_strangers_are_refused(shop: Shop, authorization: str, message: str) -> None:
    answer = Client().get(SESSIONS, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": {"type": "invalid_request_error", "message": message}},
    )


def test_a_session_is_opened_and_read(shop: Shop) -> None:
    status, made = shop.post(SESSIONS, shop.session())
    assert status == 200
    assert made["id"].startswith("cs_test_")
    assert (made["status"], made["payment_status"], made["payment_intent"]) == ("open", "unpaid", None)
    assert (made["amount_total"], made["currency"], made["livemode"]) == (19400, "cny", False)
    assert made["metadata"] == {"out_trade_no": "PT1"}
    assert shop.get(f"{SESSIONS}/{made['id']}") == (200, made)
    page = shop.http.get(made["url"].partition("//")[2].partition("/")[2].join(["/", ""]))
    assert page.status_code == 200
    html = page.content.decode()
    assert "SANDBOX" in html and "194.00" in html and "never a real card" in html


@pytest.mark.parametrize(
    ("changed", "code", "param"),
    [
        ({"mode": "subscription"}, None, "mode"),
        ({"mode": None}, "parameter_missing", "mode"),
        ({"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types"),
        ({"allowed_payment_method_types[0]": "giropay"}, None, "allowed_payment_method_types"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items[0][price_data][unit_amount]": "1.5"}, "parameter_invalid_integer", "unit_amount"),
        ({"line_items[0][price_data][unit_amount]": "-5"}, "parameter_invalid_integer", "unit_amount"),
        ({"line_items[0][price_data][unit_amount]": "100"}, "amount_too_small", None),
        ({"line_items[0][price_data][currency]": "xyz"}, None, "currency"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"metadata[note]": "x" * 501}, None, "metadata"),
    ],
)
def test_what_a_session_is_refused_for(
    shop: Shop, changed: dict[str, Any], code: str | None, param: str | None
) -> None:
    status, answer = shop.post(SESSIONS, shop.session(**changed))
    assert status == 400
    assert (answer["error"].get("code"), answer["error"].get("param")) == (code, param)
    assert not StripeSession.objects.exists()


def test_a_key_answers_as_the_first_time(shop: Shop) -> None:
    params = shop.session()
    status, first = shop.post(SESSIONS, params, key="PT1")
    assert "Idempotent-Replayed" not in shop.answer.headers
    assert shop.post(SESSIONS, params, key="PT1") == (status, first)
    assert shop.answer.headers["Idempotent-Replayed"] == "true"
    shop.pay()
    assert (
        shop.post(SESSIONS, params, key="PT1")[1]["status"] == "open"
    )  # the answer is stored, not the object
    assert StripeSession.objects.count() == 1
    status, answer = shop.post(SESSIONS, {**params, "success_url": "http://shop.test/x"}, key="PT1")
    assert (status, answer["error"]["type"]) == (400, "idempotency_error")
    status, answer = shop.post(REFUNDS, params, key="PT1")
    assert (status, answer["error"]["type"]) == (400, "idempotency_error")


def _at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    """Run a call in several threads that start together, each with a database connection of its own."""
    gate = threading.Barrier(count)

    def run() -> Any:
        try:
            gate.wait(10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result(30) for future in [pool.submit(run) for _ in range(count)]]


@pytest.mark.django_db(transaction=True)
def test_one_key_makes_one_session_however_many_call_at_once(shop: Shop) -> None:
    params = shop.session()
    ids = _at_once(4, lambda: Shop().post(SESSIONS, params)[1]["id"])
    assert len(set(ids)) == 4  # without a key each makes its own
    ids = _at_once(4, lambda: Shop().post(SESSIONS, params, key="PT1")[1]["id"])
    assert len(set(ids)) == 1
    assert StripeSession.objects.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [False, True])
def test_refunds_at_once_do_not_give_back_too_much(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    refund = {"payment_intent": shop.paid(), "amount": 10000}
    if not guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    check = refunds._check

    def slowly(*arguments: Any) -> None:
        check(*arguments)
        time.sleep(0.3)

    monkeypatch.setattr(refunds, "_check", slowly)
    statuses = sorted(_at_once(2, lambda: Shop().post(REFUNDS, refund)[0]))
    assert statuses == ([200, 400] if guarded else [200, 200])  # 200.00 of 194.00 without the lock


def test_a_refused_request_leaves_its_key_free(shop: Shop) -> None:
    assert shop.post(SESSIONS, shop.session(mode="setup"), key="PT1")[0] == 400
    assert shop.post(SESSIONS, shop.session(), key="PT1")[0] == 200


def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    intent = shop.paid()
    refund = {"payment_intent": intent, "amount": 100}
    first = shop.post(REFUNDS, refund, key="PR1")[1]["id"]
    assert shop.post(REFUNDS, refund, key="PR1")[1]["id"] == first
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        assert shop.post(REFUNDS, refund, key="PR1")[1]["id"] != first


def test_lists_are_paged_newest_first(shop: Shop) -> None:
    made = [shop.post(SESSIONS, shop.session(f"PT{i}"))[1]["id"] for i in range(5)]
    status, first = shop.get(SESSIONS, limit=2)
    assert (status, [one["id"] for one in first["data"]], first["has_more"]) == (
        200,
        [made[4], made[3]],
        True,
    )
    rest = shop.get(SESSIONS, limit=10, starting_after=made[3])[1]
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([made[2], made[1], made[0]], False)
    later = int((timezone.now() + timedelta(hours=1)).timestamp())
    assert shop.get_raw(f"{SESSIONS}?created[gte]={later}")[1]["data"] == []
    assert shop.get(SESSIONS, limit=101)[0] == 400
    assert shop.get(SESSIONS, starting_after="cs_test_x")[0] == 404


def test_ids_are_expanded_on_demand(shop: Shop) -> None:
    intent = shop.paid()
    session = StripeSession.objects.get().ref
    plain = shop.get(f"{SESSIONS}/{session}")[1]
    assert plain["payment_intent"] == intent
    full = shop.get_raw(f"{SESSIONS}/{session}?expand[0]=payment_intent.latest_charge.balance_transaction")[1]
    charge = full["payment_intent"]["latest_charge"]
    assert (charge["amount"], charge["balance_transaction"]["type"]) == (19400, "charge")
    lines = shop.get_raw("/v1/balance_transactions?expand[]=data.source")[1]["data"]
    assert lines[0]["source"]["payment_intent"] == intent
    status, answer = shop.get_raw(f"{SESSIONS}/{session}?expand[0]=secrets")
    assert (status, answer["error"]["message"]) == (400, "This property cannot be expanded (secrets).")


@pytest.mark.parametrize(
    "target",
    [
        f"{SESSIONS}/x",
        "/v1/payment_intents/x",
        "/v1/charges/x",
        "/v1/refunds/x",
        "/v1/disputes/x",
        "/v1/events/x",
    ],
)
def test_unknown_ids(shop: Shop, target: str) -> None:
    status, answer = shop.get(target)
    assert (status, answer["error"]["code"]) == (404, "resource_missing")


# -- paying


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_a_payment_is_booked_with_rate_and_fee(shop: Shop, method: str) -> None:
    intent = shop.paid(method=method)
    found = shop.get(f"/v1/payment_intents/{intent}")[1]
    assert (found["status"], found["amount_received"]) == ("succeeded", 19400)
    assert found["metadata"] == {"out_trade_no": "PT1"}
    (line,) = shop.get("/v1/balance_transactions")[1]["data"]
    # 194.00 CNY × 1.085 = 210.49 HKD; 3.4 % of it is 7.16, and 2.35.
    assert (line["amount"], line["fee"], line["net"]) == (21049, 951, 20098)
    assert (line["currency"], line["exchange_rate"], line["reporting_category"]) == ("hkd", 1.085, "charge")
    assert line["available_on"] - line["created"] == 7 * 86400
    assert shop.types() == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert shop.pay(method=method).json()["payment_intent"] == intent  # twice is once
    assert StripeIntent.objects.count() == 1


def test_a_declined_card_can_be_tried_again(shop: Shop) -> None:
    intent = shop.paid(card=DECLINED)
    found = shop.get(f"/v1/payment_intents/{intent}")[1]
    assert (found["status"], found["last_payment_error"]["code"]) == (
        "requires_payment_method",
        "card_declined",
    )
    assert shop.get("/v1/balance_transactions")[1]["data"] == []
    assert shop.pay().json() == {
        "session": StripeSession.objects.get().ref,
        "status": "complete",
        "payment_intent": intent,
    }


def test_the_page_takes_demo_cards_and_sends_the_buyer_back(shop: Shop) -> None:
    shop.post(SESSIONS, shop.session())
    page = f"/stripe/pay/{StripeSession.objects.get().token}/"
    real = shop.http.post(page, {"action": "pay", "method": "card", "number": "5555 5555 5555 4444"})
    assert real.status_code == 400
    assert shop.http.post(page, {"action": "pay", "method": "card", "number": DECLINED}).status_code == 402
    assert shop.http.post(page, {"action": "cancel"}).headers["Location"] == "http://shop.test/back"
    done = shop.http.post(page, {"action": "pay", "method": "card", "number": GOOD})
    assert (done.status_code, done.headers["Location"]) == (302, "http://shop.test/done")
    assert shop.http.get("/stripe/pay/guessed/").status_code == 404


def test_no_card_number_and_no_secret_stays_anywhere(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        intent = shop.paid(card=REFUND_FAILS)
        shop.paid("PT2", card=DECLINED)
        shop.post(REFUNDS, {"payment_intent": intent})
        run_for(400)
        page = f"/stripe/pay/{StripeSession.objects.order_by('pk').last().token}/"  # type: ignore[union-attr]  # made above
        html = shop.http.post(page, {"action": "pay", "method": "card", "number": "5555555555554444"}).content
    kept = [str(row) for model in apps.get_models() for row in model._default_manager.values()]
    assert any("5126" in row for row in kept)  # the last four digits are kept: the rows were read
    everything = [*kept, *(record.getMessage() for record in caplog.records)]
    for secret in ("4000000000005126", "4000 0000 0000 5126", "4000000000000002", "5555555555554444"):
        assert not [text for text in everything if secret in text]
    assert b"5555555555554444" not in html
    for secret in (account.API_KEY, account.WEBHOOK_SECRET):
        assert not [text for text in everything if secret in text]


def test_a_session_ends_by_the_clock_or_when_told(shop: Shop) -> None:
    Knob.objects.create(pk="speed", value=60)
    first = shop.post(SESSIONS, shop.session())[1]["id"]
    run_for(3600)
    assert shop.get(f"{SESSIONS}/{first}")[1]["status"] == "open"
    run_for(3700)
    found = shop.get(f"{SESSIONS}/{first}")[1]
    assert (found["status"], found["url"]) == ("expired", None)
    assert shop.types() == ["checkout.session.expired"]
    second = shop.post(SESSIONS, shop.session("PT2"))[1]["id"]
    assert shop.post(f"{SESSIONS}/{second}/expire")[1]["status"] == "expired"
    assert shop.pay("PT2").status_code == 400
    assert shop.post(f"{SESSIONS}/{second}/expire")[0] == 400


def test_a_paid_session_is_not_expired(shop: Shop) -> None:
    shop.paid()
    status, answer = shop.post(f"{SESSIONS}/{StripeSession.objects.get().ref}/expire")
    assert status == 400
    assert "status of complete" in answer["error"]["message"]


# -- refunds


def test_never_more_goes_back_than_came(shop: Shop) -> None:
    intent = shop.paid()
    assert shop.post(REFUNDS, {"payment_intent": intent, "amount": 19000})[1]["status"] == "succeeded"
    status, answer = shop.post(REFUNDS, {"payment_intent": intent, "amount": 401})
    assert (status, answer["error"]["param"]) == (400, "amount")
    assert shop.post(REFUNDS, {"payment_intent": intent})[1]["amount"] == 400  # the rest
    status, answer = shop.post(REFUNDS, {"payment_intent": intent, "amount": 1})
    assert (status, answer["error"]["code"]) == (400, "charge_already_refunded")
    assert len(shop.get(REFUNDS, payment_intent=intent)[1]["data"]) == 2
    assert shop.get(REFUNDS, payment_intent="pi_other")[1]["data"] == []


def test_a_wallets_refund_ends_later(shop: Shop) -> None:
    intent = shop.paid(method="alipay")
    made = shop.post(REFUNDS, {"payment_intent": intent, "amount": 1000, "metadata[refund_no]": "PR1"})[1]
    assert (made["status"], made["metadata"]) == ("pending", {"refund_no": "PR1"})
    run_for(301)
    assert shop.get(f"{REFUNDS}/{made['id']}")[1]["status"] == "succeeded"
    assert shop.types()[3:] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]


@pytest.mark.parametrize(
    ("how", "before", "reason"),
    [
        ({"method": "alipay", "persona": "refund_fails"}, "pending", "unknown"),
        ({"card": REFUND_FAILS}, "succeeded", "lost_or_stolen_card"),
    ],
)
def test_a_refund_that_fails_brings_the_money_back(
    shop: Shop, how: dict[str, str], before: str, reason: str
) -> None:
    intent = shop.paid(**how)
    made = shop.post(REFUNDS, {"payment_intent": intent, "amount": 19400})[1]
    assert made["status"] == before
    run_for(301)
    found = shop.get(f"{REFUNDS}/{made['id']}")[1]
    assert (found["status"], found["failure_reason"]) == ("failed", reason)
    assert shop.types()[-1] == "refund.failed"
    lines = shop.get("/v1/balance_transactions")[1]["data"]
    assert [(line["reporting_category"], line["net"]) for line in lines] == [
        ("refund_failure", 21049),
        ("refund", -21049),
        ("charge", 20098),
    ]


@pytest.mark.parametrize(("method", "days"), [("alipay", 90), ("wechat_pay", 180)])
def test_wallets_give_back_for_so_long(shop: Shop, method: str, days: int) -> None:
    intent = shop.paid(method=method)
    paid_at: datetime = StripeIntent.objects.get().created
    for extra, expected in ((timedelta(minutes=-1), 200), (timedelta(minutes=1), 400)):
        with time_machine.travel(paid_at + timedelta(days=days) + extra, tick=False):
            assert shop.post(REFUNDS, {"payment_intent": intent, "amount": 100})[0] == expected
    assert StripeRefund.objects.count() == 1


# -- disputes


def test_a_dispute_takes_the_money_and_a_fee(shop: Shop) -> None:
    intent = shop.paid(card=DISPUTED)
    run_for(61)
    (found,) = shop.get("/v1/disputes", payment_intent=intent)[1]["data"]
    assert (found["status"], found["reason"], found["amount"]) == ("needs_response", "fraudulent", 19400)
    (line,) = found["balance_transactions"]
    assert (line["amount"], line["fee"], line["reporting_category"]) == (-21049, 8500, "dispute")
    assert shop.types()[3:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    status, answer = shop.post(REFUNDS, {"payment_intent": intent})
    assert (status, answer["error"]["code"]) == (400, "charge_disputed")
    assert shop.post(f"/v1/disputes/{found['id']}/close")[1]["status"] == "lost"
    assert shop.post(f"/v1/disputes/{found['id']}/close")[0] == 400


@pytest.mark.parametrize(
    ("said", "status", "lines"),
    [
        ("winning_evidence", "won", [-21049, 21049]),
        ("losing_evidence", "lost", [-21049]),
        ("a signed receipt", "under_review", [-21049]),
    ],
)
def test_evidence_decides_a_dispute(shop: Shop, said: str, status: str, lines: list[int]) -> None:
    intent = shop.paid(card=DISPUTED)
    run_for(61)
    (found,) = shop.get("/v1/disputes", payment_intent=intent)[1]["data"]
    place = f"/v1/disputes/{found['id']}"
    assert shop.post(place, {"evidence[uncategorized_text]": said})[1]["status"] == status
    told = shop.get(place)[1]
    assert [line["amount"] for line in told["balance_transactions"]] == lines
    again = shop.post(place, {"evidence[uncategorized_text]": "winning_evidence"})
    assert again[0] == (200 if status == "under_review" else 400)


def test_an_inquiry_moves_no_money(shop: Shop) -> None:
    intent = shop.paid(card="4000000000001976")
    run_for(61)
    (found,) = shop.get("/v1/disputes", payment_intent=intent)[1]["data"]
    assert (found["status"], found["balance_transactions"]) == ("warning_needs_response", [])
    assert shop.types()[3:] == ["charge.dispute.created"]
    assert shop.post(REFUNDS, {"payment_intent": intent, "amount": 100})[0] == 200
    assert shop.post(f"/v1/disputes/{found['id']}/close")[1]["status"] == "warning_closed"


# -- webhooks


def _endpoint(shop: Shop, *events: str) -> None:
    wanted = {f"enabled_events[{i}]": event for i, event in enumerate(events or ("*",))}
    status, made = shop.post("/v1/webhook_endpoints", {"url": "http://shop.test/hook", **wanted})
    assert (status, made["secret"]) == (200, shop.config["webhook_secret"])


def _verify(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    seconds, _, mac = arguments["headers"]["Stripe-Signature"].removeprefix("t=").partition(",v1=")
    signed = f"{seconds}.".encode() + arguments["content"]
    assert mac == hmac.new(shop.config["webhook_secret"].encode(), signed, hashlib.sha256).hexdigest()
    return json.loads(arguments["content"]) | {"signed_at": int(seconds)}


def test_events_are_signed_and_repeated_until_taken(shop: Shop, platform: Any) -> None:
    _endpoint(shop, "checkout.session.*")
    platform.answers = [(500, b""), (0, b""), (204, b"")]
    shop.paid()
    run_for(7200)
    assert [url for url, _ in platform.calls] == ["http://shop.test/hook"] * 3
    sent = [_verify(shop, arguments) for _, arguments in platform.calls]
    assert {(one["id"], one["type"]) for one in sent} == {(sent[0]["id"], "checkout.session.completed")}
    assert sent[0]["data"]["object"]["client_reference_id"] == "PT1"
    # Each attempt has a stamp of its own, or a late one could never be believed.
    assert [sent[i + 1]["signed_at"] - sent[i]["signed_at"] for i in (0, 1)] == [60, 300]
    row = StripeDelivery.objects.get()
    assert (row.attempts, row.last_status, row.delivered_at is not None) == (3, "204", True)


@pytest.mark.parametrize(("fault", "calls"), [("double", 2), ("never", 0), ("late", 1)])
def test_faults_of_the_way(shop: Shop, platform: Any, fault: str, calls: int) -> None:
    Knob.objects.create(pk="faults", value={"psp_notify": fault})
    _endpoint(shop, "checkout.session.completed")
    shop.paid()
    run_for(100)
    assert len(platform.calls) == (0 if fault == "late" else calls)
    run_for(300)
    assert len(platform.calls) == calls


def test_endpoints_are_listed_and_removed(shop: Shop, platform: Any) -> None:
    _endpoint(shop)
    (row,) = shop.get("/v1/webhook_endpoints")[1]["data"]
    assert "secret" not in row  # told once
    headers = {"Authorization": f"Bearer {shop.config['api_key']}"}
    for status in (200, 404):
        assert shop.http.delete(f"/v1/webhook_endpoints/{row['id']}", headers=headers).status_code == status
    shop.paid()
    run_for(100)
    assert platform.calls == []
    assert shop.post("/v1/webhook_endpoints", {"url": "ftp://x", "enabled_events[]": "*"})[0] == 400


def test_pay_for_programs_says_what_is_wrong(shop: Shop) -> None:
    shop.post(SESSIONS, shop.session(**{"allowed_payment_method_types[0]": "card"}))
    assert shop.pay("PT9").status_code == 404
    assert shop.pay(method="alipay").status_code == 400
    assert shop.pay(card="1234").status_code == 400
    assert shop.http.post("/sandbox/psp/stripe/pay", "[]", content_type="application/json").status_code == 400


def test_the_control_page_shows_checkouts_and_events(shop: Shop, platform: Any) -> None:
    _endpoint(shop, "checkout.session.completed")
    shop.paid()
    run_for(10)
    data = shop.http.get("/sandbox/?format=json").json()
    assert [(row["client_reference_id"], row["status"]) for row in data["checkouts"]] == [("PT1", "complete")]
    assert [(row["type"], row["last"]) for row in data["events"]] == [("checkout.session.completed", "200")]
    assert shop.http.get("/sandbox/").status_code == 200
