"""Transactions as Saleor tells them, read page by page with the payment app's own token."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import SaleorClient, document

from .sessions import APP, PACKAGE

log = logging.getLogger(__name__)

#: What the audit log calls them.
OBJECT = "payment_transaction"
#: Transactions in one answer; Saleor allows 100.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a transaction; ``reference`` is empty until somebody answers with one."""

    id: str
    type: str
    at: datetime
    reference: str
    key: str
    message: str
    amount: Money

    @property
    def family(self) -> str:
        """``CHARGE``, ``REFUND``, ``CANCEL`` …: what the event is about."""
        return self.type.partition("_")[0]

    @property
    def is_request(self) -> bool:
        return self.type.endswith("_REQUEST")

    @property
    def is_end(self) -> bool:
        return self.type.endswith(("_SUCCESS", "_FAILURE"))


@dataclass(frozen=True, slots=True)
class Transaction:
    """What Saleor knows of one payment."""

    id: str
    created_at: datetime
    modified_at: datetime
    charged: Money
    refunded: Money
    refund_pending: Money
    events: tuple[Event, ...]

    @property
    def came(self) -> Money:
        """Money that came in at all: what is given back or taken back by a bank leaves ``charged``."""
        return self.charged + self.refunded + self.refund_pending + self.taken_back

    @property
    def taken_back(self) -> Money:
        """Money that banks took and did not bring again: the way back is a charge under the same reference."""
        taken = {event.reference: event.amount for event in self.events if event.type == "CHARGE_BACK"}
        left = (amount for number, amount in taken.items() if not self.has("CHARGE_SUCCESS", number))
        return Money.sum(left, self.charged.currency)

    @property
    def touched_at(self) -> datetime:
        """Saleor's own time of the last thing it did here.

        The time of an event that has a reference is the reporter's, so it does not count.
        """
        own = (event.at for event in self.events if event.is_request and not event.reference)
        return max((self.modified_at, *own))

    @property
    def pending_refunds(self) -> list[Event]:
        """Refund requests that were answered with a reference and have not ended."""
        ended = {event.reference for event in self.events if event.family == "REFUND" and event.is_end}
        asked = (event for event in self.events if event.type == "REFUND_REQUEST" and event.reference)
        return [event for event in asked if event.reference not in ended]

    def has(self, kind: str, reference: str) -> bool:
        """Whether an event of this type was reported under a reference."""
        return any(event.type == kind and event.reference == reference for event in self.events)

    def has_reference(self, reference: str) -> bool:
        """Whether anything was said under a reference."""
        return any(event.reference == reference for event in self.events)


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer held; ``after`` is None on the last page."""

    transactions: tuple[Transaction, ...]
    after: str | None


def changed_since(since: datetime) -> dict[str, Any]:
    """Return the condition for transactions of our app that changed, or were asked for something, since an instant.

    A request alone does not move a transaction's ``modifiedAt``: a lost refund request shows only in its events.
    """
    recent = {"gte": since.isoformat()}
    return {
        "AND": [
            {"appIdentifier": {"eq": APP}},
            {"OR": [{"modifiedAt": recent}, {"events": [{"createdAt": recent}]}]},
        ]
    }


def read_page(client: SaleorClient, where: Mapping[str, Any], after: str | None = None) -> Page:
    """Read one page of transactions, oldest change first; one that cannot be understood is left out and logged.

    :raises PermanentError: when the answer is no list of transactions
    """
    answer = client.execute(
        document(PACKAGE, "graphql/transactions_changed.graphql"),
        {"where": where, "first": PAGE, "after": after},
    )
    try:
        found = answer["transactions"]
        nodes = [edge["node"] for edge in found["edges"]]
        place = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] and nodes else None
    except (KeyError, TypeError) as error:
        raise PermanentError("what Saleor answers is no list of transactions") from error
    return Page(tuple(_readable(nodes)), place)


def _readable(nodes: list[Mapping[str, Any]]) -> Iterator[Transaction]:
    for node in nodes:
        try:
            yield _transaction(node)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            log.exception("transaction %s cannot be read", node.get("id"))


def _transaction(node: Mapping[str, Any]) -> Transaction:
    return Transaction(
        id=node["id"],
        created_at=datetime.fromisoformat(node["createdAt"]),
        modified_at=datetime.fromisoformat(node["modifiedAt"]),
        charged=_money(node["chargedAmount"]),
        refunded=_money(node["refundedAmount"]),
        refund_pending=_money(node["refundPendingAmount"]),
        events=tuple(sorted((_event(event) for event in node["events"]), key=lambda event: event.at)),
    )


def _event(node: Mapping[str, Any]) -> Event:
    return Event(
        id=node["id"],
        type=node["type"] or "INFO",
        at=datetime.fromisoformat(node["createdAt"]),
        reference=node["pspReference"],
        key=node["idempotencyKey"] or "",
        message=node["message"],
        amount=_money(node["amount"]),
    )


def _money(node: Mapping[str, Any]) -> Money:
    return Money(Decimal(str(node["amount"])), node["currency"])
