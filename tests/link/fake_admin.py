"""A Saleor to be set up, in memory: channels, warehouses, zones, taxes, apps, and a worker that installs them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from saleor_ext.link import transport
from saleor_ext.link.client import GraphQLClient, read_answer

Payload = dict[str, Any]
_NAME = re.compile(r"^(query|mutation) (\w+)", re.MULTILINE)


def _edges(nodes: list[Payload]) -> Payload:
    return {"edges": [{"node": node} for node in nodes]}


class FakeAdmin(GraphQLClient):
    """Answers the set-up operations; ``installer`` plays the app's side of an installation."""

    def __init__(self, api_url: str, *, staff: bool = True) -> None:
        super().__init__(api_url)
        self.staff = staff
        self.acting = ""
        self._made = 0
        self.changes: list[str] = []
        self.legacy: bool | None = True
        self.channels: list[Payload] = []
        self.warehouses: list[Payload] = []
        self.zones: list[Payload] = []
        self.types: list[Payload] = []
        self.taxes: list[Payload] = []
        self.rows: list[Payload] = []
        self.waiting: list[Payload] = []
        self.installer: Callable[[str, str, str], str | None] = lambda manifest_url, app_id, token: None

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        idempotent: bool = False,
        files: Any = None,
    ) -> dict[str, Any]:
        found = _NAME.search(document)
        assert found is not None
        given = transport.decode(json.dumps(dict(variables or {}), default=transport.encode).encode())
        handler = getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", found.group(2)).lower())
        if found.group(1) == "mutation":
            self.changes.append(found.group(2))
        return read_answer(handler(**given))

    def situation(self) -> Payload:
        shop = {"useLegacyShippingZoneStockAvailability": self.legacy}
        data = {
            "shop": shop,
            "channels": self.channels,
            "warehouses": _edges(self.warehouses),
            "shippingZones": _edges(self.zones),
            "productTypes": _edges(self.types),
            "taxConfigurations": _edges(self.taxes),
        }
        return {"data": data}

    def shop_settings_update(self, input: Payload) -> Payload:
        self.legacy = input["useLegacyShippingZoneStockAvailability"]
        return {"data": {"shopSettingsUpdate": {"errors": []}}}

    def _settings(self, channel: Payload, given: Payload) -> None:
        completion = given["checkoutSettings"]["automaticCompletion"]
        channel |= {
            "orderSettings": given["orderSettings"],
            "paymentSettings": given["paymentSettings"],
            "checkoutSettings": {
                "automaticallyCompleteFullyPaidCheckouts": completion["enabled"],
                "automaticCompletionDelay": completion["delay"],
            },
        }
        known = [w["id"] for w in channel.setdefault("warehouses", [])]
        more = [w for w in self.warehouses if w["id"] in given["addWarehouses"] and w["id"] not in known]
        channel["warehouses"] = [*channel["warehouses"], *more]

    def channel_create(self, input: Payload) -> Payload:
        channel = {
            "id": f"Channel:{len(self.channels)}",
            "slug": input["slug"],
            "currencyCode": input["currencyCode"],
        }
        self._settings(channel, input)
        self.channels.append(channel)
        tax = {"id": f"Tax:{len(self.taxes)}", "channel": channel, "chargeTaxes": True, "countries": []}
        self.taxes.append({**tax, "displayGrossPrices": True, "pricesEnteredWithTax": True})
        return {"data": {"channelCreate": {"errors": []}}}

    def channel_update(self, id: str, input: Payload) -> Payload:
        self._settings(next(c for c in self.channels if c["id"] == id), input)
        return {"data": {"channelUpdate": {"errors": []}}}

    def warehouse_create(self, input: Payload) -> Payload:
        self.warehouses.append({"id": f"Warehouse:{len(self.warehouses)}", "slug": input["slug"]})
        return {"data": {"createWarehouse": {"errors": []}}}

    def shipping_zone_create(self, input: Payload) -> Payload:
        self.zones.append(
            {
                "id": f"Zone:{len(self.zones)}",
                "name": input["name"],
                "countries": [{"code": code} for code in input["countries"]],
                "warehouses": [{"id": w} for w in input["addWarehouses"]],
                "channels": [{"id": c} for c in input["addChannels"]],
            }
        )
        return {"data": {"shippingZoneCreate": {"errors": []}}}

    def shipping_zone_update(self, id: str, input: Payload) -> Payload:
        zone = next(z for z in self.zones if z["id"] == id)
        zone["warehouses"] += [{"id": w} for w in input["addWarehouses"]]
        zone["channels"] += [{"id": c} for c in input["addChannels"]]
        return {"data": {"shippingZoneUpdate": {"errors": []}}}

    def product_type_create(self, input: Payload) -> Payload:
        self.types.append({"id": "ProductType:1", "slug": input["slug"]})
        return {"data": {"productTypeCreate": {"errors": []}}}

    def tax_configuration_update(self, id: str, input: Payload) -> Payload:
        found = next(t for t in self.taxes if t["id"] == id)
        gone = input.pop("removeCountriesConfiguration")
        found |= input
        found["countries"] = [c for c in found["countries"] if c["country"]["code"] not in gone]
        return {"data": {"taxConfigurationUpdate": {"errors": []}}}

    # -- apps

    def apps(self) -> Payload:
        return {"data": {"apps": _edges(self.rows)}}

    def apps_installations(self) -> Payload:
        return {"data": {"appsInstallations": self.waiting}}

    def app_install(self, input: Payload) -> Payload:
        if not self.staff:
            error = {"message": "no", "extensions": {"exception": {"code": "PermissionDenied"}}}
            return {"errors": [error], "data": {"appInstall": None}}
        app_id = f"App:{len(self.rows) + 1}"
        identifier = input["manifestUrl"].split("/")[-2]
        message = self.installer(input["manifestUrl"], app_id, f"token-{app_id}")
        row = {"id": f"Installation:{app_id}", "status": "PENDING", "manifestUrl": input["manifestUrl"]}
        if message is not None:
            self.waiting = [{**row, "status": "FAILED", "message": message}]
        else:
            self.rows.append({"id": app_id, "identifier": identifier, "isActive": True, "permissions": [
                {"code": code} for code in input["permissions"]], "webhooks": []})  # fmt: skip  # one record
        return {"data": {"appInstall": {"appInstallation": row, "errors": []}}}

    def app_delete_failed_installation(self, id: str) -> Payload:
        self.waiting = [row for row in self.waiting if row["id"] != id]
        return {"data": {"appDeleteFailedInstallation": {"errors": []}}}

    def _app(self, app_id: str) -> Payload:
        return next(app for app in self.rows if app["id"] == app_id)

    def app_token_create(self, app: str, name: str) -> Payload:
        return {"data": {"appTokenCreate": {"authToken": f"fresh-{app}", "errors": []}}}

    def as_app(self, identifier: str) -> FakeAdmin:
        """Act as an installed app, which may touch its own webhooks."""
        self.acting = identifier
        return self

    def app_update(self, id: str, input: Payload) -> Payload:
        self._app(id)["permissions"] = [{"code": code} for code in input["permissions"]]
        return {"data": {"appUpdate": {"errors": []}}}

    def app_activate(self, id: str) -> Payload:
        self._app(id)["isActive"] = True
        return {"data": {"appActivate": {"errors": []}}}

    @staticmethod
    def _webhook(given: Payload) -> Payload:
        return {
            "name": given["name"],
            "isActive": given["isActive"],
            "targetUrl": given["targetUrl"],
            "subscriptionQuery": given["query"],
            "asyncEvents": [{"eventType": event} for event in given["asyncEvents"]],
            "syncEvents": [{"eventType": event} for event in given["syncEvents"]],
        }

    def webhook_create(self, input: Payload) -> Payload:
        app = next(app for app in self.rows if app["identifier"] == self.acting)
        self._made += 1
        app["webhooks"].append({"id": f"Webhook:{self._made}", **self._webhook(input)})
        return {"data": {"webhookCreate": {"errors": []}}}

    def webhook_update(self, id: str, input: Payload) -> Payload:
        everything = [webhook for app in self.rows for webhook in app["webhooks"]]
        next(webhook for webhook in everything if webhook["id"] == id).update(self._webhook(input))
        return {"data": {"webhookUpdate": {"errors": []}}}

    def webhook_delete(self, id: str) -> Payload:
        for app in self.rows:
            app["webhooks"] = [webhook for webhook in app["webhooks"] if webhook["id"] != id]
        return {"data": {"webhookDelete": {"errors": []}}}
