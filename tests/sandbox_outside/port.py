"""The port as its tests use it: send a message, poll and read receipts."""

from __future__ import annotations

from typing import Any

from django.test import Client
from lxml import etree

from . import declarant
from .clock import run_for
from .declarant import inventory, message, order, payment, waybill

NS = "{http://www.chinaport.gov.cn/ceb}"


def send(raw: bytes) -> dict[str, Any]:
    response = Client().post("/customs/messages", raw, content_type="application/xml")
    assert response.status_code == 202, response.content
    return response.json()


def polled(since: int = 0) -> list[dict[str, Any]]:
    return Client().get(f"/customs/receipts?since={since}").json()["receipts"]


def statuses(message_type: str) -> list[str]:
    return [one["returnStatus"] for one in polled() if one["messageType"] == message_type]


def first(message_type: str) -> etree._Element:
    xml = next(one["xml"] for one in polled() if one["messageType"] == message_type)
    return etree.fromstring(xml.encode())[0]


def value(node: etree._Element, name: str) -> str:
    return node.findtext(f"{NS}{name}") or ""


def send_all(buyer: str = declarant.BUYER, **changed: Any) -> None:
    """Send the four documents of one purchase."""
    person = {"buyerName": buyer}
    send(message(order(**person, consignee=buyer)))
    send(message(payment(payerName=buyer)))
    send(message(waybill(consignee=buyer)))
    run_for(100)
    send(message(inventory(**person, **changed)))
