"""Checkouts: types, problems and the query of one. Price fields bring prices up to date when read."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from sandbox.saleor import delivery, prices, stock
from sandbox.saleor import models as m
from sandbox.saleor.errors import CircularSubscriptionSyncEvent
from sandbox.saleor.ids import key_of, to_global
from sandbox.saleor.schema.common import Money, TaxedMoney
from sandbox.saleor.sdl import error_type, obj, plain, query, union

error_type(
    "CheckoutError",
    "CheckoutErrorCode",
    "variants: [ID!] lines: [ID!] addressType: AddressTypeEnum",
)
error_type("DeliveryOptionsCalculateError", "DeliveryOptionsCalculateErrorCode")


def priced(checkout, info):
    """Make sure a checkout's prices are current, as far as this caller may ask apps."""
    prices.ensure(checkout, may_ask_apps=info.context.may_ask_apps)
    return checkout


def taxed(net, gross, checkout, info):
    """Show a price with its tax, except to an app that is being asked about delivery or tax."""
    if not info.context.may_see_taxed_prices:
        raise CircularSubscriptionSyncEvent
    return TaxedMoney(net, gross, checkout.currency)


@obj("Delivery", "id: ID! shippingMethod: ShippingMethod")
class Delivery:
    def resolve_id(root, info):
        return to_global("CheckoutDelivery", root.pk)

    def resolve_shipping_method(root, info):
        return delivery.method_of(root)


@obj(
    "CheckoutLine & Node & ObjectWithMetadata",
    """
    variant: ProductVariant! quantity: Int! unitPrice: TaxedMoney! undiscountedUnitPrice: Money!
    totalPrice: TaxedMoney! undiscountedTotalPrice: Money! requiresShipping: Boolean! isGift: Boolean
    """,
)
class CheckoutLine:
    def resolve_variant(root, info):
        root.variant._channel = root.checkout.channel
        return root.variant

    def resolve_unit_price(root, info):
        line = current(root, info)
        net, gross = (prices.quantize(x / line.quantity) for x in (line.total_net, line.total_gross))
        return taxed(net, gross, root.checkout, info)

    def resolve_undiscounted_unit_price(root, info):
        return Money(current(root, info).base_unit, root.checkout.currency)

    def resolve_total_price(root, info):
        line = current(root, info)
        return taxed(line.total_net, line.total_gross, root.checkout, info)

    def resolve_undiscounted_total_price(root, info):
        line = current(root, info)
        return Money(line.base_unit * line.quantity, root.checkout.currency)

    def resolve_requires_shipping(root, info):
        return root.variant.product.product_type.is_shipping_required


def current(line, info):
    """Find the line object the checkout's prices were computed on."""
    priced(line.checkout, info)
    return next((x for x in prices.lines_of(line.checkout) if x.pk == line.pk), line)


plain("CheckoutLineProblemInsufficientStock", "availableQuantity: Int line: CheckoutLine!")
plain("CheckoutLineProblemVariantNotAvailable", "line: CheckoutLine!")
plain("CheckoutProblemDeliveryMethodStale", "delivery: Delivery!")
plain("CheckoutProblemDeliveryMethodInvalid", "delivery: Delivery!")
union(
    "CheckoutProblem",
    "CheckoutLineProblemInsufficientStock CheckoutLineProblemVariantNotAvailable "
    "CheckoutProblemDeliveryMethodStale CheckoutProblemDeliveryMethodInvalid",
)


@obj(
    "Checkout & Node & ObjectWithMetadata",
    """
    created: DateTime! updatedAt: DateTime! channel: Channel! billingAddress: Address shippingAddress: Address
    user: User @need(any: [MANAGE_USERS, HANDLE_PAYMENTS, OWNER])
    customerNote: String! voucherCode: String email: String isShippingRequired: Boolean! quantity: Int!
    lines: [CheckoutLine!]! shippingPrice: TaxedMoney! delivery: Delivery subtotalPrice: TaxedMoney! token: UUID!
    totalPrice: TaxedMoney! totalBalance: Money! languageCode: LanguageCodeEnum!
    transactions: [TransactionItem!] @need(any: [MANAGE_CHECKOUTS, HANDLE_PAYMENTS])
    displayGrossPrices: Boolean! authorizeStatus: CheckoutAuthorizeStatusEnum!
    chargeStatus: CheckoutChargeStatusEnum! problems: [CheckoutProblem!]
    """,
)
class Checkout:
    def resolve_customer_note(root, info):
        return root.note

    def resolve_voucher_code(root, info):
        return None

    def resolve_is_shipping_required(root, info):
        lines = prices.lines_of(root)
        return any(line.variant.product.product_type.is_shipping_required for line in lines)

    def resolve_quantity(root, info):
        return sum(line.quantity for line in prices.lines_of(root))

    def resolve_lines(root, info):
        return prices.lines_of(root)

    def resolve_shipping_price(root, info):
        priced(root, info)
        return taxed(root.shipping_net, root.shipping_gross, root, info)

    def resolve_delivery(root, info):
        return root.assigned_delivery

    def resolve_subtotal_price(root, info):
        priced(root, info)
        return taxed(root.subtotal_net, root.subtotal_gross, root, info)

    def resolve_total_price(root, info):
        priced(root, info)
        return taxed(root.total_net, root.total_gross, root, info)

    def resolve_total_balance(root, info):
        priced(root, info)
        charged = sum((t.charged_value for t in root.transactions.all()), prices.ZERO)
        return Money(charged - root.total_gross, root.currency)

    def resolve_transactions(root, info):
        return root.transactions.all()

    def resolve_display_gross_prices(root, info):
        return prices.tax_settings(root.channel_id, prices.country_of(root))["display_gross"]

    def resolve_authorize_status(root, info):
        return priced(root, info).authorize_status

    def resolve_charge_status(root, info):
        return priced(root, info).charge_status

    def resolve_problems(root, info):
        return list(problems_of(root))


def problems_of(checkout):
    """Find what keeps a checkout from completing, before anyone pays."""
    lines = prices.lines_of(checkout)
    listed = prices.unit_prices(checkout, lines)
    left = stock.available(checkout.channel, [x.variant_id for x in lines], prices.country_of(checkout))
    sellable = set(
        m.ProductChannelListing.objects.filter(
            channel_id=checkout.channel_id, is_published=True, available_for_purchase_at__isnull=False
        ).values_list("product_id", flat=True)
    )
    for line in lines:
        if line.variant_id not in listed or line.variant.product_id not in sellable:
            yield {"__typename": "CheckoutLineProblemVariantNotAvailable", "line": line}
        elif line.variant.track_inventory and line.quantity > left.get(line.variant_id, 0):
            yield {
                "__typename": "CheckoutLineProblemInsufficientStock",
                "available_quantity": left.get(line.variant_id, 0),
                "line": line,
            }
    chosen = checkout.assigned_delivery
    if chosen is not None and delivery.is_stale(checkout):
        yield {"__typename": "CheckoutProblemDeliveryMethodStale", "delivery": chosen}
    if chosen is not None and not (chosen.is_valid and chosen.active):
        yield {"__typename": "CheckoutProblemDeliveryMethodInvalid", "delivery": chosen}


def checkout_rows():
    return m.Checkout.objects.select_related(
        "channel", "user", "shipping_address", "billing_address", "assigned_delivery"
    )


@query("checkout(id: ID, token: UUID): Checkout")
def checkout(info, id=None, token=None):
    key = str(token) if token else key_of(id or "", "Checkout")
    row = checkout_rows().filter(pk=key).first() if len(key) == 36 else None
    if row and not row.channel.is_active:
        info.context.require("MANAGE_CHECKOUTS", "IMPERSONATE_USER", "HANDLE_PAYMENTS")
    return row
