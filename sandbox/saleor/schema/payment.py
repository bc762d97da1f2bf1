"""Transactions: types, the query of one and of many."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import key_of
from sandbox.saleor.schema import filters
from sandbox.saleor.schema.common import PAGE, Money, connection, paginate
from sandbox.saleor.sdl import error_type, interface, obj, plain, query

for name in (
    "PaymentGatewayInitialize",
    "TransactionInitialize",
    "TransactionProcess",
    "TransactionRequestAction",
    "TransactionRequestRefundForGrantedRefund",
    "TransactionEventReport",
):
    error_type(f"{name}Error", f"{name}ErrorCode")
error_type("PaymentGatewayConfigError", "PaymentGatewayConfigErrorCode")
plain("PaymentGatewayConfig", "id: String! data: JSON errors: [PaymentGatewayConfigError!]")


@interface("PaymentMethodDetails", "name: String!")
class PaymentMethodDetails:
    pass


@obj(
    "CardPaymentMethodDetails & PaymentMethodDetails",
    "brand: String firstDigits: String lastDigits: String expMonth: Int expYear: Int",
)
class CardPaymentMethodDetails:
    def resolve_first_digits(root, info):
        return root.get("firstDigits")

    def resolve_last_digits(root, info):
        return root.get("lastDigits")

    def resolve_exp_month(root, info):
        return root.get("expMonth")

    def resolve_exp_year(root, info):
        return root.get("expYear")


plain("OtherPaymentMethodDetails & PaymentMethodDetails", "name: String!")


def amount(name):
    """Make a resolver that shows one of the eight amounts."""

    def resolve(root, info):
        return Money(getattr(root, f"{name}_value"), root.currency)

    return resolve


@obj(
    "TransactionEvent & Node",
    """
    createdAt: DateTime! pspReference: String! message: String! externalUrl: String! amount: Money!
    type: TransactionEventTypeEnum idempotencyKey: String
    """,
)
class TransactionEvent:
    resolve_amount = amount("amount")

    def resolve_psp_reference(root, info):
        return root.psp_reference or ""


@obj(
    "TransactionItem & Node & ObjectWithMetadata",
    """
    token: UUID! createdAt: DateTime! modifiedAt: DateTime! actions: [TransactionActionEnum!]!
    authorizedAmount: Money! authorizePendingAmount: Money! refundedAmount: Money! refundPendingAmount: Money!
    canceledAmount: Money! cancelPendingAmount: Money! chargedAmount: Money! chargePendingAmount: Money!
    name: String! message: String! pspReference: String! order: Order checkout: Checkout
    events: [TransactionEvent!]! externalUrl: String! paymentMethodDetails: PaymentMethodDetails
    """,
)
class TransactionItem:
    resolve_authorized_amount = amount("authorized")
    resolve_authorize_pending_amount = amount("authorize_pending")
    resolve_refunded_amount = amount("refunded")
    resolve_refund_pending_amount = amount("refund_pending")
    resolve_canceled_amount = amount("canceled")
    resolve_cancel_pending_amount = amount("cancel_pending")
    resolve_charged_amount = amount("charged")
    resolve_charge_pending_amount = amount("charge_pending")

    def resolve_actions(root, info):
        return root.available_actions

    def resolve_events(root, info):
        return root.events.all()

    def resolve_payment_method_details(root, info):
        details = root.payment_method
        if not details:
            return None
        kind = "CardPaymentMethodDetails" if details["type"] == "CARD" else "OtherPaymentMethodDetails"
        return {**details, "__typename": kind}


def find_transaction(id, token=None):
    """Load a transaction by global id or by token."""
    if bool(id) == bool(token):
        raise Invalid("id", "GRAPHQL_ERROR", "Argument `id` or `token` is required, and only one of them.")
    key = str(token) if token else key_of(id, "TransactionItem")
    row = (
        m.TransactionItem.objects.select_related("app").filter(token=key).first() if len(key) == 36 else None
    )
    if row is None:
        raise Invalid("id", "NOT_FOUND", "Transaction not found.")
    return row


def may_touch(context, item) -> bool:
    """Let an app act on its own transactions, and staff on those no app owns."""
    if "HANDLE_PAYMENTS" not in context.permissions:
        return False
    if context.app:
        return item.app_identifier in (None, context.app.identifier)
    return item.app_identifier is None


@query("transaction(id: ID, token: UUID): TransactionItem @need(any: [HANDLE_PAYMENTS, MANAGE_ORDERS])")
def transaction(info, id=None, token=None):
    try:
        return find_transaction(id, token)
    except Invalid as error:
        if error.errors[0]["code"] == "NOT_FOUND":
            return None
        raise


connection("TransactionItem", "Transaction")
SORTS = {"CREATED_AT": "created_at", "MODIFIED_AT": "modified_at"}


@query(
    f"transactions(where: TransactionWhereInput, sortBy: TransactionSortingInput, {PAGE}): "
    "TransactionCountableConnection @need(any: [HANDLE_PAYMENTS, MANAGE_ORDERS])"
)
def transactions(info, where=None, sort_by=None, **page):
    """An app without MANAGE_ORDERS sees what it made itself; staff and other apps see everything."""
    rows = m.TransactionItem.objects.prefetch_related("events")
    if info.context.app and "MANAGE_ORDERS" not in info.context.permissions:
        rows = rows.filter(app=info.context.app)
    rows = rows.filter(filters.transactions_where(where))
    column = SORTS[sort_by["field"]] if sort_by else "pk"
    descending = sort_by is not None and sort_by["direction"] == "DESC"
    return paginate(rows, page, by=column, descending=descending, what="transactions")
