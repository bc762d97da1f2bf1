"""Real-time payment data: the demand, the signed string, the upload, its repeats and the archive."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import timedelta
from decimal import Decimal as D
from urllib.parse import parse_qs

import httpx2
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.db import connection

from plugins.customs_declaration import checks, documents
from plugins.customs_declaration.models import Declaration, RealtimeRequest
from plugins.customs_declaration.realtime import client as uploads
from plugins.customs_declaration.realtime import requests, wire
from saleor_ext.core import clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import PaymentEvidence, StepView

from .parcels import parcel

PATH = "/plugins/customs/platDataOpen"
URL = "https://customs.test/ceb2grab/grab/realTimeDataUpload"
ORDER_NO = "WPT26112310427A1C"
REQUEST = '{"out_trade_no":"WPT26112310427A1C","描述":"杏仁饼 \\"大\\""}'.encode()
RESPONSE = b'{"code_url":"weixin://wxpay/x"}'


class Customs:
    """Answers uploads as told and remembers them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answers: list[httpx2.Response | Exception] = []

    def post(self, url: str, **arguments) -> httpx2.Response:
        assert url == URL and set(arguments["data"]) == {"payExInfoStr"}
        self.texts.append(arguments["data"]["payExInfoStr"])
        said = self.answers.pop(0) if self.answers else answered("10000")
        if isinstance(said, Exception):
            raise said
        return said


def answered(code: str, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, json={"code": code, "message": "m", "total": 0, "serviceTime": 1})


@pytest.fixture
def customs(monkeypatch) -> Customs:
    made = Customs()
    monkeypatch.setattr(uploads.httpx2, "post", made.post)
    return made


@pytest.fixture
def evidence(monkeypatch) -> list:
    asked: list = []

    def ask_first(hook, **arguments):
        asked.append((hook, arguments))
        return PaymentEvidence(REQUEST, RESPONSE, "1900000109", "3")

    monkeypatch.setattr(requests, "ask_first", ask_first)
    return asked


@pytest.fixture
def declared(db, platform_of_tests, set_config, evidence) -> Declaration:
    """A declared parcel whose payment was declared too."""
    set_config(realtime_url=URL, realtime_recp_name="示范公司")
    view = parcel()
    paid = {
        **view.step_data("declare_payment"),
        "amount": "237.84",
        "tradingTime": "2026-11-23T02:00:05+00:00",
        "clearing": {"verDept": "2", "payTransactionId": "NUCC202611230001"},
    }
    steps = {**view.steps, "declare_payment": StepView("declare_payment", "done", paid)}
    return documents.declaration_of(platform_of_tests.add(dataclasses.replace(view, steps=steps)))


def ask(client, order_no: str = ORDER_NO, session: str = "s-1", **changes):
    opening = {"orderNo": order_no, "sessionID": session, "serviceTime": "1533271903898", **changes}
    return client.post(PATH, {"openReq": json.dumps(opening)}).json()


def work(attempts: int = 1) -> None:
    for _ in range(attempts):
        OutboxMessage.objects.filter(state="pending").update(run_at=clock.now())
        outbox.drain()


# -- the demand ------------------------------------------------------------------------------------------------


def test_a_demand_is_answered_at_once_and_promised(client, declared, customs) -> None:
    said = ask(client)
    assert said["code"] == "10000" and said["message"] == "" and isinstance(said["serviceTime"], int)
    row = RealtimeRequest.objects.get()
    assert (row.order_no, row.session_id, row.state) == (ORDER_NO, "s-1", "asked")
    assert customs.texts == [] and OutboxMessage.objects.filter(topic=requests.UPLOAD).count() == 1


def test_the_same_demand_again_is_one_demand(client, declared, customs) -> None:
    for _ in range(3):
        assert ask(client)["code"] == "10000"
    assert ask(client, session="s-2")["code"] == "10000"
    work()
    assert RealtimeRequest.objects.count() == len(customs.texts) == 2


def test_numbers_count_as_text_in_a_demand(client, declared, customs) -> None:
    assert ask(client, serviceTime=1533271903898)["code"] == "10000"
    assert RealtimeRequest.objects.get().service_time == "1533271903898"


@pytest.mark.parametrize(
    "field",
    ["", "x", "[]", "{}", '{"orderNo":"a"}', '{"orderNo":"a","sessionID":"b","serviceTime":"x"}', "[" * 5000,
     '{"orderNo":{},"sessionID":"b","serviceTime":"1"}',
     '{"orderNo":"' + "a" * 61 + '","sessionID":"b","serviceTime":1}'],
)  # fmt: skip
def test_what_is_no_demand_is_refused_in_the_answers_form(client, declared, field: str) -> None:
    said = client.post(PATH, {"openReq": field})
    assert said.status_code == 200 and said.json()["code"] == "20000" and said.json()["message"]
    assert not RealtimeRequest.objects.exists()


def test_unknown_orders_floods_and_other_methods_are_refused(client, declared, customs) -> None:
    assert ask(client, order_no="nobody's")["code"] == "20000"
    for number in range(requests.MOST_A_DAY):
        assert ask(client, session=f"s-{number}")["code"] == "10000"
    assert ask(client, session="one more")["code"] == "20000"
    assert client.get(PATH).status_code == 405
    assert client.post(PATH, {"openReq": "x" * 20_000}).json()["code"] == "20000"


# -- the upload ------------------------------------------------------------------------------------------------


def test_the_upload_is_what_the_rule_asks_for_and_signed(
    client, declared, customs, key_pair, evidence
) -> None:
    ask(client)
    work()
    (text,) = customs.texts
    sent = json.loads(text)
    assert list(sent) == [*wire.TOP, "certNo", "signValue"]
    head = sent["payExchangeInfoHead"]
    assert list(head) == list(wire.HEAD)
    assert head["initalRequest"].encode() == REQUEST and head["initalResponse"].encode() == RESPONSE
    assert (head["payTransactionId"], head["verDept"], head["payType"]) == ("NUCC202611230001", "2", "3")
    assert (head["tradingTime"], head["currency"], head["totalAmount"]) == ("20261123100005", "142", 237.84)
    assert len(head["guid"]) == 36 and head["guid"] == head["guid"].upper()
    (order,) = sent["payExchangeInfoLists"]
    assert (order["orderNo"], order["recpAccount"], order["recpName"]) == (ORDER_NO, "1900000109", "示范公司")
    assert order["goodsInfo"] == [
        {"gname": "澳门杏仁饼 300 克", "itemLink": "http://testserver/search/?q=COOKIE-1"}
    ]
    certificate = x509.load_pem_x509_certificate(key_pair[1].read_bytes())
    assert int(sent["certNo"], 16) == certificate.serial_number
    signed = wire.string_to_sign(
        sent | {"payExchangeInfoHead": head | {"totalAmount": wire.Number("237.84")}}
    )
    for part in signed.split("||")[1:3]:
        assert part.partition(":")[2][1:-1] in text  # character by character what is uploaded
    value = base64.b64decode(sent["signValue"])
    certificate.public_key().verify(value, signed.encode(), padding.PKCS1v15(), hashes.SHA1())
    row = RealtimeRequest.objects.get()
    assert (row.state, row.code, row.attempts) == ("uploaded", "10000", 1)
    assert AuditEntry.objects.filter(action="customs.realtime_uploaded").count() == 1
    assert evidence[0][1]["purpose"] == requests.PURPOSE


def test_a_repeat_sends_the_same_text_within_the_minute(client, declared, customs) -> None:
    customs.answers = [httpx2.ConnectError("down"), answered("10000", 503), answered("20000")]
    with time_machine.travel(clock.now(), tick=False) as moment:
        ask(client)
        for _ in range(60):
            outbox.drain()
            moment.shift(1)
        assert RealtimeRequest.objects.get().state == "uploaded"
    assert len(customs.texts) == 4 and len(set(customs.texts)) == 1


def test_lasting_refusals_are_left_to_a_person_who_can_start_again(
    client, declared, customs, set_config
) -> None:
    customs.answers = [answered("20004")] * requests.MOST_REFUSALS
    ask(client)
    work(requests.MOST_REFUSALS + 2)
    row = RealtimeRequest.objects.get()
    assert (row.state, row.code, len(customs.texts)) == ("failed", "20004", requests.MOST_REFUSALS)
    assert checks._payment_data().status == "error"
    requests.again(row)
    requests.again(row)
    work()
    row.refresh_from_db()
    assert row.state == "uploaded" and checks._payment_data().status == "ok"
    requests.again(row)
    assert OutboxMessage.objects.filter(topic=requests.UPLOAD, state="pending").count() == 0


@pytest.mark.parametrize("lack", ["evidence", "number", "address", "bytes"])
def test_data_that_are_not_there_are_never_invented(
    client, declared, customs, lack, monkeypatch, platform_of_tests, set_config
) -> None:
    if lack == "evidence":
        monkeypatch.setattr(requests, "ask_first", lambda hook, **arguments: None)
    elif lack == "number":
        view = platform_of_tests.views[str(declared.parcel_id)]
        platform_of_tests.add(dataclasses.replace(view, steps={}))
    elif lack == "address":
        set_config(realtime_url="")
    else:
        found = PaymentEvidence(b"\xff\xfe", RESPONSE, "1", "3")
        monkeypatch.setattr(requests, "ask_first", lambda hook, **arguments: found)
    ask(client)
    work(2)
    assert customs.texts == [] and RealtimeRequest.objects.get().state == "failed"


def test_a_wait_of_more_than_a_minute_shows(client, declared, customs) -> None:
    ask(client)
    RealtimeRequest.objects.update(asked_at=clock.now() - timedelta(minutes=2))
    assert checks._payment_data().status == "warning"


# -- the archive -----------------------------------------------------------------------------------------------


def test_what_was_uploaded_lies_sealed(client, declared, customs) -> None:
    ask(client)
    work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM customs_declaration_realtimerequest")
        (stored,) = cursor.fetchone()
    assert "NUCC" not in stored and "initalRequest" not in stored
    assert RealtimeRequest.objects.get().body == customs.texts[0]


def test_it_is_kept_for_three_years_at_least(client, declared, customs, set_config) -> None:
    ask(client)
    RealtimeRequest.objects.update(asked_at=clock.now() - timedelta(days=3 * 365 + 1))
    assert requests.forget_old() == 0
    RealtimeRequest.objects.update(asked_at=clock.now() - timedelta(days=3 * 366 + 1))
    set_config(realtime_keep_years=5)
    assert requests.forget_old() == 0
    set_config(realtime_keep_years=3)
    assert requests.forget_old() == 1 and not RealtimeRequest.objects.exists()


# -- the message -----------------------------------------------------------------------------------------------


def facts(**changes) -> wire.PaymentFacts:
    values = {
        "guid": "G", "request": "q", "response": "a", "ebp_code": "e", "pay_code": "p", "pay_transaction_id": "t",
        "amount": D("1.00"), "ver_dept": "3", "pay_type": "4", "trading_time": "20261123100000", "order_no": "o",
        "goods": (wire.Goods("g", "l"),), "recp_account": "1", "recp_code": "", "recp_name": "n",
    }  # fmt: skip
    return wire.PaymentFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"request": "x" * 8001}, "initalRequest"),
        ({"response": ""}, "initalResponse"),
        ({"ebp_code": ""}, "ebpCode"),
        ({"goods": ()}, "goodsInfo"),
        ({"goods": (wire.Goods("", "l"),)}, "gname"),
        ({"recp_name": ""}, "recpName"),
        ({"amount": D("0.000001")}, "places"),
    ],
)
def test_incomplete_messages_are_named(changes: dict, named: str) -> None:
    with pytest.raises(wire.PayloadError, match=named):
        wire.payload(facts(**changes), "s", "1")


@pytest.mark.parametrize(
    ("amount", "text"), [("249.90", "249.9"), ("100.00", "100"), ("1E+2", "100"), ("0.01", "0.01")]
)
def test_amounts_are_plain_numbers(amount: str, text: str) -> None:
    assert wire.amount_text(D(amount)) == text
    assert f'"totalAmount":{text},' in wire.string_to_sign(wire.payload(facts(amount=D(amount)), "s", "1"))


def test_the_form_field_survives_encoding(declared, customs) -> None:
    text = wire.upload_text(wire.payload(facts(request='a&b=c "中" +%'), "s", "1"), "01", "v+/=")
    body = httpx2.Request("POST", URL, data={"payExInfoStr": text}).read().decode()
    assert parse_qs(body)["payExInfoStr"] == [text]


def test_permanent_refusal_is_an_error_of_its_own(customs) -> None:
    customs.answers = [answered("10000", 404)]
    with pytest.raises(PermanentError, match="404"):
        uploads.upload(URL, "{}")
