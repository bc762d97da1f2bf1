"""The GraphQL client: documents in, ``data`` or a typed error out; operations give typed results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from . import transport
from .documents import operation_text
from .errors import SaleorRefused, SaleorUnavailable, SaleorUserError, UserProblem

R = TypeVar("R")

#: Exception codes of Saleor's own troubles (database, lock, time limit), not of our request.
TRANSIENT_CODES = frozenset(
    {
        "OperationalError",
        "InterfaceError",
        "DatabaseError",
        "LockNotAvailable",
        "TimeoutError",
        "InternalServerError",
    }
)
INTERNAL_MESSAGE = "internal server error"
_KIND = re.compile(r"^\s*(query|mutation|subscription|\{)", re.MULTILINE)


@dataclass(frozen=True)
class Operation(Generic[R]):
    """A document, the answer's part that matters (``path`` below ``data``) and its type.

    ``idempotent`` marks a mutation that may be sent again after a lost answer.
    """

    name: str
    result: Any
    path: tuple[str, ...] = ()
    idempotent: bool = False

    @property
    def text(self) -> str:
        return operation_text(self.name)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.result)

    def read(self, data: Mapping[str, Any]) -> R:
        """Pick and check the typed result out of ``data``."""
        value: Any = data
        for step in self.path:
            value = value.get(step) if isinstance(value, Mapping) else None
        try:
            return cast("R", self._adapter.validate_python(value))
        except ValidationError as error:
            raise SaleorRefused(
                f"{self.name}: unexpected answer: {error}", code="unexpected_answer"
            ) from error


class GraphQLClient:
    """Sends documents to one Saleor with one token (or none)."""

    def __init__(self, api_url: str, token: str = "") -> None:
        self.api_url = api_url
        self._token = token

    def __repr__(self) -> str:
        return f"GraphQLClient({self.api_url!r}, {'with' if self._token else 'without'} token)"

    def run(self, operation: Operation[R], **variables: Any) -> R:
        """Send a typed operation; variables are named as in the document."""
        return operation.read(self.execute(operation.text, variables, idempotent=operation.idempotent))

    def upload(
        self, operation: Operation[R], files: Mapping[str, tuple[str, bytes, str]], **variables: Any
    ) -> R:
        """Send a typed operation with files: variable path → (name, content, media type)."""
        return operation.read(self.execute(operation.text, variables, files=files))

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        idempotent: bool = False,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> dict[str, Any]:
        """Send a document and return ``data``; numbers with a point are Decimal.

        :raises SaleorUnavailable: no answer (queries and idempotent mutations were tried again)
        :raises SaleorRefused: top-level GraphQL errors
        :raises SaleorUserError: a payload with ``errors``
        """
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        payload = {"query": document, "variables": dict(variables or {})}
        answer = transport.post(
            self.api_url, payload, headers, repeatable=idempotent or not is_mutation(document), files=files
        )
        return read_answer(answer)


def is_mutation(document: str) -> bool:
    """Tell whether a document changes something; fragments may come before the operation."""
    return any(kind == "mutation" for kind in _KIND.findall(document))


def read_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``data`` of an answer or raise what its errors mean."""
    if errors := answer.get("errors"):
        raise _graphql_error(errors)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise SaleorRefused("Saleor answered without data", code="no_data")
    for operation, payload in data.items():
        if problems := list(_problems(payload)):
            raise SaleorUserError(operation, problems)
    return data


def _graphql_error(errors: Any) -> Exception:
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    message = str(first.get("message", errors))
    extensions = first.get("extensions") or {}
    code = str((extensions.get("exception") or {}).get("code") or extensions.get("code") or "")
    if code in TRANSIENT_CODES or INTERNAL_MESSAGE in message.lower():
        return SaleorUnavailable(message, code=code or None)
    return SaleorRefused(message, code=code or None, path=first.get("path"))


def _problems(payload: Any) -> Any:
    """Yield the problems of a payload and, for bulk mutations, of its results."""
    if not isinstance(payload, dict):
        return
    # A bulk payload repeats its rows' errors without saying which row; the rows say it better.
    rows = [row for row in payload.get("results") or () if isinstance(row, dict) and row.get("errors")]
    for index, row in enumerate(rows):
        yield from (_problem(error, row=index) for error in row["errors"])
    if not rows:
        yield from (_problem(error) for error in payload.get("errors") or () if isinstance(error, dict))


def _problem(error: Mapping[str, Any], **more: Any) -> UserProblem:
    rest = {key: value for key, value in error.items() if key not in {"field", "code", "message"} and value}
    return UserProblem(
        field=str(error.get("field") or error.get("path") or ""),
        code=str(error.get("code") or "UNKNOWN"),
        message=str(error.get("message") or ""),
        data={**rest, **more},
    )
