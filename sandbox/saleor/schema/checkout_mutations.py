"""Checkout mutations: building a basket, choosing delivery, completing."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from django.utils import timezone

from sandbox.saleor import completion, delivery, prices, stock
from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid, PermissionDenied
from sandbox.saleor.ids import find, key_of
from sandbox.saleor.schema import metadata
from sandbox.saleor.schema.addresses import read_address
from sandbox.saleor.schema.checkout import checkout_rows
from sandbox.saleor.sdl import mutation
from sandbox.saleor.webhooks.events import emit

WHICH = "checkoutId: ID, id: ID, token: UUID"


def locked(id=None, checkout_id=None, token=None):
    """Load the checkout a mutation means, under its row lock."""
    given = [x for x in (id, checkout_id, token) if x]
    if len(given) != 1:
        raise Invalid(
            "id", "GRAPHQL_ERROR", "Argument `id` is required, and only one of id, checkoutId and token."
        )
    rows = checkout_rows().select_for_update(of=("self",))
    row = rows.filter(pk=token).first() if token else find(rows, given[0], "Checkout")
    if row is None:
        raise Invalid("token", "NOT_FOUND", f"Couldn't resolve to a node: {token}")
    return row


def changed(checkout, *columns, event=True):
    """Store columns, forget prices, and say so."""
    checkout.price_expiration = None
    checkout.save(update_fields=[*columns, "price_expiration", "delivery_methods_stale_at", "updated_at"])
    for cache in ("_lines",):
        checkout.__dict__.pop(cache, None)
    if event:
        emit("CHECKOUT_UPDATED", checkout=checkout)
    return {"checkout": checkout}


def _variant(channel, identifier):
    row = (
        m.ProductVariant.objects.select_related("product__product_type")
        .filter(pk=key_of(identifier, "ProductVariant", "variantId"))
        .first()
    )
    if row is None:
        raise Invalid("variantId", "NOT_FOUND", f"Couldn't resolve to a node: {identifier}")
    listing = m.ProductChannelListing.objects.filter(product_id=row.product_id, channel=channel).first()
    priced = row.channel_listings.filter(channel=channel).exists()
    if not listing or not listing.is_published or not priced:
        raise Invalid(
            "lines",
            "UNAVAILABLE_VARIANT_IN_CHANNEL",
            "Cannot add lines with unavailable variants.",
            variants=[row.graph_id],
        )
    at = listing.available_for_purchase_at
    if at is None or at > timezone.now():
        raise Invalid(
            "lines",
            "PRODUCT_UNAVAILABLE_FOR_PURCHASE",
            "Cannot add lines for unavailable for purchase variants.",
            variants=[row.graph_id],
        )
    return row


def _check_quantity(channel, wants, country):
    limit = m.Shop.get().limit_quantity_per_checkout
    for want in wants:
        own = want.variant.quantity_limit_per_customer or limit
        if want.quantity < 1:
            raise Invalid("quantity", "ZERO_QUANTITY", "The quantity should be higher than zero.")
        if own and want.quantity > own:
            message = f"Cannot add more than {own} times this item: {want.variant}."
            raise Invalid("quantity", "QUANTITY_GREATER_THAN_LIMIT", message)
    try:
        stock.check(channel, wants, country)
    except stock.NotEnough as short:
        left = sum(short.left.values())
        message = f"Could not add items {', '.join(str(w.variant.sku) for w in wants)}. Only {left} remaining in stock."
        variants = [w.variant.graph_id for w in wants if w.variant.pk in short.left]
        raise Invalid("quantity", "INSUFFICIENT_STOCK", message, variants=variants) from short


def _may_override(info, data):
    if data.get("price") is not None and not (
        info.context.app and "HANDLE_CHECKOUTS" in info.context.permissions
    ):
        raise PermissionDenied("HANDLE_CHECKOUTS")


def add_lines(info, checkout, inputs):
    """Add lines, merging with what is there unless a new line is wished."""
    existing = {line.variant_id: line for line in checkout.lines.all()}
    touched = []
    for data in inputs:
        _may_override(info, data)
        variant = _variant(checkout.channel, data["variant_id"])
        if data["quantity"] == 0:
            continue
        line = None if data.get("force_new_line") else existing.get(variant.pk)
        if line is None:
            line = m.CheckoutLine(checkout=checkout, variant=variant, quantity=0)
            existing[variant.pk] = line
        line.variant = variant
        line.quantity += data["quantity"]
        _apply_line(line, data)
        touched.append(line)
    wants = [stock.Want(line.variant, line.quantity) for line in touched]
    _check_quantity(checkout.channel, wants, prices.country_of(checkout))
    for line in touched:
        line.save()
    delivery.mark_stale(checkout)


def _apply_line(line, data):
    line.metadata = {**line.metadata, **metadata.clean(data.get("metadata"), "metadata")}
    if data.get("price") is not None:
        line.price_override, line.price_override_reason = data["price"], data.get("price_override_reason")


@mutation(
    "checkoutCreate(input: CheckoutCreateInput!): CheckoutCreate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_create(info, input):
    slug = input.get("channel")
    if not slug:
        raise Invalid("channel", "MISSING_CHANNEL_SLUG", "You need to provide channel slug.")
    channel = m.Channel.objects.filter(slug=slug).first()
    if channel is None:
        raise Invalid("channel", "NOT_FOUND", f"Channel with '{slug}' slug does not exist.")
    if not channel.is_active:
        raise Invalid("channel", "CHANNEL_INACTIVE", f"Channel with '{slug}' is inactive.")
    rules = input.get("validation_rules") or {}
    user = info.context.user
    checkout = m.Checkout(
        channel=channel,
        currency=channel.currency_code,
        user=user,
        email=input.get("email") or (user.email if user else None),
        language_code=input.get("language_code") or "EN",
    )
    for kind in ("shipping", "billing"):
        if input.get(f"{kind}_address"):
            row = read_address(input[f"{kind}_address"], kind.upper(), rules.get(f"{kind}_address"))
            setattr(checkout, f"{kind}_address", row)
    if input.get("private_metadata"):
        info.context.require("MANAGE_CHECKOUTS")
    metadata.set_both(checkout, input)
    checkout.save()
    add_lines(info, checkout, input["lines"])
    emit("CHECKOUT_CREATED", checkout=checkout)
    return changed(checkout, event=False)


@mutation(
    f"checkoutLinesAdd({WHICH}, lines: [CheckoutLineInput!]!): CheckoutLinesAdd",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_lines_add(info, lines, **which):
    checkout = locked(**which)
    add_lines(info, checkout, lines)
    return changed(checkout)


@mutation(
    f"checkoutLinesUpdate({WHICH}, lines: [CheckoutLineUpdateInput!]!): CheckoutLinesUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_lines_update(info, lines, **which):
    checkout = locked(**which)
    rows = {str(line.pk): line for line in checkout.lines.select_related("variant__product__product_type")}
    touched = []
    for data in lines:
        _may_override(info, data)
        line = _line_meant(rows, data)
        if data.get("quantity") == 0:
            line.delete()
            continue
        if data.get("quantity") is not None:
            line.quantity = data["quantity"]
        _apply_line(line, data)
        touched.append(line)
    wants = [stock.Want(line.variant, line.quantity) for line in touched]
    _check_quantity(checkout.channel, wants, prices.country_of(checkout))
    for line in touched:
        line.save()
    delivery.mark_stale(checkout)
    return changed(checkout)


def _line_meant(rows, data):
    if data.get("line_id"):
        line = rows.get(key_of(data["line_id"], "CheckoutLine", "lineId"))
    else:
        key = key_of(data.get("variant_id") or "", "ProductVariant", "variantId")
        line = next((x for x in rows.values() if str(x.variant_id) == key), None)
    if line is None:
        raise Invalid("lineId", "NOT_FOUND", "Checkout line not found.")
    return line


@mutation(
    "checkoutLinesDelete(id: ID, linesIds: [ID!]!, token: UUID): CheckoutLinesDelete",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_lines_delete(info, lines_ids, **which):
    checkout = locked(**which)
    keys = [key_of(value, "CheckoutLine", "lineId") for value in lines_ids]
    found = checkout.lines.filter(pk__in=keys)
    if found.count() != len(set(keys)):
        missing = [i for i, k in zip(lines_ids, keys, strict=True) if not found.filter(pk=k).exists()]
        raise Invalid("lineId", "INVALID", "Provided line_ids aren't part of checkout.", lines=missing)
    found.delete()
    delivery.mark_stale(checkout)
    return changed(checkout)


@mutation(
    f"checkoutEmailUpdate({WHICH}, email: String!): CheckoutEmailUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_email_update(info, email, **which):
    checkout = locked(**which)
    if "@" not in email:
        raise Invalid("email", "INVALID", "Enter a valid email address.")
    checkout.email = email.lower()
    checkout.save(update_fields=["email", "updated_at"])
    emit("CHECKOUT_UPDATED", checkout=checkout)
    return {"checkout": checkout}


@mutation(
    f"checkoutLanguageCodeUpdate({WHICH}, languageCode: LanguageCodeEnum!): CheckoutLanguageCodeUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_language_code_update(info, language_code, **which):
    checkout = locked(**which)
    checkout.language_code = language_code
    checkout.save(update_fields=["language_code", "updated_at"])
    emit("CHECKOUT_UPDATED", checkout=checkout)
    return {"checkout": checkout}


@mutation(
    f"checkoutCustomerAttach({WHICH}, customerId: ID): CheckoutCustomerAttach",
    "checkout: Checkout",
    errors="CheckoutError",
    need="AUTHENTICATED_APP AUTHENTICATED_USER",
)
def checkout_customer_attach(info, customer_id=None, **which):
    checkout = locked(**which)
    if checkout.user_id and checkout.user != info.context.user:
        raise PermissionDenied("AUTHENTICATED_APP")
    if customer_id:
        own = info.context.user and info.context.user.graph_id == customer_id
        if not own:
            info.context.require("IMPERSONATE_USER")
        user = find(m.User.objects.all(), customer_id, "User", "customerId")
    else:
        user = info.context.user
    if user is None:
        raise Invalid("customerId", "REQUIRED", "An app must say whom to attach.")
    checkout.user, checkout.email = user, user.email
    checkout.save(update_fields=["user", "email", "updated_at"])
    emit("CHECKOUT_UPDATED", checkout=checkout)
    return {"checkout": checkout}


def _address_update(kind, data, rules, which):
    checkout = locked(**which)
    if kind == "SHIPPING" and not delivery.requires_shipping(checkout):
        raise Invalid("shippingAddress", "SHIPPING_NOT_REQUIRED", "This checkout doesn't need shipping")
    row = read_address(data, kind, rules)
    column = f"{kind.lower()}_address"
    setattr(checkout, column, row)
    if kind == "SHIPPING":
        delivery.mark_stale(checkout)
    return changed(checkout, column)


ADDRESS = f"{WHICH}, saveAddress: Boolean = true, validationRules: CheckoutAddressValidationRules"


@mutation(
    f"checkoutShippingAddressUpdate({ADDRESS}, shippingAddress: AddressInput!): CheckoutShippingAddressUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_shipping_address_update(
    info, shipping_address, validation_rules=None, save_address=True, **which
):
    return _address_update("SHIPPING", shipping_address, validation_rules, which)


@mutation(
    f"checkoutBillingAddressUpdate({ADDRESS}, billingAddress: AddressInput!): CheckoutBillingAddressUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_billing_address_update(info, billing_address, validation_rules=None, save_address=True, **which):
    return _address_update("BILLING", billing_address, validation_rules, which)


@mutation(
    "deliveryOptionsCalculate(id: ID!): DeliveryOptionsCalculate",
    "deliveries: [Delivery!]!",
    errors="DeliveryOptionsCalculateError",
    atomic=False,
    deliveries=[],
)
def delivery_options_calculate(info, id):
    checkout = find(checkout_rows(), id, "Checkout")
    return {"deliveries": delivery.calculate(checkout)}


@mutation(
    "checkoutDeliveryMethodUpdate(deliveryMethodId: ID, id: ID, token: UUID): CheckoutDeliveryMethodUpdate",
    "checkout: Checkout",
    errors="CheckoutError",
)
def checkout_delivery_method_update(info, delivery_method_id=None, **which):
    checkout = locked(**which)
    if not delivery.requires_shipping(checkout):
        raise Invalid("deliveryMethodId", "SHIPPING_NOT_REQUIRED", "This checkout does not need shipping.")
    if delivery_method_id is None:
        checkout.assigned_delivery = None
        return changed(checkout, "assigned_delivery")
    key = key_of(delivery_method_id, "CheckoutDelivery", "deliveryMethodId")
    row = checkout.deliveries.filter(pk=key).first() if len(key) == 36 else None
    if row is None:
        raise Invalid("deliveryMethodId", "NOT_FOUND", f"Couldn't resolve to a node: {delivery_method_id}")
    if not row.active or not row.is_valid:
        raise Invalid(
            "deliveryMethodId", "DELIVERY_METHOD_NOT_APPLICABLE", "This delivery method is not applicable."
        )
    checkout.assigned_delivery = row
    return changed(checkout, "assigned_delivery")


@mutation(
    "checkoutComplete(checkoutId: ID, id: ID, token: UUID, metadata: [MetadataInput!], paymentData: JSONString, "
    "redirectUrl: String): CheckoutComplete",
    "order: Order confirmationNeeded: Boolean! confirmationData: JSONString",
    errors="CheckoutError",
    atomic=False,
    confirmation_needed=False,
)
def checkout_complete(
    info, id=None, checkout_id=None, token=None, metadata=None, payment_data=None, redirect_url=None
):
    key = str(token) if token else key_of(id or checkout_id or "", "Checkout")
    if len(key) != 36:
        raise Invalid("id", "NOT_FOUND", "Couldn't resolve to a node.")
    extra = {item["key"]: item["value"] for item in metadata or []}
    order = completion.complete(key, info.context, extra, redirect_url)
    return {"order": order, "confirmation_needed": False}
