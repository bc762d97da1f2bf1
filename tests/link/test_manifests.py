"""Subscriptions get their common fields, and a manifest that Saleor would choke on never leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import parse, print_ast

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.link import manifests
from saleor_ext.plugin_api import Extension, WebhookDefinition

from .conftest import APP

BASE = "https://ponte.example/"


def test_common_fields_are_added_once() -> None:
    text = manifests.subscription("tests.link", "graphql/paid.graphql")
    expected = """subscription Paid { event { __typename ... on OrderFullyPaid {
        issuedAt version recipient { id } order { id number updatedAt } } } }"""
    assert text == print_ast(parse(expected))
    assert manifests.event_types("tests.link", "graphql/paid.graphql") == {"OrderFullyPaid"}


def test_the_manifest_comes_from_the_definition() -> None:
    built = manifests.manifest(APP, BASE)
    assert built["tokenTargetUrl"] == "https://ponte.example/saleor/test.app/register"
    taxes, paid = built["webhooks"]
    assert (taxes["syncEvents"], taxes["asyncEvents"]) == (["CHECKOUT_CALCULATE_TAXES"], [])
    assert (paid["syncEvents"], paid["asyncEvents"]) == ([], ["ORDER_FULLY_PAID"])
    assert paid["targetUrl"] == "https://ponte.example/saleor/test.app/webhooks/paid"
    assert built["requiredSaleorVersion"] == ">=3.23 <4"
    assert built["permissions"] == list(APP.permissions)


def test_what_is_answered_at_once_is_asked_for_where_nothing_slow_is() -> None:
    quick = replace(APP, webhooks=tuple(replace(one, quick=one.sync) for one in APP.webhooks))
    built = manifests.manifest(quick, BASE, "http://answers:8000/")
    assert [one["targetUrl"] for one in built["webhooks"]] == [
        "http://answers:8000/saleor/test.app/webhooks/taxes",
        "https://ponte.example/saleor/test.app/webhooks/paid",
    ]
    assert built["tokenTargetUrl"] == "https://ponte.example/saleor/test.app/register"
    elsewhere = manifests.manifest(APP, BASE, "http://answers:8000/")["webhooks"]
    assert [one["targetUrl"].split("/saleor")[0] for one in elsewhere] == ["https://ponte.example"] * 2


def test_extensions_are_absolute_and_within_the_apps_rights() -> None:
    widget = Extension(
        "w", "Parcel", "ORDER_DETAILS_WIDGETS", "plugins/x/widget", permissions=("MANAGE_ORDERS",)
    )
    entry = manifests.manifest(replace(APP, extensions=(widget,)), BASE)["extensions"][0]
    assert entry["url"] == "https://ponte.example/plugins/x/widget"
    assert entry["options"] == {"widgetTarget": {"method": "POST"}}
    with pytest.raises(ConfigurationError, match="more than the app"):
        greedy = replace(widget, permissions=("MANAGE_USERS",))
        manifests.manifest(replace(APP, extensions=(greedy,)), BASE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "x" * 61}, "name"),
        ({"version": ""}, "version"),
        ({"webhooks": (APP.webhooks[0], APP.webhooks[0])}, "share a slug"),
    ],
)
def test_what_saleor_would_refuse_is_refused_here(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        manifests.manifest(replace(APP, **change), BASE)  # type: ignore[arg-type]  # one field each


def test_too_long_an_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="longer than 255"):
        manifests.manifest(APP, "https://" + "x" * 230 + ".example")


@pytest.mark.parametrize(
    "text",
    [
        "query { shop { name } }",
        "subscription { event { __typename } }",
        "subscription { orderCreated { order { id } } }",
        "subscription { event { ... on A { id } } other { id } }",
        "subscription { event ",
        "",
    ],
)
def test_what_is_no_event_subscription_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(manifests, "document", lambda package, path: text)
    manifests.subscription.cache_clear()
    with pytest.raises(ConfigurationError):
        manifests.subscription("tests.link", "graphql/x.graphql")


def test_a_missing_file_is_named() -> None:
    broken = replace(APP, webhooks=(WebhookDefinition("x", "ORDER_PAID", "graphql/none.graphql", "a.b"),))
    with pytest.raises(ConfigurationError, match=r"tests\.link/graphql/none\.graphql"):
        manifests.manifest(broken, BASE)
