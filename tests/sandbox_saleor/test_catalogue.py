"""Catalogue, accounts and order administration."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sandbox.saleor.models import Product, ProductMedia, User
from tests.sandbox_saleor.client import Refused, Saleor
from tests.sandbox_saleor.shop import ADDRESS, Shop, add_product

LIST = """query($channel: String, $first: Int!, $after: String, $search: String, $filter: ProductFilterInput,
  $where: ProductWhereInput, $sortBy: ProductOrder) {
  products(channel: $channel, first: $first, after: $after, search: $search, filter: $filter, where: $where,
    sortBy: $sortBy) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { slug name isAvailable
      thumbnail { url } category { slug } translation(languageCode: PT) { name }
      pricing { priceRange { start { gross { amount currency } } } }
      variants { sku quantityAvailable pricing { price { gross { amount } } } attributes {
        attribute { slug } } } } } } }"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


def slugs(shop: Shop, token: str | None = None, **variables: Any) -> list[str]:
    read = shop.saleor.run(LIST, token, **{"channel": "cn", "first": 50, **variables})
    return [edge["node"]["slug"] for edge in read["products"]["edges"]]


def test_pages_follow_each_other(shop: Shop) -> None:
    for index in range(5):
        add_product(shop, f"p{index}", 1)
    seen, after = [], None
    while True:
        page = shop.saleor.run(LIST, None, channel="cn", first=2, after=after)["products"]
        seen += [e["node"]["slug"] for e in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["almond-cakes", "p0", "p1", "p2", "p3", "p4"] and page["totalCount"] == 6
    errors = shop.saleor.errors('{ products(channel: "cn") { totalCount } }')
    assert "You must provide a `first` or `last` value" in errors[0]["message"]
    assert shop.saleor.errors('{ products(channel: "cn", first: 101) { totalCount } }')


def test_lists_take_a_fixed_number_of_statements(shop: Shop, settings: Any) -> None:
    from sandbox.saleor.auth import Context
    from sandbox.saleor.schema import schema

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            result = schema().execute(
                LIST.replace("$first: Int!", "$first: Int = 50"),
                context_value=Context(),
                variables={"channel": "cn"},
            )
        assert not result.errors and result.data["products"]["edges"]
        return len(captured)

    few = statements()
    for index in range(6):
        add_product(shop, f"n{index}", 1)
    assert statements() == few <= 18


@pytest.mark.parametrize("key", ["²", "٣", "9" * 40, "-1"])
def test_an_id_that_is_no_number_is_not_found(saleor: Saleor, key: str) -> None:
    """`²` counts as a digit in Python, but not as a number."""
    query = "mutation($id: ID!) { %s(id: $id, %s) { errors { field code } } }"
    identifier = base64.b64encode(f"Product:{key}".encode()).decode()
    for mutation, rest in (("productUpdate", "input: {}"), ("updateMetadata", "input: []")):
        (payload,) = saleor.run(query % (mutation, rest), id=identifier).values()
        assert payload["errors"] == [{"field": "id", "code": "NOT_FOUND"}], mutation
    assert saleor.run('{ orders(first: 1, filter: {search: "²"}) { totalCount } }') == {
        "orders": {"totalCount": 0}
    }


def test_filters_and_search(shop: Shop) -> None:
    add_product(shop, "egg-rolls", 0, price="10.00")
    assert slugs(shop, search="egg") == ["egg-rolls"]
    assert slugs(shop, search="SKU-almond") == ["almond-cakes"]
    assert slugs(shop, filter={"slugs": ["egg-rolls"]}) == ["egg-rolls"]
    assert slugs(shop, filter={"stockAvailability": "IN_STOCK"}) == ["almond-cakes"]
    assert slugs(shop, where={"stockAvailability": "OUT_OF_STOCK"}) == ["egg-rolls"]
    assert slugs(shop, filter={"metadata": [{"key": "ponte.lane", "value": "postal"}]}) == []
    assert len(slugs(shop, filter={"metadata": [{"key": "ponte.lane", "value": "bonded_1210"}]})) == 2
    assert slugs(shop, where={"OR": [{"slug": {"eq": "egg-rolls"}}, {"ids": []}]}) == ["egg-rolls"]
    assert slugs(
        shop, filter={"categories": [shop.category]}, sortBy={"field": "MINIMAL_PRICE", "direction": "ASC"}
    ) == [
        "egg-rolls",
        "almond-cakes",
    ]
    assert slugs(shop, sortBy={"field": "CREATED_AT", "direction": "DESC"}) == ["egg-rolls", "almond-cakes"]


def test_unpublished_products_are_for_staff(shop: Shop) -> None:
    listing = """mutation($id: ID!, $c: ID!) { productChannelListingUpdate(id: $id, input: {updateChannels: [
      {channelId: $c, isPublished: false}]}) { product { id } errors { code } } }"""
    shop.saleor.do(listing, id=shop.product, c=shop.channel)
    assert slugs(shop) == []
    assert slugs(shop, token=shop.app.token) == ["almond-cakes"]
    read = '{ product(externalReference: "ref-almond-cakes", channel: "cn") { id } }'
    assert shop.saleor.run(read, None)["product"] is None
    assert shop.saleor.run(read, shop.app.token)["product"]["id"] == shop.product
    with pytest.raises(Refused) as refused:
        shop.checkout()
    assert refused.value.codes == ["UNAVAILABLE_VARIANT_IN_CHANNEL"]


def test_translations(shop: Shop) -> None:
    shop.saleor.do(
        """mutation($id: ID!) { productTranslate(id: $id, languageCode: PT, input: {name: "Bolos de amêndoa",
          slug: "bolos", description: "{\\"blocks\\": []}"}) { product { id } errors { code } } }""",
        id=shop.product,
    )
    shop.saleor.do(
        """mutation($id: ID!) { productVariantTranslate(id: $id, languageCode: PT, input: {name: "12 unidades"}) {
          productVariant { translation(languageCode: PT) { name } } errors { code } } }""",
        id=shop.variant,
    )
    read = shop.saleor.run(
        """{ product(slug: "bolos", slugLanguageCode: PT, channel: "cn") { slug
          pt: translation(languageCode: PT) { name description } zh: translation(languageCode: ZH_HANT) { name } } }""",
        None,
    )["product"]
    assert read["pt"]["name"] == "Bolos de amêndoa" and read["zh"] is None
    assert json.loads(read["pt"]["description"]) == {"blocks": []}


def test_pictures_by_upload_and_by_url(shop: Shop, keys_folder: Path) -> None:
    query = """mutation($i: ProductMediaCreateInput!) { productMediaCreate(input: $i) { media { id url type alt }
      errors { field code } } }"""
    response = httpx2.post(
        f"{shop.saleor.url}/graphql/",
        headers={"Authorization": f"Bearer {shop.app.token}"},
        data={
            "operations": json.dumps(
                {"query": query, "variables": {"i": {"product": shop.product, "image": None, "alt": "box"}}}
            ),
            "map": json.dumps({"0": ["variables.i.image"]}),
        },
        files={"0": ("box.png", PNG, "image/png")},
    )
    made = response.json()["data"]["productMediaCreate"]
    assert made["errors"] == [] and made["media"]["alt"] == "box"
    assert made["media"]["url"].startswith(f"{shop.saleor.url}/media/products/")
    assert httpx2.get(made["media"]["url"]).content == PNG
    outside = "https://example.com/a.jpg"
    shop.saleor.do(query, i={"product": shop.product, "mediaUrl": outside})
    assert ProductMedia.objects.get(external_url=outside).product.graph_id == shop.product
    with pytest.raises(Refused):
        shop.saleor.do(query, i={"product": shop.product})
    assert httpx2.get(f"{shop.saleor.url}/media/../jwt-key.pem").status_code == 404


def test_products_are_updated_by_reference(shop: Shop) -> None:
    made = shop.saleor.do(
        """mutation { productUpdate(externalReference: "ref-almond-cakes", input: {name: "New"}) {
          product { id name slug } errors { code } } }"""
    )
    assert made["product"] == {"id": shop.product, "name": "New", "slug": "almond-cakes"}
    with pytest.raises(Refused) as refused:
        add_product(shop, "almond-cakes", 1)
    assert refused.value.codes == ["UNIQUE"]


def test_variants_in_bulk(shop: Shop) -> None:
    query = """mutation($p: ID!, $v: [ProductVariantBulkCreateInput!]!, $e: ErrorPolicyEnum) {
      productVariantBulkCreate(product: $p, variants: $v, errorPolicy: $e) { count productVariants { sku }
        results { productVariant { sku } errors { path code } } errors { code } } }"""
    rows = [{"attributes": [], "sku": "NEW"}, {"attributes": [], "sku": "SKU-almond-cakes"}]
    made = shop.saleor.do(query, p=shop.product, v=rows)
    assert made["count"] == 0 and made["results"][1]["errors"] == [{"path": "sku", "code": "UNIQUE"}]
    made = shop.saleor.do(query, p=shop.product, v=rows, e="REJECT_FAILED_ROWS")
    assert made["count"] == 1 and made["productVariants"] == [{"sku": "NEW"}]
    variant = shop.saleor.run(
        """{ productVariant(sku: "SKU-almond-cakes") { id stocks { id quantity } channelListings {
          id price { amount } } } }"""
    )["productVariant"]
    changed = shop.saleor.do(
        """mutation($p: ID!, $v: [ProductVariantBulkUpdateInput!]!) {
          productVariantBulkUpdate(product: $p, variants: $v) {
          count results { errors { path code message } } errors { path code } } }""",
        p=shop.product,
        v=[
            {
                "id": variant["id"],
                "name": "24 pieces",
                "stocks": {"update": [{"stock": variant["stocks"][0]["id"], "quantity": 5}]},
                "channelListings": {
                    "update": [{"channelListing": variant["channelListings"][0]["id"], "price": "99.00"}]
                },
            }
        ],
    )
    assert changed["count"] == 1
    read = shop.saleor.run(
        '{ productVariant(sku: "SKU-almond-cakes") { name stocks { quantity } channelListings { price { amount } } } }'
    )["productVariant"]
    assert read == {
        "name": "24 pieces",
        "stocks": [{"quantity": 5}],
        "channelListings": [{"price": {"amount": 99.0}}],
    }


def test_attributes(shop: Shop) -> None:
    do = shop.saleor.do
    made = do(
        """mutation { attributeCreate(input: {name: "Brand", slug: "brand", type: PRODUCT_TYPE,
          inputType: PLAIN_TEXT}) {
          attribute { id } errors { code } } }"""
    )["attribute"]["id"]
    do(
        """mutation($t: ID!, $a: ID!) { productAttributeAssign(productTypeId: $t, operations: [{id:
          $a, type: PRODUCT}]) {
          productType { productAttributes { slug } } errors { code } } }""",
        t=shop.product_type,
        a=made,
    )
    do(
        """mutation($id: ID!, $a: ID!) { productUpdate(id: $id, input: {attributes: [{id: $a, plainText: "Koi Kei"}]}) {
          product { id } errors { code message } } }""",
        id=shop.product,
        a=made,
    )
    read = shop.saleor.run(
        """query($id: ID!) { product(id: $id, channel: "cn") { attributes { attribute { slug }
          values { plainText } } } }""",
        None,
        id=shop.product,
    )["product"]
    assert read["attributes"] == [{"attribute": {"slug": "brand"}, "values": [{"plainText": "Koi Kei"}]}]


def test_accounts(shop: Shop) -> None:
    register = """mutation($i: AccountRegisterInput!) { accountRegister(input: $i) { requiresConfirmation
      errors { field code } } }"""
    given = {
        "email": "wang@example.com",
        "password": "long-enough-1",
        "channel": "cn",
        "redirectUrl": "http://shop/c",
    }
    assert shop.saleor.do(register, None, i=given)["requiresConfirmation"] is True
    assert shop.saleor.do(register, None, i=given)["requiresConfirmation"] is True, (
        "nobody learns who has an account"
    )
    login = """mutation($p: String!) { tokenCreate(email: "wang@example.com", password: $p) { token
      refreshToken csrfToken
      errors { code } } }"""
    with pytest.raises(Refused) as refused:
        shop.saleor.do(login, None, p="long-enough-1")
    assert refused.value.codes == ["ACCOUNT_NOT_CONFIRMED"]
    shop.saleor.drain()
    (mail,) = shop.app.of("ACCOUNT_CONFIRMATION_REQUESTED")
    shop.saleor.do(
        """mutation($t: String!) { confirmAccount(email: "wang@example.com", token: $t) {
          user { isConfirmed } errors { code } } }""",
        None,
        t=mail.body["token"],
    )
    session = shop.saleor.do(login, None, p="long-enough-1")
    with pytest.raises(Refused) as refused:
        shop.saleor.do(login, None, p="wrong")
    assert refused.value.codes == ["INVALID_CREDENTIALS"]
    refresh = "mutation($r: String) { tokenRefresh(refreshToken: $r) { token errors { code } } }"
    token = shop.saleor.do(refresh, None, r=session["refreshToken"])["token"]
    verify = (
        "mutation($t: String!) { tokenVerify(token: $t) { isValid payload user { email } errors { code } } }"
    )
    checked = shop.saleor.do(verify, None, t=token)
    assert (
        checked["isValid"]
        and checked["payload"]["type"] == "access"
        and checked["user"]["email"] == given["email"]
    )
    checkout = shop.checkout()["id"]
    shop.saleor.do(
        "mutation($id: ID!) { checkoutCustomerAttach(id: $id) { checkout { email } errors { code } } }",
        token,
        id=checkout,
    )
    shop.choose(checkout, shop.deliveries(checkout)[0]["id"])
    shop.initialize(checkout)
    order = shop.complete(checkout)
    mine = shop.saleor.run("{ me { orders(first: 5) { totalCount edges { node { id } } } } }", token)["me"][
        "orders"
    ]
    assert mine == {"totalCount": 1, "edges": [{"node": {"id": order["id"]}}]}
    shop.saleor.do(
        """mutation($i: AddressInput!) { accountAddressCreate(input: $i, type: SHIPPING) { user {
          defaultShippingAddress {
          city } } errors { field code } } }""",
        token,
        i=ADDRESS,
    )
    user = User.objects.get(email="wang@example.com")
    user.set_password("another-long-one")
    user.save()
    assert shop.saleor.run("{ me { id } }", token)["me"] is None, "a new password ends old sessions"


def test_orders_are_polled_by_change(shop: Shop) -> None:
    first, second = shop.paid_order(1), shop.paid_order(1)
    query = """query($since: DateTime!, $after: String) { orders(first: 1, after: $after, filter:
      {updatedAt: {gte: $since}},
      sortBy: {field: LAST_MODIFIED_AT, direction: ASC}) { totalCount edges { node { id updatedAt } }
      pageInfo { hasNextPage endCursor } } }"""
    page = shop.saleor.run(query, since="2020-01-01T00:00:00+00:00")["orders"]
    assert page["totalCount"] == 2 and page["edges"][0]["node"]["id"] == first["id"]
    after = page["pageInfo"]["endCursor"]
    page = shop.saleor.run(query, since="2020-01-01T00:00:00+00:00", after=after)["orders"]
    assert page["edges"][0]["node"]["id"] == second["id"] and not page["pageInfo"]["hasNextPage"]
    shop.saleor.do(
        """mutation($id: ID!) { updateMetadata(id: $id, input: [{key: "ponte.parcel", value: "9"}])
          { errors { code } } }""",
        id=first["id"],
    )
    where = """query($w: OrderWhereInput) { orders(first: 5, where: $w) { edges { node { id } } } }"""
    found = shop.saleor.run(where, w={"metadata": {"key": "ponte.parcel", "value": {"eq": "9"}}})["orders"][
        "edges"
    ]
    assert [e["node"]["id"] for e in found] == [first["id"]]
    found = shop.saleor.run(where, w={"checkoutId": {"eq": second["checkoutId"]}})["orders"]["edges"]
    assert [e["node"]["id"] for e in found] == [second["id"]]


def test_fulfilments_wait_for_approval_and_can_be_taken_back(shop: Shop) -> None:
    do = shop.saleor.do
    do(
        "mutation { shopSettingsUpdate(input: {fulfillmentAutoApprove: false}) { shop { name } errors { code } } }"
    )
    order = shop.paid_order(2)
    fulfil = """mutation($o: ID!, $i: OrderFulfillInput!) { orderFulfill(order: $o, input: $i) { order { status }
      fulfillments { id status } errors { field code orderLines } } }"""
    line = {
        "orderLineId": order["lines"][0]["id"],
        "stocks": [{"warehouse": shop.warehouse, "quantity": 2}],
    }
    made = do(fulfil, o=order["id"], i={"lines": [line]})
    assert (
        made["fulfillments"][0]["status"] == "WAITING_FOR_APPROVAL"
        and made["order"]["status"] == "UNFULFILLED"
    )
    with pytest.raises(Refused) as refused:
        do(fulfil, o=order["id"], i={"lines": [line]})
    assert refused.value.codes == ["FULFILL_ORDER_LINE"]
    fulfilment = made["fulfillments"][0]["id"]
    done = do(
        """mutation($id: ID!) { orderFulfillmentApprove(id: $id, notifyCustomer: false) { order { status }
          fulfillment { status } errors { code } } }""",
        id=fulfilment,
    )
    assert done == {"order": {"status": "FULFILLED"}, "fulfillment": {"status": "FULFILLED"}, "errors": []}
    back = do(
        """mutation($id: ID!, $w: ID!) { orderFulfillmentCancel(id: $id, input: {warehouseId: $w}) { order { status }
          errors { code } } }""",
        id=fulfilment,
        w=shop.warehouse,
    )
    assert back["order"]["status"] == "UNFULFILLED"
    read = shop.saleor.run(
        '{ productVariant(sku: "SKU-almond-cakes") { stocks { quantity quantityAllocated } } }'
    )
    assert read["productVariant"]["stocks"] == [{"quantity": 100, "quantityAllocated": 2}]
    do(
        """mutation($o: ID!) { orderNoteAdd(order: $o, input: {message: "call the buyer"}) { event { message type }
          errors { code } } }""",
        o=order["id"],
    )


def test_the_page_for_people_says_what_it_is(shop: Shop) -> None:
    shop.paid_order()
    page = httpx2.get(f"{shop.saleor.url}/dashboard/").text
    assert "stand-in for Saleor" in page and "for development and demonstration" in page
    for text in ("almond-cakes", "tiny.app", "ORDER_CREATED", "211.66"):
        assert text in page
    assert Product.objects.count() == 1
