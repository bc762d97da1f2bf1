"""Tells the ledger what a company's statement says of its own money: fees, changes of currency, payouts to our bank.

Payments, refunds and charge-backs are told when they happen and not again from a statement. Fees and conversions are
told as one sum a statement, currency and direction: the statement's lines are kept and say which they were of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import MoneyEvent, money_events

from .models import PaymentStatement
from .port import Gateway, StatementKind, StatementLine, StatementSource
from .statements import bounds


def tell(gateway: Gateway, statement: PaymentStatement, lines: Sequence[StatementLine]) -> None:
    """Promise to book a statement; call in the transaction that keeps it, so that it is once."""
    for event in (
        *_fees(statement, lines),
        *(_conversions(statement, lines) if _converts(gateway) else ()),
        *_settlements(statement, lines),
    ):
        money_events.tell(event)


def _converts(gateway: Gateway) -> bool:
    return isinstance(gateway, StatementSource) and gateway.settles_by_line


def _fees(statement: PaymentStatement, lines: Sequence[StatementLine]) -> Iterator[MoneyEvent]:
    """One sum a currency; below nought where more was given back than taken."""
    sums: dict[str, Money] = {}
    for line in lines:
        if line.fee is not None:
            sums[line.fee.currency] = sums.get(line.fee.currency, Money.zero(line.fee.currency)) + line.fee
    for currency, fee in sorted(sums.items()):
        if fee.amount:
            yield _event(statement, "fee", f"{statement.day}:{currency}", fee)


def _conversions(statement: PaymentStatement, lines: Sequence[StatementLine]) -> Iterator[MoneyEvent]:
    """What payments in one currency became in the one that is paid out, and refunds the other way round."""
    sums: dict[tuple[str, str, str], tuple[Money, Money]] = {}
    for line in lines:
        if line.settled is None or line.settled.currency == line.amount.currency:
            continue
        ways = {
            StatementKind.PAYMENT: (line.amount, line.settled),
            StatementKind.REFUND: (line.settled, line.amount),
        }
        if (way := ways.get(line.kind)) is None:
            continue
        gave, got = way
        key = (line.kind.value, gave.currency, got.currency)
        before = sums.get(key, (Money.zero(gave.currency), Money.zero(got.currency)))
        sums[key] = (before[0] + gave, before[1] + got)
    for (kind, source, target), (gave, got) in sorted(sums.items()):
        yield _event(statement, "converted", f"{statement.day}:{kind}:{source}:{target}", gave, got)


def _settlements(statement: PaymentStatement, lines: Sequence[StatementLine]) -> Iterator[MoneyEvent]:
    for line in lines:
        if not line.amount.amount:
            continue
        if line.kind is StatementKind.SETTLEMENT:
            yield _event(statement, "settled", line.reference, line.amount)
        elif line.kind is StatementKind.RETURNED:
            yield _event(statement, "settled", f"{line.reference}{money_events.BACK}", -line.amount)


def _event(
    statement: PaymentStatement, kind: str, reference: str, amount: Money, became: Money | None = None
) -> MoneyEvent:
    return MoneyEvent(
        kind=kind,  # type: ignore[arg-type]  # one of the three above
        key=f"{statement.gateway}:{statement.account}:{reference}",
        gateway=statement.gateway,
        account=statement.account,
        api_url="",
        transaction_id="",
        amount=amount,
        became=became,
        # The last moment of the day: all of it was booked by then.
        at=bounds(statement.day)[1] - timedelta(seconds=1),
        reference=reference,
    )
