"""Delivery prices by lane, province and weight step; pure, from a dated table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import DeliveryOption, DeliveryRequest

CURRENCY = "CNY"
#: Provinces are told apart by their first two characters (黑龙江 and 内蒙古 included).
PREFIX = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """Price of the first weight step and of each further one, and the days from payment to the door."""

    first: Money
    step: Money
    earliest_days: int
    latest_days: int


@dataclass(frozen=True, slots=True)
class Service:
    """One way to deliver; weights in grams."""

    id: str
    lane: str
    warehouse: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    max_grams: int
    first_grams: int
    step_grams: int
    rates: Mapping[str, Rate]

    def price(self, zone: str, grams: int) -> Money:
        """Price of a parcel; a started step counts whole."""
        rate = self.rates[zone]
        over = max(0, grams - self.first_grams)
        return rate.first + rate.step * -(-over // self.step_grams)


@dataclass(frozen=True, slots=True)
class Tariff:
    """The services of one period, with where their prices come from."""

    starts: date
    source: str
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class TariffTable:
    """All periods, newest first, and the zone of each province."""

    tariffs: tuple[Tariff, ...]
    zones: Mapping[str, str]

    def on(self, day: date) -> Tariff | None:
        """The tariff in force on a day of China's calendar."""
        return next((tariff for tariff in self.tariffs if tariff.starts <= day), None)

    def zone(self, province: str) -> str | None:
        """The zone of a province in Chinese or Latin letters; None for what is not a Mainland province."""
        name = province.strip()
        if name.isascii():
            return self.zones.get(name.lower().partition(" ")[0])
        return self.zones.get(name[:PREFIX])


def quote(request: DeliveryRequest, on: date, table: TariffTable | None = None) -> list[DeliveryOption]:
    """Return the ways to deliver a box; empty when the address or the lane is not served."""
    table = table or tariff_table()
    tariff = table.on(on)
    if tariff is None or request.address is None or request.address.country != "CN" or request.grams <= 0:
        return []
    zone = table.zone(request.address.province)
    if zone is None:
        return []
    return [
        _option(service, zone, request)
        for service in tariff.services
        if (service.lane, service.warehouse) == (request.lane, request.warehouse)
        and zone in service.rates
        and request.grams <= service.max_grams
    ]


@cache
def tariff_table() -> TariffTable:
    """Read the tariff that comes with the plugin."""
    return parse(files(__package__).joinpath("data/tariff.toml").read_text(encoding="utf-8"))


def parse(text: str) -> TariffTable:
    """Read a tariff file; ValueError or KeyError when it is not complete."""
    data = tomllib.loads(text)
    zones = {
        name: zone for zone, entries in data["zones"].items() for entry in entries for name in entry.split()
    }
    known = set(data["zones"])
    tariffs = [
        Tariff(entry["from"], entry["source"], tuple(_service(row, known) for row in entry["service"]))
        for entry in data["tariff"]
    ]
    return TariffTable(tuple(sorted(tariffs, key=lambda tariff: tariff.starts, reverse=True)), zones)


def _service(row: Mapping[str, Any], zones: set[str]) -> Service:
    unknown = set(row["zone"]) - zones
    if unknown:
        raise ValueError(f"service {row['id']} names unknown zones: {sorted(unknown)}")
    return Service(
        id=row["id"],
        lane=row["lane"],
        warehouse=row["warehouse"],
        names=row["name"],
        descriptions=row["description"],
        max_grams=row["max_grams"],
        first_grams=row["weight"]["first_grams"],
        step_grams=row["weight"]["step_grams"],
        rates={zone: _rate(rate) for zone, rate in row["zone"].items()},
    )


def _rate(row: Mapping[str, Any]) -> Rate:
    earliest, latest = row["days"]
    if not 0 <= earliest <= latest:
        raise ValueError(f"days must rise: {row['days']}")
    first, step = (Money(Decimal(row[name]), CURRENCY) for name in ("first", "step"))
    return Rate(first, step, earliest, latest)


def _option(service: Service, zone: str, request: DeliveryRequest) -> DeliveryOption:
    rate = service.rates[zone]
    return DeliveryOption(
        id=service.id,
        name=_in_language(service.names, request.language),
        price=service.price(zone, request.grams),
        earliest_days=rate.earliest_days,
        latest_days=rate.latest_days,
        description=_in_language(service.descriptions, request.language),
    )


def _in_language(texts: Mapping[str, str], language: str) -> str:
    """Pick a language's text: exact, then its script or base, then English."""
    code = language.lower().replace("_", "-")
    if code in ("zh-tw", "zh-hk", "zh-mo"):
        code = "zh-hant"
    elif code in ("zh", "zh-cn", "zh-sg"):
        code = "zh-hans"
    return texts.get(code) or texts.get(code.split("-")[0]) or texts["en"]
