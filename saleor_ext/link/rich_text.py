"""Plain text to and from Saleor's rich text (Editor.js JSON)."""

from __future__ import annotations

import html
import json
import re

_TAG = re.compile(r"<[^>]+>")


def editor_js(text: str) -> str | None:
    """Return paragraphs as Editor.js JSON; the same text always gives the same JSON. None for no text."""
    paragraphs = [part.strip() for part in text.split("\n") if part.strip()]
    if not paragraphs:
        return None
    blocks = [{"type": "paragraph", "data": {"text": html.escape(part, quote=False)}} for part in paragraphs]
    return json.dumps({"version": "2.22.2", "blocks": blocks}, ensure_ascii=False)


def plain_text(rich: str | None) -> str:
    """Return the words of Editor.js JSON, one line a block; what is not Editor.js is returned as it is."""
    if not rich:
        return ""
    try:
        blocks = json.loads(rich)["blocks"]
    except (ValueError, KeyError, TypeError):
        return rich
    return "\n".join(filter(None, (_block(block.get("data") or {}) for block in blocks)))


def _block(data: dict[str, object]) -> str:
    if isinstance(items := data.get("items"), list):
        return "\n".join(_clean(item if isinstance(item, str) else item.get("content", "")) for item in items)
    return _clean(str(data.get("text", "")))


def _clean(text: str) -> str:
    return html.unescape(_TAG.sub("", text)).strip()
