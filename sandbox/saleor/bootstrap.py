"""First rows: the shop, a staff user, and an app token for setting the shop up."""

from __future__ import annotations

import os

from sandbox.prepare import on_prepare
from sandbox.saleor import keys
from sandbox.saleor.auth import ALL_PERMISSIONS, new_app_token
from sandbox.saleor.models import App, Shop, User

SETUP_APP = "sandbox.setup"


@on_prepare
def bootstrap() -> None:
    """Make what a fresh database needs; the second time it does nothing."""
    keys.private_key()
    Shop.get()
    if not User.objects.filter(is_superuser=True).exists():
        email = os.environ.get("SANDBOX_ADMIN_EMAIL", "admin@ponte.example")
        add_user(email, os.environ.get("SANDBOX_ADMIN_PASSWORD", "ponte-demo"), staff=True)
    if token := os.environ.get("SANDBOX_SETUP_TOKEN"):
        create_app(token=token)


def add_user(
    email: str, password: str, *, staff: bool = False, first_name: str = "", last_name: str = ""
) -> User:
    """Add a confirmed user, or give an existing one this password."""
    user = User.objects.filter(email__iexact=email).first() or User(email=email.lower())
    if user.pk is None or not user.check_password(password):
        user.set_password(password)
    user.is_confirmed = user.is_active = True
    user.is_staff, user.is_superuser = staff or user.is_staff, staff or user.is_superuser
    user.first_name, user.last_name = first_name or user.first_name, last_name or user.last_name
    user.save()
    return user


def create_app(
    name: str = "Sandbox set-up", *, token: str | None = None, permissions: list[str] | None = None
) -> str:
    """Make a local app with a token and return the token, as `manage.py create_app` of Saleor does."""
    app, _ = App.objects.get_or_create(
        identifier=SETUP_APP if name == "Sandbox set-up" else name,
        defaults={
            "name": name[:60],
            "type": "LOCAL",
            "is_installed": True,
            "is_active": True,
            "version": "1",
        },
    )
    app.permissions = list(ALL_PERMISSIONS if permissions is None else permissions)
    app.is_active = True
    app.save()
    return new_app_token(app, token=token)
