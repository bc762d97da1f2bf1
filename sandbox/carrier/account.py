"""The customer account: fixed and public, written to ``SANDBOX_DIR/carrier/config.json`` for the demo."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings

from sandbox.jobs.queue import knob

PARTNER_ID = "PONTESANDBOX"
CHECK_WORD = "PonteSandboxCheckWord0123456789"
LOGISTICS_CODE = "440316SFPO"
LOGISTICS_NAME = "顺风沙盒速运有限公司"
MONTHLY_CARD = "7551234567"


def java_urlencode(text: str) -> str:
    """Encode as ``java.net.URLEncoder`` does: space to plus, and the tilde is not spared."""
    return quote_plus(text, safe="*-._").replace("~", "%7E")


def digest(text: str, timestamp: str) -> str:
    """Return msgDigest: base64 of the MD5 of the encoded text, timestamp and check word."""
    plain = java_urlencode(text + timestamp + CHECK_WORD)
    return base64.b64encode(hashlib.md5(plain.encode(), usedforsecurity=False).digest()).decode()


def config() -> dict[str, Any]:
    return {
        "what": "Ponte SANDBOX carrier account: nothing is carried",
        "base_url": settings.SANDBOX_PUBLIC_URL,
        "service_url": f"{settings.SANDBOX_PUBLIC_URL}/std/service",
        "partner_id": PARTNER_ID,
        "check_word": CHECK_WORD,
        "monthly_card": MONTHLY_CARD,
        "logistics_code": LOGISTICS_CODE,
        "logistics_name": LOGISTICS_NAME,
    }


def write_config() -> None:
    """Write the account for the demo; atomically, it may be read at the same time."""
    home = Path(settings.SANDBOX_DIR) / "carrier"
    home.mkdir(parents=True, exist_ok=True)
    part = home / ".config.json.part"
    part.write_text(json.dumps(config(), ensure_ascii=False, indent=2) + "\n")
    part.replace(home / "config.json")


def push_url(request: dict[str, Any]) -> str:
    """Return where routes go: the order's own address, the control page's, or the environment's."""
    return extra(request, "routePushUrl") or str(
        knob("carrier_push_url", "") or os.environ.get("SANDBOX_CARRIER_PUSH_URL", "")
    )


def extra(request: dict[str, Any], name: str) -> str:
    """Return a value of ``extraInfoList`` ([{attrName, attrVal}])."""
    for entry in request.get("extraInfoList") or []:
        if isinstance(entry, dict) and entry.get("attrName") == name:
            return str(entry.get("attrVal") or "")
    return ""
