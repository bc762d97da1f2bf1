"""Who may do what: a stranger, a customer, staff, apps with and without the permission."""

from __future__ import annotations

import pytest

from sandbox.saleor import bootstrap
from sandbox.saleor.models import App
from tests.sandbox_saleor.client import Saleor
from tests.sandbox_saleor.shop import Shop

# Mutation → the permission that opens it.
MUTATIONS = {
    'channelCreate(input: {name: "a", slug: "b", currencyCode: "CNY", defaultCountry: CN})': "MANAGE_CHANNELS",
    'shopSettingsUpdate(input: {name: "a"})': "MANAGE_SETTINGS",
    'createWarehouse(input: {name: "a", address: {}})': "MANAGE_PRODUCTS",
    'shippingZoneCreate(input: {name: "a"})': "MANAGE_SHIPPING",
    'taxClassCreate(input: {name: "a"})': "MANAGE_TAXES",
    'attributeCreate(input: {name: "a", type: PRODUCT_TYPE})': "MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
    'productTypeCreate(input: {name: "a"})': "MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
    'categoryCreate(input: {name: "a"})': "MANAGE_PRODUCTS",
    'productDelete(id: "UHJvZHVjdDo5")': "MANAGE_PRODUCTS",
    'productTranslate(id: "UHJvZHVjdDo5", languageCode: PT, input: {})': "MANAGE_TRANSLATIONS",
    'orderCancel(id: "x")': "MANAGE_ORDERS",
    'orderFulfill(order: "x", input: {lines: []})': "MANAGE_ORDERS",
    'transactionRequestAction(id: "x", actionType: REFUND)': "HANDLE_PAYMENTS",
    'transactionEventReport(id: "x", pspReference: "y", type: INFO)': "HANDLE_PAYMENTS",
    'appActivate(id: "x")': "MANAGE_APPS",
    'eventDeliveryRetry(id: "x")': "MANAGE_APPS",
}
QUERIES = {
    "orders(first: 1) { totalCount }": "MANAGE_ORDERS",
    "appsInstallations { id }": "MANAGE_APPS",
    "shippingZones(first: 1) { totalCount }": "MANAGE_SHIPPING",
}
GUARDED = {f"mutation {{ {m} {{ errors {{ code }} }} }}": p for m, p in MUTATIONS.items()} | {
    f"{{ {q} }}": p for q, p in QUERIES.items()
}


def refused(saleor: Saleor, query: str, token: str | None) -> bool:
    errors = saleor.errors(query, token)
    denied = [e for e in errors if e["extensions"]["exception"]["code"] == "PermissionDenied"]
    assert len(denied) == len(errors), errors
    return bool(denied)


def app_token(permissions: list[str]) -> str:
    return bootstrap.create_app("probe", permissions=permissions)


def test_guarded_operations(saleor: Saleor) -> None:
    """Every operation is closed to strangers and to apps with all the other permissions."""
    from sandbox.saleor.auth import ALL_PERMISSIONS

    customer, staff = _customer(saleor), saleor.staff_token
    for query, permission in GUARDED.items():
        assert refused(saleor, query, None), f"a stranger: {query}"
        assert refused(saleor, query, customer), f"a customer: {query}"
        assert refused(saleor, query, "x" * 30), f"a made-up app token: {query}"
        assert refused(saleor, query, "not.a.jwt"), f"a made-up user token: {query}"
        others = [p for p in ALL_PERMISSIONS if p != permission]
        assert refused(saleor, query, app_token(others)), f"an app with everything but this: {query}"
        assert not refused(saleor, query, app_token([permission])), f"an app with this alone: {query}"
        assert not refused(saleor, query, staff), f"staff: {query}"


def _customer(saleor: Saleor) -> str:
    bootstrap.add_user("li@example.com", "ponte-demo")
    made = saleor.do(
        'mutation { tokenCreate(email: "li@example.com", password: "ponte-demo") { token errors { code } } }',
        None,
    )
    return str(made["token"])


def test_the_error_names_what_is_needed(saleor: Saleor) -> None:
    response = saleor.raw("{ orders(first: 1) { totalCount } shop { name } }")
    assert response.status_code == 200
    body = response.json()
    assert body["data"] == {"orders": None, "shop": {"name": "Ponte sandbox"}}
    (error,) = body["errors"]
    assert error["message"] == "To access this path, you need one of the following permissions: MANAGE_ORDERS"
    assert error["path"] == ["orders"] and error["extensions"] == {"exception": {"code": "PermissionDenied"}}
    assert body["extensions"]["cost"]["maximumAvailable"] == 50000


@pytest.mark.parametrize(
    "field", ["name", "currencyCode", "isActive", "defaultCountry { code }", "warehouses { id }"]
)
def test_strangers_see_little_of_a_channel(shop: Shop, field: str) -> None:
    query = f'{{ channel(slug: "cn") {{ id slug countries {{ code }} {field} }} }}'
    assert refused(shop.saleor, query, None)
    assert not refused(shop.saleor, query, shop.app.token)


@pytest.mark.parametrize("field", ["transactions { id }", "events { id }", "grantedRefunds { id }"])
def test_orders_are_open_but_not_wholly(shop: Shop, field: str) -> None:
    order = shop.paid_order()
    open_part = '{{ order(id: "{}") {{ number userEmail shippingAddress {{ city }} }} }}'.format(order["id"])
    assert shop.saleor.run(open_part, None)["order"]["userEmail"] == "buyer@example.com"
    closed = '{{ order(id: "{}") {{ {} }} }}'.format(order["id"], field)
    assert refused(shop.saleor, closed, None)
    assert not refused(shop.saleor, closed, shop.app.token)


def test_metadata_rights(shop: Shop) -> None:
    checkout = shop.checkout()["id"]
    write = """mutation($id: ID!) { update%s(id: $id, input: [{key: "a", value: "1"}]) { item {
      __typename } errors { code } } }"""
    public, private = write % "Metadata", write % "PrivateMetadata"
    shop.saleor.do(public, None, id=checkout)
    for query, id, closed_to in (
        (private, checkout, None),
        (public, shop.product, None),
        (private, shop.product, None),
    ):
        errors = shop.saleor.errors(query, closed_to, id=id)
        assert errors[0]["extensions"]["exception"]["code"] == "PermissionDenied"
        shop.saleor.do(query, shop.app.token, id=id)
    read = "query($id: ID!) { checkout(id: $id) { metadata { key value } privateMetadata { key value } } }"
    assert shop.saleor.errors(read, None, id=checkout)
    seen = shop.saleor.run(read, shop.app.token, id=checkout)["checkout"]
    assert seen["metadata"] == seen["privateMetadata"] == [{"key": "a", "value": "1"}]
    order = shop.paid_order()["id"]
    assert (
        shop.saleor.errors(public, None, id=order)[0]["extensions"]["exception"]["code"] == "PermissionDenied"
    )


def test_an_app_reports_on_its_own_transactions_only(shop: Shop) -> None:
    order = shop.paid_order()
    query = """mutation {{ transactionEventReport(id: "{}", pspReference: "z", type: CHARGE_SUCCESS, amount: 1) {{
      errors {{ code }} }} }}""".format(order["transaction"])
    assert refused(shop.saleor, query, app_token(["HANDLE_PAYMENTS"])), "another payment app"
    assert refused(shop.saleor, query, shop.saleor.staff_token), "staff, on an app's transaction"
    assert not refused(shop.saleor, query, shop.app.token)


def test_prices_of_lines_are_set_by_apps_only(shop: Shop) -> None:
    query = """mutation($v: ID!) { checkoutCreate(input: {channel: "cn", lines: [{variantId: $v,
      quantity: 1, price: 1}]}) {
      checkout { id } errors { code } } }"""
    errors = shop.saleor.errors(query, None, v=shop.variant)
    assert errors[0]["extensions"]["exception"]["code"] == "PermissionDenied"
    token = app_token(["HANDLE_CHECKOUTS"])
    assert shop.saleor.do(query, token, v=shop.variant)["checkout"]["id"]


def test_an_app_sees_itself_and_not_others(shop: Shop) -> None:
    other = App.objects.get(identifier="sandbox.setup").graph_id
    assert refused(shop.saleor, f'{{ app(id: "{other}") {{ id }} }}', shop.app.token)
    assert (
        shop.saleor.run("{ app { identifier webhooks { name } } }", shop.app.token)["app"]["identifier"]
        == "tiny.app"
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [("{ nope }", 400), ("{ shop { name ", 400), ("", 400), ("subscription { event { version } }", 400)],
)
def test_bad_documents_are_bad_requests(saleor: Saleor, query: str, status: int) -> None:
    response = saleor.raw(query)
    assert response.status_code == status and response.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [{"query": 5}, {"query": ["{ shop { name } }"]}, {"query": "{ shop { name } }", "variables": "x"}, [5]],
)
def test_what_is_no_request_is_a_bad_request(saleor: Saleor, body: object) -> None:
    assert saleor.http.post(f"{saleor.url}/graphql/", json=body).status_code == 400


def test_wrong_variables_are_bad_requests(saleor: Saleor) -> None:
    response = saleor.raw("query($id: ID!) { checkout(id: $id) { id } }")
    assert response.status_code == 400
