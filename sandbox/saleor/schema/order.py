"""Orders and fulfilments: types and queries."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from django.db.models import Prefetch

from sandbox.saleor import delivery
from sandbox.saleor import models as m
from sandbox.saleor.ids import key_of, to_global
from sandbox.saleor.schema import filters
from sandbox.saleor.schema.common import PAGE, Money, TaxedMoney, connection, paginate
from sandbox.saleor.schema.product import media_url
from sandbox.saleor.sdl import error_type, obj, plain, query, union

error_type("OrderError", "OrderErrorCode", "warehouse: ID orderLines: [ID!] variants: [ID!]")
error_type("OrderNoteAddError", "OrderNoteAddErrorCode", nullable=True)
error_type("OrderGrantRefundCreateError", "OrderGrantRefundCreateErrorCode")
STAFF = "@need(any: [MANAGE_ORDERS])"


@obj(
    "ShippingMethod & Node & ObjectWithMetadata",
    """
    name: String! description: JSONString maximumDeliveryDays: Int minimumDeliveryDays: Int price: Money!
    active: Boolean! message: String
    """,
)
class ShippingMethod:
    pass


union("DeliveryMethod", "Warehouse ShippingMethod")


@obj("FulfillmentLine & Node", "quantity: Int! orderLine: OrderLine")
class FulfillmentLine:
    pass


@obj(
    "Fulfillment & Node & ObjectWithMetadata",
    """
    fulfillmentOrder: Int! status: FulfillmentStatus! trackingNumber: String! created: DateTime!
    lines: [FulfillmentLine!] statusDisplay: String warehouse: Warehouse
    """,
)
class Fulfillment:
    def resolve_lines(root, info):
        return root.lines.select_related("order_line")

    def resolve_status_display(root, info):
        return root.status.replace("_", " ").capitalize()

    def resolve_warehouse(root, info):
        line = root.lines.select_related("warehouse").first()
        return line.warehouse if line else None


def order_money(line, name):
    return TaxedMoney(getattr(line, f"{name}_net"), getattr(line, f"{name}_gross"), line.order.currency)


@obj(
    "OrderLine & Node & ObjectWithMetadata",
    """
    productName: String! variantName: String! productSku: String productVariantId: String
    isShippingRequired: Boolean! quantity: Int! quantityFulfilled: Int! quantityToFulfill: Int! taxRate: Float!
    thumbnail(size: Int, format: ThumbnailFormatEnum = ORIGINAL): Image unitPrice: TaxedMoney!
    undiscountedUnitPrice: TaxedMoney! totalPrice: TaxedMoney! undiscountedTotalPrice: TaxedMoney!
    unitDiscount: Money! variant: ProductVariant translatedProductName: String! translatedVariantName: String!
    allocations: [Allocation!] @need(any: [MANAGE_PRODUCTS, MANAGE_ORDERS]) isGift: Boolean
    """,
)
class OrderLine:
    def resolve_product_variant_id(root, info):
        return to_global("ProductVariant", root.variant_id) if root.variant_id else root.product_sku

    def resolve_quantity_to_fulfill(root, info):
        return max(root.quantity - root.quantity_fulfilled, 0)

    def resolve_thumbnail(root, info, size=None, format=None):
        media = root.variant.product.media.all() if root.variant else []
        first = next((x for x in media if x.type == "IMAGE"), None)
        return {"url": media_url(first.image) or first.external_url, "alt": first.alt} if first else None

    def resolve_unit_price(root, info):
        return order_money(root, "unit")

    def resolve_undiscounted_unit_price(root, info):
        return order_money(root, "undiscounted_unit")

    def resolve_total_price(root, info):
        return order_money(root, "total")

    def resolve_undiscounted_total_price(root, info):
        return order_money(root, "total")

    def resolve_unit_discount(root, info):
        return Money(Decimal(0), root.order.currency)

    def resolve_variant(root, info):
        if root.variant:
            root.variant._channel = root.order.channel
        return root.variant

    def resolve_allocations(root, info):
        return root.allocations.select_related("stock__warehouse")

    def resolve_is_gift(root, info):
        return False


@obj("Allocation & Node", "quantity: Int! warehouse: Warehouse!")
class Allocation:
    def resolve_warehouse(root, info):
        return root.stock.warehouse


plain(
    "OrderEvent & Node",
    """
    date: DateTime type: OrderEventsEnum user: User message: String
    app: App @need(any: [MANAGE_APPS, MANAGE_ORDERS, OWNER])
    """,
)
plain("OrderGrantedRefundLine", "id: ID! quantity: Int! orderLine: OrderLine! reason: String")


@obj(
    "OrderGrantedRefund",
    """
    id: ID! createdAt: DateTime! amount: Money! reason: String shippingCostsIncluded: Boolean!
    lines: [OrderGrantedRefundLine!] status: OrderGrantedRefundStatusEnum!
    """,
)
class OrderGrantedRefund:
    def resolve_id(root, info):
        return root.graph_id

    def resolve_amount(root, info):
        return Money(root.amount_value, root.order.currency)

    def resolve_lines(root, info):
        return [
            SimpleNamespace(id=x.graph_id, quantity=x.quantity, order_line=x.order_line, reason=x.reason)
            for x in root.lines.select_related("order_line__order")
        ]


def summed(order, name):
    total = sum((getattr(t, f"{name}_value") for t in order.transactions.all()), Decimal(0))
    return Money(total, order.currency)


@obj(
    "Order & Node & ObjectWithMetadata",
    f"""
    created: DateTime! updatedAt: DateTime! status: OrderStatus! statusDisplay: String! user: User
    billingAddress: Address shippingAddress: Address shippingMethodName: String channel: Channel!
    fulfillments: [Fulfillment!]! lines: [OrderLine!]! number: String! origin: OrderOriginEnum! isPaid: Boolean!
    authorizeStatus: OrderAuthorizeStatusEnum! chargeStatus: OrderChargeStatusEnum!
    transactions: [TransactionItem!]! @need(any: [MANAGE_ORDERS, HANDLE_PAYMENTS])
    total: TaxedMoney! undiscountedTotal: TaxedMoney! shippingPrice: TaxedMoney! subtotal: TaxedMoney!
    shippingTaxRate: Float! customerNote: String! totalAuthorized: Money! totalCharged: Money! totalCanceled: Money!
    totalRefunded: Money! totalBalance: Money! totalGrantedRefund: Money! {STAFF}
    events: [OrderEvent!]! {STAFF} userEmail: String deliveryMethod: DeliveryMethod
    languageCodeEnum: LanguageCodeEnum! externalReference: String checkoutId: ID redirectUrl: String
    isShippingRequired: Boolean! displayGrossPrices: Boolean! grantedRefunds: [OrderGrantedRefund!]! {STAFF}
    """,
)
class Order:
    def resolve_number(root, info):
        return str(root.number)

    def resolve_status_display(root, info):
        return root.status.replace("_", " ").capitalize()

    def resolve_shipping_method_name(root, info):
        return root.shipping_method["name"] if root.shipping_method else None

    def resolve_fulfillments(root, info):
        rows = root.fulfillments.all()
        # Buyers are not shown what was cancelled before it left.
        return rows if info.context.has("MANAGE_ORDERS") else [f for f in rows if f.status != "CANCELED"]

    def resolve_lines(root, info):
        rows = list(
            root.lines.select_related("variant__product").prefetch_related("variant__product__media")
            if "lines" not in getattr(root, "_prefetched_objects_cache", {})
            else root.lines.all()
        )
        for row in rows:
            row.order = root
        return rows

    def resolve_is_paid(root, info):
        return root.charge_status in ("FULL", "OVERCHARGED")

    def resolve_transactions(root, info):
        return root.transactions.all()

    def resolve_total(root, info):
        return TaxedMoney(root.total_net, root.total_gross, root.currency)

    def resolve_undiscounted_total(root, info):
        return TaxedMoney(root.total_net, root.total_gross, root.currency)

    def resolve_shipping_price(root, info):
        return TaxedMoney(root.shipping_net, root.shipping_gross, root.currency)

    def resolve_subtotal(root, info):
        return TaxedMoney(root.subtotal_net, root.subtotal_gross, root.currency)

    def resolve_total_authorized(root, info):
        return Money(root.total_authorized, root.currency)

    def resolve_total_charged(root, info):
        return Money(root.total_charged, root.currency)

    def resolve_total_canceled(root, info):
        return summed(root, "canceled")

    def resolve_total_refunded(root, info):
        return summed(root, "refunded")

    def resolve_total_granted_refund(root, info):
        return Money(sum((g.amount_value for g in root.granted_refunds.all()), Decimal(0)), root.currency)

    def resolve_total_balance(root, info):
        granted = sum((g.amount_value for g in root.granted_refunds.all()), Decimal(0))
        return Money(root.total_charged - (root.total_gross - granted), root.currency)

    def resolve_events(root, info):
        return root.events.select_related("user", "app")

    def resolve_delivery_method(root, info):
        stored = root.shipping_method
        return delivery.Method(**{**stored, "amount": Decimal(stored["amount"])}) if stored else None

    def resolve_language_code_enum(root, info):
        return root.language_code

    def resolve_checkout_id(root, info):
        return to_global("Checkout", root.checkout_token) if root.checkout_token else None

    def resolve_is_shipping_required(root, info):
        return any(line.is_shipping_required for line in root.lines.all())

    def resolve_granted_refunds(root, info):
        return root.granted_refunds.select_related("order")


connection("Order")
SORTS = {
    "NUMBER": "number",
    "CREATION_DATE": "created",
    "CREATED_AT": "created",
    "LAST_MODIFIED_AT": "updated_at",
    "STATUS": "status",
    "CUSTOMER": "user_email",
}


def order_rows():
    """Load what most readers of an order look at."""
    lines = m.OrderLine.objects.select_related("variant__product").prefetch_related("variant__product__media")
    return m.Order.objects.select_related(
        "channel", "user", "shipping_address", "billing_address"
    ).prefetch_related(Prefetch("lines", lines), "fulfillments", "granted_refunds", "transactions__events")


@query("order(id: ID, externalReference: String): Order")
def order(info, id=None, external_reference=None):
    """Open to whoever knows the id: order ids are secrets, in Saleor as here."""
    rows = order_rows()
    if id:
        key = key_of(id, "Order")
        return rows.filter(pk=key).first() if len(key) == 36 else None
    return rows.filter(external_reference=external_reference).first() if external_reference else None


@query(
    "orders(sortBy: OrderSortingInput, filter: OrderFilterInput, where: OrderWhereInput, channel: String, "
    f"search: String, {PAGE}): OrderCountableConnection @need(any: [MANAGE_ORDERS])"
)
def orders(info, sort_by=None, filter=None, where=None, channel=None, search=None, **page):
    rows = filters.orders(order_rows(), filter).filter(filters.orders_where(where))
    if channel:
        rows = rows.filter(channel__slug=channel)
    if search:
        rows = rows.filter(filters.order_search(search)).distinct()
    column = SORTS.get((sort_by or {}).get("field") or "", "created")
    descending = sort_by is None or sort_by.get("direction") == "DESC"
    return paginate(rows, page, by=column, descending=descending, what="orders")
