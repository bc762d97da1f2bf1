"""What the shop keeps in the Django session: boxes, orders, payments on their way, and the sign-in."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest

_BOXES, _ORDERS, _PAYMENTS, _ACCOUNT, _KNOWN = "boxes", "orders", "payments", "account", "receiver"
#: Orders a browser may open without an account.
ORDERS_KEPT = 50


@dataclass(slots=True)
class BoxState:
    """A group of the basket and the Saleor checkout behind it."""

    merchant: str
    lane: str
    warehouse: str
    checkout: str = ""
    pieces: int = 0

    @property
    def key(self) -> str:
        return box_key(self.merchant, self.lane, self.warehouse)


def box_key(merchant: str, lane: str, warehouse: str) -> str:
    """Name a group in addresses; a hash, so that keys have one shape."""
    return hashlib.sha256(f"{merchant}|{lane}|{warehouse}".encode()).hexdigest()[:10]


def boxes(request: HttpRequest) -> dict[str, BoxState]:
    return {key: BoxState(**kept) for key, kept in request.session.get(_BOXES, {}).items()}


def keep_box(request: HttpRequest, state: BoxState) -> None:
    kept = request.session.get(_BOXES, {})
    kept[state.key] = asdict(state)
    request.session[_BOXES] = kept


def drop_box(request: HttpRequest, key: str) -> None:
    kept = request.session.get(_BOXES, {})
    if kept.pop(key, None) is not None:
        request.session[_BOXES] = kept


def pieces(request: HttpRequest) -> int:
    """Count what lies in the basket, without asking Saleor."""
    session = getattr(request, "session", None)
    return (
        sum(kept.get("pieces", 0) for kept in session.get(_BOXES, {}).values()) if session is not None else 0
    )


def orders(request: HttpRequest) -> list[str]:
    return list(request.session.get(_ORDERS, []))


def keep_order(request: HttpRequest, order_id: str) -> None:
    kept = [order_id, *(known for known in orders(request) if known != order_id)]
    request.session[_ORDERS] = kept[:ORDERS_KEPT]


@dataclass(slots=True)
class PaymentState:
    """A payment that was begun for a box; ``amount`` as Saleor had it then."""

    transaction: str
    checkout: str
    method: str
    method_name: str
    amount: str
    currency: str
    attempt: int = 1
    order: str = ""


def payment(request: HttpRequest, key: str) -> PaymentState | None:
    kept = request.session.get(_PAYMENTS, {}).get(key)
    return PaymentState(**kept) if kept else None


def keep_payment(request: HttpRequest, key: str, state: PaymentState) -> None:
    kept = request.session.get(_PAYMENTS, {})
    kept[key] = asdict(state)
    request.session[_PAYMENTS] = kept


def drop_payment(request: HttpRequest, key: str) -> None:
    kept = request.session.get(_PAYMENTS, {})
    if kept.pop(key, None) is not None:
        request.session[_PAYMENTS] = kept


@dataclass(slots=True)
class Account:
    """A signed-in Saleor account; tokens stay on the server."""

    email: str
    token: str
    refresh: str
    at: float
    user_id: str = ""
    name: str = ""


def account(request: HttpRequest) -> Account | None:
    session = getattr(request, "session", None)
    kept = session.get(_ACCOUNT) if session is not None else None
    return Account(**kept) if kept else None


def sign_in(request: HttpRequest, signed: Account) -> None:
    """Keep the account under a new session key; the basket comes along."""
    request.session.cycle_key()
    request.session[_ACCOUNT] = asdict(signed)


def renew(request: HttpRequest, signed: Account, token: str) -> Account:
    signed.token, signed.at = token, time.time()
    request.session[_ACCOUNT] = asdict(signed)
    return signed


def forget_account(request: HttpRequest) -> None:
    """End a sign-in that Saleor no longer renews; the basket stays."""
    request.session.pop(_ACCOUNT, None)


def sign_out(request: HttpRequest) -> None:
    """Forget everything of the shop: the next person at this browser sees neither basket nor orders."""
    for key in (_ACCOUNT, _BOXES, _ORDERS, _PAYMENTS, _KNOWN):
        request.session.pop(key, None)
    request.session.cycle_key()


def receiver(request: HttpRequest) -> dict[str, Any]:
    """Return the address given last, to start the next box with."""
    return dict(request.session.get(_KNOWN, {}))


def keep_receiver(request: HttpRequest, values: dict[str, Any]) -> None:
    request.session[_KNOWN] = values
