"""What happens to a parcel after the hand-over, and how the customer hears of it."""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Any

import httpx2
from django.utils import timezone

from sandbox.carrier.account import PARTNER_ID, digest, push_url
from sandbox.carrier.models import Order, Route
from sandbox.http import client
from sandbox.jobs import RetryLater, job, schedule
from sandbox.jobs.queue import knob

log = logging.getLogger("sandbox.carrier")
#: opCode, real-world seconds after the hand-over, where (1 sender's city, 2 receiver's), text.
ORDINARY = (
    ("50", 30, 1, "顺丰速运 已收取快件"),
    ("30", 120, 1, "快件在【{city}转运中心】完成分拣,准备发往下一站"),
    ("36", 240, 1, "快件已发车"),
    ("31", 480, 2, "快件到达【{city}转运中心】"),
    ("130", 700, 2, "快件到达【{city}营业点】"),
    ("44", 900, 2, "正在派送途中,请您准备签收"),
    ("80", 1200, 2, "已签收,感谢使用顺丰,期待再次为您服务"),
)
REFUSED = (
    *ORDINARY[:-1],
    ("33", 1200, 2, "收件人拒收"),
    ("99", 1260, 2, "快件正在退回发件人"),
    ("648", 1800, 1, "快件已退回"),
)
#: A receiver whose name contains this sends the parcel back.
REFUSAL = "拒收"


def _city(order: Order, kind: int) -> str:
    for entry in order.request["contactInfoList"]:
        if str(entry.get("contactType")) == str(kind):
            return str(entry.get("city") or "")
    return ""


def plan(order: Order) -> None:
    """Schedule all routes of a parcel."""
    names = [str(entry.get("contact")) for entry in order.request["contactInfoList"]]
    steps = REFUSED if any(REFUSAL in name for name in names) else ORDINARY
    for code, delay, place, remark in steps:
        city = _city(order, place)
        schedule(
            "carrier.route",
            {"id": order.pk, "code": code, "address": city, "remark": remark.format(city=city)},
            delay_seconds=delay,
            unique_key=f"carrier.route:{order.pk}:{code}",
        )


@job("carrier.route")
def happen(payload: dict[str, Any]) -> None:
    """Record a route and queue its push, doubled or not at all if a fault says so."""
    route, new = Route.objects.get_or_create(
        order_id=payload["id"],
        op_code=payload["code"],
        defaults={"accept_address": payload["address"], "remark": payload["remark"]},
    )
    fault = (knob("faults", {}) or {}).get("carrier_push", "")
    if not new or fault == "never":
        return
    schedule("carrier.push", {"id": route.pk}, delay_seconds=600 if fault == "late" else 0)
    if fault == "double":
        schedule("carrier.push", {"id": route.pk, "again": True}, delay_seconds=5)


def push_body(route: Route) -> bytes:
    """Write a route push as the carrier's JSON form."""
    entry = {
        "id": str(route.push_id),
        "mailno": route.order.waybill_no,
        "orderid": route.order.order_id,
        "acceptTime": timezone.localtime(route.accept_time).strftime("%Y-%m-%d %H:%M:%S"),
        "acceptAddress": route.accept_address,
        "remark": route.remark,
        "opCode": route.op_code,
        "reasonCode": "",
        "reasonName": "",
    }
    return json.dumps({"Body": {"WaybillRoute": [entry]}}, ensure_ascii=False).encode()


@job("carrier.push", atomic=False, max_attempts=100)
def push(payload: dict[str, Any]) -> None:
    """Send a route until the customer acknowledges it with return_code 0000."""
    route = Route.objects.select_related("order").get(pk=payload["id"])
    url = push_url(route.order.request)
    if not url or (route.acknowledged_at and not payload.get("again")):
        return
    body, timestamp = push_body(route), str(int(time.time() * 1000))
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "partnerID": PARTNER_ID,
        "requestID": uuid.uuid4().hex,
        "serviceCode": "RoutePushService",
        "timestamp": timestamp,
        "msgDigest": digest(body.decode(), timestamp),
    }
    good = False
    try:
        response = client().post(url, content=body, headers=headers, timeout=10.0)
        answer = f"{response.status_code} {response.text[:120]}"
        good = response.status_code == 200 and response.json().get("return_code") == "0000"
    except httpx2.HTTPError as error:
        answer = type(error).__name__
    except (ValueError, AttributeError):
        answer += " (not the JSON object expected)"
    route.attempts += 1
    route.last_answer = answer[:200]
    if good:
        route.acknowledged_at = timezone.now()
    route.save(update_fields=["attempts", "last_answer", "acknowledged_at"])
    log.info("route %s %s -> %s", route.order.waybill_no, route.op_code, answer)
    if not good:
        raise RetryLater(60, answer)
