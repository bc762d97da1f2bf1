"""SF Express, standard service: the only I/O of the adapter."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cache
from typing import Any

import httpx2

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import Address

from ..config import LogisticsConfig
from . import wire
from .port import CarrierRefused, CarrierUnreachable, Scan, Waybill, WaybillRequest

#: Seconds; a step makes at most two calls, well within the lease of its outbox row.
TIMEOUT = 10.0


@cache
def _http() -> httpx2.Client:
    return httpx2.Client(timeout=TIMEOUT)


class SfCarrier:
    """Implements ``port.Carrier``."""

    code = "sf"

    def __init__(self, config: LogisticsConfig, http: httpx2.Client | None = None) -> None:
        self._config = config
        self._client = http or _http()

    def create(self, request: WaybillRequest) -> Waybill:
        sender = sender_address(self._config)
        body = wire.order_body(
            request,
            sender,
            product=self._config.express_type,
            card=self._config.monthly_card,
            push_url=self._config.push_url,
        )
        try:
            return wire.read_waybill(self._call(wire.CREATE_ORDER, body))
        except CarrierRefused as refusal:
            if refusal.code != wire.REPEATED:
                raise
        # Our first request came through but its answer did not.
        found = self._call(wire.SEARCH_ORDER, {"orderId": request.order_id, "language": "zh-CN"})
        return wire.read_waybill(found)

    def hand_over(self, order_id: str, waybill: str, kilograms: Decimal) -> None:
        self._settle(wire.update_body(order_id, waybill, wire.CONFIRM, float(kilograms)))

    def cancel(self, order_id: str, waybill: str) -> None:
        self._settle(wire.update_body(order_id, waybill, wire.CANCEL))

    def routes(self, waybill: str, phone_tail: str) -> list[Scan]:
        body: dict[str, Any] = {
            "language": "zh-CN",
            "trackingType": 1,
            "trackingNumber": [waybill],
            "methodType": 1,
        }
        if phone_tail:
            body["checkPhoneNo"] = phone_tail
        return wire.read_routes(self._call(wire.SEARCH_ROUTES, body))

    def _settle(self, body: dict[str, Any]) -> None:
        try:
            self._call(wire.UPDATE_ORDER, body)
        except CarrierRefused as refusal:
            if refusal.code != wire.DONE_ALREADY[body["dealType"]]:
                raise

    def _call(self, service: str, body: dict[str, Any]) -> dict[str, Any]:
        config = self._config
        check_word = config.check_word.get_secret_value()
        if not config.partner_id or not check_word:
            raise ConfigurationError("set the carrier's partner id and check word in the logistics plugin")
        message = wire.compact(body)
        timestamp = str(int(clock.now().timestamp() * 1000))
        form = {
            "partnerID": config.partner_id,
            "requestID": str(uuid.uuid4()),
            "serviceCode": service,
            "timestamp": timestamp,
            "msgDigest": wire.digest(message, timestamp, check_word),
            "msgData": message,
        }
        try:
            response = self._client.post(config.carrier_url, data=form)
            answer = response.json() if response.is_success else None
        except (httpx2.HTTPError, ValueError) as error:
            message = f"the carrier did not answer {service}: {type(error).__name__}"
            raise CarrierUnreachable(message) from error
        if not isinstance(answer, dict):
            raise CarrierUnreachable(f"the carrier answered {service} with status {response.status_code}")
        return wire.read_answer(answer)


def sender_address(config: LogisticsConfig) -> Address:
    """The warehouse, as it stands on waybills."""
    return Address(
        name=config.sender_name,
        phone=config.sender_phone,
        province=config.sender_province,
        city=config.sender_city,
        district=config.sender_district,
        street=config.sender_street,
    )
