"""What may follow what: the allowed transitions of sessions, declarations, refunds and disputes."""

from __future__ import annotations

from .models import PaymentSession
from .port import DeclarationState, DisputeState, RefundState

S = PaymentSession.State

#: Money may arrive late, even on a session we closed: PAID is reachable from every state but SUSPECT.
SESSION: dict[str, frozenset[str]] = {
    S.NEW: frozenset({S.WAITING, S.PAID, S.CLOSED, S.FAILED, S.SUSPECT}),
    S.WAITING: frozenset({S.PAID, S.CLOSED, S.FAILED, S.SUSPECT}),
    S.CLOSED: frozenset({S.PAID, S.SUSPECT}),
    S.FAILED: frozenset({S.WAITING, S.PAID, S.CLOSED, S.SUSPECT}),
    S.SUSPECT: frozenset(),
    S.PAID: frozenset(),
}

D = DeclarationState
_OPEN = frozenset({D.SUBMITTED, D.PROCESSING, D.SUCCESS, D.FAIL, D.EXCEPT})
#: A record that customs took is moved again only by our own re-declaration, never by a late answer.
DECLARATION: dict[str, frozenset[str]] = {
    D.UNDECLARED: _OPEN,
    D.SUBMITTED: _OPEN - {D.SUBMITTED},
    D.PROCESSING: frozenset({D.SUCCESS, D.FAIL, D.EXCEPT}),
    D.EXCEPT: _OPEN - {D.EXCEPT},
    D.FAIL: frozenset({D.SUBMITTED, D.PROCESSING, D.SUCCESS}),
    D.SUCCESS: frozenset(),
}
#: From these a record may be pushed to customs again.
REDECLARABLE = frozenset({D.SUCCESS, D.EXCEPT})

R = RefundState
REFUND: dict[str, frozenset[str]] = {
    R.PROCESSING: frozenset({R.SUCCESS, R.FAILED, R.CLOSED}),
    R.SUCCESS: frozenset(),
    R.FAILED: frozenset({R.SUCCESS}),
    R.CLOSED: frozenset(),
}

Q = DisputeState
_MONEY = frozenset({Q.NEEDS_RESPONSE, Q.UNDER_REVIEW, Q.WON, Q.LOST})
#: Answers may be applied in another order than they were given, so money that was taken is not forgotten again.
DISPUTE: dict[str, frozenset[str]] = {
    Q.OTHER: frozenset(Q) - {Q.OTHER},
    Q.INQUIRY: frozenset(Q) - {Q.INQUIRY, Q.OTHER},
    Q.CLOSED: _MONEY,
    Q.NEEDS_RESPONSE: _MONEY - {Q.NEEDS_RESPONSE},
    Q.UNDER_REVIEW: _MONEY - {Q.UNDER_REVIEW},
    Q.LOST: frozenset({Q.WON}),
    Q.WON: frozenset(),
}


def allowed(table: dict[str, frozenset[str]], before: str, after: str) -> bool:
    return after in table[before]
