"""Fixtures: a connected Saleor with a test app that has one synchronous and one asynchronous webhook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from saleor_ext.core import clock
from saleor_ext.link import instances, registry, transport
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.plugin_api import SaleorApp, WebhookDefinition

from . import handlers
from .saleor import signer

API_URL = "http://saleor.test/graphql/"
APP_ID = "QXBwOjE="
APP = SaleorApp(
    identifier="test.app",
    name="Test",
    package="tests.link",
    permissions=("HANDLE_TAXES", "MANAGE_ORDERS"),
    webhooks=(
        WebhookDefinition(
            "taxes",
            "CHECKOUT_CALCULATE_TAXES",
            "graphql/taxes.graphql",
            "tests.link.handlers.taxes",
            sync=True,
        ),
        WebhookDefinition("paid", "ORDER_FULLY_PAID", "graphql/paid.graphql", "tests.link.handlers.paid"),
    ),
)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    instances.forget()
    handlers.SEEN.clear()
    yield
    transport.close()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> SaleorApp:
    """The test app beside the real ones."""
    everything = {**registry.apps(), APP.identifier: APP}
    webhooks = {name: {hook.slug: hook for hook in entry.webhooks} for name, entry in everything.items()}
    monkeypatch.setattr(registry, "apps", lambda: everything)
    monkeypatch.setattr(registry, "webhooks", lambda name: webhooks.get(name, {}))
    return APP


@pytest.fixture
def instance(db: None) -> SaleorInstance:
    return SaleorInstance.objects.create(
        api_url=API_URL, domain="saleor.test", jwks=signer("saleor").jwks, jwks_fetched_at=clock.now()
    )


@pytest.fixture
def install(instance: SaleorInstance, app: SaleorApp) -> SaleorAppInstall:
    return SaleorAppInstall.objects.create(
        instance=instance,
        identifier=app.identifier,
        token="t" * 30,
        saleor_app_id=APP_ID,
        installed_at=clock.now(),
    )
