"""What the plugin asks of a carrier, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address


class CarrierUnreachable(TransientError):
    """No answer, or one that says to come back later."""

    code = "carrier_unreachable"


class CarrierRefused(PermanentError):
    """The carrier does not take the request; ``code`` is the carrier's own."""

    code = "carrier_refused"


@dataclass(frozen=True, slots=True)
class CargoLine:
    """One article in the parcel; weight of one piece."""

    name: str
    quantity: int
    kilograms: Decimal
    value: Money
    origin: str


@dataclass(frozen=True, slots=True)
class WaybillRequest:
    """A parcel to be carried; ``order_id`` is unique, so that asking twice yields the same waybill.

    The carrier declares its waybill to customs (CEB511) under ``customs_order_no`` and with
    ``customs_address``: both must be what order and inventory list say, letter by letter.
    """

    order_id: str
    customs_order_no: str
    customs_address: str
    receiver: Address
    cargo: tuple[CargoLine, ...]
    kilograms: Decimal


@dataclass(frozen=True, slots=True)
class Waybill:
    """The carrier's number for a parcel, and the sorting code printed large on its label."""

    number: str
    routing_code: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """One event of a parcel; ``code`` is the carrier's, ``at`` is aware."""

    waybill: str
    at: datetime
    code: str
    place: str = ""
    text: str = ""


class Carrier(Protocol):
    """A carrier. Every call is idempotent and raises CarrierUnreachable or CarrierRefused."""

    code: str

    def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill; asked again with the same ``order_id`` it returns the same one."""

    def hand_over(self, order_id: str, waybill: str, kilograms: Decimal) -> None:
        """Tell that the parcel is ready and weighed."""

    def cancel(self, order_id: str, waybill: str) -> None:
        """Give a waybill up that was never handed over."""

    def routes(self, waybill: str, phone_tail: str) -> list[Scan]:
        """Return all scans so far."""
