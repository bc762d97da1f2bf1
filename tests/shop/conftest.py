"""Everything around the shop in memory, so that its pages are tested alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from saleor_ext.core import limits
from storefront.shop import catalogue, checkout, checks, lanes, orders, saleor
from storefront.shop.views import checkout as checkout_views
from storefront.ui import messages

from .fakes import FakeCatalogue, FakePlatform, FakePlugins, FakeSaleor, FakeVault


@dataclass
class World:
    """What a test may turn."""

    client: Client
    catalogue: FakeCatalogue
    saleor: FakeSaleor
    plugins: FakePlugins
    vault: FakeVault


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    messages.compile_all()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest) -> World:
    return build(monkeypatch, settings)


def build(monkeypatch: pytest.MonkeyPatch, settings: Any) -> World:
    for name, value in {
        # Nothing is collected here: pages are asked for, not their files.
        "MIDDLEWARE": [name for name in settings.MIDDLEWARE if "whitenoise" not in name],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }.items():
        setattr(settings, name, value)
    shelf, plugins, vault = FakeCatalogue(), FakePlugins(), FakeVault()
    till = FakeSaleor(shelf)
    for name in ("categories", "products", "product", "by_saleor_ids"):
        monkeypatch.setattr(catalogue.selectors, name, getattr(shelf, name))
    names = {"farolim": "灯塔饼家", "duas-velas": "双桅洋行"}
    monkeypatch.setattr(catalogue.merchants, "display_name", lambda slug, language: names.get(slug, slug))
    monkeypatch.setattr(catalogue, "merchant_names", lambda slugs: names)
    monkeypatch.setattr(catalogue, "label_of_listing", lambda slug: [("保质期", "180 天")])
    monkeypatch.setattr(catalogue, "label_of_seller", lambda slug: [("境外商家", names[slug])])
    monkeypatch.setattr(catalogue.merchants, "story", lambda slug, language: "一九七一年……")
    for module in (catalogue, checks):
        monkeypatch.setattr(module, "platform", FakePlatform)
    for module in (lanes, checks, checkout):
        monkeypatch.setattr(module.registry, "ask", plugins.ask)
        monkeypatch.setattr(module.registry, "ask_first", plugins.ask_first)
    for name in ("name_buyer", "record_consent", "person_of_checkout", "masked_of_checkout", "has_consent"):
        monkeypatch.setattr(checkout.identity, name, getattr(vault, name))
    # Tries are counted in the database, which these tests have none of.
    for module in (limits, checkout_views):
        monkeypatch.setattr(module, "take", lambda *allowances: None)
    monkeypatch.setattr(limits, "give_back", lambda *allowances: None)
    monkeypatch.setattr(saleor, "client", lambda request: till)
    monkeypatch.setattr(orders.parcels, "parcel_of_order", lambda api_url, order_id: None)
    monkeypatch.setattr(orders, "parcel_states", lambda ids: {})
    return World(Client(), shelf, till, plugins, vault)
