"""The payment company over its real wire."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client
from django.utils import timezone

from sandbox.customs_port.models import PaymentFact
from sandbox.jobs.models import Job, Knob
from sandbox.psp.models import Notification, Payment

from .clock import run_for
from .wechat import Merchant

pytestmark = pytest.mark.django_db
NATIVE = "/v3/global/transactions/native"
NUMBER = "PT20261123000001"


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def test_config_tells_the_merchant_everything(merchant: Merchant) -> None:
    assert merchant.config["mchid"] == "1900000109"
    assert merchant.config["appid"] == "wxponte0sandbox001"
    assert len(merchant.config["apiv3_key"]) == 32
    assert merchant.config["customs"] == [{"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401W6PONT"}]
    assert merchant.config["pay_code"] == "4403169D3W"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"signature": "AAAA"}, "错误的签名，验签失败"),
        ({"signature": "not base64!"}, "错误的签名，验签失败"),
        ({"serial_no": "0123456789ABCDEF"}, "商户证书序列号有误"),
        ({"mchid": "1900000110"}, "商户号不存在"),
        ({"timestamp": "1700000000"}, "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
        ({"timestamp": "soon"}, "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
        ({"timestamp": "²"}, "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
    ],
)
def test_forged_requests_are_refused(merchant: Merchant, changed: dict[str, str], message: str) -> None:
    body = json.dumps(merchant.order()).encode()
    authorization = merchant.authorization("POST", NATIVE, body, **changed)
    response = Client().post(
        NATIVE, body, content_type="application/json", headers={"Authorization": authorization}
    )
    assert response.status_code == 401
    assert response.json() == {"code": "SIGN_ERROR", "message": message}
    assert "Wechatpay-Signature" not in response.headers
    assert not Payment.objects.exists()


def test_a_signature_covers_body_target_and_method(merchant: Merchant) -> None:
    body = json.dumps(merchant.order()).encode()
    good = merchant.authorization("POST", NATIVE, body)
    for target, sent in ((NATIVE, body.replace(b"21820", b"00001")), ("/v3/global/transactions/mweb", body)):
        response = Client().post(
            target, sent, content_type="application/json", headers={"Authorization": good}
        )
        assert response.status_code == 401
    assert Client().post(NATIVE, body, content_type="application/json").status_code == 401


def test_certificates_open_with_the_apiv3_key(merchant: Merchant) -> None:
    status, answer = merchant.call("GET", "/v3/global/certificates")
    assert status == 200
    (entry,) = answer["data"]
    pem = merchant.unseal(entry["encrypt_certificate"])
    assert x509.load_pem_x509_certificate(pem) == merchant.platform
    assert entry["serial_no"] == merchant.config["platform_serial"]


def test_an_order_is_placed_once(merchant: Merchant) -> None:
    status, first = merchant.call("POST", NATIVE, merchant.order())
    assert (status, list(first)) == (200, ["code_url"])
    assert first["code_url"].startswith("http://127.0.0.1:8100/pay/")
    assert merchant.call("POST", NATIVE, merchant.order()) == (200, first)
    other = merchant.order(amount={"total": 1, "currency": "CNY"})
    status, answer = merchant.call("POST", NATIVE, other)
    assert (status, answer["code"]) == (403, "OUT_TRADE_NO_USED")
    assert Payment.objects.count() == 1
    assert merchant.query()["trade_state"] == "NOTPAY"


def test_h5_goes_to_the_phone(merchant: Merchant) -> None:
    for path in ("mweb", "h5"):
        number = f"PT2026112300{path}"
        order = merchant.order(number, trade_type="MWEB")
        status, answer = merchant.call("POST", f"/v3/global/transactions/{path}", order)
        assert status == 200
        assert answer["mweb_url"].startswith("http://127.0.0.1:8100/pay/")
        assert "?prepay_id=wx" in answer["mweb_url"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"mchid": "1900000110"}, 403, "NO_AUTH"),
        ({"appid": "wx0000000000000000"}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"out_trade_no": "with space 1"}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "x" * 33}, 400, "PARAM_ERROR"),
        ({"trade_type": "MWEB"}, 400, "PARAM_ERROR"),
        ({"description": "x" * 128}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://h/x?a=1"}, 400, "PARAM_ERROR"),
        ({"notify_url": "ftp://h/x"}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://[h/x"}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 0, "currency": "CNY"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1.5, "currency": "CNY"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": True, "currency": "CNY"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1, "currency": "MOP"}}, 400, "PARAM_ERROR"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, 400, "PARAM_ERROR"),
        ({"time_expire": "2030-01-01T00:00:00"}, 400, "PARAM_ERROR"),
        ({"merchant_category_code": None}, 400, "PARAM_ERROR"),
    ],
)
def test_bad_orders_are_refused(merchant: Merchant, changed: dict[str, Any], status: int, code: str) -> None:
    given, answer = merchant.call("POST", NATIVE, merchant.order(**changed))
    assert (given, answer["code"]) == (status, code)
    assert not Payment.objects.exists()


def test_payment_is_notified_sealed_and_signed(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid()
    assert len(transaction_id) == 28 and transaction_id.startswith("42")
    assert run_for(5) == 1
    ((url, sent),) = platform.calls
    assert url == "http://127.0.0.1:8000/hooks/wechat"
    merchant.verify(sent["headers"], sent["content"])
    body = json.loads(sent["content"])
    assert (body["event_type"], body["resource_type"]) == ("TRANSACTION.SUCCESS", "encrypt-resource")
    plain = json.loads(merchant.unseal(body["resource"]))
    assert plain == merchant.query()
    assert plain["id"] == transaction_id
    assert plain["trade_state"] == "SUCCESS"
    assert plain["amount"] == {
        "total": 21820,
        "currency": "CNY",
        "payer_total": 21820,
        "payer_currency": "CNY",
        "exchange_rate": {"type": "USERPAYMENT_RATE", "rate": 100000000},
    }
    status, same = merchant.call(
        "GET", f"/v3/global/transactions/id/{transaction_id}?mchid={merchant.config['mchid']}"
    )
    assert (status, same) == (200, plain)


def test_notifications_are_repeated_until_2xx(merchant: Merchant, platform: Any) -> None:
    platform.answers = [(500, b""), (0, b""), (404, b""), (204, b"")]
    merchant.paid()
    moments = []
    for _ in range(4):
        moments.append(Job.objects.get(kind="psp.notify").run_at)
        assert run_for(10_000, limit=1) == 1
    waits = [round((b - a).total_seconds()) for a, b in itertools.pairwise(moments)]
    assert waits == [15, 15, 30]
    note = Notification.objects.get()
    assert (note.attempts, note.last_status) == (4, "204")
    assert note.delivered_at is not None
    bodies = {call[1]["content"] for call in platform.calls}
    assert len(bodies) == 1
    nonces = {call[1]["headers"]["Wechatpay-Nonce"] for call in platform.calls}
    assert len(nonces) == 4


@pytest.mark.parametrize(("fault", "calls"), [("double", 2), ("never", 0), ("late", 1)])
def test_notification_faults(merchant: Merchant, platform: Any, fault: str, calls: int) -> None:
    response = Client().post("/sandbox/faults", {"psp_notify": fault})
    assert response.status_code == 302
    merchant.paid()
    run_for(60)
    assert len(platform.calls) == (0 if fault == "late" else calls)
    run_for(600)
    assert len(platform.calls) == calls
    assert merchant.query()["trade_state"] == "SUCCESS"


def test_paying_twice_pays_once(merchant: Merchant, platform: Any) -> None:
    first = merchant.paid()
    response = Client().post(
        "/sandbox/psp/pay", json.dumps({"out_trade_no": NUMBER}), content_type="application/json"
    )
    assert response.json()["transaction_id"] == first
    assert Notification.objects.count() == 1
    status, answer = merchant.call("POST", NATIVE, merchant.order())
    assert (status, answer["code"]) == (400, "ORDERPAID")


def test_close(merchant: Merchant) -> None:
    merchant.call("POST", NATIVE, merchant.order())
    path = f"/v3/global/transactions/out-trade-no/{NUMBER}/close"
    account = {"mchid": merchant.config["mchid"]}
    assert merchant.call("POST", path, account) == (204, {})
    assert merchant.call("POST", path, account) == (204, {})
    assert merchant.query()["trade_state"] == "CLOSED"
    pay = Client().post(
        "/sandbox/psp/pay", json.dumps({"out_trade_no": NUMBER}), content_type="application/json"
    )
    assert pay.status_code == 400
    merchant.paid("PT20261123000002")
    status, answer = merchant.call("POST", path.replace("000001", "000002"), account)
    assert (status, answer["code"]) == (400, "ORDERPAID")
    status, answer = merchant.call("POST", path.replace("000001", "000003"), account)
    assert (status, answer["code"]) == (404, "ORDER_NOT_EXIST")


def test_an_expired_order_cannot_be_paid(merchant: Merchant) -> None:
    merchant.call("POST", NATIVE, merchant.order(time_expire="2030-01-01T00:00:00+08:00"))
    Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = Client().post(
        "/sandbox/psp/pay", json.dumps({"out_trade_no": NUMBER}), content_type="application/json"
    )
    assert response.status_code == 400
    assert merchant.query()["trade_state"] == "NOTPAY"


def test_the_phone_shows_and_pays(merchant: Merchant) -> None:
    _, answer = merchant.call("POST", NATIVE, merchant.order())
    page = answer["code_url"].removeprefix("http://127.0.0.1:8100")
    http = Client()
    html = http.get(page).content.decode()
    for text in ("SANDBOX", "218.20", "葡式杏仁饼 礼盒", "付款 Pay", "取消 Cancel", NUMBER):
        assert text in html
    assert "已取消" in http.post(page, {"action": "cancel"}).content.decode()
    assert merchant.query()["trade_state"] == "NOTPAY"
    back = http.post(
        f"{page}?redirect_url=http://127.0.0.1:8000/order/1", {"action": "pay", "persona": "same"}
    )
    assert (back.status_code, back["Location"]) == (302, "http://127.0.0.1:8000/order/1")
    assert merchant.query()["trade_state"] == "SUCCESS"
    evil = http.post(f"{page}?redirect_url=javascript:alert(1)", {"action": "pay", "persona": "same"})
    assert evil.status_code == 200
    assert "沙盒支付成功" in evil.content.decode()
    assert http.get("/pay/unknown/").status_code == 404


def _refund(merchant: Merchant, number: str, fen: int, **changed: Any) -> tuple[int, dict[str, Any]]:
    data = {
        "appid": merchant.config["appid"],
        "mchid": merchant.config["mchid"],
        "out_trade_no": NUMBER,
        "out_refund_no": number,
        "amount": {"refund": fen, "total": 21820, "currency": "CNY"},
        "notify_url": "http://127.0.0.1:8000/hooks/refund",
        **changed,
    }
    return merchant.call("POST", "/v3/global/refunds", data)


def test_refunds_never_exceed_the_payment(merchant: Merchant, platform: Any) -> None:
    merchant.paid()
    status, first = _refund(merchant, "R1", 20000)
    assert status == 200
    assert "status" not in first
    assert first["amount"]["refund"] == 20000
    assert _refund(merchant, "R1", 20000) == (200, first)
    status, answer = _refund(merchant, "R1", 10000)
    assert (status, answer["code"]) == (400, "INVALID_REQUEST")
    status, answer = _refund(merchant, "R2", 1821)
    assert (status, answer["message"]) == (400, "累计退款金额大于支付金额")
    assert _refund(merchant, "R2", 1820)[0] == 200
    assert _refund(merchant, "R3", 1)[0] == 400
    assert merchant.query()["trade_state"] == "REFUND"
    target = f"/v3/global/refunds/out-refund-no/R1?mchid={merchant.config['mchid']}"
    assert merchant.call("GET", target)[1]["status"] == "PROCESSING"
    run_for(300)
    done = merchant.call("GET", target)[1]
    assert done["status"] == "SUCCESS"
    by_id = f"/v3/global/refunds/id/{first['id']}?mchid={merchant.config['mchid']}"
    assert merchant.call("GET", by_id) == (200, done)
    events = [json.loads(call[1]["content"])["event_type"] for call in platform.calls]
    assert sorted(events) == ["REFUND.SUCCESS", "REFUND.SUCCESS", "TRANSACTION.SUCCESS"]
    sealed = next(call for call in platform.calls if call[0].endswith("/refund"))[1]
    plain = json.loads(merchant.unseal(json.loads(sealed["content"])["resource"]))
    assert (plain["out_refund_no"], plain["refund_status"]) == ("R1", "SUCCESS")


def test_a_refund_may_fail_later(merchant: Merchant, platform: Any) -> None:
    merchant.paid()
    _refund(merchant, "R1", 100, reason="退款异常")
    run_for(300)
    target = f"/v3/global/refunds/out-refund-no/R1?mchid={merchant.config['mchid']}"
    assert merchant.call("GET", target)[1]["status"] == "ABNORMAL"


def test_refund_of_unpaid_or_old_orders(merchant: Merchant) -> None:
    assert _refund(merchant, "R1", 1)[0] == 404
    merchant.call("POST", NATIVE, merchant.order())
    assert _refund(merchant, "R1", 1)[1]["message"] == "订单未支付，不能退款"
    merchant.paid()
    Payment.objects.update(success_time=timezone.now() - timedelta(days=366))
    assert _refund(merchant, "R1", 1)[1]["message"] == "订单已超过一年，不能退款"


CUSTOMS = "/v3/global/customs/orders"
VERIFY = "/v3/global/customs/verify-certificate"


def _verify(
    merchant: Merchant, transaction_id: str, name: str, id_number: str, scheme: Any = None
) -> tuple[int, dict[str, Any]]:
    data = merchant.declaration(
        transaction_id,
        certificate_type="IDCARD",
        certificate_id=merchant.encrypt(id_number, scheme),
        certificate_name=merchant.encrypt(name, scheme),
    )
    return merchant.call("POST", VERIFY, data, **{"Wechatpay-Serial": merchant.config["platform_serial"]})


def test_declaration_walks_to_success_and_reaches_the_port(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid()
    status, answer = merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))
    assert status == 200
    assert (answer["state"], answer["certificate_check_result"]) == ("SUBMITTED", "UNCHECKED")
    status, answer = _verify(merchant, transaction_id, "李小宝", "11010519491231002X")
    assert (status, answer["certificate_check_result"]) == (200, "SAME")
    run_for(20)
    assert merchant.customs_query()["data"][0]["state"] == "PROCESSING"
    assert "verify_department" not in merchant.customs_query()
    assert not PaymentFact.objects.exists()
    run_for(60)
    answer = merchant.customs_query()
    assert answer["total_count"] == 1
    assert answer["data"][0]["state"] == "SUCCESS"
    assert answer["data"][0]["certificate_check_result"] == "SAME"
    assert answer["verify_department"] == "NETSUNION"
    assert answer["verify_department_trade_id"] == "31" + transaction_id[2:]
    fact = PaymentFact.objects.get()
    assert (fact.order_no, fact.pay_code, fact.pay_transaction_id, fact.amount) == (
        NUMBER,
        "4403169D3W",
        transaction_id,
        Decimal("218.20"),
    )
    again = merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))[1]
    assert again["state"] == "SUCCESS"
    changed = merchant.declaration(transaction_id, merchant_customs_no="4401OTHER0")
    assert merchant.call("POST", CUSTOMS, changed)[1]["message"] == "重入信息不一致，请使用修改接口"


@pytest.mark.parametrize("scheme", ["pkcs1", "oaep"])
@pytest.mark.parametrize(
    ("name", "id_number", "expected"),
    [
        ("欧阳不同", "110101199003070011", "SAME"),
        ("欧阳不同", "11010519491231002X", "DIFFERENT"),
        ("李小宝", "110101199003070011", "DIFFERENT"),
    ],
)
def test_identity_is_compared_with_the_wallets_owner(
    merchant: Merchant, platform: Any, scheme: str, name: str, id_number: str, expected: str
) -> None:
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    transaction_id = merchant.paid(persona="different")
    merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))
    status, answer = _verify(merchant, transaction_id, name, id_number, oaep if scheme == "oaep" else None)
    assert (status, answer["certificate_check_result"]) == (200, expected)
    run_for(100)
    # The wallet's owner is pushed, whatever the merchant named, and the state is SUCCESS all the same.
    assert merchant.customs_query()["data"][0]["state"] == "SUCCESS"
    fact = PaymentFact.objects.get()
    assert (fact.payer_name, fact.payer_id_number) == ("欧阳不同", "110101199003070011")


def test_identity_must_be_encrypted_for_this_platform(merchant: Merchant) -> None:
    transaction_id = merchant.paid()
    assert _verify(merchant, transaction_id, "李小宝", "11010519491231002X")[0] == 404  # nothing declared yet
    merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))
    plain = merchant.declaration(
        transaction_id,
        certificate_type="IDCARD",
        certificate_id="11010519491231002X",
        certificate_name="李小宝",
    )
    serial = {"Wechatpay-Serial": merchant.config["platform_serial"]}
    assert merchant.call("POST", VERIFY, plain, **serial)[1]["code"] == "PARAM_ERROR"
    assert merchant.call("POST", VERIFY, plain)[1]["detail"] == {"field": "Wechatpay-Serial"}
    assert _verify(merchant, transaction_id, "李小宝", "11010519491231002x")[1]["code"] == "PARAM_ERROR"


@pytest.mark.parametrize(
    ("persona", "refusal"),
    [
        ("not_real_named", "支付用户未实名，不支持报关"),
        ("hk_wallet", "香港钱包支付的订单不支持报关"),
        ("foreign_id", "支付用户非大陆身份证实名，不支持报关"),
    ],
)
def test_some_payers_cannot_be_declared(merchant: Merchant, persona: str, refusal: str) -> None:
    transaction_id = merchant.paid(persona=persona)
    status, answer = merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))
    assert (status, answer["code"], answer["message"]) == (403, "RULE_LIMIT", refusal)


def test_declined_payment_can_be_tried_again(merchant: Merchant) -> None:
    assert merchant.paid(persona="declined") is None
    assert merchant.query()["trade_state"] == "PAYERROR"
    assert merchant.paid() is not None


def test_except_needs_a_redeclaration(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid(persona="except")
    declaration = merchant.declaration(transaction_id)
    merchant.call("POST", CUSTOMS, declaration)
    status, answer = merchant.call("POST", "/v3/global/customs/redeclare", declaration)
    assert (status, answer["message"]) == (400, "状态 SUBMITTED 不能重推")
    run_for(100)
    assert merchant.customs_query()["data"][0]["state"] == "EXCEPT"
    assert merchant.call("POST", "/v3/global/customs/redeclare", declaration)[1]["state"] == "PROCESSING"
    run_for(100)
    assert merchant.customs_query()["data"][0]["state"] == "SUCCESS"


def test_unregistered_customs_number_fails_and_can_be_modified(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid()
    merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id, merchant_customs_no="X4401BAD00"))
    run_for(100)
    row = merchant.customs_query()["data"][0]
    assert (row["state"], row["explanation"]) == ("FAIL", "商户海关备案号未登记")
    assert not PaymentFact.objects.exists()
    assert merchant.call("PATCH", CUSTOMS, merchant.declaration(transaction_id))[1]["state"] == "SUBMITTED"
    run_for(100)
    assert merchant.customs_query()["data"][0]["state"] == "SUCCESS"
    assert merchant.customs_query()["data"][0]["merchant_customs_no"] == "4401W6PONT"


def test_partial_refund_lowers_what_is_declared(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid()
    _refund(merchant, "R1", 1820)
    merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id))
    run_for(300)
    assert PaymentFact.objects.get().amount == Decimal("200.00")


def test_split_order_declares_its_own_number_and_fee(merchant: Merchant, platform: Any) -> None:
    transaction_id = merchant.paid()
    fees = {
        "sub_order_no": "SUB1",
        "fee_type": "CNY",
        "order_fee": 10000,
        "transport_fee": 0,
        "product_fee": 1,
    }
    status, answer = merchant.call("POST", CUSTOMS, merchant.declaration(transaction_id, **fees))
    assert (status, answer["code"]) == (400, "PARAM_ERROR")
    answer = merchant.call(
        "POST", CUSTOMS, merchant.declaration(transaction_id, **{**fees, "product_fee": 10000})
    )[1]
    run_for(100)
    fact = PaymentFact.objects.get()
    assert (fact.order_no, fact.pay_transaction_id, fact.amount) == (
        "SUB1",
        answer["sub_order_id"],
        Decimal(100),
    )


def test_control_page_shows_and_sets(merchant: Merchant) -> None:
    merchant.paid()
    http = Client()
    html = http.get("/sandbox/").content.decode()
    assert "SANDBOX" in html and NUMBER in html
    data = http.get("/sandbox/?format=json").json()
    assert data["payments"][0]["out_trade_no"] == NUMBER
    assert data["speed"] == 1.0
    assert http.post("/sandbox/speed", '{"speed": 60}', content_type="application/json").json() == {
        "speed": 60.0
    }
    assert Knob.objects.get(pk="speed").value == 60
    assert http.post("/sandbox/speed", {"speed": "0"}).status_code == 400
    assert http.post("/sandbox/faults", {"psp_notify": "explode"}).status_code == 400
    assert http.get("/").status_code == 200
    assert http.get("/healthz").json()["ok"] is True
