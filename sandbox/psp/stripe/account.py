"""The account: fixed and public on purpose; what it is charged is data."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings

API_KEY = "sk_test_PonteSandboxStripeKey0123456789"
WEBHOOK_SECRET = "whsec_PonteSandboxStripeSecret0123456789"  # noqa: S105 - public on purpose
ACCOUNT = "acct_1PonteSandbox"
VERSION = "2026-10-28.endive"
METHODS = ("card", "alipay", "wechat_pay")
#: What the account settles in; other currencies are converted at these rates when charged (made up, near 2026's).
SETTLES = "hkd"
RATES = {
    "hkd": Decimal(1),
    "cny": Decimal("1.085"),
    "mop": Decimal("0.970874"),
    "usd": Decimal("7.78"),
    "eur": Decimal("9.02"),
}
#: Share and fixed part (cents of HKD) of each payment.
FEES = {method: (Decimal("0.034"), 235) for method in METHODS}
DISPUTE_FEE = 8500
#: How long money can go back (docs.stripe.com/payments/alipay, …/wechat-pay, read 2026-11); cards: no limit.
REFUND_WINDOW = {"alipay": timedelta(days=90), "wechat_pay": timedelta(days=180)}
#: Wallets' refunds end some minutes later; a card's may still come back.
REFUND_SECONDS = 300
AVAILABLE_AFTER = timedelta(days=7)


def config() -> dict[str, Any]:
    """Return what a merchant reads in the dashboard."""
    return {
        "base_url": settings.SANDBOX_PUBLIC_URL,
        "account": ACCOUNT,
        "api_key": API_KEY,
        "webhook_secret": WEBHOOK_SECRET,
        "payment_method_types": list(METHODS),
        "settles": SETTLES,
    }


def settled(amount: int, currency: str) -> int:
    """Convert minor units to cents of the settlement currency (all have two digits)."""
    return int((amount * RATES[currency]).quantize(Decimal(1), ROUND_HALF_UP))


def fee(amount: int, method: str) -> int:
    """Return the fee on a settled amount, in cents."""
    share, fixed = FEES[method]
    return int((amount * share).quantize(Decimal(1), ROUND_HALF_UP)) + fixed
