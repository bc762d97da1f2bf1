"""The one call that leaves the house: the upload to customs' data interface."""

from __future__ import annotations

import httpx2

from saleor_ext.core.errors import PermanentError, TransientError

#: Several tries fit into the minute.
TIMEOUT = httpx2.Timeout(10.0, connect=3.0)
_MOST = 64 * 1024
_LATER = frozenset({408, 425, 429})


def upload(url: str, text: str) -> str:
    """POST the form field ``payExInfoStr`` and return the body of the answer.

    :raises TransientError: when trying later may help
    """
    try:
        answer = httpx2.post(url, data={"payExInfoStr": text}, timeout=TIMEOUT)
    except httpx2.HTTPError as error:
        raise TransientError(f"customs' data interface does not answer: {type(error).__name__}") from error
    if answer.status_code >= 500 or answer.status_code in _LATER:
        raise TransientError(f"customs' data interface answered {answer.status_code}")
    if not answer.is_success:
        raise PermanentError(f"customs' data interface answered {answer.status_code}")
    return answer.text[:_MOST]
