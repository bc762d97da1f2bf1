"""The gate in front of the transport: a breaker each way, and back-pressure towards the port.

Whatever leaves or comes in passes here, new messages and repeats alike. ``PutOff`` means that nothing failed: an
outbox message waits without losing a try.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from saleor_ext.core.breaker import BreakerOpen
from saleor_ext.core.errors import PutOff

from . import links
from .config import CustomsConfig
from .models import CustomsDocument
from .states import DocumentState
from .transport import Transport

log = logging.getLogger(__name__)

#: Those who wait for answers of others ask again after this many seconds at least, at most.
LEAST_WAIT, LONGEST_WAIT = 15.0, 600.0
#: So many of those who wait may ask in a second, all together.
ASKING = 20


def send(name: str, body: bytes, *, again: bool = False) -> None:
    """Hand a message to the transport; ``again`` is for a message whose documents are in flight already.

    :raises PutOff: the breaker is open, the outbox is full, or too many documents are unanswered
    :raises TransientError: when the transport does not take it now
    """
    settings = links.config()
    if not again:
        ensure_room(settings)
    with links.breaker("send", settings).guard():
        links.transport(settings).send(name, body)


def ensure_room(settings: CustomsConfig) -> None:
    """Put off while as many documents as are allowed wait for an answer.

    Several workers may pass at once: the limit is kept to within their number.
    """
    most = settings.most_in_flight
    if most and in_flight(most) >= most:
        raise PutOff(f"{most} documents wait for the port's answer", _wait())


def in_flight(most: int) -> int:
    """Return how many documents were sent and not answered at all, counting no further than ``most``."""
    return CustomsDocument.objects.filter(state=DocumentState.SENT)[:most].count()


def _wait() -> float:
    """Return seconds to wait: longer when many do, so that their asking is no load."""
    most = int(LONGEST_WAIT * ASKING)
    waiting = CustomsDocument.objects.filter(state=DocumentState.BUILT)[:most].count()
    return min(max(waiting / ASKING, LEAST_WAIT), LONGEST_WAIT)


@contextmanager
def receiving() -> Iterator[Transport | None]:
    """Give the transport to read from; None while its breaker is open.

    A transient failure inside is counted by the breaker.
    """
    settings = links.config()
    with ExitStack() as stack:
        try:
            stack.enter_context(links.breaker("receive", settings).guard())
        except BreakerOpen as closed:
            log.info("nothing is received: %s", closed.message)
            yield None
            return
        yield links.transport(settings)
