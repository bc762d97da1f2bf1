"""The wire protocol of Antom: signed requests in, signed answers out, results S, F and U."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sandbox.psp import keys
from sandbox.psp.notify import MANNERS, Manner

#: Seconds by which a request's time may be off, either way.
WINDOW = 300


class Refused(Exception):
    """A result F with Antom's code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def result(status: str, code: str = "SUCCESS", message: str = "success") -> dict[str, Any]:
    return {"result": {"resultStatus": status, "resultCode": code, "resultMessage": message}}


def _covered(path: str, moment: str, body: bytes) -> bytes:
    return f"POST {path}\n{keys.CLIENT_ID}.{moment}.".encode() + body


def signed(path: str, body: bytes, name: str) -> dict[str, str]:
    """Return the headers that prove a message; ``name`` is that of its time."""
    moment = str(int(time.time() * 1000))
    signature = keys.load_antom().own.sign(_covered(path, moment, body), padding.PKCS1v15(), hashes.SHA256())
    text = quote(base64.b64encode(signature).decode(), safe="")
    return {
        "Client-Id": keys.CLIENT_ID,
        name: moment,
        "Signature": f"algorithm=RSA256,keyVersion=1,signature={text}",
    }


def check(request: HttpRequest) -> None:
    """Check the merchant's signature over path, time and raw body."""
    if request.headers.get("Client-Id") != keys.CLIENT_ID:
        raise Refused("INVALID_CLIENT", "the client id is not known")
    moment = request.headers.get("Request-Time", "")
    if not moment.isascii() or not moment.isdigit() or abs(time.time() - int(moment[:13]) / 1000) > WINDOW:
        raise Refused("INVALID_SIGNATURE", "the request time is not of this moment")
    fields = dict(
        part.strip().partition("=")[::2] for part in request.headers.get("Signature", "").split(",")
    )
    try:
        if fields.get("algorithm") != "RSA256":
            raise ValueError
        keys.load_antom().merchant.verify(
            base64.b64decode(unquote(fields.get("signature", "")), validate=True),
            _covered(request.path, moment, request.body),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except (InvalidSignature, binascii.Error, ValueError):
        raise Refused("INVALID_SIGNATURE", "the signature is invalid") from None


def api(handler: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., HttpResponse]:
    """Make a view of a handler of JSON objects; refusals become signed results F."""

    def view(request: HttpRequest) -> HttpResponse:
        try:
            check(request)
            data = json.loads(request.body)
            if not isinstance(data, dict):
                raise Refused("PARAM_ILLEGAL", "a JSON object is needed")
            answer = handler(data)
        except ValueError:
            answer = result("F", "PARAM_ILLEGAL", "the body is no JSON")
        except Refused as refused:
            answer = result("F", refused.code, refused.message)
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        return HttpResponse(
            body,
            content_type="application/json; charset=UTF-8",
            headers=signed(request.path, body, "Response-Time"),
        )

    return csrf_exempt(require_POST(view))


def _taken(response: httpx2.Response) -> bool:
    """A notification is taken when the answer's result says S."""
    try:
        return response.status_code == 200 and response.json()["result"]["resultStatus"] == "S"
    except (ValueError, KeyError, TypeError):
        return False


MANNERS["antom"] = Manner(lambda body, url: signed(urlsplit(url).path, body, "Request-Time"), _taken)


def text(data: Any, name: str, longest: int, *, required: bool = True) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refused("PARAM_ILLEGAL", f"{name} is needed, at most {longest} characters")
    return value


def yuan(data: Any, name: str) -> int:
    """Return an amount in fen: a string of digits in CNY."""
    given = data.get(name) if isinstance(data, dict) else None
    value = text(given, "value", 16)
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise Refused("PARAM_ILLEGAL", f"{name}.value is a number of minor units")
    if text(given, "currency", 3) != "CNY":
        raise Refused("CURRENCY_NOT_SUPPORT", "the sandbox knows CNY only")
    return int(value)


def amount(fen: int) -> dict[str, str]:
    return {"currency": "CNY", "value": str(fen)}
