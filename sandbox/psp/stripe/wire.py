"""The wire: key, form-encoded nested parameters, idempotency, expansion, lists, error shapes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sandbox.psp.stripe import account
from sandbox.psp.stripe.models import StripeKey

#: Keys may be forgotten after this.
KEY_LIFE = timedelta(hours=24)
DEEPEST = 6
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")

Params = dict[str, Any]
Handler = Callable[..., dict[str, Any]]


class ApiError(Exception):
    """A refusal in Stripe's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"type": kind, "message": message}
        if code:
            self.body["code"] = code
        if param:
            self.body["param"] = param


def missing(what: str, ref: str, param: str = "id") -> ApiError:
    return ApiError(404, f"No such {what}: '{ref}'", code="resource_missing", param=param)


# -- parameters


def parse(text: str) -> Params:
    """Read ``a[b][0][c]=d`` into nested objects; numbered and empty brackets make lists."""
    tree: Params = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=1000)
    except ValueError:
        raise ApiError(400, "Invalid request body: not form-encoded") from None
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        path = [match[1], *_PART.findall(match[2])] if match else []
        if not path or len(path) > DEEPEST:
            raise ApiError(400, f"Invalid parameter name: {name[:60]}", param=name[:60])
        _place(tree, path, value)
    return {name: _listed(value) for name, value in tree.items()}


def _place(tree: Params, path: list[str], value: str) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            raise ApiError(400, f"Invalid object: {path[0]}", param=path[0])
    last = path[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise ApiError(400, f"Invalid object: {path[0]}", param=path[0])
    tree[last] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {name: _listed(one) for name, one in value.items()}
    return list(inside.values()) if list(inside) == [str(i) for i in range(len(inside))] else inside


def known(params: Params, *names: str) -> None:
    """Refuse parameters that the endpoint does not know, by name."""
    for name in params:
        if name not in names and name != "expand":
            raise ApiError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def text(params: Params, name: str, longest: int = 500, *, required: bool = True) -> str:
    value = params.get(name, "")
    if required and value == "":
        raise ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    if not isinstance(value, str) or len(value) > longest:
        raise ApiError(400, f"Invalid string: {name}; at most {longest} characters", param=name)
    return value


def whole(params: Params, name: str, *, least: int = 1) -> int:
    value = text(params, name, 12)
    if not re.fullmatch(r"[0-9]+", value) or int(value) < least:
        raise ApiError(400, f"Invalid integer: {value[:20]}", code="parameter_invalid_integer", param=name)
    return int(value)


def inner(params: Params, name: str) -> Params:
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise ApiError(400, f"Invalid object: {name}", param=name)
    return value


def metadata(params: Params, name: str = "metadata") -> dict[str, str]:
    given = inner(params, name)
    if len(given) > 50 or any(
        not isinstance(v, str) or len(k) > 40 or len(v) > 500 for k, v in given.items()
    ):
        raise ApiError(400, "Metadata: at most 50 keys of 40 characters, values of 500", param=name)
    return given


# -- lists


def listed(rows: QuerySet[Any], params: Params, path: str, describe: Callable[[Any], Any]) -> dict[str, Any]:
    """Page newest first by ``limit`` and ``starting_after``, within ``created[gt|gte|lt|lte]``."""
    for operator, value in inner(params, "created").items():
        if operator not in {"gt", "gte", "lt", "lte"} or not re.fullmatch(r"[0-9]{1,11}", str(value)):
            raise ApiError(400, "Invalid created", param="created")
        rows = rows.filter(**{f"created__{operator}": datetime.fromtimestamp(int(value), UTC)})
    limit = whole(params, "limit") if "limit" in params else 10
    if limit > 100:
        raise ApiError(400, "Invalid limit: at most 100", param="limit")
    after = text(params, "starting_after", 60, required=False)
    if after:
        last = rows.model._default_manager.filter(ref=after).first()
        if last is None:
            raise missing("object", after, "starting_after")
        rows = rows.filter(pk__lt=last.pk)
    found = list(rows.order_by("-pk")[: limit + 1])
    return {
        "object": "list",
        "url": path,
        "has_more": len(found) > limit,
        "data": [describe(row) for row in found[:limit]],
    }


# -- expansion


def expanded(data: dict[str, Any], params: Params) -> dict[str, Any]:
    """Put objects in the place of the ids that ``expand[]`` names; ``data.`` leads into a list."""
    wanted = params.get("expand") or []
    if not isinstance(wanted, list):
        raise ApiError(400, "Invalid array: expand", param="expand")
    for path in wanted:
        if not isinstance(path, str) or path.count(".") > 3:
            raise ApiError(400, "You cannot expand more than 4 levels of a property", param="expand")
        _expand(data, path.split("."), path)
    return data


def _expand(data: dict[str, Any], parts: list[str], path: str) -> None:
    from sandbox.psp.stripe.objects import by_ref

    name, rest = parts[0], parts[1:]
    if name not in data:
        raise ApiError(400, f"This property cannot be expanded ({path}).", param="expand")
    if name == "data" and isinstance(data[name], list):
        for one in data[name]:
            _expand(one, rest, path)
        return
    if isinstance(data[name], str):
        found = by_ref(data[name])
        if found is None:
            raise ApiError(400, f"This property cannot be expanded ({path}).", param="expand")
        data[name] = found
    if rest and isinstance(data[name], dict):
        _expand(data[name], rest, path)


# -- the view


def _key(request: HttpRequest) -> str:
    """Return the API key: Bearer, or Basic with the key as user name."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return rest.strip() if scheme == "Bearer" else ""


def _authenticate(request: HttpRequest) -> None:
    given = _key(request)
    if not given:
        raise ApiError(401, "You did not provide an API key.")
    if not hmac.compare_digest(given.encode(), account.API_KEY.encode()):
        raise ApiError(
            401, f"Invalid API Key provided: {given[:8]}****{given[-4:] if len(given) > 16 else ''}"
        )


@transaction.atomic
def _once(request: HttpRequest, run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Answer a key's repetition as its first use. A refusal rolls everything back, the key with it."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return run(), False
    if len(key) > 255:
        raise ApiError(400, "Idempotency keys are at most 255 characters", kind="idempotency_error")
    StripeKey.objects.filter(key=key, created_at__lt=timezone.now() - KEY_LIFE).delete()
    digest = hashlib.sha256(request.body).hexdigest()
    row = StripeKey(key=key, path=request.path, fingerprint=digest)
    try:
        with transaction.atomic():
            # A call that runs at the same moment waits here for the first to end.
            row.save(force_insert=True)
    except IntegrityError:
        row = StripeKey.objects.get(key=key)
        if (row.path, row.fingerprint) != (request.path, digest):
            raise ApiError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            ) from None
        return row.answer or {}, True
    answer = run()
    row.answer = answer
    row.save(update_fields=["answer"])
    return answer, False


def _handled(request: HttpRequest, methods: dict[str, Handler], arguments: dict[str, str]) -> JsonResponse:
    _authenticate(request)
    handler = methods.get((request.method or "").lower())
    if handler is None:
        raise ApiError(405, f"Unrecognized request URL ({request.method}: {request.path}).")
    if request.method != "POST":
        params = parse(request.META.get("QUERY_STRING", ""))
        return JsonResponse(expanded(handler(params, **arguments), params))
    try:
        params = parse(request.body.decode())
    except UnicodeDecodeError:
        raise ApiError(400, "Invalid request body: not UTF-8") from None
    answer, replayed = _once(request, lambda: expanded(handler(params, **arguments), params))
    response = JsonResponse(answer)
    if replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def api(**methods: Handler) -> Callable[..., JsonResponse]:
    """Make a view of handlers by HTTP method; refusals get Stripe's shape."""

    def view(request: HttpRequest, **arguments: str) -> JsonResponse:
        try:
            response = _handled(request, methods, arguments)
        except ApiError as error:
            response = JsonResponse({"error": error.body}, status=error.status)
        response["Request-Id"] = f"req_{secrets.token_hex(7)}"
        response["Stripe-Version"] = account.VERSION
        if request.headers.get("Idempotency-Key"):
            response["Idempotency-Key"] = request.headers["Idempotency-Key"]
        return response

    return csrf_exempt(view)


def sign(body: bytes, now: datetime) -> str:
    """Return the ``Stripe-Signature`` of a body at a moment."""
    seconds = int(now.timestamp())
    mac = hmac.new(account.WEBHOOK_SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={mac.hexdigest()}"


def body_of(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode()
