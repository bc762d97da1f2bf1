"""Every document that is sent to Saleor or handed to it holds against Saleor's schema and the sandbox's."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    build_client_schema,
    build_schema,
    get_introspection_query,
    parse,
    validate,
)

from saleor_ext.link import documents, registry
from saleor_ext.link.client import GraphQLClient
from saleor_ext.link.manifests import event_types, manifest, subscription

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_FILE = ROOT.parent / "shared" / "data" / "saleor-3.23.28.graphql"
PRINT_SANDBOX = """
import django; django.setup()
from graphql import print_schema
from sandbox.saleor.schema import schema
print(print_schema(schema().graphql_schema))
"""


@cache
def _official() -> GraphQLSchema | None:
    """The schema from the file beside the project, or from a running Saleor, or none."""
    if SCHEMA_FILE.exists():
        return build_schema(SCHEMA_FILE.read_text(), assume_valid=True)
    if api_url := os.environ.get("PONTE_TEST_SALEOR"):
        return build_client_schema(GraphQLClient(api_url).execute(get_introspection_query()))  # type: ignore[arg-type]  # the same shape
    return None


@cache
def _sandbox() -> GraphQLSchema:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_SANDBOX],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "sandbox.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return build_schema(done.stdout)


def documents_in_use() -> dict[str, str]:
    """All documents by name: the link's operations, the plugins' files, the subscriptions as handed to Saleor."""
    found = dict(documents.all_operations())
    for app in registry.apps().values():
        for webhook in app.webhooks:
            found[f"{app.identifier} {webhook.slug}"] = subscription(app.package, webhook.query)
        folder = Path(str(files(app.package))) / "graphql"
        if app.package != "saleor_ext.link":
            found |= {f"{app.package}/{path.name}": path.read_text() for path in folder.glob("*.graphql")}
    return found


def _faults(schema: GraphQLSchema) -> list[str]:
    return [
        f"{name}: {error.message}"
        for name, text in documents_in_use().items()
        for error in validate(schema, parse(text))
    ]


def test_there_are_documents() -> None:
    assert len(documents_in_use()) > 80


def test_they_hold_against_saleor() -> None:
    schema = _official()
    if schema is None:
        pytest.skip(f"neither {SCHEMA_FILE} nor PONTE_TEST_SALEOR (a GraphQL address) tells Saleor's schema")
    assert _faults(schema) == []


def test_they_hold_against_the_sandbox() -> None:
    assert _faults(_sandbox()) == []


def test_one_operation_a_file_named_like_it() -> None:
    for name, text in documents.all_operations():
        operations = [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]
        assert len(operations) == 1, name
        assert operations[0].name is not None
        assert operations[0].name.value.lower() == name.rsplit("/")[-1].replace("_", ""), name


def test_every_document_is_used() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "saleor_ext" / "link").glob("*.py"))
    unused = [name for name, _ in documents.all_operations() if f'"{name}"' not in code]
    assert unused == []


@pytest.mark.parametrize("identifier", sorted(registry.apps()))
def test_manifests_ask_for_what_their_events_need(identifier: str) -> None:
    app = registry.apps()[identifier]
    built = manifest(app, "http://ponte.example")
    assert built["id"] == identifier
    schema = _official() or _sandbox()
    for webhook, entry in zip(app.webhooks, built["webhooks"], strict=True):
        assert (entry["syncEvents"] or entry["asyncEvents"]) == [webhook.event]
        for kind in event_types(app.package, webhook.query):
            assert schema.get_type(kind) is not None
        needed = _permission(webhook.event)
        assert needed is None or needed in app.permissions, f"{webhook.event} is never sent without {needed}"


def _permission(event: str) -> str | None:
    """The permission without which Saleor silently sends nothing."""
    exact = {
        "SHIPPING_LIST_METHODS_FOR_CHECKOUT": "MANAGE_SHIPPING",
        "CHECKOUT_FILTER_SHIPPING_METHODS": "MANAGE_CHECKOUTS",
        "CHECKOUT_CALCULATE_TAXES": "HANDLE_TAXES",
        "ORDER_CALCULATE_TAXES": "HANDLE_TAXES",
    }
    families = {
        "ORDER_": "MANAGE_ORDERS",
        "FULFILLMENT_": "MANAGE_ORDERS",
        "PRODUCT_": "MANAGE_PRODUCTS",
        "CHECKOUT_": "MANAGE_CHECKOUTS",
        "TRANSACTION_": "HANDLE_PAYMENTS",
        "PAYMENT_": "HANDLE_PAYMENTS",
    }
    if event in exact:
        return exact[event]
    return next((needed for start, needed in families.items() if event.startswith(start)), None)


def test_taxed_prices_are_not_asked_for_where_they_empty_the_payload() -> None:
    """Saleor blanks the whole checkout where a delivery question asks for a taxed price: it would go in circles."""
    for app in registry.apps().values():
        for webhook in app.webhooks:
            if "SHIPPING" in webhook.event:
                text = subscription(app.package, webhook.query)
                for field in ("unitPrice", "totalPrice", "subtotalPrice", "shippingPrice"):
                    assert f" {field} " not in text, f"{app.identifier} {webhook.slug} asks for {field}"
