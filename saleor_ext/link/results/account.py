"""People who sign in through Saleor."""

from __future__ import annotations

from .base import Address, Maybe, Metadata, Result


class Permission(Result):
    code: str


class User(Result):
    id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    is_staff: bool = False
    language_code: str = ""
    addresses: Maybe[Address] = []
    metadata: Metadata = {}
    user_permissions: Maybe[Permission] = []


class Tokens(Result):
    """Access token (minutes) and refresh token (weeks)."""

    token: str
    refresh_token: str
    csrf_token: str | None = None
    user: User
