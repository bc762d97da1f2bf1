"""Sets a shop up through the API, as the platform's own set-up does, and walks buyers through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.sandbox_saleor.client import Saleor
from tests.sandbox_saleor.tiny_app import PERMISSIONS, TinyApp

ADDRESS = {
    "firstName": "三",
    "lastName": "张",
    "streetAddress1": "港前大道1号",
    "city": "广州市",
    "cityArea": "南沙区",
    "countryArea": "广东省",
    "postalCode": "511458",
    "country": "CN",
    "phone": "+8613800138000",
}
SHIPPING = {
    "id": "std",
    "name": "南沙保税直邮",
    "amount": "18.00",
    "currency": "CNY",
    "minimum_delivery_days": 2,
    "maximum_delivery_days": 5,
    "metadata": {"zone": "nansha"},
    "private_metadata": {"quote": "q-1"},
}
CHECKOUT = """id token totalPrice { net { amount } gross { amount } tax { amount } } shippingPrice { gross { amount } }
  subtotalPrice { net { amount } gross { amount } } authorizeStatus chargeStatus
  delivery { id shippingMethod { id name } }
  lines { id quantity unitPrice { gross { amount } } totalPrice { net { amount } gross { amount } } }
  problems { __typename }"""


def tax(rate: Decimal) -> Any:
    """Answer tax questions with one rate on goods and the same on shipping."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        base = body["taxBase"]
        gross = lambda net: str((Decimal(str(net)) * (100 + rate) / 100).quantize(Decimal("0.01")))  # noqa: E731  # one line says it
        return {
            "shipping_tax_rate": str(rate),
            "shipping_price_net_amount": str(base["shippingPrice"]["amount"]),
            "shipping_price_gross_amount": gross(base["shippingPrice"]["amount"]),
            "lines": [
                {
                    "tax_rate": str(rate),
                    "total_net_amount": str(line["totalPrice"]["amount"]),
                    "total_gross_amount": gross(line["totalPrice"]["amount"]),
                }
                for line in base["lines"]
            ],
        }

    return answer


@dataclass
class Shop:
    saleor: Saleor
    app: TinyApp
    channel: str
    warehouse: str
    category: str
    product_type: str
    product: str
    variant: str
    tax_configuration: str
    extra: dict[str, Any] = field(default_factory=dict)

    def checkout(self, quantity: int = 2, **more: Any) -> dict[str, Any]:
        """Make a guest's checkout with addresses."""
        made = self.saleor.do(
            f"""mutation($input: CheckoutCreateInput!) {{ checkoutCreate(input: $input) {{
              checkout {{ {CHECKOUT} }} errors {{ field message code variants }} }} }}""",
            None,
            input={
                "channel": "cn",
                "email": "buyer@example.com",
                "languageCode": "ZH_HANS",
                "lines": [{"variantId": self.variant, "quantity": quantity}],
                "shippingAddress": ADDRESS,
                "billingAddress": ADDRESS,
                **more,
            },
        )
        return dict(made["checkout"])

    def deliveries(self, checkout: str) -> list[dict[str, Any]]:
        made = self.saleor.do(
            """mutation($id: ID!) { deliveryOptionsCalculate(id: $id) { deliveries { id shippingMethod { id name active
              message price { amount } metadata { key value } minimumDeliveryDays } }
              errors { field message code } } }""",
            None,
            id=checkout,
        )
        return list(made["deliveries"])

    def choose(self, checkout: str, delivery: str) -> dict[str, Any]:
        made = self.saleor.do(
            f"""mutation($id: ID!, $d: ID) {{ checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $d) {{
              checkout {{ {CHECKOUT} }} errors {{ field message code }} }} }}""",
            None,
            id=checkout,
            d=delivery,
        )
        return dict(made["checkout"])

    def read(self, checkout: str) -> dict[str, Any]:
        return dict(
            self.saleor.run(f"query($id: ID!) {{ checkout(id: $id) {{ {CHECKOUT} }} }}", None, id=checkout)[
                "checkout"
            ]
        )

    def initialize(self, checkout: str, **more: Any) -> dict[str, Any]:
        return self.saleor.do(
            """mutation($id: ID!, $g: PaymentGatewayToInitialize!, $key: String, $amount: PositiveDecimal) {
              transactionInitialize(id: $id, paymentGateway: $g, idempotencyKey: $key, amount: $amount) {
                transaction { id pspReference actions chargedAmount { amount } chargePendingAmount { amount } }
                transactionEvent { type message pspReference } data errors { field message code } } }""",
            None,
            id=checkout,
            g={"id": self.app.identifier, "data": {"method": "wechat"}},
            **more,
        )

    def complete(self, checkout: str, **more: Any) -> dict[str, Any]:
        made = self.saleor.do(
            """mutation($id: ID!, $metadata: [MetadataInput!]) { checkoutComplete(id: $id, metadata: $metadata) {
              order { id number status
              chargeStatus isPaid total { net { amount } gross { amount } } shippingPrice { gross { amount } }
              shippingMethodName lines { id quantity taxRate } checkoutId userEmail } confirmationNeeded
              errors { field message code variants } } }""",
            None,
            id=checkout,
            **more,
        )
        return dict(made["order"])

    def paid_order(self, quantity: int = 2) -> dict[str, Any]:
        """Walk a buyer to a paid order."""
        checkout = self.checkout(quantity)
        delivery = self.deliveries(checkout["id"])[0]
        self.choose(checkout["id"], delivery["id"])
        started = self.initialize(checkout["id"])
        return {**self.complete(checkout["id"]), "transaction": started["transaction"]["id"]}


def install(saleor: Saleor, app: TinyApp, permissions: list[str] | None = None) -> dict[str, Any]:
    """Install an app as staff does, and let the worker do its part."""
    started = saleor.do(
        """mutation($input: AppInstallInput!) { appInstall(input: $input) {
          appInstallation { id status } errors { field message code permissions } } }""",
        saleor.staff_token,
        input={
            "appName": "Tiny app",
            "manifestUrl": f"{app.url}/manifest",
            "permissions": PERMISSIONS if permissions is None else permissions,
        },
    )
    saleor.drain()
    left = saleor.run("{ appsInstallations { status message } }")["appsInstallations"]
    return {**started["appInstallation"], "left": left}


def open_shop(saleor: Saleor, app: TinyApp) -> Shop:
    """Do everything of the set-up order that works on Saleor."""
    from sandbox.saleor.models import EventDelivery

    do = saleor.do
    warehouse = do(
        "mutation($i: WarehouseCreateInput!) { createWarehouse(input: $i) { warehouse { id } errors { field code } } }",
        i={"name": "Nansha", "slug": "nansha", "externalReference": "nansha", "address": ADDRESS},
    )["warehouse"]["id"]
    channel = do(
        "mutation($i: ChannelCreateInput!) { channelCreate(input: $i) { channel { id } errors { field code } } }",
        i={
            "name": "China",
            "slug": "cn",
            "currencyCode": "CNY",
            "defaultCountry": "CN",
            "isActive": True,
            "addWarehouses": [warehouse],
            "orderSettings": {
                "automaticallyConfirmAllNewOrders": True,
                "markAsPaidStrategy": "TRANSACTION_FLOW",
            },
            "paymentSettings": {"defaultTransactionFlowStrategy": "CHARGE"},
            "checkoutSettings": {"automaticCompletion": {"enabled": True, "delay": 5}},
        },
    )["channel"]["id"]
    do(
        """mutation($i: ShippingZoneCreateInput!) { shippingZoneCreate(input: $i) {
          shippingZone { id } errors { code } } }""",
        i={"name": "CN", "countries": ["CN"], "addWarehouses": [warehouse], "addChannels": [channel]},
    )
    kind = do(
        "mutation($i: ProductTypeInput!) { productTypeCreate(input: $i) { productType { id } errors { code } } }",
        i={"name": "Food", "isShippingRequired": True},
    )["productType"]["id"]
    category = do(
        "mutation($i: CategoryInput!) { categoryCreate(input: $i) { category { id } errors { code } } }",
        i={"name": "Food", "slug": "food"},
    )["category"]["id"]
    left = install(saleor, app)["left"]
    assert left == [], left
    app.answers.update(
        SHIPPING_LIST_METHODS_FOR_CHECKOUT=[SHIPPING],
        CHECKOUT_FILTER_SHIPPING_METHODS={"excluded_methods": []},
        CHECKOUT_CALCULATE_TAXES=tax(Decimal("9.1")),
        PAYMENT_GATEWAY_INITIALIZE_SESSION={"data": {"key": "pk"}},
        TRANSACTION_INITIALIZE_SESSION=lambda body: {
            "result": "CHARGE_SUCCESS",
            "pspReference": f"psp-{body['transaction']['id']}",
            "amount": body["action"]["amount"],
            "actions": ["REFUND"],
            "data": {"ok": True},
        },
    )
    configuration = saleor.run("{ taxConfigurations(first: 5) { edges { node { id } } } }")
    tax_id = configuration["taxConfigurations"]["edges"][0]["node"]["id"]
    do(
        """mutation($id: ID!, $i: TaxConfigurationUpdateInput!) { taxConfigurationUpdate(id: $id, input: $i) {
          taxConfiguration { id taxAppId } errors { field code } } }""",
        id=tax_id,
        i={
            "chargeTaxes": True,
            "taxCalculationStrategy": "TAX_APP",
            "taxAppId": app.identifier,
            "pricesEnteredWithTax": False,
            "displayGrossPrices": True,
        },
    )
    shop = Shop(saleor, app, channel, warehouse, category, kind, "", "", tax_id)
    shop.product, shop.variant = add_product(shop, "almond-cakes", 100)
    saleor.drain()
    app.received.clear()
    EventDelivery.objects.all().delete()
    return shop


def add_product(shop: Shop, slug: str, quantity: int, price: str = "88.00") -> tuple[str, str]:
    """Create, list and stock a product of one variant."""
    do = shop.saleor.do
    product = do(
        "mutation($i: ProductCreateInput!) { productCreate(input: $i) { product { id } errors { field code } } }",
        i={
            "name": f"杏仁饼 {slug}",
            "slug": slug,
            "externalReference": f"ref-{slug}",
            "productType": shop.product_type,
            "category": shop.category,
            "metadata": [{"key": "ponte.lane", "value": "bonded_1210"}],
        },
    )["product"]["id"]
    do(
        """mutation($id: ID!, $i: ProductChannelListingUpdateInput!) { productChannelListingUpdate(id: $id, input: $i) {
          product { id } errors { field code message } } }""",
        id=product,
        i={
            "updateChannels": [
                {
                    "channelId": shop.channel,
                    "isPublished": True,
                    "visibleInListings": True,
                    "isAvailableForPurchase": True,
                }
            ]
        },
    )
    made = do(
        """mutation($p: ID!, $v: [ProductVariantBulkCreateInput!]!) { productVariantBulkCreate(
          product: $p, variants: $v) { count productVariants { id }
          results { errors { field path code message } } errors { field code message } } }""",
        p=product,
        v=[
            {
                "attributes": [],
                "sku": f"SKU-{slug}",
                "name": "12 pieces",
                "weight": 0.3,
                "metadata": [{"key": "ponte.hs_code", "value": "1905310000"}],
                "stocks": [{"warehouse": shop.warehouse, "quantity": quantity}],
                "channelListings": [{"channelId": shop.channel, "price": price}],
            }
        ],
    )
    return product, made["productVariants"][0]["id"]
