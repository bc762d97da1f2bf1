"""What the shop asks of Saleor, as a visitor or as a signed-in customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings

from .client import GraphQLClient, Operation
from .clients import anonymous_client, app_client, installed, user_client
from .errors import SaleorRefused
from .results.account import Tokens, User
from .results.base import Page
from .results.catalogue import Product
from .results.checkout import Checkout, Delivery, GatewayConfig, TransactionAnswer, amount_input
from .results.orders import Order

ProductPage = Page[Product]
OrderPage = Page[Order]

#: Django's language codes to Saleor's.
LANGUAGE_CODES = {"zh-hans": "ZH_HANS", "zh-hant": "ZH_HANT", "pt": "PT", "en": "EN"}
#: Waybill and declaration must spell the address as the buyer confirmed it, so Saleor must not rewrite it.
ADDRESS_RULES = {"checkRequiredFields": True, "checkFieldsFormat": False, "enableFieldsNormalization": False}

PRODUCTS: Operation[ProductPage] = Operation("storefront/product_list", ProductPage, ("products",))
PRODUCT: Operation[Product | None] = Operation("storefront/product_by_slug", Product | None, ("product",))
CREATE: Operation[Checkout] = Operation(
    "storefront/checkout_create", Checkout, ("checkoutCreate", "checkout")
)
CHECKOUT: Operation[Checkout | None] = Operation("storefront/checkout_by_id", Checkout | None, ("checkout",))
LINES_ADD: Operation[Checkout] = Operation(
    "storefront/checkout_lines_add", Checkout, ("checkoutLinesAdd", "checkout")
)
LINES_UPDATE: Operation[Checkout] = Operation(
    "storefront/checkout_lines_update", Checkout, ("checkoutLinesUpdate", "checkout"), idempotent=True
)
LINES_DELETE: Operation[Checkout] = Operation(
    "storefront/checkout_lines_delete", Checkout, ("checkoutLinesDelete", "checkout")
)
EMAIL: Operation[Checkout] = Operation(
    "storefront/checkout_email_update", Checkout, ("checkoutEmailUpdate", "checkout"), idempotent=True
)
ATTACH: Operation[Checkout] = Operation(
    "storefront/checkout_customer_attach", Checkout, ("checkoutCustomerAttach", "checkout")
)
ADDRESSES: Operation[Checkout] = Operation(
    "storefront/checkout_addresses", Checkout, ("checkoutShippingAddressUpdate", "checkout"), idempotent=True
)
DELIVERIES: Operation[list[Delivery]] = Operation(
    "storefront/delivery_options_calculate",
    list[Delivery],
    ("deliveryOptionsCalculate", "deliveries"),
    idempotent=True,
)
DELIVERY: Operation[Checkout] = Operation(
    "storefront/checkout_delivery_method_update",
    Checkout,
    ("checkoutDeliveryMethodUpdate", "checkout"),
    idempotent=True,
)
METADATA: Operation[Any] = Operation("storefront/update_metadata", Any, ("updateMetadata",), idempotent=True)
GATEWAY: Operation[list[GatewayConfig] | None] = Operation(
    "storefront/payment_gateway_initialize",
    list[GatewayConfig] | None,
    ("paymentGatewayInitialize", "gatewayConfigs"),
    idempotent=True,
)
INITIALIZE: Operation[TransactionAnswer] = Operation(
    "storefront/transaction_initialize", TransactionAnswer, ("transactionInitialize",)
)
PROCESS: Operation[TransactionAnswer] = Operation(
    "storefront/transaction_process", TransactionAnswer, ("transactionProcess",), idempotent=True
)
COMPLETE: Operation[Order] = Operation(
    "storefront/checkout_complete", Order, ("checkoutComplete", "order"), idempotent=True
)
ORDER: Operation[Order | None] = Operation("storefront/order_by_id", Order | None, ("order",))
REGISTER: Operation[bool | None] = Operation(
    "storefront/account_register", bool | None, ("accountRegister", "requiresConfirmation")
)
TOKEN_CREATE: Operation[Tokens] = Operation("storefront/token_create", Tokens, ("tokenCreate",))
TOKEN_REFRESH: Operation[str] = Operation(
    "storefront/token_refresh", str, ("tokenRefresh", "token"), idempotent=True
)
ME: Operation[User | None] = Operation("storefront/me", User | None, ("me",))
MY_ORDERS: Operation[OrderPage | None] = Operation("storefront/my_orders", OrderPage | None, ("me", "orders"))


@dataclass(frozen=True, slots=True)
class LineInput:
    """An article and how many; ``lines_update`` sets the quantity, ``lines_add`` adds to it."""

    variant_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class AddressInput:
    """An address to send; for China ``country_area`` is the province, ``city_area`` the district."""

    first_name: str
    last_name: str
    street_address_1: str
    city: str
    country_area: str
    city_area: str = ""
    postal_code: str = ""
    country: str = "CN"
    phone: str = ""
    street_address_2: str = ""
    company_name: str = ""

    def variables(self) -> dict[str, str]:
        return {
            "firstName": self.first_name,
            "lastName": self.last_name,
            "companyName": self.company_name,
            "streetAddress1": self.street_address_1,
            "streetAddress2": self.street_address_2,
            "city": self.city,
            "cityArea": self.city_area,
            "postalCode": self.postal_code,
            "country": self.country,
            "countryArea": self.country_area,
            "phone": self.phone,
        }


def pairs(metadata: Mapping[str, str]) -> list[dict[str, str]]:
    """Return metadata as Saleor's input."""
    return [{"key": key, "value": value} for key, value in metadata.items()]


class Storefront:
    """One visitor's dealings with one channel in one language."""

    def __init__(self, client: GraphQLClient, channel: str, language: str = "ZH_HANS") -> None:
        self.client = client
        self.channel = channel
        self.language = LANGUAGE_CODES.get(language.lower(), language)

    # -- catalogue

    def products(
        self, first: int = 20, after: str | None = None, search: str = "", category: str | None = None
    ) -> ProductPage:
        """Return a page of products; ``category`` is a Saleor id."""
        return self.client.run(
            PRODUCTS,
            channel=self.channel,
            language=self.language,
            first=first,
            after=after,
            search=search or None,
            filter={"categories": [category]} if category else None,
        )

    def product(self, slug: str) -> Product | None:
        return self.client.run(PRODUCT, slug=slug, channel=self.channel, language=self.language)

    # -- checkout

    def checkout_create(
        self,
        lines: Sequence[LineInput],
        *,
        email: str | None = None,
        shipping_address: AddressInput | None = None,
        billing_address: AddressInput | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Checkout:
        """Open a checkout; metadata on it is public."""
        given: dict[str, Any] = {
            "channel": self.channel,
            "languageCode": self.language,
            "lines": _lines(lines),
            "metadata": pairs(metadata or {}),
            "validationRules": {"shippingAddress": ADDRESS_RULES, "billingAddress": ADDRESS_RULES},
        }
        if email:
            given["email"] = email
        if shipping_address:
            given["shippingAddress"] = shipping_address.variables()
        if billing_address:
            given["billingAddress"] = billing_address.variables()
        return self.client.run(CREATE, input=given)

    def checkout(self, checkout_id: str) -> Checkout | None:
        return self.client.run(CHECKOUT, id=checkout_id)

    def lines_add(self, checkout_id: str, lines: Sequence[LineInput]) -> Checkout:
        return self.client.run(LINES_ADD, id=checkout_id, lines=_lines(lines))

    def lines_update(self, checkout_id: str, lines: Sequence[LineInput]) -> Checkout:
        """Set quantities by variant; Saleor takes the line's id where the variant lies on several lines."""
        checkout = self.checkout(checkout_id)
        if checkout is None:
            raise SaleorRefused("there is no such checkout", code="NOT_FOUND")
        ids = {line.variant.id: line.id for line in checkout.lines}
        known = [
            {"lineId": ids[line.variant_id], "quantity": line.quantity}
            for line in lines
            if line.variant_id in ids
        ]
        new = [line for line in lines if line.variant_id not in ids]
        if known:
            checkout = self.client.run(LINES_UPDATE, id=checkout_id, lines=known)
        return self.lines_add(checkout_id, new) if new else checkout

    def lines_delete(self, checkout_id: str, line_ids: Sequence[str]) -> Checkout:
        return self.client.run(LINES_DELETE, id=checkout_id, lines=list(line_ids))

    def set_email(self, checkout_id: str, email: str) -> Checkout:
        return self.client.run(EMAIL, id=checkout_id, email=email)

    def attach_customer(self, checkout_id: str) -> Checkout:
        """Give the checkout to the signed-in customer."""
        return self.client.run(ATTACH, id=checkout_id)

    def set_addresses(
        self, checkout_id: str, shipping: AddressInput, billing: AddressInput | None = None
    ) -> Checkout:
        """Set both addresses; without a billing address the shipping address serves, as completing needs one."""
        return self.client.run(
            ADDRESSES,
            id=checkout_id,
            shipping=shipping.variables(),
            billing=(billing or shipping).variables(),
            rules=ADDRESS_RULES,
        )

    def delivery_options(self, checkout_id: str) -> list[Delivery]:
        """Ask the delivery apps; what they answer is stored and offered until it goes stale."""
        return self.client.run(DELIVERIES, id=checkout_id)

    def set_delivery(self, checkout_id: str, delivery_id: str) -> Checkout:
        return self.client.run(DELIVERY, id=checkout_id, delivery=delivery_id)

    def set_metadata(self, object_id: str, metadata: Mapping[str, str]) -> None:
        """Add public metadata to a checkout; never personal data."""
        self.client.run(METADATA, id=object_id, pairs=pairs(metadata))

    # -- payment

    def payment_gateway_initialize(self, checkout_id: str, gateway: str, data: Any = None) -> Any:
        """Return what a payment app answers before a payment; None when it does not."""
        configs = self.client.run(GATEWAY, id=checkout_id, gateways=[{"id": gateway, "data": data}])
        return next((config.data for config in configs or [] if config.id == gateway), None)

    def transaction_initialize(
        self,
        checkout_id: str,
        gateway: str,
        data: Any,
        *,
        amount: Money | None = None,
        idempotency_key: str | None = None,
        customer_ip: str | None = None,
    ) -> TransactionAnswer:
        """Start a payment. With an idempotency key a lost answer may be asked for again.

        Saleor lets only an app that handles payments tell the buyer's address, so the payment's own app asks;
        with another gateway Saleor takes the address that the request comes from.
        """
        operation = INITIALIZE
        if idempotency_key:
            operation = Operation(INITIALIZE.name, INITIALIZE.result, INITIALIZE.path, idempotent=True)
        client = self.client
        if customer_ip and installed(client.api_url, gateway):
            client = app_client(client.api_url, gateway)
        else:
            customer_ip = None
        return client.run(
            operation,
            id=checkout_id,
            gateway={"id": gateway, "data": data},
            amount=amount_input(amount),
            key=idempotency_key,
            ip=customer_ip,
        )

    def transaction_process(self, transaction_id: str, data: Any = None) -> TransactionAnswer:
        """Ask how a payment stands; cheap once it is settled."""
        return self.client.run(PROCESS, id=transaction_id, data=data)

    def complete(self, checkout_id: str) -> Order:
        """Turn a paid checkout into an order; asked again it returns the same order."""
        return self.client.run(COMPLETE, id=checkout_id)

    def order(self, order_id: str) -> Order | None:
        """Return an order. Whoever knows the id may read it, so treat ids as secrets."""
        return self.client.run(ORDER, id=order_id)

    # -- account

    def account_register(
        self, email: str, password: str, redirect_url: str, first_name: str = "", last_name: str = ""
    ) -> bool:
        """Register a customer; return whether the address must be confirmed first."""
        given = {
            "email": email,
            "password": password,
            "redirectUrl": redirect_url,
            "channel": self.channel,
            "languageCode": self.language,
            "firstName": first_name,
            "lastName": last_name,
        }
        return bool(self.client.run(REGISTER, input=given))

    def token_create(self, email: str, password: str) -> Tokens:
        return self.client.run(TOKEN_CREATE, email=email, password=password)

    def token_refresh(self, refresh_token: str) -> str:
        return self.client.run(TOKEN_REFRESH, refreshToken=refresh_token)

    def me(self) -> User | None:
        return self.client.run(ME)

    def my_orders(self, first: int = 20, after: str | None = None) -> OrderPage:
        return self.client.run(MY_ORDERS, first=first, after=after) or OrderPage.model_validate({"edges": []})


def _lines(lines: Iterable[LineInput]) -> list[dict[str, Any]]:
    return [{"variantId": line.variant_id, "quantity": line.quantity} for line in lines]


def storefront(
    api_url: str | None = None,
    *,
    token: str | None = None,
    channel: str | None = None,
    language: str = "ZH_HANS",
) -> Storefront:
    """Return the storefront of the shop's channel, for a visitor or with a customer's access token."""
    client = user_client(token, api_url) if token else anonymous_client(api_url)
    return Storefront(client, channel or platform_settings().channel, language)
