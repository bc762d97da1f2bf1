"""Money: a Decimal amount with its currency, never a float."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

#: Digits after the point of the currencies in use (ISO 4217).
DIGITS = {"CNY": 2, "HKD": 2, "MOP": 2, "EUR": 2, "USD": 2, "JPY": 0}


class CurrencyMismatch(ValueError):
    """Two different currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency; arithmetic keeps full precision until ``quantize``."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount, float):
            raise TypeError("Money takes Decimal, int or str, never float")
        if not isinstance(self.amount, Decimal):
            try:
                object.__setattr__(self, "amount", Decimal(self.amount))
            except InvalidOperation:
                raise ValueError(f"not an amount: {self.amount!r}") from None
        if not self.amount.is_finite():
            raise ValueError(f"not an amount: {self.amount!r}")
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.isupper():
            raise ValueError(f"not an ISO 4217 currency: {self.currency!r}")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """Build from minor units (fen, cents)."""
        return cls(Decimal(minor).scaleb(-_digits(currency)), currency)

    @classmethod
    def sum(cls, parts: Iterable[Money], currency: str) -> Money:
        total = cls.zero(currency)
        for part in parts:
            total += part
        return total

    @property
    def minor(self) -> int:
        """Return the amount in minor units; an amount finer than that is an error, not rounded."""
        scaled = self.amount.scaleb(_digits(self.currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{self} is finer than the minor unit")
        return int(scaled)

    def quantize(self, rounding: str = ROUND_HALF_UP) -> Money:
        """Round to the currency's minor unit (HALF_UP unless told)."""
        return Money(
            self.amount.quantize(Decimal(1).scaleb(-_digits(self.currency)), rounding), self.currency
        )

    def _other(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise TypeError(f"expected Money, got {type(other).__name__}")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._other(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._other(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        if isinstance(factor, float):
            raise TypeError("multiply Money by Decimal or int, never float")
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._other(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._other(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._other(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._other(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def as_json(self) -> dict[str, str]:
        return {"amount": f"{self.amount:f}", "currency": self.currency}


def _digits(currency: str) -> int:
    try:
        return DIGITS[currency]
    except KeyError:
        raise ValueError(f"currency not in use here: {currency}") from None


def spread(total: Money, weights: Sequence[Decimal]) -> list[Money]:
    """Split ``total`` by weight, each share rounded HALF_UP to the minor unit; the last takes the rest.

    The shares always sum to ``total``, and of a positive total none is negative: a share is never more than
    what the earlier ones have left. With no weight at all the shares are equal.
    """
    if not weights:
        raise ValueError("nothing to spread over")
    whole = sum(weights, Decimal(0))
    if whole == 0:
        weights = [Decimal(1)] * len(weights)
        whole = Decimal(len(weights))
    if total.amount < 0:
        return [-share for share in spread(-total, weights)]
    shares, left = [], total
    for weight in weights[:-1]:
        share = min(Money(total.amount * weight / whole, total.currency).quantize(), left)
        shares.append(share)
        left -= share
    return [*shares, left]
