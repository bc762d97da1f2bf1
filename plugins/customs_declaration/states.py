"""States of documents and declarations, what a return status means, and which moves are allowed.

A receipt moves a document only forward in its time or to an end, only along the table of its kind, never out of a
final state except as said there. Codes that are not in the table are recorded and change nothing.

Each table is closed under taking a shorter way: what can be reached over several states can be reached at once.
That is why receipts may come in any order: the latest by customs' clock is applied wherever the document stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .messages import statuses
from .messages.statuses import codes_of, masked

__all__ = [
    "DECLARATION_MOVES",
    "DeclarationState",
    "DocumentState",
    "Standing",
    "codes_of",
    "confirms",
    "declaration_state",
    "is_final",
    "masked",
    "may_move",
    "moves_of",
    "state_of",
]


class DocumentState(models.TextChoices):
    BUILT = "built", _("Built")
    SENT = "sent", _("Sent to the port")
    STORED = "stored", _("Stored at the port")
    DECLARED = "declared", _("Being declared")
    RECEIVED = "received", _("Passed on to customs")
    ACCEPTED = "accepted", _("Accepted by customs")
    REVIEW = "review", _("Under manual review")
    REVIEWED = "reviewed", _("Review finished")
    INSPECTION = "inspection", _("Under inspection")
    DETAINED = "detained", _("Detained")
    RELEASED = "released", _("Released")
    CLOSED = "closed", _("Closed")
    RETURNED = "returned", _("Sent back abroad")
    REJECTED = "rejected", _("Rejected by customs")
    ERROR = "error", _("Processing error")
    #: Built, but the parcel was cancelled before it was sent.
    DROPPED = "dropped", _("Never sent")
    #: An amendment or deletion that the port did not take: the version before it stands.
    VOID = "void", _("Not taken")


S = DocumentState

#: Return status -> state, as the specification of 202205 lists them.
STATUS = {code: DocumentState(state) for code, state in statuses.STATES.items()}
#: Order in which a document usually passes its states; decides between receipts of the same instant.
RANK = {
    state: rank
    for rank, state in enumerate(
        (S.BUILT, S.DROPPED, S.SENT, S.STORED, S.DECLARED, S.RECEIVED, S.ERROR, S.ACCEPTED, S.REVIEW, S.INSPECTION,
         S.DETAINED, S.REVIEWED, S.VOID, S.REJECTED, S.RELEASED, S.RETURNED, S.CLOSED)
    )
}  # fmt: skip

#: Kinds of messages by what becomes of them.
LIST = "CEB621Message"
CANCELLATION, REFUND = "CEB623Message", "CEB625Message"
APPLICATIONS = (CANCELLATION, REFUND)

_EARLY = frozenset({S.BUILT, S.SENT, S.STORED, S.DECLARED, S.RECEIVED, S.ERROR, S.ACCEPTED, S.REVIEW})
_OPEN = _EARLY | {S.REVIEWED, S.INSPECTION, S.DETAINED}
_INVENTORY_FINAL = frozenset({S.RELEASED, S.CLOSED, S.RETURNED, S.REJECTED})
_APPLICATION_FINAL = frozenset({S.REVIEWED, S.RELEASED, S.CLOSED, S.REJECTED})
_FROM_PORT = frozenset(set(S) - {S.BUILT, S.SENT, S.DROPPED})
_APPLICATION_FROM_PORT = frozenset((_EARLY | _APPLICATION_FINAL) - {S.BUILT, S.SENT})
_NOWHERE: frozenset[str] = frozenset()


def _open_moves(states: Iterable[S], reached: frozenset[S]) -> dict[str, frozenset[str]]:
    """Open states lead to everything that the port may say; what is built is first sent, or dropped."""
    return {
        state: frozenset(reached | {S.SENT, S.DROPPED} if state is S.BUILT else reached) - {state}
        for state in states
    }


#: Inventory lists end released, closed, sent back or rejected.
INVENTORY_MOVES: dict[str, frozenset[str]] = {
    **_open_moves(_OPEN, _FROM_PORT),
    S.RELEASED: frozenset({S.CLOSED, S.RETURNED}),
    S.CLOSED: _NOWHERE,
    S.RETURNED: _NOWHERE,
    S.REJECTED: _NOWHERE,
    S.VOID: _NOWHERE,
    # The sending was under way when the parcel was cancelled.
    S.DROPPED: frozenset({S.SENT}),
}
#: Orders, payments and waybills end accepted (120, or 399 where customs use it) or rejected.
SUPPORT_MOVES: dict[str, frozenset[str]] = {
    **INVENTORY_MOVES,
    S.ACCEPTED: frozenset({S.REVIEWED}),
    S.REVIEWED: _NOWHERE,
}
#: Cancellations and returns end granted (399; 800 and 899 have been seen) or rejected.
APPLICATION_MOVES: dict[str, frozenset[str]] = {
    **dict.fromkeys(S, _NOWHERE),
    **_open_moves(_EARLY, _APPLICATION_FROM_PORT),
    S.REVIEWED: frozenset({S.RELEASED, S.CLOSED}),
    S.RELEASED: frozenset({S.CLOSED}),
    S.DROPPED: frozenset({S.SENT}),
}

#: A document in one of these states failed; the next try is a new version.
FAILED = frozenset({S.REJECTED, S.ERROR})
#: A list in one of these lies at the port and may still be released.
ALIVE = frozenset(_OPEN - {S.BUILT, S.ERROR})
RELEASED = frozenset({S.RELEASED, S.CLOSED})
#: An application in one of these was granted.
GRANTED = frozenset({S.REVIEWED, S.RELEASED, S.CLOSED})
#: Versions that nothing is expected of: the version before them counts.
PASSED_OVER = frozenset({S.DROPPED, S.VOID})


def state_of(status: str) -> DocumentState | None:
    """Return the state a return status means; negative codes are errors, unknown ones None."""
    word = statuses.state_word(status)
    return None if word == statuses.UNKNOWN else DocumentState(word)


def moves_of(kind: str) -> dict[str, frozenset[str]]:
    """Return the table of allowed moves of a message kind."""
    if kind in APPLICATIONS:
        return APPLICATION_MOVES
    return INVENTORY_MOVES if kind == LIST else SUPPORT_MOVES


def is_final(kind: str, state: str) -> bool:
    """Tell whether a document waits for nothing more that matters to the parcel."""
    if kind in APPLICATIONS:
        return state in _APPLICATION_FINAL
    if kind == LIST:
        return state in _INVENTORY_FINAL | {S.VOID}
    return state in {S.ACCEPTED, S.REVIEWED, S.REJECTED, S.VOID}


def may_move(kind: str, state: str, last: datetime | None, target: DocumentState, at: datetime) -> bool:
    """Tell whether a receipt of time ``at`` moves a document whose newest applied receipt is of ``last``.

    An end is one by any clock: the word of an earlier stage may be given after it, by the port when customs were
    faster, and may also arrive first.
    """
    if target not in moves_of(kind)[state]:
        return False
    ends = is_final(kind, target) and not is_final(kind, state)
    if last is None or at > last or ends:
        return True
    return at == last and RANK[target] > RANK[DocumentState(state)]


def confirms(kind: str, state: str, last: datetime | None, target: DocumentState, at: datetime) -> bool:
    """Tell whether a later receipt says the same of a document that is still open.

    It moves nothing, but what is older than it must not move the document either.
    """
    return target == state and not is_final(kind, state) and last is not None and at > last


# -- declarations ----------------------------------------------------------------------------------------------


class DeclarationState(models.TextChoices):
    NEW = "new", _("Not yet declared")
    ORDER = "order", _("Order declared")
    LIST = "list", _("Inventory list declared")
    STOPPED = "stopped", _("Needs attention")
    RELEASED = "released", _("Released")
    CLOSED = "closed", _("Closed")
    WITHDRAWING = "withdrawing", _("Withdrawal asked for")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CANCELLED = "cancelled", _("Cancelled")
    SENT_BACK = "sent_back", _("Sent back by customs")
    RETURN_ASKED = "return_asked", _("Return asked for")
    RETURNED = "returned", _("Return granted")
    RETURN_REFUSED = "return_refused", _("Return refused")


D = DeclarationState

_BEFORE_RELEASE = frozenset({D.NEW, D.ORDER, D.LIST, D.STOPPED, D.WITHDRAWING, D.CANCELLED})
_BY_CUSTOMS = frozenset({D.RELEASED, D.CLOSED, D.SENT_BACK, D.WITHDRAWN})
_AFTER_RELEASE = frozenset({D.RETURN_ASKED, D.RETURNED, D.RETURN_REFUSED})
#: The one table of a declaration's moves. Nothing leads back from a release to before it; a withdrawal that
#: customs granted is the end. A cancelled case comes back to life only when customs took the list all the same.
DECLARATION_MOVES: dict[str, frozenset[str]] = {
    D.NEW: frozenset({D.ORDER, D.LIST, D.STOPPED, D.CANCELLED, D.WITHDRAWING}) | _BY_CUSTOMS,
    D.ORDER: frozenset({D.LIST, D.STOPPED, D.CANCELLED, D.WITHDRAWING}) | _BY_CUSTOMS,
    D.LIST: frozenset({D.STOPPED, D.CANCELLED, D.WITHDRAWING}) | _BY_CUSTOMS,
    D.STOPPED: frozenset({D.NEW, D.ORDER, D.LIST, D.CANCELLED, D.WITHDRAWING}) | _BY_CUSTOMS,
    D.WITHDRAWING: frozenset({D.STOPPED, D.CANCELLED, D.LIST}) | _BY_CUSTOMS,
    D.CANCELLED: frozenset({D.WITHDRAWING, D.STOPPED}) | _BY_CUSTOMS,
    D.RELEASED: frozenset({D.CLOSED, D.SENT_BACK, D.WITHDRAWN}) | _AFTER_RELEASE,
    D.CLOSED: frozenset({D.WITHDRAWN}) | _AFTER_RELEASE,
    D.RETURN_ASKED: frozenset({D.RETURNED, D.RETURN_REFUSED, D.SENT_BACK, D.WITHDRAWN}),
    D.RETURNED: frozenset({D.RETURN_ASKED, D.SENT_BACK, D.WITHDRAWN}),
    D.RETURN_REFUSED: frozenset({D.RETURN_ASKED, D.RETURNED, D.SENT_BACK, D.WITHDRAWN}),
    D.SENT_BACK: frozenset({D.WITHDRAWN}),
    D.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a declaration's state follows from.

    States are those of the newest version that counts, empty where there is none; ``…_retries`` tell that a failed
    one is being tried again by itself. ``returns``: states of its returns.
    """

    order: str = ""
    waybill: str = ""
    listed: str = ""
    withdrawal: str = ""
    order_retries: bool = False
    waybill_retries: bool = False
    list_retries: bool = False
    withdrawal_retries: bool = False
    #: A step was left to a person, for whatever reason.
    stopped: bool = False
    #: The parcel was cancelled; a person asked for the withdrawal.
    cancelled: bool = False
    withdrawal_asked: bool = False
    returns: tuple[str, ...] = ()


def declaration_state(now: Standing) -> DeclarationState:
    """Return the state that follows from where the documents stand: the same whatever order they came there in."""
    if now.withdrawal in GRANTED:
        return D.WITHDRAWN
    if now.listed == S.RETURNED:
        return D.SENT_BACK
    if now.listed in RELEASED:
        return _after_release(now)
    if now.cancelled or (now.withdrawal_asked and now.listed in ALIVE):
        return _leaving(now)
    return _on_the_way(now)


def _after_release(now: Standing) -> DeclarationState:
    for state, meaning in (
        ("asked", D.RETURN_ASKED),
        ("approved", D.RETURNED),
        ("refused", D.RETURN_REFUSED),
    ):
        if state in now.returns:
            return meaning
    return D.CLOSED if now.listed == S.CLOSED else D.RELEASED


def _leaving(now: Standing) -> DeclarationState:
    if now.listed not in ALIVE:
        return D.CANCELLED
    refused = now.withdrawal in FAILED and not now.withdrawal_retries
    return D.STOPPED if refused else D.WITHDRAWING


def _on_the_way(now: Standing) -> DeclarationState:
    documents = (
        (now.order, now.order_retries),
        (now.waybill, now.waybill_retries),
        (now.listed, now.list_retries),
    )
    failed = any(state in FAILED and not retries for state, retries in documents)
    if now.stopped or failed:
        return D.STOPPED
    if now.listed:
        return D.LIST
    return D.ORDER if now.order else D.NEW
