"""The names in the icon sprite."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SPRITE = Path(__file__).parent / "static" / "ui" / "icons.svg"


@cache
def names() -> tuple[str, ...]:
    """List the icons that ``{% icon %}`` can draw."""
    return tuple(re.findall(r'<symbol id="([a-z-]+)"', SPRITE.read_text(encoding="utf-8")))
