"""A Saleor catalogue in memory that keeps Saleor's rules of uniqueness, and can fail before or after any change."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from saleor_ext.link import transport
from saleor_ext.link.client import GraphQLClient, read_answer
from saleor_ext.link.errors import SaleorUnavailable

Payload = dict[str, Any]
_NAME = re.compile(r"^(query|mutation) (\w+)", re.MULTILINE)
CHANNEL = {"id": "Channel:1", "slug": "cn"}
WAREHOUSE = {"id": "Warehouse:1", "slug": "nansha"}


class FakeShop(GraphQLClient):
    """Answers the publishing operations. ``fault`` is asked before and after every change."""

    def __init__(self) -> None:
        super().__init__("http://fake.test/graphql/")
        self.types: dict[str, Payload] = {}
        self.categories: dict[str, Payload] = {}
        self.products: dict[str, Payload] = {}
        self.changes: list[str] = []
        self.fault: Callable[[int, str], bool] = lambda number, moment: False
        #: Whether the file storage gives uploads names of its own.
        self.renames = False
        self._count = 0

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        idempotent: bool = False,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> dict[str, Any]:
        found = _NAME.search(document)
        assert found is not None
        kind, name = found.groups()
        given = transport.decode(json.dumps(dict(variables or {}), default=transport.encode).encode())
        handler = getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        if kind == "query":
            return read_answer({"data": copy.deepcopy(handler(**given))})
        self.changes.append(name)
        number = len(self.changes)
        self._break(number, "before")
        answer = handler(**given, files=files) if files else handler(**given)
        data = read_answer({"data": copy.deepcopy(answer)})
        self._break(number, "after")
        return data

    def _break(self, number: int, moment: str) -> None:
        if self.fault(number, moment):
            raise SaleorUnavailable(f"broken {moment} change {number}")

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}:{self._count}"

    # -- queries

    def publish_references(self, types: Payload, categories: Payload) -> Payload:
        return {
            "channels": [{**CHANNEL, "currencyCode": "CNY"}],
            "warehouses": {"edges": [{"node": WAREHOUSE}]},
            "productTypes": {"edges": [{"node": self.types[s]} for s in types["slugs"] if s in self.types]},
            "categories": {
                "edges": [{"node": self.categories[s]} for s in categories["slugs"] if s in self.categories]
            },
        }

    def product_by_reference(self, reference: str) -> Payload:
        found = [p for p in self.products.values() if p["externalReference"] == reference]
        return {"product": found[0] if found else None}

    # -- changes

    def product_type_create(self, input: Payload) -> Payload:
        if input["slug"] in self.types:
            return {
                "productTypeCreate": {"errors": [{"field": "slug", "code": "UNIQUE", "message": "taken"}]}
            }
        self.types[input["slug"]] = {"id": self._id("ProductType"), "slug": input["slug"]}
        return {"productTypeCreate": {"errors": []}}

    def category_create(self, input: Payload) -> Payload:
        if input["slug"] in self.categories:
            return {"categoryCreate": {"errors": [{"field": "slug", "code": "UNIQUE", "message": "taken"}]}}
        self.categories[input["slug"]] = {"id": self._id("Category"), **input}
        return {"categoryCreate": {"errors": []}}

    def category_translate(self, id: str, language: str, input: Payload) -> Payload:
        category = next(c for c in self.categories.values() if c["id"] == id)
        category[_alias(language)] = input
        return {"categoryTranslate": {"errors": []}}

    def product_create(self, input: Payload) -> Payload:
        for product in self.products.values():
            for field in ("externalReference", "slug"):
                if product[field] == input[field]:
                    error = {"field": field, "code": "UNIQUE", "message": "taken"}
                    return {"productCreate": {"product": None, "errors": [error]}}
        product = {
            "id": self._id("Product"),
            "externalReference": input["externalReference"],
            "updatedAt": "2026-11-23T09:00:00+00:00",
            "productType": next(t for t in self.types.values() if t["id"] == input["productType"]),
            "metadata": input["metadata"],
            "media": [],
            "channelListings": [],
            "variants": [],
        }
        self._write(product, input)
        self.products[product["id"]] = product
        return {"productCreate": {"product": {"id": product["id"]}, "errors": []}}

    def product_update(self, id: str, input: Payload) -> Payload:
        self._write(self.products[id], input)
        return {"productUpdate": {"product": {"id": id}, "errors": []}}

    def _write(self, product: Payload, given: Payload) -> None:
        product |= {
            "name": given["name"],
            "slug": given["slug"],
            "description": given["description"],
            "seoTitle": given["seo"]["title"],
            "seoDescription": given["seo"]["description"],
            "category": next(c for c in self.categories.values() if c["id"] == given["category"]),
        }

    def product_media_create(self, input: Payload, files: Mapping[str, tuple[str, bytes, str]]) -> Payload:
        stem, _, suffix = files["variables.input.image"][0].rpartition(".")
        media_id = self._id("ProductMedia")
        name = media_id if self.renames else f"{stem}_{media_id}"
        url = f"http://fake.test/media/products/{name.replace('ProductMedia:', '')}.{suffix}"
        media = {"id": media_id, "url": url, "alt": input["alt"]}
        self.products[input["product"]]["media"].append(media)
        return {"productMediaCreate": {"media": media, "errors": []}}

    def product_media_delete(self, id: str) -> Payload:
        for product in self.products.values():
            product["media"] = [media for media in product["media"] if media["id"] != id]
        return {"productMediaDelete": {"errors": []}}

    def product_channel_listing_update(self, id: str, input: Payload) -> Payload:
        listings = self.products[id]["channelListings"]
        for given in input["updateChannels"]:
            if not listings:
                listings.append({"id": self._id("Listing"), "channel": CHANNEL})
            listings[0] |= {key: value for key, value in given.items() if key != "channelId"}
        return {"productChannelListingUpdate": {"errors": []}}

    def variants_create(self, product: str, variants: list[Payload]) -> Payload:
        known = {variant["sku"] for entry in self.products.values() for variant in entry["variants"]}
        if taken := [variant for variant in variants if variant["sku"] in known]:
            error = {"field": "sku", "code": "UNIQUE", "message": taken[0]["sku"]}
            return {"productVariantBulkCreate": {"results": [{"errors": [error]}], "errors": []}}
        for given in variants:
            variant = {
                "id": self._id("Variant"),
                "externalReference": given["externalReference"],
                "channelListings": [],
                "stocks": [],
                "metadata": [],
            }
            self._vary(variant, given)
            self._list(variant, given["channelListings"])
            self._stock(variant, given["stocks"])
            self.products[product]["variants"].append(variant)
        return {"productVariantBulkCreate": {"results": [{"errors": []}], "errors": []}}

    def variants_update(self, product: str, variants: list[Payload]) -> Payload:
        for given in variants:
            variant = self._variant(given["id"])
            self._vary(variant, given)
            listings = given.get("channelListings", {})
            self._list(variant, listings.get("create", []))
            for entry in listings.get("update", []):
                variant["channelListings"][0]["price"] = _price(entry)
                if "costPrice" in entry:
                    variant["channelListings"][0]["costPrice"] = _price(entry, "costPrice")
            gone = listings.get("remove", [])
            variant["channelListings"] = [e for e in variant["channelListings"] if e["id"] not in gone]
            self._stock(variant, given.get("stocks", {}).get("create", []))
        return {"productVariantBulkUpdate": {"results": [{"errors": []}], "errors": []}}

    def _variant(self, variant_id: str) -> Payload:
        return next(v for p in self.products.values() for v in p["variants"] if v["id"] == variant_id)

    def _vary(self, variant: Payload, given: Payload) -> None:
        for key in ("sku", "name", "quantityLimitPerCustomer"):
            if key in given:
                variant[key] = given[key]
        if "weight" in given:  # Saleor answers in the shop's unit
            variant["weight"] = {"unit": "KG", "value": Decimal(given["weight"]["value"]) / 1000}
        merged = {pair["key"]: pair for pair in [*variant["metadata"], *given.get("metadata", [])]}
        variant["metadata"] = list(merged.values())

    def _list(self, variant: Payload, given: list[Payload]) -> None:
        for entry in given:
            listing = {"id": self._id("VariantListing"), "channel": CHANNEL, "price": _price(entry)}
            variant["channelListings"].append({**listing, "costPrice": _price(entry, "costPrice")})

    def _stock(self, variant: Payload, given: list[Payload]) -> None:
        for entry in given:
            stock = {"id": self._id("Stock"), "warehouse": WAREHOUSE, "quantity": entry["quantity"]}
            variant["stocks"].append(stock)

    def stock_update(self, stocks: list[Payload]) -> Payload:
        for given in stocks:
            self._variant(given["variantId"])["stocks"][0]["quantity"] = given["quantity"]
        return {"stockBulkUpdate": {"results": [], "errors": []}}

    def product_translate(self, id: str, language: str, input: Payload) -> Payload:
        self.products[id][_alias(language)] = input
        return {"productTranslate": {"errors": []}}

    def variant_translate(self, id: str, language: str, input: Payload) -> Payload:
        self._variant(id)[_alias(language)] = input
        return {"productVariantTranslate": {"errors": []}}

    def update_metadata(self, id: str, pairs: list[Payload]) -> Payload:
        product = self.products[id]
        product["metadata"] = list({pair["key"]: pair for pair in [*product["metadata"], *pairs]}.values())
        return {"updateMetadata": {"errors": []}}


def _price(given: Payload, field: str = "price") -> Payload | None:
    amount = given.get(field)
    return {"amount": Decimal(amount), "currency": "CNY"} if amount is not None else None


def _alias(language: str) -> str:
    return {"ZH_HANS": "zhHans", "ZH_HANT": "zhHant", "PT": "pt", "EN": "en"}[language]
