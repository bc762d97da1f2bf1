"""What resolvers raise: refusals that become GraphQL errors and faults that become payload errors."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError


class PermissionDenied(Exception):
    """Refuse a caller; the class name is the `extensions.exception.code` clients look for."""

    def __init__(self, *permissions: str) -> None:
        wanted = ", ".join(permissions)
        super().__init__(
            f"To access this path, you need one of the following permissions: {wanted}"
            if permissions
            else "You do not have permission to perform this action"
        )


class CircularSubscriptionSyncEvent(Exception):
    """Refuse a taxed price inside a question to apps: resolving it would ask an app in turn."""

    def __init__(self) -> None:
        super().__init__("Resolving this field is not allowed in synchronous events.")


class Invalid(Exception):
    """Refuse an input with one payload error: `field` in camelCase, `code` of the mutation's error enum."""

    def __init__(self, field: str | None, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.errors: list[dict[str, Any]] = [{"field": field, "code": code, "message": message, **extra}]


class InvalidMany(Invalid):
    """Refuse an input with several payload errors at once."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        Exception.__init__(self, "; ".join(str(e["message"]) for e in errors))
        self.errors = errors


def bad_query(message: str) -> GraphQLError:
    """Answer a wrong combination of arguments the way Saleor does: a top-level error, not a payload one."""
    return GraphQLError(message)
