"""The services of the carrier: order, query, confirm or cancel, routes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox.carrier.account import LOGISTICS_CODE, LOGISTICS_NAME, extra
from sandbox.carrier.models import Order, Route
from sandbox.carrier.routes import plan
from sandbox.customs_port.facts import forget_waybill, record_waybill
from sandbox.jobs import job, schedule
from sandbox.jobs.queue import knob


class Refused(Exception):
    """A business error; the number is the carrier's ``errorCode``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _text(data: dict[str, Any], name: str, longest: int) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= longest:
        raise Refused("8119", f"{name} 必填，长度1到{longest}")
    return value


def contact(request: dict[str, Any], kind: int) -> dict[str, Any]:
    """Return the sender (1) or the receiver (2)."""
    for entry in request.get("contactInfoList") or []:
        if isinstance(entry, dict) and str(entry.get("contactType")) == str(kind):
            return entry
    raise Refused("8119", f"contactInfoList 缺少 contactType={kind}")


def full_address(person: dict[str, Any]) -> str:
    """Join province, city, county and address as the waybill prints it; parts that repeat are not doubled."""
    address = str(person.get("address") or "")
    parts: list[str] = []
    for name in ("province", "city", "county"):
        part = str(person.get(name) or "")
        if part and part not in parts:
            parts.append(part)
    if parts and address.startswith(parts[0]):
        return address
    return "".join(parts) + address


def _check(request: dict[str, Any]) -> None:
    for kind in (1, 2):
        person = contact(request, kind)
        for name, longest in (("contact", 100), ("province", 30), ("city", 100), ("address", 200)):
            _text(person, name, longest)
        if not (person.get("mobile") or person.get("tel")):
            raise Refused("8117", "手机与电话不能同时为空")
    goods = request.get("cargoDetails")
    if (
        not isinstance(goods, list)
        or not goods
        or not all(isinstance(one, dict) and one.get("name") for one in goods)
    ):
        raise Refused("8119", "cargoDetails 必填")


def _order_of(order_id: str) -> Order:
    order = Order.objects.select_for_update().filter(order_id=order_id).first()
    if order is None:
        raise Refused("8024", "未下单")
    return order


def _described(order: Order, **more: Any) -> dict[str, Any]:
    return {
        "orderId": order.order_id,
        "filterResult": 2,
        "waybillNoInfoList": [{"waybillType": 1, "waybillNo": order.waybill_no}],
        **more,
    }


def create(request: dict[str, Any]) -> dict[str, Any]:
    """EXP_RECE_CREATE_ORDER: the same order twice gets the same waybill, another under its number 8016."""
    order_id = _text(request, "orderId", 64)
    _check(request)
    order, new = Order.objects.get_or_create(
        order_id=order_id, defaults={"request": request, "waybill_no": _new_number()}
    )
    if not new and (order.request != request or order.state == Order.State.CANCELLED):
        raise Refused("8016", "重复下单")
    if new and (knob("faults", {}) or {}).get("carrier_waybill") != "never":
        late = (knob("faults", {}) or {}).get("carrier_waybill") == "late"
        schedule("carrier.declare", {"id": order.pk}, delay_seconds=300 if late else 5)
    receiver = contact(request, 2)
    return _described(
        order,
        originCode="020",
        destCode="010",
        routeLabelInfo=[
            {
                "code": "1000",
                "routeLabelData": {
                    "waybillNo": order.waybill_no,
                    "sourceTransferCode": "020W",
                    "destRouteLabel": f"{receiver.get('city', '')}-SANDBOX",
                    "proName": "标快",
                },
            }
        ],
    )


def _new_number() -> str:
    while True:
        number = f"SF{secrets.randbelow(10**13):013d}"
        if not Order.objects.filter(waybill_no=number).exists():
            return number


def search(request: dict[str, Any]) -> dict[str, Any]:
    """EXP_RECE_SEARCH_ORDER_RESP"""
    order = _order_of(_text(request, "orderId", 64))
    return _described(order, orderState=order.state)


def update(request: dict[str, Any]) -> dict[str, Any]:
    """EXP_RECE_UPDATE_ORDER: dealType 1 confirms the hand-over, 2 cancels; doing so twice changes nothing."""
    order = _order_of(_text(request, "orderId", 64))
    deal = request.get("dealType", 1)
    if str(deal) == "1":
        _hand_over(order)
    elif str(deal) == "2":
        _cancel(order)
    else:
        raise Refused("8119", "dealType 应为1或2")
    return {
        "orderId": order.order_id,
        "waybillNoInfoList": _described(order)["waybillNoInfoList"],
        "resStatus": 2,
    }


def _hand_over(order: Order) -> None:
    if order.state == Order.State.CANCELLED:
        raise Refused("8037", "已消单")
    if order.state == Order.State.CREATED:
        order.state = Order.State.HANDED_OVER
        order.handed_over_at = timezone.now()
        order.save(update_fields=["state", "handed_over_at"])
        plan(order)


def _cancel(order: Order) -> None:
    if order.state == Order.State.HANDED_OVER:
        raise Refused("8018", "已收件，不能消单")
    if order.state == Order.State.CREATED:
        order.state = Order.State.CANCELLED
        order.save(update_fields=["state"])
        forget_waybill(LOGISTICS_CODE, order.waybill_no)


def described_route(route: Route) -> dict[str, Any]:
    return {
        "acceptTime": timezone.localtime(route.accept_time).strftime("%Y-%m-%d %H:%M:%S"),
        "acceptAddress": route.accept_address,
        "remark": route.remark,
        "opCode": route.op_code,
    }


def routes(request: dict[str, Any]) -> dict[str, Any]:
    """EXP_RECE_SEARCH_ROUTES: trackingType 1 = waybill numbers, 2 = order numbers."""
    numbers = request.get("trackingNumber")
    if isinstance(numbers, str):
        numbers = numbers.split(",")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= 10:
        raise Refused("8119", "trackingNumber 为1到10个")
    column = {"1": "waybill_no", "2": "order_id"}.get(str(request.get("trackingType", 1)))
    if column is None:
        raise Refused("8119", "trackingType 应为1或2")
    answers = []
    for number in numbers:
        order = Order.objects.filter(**{column: str(number).strip()}).first()
        rows = order.routes.order_by("accept_time", "id") if order else []
        answers.append(
            {
                "mailNo": order.waybill_no if order else str(number),
                "routes": [described_route(row) for row in rows],
            }
        )
    return {"routeResps": answers}


SERVICES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "EXP_RECE_CREATE_ORDER": create,
    "EXP_RECE_SEARCH_ORDER_RESP": search,
    "EXP_RECE_UPDATE_ORDER": update,
    "EXP_RECE_SEARCH_ROUTES": routes,
}


def call(service: str, raw: str) -> dict[str, Any]:
    """Run a service and return its apiResultData."""
    try:
        data = json.loads(raw)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return {"success": False, "errorCode": "S0001", "errorMsg": "msgData 不是JSON对象", "msgData": None}
    try:
        with transaction.atomic():
            return {
                "success": True,
                "errorCode": "S0000",
                "errorMsg": None,
                "msgData": SERVICES[service](data),
            }
    except Refused as refused:
        return {"success": False, "errorCode": refused.code, "errorMsg": refused.text, "msgData": None}


@job("carrier.declare")
def declare(payload: dict[str, Any]) -> None:
    """Tell the port of the waybill, as the carrier's own 511 would."""
    order = Order.objects.get(pk=payload["id"])
    if order.state == Order.State.CANCELLED:
        return
    receiver = contact(order.request, 2)
    try:
        weight = Decimal(str(order.request.get("totalWeight") or "1"))
    except InvalidOperation:
        weight = Decimal(1)
    record_waybill(
        logistics_code=LOGISTICS_CODE,
        logistics_name=LOGISTICS_NAME,
        logistics_no=order.waybill_no,
        order_no=extra(order.request, "customsOrderNo") or order.order_id,
        consignee=str(receiver["contact"]),
        consignee_telephone=str(receiver.get("mobile") or receiver.get("tel")),
        consignee_address=extra(order.request, "customsConsigneeAddress") or full_address(receiver),
        weight=weight,
    )
