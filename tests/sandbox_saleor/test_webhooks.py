"""Deliveries: signature, headers, bodies, retries."""

from __future__ import annotations

from typing import Any

import httpx2
import jwt
import pytest

from sandbox.saleor.models import App, EventDelivery, EventDeliveryAttempt
from tests.sandbox_saleor.shop import Shop

NOTE = """mutation($id: ID!, $i: ProductInput!) { productUpdate(id: $id, input: $i) {
  product { id } errors { field message code } } }"""


def touch_product(shop: Shop, name: str = "蛋卷") -> None:
    shop.saleor.do(NOTE, id=shop.product, i={"name": name})


def public_key(shop: Shop, kid: str) -> Any:
    (key,) = httpx2.get(f"{shop.saleor.url}/.well-known/jwks.json").json()["keys"]
    assert key["kid"] == kid and key["alg"] == "RS256" and key["use"] == "sig"
    return jwt.PyJWK(key)


def test_bodies_are_signed_detached(shop: Shop) -> None:
    touch_product(shop)
    shop.saleor.drain()
    (got,) = shop.app.of("PRODUCT_UPDATED")
    signature = got.headers["saleor-signature"]
    header = jwt.get_unverified_header(signature)
    assert {k: header[k] for k in ("alg", "b64", "crit", "typ")} == {
        "alg": "RS256",
        "b64": False,
        "crit": ["b64"],
        "typ": "JWT",
    }
    assert signature.split(".")[1] == ""
    key = public_key(shop, header["kid"])
    jwt.api_jws.decode(signature, key, algorithms=["RS256"], detached_payload=got.raw)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.api_jws.decode(signature, key, algorithms=["RS256"], detached_payload=got.raw + b" ")


def test_headers_and_ascii_bodies(shop: Shop) -> None:
    touch_product(shop)
    shop.saleor.drain()
    (got,) = shop.app.of("PRODUCT_UPDATED")
    domain = shop.saleor.url.removeprefix("http://")
    for prefix in ("saleor", "x-saleor"):
        assert got.headers[f"{prefix}-event"] == "product_updated"
        assert got.headers[f"{prefix}-domain"] == domain
        assert got.headers[f"{prefix}-signature"] == got.headers["saleor-signature"]
    assert got.headers["saleor-api-url"] == f"{shop.saleor.url}/graphql/"
    assert got.headers["user-agent"] == "Saleor/3.23"
    assert got.raw.isascii() and b"\\u86cb\\u5377" in got.raw
    assert got.body == {"product": {"id": shop.product, "name": "蛋卷"}}


@pytest.mark.parametrize(("status", "attempts"), [(200, 1), (404, 1), (400, 1), (302, 1), (500, 6), (503, 6)])
def test_only_server_errors_are_retried(shop: Shop, status: int, attempts: int) -> None:
    shop.app.answers["PRODUCT_UPDATED"] = (status, {})
    touch_product(shop)
    shop.saleor.drain()
    for wait in (10, 20, 40, 80, 160, 320):
        shop.saleor.drain(horizon_seconds=wait)
    assert len(shop.app.of("PRODUCT_UPDATED")) == attempts
    row = EventDelivery.objects.get()
    assert row.status == ("SUCCESS" if status == 200 else "FAILED")
    assert EventDeliveryAttempt.objects.filter(response_status_code=status).count() == attempts


def test_retries_wait_ten_then_twenty_seconds(shop: Shop) -> None:
    shop.app.answers["PRODUCT_UPDATED"] = (500, {})
    touch_product(shop)
    shop.saleor.drain()
    shop.saleor.drain(horizon_seconds=9)
    assert len(shop.app.of("PRODUCT_UPDATED")) == 1
    shop.saleor.drain(horizon_seconds=10)
    assert len(shop.app.of("PRODUCT_UPDATED")) == 2
    shop.saleor.drain(horizon_seconds=19)
    assert len(shop.app.of("PRODUCT_UPDATED")) == 2
    shop.saleor.drain(horizon_seconds=20)
    assert len(shop.app.of("PRODUCT_UPDATED")) == 3


def test_failed_deliveries_are_listed_and_sent_again(shop: Shop) -> None:
    shop.app.answers["PRODUCT_UPDATED"] = (404, {})
    touch_product(shop)
    shop.saleor.drain()
    apps = shop.saleor.run(
        "{ apps(first: 10) { edges { node { identifier webhooks { id asyncEvents { eventType } } } } } }"
    )
    hooks = next(e["node"] for e in apps["apps"]["edges"] if e["node"]["identifier"] == shop.app.identifier)[
        "webhooks"
    ]
    hook = next(h["id"] for h in hooks if h["asyncEvents"] == [{"eventType": "PRODUCT_UPDATED"}])
    listed = shop.saleor.run(
        """query($id: ID!) { webhook(id: $id) { eventDeliveries(first: 5) { edges { node { id status eventType payload
          attempts(first: 5) { edges { node { status responseStatusCode } } } } } } } }""",
        id=hook,
    )["webhook"]["eventDeliveries"]["edges"]
    assert [e["node"]["status"] for e in listed] == ["FAILED"]
    assert listed[0]["node"]["attempts"]["edges"] == [
        {"node": {"status": "FAILED", "responseStatusCode": 404}}
    ]
    shop.app.answers["PRODUCT_UPDATED"] = (200, {})
    shop.saleor.do(
        "mutation($id: ID!) { eventDeliveryRetry(id: $id) { delivery { status } errors { code } } }",
        id=listed[0]["node"]["id"],
    )
    shop.saleor.drain()
    assert EventDelivery.objects.get().status == "SUCCESS"


def test_events_need_their_permission(shop: Shop) -> None:
    App.objects.filter(identifier=shop.app.identifier).update(permissions=["HANDLE_PAYMENTS"])
    touch_product(shop)
    shop.saleor.drain()
    assert shop.app.received == []


def test_fields_beyond_the_apps_permissions_are_null_with_errors(shop: Shop) -> None:
    App.objects.filter(identifier=shop.app.identifier).update(
        permissions=["MANAGE_SHIPPING", "HANDLE_TAXES", "MANAGE_CHECKOUTS"]
    )
    from sandbox.saleor.models import Webhook

    Webhook.objects.filter(name="shipping_list_methods_for_checkout").update(
        subscription_query="""subscription { event { ... on ShippingListMethodsForCheckout {
          checkout { id user { email } channel { slug } } } } }"""
    )
    shop.deliveries(shop.checkout()["id"])
    body = shop.app.of("SHIPPING_LIST_METHODS_FOR_CHECKOUT")[0].body
    assert body["errors"][0]["extensions"] == {"exception": {"code": "PermissionDenied"}}
    assert body["checkout"]["user"] is None


DELIVERY_QUESTION = """subscription {{ event {{ ... on {kind} {{
  checkout {{ id {prices} }} shippingMethods {{ id }} }} }} }}"""


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("SHIPPING_LIST_METHODS_FOR_CHECKOUT", "ShippingListMethodsForCheckout"),
        ("CHECKOUT_FILTER_SHIPPING_METHODS", "CheckoutFilterShippingMethods"),
    ],
)
@pytest.mark.parametrize(
    "prices",
    [
        "totalPrice { gross { amount } }",
        "subtotalPrice { net { amount } }",
        "shippingPrice { tax { amount } }",
        "lines { unitPrice { gross { amount } } }",
        "lines { quantity totalPrice { net { amount } } }",
    ],
)
def test_a_taxed_price_in_a_question_about_delivery_empties_the_checkout(
    shop: Shop, event: str, kind: str, prices: str
) -> None:
    ask_with(event, DELIVERY_QUESTION.format(kind=kind, prices=prices))
    shop.deliveries(shop.checkout()["id"])
    (got,) = shop.app.of(event)
    assert got.body["checkout"] is None
    assert set(got.body) == {"checkout", "shippingMethods"}, "no errors beside it, as official Saleor answers"


def test_untaxed_prices_may_be_asked_for_with_delivery(shop: Shop) -> None:
    event = "SHIPPING_LIST_METHODS_FOR_CHECKOUT"
    prices = "lines { undiscountedUnitPrice { amount } undiscountedTotalPrice { amount } }"
    ask_with(event, DELIVERY_QUESTION.format(kind="ShippingListMethodsForCheckout", prices=prices))
    shop.deliveries(shop.checkout()["id"])
    (got,) = shop.app.of(event)
    assert got.body["checkout"]["lines"] == [
        {"undiscountedUnitPrice": {"amount": 88.0}, "undiscountedTotalPrice": {"amount": 176.0}}
    ]


def test_a_taxed_price_may_be_asked_for_with_payment(shop: Shop) -> None:
    event = "TRANSACTION_INITIALIZE_SESSION"
    ask_with(
        event,
        """subscription { event { ... on TransactionInitializeSession { transaction { id } action { amount }
          sourceObject { ... on Checkout { totalPrice { gross { amount } } } } } } }""",
    )
    shop.initialize(shop.checkout()["id"])
    assert shop.app.of(event)[0].body["sourceObject"] == {"totalPrice": {"gross": {"amount": 192.02}}}


def ask_with(event: str, query: str) -> None:
    """Let the tiny app's webhook of an event select something else."""
    from sandbox.saleor.models import Webhook

    Webhook.objects.filter(name=event.lower()).update(subscription_query=query)


def test_inactive_webhooks_and_apps_hear_nothing(shop: Shop) -> None:
    app_id = shop.saleor.run("{ app { id } }", shop.app.token)["app"]["id"]
    shop.saleor.do(
        "mutation($id: ID!) { appDeactivate(id: $id) { app { isActive } errors { code } } }", id=app_id
    )
    touch_product(shop)
    shop.saleor.drain()
    assert shop.app.received == []
    assert shop.saleor.run("{ me { id } }", shop.app.token)["me"] is None
    errors = shop.saleor.errors("{ app { id } }", shop.app.token)
    assert errors[0]["extensions"]["exception"]["code"] == "PermissionDenied", (
        "a sleeping app's token opens nothing"
    )


def test_deleted_products_are_still_described(shop: Shop) -> None:
    shop.saleor.do(
        "mutation($id: ID!) { productDelete(id: $id) { product { id } errors { code } } }", id=shop.product
    )
    shop.saleor.drain()
    assert shop.app.of("PRODUCT_DELETED")[0].body["product"]["id"] == shop.product


def test_stock_changes_are_told(shop: Shop) -> None:
    made = shop.saleor.do(
        """mutation($s: [StockBulkUpdateInput!]!) { stockBulkUpdate(stocks: $s, errorPolicy: REJECT_FAILED_ROWS) { count
          results { stock { quantity } errors { code } } errors { code } } }""",
        s=[
            {"variantId": shop.variant, "warehouseExternalReference": "nansha", "quantity": 7},
            {"variantId": shop.variant, "warehouseExternalReference": "elsewhere", "quantity": 7},
        ],
    )
    assert made["count"] == 1
    assert made["results"][0]["stock"]["quantity"] == 7
    assert made["results"][1]["errors"] == [{"code": "NOT_FOUND"}]
    shop.saleor.drain()
    assert shop.app.of("PRODUCT_VARIANT_STOCK_UPDATED")[0].body["productVariant"] == {
        "sku": "SKU-almond-cakes"
    }


def test_delivered_rows_are_forgotten_after_a_while(shop: Shop) -> None:
    from sandbox.saleor.webhooks import transport

    touch_product(shop)
    shop.saleor.drain()
    assert transport.tidy() == 0
    assert transport.tidy(older_than_hours=-1) > 0
    assert not EventDelivery.objects.exists()
