"""A tiny app: serves a manifest, takes its token, answers webhooks as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PERMISSIONS = [
    "MANAGE_ORDERS",
    "MANAGE_CHECKOUTS",
    "MANAGE_PRODUCTS",
    "MANAGE_SHIPPING",
    "HANDLE_TAXES",
    "HANDLE_PAYMENTS",
    "MANAGE_USERS",
]
ORDER = (
    "order { id number status chargeStatus total { gross { amount currency } } "
    "lines { id productSku } metadata { key value } }"
)
ASYNC = [
    "ORDER_CREATED",
    "ORDER_PAID",
    "ORDER_FULLY_PAID",
    "ORDER_UPDATED",
    "ORDER_CONFIRMED",
    "ORDER_FULFILLED",
    "ORDER_CANCELLED",
    "ORDER_REFUNDED",
    "ORDER_FULLY_REFUNDED",
]
SUBSCRIPTIONS: dict[str, str] = {
    "SHIPPING_LIST_METHODS_FOR_CHECKOUT": """subscription { event { ... on ShippingListMethodsForCheckout {
        version recipient { id } checkout { id
        shippingAddress { country { code } } lines { quantity variant { sku } } } shippingMethods { id name } } } }""",
    "CHECKOUT_FILTER_SHIPPING_METHODS": """subscription { event { ... on CheckoutFilterShippingMethods {
        checkout { id } shippingMethods { id name price { amount } } } } }""",
    "CHECKOUT_CALCULATE_TAXES": """subscription { event { ... on CalculateTaxes { taxBase { currency
        pricesEnteredWithTax
        channel { slug } shippingPrice { amount } address { country { code } }
        lines { quantity unitPrice { amount } totalPrice { amount }
          sourceLine { __typename ... on CheckoutLine { id variant { sku metadata { key value } } } } }
        sourceObject { __typename ... on Checkout { id } } } } } }""",
    "PAYMENT_GATEWAY_INITIALIZE_SESSION": """subscription { event { ... on PaymentGatewayInitializeSession {
        amount data sourceObject { __typename ... on Checkout { id } } } } }""",
    "TRANSACTION_INITIALIZE_SESSION": """subscription { event { ... on TransactionInitializeSession { idempotencyKey
        data merchantReference action { amount currency actionType } transaction { id token }
        sourceObject { __typename ... on Checkout { id } ... on Order { id } } } } }""",
    "TRANSACTION_PROCESS_SESSION": """subscription { event { ... on TransactionProcessSession { data
        action { amount currency actionType } transaction { id pspReference } } } }""",
    "TRANSACTION_REFUND_REQUESTED": """subscription { event { ... on TransactionRefundRequested { action { actionType
        amount currency } grantedRefund { id } transaction { id pspReference
        events { id type pspReference idempotencyKey amount { amount } } order { id } } } } }""",
    "TRANSACTION_CHARGE_REQUESTED": """subscription { event { ... on TransactionChargeRequested { action { actionType
        amount } transaction { id pspReference } } } }""",
    "TRANSACTION_CANCELATION_REQUESTED": """subscription { event { ... on TransactionCancelationRequested {
        action { actionType amount } transaction { id pspReference } } } }""",
    "FULFILLMENT_CREATED": """subscription { event { ... on FulfillmentCreated { notifyCustomer order { id }
        fulfillment { id trackingNumber lines { quantity } } } } }""",
    "FULFILLMENT_APPROVED": "subscription { event { ... on FulfillmentApproved { fulfillment { id } order { id } } } }",
    "FULFILLMENT_TRACKING_NUMBER_UPDATED": """subscription { event { ... on FulfillmentTrackingNumberUpdated {
        fulfillment { trackingNumber } order { id } } } }""",
    "PRODUCT_UPDATED": "subscription { event { ... on ProductUpdated { product { id name } } } }",
    "PRODUCT_DELETED": "subscription { event { ... on ProductDeleted { product { id name } } } }",
    "PRODUCT_VARIANT_STOCK_UPDATED": """subscription { event { ... on ProductVariantStockUpdated {
        productVariant { sku } warehouse { id } } } }""",
    "ACCOUNT_CONFIRMATION_REQUESTED": """subscription { event { ... on AccountConfirmationRequested {
        token redirectUrl user { email } } } }""",
    **{
        event: "subscription {{ event {{ version issuedAt ... on {} {{ {} }} }} }}".format(
            "".join(p.title() for p in event.split("_")), ORDER
        )
        for event in ASYNC
    },
}


@dataclass
class Received:
    """One webhook as it came over the wire."""

    event: str
    headers: dict[str, str]
    raw: bytes
    body: Any = field(default=None)


Answer = tuple[int, Any]


class TinyApp:
    """Serves on a free port; `answers[event]` is JSON, an (HTTP status, JSON) pair or a function of the body."""

    def __init__(self, identifier: str = "tiny.app") -> None:
        self.identifier = identifier
        self.token: str | None = None
        self.install_headers: dict[str, str] = {}
        self.register_answer: Answer = (200, {"success": True})
        self.on_register: Callable[[str], None] = lambda token: None
        self.received: list[Received] = []
        self.answers: dict[str, Any] = {}
        self.manifest_changes: dict[str, Any] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> TinyApp:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def manifest(self) -> dict[str, Any]:
        from sandbox.saleor.manifest import SYNC

        webhooks = [
            {
                "name": event.lower(),
                "identifier": event.lower(),
                "syncEvents": [event] if event in SYNC else [],
                "asyncEvents": [] if event in SYNC else [event],
                "query": query,
                "targetUrl": f"{self.url}/webhook",
            }
            for event, query in SUBSCRIPTIONS.items()
        ]
        made = {
            "id": self.identifier,
            "name": "Tiny app",
            "version": "1.0.0",
            "requiredSaleorVersion": ">=3.23 <4",
            "permissions": PERMISSIONS,
            "appUrl": self.url,
            "tokenTargetUrl": f"{self.url}/register",
            "webhooks": webhooks,
            "extensions": [],
        }
        return {**made, **self.manifest_changes}

    def of(self, event: str) -> list[Received]:
        return [r for r in self.received if r.event == event.lower()]

    def names(self) -> list[str]:
        return [r.event.upper() for r in self.received]

    def _take(self, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if path == "/register":
            self.token = json.loads(raw)["auth_token"]
            self.install_headers = headers
            self.on_register(self.token)
            return self.register_answer
        received = Received(headers["saleor-event"], headers, raw, json.loads(raw))
        self.received.append(received)
        answer = self.answers.get(received.event.upper(), {})
        if callable(answer):
            answer = answer(received.body)
        return answer if isinstance(answer, tuple) else (200, answer)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(200, app.manifest())

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k.lower(): v for k, v in self.headers.items()}
                self._send(*app._take(self.path, headers, raw))

            def _send(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        return Handler
