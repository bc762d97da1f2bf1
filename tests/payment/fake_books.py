"""A Saleor that keeps transactions: answers the query for changed ones and takes reports, as the real one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from saleor_ext.core import clock

from .conftest import FakeSaleor

ZERO = Decimal(0)


@dataclass
class Books(FakeSaleor):
    """Transactions by id; ``asked`` are the variables of every reading."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    #: Raised by the next reading that begins at a place.
    refuse_place: Exception | None = None
    #: Answered to every reading instead of transactions.
    odd: dict[str, Any] | None = None
    currency: str = "CNY"

    def money(self, amount: Decimal) -> dict[str, Any]:
        return {"amount": amount, "currency": self.currency}

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> dict[str, Any]:
        if "query PaymentTransactionsChanged" not in document:
            answer = super().execute(document, variables, idempotent=idempotent)
            self.take(dict(variables or {}))
            return answer
        if self.fail:
            raise self.fail
        given = dict(variables or {})
        self.asked.append(given)
        if self.refuse_place and given["after"]:
            raise self.refuse_place
        return {"transactions": self._page(given)} if self.odd is None else self.odd

    def _page(self, given: dict[str, Any]) -> dict[str, Any]:
        """Cut by key set, as Saleor does: the place is the last one's time and id."""
        found = [item for item in self.items.values() if _fits(item, given["where"])]
        found.sort(key=_place)
        if given["after"]:
            found = [item for item in found if _place(item) > tuple(given["after"].split(" "))]
        cut = found[: given["first"]]
        end = " ".join(_place(cut[-1])) if cut else None
        return {
            "edges": [{"node": self._shown(item)} for item in cut],
            "pageInfo": {"hasNextPage": len(found) > len(cut), "endCursor": end},
        }

    def _shown(self, item: dict[str, Any]) -> dict[str, Any]:
        events = item["events"]
        charged = sum((e["amount"]["amount"] for e in events if e["type"] == "CHARGE_SUCCESS"), ZERO)
        charged -= sum((e["amount"]["amount"] for e in events if e["type"] == "CHARGE_BACK"), ZERO)
        done = {e["pspReference"]: e["amount"]["amount"] for e in events if e["type"] == "REFUND_SUCCESS"}
        ended = {e["pspReference"] for e in events if e["type"] in ("REFUND_SUCCESS", "REFUND_FAILURE")}
        pending = {
            e["pspReference"]: e["amount"]["amount"]
            for e in events
            if e["type"] == "REFUND_REQUEST" and e["pspReference"] and e["pspReference"] not in ended
        }
        refunded, waiting = sum(done.values(), ZERO), sum(pending.values(), ZERO)
        return {
            **item,
            "chargedAmount": self.money(charged - refunded - waiting),
            "refundedAmount": self.money(refunded),
            "refundPendingAmount": self.money(waiting),
        }

    def item(self, id: str) -> dict[str, Any]:
        now = clock.now().isoformat()
        return self.items.setdefault(id, {"id": id, "createdAt": now, "modifiedAt": now, "events": []})

    def event(self, id: str, kind: str, amount: str, reference: str = "", **more: Any) -> dict[str, Any]:
        """Write an event; it alone does not move the transaction's time, as in Saleor."""
        events = self.item(id)["events"]
        made = {
            "id": f"{id}-{len(events)}",
            "type": kind,
            "createdAt": clock.now().isoformat(),
            "pspReference": reference,
            "idempotencyKey": f"uuid-{id}-{len(events)}",
            "message": "",
            "amount": self.money(Decimal(amount)),
            **more,
        }
        events.append(made)
        return made

    def take(self, report: dict[str, Any]) -> None:
        """Take a report; the same reference and type again change nothing."""
        item = self.item(report["id"])
        if any(
            e["type"] == report["type"] and e["pspReference"] == report["pspReference"]
            for e in item["events"]
        ):
            return
        self.event(report["id"], report["type"], report["amount"], report["pspReference"])
        item["modifiedAt"] = clock.now().isoformat()

    def kinds(self, id: str) -> list[tuple[str, str, str]]:
        return [(e["type"], str(e["amount"]["amount"]), e["pspReference"]) for e in self.items[id]["events"]]


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["modifiedAt"], item["id"]


def _fits(item: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    if "ids" in where:
        return item["id"] in where["ids"]
    app, either = where["AND"]
    assert app == {"appIdentifier": {"eq": "ponte.payment"}}
    modified, events = either["OR"]
    since = datetime.fromisoformat(modified["modifiedAt"]["gte"])
    assert events == {"events": [{"createdAt": {"gte": since.isoformat()}}]}
    times = [item["modifiedAt"], *(event["createdAt"] for event in item["events"])]
    return any(datetime.fromisoformat(at) >= since for at in times)
