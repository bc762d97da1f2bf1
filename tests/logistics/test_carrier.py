"""SF's wire: digest, bodies, answers, and the adapter's idempotency."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from plugins.nansha_logistics.carrier import wire
from plugins.nansha_logistics.carrier.port import (
    CargoLine,
    CarrierRefused,
    CarrierUnreachable,
    WaybillRequest,
)
from plugins.nansha_logistics.carrier.sf import SfCarrier
from plugins.nansha_logistics.config import LogisticsConfig
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address

from .conftest import CHECK_WORD

REQUEST = WaybillRequest(
    order_id="P1",
    customs_order_no="WX1",
    customs_address="广东省广州市天河区体育西路1号",
    receiver=Address("陈大文", "13800138000", "广东省", "广州市", "天河区", "体育西路1号", "510620"),
    cargo=(CargoLine("杏仁饼", 2, Decimal("0.32"), Money(Decimal("88.00"), "CNY"), "121"),),
    kilograms=Decimal("0.64"),
)
WAYBILL_DATA = {
    "orderId": "P1",
    "waybillNoInfoList": [
        {"waybillType": 2, "waybillNo": "SF-child"},
        {"waybillType": 1, "waybillNo": "SF1"},
    ],
    "routeLabelInfo": [{"routeLabelData": {"destRouteLabel": "020WA-001"}}],
}


def answered(
    data: Any = None, *, code: str = "A1000", success: bool = True, error: str = "S0000"
) -> dict[str, Any]:
    result = {"success": success, "errorCode": error, "errorMsg": "", "msgData": data}
    return {"apiResultCode": code, "apiErrorMsg": "", "apiResultData": json.dumps(result)}


def carrier(config: LogisticsConfig, answer: Callable[[dict[str, str]], httpx2.Response]) -> SfCarrier:
    def handle(request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        expected = wire.digest(form["msgData"], form["timestamp"], CHECK_WORD)
        assert form["msgDigest"] == expected
        assert form["partnerID"] == "PONTE"
        return answer(form)

    return SfCarrier(config, httpx2.Client(transport=httpx2.MockTransport(handle)))


def test_text_is_encoded_as_java_does() -> None:
    assert wire.java_urlencode("a b*c~d-e_f.g/中") == "a+b*c%7Ed-e_f.g%2F%E4%B8%AD"


def test_digest_is_base64_of_the_md5_of_the_encoded_text() -> None:
    by_hand = base64.b64encode(hashlib.md5(b"%7B%22a%22%3A1%7D1700000000000word").digest()).decode()
    assert wire.digest('{"a":1}', "1700000000000", "word") == by_hand
    assert wire.digest_matches(by_hand, '{"a":1}', "1700000000000", "word")
    assert not wire.digest_matches(by_hand, '{"a":2}', "1700000000000", "word")
    assert not wire.digest_matches(wire.digest("x", "1", ""), "x", "1", ""), (
        "an empty check word verifies nothing"
    )


def test_an_order_names_addresses_in_parts(config: LogisticsConfig) -> None:
    seen: list[dict[str, Any]] = []

    def answer(form: dict[str, str]) -> httpx2.Response:
        seen.append({"service": form["serviceCode"], **json.loads(form["msgData"])})
        return httpx2.Response(200, json=answered(WAYBILL_DATA))

    waybill = carrier(config, answer).create(REQUEST)
    assert (waybill.number, waybill.routing_code) == ("SF1", "020WA-001")
    body = seen[0]
    sender, receiver = body["contactInfoList"]
    assert (body["service"], body["orderId"]) == ("EXP_RECE_CREATE_ORDER", "P1")
    assert (sender["contactType"], sender["county"]) == (1, "南沙区")
    assert [receiver[part] for part in ("province", "city", "county", "address", "mobile")] == [
        "广东省", "广州市", "天河区", "体育西路1号", "13800138000",
    ]  # fmt: skip
    assert body["cargoDetails"][0]["count"] == 2
    assert "monthlyCard" not in body
    extras = {entry["attrName"]: entry["attrVal"] for entry in body["extraInfoList"]}
    assert extras == {"customsOrderNo": "WX1", "customsConsigneeAddress": "广东省广州市天河区体育西路1号"}


def test_an_order_whose_answer_was_lost_is_found_again(config: LogisticsConfig) -> None:
    def answer(form: dict[str, str]) -> httpx2.Response:
        if form["serviceCode"] == wire.CREATE_ORDER:
            return httpx2.Response(200, json=answered(success=False, error="8016"))
        assert json.loads(form["msgData"])["orderId"] == "P1"
        return httpx2.Response(200, json=answered(WAYBILL_DATA))

    assert carrier(config, answer).create(REQUEST).number == "SF1"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx2.Response(200, json=answered(code="A1006")), CarrierRefused),
        (httpx2.Response(200, json=answered(code="A1005")), CarrierUnreachable),
        (httpx2.Response(200, json=answered(success=False, error="20012")), CarrierRefused),
        (httpx2.Response(200, json=answered({"waybillNoInfoList": []})), CarrierRefused),
        (httpx2.Response(503), CarrierUnreachable),
        (httpx2.Response(200, text="<html>"), CarrierUnreachable),
        (httpx2.Response(200, json=[]), CarrierUnreachable),
    ],
)
def test_refusals_and_outages_are_told_apart(
    config: LogisticsConfig, response: httpx2.Response, error: type[Exception]
) -> None:
    with pytest.raises(error):
        carrier(config, lambda form: response).create(REQUEST)


def test_no_answer_is_an_outage(config: LogisticsConfig) -> None:
    def answer(form: dict[str, str]) -> httpx2.Response:
        raise httpx2.ConnectTimeout("slow")

    with pytest.raises(CarrierUnreachable, match="ConnectTimeout"):
        carrier(config, answer).create(REQUEST)


def test_without_an_account_nothing_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="check word"):
        SfCarrier(
            LogisticsConfig(), httpx2.Client(transport=httpx2.MockTransport(lambda request: 1 / 0))
        ).create(REQUEST)  # type: ignore[arg-type,return-value]  # never called


def test_a_hand_over_or_cancellation_done_before_is_done(config: LogisticsConfig) -> None:
    def refusing(code: str) -> SfCarrier:
        return carrier(config, lambda form: httpx2.Response(200, json=answered(success=False, error=code)))

    refusing("8252").hand_over("P1", "SF1", Decimal("0.64"))
    refusing("8037").cancel("P1", "SF1")


def test_a_cancelled_waybill_cannot_be_handed_over_nor_a_confirmed_one_cancelled(
    config: LogisticsConfig,
) -> None:
    def refusing(code: str) -> SfCarrier:
        return carrier(config, lambda form: httpx2.Response(200, json=answered(success=False, error=code)))

    with pytest.raises(CarrierRefused) as refused:
        refusing("8037").hand_over("P1", "SF1", Decimal("0.64"))
    assert refused.value.code == "8037"
    with pytest.raises(CarrierRefused) as refused:
        refusing("8252").cancel("P1", "SF1")
    assert refused.value.code == "8252"


def test_routes_are_read_in_china_time_oldest_first(config: LogisticsConfig) -> None:
    route = {"acceptAddress": "广州", "remark": "已签收", "mailNo": "SF1"}
    routes = [
        route | {"acceptTime": "2026-11-24 10:00:00", "opCode": "80"},
        route | {"acceptTime": "2026-11-23 20:00:00", "opCode": "50"},
    ]
    data = {"routeResps": [{"mailNo": "SF1", "routes": routes}]}
    scans = carrier(config, lambda form: httpx2.Response(200, json=answered(data))).routes("SF1", "8000")
    assert [scan.code for scan in scans] == ["50", "80"]
    assert scans[0].at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [{}, {"Body": {}}, {"Body": {"WaybillRoute": []}}, {"Body": {"WaybillRoute": ["x"]}},
     {"Body": {"WaybillRoute": [{"mailno": "SF1", "opCode": "50"}]}},
     {"Body": {"WaybillRoute": [{"mailno": "SF1", "opCode": "50", "acceptTime": "yesterday"}]}}],
)  # fmt: skip
def test_what_is_not_a_push_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        wire.read_push(body)
