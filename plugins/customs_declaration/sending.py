"""The gate in front of the transport: a breaker each way, and back-pressure towards the port.

Whatever leaves or comes in passes here, new messages and repeats alike. ``PutOff`` means that nothing failed: an
outbox message waits without losing a try.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from saleor_ext.core.errors import PutOff

from . import links
from .config import CustomsConfig
from .models import CustomsDocument
from .states import DocumentState
from .transport import Transport

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

    Several workers may pass at once, each with a whole message: the limit is kept to within that.
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
def receiving() -> Iterator[Transport]:
    """Give the transport to read from; a transient failure inside is counted by its breaker.

    :raises PutOff: at once, while the breaker is open
    """
    settings = links.config()
    with links.breaker("receive", settings).guard():
        yield links.transport(settings)
