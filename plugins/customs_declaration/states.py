"""States of a declared document, what a return status means, and which moves are allowed.

A receipt moves a document only forward in its time, only along ``ALLOWED``, never out of a final
state except as said there. Codes that are not in the table are recorded and change nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .messages import statuses
from .messages.statuses import codes_of, masked

__all__ = ["DocumentState", "codes_of", "is_final", "masked", "may_move", "moves_of", "state_of"]


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


S = DocumentState

#: Return status -> state, as the specification of 202205 lists them.
STATUS = {code: DocumentState(state) for code, state in statuses.STATES.items()}
#: Order in which a document usually passes its states; decides between receipts of the same instant.
RANK = {
    state: rank
    for rank, state in enumerate(
        (S.BUILT, S.SENT, S.STORED, S.DECLARED, S.RECEIVED, S.ERROR, S.ACCEPTED, S.REVIEW, S.INSPECTION,
         S.DETAINED, S.REVIEWED, S.REJECTED, S.RELEASED, S.RETURNED, S.CLOSED)
    )
}  # fmt: skip

_OPEN = frozenset(
    {
        S.BUILT,
        S.SENT,
        S.STORED,
        S.DECLARED,
        S.RECEIVED,
        S.ERROR,
        S.ACCEPTED,
        S.REVIEW,
        S.REVIEWED,
        S.INSPECTION,
        S.DETAINED,
    }
)
_INVENTORY_FINAL = frozenset({S.RELEASED, S.CLOSED, S.RETURNED, S.REJECTED})
_FROM_PORT = frozenset(set(S) - {S.BUILT, S.SENT})

#: Inventory lists end released, closed, sent back or rejected.
INVENTORY_MOVES: dict[str, frozenset[str]] = {
    **{state: (_FROM_PORT | {S.SENT} if state is S.BUILT else _FROM_PORT) - {state} for state in _OPEN},
    S.RELEASED: frozenset({S.CLOSED, S.RETURNED}),
    S.CLOSED: frozenset(),
    S.RETURNED: frozenset(),
    S.REJECTED: frozenset(),
}
#: Orders, payments and waybills end accepted (120, or 399 where customs use it) or rejected.
SUPPORT_MOVES: dict[str, frozenset[str]] = {
    **INVENTORY_MOVES,
    S.ACCEPTED: frozenset({S.REVIEWED}),
    S.REVIEWED: frozenset(),
}


def state_of(status: str) -> DocumentState | None:
    """Return the state a return status means; negative codes are errors, unknown ones None."""
    word = statuses.state_word(status)
    return None if word == statuses.UNKNOWN else DocumentState(word)


def moves_of(kind: str) -> dict[str, frozenset[str]]:
    """Return the table of allowed moves of a message kind."""
    return INVENTORY_MOVES if kind == "CEB621Message" else SUPPORT_MOVES


def is_final(kind: str, state: str) -> bool:
    """Tell whether a document waits for nothing more that matters to the parcel."""
    if kind == "CEB621Message":
        return state in _INVENTORY_FINAL
    return state in {S.ACCEPTED, S.REVIEWED, S.REJECTED}


def may_move(kind: str, state: str, last: datetime | None, target: DocumentState, at: datetime) -> bool:
    """Tell whether a receipt of time ``at`` moves a document whose newest applied receipt is of ``last``."""
    if target not in moves_of(kind)[state]:
        return False
    if last is None or at > last:
        return True
    return at == last and RANK[target] > RANK[DocumentState(state)]
