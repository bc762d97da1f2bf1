from __future__ import annotations

from pydantic import Field

from saleor_ext.plugin_api import Periodic, Plugin, PluginConfig, SaleorApp, Secret, WebhookDefinition


class DummyConfig(PluginConfig):
    greeting: str = Field("hello", title="Greeting", description="Said to everybody", min_length=2)
    pieces: int = Field(1, title="Pieces", ge=1, le=9)
    token: Secret | None = Field(None, title="Token", description="Never shown")


plugin = Plugin(
    identifier="dummy",
    slug="dummy",
    name="Dummy",
    description="For tests",
    version="1.0",
    django_app="tests.dummy_plugin",
    config_model=DummyConfig,
    hooks="tests.dummy_plugin.hooks",
    saleor_app=SaleorApp(
        identifier="ponte.dummy",
        name="Dummy",
        package="tests.dummy_plugin",
        permissions=("MANAGE_ORDERS",),
        webhooks=(
            WebhookDefinition(
                "order-updated",
                "ORDER_UPDATED",
                "order_updated.graphql",
                "tests.dummy_plugin.hooks.order_updated",
            ),
        ),
    ),
    periodic=(Periodic("tick", "tests.dummy_plugin.hooks.tick", 3600),),
)
