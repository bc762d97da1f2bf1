"""The client: what is tried again, what is not, and what errors become."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.money import Money
from saleor_ext.link import transport
from saleor_ext.link.client import GraphQLClient, Operation
from saleor_ext.link.errors import SaleorRefused, SaleorUnavailable, SaleorUserError
from saleor_ext.link.results.base import TaxedMoney
from saleor_ext.link.storefront import CREATE, EMAIL, PRODUCTS, TOKEN_REFRESH

from .saleor import serve

QUERY = "query Q { shop { name } }"
MUTATION = "fragment F on A { query }\nmutation M { doIt { errors { field code message } } }"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0.001)


def _failing(times: int, then: Any, status: int = 503) -> Any:
    calls = iter([(status, {"message": "busy"})] * times)
    return lambda path, given: next(calls, (200, then))


def test_a_query_is_tried_again() -> None:
    with serve(_failing(2, {"data": {"shop": {"name": "x"}}})) as wire:
        assert GraphQLClient(wire.api_url).execute(QUERY) == {"shop": {"name": "x"}}
        assert len(wire.requests) == 3


def test_tries_are_bounded() -> None:
    with serve(_failing(99, {})) as wire, pytest.raises(SaleorUnavailable) as caught:
        GraphQLClient(wire.api_url).execute(QUERY)
    assert isinstance(caught.value, TransientError)
    assert len(wire.requests) == transport.TRIES


def test_who_took_long_not_to_answer_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PATIENCE_SECONDS", -1.0)
    with serve(_failing(99, {})) as wire, pytest.raises(SaleorUnavailable):
        GraphQLClient(wire.api_url).execute(QUERY)
    assert len(wire.requests) == 1


def test_a_mutation_is_not_tried_again() -> None:
    with serve(_failing(1, {"data": {"doIt": {"errors": []}}})) as wire:
        with pytest.raises(SaleorUnavailable):
            GraphQLClient(wire.api_url).execute(MUTATION)
        assert len(wire.requests) == 1


def test_an_idempotent_mutation_is_tried_again() -> None:
    with serve(_failing(1, {"data": {"doIt": {"errors": []}}})) as wire:
        GraphQLClient(wire.api_url).execute(MUTATION, idempotent=True)
        assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("operation", "repeated"), [(PRODUCTS, True), (EMAIL, True), (CREATE, False), (TOKEN_REFRESH, True)]
)
def test_typed_operations_say_what_may_be_repeated(operation: Operation[Any], repeated: bool) -> None:
    with serve(_failing(99, {})) as wire, pytest.raises(SaleorUnavailable):
        GraphQLClient(wire.api_url).run(operation)
    assert len(wire.requests) == (transport.TRIES if repeated else 1)


def test_no_server_is_transient() -> None:
    with serve(_failing(0, {})) as wire:
        url = wire.api_url
    with pytest.raises(SaleorUnavailable):
        GraphQLClient(url).execute(QUERY)


@pytest.mark.parametrize(
    ("status", "answer", "error", "code"),
    [
        (400, {"errors": [{"message": "Cannot query field"}]}, SaleorRefused, "saleor_refused"),
        (
            200,
            {"errors": [{"message": "no", "extensions": {"exception": {"code": "PermissionDenied"}}}], "data": None},
            SaleorRefused,
            "PermissionDenied",
        ),
        (
            200,
            {"errors": [{"message": "Internal Server Error", "extensions": {"exception": {"code": "KeyError"}}}]},
            SaleorUnavailable,
            "KeyError",
        ),
        (
            200,
            {"errors": [{"message": "x", "extensions": {"exception": {"code": "OperationalError"}}}]},
            SaleorUnavailable,
            "OperationalError",
        ),
        (200, b"<html>", SaleorRefused, "saleor_refused"),
        (404, b"", SaleorRefused, "saleor_refused"),
        (401, {"errors": [{"message": "x", "extensions": {"code": "STOREFRONT_TRAFFIC_NOT_ALLOWED"}}]}, SaleorRefused,
         "STOREFRONT_TRAFFIC_NOT_ALLOWED"),
        (200, {"data": None}, SaleorRefused, "no_data"),
        (200, [1], SaleorRefused, "saleor_refused"),
        (502, b"bad gateway", SaleorUnavailable, "saleor_unavailable"),
        (429, {}, SaleorUnavailable, "saleor_unavailable"),
    ],
)  # fmt: skip  # a table
def test_errors_by_kind(status: int, answer: Any, error: type[Exception], code: str) -> None:
    with serve(lambda path, given: (status, answer)) as wire, pytest.raises(error) as caught:
        GraphQLClient(wire.api_url).execute(QUERY)
    assert caught.value.code == code  # type: ignore[attr-defined]  # all of ours carry a code


def test_errors_of_a_payload_carry_field_and_code() -> None:
    errors = [
        {"field": "email", "code": "INVALID", "message": "bad e-mail", "lines": ["a"]},
        {"field": None, "code": "REQUIRED", "message": "more"},
    ]
    with (
        serve(lambda path, given: (200, {"data": {"doIt": {"errors": errors}}})) as wire,
        pytest.raises(SaleorUserError) as caught,
    ):
        GraphQLClient(wire.api_url).execute(MUTATION)
    error = caught.value
    assert (error.code, error.field, error.operation) == ("INVALID", "email", "doIt")
    assert error.problems[0].data == {"lines": ["a"]}
    assert error.has("REQUIRED") and not error.has("UNIQUE")
    assert isinstance(error, PermanentError)


def test_errors_of_bulk_rows_are_found() -> None:
    results = [{"errors": []}, {"errors": [{"path": "stocks.0", "code": "NOT_FOUND", "message": "x"}]}]
    with (
        serve(lambda path, given: (200, {"data": {"doIt": {"results": results, "errors": []}}})) as wire,
        pytest.raises(SaleorUserError) as caught,
    ):
        GraphQLClient(wire.api_url).execute(MUTATION)
    assert caught.value.field == "stocks.0"


def test_the_token_goes_into_the_header_and_not_into_the_text() -> None:
    with serve(lambda path, given: (200, {"data": {}})) as wire:
        client = GraphQLClient(wire.api_url, "secret-token")
        client.execute(QUERY)
        assert "secret-token" not in repr(client)
        assert wire.requests[0][1]["Authorization"] == "Bearer secret-token"


def test_amounts_are_exact_both_ways() -> None:
    raw = b'{"data": {"p": {"gross": {"amount": 0.1, "currency": "CNY"}, "net": {"amount": 19.99, "currency": "CNY"},'
    raw += b' "tax": {"amount": 3, "currency": "CNY"}}}}'
    with serve(lambda path, given: (200, raw)) as wire:
        data = GraphQLClient(wire.api_url).execute(QUERY, {"amount": Decimal("1234567890.10")})
        assert wire.requests[0][2]["variables"] == {"amount": "1234567890.10"}
    price = TaxedMoney.model_validate(data["p"])
    assert price.gross + price.net == Money("20.09", "CNY")
    assert price.tax == Money("3.00", "CNY")


def test_a_float_variable_is_left_to_json_but_other_things_are_refused() -> None:
    with serve(lambda path, given: (200, {"data": {}})) as wire, pytest.raises(TypeError):
        GraphQLClient(wire.api_url).execute(QUERY, {"x": object()})


def test_an_unexpected_answer_is_permanent() -> None:
    with (
        serve(lambda path, given: (200, {"data": {"products": {"edges": 1}}})) as wire,
        pytest.raises(SaleorRefused) as caught,
    ):
        GraphQLClient(wire.api_url).run(PRODUCTS)
    assert caught.value.code == "unexpected_answer"


def test_a_file_goes_as_multipart() -> None:
    with serve(lambda path, given: (200, {"data": {"doIt": {"errors": []}}})) as wire:
        GraphQLClient(wire.api_url).execute(
            MUTATION,
            {"input": {"image": None}},
            files={"variables.input.image": ("a.png", b"\x89PNG\x00", "image/png")},
        )
        _, headers, body = wire.requests[0]
    assert headers["Content-Type"].startswith("multipart/form-data")
    assert b'filename="a.png"' in body and b"\x89PNG\x00" in body
    assert json.dumps({"0": ["variables.input.image"]}).encode() in body


@pytest.mark.parametrize("url", ["http://[::1/graphql/", "http://saleor.test:port/graphql/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SaleorRefused, match="cannot be asked"):
        GraphQLClient(url).execute("{ shop { name } }")
    with pytest.raises(SaleorRefused, match="cannot be asked"):
        transport.get_json(url)
