"""SF's standard service on the wire; pure functions, no I/O.

Requests are forms signed by ``msgDigest``; answers carry JSON inside JSON. Times are China Standard Time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from saleor_ext.core.clock import CHINA
from saleor_ext.plugin_api import Address

from .port import CargoLine, CarrierRefused, CarrierUnreachable, Scan, Waybill, WaybillRequest

CREATE_ORDER = "EXP_RECE_CREATE_ORDER"
SEARCH_ORDER = "EXP_RECE_SEARCH_ORDER_RESP"
UPDATE_ORDER = "EXP_RECE_UPDATE_ORDER"
SEARCH_ROUTES = "EXP_RECE_SEARCH_ROUTES"

ACCEPTED = "A1000"
#: Too many requests, or the carrier's own fault.
LATER = frozenset({"A1005", "A1099"})
#: The order id is known already.
REPEATED = "8016"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
CONFIRM, CANCEL = 1, 2
#: A confirmed order is not confirmed again, a cancelled one not cancelled again; either after the other is refused.
DONE_ALREADY = {CONFIRM: "8252", CANCEL: "8037"}


def java_urlencode(text: str) -> str:
    """Encode as java.net.URLEncoder does: ``*`` stays, ``~`` does not, a blank is ``+``."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def digest(message: str, timestamp: str, check_word: str) -> str:
    """Sign a message: base64 of the MD5 of the encoded text. MD5 is the carrier's choice."""
    encoded = java_urlencode(message + timestamp + check_word)
    return base64.b64encode(hashlib.md5(encoded.encode(), usedforsecurity=False).digest()).decode()


def digest_matches(given: str, message: str, timestamp: str, check_word: str) -> bool:
    """Compare a digest in constant time; an empty check word matches nothing."""
    expected = digest(message, timestamp, check_word)
    return bool(check_word) and hmac.compare_digest(given.encode(), expected.encode())


def compact(value: Any) -> str:
    """JSON as it is signed and sent, byte for byte."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap an answer to its ``msgData``.

    :raises CarrierUnreachable: when the carrier asks to come back
    :raises CarrierRefused: with the carrier's code, e.g. ``8016``
    """
    code = str(answer.get("apiResultCode", ""))
    if code != ACCEPTED:
        message = f"the carrier answered {code or 'nothing'}: {answer.get('apiErrorMsg') or ''}"
        if code in LATER:
            raise CarrierUnreachable(message)
        raise CarrierRefused(message, code=code or "no_code")
    result = answer.get("apiResultData")
    if isinstance(result, str):
        result = json.loads(result)
    if not isinstance(result, dict):
        raise CarrierUnreachable("the carrier's answer has no result")
    if not result.get("success"):
        code = str(result.get("errorCode") or "refused")
        raise CarrierRefused(f"the carrier refused: {code} {result.get('errorMsg') or ''}", code=code)
    data = result.get("msgData")
    return data if isinstance(data, dict) else {}


def order_body(
    request: WaybillRequest, sender: Address, *, product: int, card: str, push_url: str
) -> dict[str, Any]:
    """Body of EXP_RECE_CREATE_ORDER; addresses go in parts, one string would be misread."""
    body: dict[str, Any] = {
        "language": "zh-CN",
        "orderId": request.order_id,
        "expressTypeId": product,
        "payMethod": 1,
        "parcelQty": 1,
        "totalWeight": float(request.kilograms),
        "cargoDetails": [_cargo(line) for line in request.cargo],
        "contactInfoList": [_contact(1, sender), _contact(2, request.receiver)],
        # One collection by the warehouse's daily van, not one per parcel.
        "isDocall": 0,
        "extraInfoList": [
            {"attrName": "customsOrderNo", "attrVal": request.customs_order_no},
            {"attrName": "customsConsigneeAddress", "attrVal": request.customs_address},
        ],
    }
    if push_url:
        body["extraInfoList"].append({"attrName": "routePushUrl", "attrVal": push_url})
    if card:
        body["monthlyCard"] = card
    return body


def update_body(order_id: str, waybill: str, deal: int, kilograms: float | None = None) -> dict[str, Any]:
    """Body of EXP_RECE_UPDATE_ORDER; ``deal`` is CONFIRM or CANCEL."""
    body: dict[str, Any] = {
        "orderId": order_id,
        "dealType": deal,
        "waybillNoInfoList": [{"waybillType": 1, "waybillNo": waybill}],
    }
    if kilograms is not None:
        body["totalWeight"] = kilograms
    return body


def read_waybill(data: Mapping[str, Any]) -> Waybill:
    """Read the mother waybill of an order."""
    for entry in data.get("waybillNoInfoList") or []:
        if int(entry.get("waybillType", 0)) == 1 and entry.get("waybillNo"):
            return Waybill(str(entry["waybillNo"]), _routing_code(data))
    raise CarrierRefused("the carrier's answer names no waybill", code="no_waybill")


def read_routes(data: Mapping[str, Any]) -> list[Scan]:
    """Read the answer to EXP_RECE_SEARCH_ROUTES, oldest first."""
    scans = [
        _scan(route, str(route.get("mailNo") or entry.get("mailNo") or ""))
        for entry in data.get("routeResps") or []
        for route in entry.get("routes") or []
    ]
    return sorted(scans, key=lambda scan: scan.at)


def read_push(body: Mapping[str, Any]) -> list[tuple[str, Scan]]:
    """Read a route push into (push id, scan) pairs.

    :raises ValueError: when it has not the shape of a push
    """
    routes = (body.get("Body") or {}).get("WaybillRoute")
    if not isinstance(routes, list) or not routes:
        raise ValueError("no WaybillRoute")
    pairs = []
    for route in routes:
        if not isinstance(route, dict):
            raise ValueError("a WaybillRoute is not an object")
        waybill = str(route.get("mailno") or "")
        if not waybill or not route.get("acceptTime") or not route.get("opCode"):
            raise ValueError("a WaybillRoute lacks mailno, acceptTime or opCode")
        scan = _scan(route, waybill)
        pairs.append((str(route.get("id") or f"{waybill}:{scan.at:%Y%m%d%H%M%S}:{scan.code}"), scan))
    return pairs


def _scan(route: Mapping[str, Any], waybill: str) -> Scan:
    at = datetime.strptime(str(route["acceptTime"]), TIME_FORMAT).replace(tzinfo=CHINA)
    return Scan(
        waybill=waybill[:60],
        at=at,
        code=str(route["opCode"])[:20],
        place=str(route.get("acceptAddress") or "")[:200],
        text=str(route.get("remark") or "")[:500],
    )


def _routing_code(data: Mapping[str, Any]) -> str:
    labels = data.get("routeLabelInfo") or []
    details = labels[0].get("routeLabelData") if labels else None
    return str((details or {}).get("destRouteLabel") or "")


def _cargo(line: CargoLine) -> dict[str, Any]:
    return {
        "name": line.name[:128],
        "count": line.quantity,
        "unit": "件",
        "weight": float(line.kilograms),
        "amount": f"{line.value.amount:f}",
        "currency": line.value.currency,
        "sourceArea": line.origin,
    }


def _contact(kind: int, address: Address) -> dict[str, Any]:
    return {
        "contactType": kind,
        "contact": address.name,
        "mobile": address.phone,
        "country": address.country,
        "province": address.province,
        "city": address.city,
        "county": address.district,
        "address": address.street,
        "postCode": address.postal_code,
    }
