"""What plugins tell the ledger: money came, went back, was taken back, or came back after all.

Told in the plugin's own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from saleor_ext.core.money import Money

TOPIC = "settlement.money"
#: Stands behind the number of a payout to our bank that came back.
BACK = ":back"


@dataclass(frozen=True, slots=True)
class MoneyEvent:
    """A movement of money at a payment company. ``key`` is the same however often it is told.

    ``reference`` is the company's own number of the movement; the payment is named as Saleor names it. A charge-back
    that is reversed is told under the key it was told under when the money went. ``fee``, ``converted`` and ``settled``
    are of a company's statement and of no payment: what it took (negative: gave back), what it changed ``amount`` into
    (``became``), what it paid to our bank.
    """

    kind: Literal[
        "captured", "refunded", "charged_back", "charge_back_reversed", "fee", "converted", "settled"
    ]
    key: str
    gateway: str
    account: str
    api_url: str
    transaction_id: str
    amount: Money
    at: datetime
    reference: str = ""
    became: Money | None = None


def tell(event: MoneyEvent) -> None:
    """Promise to write a movement into the ledger; once, whatever becomes of this process afterwards."""
    from saleor_ext.core import outbox  # a plugin is declared before there are models

    payload: dict[str, Any] = {
        "kind": event.kind,
        "key": event.key,
        "gateway": event.gateway,
        "account": event.account,
        "api_url": event.api_url,
        "transaction_id": event.transaction_id,
        "amount": f"{event.amount.amount:f}",
        "currency": event.amount.currency,
        "at": event.at.isoformat(),
        "reference": event.reference,
    }
    if event.became is not None:
        payload["became"] = {"amount": f"{event.became.amount:f}", "currency": event.became.currency}
    outbox.enqueue(TOPIC, payload, key=f"{event.kind}:{event.key}")
