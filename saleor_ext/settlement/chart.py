"""The chart of accounts: what a code means, and on which side it grows.

``psp.<gateway>.<account>.pending`` is what a payment company holds for us; ``unassigned`` is buyers' money that no
parcel is known for yet; ``merchant.<slug>.pending`` and ``.available`` are what merchants will get and may have now;
``customs_tax.payable`` is customs' and never revenue; ``freight.payable`` is the carriers'.
"""

from __future__ import annotations

from .models import Account

Kind = Account.Kind

UNASSIGNED = "unassigned"
CUSTOMS_TAX = "customs_tax.payable"
FREIGHT = "freight.payable"
COMMISSION = "commission.revenue"
ROUNDING = "rounding"
PSP_FEE = "psp_fee.expense"
FX_GAIN_LOSS = "fx.gain_loss"
#: Paid out by us, not yet told by the bank whether it arrived.
PAYOUT_CLEARING = "payout.clearing"
#: The platform's account that payouts go out from.
PAYOUT_BANK = "bank.payout"
#: Beginning of a code -> kind; the longest that fits counts.
_KINDS = {
    "psp.": Kind.ASSET,
    "bank.": Kind.ASSET,
    UNASSIGNED: Kind.LIABILITY,
    "merchant.": Kind.LIABILITY,
    CUSTOMS_TAX: Kind.LIABILITY,
    FREIGHT: Kind.LIABILITY,
    "refund.clearing": Kind.LIABILITY,
    COMMISSION: Kind.INCOME,
    PSP_FEE: Kind.EXPENSE,
    "fx.trading.": Kind.ASSET,
    FX_GAIN_LOSS: Kind.INCOME,
    PAYOUT_CLEARING: Kind.LIABILITY,
    ROUNDING: Kind.EXPENSE,
}
#: Kinds that grow by debits.
DEBIT_KINDS = frozenset({Kind.ASSET, Kind.EXPENSE})


def kind_of(code: str) -> str:
    """Return the kind of an account.

    :raises ValueError: the chart has no such account
    """
    fitting = [beginning for beginning in _KINDS if code.startswith(beginning)]
    if not fitting:
        raise ValueError(f"the chart has no account {code!r}")
    return _KINDS[max(fitting, key=len)]


def psp_pending(gateway: str, account: str) -> str:
    return f"psp.{gateway}.{account}.pending"


def merchant_pending(slug: str) -> str:
    return f"merchant.{slug}.pending"


def merchant_available(slug: str) -> str:
    return f"merchant.{slug}.available"


def bank(account: str) -> str:
    return f"bank.{account}"


def fx_trading(currency: str) -> str:
    return f"fx.trading.{currency}"
