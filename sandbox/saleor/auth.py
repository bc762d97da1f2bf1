"""Who calls: user tokens, app tokens, and the permission rules of fields."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import string
from dataclasses import dataclass, field
from typing import Any

import jwt
from django.db.models import Q
from django.utils import timezone

from sandbox.saleor import conf, keys
from sandbox.saleor.errors import PermissionDenied
from sandbox.saleor.ids import to_global
from sandbox.saleor.models import App, AppExtension, AppToken, User

ALL_PERMISSIONS = [
    "MANAGE_USERS",
    "MANAGE_STAFF",
    "IMPERSONATE_USER",
    "MANAGE_APPS",
    "MANAGE_OBSERVABILITY",
    "MANAGE_CHECKOUTS",
    "HANDLE_CHECKOUTS",
    "HANDLE_TAXES",
    "MANAGE_TAXES",
    "MANAGE_CHANNELS",
    "MANAGE_CUSTOMER_TYPES_AND_ATTRIBUTES",
    "MANAGE_DISCOUNTS",
    "MANAGE_GIFT_CARD",
    "MANAGE_MENUS",
    "MANAGE_ORDERS",
    "MANAGE_ORDERS_IMPORT",
    "MANAGE_PAGES",
    "MANAGE_PAGE_TYPES_AND_ATTRIBUTES",
    "HANDLE_PAYMENTS",
    "MANAGE_PLUGINS",
    "MANAGE_PRODUCTS",
    "MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
    "MANAGE_SHIPPING",
    "MANAGE_SETTINGS",
    "MANAGE_TRANSLATIONS",
]
APP_TOKEN_LENGTH = 30  # the only thing that tells an app token from a JWT
ACCESS_TTL = datetime.timedelta(minutes=5)
REFRESH_TTL = datetime.timedelta(days=30)


@dataclass
class Context:
    """The caller of one request, as resolvers see it (`info.context`)."""

    user: User | None = None
    app: App | None = None
    permissions: frozenset[str] = frozenset()
    request: Any = None
    # False while the body of a synchronous webhook is rendered: prices must not ask an app again.
    may_ask_apps: bool = True
    # False while an app is asked about delivery or tax: Saleor refuses taxed prices there outright.
    may_see_taxed_prices: bool = True
    cache: dict[Any, Any] = field(default_factory=dict)

    @property
    def is_staff(self) -> bool:
        return bool(self.user and self.user.is_staff)

    def has(self, *needs: str, root: Any = None) -> bool:
        """Tell whether one of the needs is met; besides permissions there are STAFF, APP, USER and OWNER."""
        for need in needs:
            if need in self.permissions:
                return True
            if need == "AUTHENTICATED_STAFF_USER" and self.is_staff:
                return True
            if need == "AUTHENTICATED_APP" and self.app:
                return True
            if need == "AUTHENTICATED_USER" and self.user:
                return True
            if need == "OWNER" and owns(self, root):
                return True
        return False

    def require(self, *needs: str, root: Any = None) -> None:
        if not self.has(*needs, root=root):
            raise PermissionDenied(*needs)


def owns(context: Context, root: Any) -> bool:
    """Tell whether a row belongs to the caller."""
    if isinstance(root, App):
        return bool(context.app and context.app.pk == root.pk)
    app_id = getattr(root, "app_id", None)
    if context.app and app_id:
        return bool(app_id == context.app.pk)
    if isinstance(root, User):
        return bool(context.user and context.user.pk == root.pk)
    user_id = getattr(root, "user_id", None)
    return bool(context.user and user_id and user_id == context.user.pk)


def new_app_token(app: App, name: str = "Default token", token: str | None = None) -> str:
    """Give an app a token; the clear text is returned once and never stored."""
    alphabet = string.ascii_letters + string.digits
    value = token or "".join(secrets.choice(alphabet) for _ in range(APP_TOKEN_LENGTH))
    if len(value) != APP_TOKEN_LENGTH:
        raise ValueError(f"An app token has {APP_TOKEN_LENGTH} characters.")
    AppToken.objects.update_or_create(
        digest=_digest(value), defaults={"app": app, "name": name, "auth_token": value[-4:]}
    )
    return value


def _digest(token: str) -> str:
    # Tokens are random and long, so a plain hash suffices; a slow one would be paid on every request.
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(headers: Any) -> str:
    """Take the token from either of the two headers Saleor reads."""
    value = headers.get("Authorization-Bearer") or headers.get("Authorization") or ""
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() in ("bearer", "jwt") else value.strip()


def context_of(request: Any) -> Context:
    """Find out who sends a request; a bad token makes an anonymous caller, as in Saleor."""
    token = bearer(request.headers)
    if len(token) == APP_TOKEN_LENGTH:
        row = (
            AppToken.objects.select_related("app").filter(digest=_digest(token), app__is_active=True).first()
        )
        return (
            Context(app=row.app, permissions=frozenset(row.app.permissions), request=request)
            if row
            else Context(request=request)
        )
    user, permissions = (None, frozenset[str]()) if not token else _user_of(token)
    return Context(user=user, permissions=permissions, request=request)


def _user_of(token: str) -> tuple[User | None, frozenset[str]]:
    try:
        claims = keys.decode(token)
        user = user_from(claims, "access", "thirdparty")
    except jwt.PyJWTError:
        return None, frozenset()
    permissions = frozenset(user_permissions(user))
    if "permissions" in claims:
        permissions &= frozenset(claims["permissions"])
    return user, permissions


def user_from(claims: dict[str, Any], *kinds: str) -> User:
    """Load the user a token speaks of; a changed key (password change) voids it."""
    user = User.objects.filter(email=claims.get("email"), is_active=True).first()
    if claims.get("type") not in kinds or not user or claims.get("token") != user.jwt_token_key:
        raise jwt.InvalidTokenError("Invalid token. Create new one by using tokenCreate mutation.")
    return user


def user_permissions(user: User) -> list[str]:
    if not user.is_active or not user.is_staff:
        return []
    return ALL_PERMISSIONS if user.is_superuser else [p for p in ALL_PERMISSIONS if p in user.permissions]


def _claims(user: User, kind: str, ttl: datetime.timedelta, **extra: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "iat": now,
        "owner": "saleor",
        "iss": conf.api_url(),
        "exp": now + ttl,
        "token": user.jwt_token_key,
        "email": user.email,
        "type": kind,
        "user_id": to_global("User", user.pk),
        "is_staff": user.is_staff,
        **extra,
    }


def access_token(user: User, **extra: Any) -> str:
    return keys.encode(_claims(user, "access", ACCESS_TTL, **extra))


def refresh_token(user: User, csrf: str) -> str:
    return keys.encode(_claims(user, "refresh", REFRESH_TTL, csrf_token=csrf))


def app_user_token(app: App, user: User, extension: AppExtension | None = None) -> str:
    """Make the token the Dashboard hands to an app's page: the user, narrowed to what the app may do."""
    mine = user_permissions(user)
    allowed = extension.permissions if extension else app.permissions
    extra: dict[str, Any] = {
        "app": app.graph_id,
        "permissions": [p for p in mine if p in allowed],
        "user_permissions": mine,
    }
    if app.audience:
        extra["aud"] = app.audience
    if extension:
        extra["app_extension"] = extension.graph_id
    return keys.encode(_claims(user, "thirdparty", ACCESS_TTL, **extra))


def one_time_token(user: User, purpose: str) -> str:
    """Make a token for a confirmation or password link; it dies with the password it was made under."""
    return keys.encode(_claims(user, purpose, datetime.timedelta(days=1)))


def find_user(email: str) -> User | None:
    return User.objects.filter(Q(email__iexact=email)).first()
