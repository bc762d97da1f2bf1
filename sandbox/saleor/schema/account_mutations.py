"""Accounts: registering, confirming, tokens, passwords, addresses."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import secrets

import jwt
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from sandbox.saleor import auth, keys
from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid, PermissionDenied
from sandbox.saleor.ids import find
from sandbox.saleor.schema.addresses import read_address
from sandbox.saleor.schema.metadata import clean, set_both
from sandbox.saleor.schema.shop_admin import assign
from sandbox.saleor.sdl import mutation
from sandbox.saleor.webhooks.events import emit

MIN_PASSWORD = 8


def _password(raw):
    if len(raw) < MIN_PASSWORD:
        message = f"This password is too short. It must contain at least {MIN_PASSWORD} characters."
        raise Invalid("password", "PASSWORD_TOO_SHORT", message)
    try:
        validate_password(raw)
    except ValidationError as error:
        code = (error.error_list[0].code or "invalid").upper()
        raise Invalid(
            "password", code if code.startswith("PASSWORD_") else "INVALID_PASSWORD", error.messages[0]
        ) from error
    return raw


@mutation(
    "accountRegister(input: AccountRegisterInput!): AccountRegister",
    "requiresConfirmation: Boolean",
    errors="AccountError",
)
def account_register(info, input):
    """Register; the answer is the same whether the address was known or not."""
    shop = m.Shop.get()
    confirm = shop.enable_account_confirmation_by_email
    try:
        validate_email(input["email"])
    except ValidationError as error:
        raise Invalid("email", "INVALID", "Enter a valid email address.") from error
    if confirm and not input.get("redirect_url"):
        raise Invalid("redirectUrl", "REQUIRED", "This field is required.")
    channel = m.Channel.objects.filter(slug=input.get("channel") or "").first()
    if confirm and channel is None:
        code = "CHANNEL_INACTIVE" if input.get("channel") else "MISSING_CHANNEL_SLUG"
        raise Invalid("channel", code, "A channel is needed to send the confirmation.")
    _password(input["password"])
    if auth.find_user(input["email"]) is None:
        user = m.User(email=input["email"].lower(), is_confirmed=not confirm)
        assign(user, input, "first_name", "last_name", "language_code")
        user.set_password(input["password"])
        user.metadata = clean(input.get("metadata"), "metadata")
        user.save()
        if confirm:
            emit(
                "ACCOUNT_CONFIRMATION_REQUESTED",
                user=user,
                channel=channel,
                shop=shop,
                token=auth.one_time_token(user, "confirm"),
                redirect_url=input["redirect_url"],
            )
    return {"requires_confirmation": confirm}


def _one_time(email, token, purpose):
    try:
        user = auth.user_from(keys.decode(token), purpose)
    except jwt.PyJWTError as error:
        raise Invalid("token", "INVALID", "Invalid or expired token.") from error
    if user.email.lower() != email.lower():
        raise Invalid("email", "NOT_FOUND", "User with this email doesn't exist")
    return user


@mutation(
    "confirmAccount(email: String!, password: String, token: String!): ConfirmAccount",
    "user: User",
    errors="AccountError",
)
def confirm_account(info, email, token, password=None):
    user = _one_time(email, token, "confirm")
    user.is_confirmed = True
    user.save(update_fields=["is_confirmed"])
    m.Order.objects.filter(user__isnull=True, user_email__iexact=user.email).update(user=user)
    return {"user": user}


def _session(user):
    csrf = secrets.token_urlsafe(24)
    return {
        "token": auth.access_token(user),
        "refresh_token": auth.refresh_token(user, csrf),
        "csrf_token": csrf,
        "user": user,
    }


@mutation(
    "tokenCreate(audience: String, email: String!, password: String!): CreateToken",
    "token: String refreshToken: String csrfToken: String user: User",
    errors="AccountError",
)
def token_create(info, email, password, audience=None):
    user = auth.find_user(email)
    if user is None or not user.is_active or not user.check_password(password):
        raise Invalid("email", "INVALID_CREDENTIALS", "Please, enter valid credentials")
    if not user.is_confirmed and not m.Shop.get().allow_login_without_confirmation:
        raise Invalid("email", "ACCOUNT_NOT_CONFIRMED", "Account needs to be confirmed via email.")
    made = _session(user)
    if audience:
        made["token"] = auth.access_token(user, aud=f"custom:{audience}")
    info.context.cache["refresh_token"] = made["refresh_token"]
    return made


def _claims(token):
    try:
        return keys.decode(token)
    except jwt.ExpiredSignatureError as error:
        raise Invalid("token", "JWT_SIGNATURE_EXPIRED", "Signature has expired") from error
    except jwt.DecodeError as error:
        raise Invalid("token", "JWT_DECODE_ERROR", "Error decoding signature") from error
    except jwt.PyJWTError as error:
        raise Invalid("token", "JWT_INVALID_TOKEN", "Invalid token") from error


def _holder(claims, *kinds):
    try:
        return auth.user_from(claims, *kinds)
    except jwt.PyJWTError as error:
        raise Invalid("token", "JWT_INVALID_TOKEN", "Invalid token") from error


@mutation(
    "tokenRefresh(csrfToken: String, refreshToken: String): RefreshToken",
    "token: String user: User",
    errors="AccountError",
)
def token_refresh(info, csrf_token=None, refresh_token=None):
    request = info.context.request
    cookie = request.COOKIES.get("refreshToken") if request is not None else None
    if not (refresh_token or cookie):
        raise Invalid("refreshToken", "JWT_MISSING_TOKEN", "Missing refreshToken")
    claims = _claims(refresh_token or cookie)
    if refresh_token is None and claims.get("csrf_token") != csrf_token:
        # The cookie travels by itself; the token in the body shows that our page sent the request.
        raise Invalid("csrfToken", "JWT_INVALID_CSRF_TOKEN", "Invalid csrf token")
    user = _holder(claims, "refresh")
    return {"token": auth.access_token(user), "user": user}


@mutation(
    "tokenVerify(token: String!): VerifyToken",
    "user: User isValid: Boolean! payload: GenericScalar",
    errors="AccountError",
    is_valid=False,
)
def token_verify(info, token):
    claims = _claims(token)
    return {"user": _holder(claims, "access", "refresh", "thirdparty"), "is_valid": True, "payload": claims}


@mutation(
    "requestPasswordReset(channel: String, email: String!, redirectUrl: String!): RequestPasswordReset",
    "",
    errors="AccountError",
)
def request_password_reset(info, email, redirect_url, channel=None):
    user = auth.find_user(email)
    row = m.Channel.objects.filter(slug=channel or "").first()
    if row is None and not (user and user.is_staff):
        raise Invalid("channel", "MISSING_CHANNEL_SLUG", "You need to provide channel slug.")
    if user is not None and user.is_active:
        emit(
            "ACCOUNT_SET_PASSWORD_REQUESTED",
            user=user,
            channel=row,
            shop=m.Shop.get(),
            token=auth.one_time_token(user, "password"),
            redirect_url=redirect_url,
        )
    return {}


@mutation(
    "setPassword(email: String!, password: String!, token: String!): SetPassword",
    "token: String refreshToken: String csrfToken: String user: User",
    errors="AccountError",
)
def set_password(info, email, password, token):
    user = _one_time(email, token, "password")
    user.set_password(_password(password))
    user.is_confirmed = True
    user.save()
    return _session(user)


def _self_or_customer(info, customer_id):
    if info.context.user:
        return info.context.user
    info.context.require("IMPERSONATE_USER")
    if not customer_id:
        raise PermissionDenied("AUTHENTICATED_USER")
    return find(m.User.objects.all(), customer_id, "User", "customerId")


@mutation(
    "accountUpdate(customerId: ID, input: AccountInput!): AccountUpdate", "user: User", errors="AccountError"
)
def account_update(info, input, customer_id=None):
    user = _self_or_customer(info, customer_id)
    assign(user, input, "first_name", "last_name", "language_code")
    set_both(user, {"metadata": input.get("metadata")})
    for kind in ("shipping", "billing"):
        if input.get(f"default_{kind}_address"):
            row = read_address(input[f"default_{kind}_address"], kind.upper())
            setattr(user, f"default_{kind}_address", row)
            user.addresses.add(row)
    user.save()
    return {"user": user}


@mutation(
    "accountAddressCreate(customerId: ID, input: AddressInput!, type: AddressTypeEnum): AccountAddressCreate",
    "user: User address: Address",
    errors="AccountError",
)
def account_address_create(info, input, type=None, customer_id=None):
    user = _self_or_customer(info, customer_id)
    row = read_address(input, type)
    user.addresses.add(row)
    if type:
        setattr(user, f"default_{str(type).lower()}_address", row)
        user.save()
    return {"user": user, "address": row}
