"""Keeps resident ID numbers and secrets out of every log line."""

from __future__ import annotations

import logging
import re

#: 17 digits and a check character, not inside a longer run of digits or letters.
_RESIDENT_ID = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_BEARER = re.compile(r"(?i)(bearer|authorization[\"']?\s*[:=]\s*[\"']?\w*)\s+[A-Za-z0-9._~+/=-]{16,}")


def mask(text: str) -> str:
    """Replace resident ID numbers and bearer tokens in a text."""
    return _BEARER.sub(r"\1 ***", _RESIDENT_ID.sub("***ID***", text))


class MaskPersonalData(logging.Filter):
    """Masks the finished message, arguments and exception text included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True
