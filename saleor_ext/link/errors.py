"""What can go wrong between us and Saleor, by whether trying again can help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from saleor_ext.core.errors import PermanentError, TransientError


class SaleorUnavailable(TransientError):
    """No answer, a 5xx, a time-out, or Saleor's own internal error."""

    code = "saleor_unavailable"


class SaleorRefused(PermanentError):
    """Saleor understood and will not: bad document, missing permission, unknown token.

    ``code`` is Saleor's exception code where there is one (``PermissionDenied``), else ``saleor_refused``.
    """

    code = "saleor_refused"


class AppNotInstalled(PermanentError):
    """The app has no token for this Saleor; ``ponte saleor setup`` installs it."""

    code = "app_not_installed"


@dataclass(frozen=True, slots=True)
class UserProblem:
    """One entry of a payload's ``errors``: the input field it belongs to, Saleor's code, its text."""

    field: str
    code: str
    message: str
    data: Mapping[str, Any] = default(default_factory=dict)


class SaleorUserError(PermanentError):
    """The input was refused (``errors`` of a mutation's payload); the first problem gives code and field."""

    code = "saleor_user_error"

    def __init__(self, operation: str, problems: Sequence[UserProblem]) -> None:
        first = problems[0]
        super().__init__(
            f"{operation}: {first.field or '-'}: {first.message} ({first.code})", code=first.code
        )
        self.operation = operation
        self.problems = tuple(problems)
        self.field = first.field

    def has(self, *codes: str) -> bool:
        """Tell whether one of the problems carries one of these codes."""
        return any(problem.code in codes for problem in self.problems)
