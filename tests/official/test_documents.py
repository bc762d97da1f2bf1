"""Every document holds against the schema that the running Saleor tells of itself."""

from __future__ import annotations

from graphql import build_client_schema, get_introspection_query, parse, validate

from saleor_ext.link.client import GraphQLClient
from tests.link.test_documents import documents_in_use

from .conftest import OfficialSaleor


def test_documents_hold_against_the_running_saleor(saleor: OfficialSaleor) -> None:
    told = GraphQLClient(saleor.api_url).execute(get_introspection_query())
    schema = build_client_schema(told)  # type: ignore[arg-type]  # the same shape
    faults = [
        f"{name}: {error.message}"
        for name, text in documents_in_use().items()
        for error in validate(schema, parse(text))
    ]
    assert faults == []


def test_it_is_the_version_that_is_supported(saleor: OfficialSaleor) -> None:
    version = saleor.client().execute("query Version { shop { version } }")["shop"]["version"]
    assert version.startswith("3.23."), f"Ponte is made for Saleor 3.23; this one is {version}"
