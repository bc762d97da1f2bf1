"""Users and permissions: types and queries."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from sandbox.saleor import models as m
from sandbox.saleor.auth import ALL_PERMISSIONS, user_permissions
from sandbox.saleor.ids import key_of, to_global
from sandbox.saleor.schema.common import PAGE, paginate
from sandbox.saleor.sdl import error_type, obj, plain, query

error_type("AccountError", "AccountErrorCode", "addressType: AddressTypeEnum")
plain("Permission", "code: PermissionEnum! name: String!")
plain("UserPermission", "code: PermissionEnum! name: String!")


def permission_list(codes=None):
    """Show permissions by code and readable name."""
    wanted = ALL_PERMISSIONS if codes is None else [p for p in ALL_PERMISSIONS if p in codes]
    return [{"code": code, "name": code.replace("_", " ").capitalize() + "."} for code in wanted]


@obj(
    "User & Node & ObjectWithMetadata",
    f"""
    email: String! firstName: String! lastName: String! isStaff: Boolean! isActive: Boolean! isConfirmed: Boolean!
    addresses: [Address!]! checkoutIds(channel: String): [ID!] dateJoined: DateTime!
    orders(where: CustomerOrderWhereInput, {PAGE}): OrderCountableConnection @need(any: [MANAGE_STAFF, OWNER])
    userPermissions: [UserPermission!] languageCode: LanguageCodeEnum!
    defaultShippingAddress: Address defaultBillingAddress: Address
    """,
)
class User:
    def resolve_addresses(root, info):
        return root.addresses.order_by("pk")

    def resolve_checkout_ids(root, info, channel=None):
        rows = root.checkouts.filter(channel__is_active=True)
        if channel:
            rows = rows.filter(channel__slug=channel)
        return [to_global("Checkout", pk) for pk in rows.values_list("pk", flat=True)]

    def resolve_orders(root, info, where=None, **page):
        from sandbox.saleor.schema.filters import orders_where

        rows = root.orders.filter(orders_where(where)).distinct()
        return paginate(rows, page, by="created", descending=True, what="orders")

    def resolve_user_permissions(root, info):
        return permission_list(user_permissions(root))


@query("me: User")
def me(info):
    return info.context.user


@query("user(id: ID, email: String): User @need(any: [MANAGE_STAFF, MANAGE_USERS, MANAGE_ORDERS])")
def user(info, id=None, email=None):
    rows = m.User.objects.all()
    return (
        rows.filter(pk=key_of(id, "User")).first() if id else rows.filter(email__iexact=email or "").first()
    )
