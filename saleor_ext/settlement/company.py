"""What payment companies' statements say of our money with them: fees, changes of currency, payouts to our bank."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from saleor_ext.core.errors import TransientError
from saleor_ext.core.money import Money

from . import chart, fx
from .ledger import About, credit, debit, post

FEE, CONVERTED, SETTLED = "fee", "converted", "settled"
KINDS = (FEE, CONVERTED, SETTLED)
#: Companies pay to the account that merchants are paid from.
PAID_TO = "payout"


def write(event: dict[str, Any], amount: Money, became: Money | None, at: datetime) -> None:
    """Write a movement of a statement.

    :raises TransientError: there is no reference rate yet to measure a conversion by
    """
    gateway, account, reference = event["gateway"], event["account"], event["reference"]
    if event["kind"] == FEE:
        gateway_fee(gateway, account, reference, amount, at)
    elif event["kind"] == SETTLED:
        gateway_settled(gateway, account, reference, amount, PAID_TO, amount, at)
    else:
        assert became is not None  # told with every conversion
        held = chart.psp_pending(gateway, account)
        key = f"psp_converted:{event['key']}"
        try:
            fx.convert(key, (held, amount), (held, became), at=at, about=About(reference=reference))
        except fx.NoRate as error:
            raise TransientError(error.message, code=error.code) from error


def gateway_fee(gateway: str, account: str, reference: str, fee: Money, at: datetime) -> None:
    """Write the fee that a payment company's statement names; once for each of its references. Negative: given back.

    :raises KeyReused: the statement named another fee under this reference before
    """
    legs = [debit(chart.PSP_FEE, fee), credit(chart.psp_pending(gateway, account), fee)]
    key = f"psp_fee:{gateway}:{account}:{reference}"
    post(key, "psp_fee", legs, at=at, about=About(reference=reference))


def gateway_settled(  # the two amounts are what the company took off and what the bank received
    gateway: str, account: str, reference: str, taken: Money, bank: str, received: Money, at: datetime
) -> None:
    """Write money that arrived from a payment company on a bank account, converted if it came in another currency.

    :raises KeyReused: something else was written under this reference before
    :raises ValueError: the amounts differ in the same currency; the difference is a fee and told as such
    """
    key = f"psp_settled:{gateway}:{account}:{reference}"
    held, arrived = chart.psp_pending(gateway, account), chart.bank(bank)
    about = About(reference=reference)
    if taken.currency != received.currency:
        fx.convert(key, (held, taken), (arrived, received), at=at, about=about, kind="psp_settled")
        return
    if taken != received:
        raise ValueError(f"{reference}: {taken} went out and {received} came in")
    post(key, "psp_settled", [debit(arrived, received), credit(held, taken)], at=at, about=about)
