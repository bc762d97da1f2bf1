"""Checks the signature of a webhook that was recorded to a file: a proof that needs neither database nor network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypedDict

from saleor_ext.core.errors import PermanentError

from . import jws

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
#: Method and target; the version may be missing, and its number does not matter here.
_REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+( HTTP/\d(\.\d)?)?")


class Verdict(TypedDict):
    """``event`` as the request names it; ``reason`` is None when the signature holds."""

    valid: bool
    event: str | None
    reason: str | None


def verify_recorded(path: Path | str, jwks_path: Path | str) -> Verdict:
    """Tell whether a recorded request (request line, headers, blank line, body) carries a good signature.

    Lines of the head end in LF or CRLF; the body is every byte after the first blank line.
    """
    event: str | None = None
    try:
        headers, body = split_request(Path(path).read_bytes())
        event = headers.get("saleor-event") or headers.get("x-saleor-event")
        signature = headers.get("saleor-signature") or headers.get("x-saleor-signature") or ""
        jws.verify(signature, body, _read_jwks(Path(jwks_path)))
    except OSError as error:
        return {"valid": False, "event": event, "reason": f"cannot read {error.filename}: {error.strerror}"}
    except PermanentError as error:
        return {"valid": False, "event": event, "reason": error.message}
    return {"valid": True, "event": event, "reason": None}


def split_request(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers (names in lower case) and the exact body of a recorded request.

    :raises PermanentError: when it is not a recorded HTTP request
    """
    blank = _BLANK_LINE.search(raw)
    if blank is None:
        raise PermanentError("not a recorded request: no blank line after the headers", code="malformed")
    lines = re.split(r"\r?\n", raw[: blank.start()].decode("latin-1"))
    if not _REQUEST_LINE.fullmatch(lines[0]):
        raise PermanentError("not a recorded request: the first line is no request line", code="malformed")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        # A folded line would hide what belongs to which header: no sender of webhooks folds.
        if not colon or not name.strip() or name[0] in " \t":
            raise PermanentError(f"not a recorded request: {line[:60]!r} is no header", code="malformed")
        key = name.strip().lower()
        if headers.get(key, value.strip()) != value.strip():
            raise PermanentError(f"the header {name.strip()} is given twice, differently", code="malformed")
        headers[key] = value.strip()
    return headers, raw[blank.end() :]


def _read_jwks(path: Path) -> dict[str, object]:
    try:
        jwks = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        jwks = None
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise PermanentError(f"{path.name} is not a key set", code="malformed")
    return jwks
