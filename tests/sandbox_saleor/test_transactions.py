"""The list of transactions: who sees which, what it is searched and sorted by, what a lost request leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sandbox.saleor import bootstrap
from sandbox.saleor.models import App, TransactionItem
from tests.sandbox_saleor.client import Saleor
from tests.sandbox_saleor.shop import Shop

LIST = """query($where: TransactionWhereInput, $sortBy: TransactionSortingInput, $first: Int = 10, $after: String) {
  transactions(where: $where, sortBy: $sortBy, first: $first, after: $after) {
    totalCount edges { cursor node { id modifiedAt chargedAmount { amount currency } events { type pspReference
      createdAt idempotencyKey } } } pageInfo { hasNextPage endCursor } } }"""
REFUND = """mutation($id: ID!) { transactionRequestAction(id: $id, actionType: REFUND, amount: 50) {
  errors { code } } }"""
NEWEST_FIRST = {"field": "CREATED_AT", "direction": "DESC"}


def listed(saleor: Saleor, token: str | None, **variables: Any) -> list[str]:
    found = saleor.run(LIST, token, **variables)["transactions"]
    return [edge["node"]["id"] for edge in found["edges"]]


@pytest.fixture
def pair(shop: Shop) -> tuple[str, str]:
    """Two transactions of the shop's payment app, the older first."""
    one, two = (shop.paid_order()["transaction"] for _ in range(2))
    return one, two


def denied(saleor: Saleor, token: str | None) -> list[str]:
    return [e["extensions"]["exception"]["code"] for e in saleor.errors(LIST, token)]


def test_an_app_sees_what_it_made_one_for_orders_all_and_strangers_nothing(
    shop: Shop, pair: tuple[str, str]
) -> None:
    bootstrap.add_user("li@example.com", "ponte-demo")
    customer = shop.saleor.do(
        'mutation { tokenCreate(email: "li@example.com", password: "ponte-demo") { token errors { code } } }',
        None,
    )["token"]
    unfit = bootstrap.create_app("unfit", permissions=["MANAGE_CHECKOUTS", "MANAGE_PRODUCTS"])
    for token in (None, customer, "x" * 30, unfit):
        assert denied(shop.saleor, token) == ["PermissionDenied"]
    other = bootstrap.create_app("other.payment", permissions=["HANDLE_PAYMENTS"])
    assert listed(shop.saleor, other) == []
    assert listed(shop.saleor, other, where={"ids": list(pair)}) == []
    assert listed(shop.saleor, other, where={"appIdentifier": {"eq": "tiny.app"}}) == []
    orders = bootstrap.create_app("orders", permissions=["MANAGE_ORDERS"])
    assert listed(shop.saleor, orders) == list(pair)
    assert listed(shop.saleor, shop.saleor.staff_token) == list(pair)
    App.objects.filter(identifier="tiny.app").update(permissions=["HANDLE_PAYMENTS"])
    assert listed(shop.saleor, shop.app.token) == list(pair)


def test_conditions(shop: Shop, pair: tuple[str, str]) -> None:
    one, two = pair
    half = timezone.now() - timedelta(hours=1)
    TransactionItem.objects.filter(token=_token(one)).update(modified_at=half - timedelta(hours=1))
    since = {"gte": half.isoformat()}
    find: Callable[[Any], list[str]] = lambda where: listed(shop.saleor, shop.app.token, where=where)  # noqa: E731  # one line says it
    assert find({"modifiedAt": since}) == [two]
    assert find({"modifiedAt": {"lte": half.isoformat()}}) == [one]
    assert find({"createdAt": since}) == [one, two]
    assert find({"ids": [one]}) == [one]
    assert find({"appIdentifier": {"oneOf": ["tiny.app"]}}) == [one, two]
    assert find({"appIdentifier": {"eq": "ponte.payment"}}) == []
    assert find({"events": [{"type": {"eq": "CHARGE_SUCCESS"}}]}) == [one, two]
    assert find({"events": [{"type": {"eq": "REFUND_REQUEST"}}]}) == []
    assert find({"events": []}) == find({"events": [{}]}) == []
    assert find({"AND": [{"ids": [one, two]}, {"OR": [{"modifiedAt": since}, {"ids": []}]}]}) == [two]
    errors = shop.saleor.errors(LIST, shop.app.token, where={"ids": [], "AND": [{"ids": []}]})
    assert [e["message"] for e in errors] == ["Cannot mix operators with other filter inputs."]


def _token(id: str) -> str:
    return str(next(t.token for t in TransactionItem.objects.all() if t.graph_id == id))


def test_a_request_alone_does_not_move_the_time(shop: Shop, pair: tuple[str, str]) -> None:
    """As with Saleor: who looks for changed transactions only never sees a refund request that got lost."""
    one, two = pair
    assert listed(shop.saleor, shop.app.token, sortBy=NEWEST_FIRST) == [two, one]
    before = timezone.now()
    shop.app.answers["TRANSACTION_REFUND_REQUESTED"] = {"pspReference": "re-1"}
    shop.saleor.do(REFUND, shop.app.token, id=one)
    since = {"gte": before.isoformat()}
    assert listed(shop.saleor, shop.app.token, where={"modifiedAt": since}) == []
    found = shop.saleor.run(LIST, shop.app.token, where={"events": [{"createdAt": since}]})["transactions"]
    (edge,) = found["edges"]
    (request,) = [e for e in edge["node"]["events"] if e["type"] == "REFUND_REQUEST"]
    assert edge["node"]["id"] == one
    assert request["pspReference"] == "" and len(request["idempotencyKey"]) == 36
    assert datetime.fromisoformat(request["createdAt"]) >= before
    shop.saleor.drain()
    assert listed(shop.saleor, shop.app.token, where={"modifiedAt": since}) == [one], "its answer moves it"
    _pages(shop, [two, one])


def _pages(shop: Shop, wanted: list[str]) -> None:
    """Read what changed, oldest change first, one a page."""
    order = {"field": "MODIFIED_AT", "direction": "ASC"}
    read: list[str] = []
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        given = {"sortBy": order, "first": 1, "after": info["endCursor"]}
        page = shop.saleor.run(LIST, shop.app.token, **given)["transactions"]
        assert page["totalCount"] == len(wanted)
        read += [edge["node"]["id"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert info["endCursor"] == page["edges"][-1]["cursor"]
    assert read == wanted
