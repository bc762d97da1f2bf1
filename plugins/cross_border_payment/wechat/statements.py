"""Reads a daily statement of WeChat Pay Global: text, values behind a backtick, columns by position.

Columns, the backtick and the units (amounts with two decimals) follow the public page chapter3_3_6, read 2026-11. The
page names the columns in its own language, so it is their number and order that count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from saleor_ext.core import clock
from saleor_ext.core.money import Money

from ..port import GatewayUnavailable, StatementKind, StatementLine

COLUMNS = (
    "time", "appid", "mchid", "sub_mchid", "device", "transaction_id", "out_trade_no", "openid", "trade_type",
    "trade_state", "bank", "top_up_currency", "top_up_amount", "coupon_currency", "coupon_amount", "refund_id",
    "out_refund_no", "refund_type", "refund_state", "goods", "attach", "fee", "fee_rate", "currency", "amount",
    "payer_currency", "payer_amount", "settle_currency", "settle_amount", "rate", "refund_rate", "refund_amount",
    "payer_refund_currency", "payer_refund_amount", "refund_settle_currency", "refund_settle_amount",
    "top_up_refund_amount", "coupon_refund_amount",
)  # fmt: skip
PAID, REFUNDED, REVOKED = "SUCCESS", "REFUND", "REVOKED"
#: A refund that is being processed counts as made (reconciliation FAQ, read 2026-11).
MADE = {"SUCCESS", "PROCESSING"}


def read(raw: bytes, mchid: str) -> list[StatementLine]:
    """Return the lines of an account's statement, in their order.

    :raises GatewayUnavailable: when it is not of the known shape, or another account's
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GatewayUnavailable("the statement is not UTF-8") from error
    head, *rows = text.splitlines() or [""]
    if len(head.split(",")) != len(COLUMNS):
        raise GatewayUnavailable(f"the statement has {len(head.split(','))} columns, not {len(COLUMNS)}")
    return [_line(row, mchid) for row in _rows(rows)]


def _rows(lines: list[str]) -> Iterator[dict[str, str]]:
    """Yield rows by column; what follows under a heading of its own (the sums) is left out."""
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        if not line.startswith("`"):
            return
        # Values may hold commas; only one before a backtick parts them.
        values = line[1:].split(",`")
        if len(values) != len(COLUMNS):
            raise GatewayUnavailable(f"line {number} of the statement has {len(values)} values")
        yield dict(zip(COLUMNS, (value.strip() for value in values), strict=True))


def _line(row: dict[str, str], mchid: str) -> StatementLine:
    if row["mchid"] != mchid:
        raise GatewayUnavailable("the statement is another merchant account's")
    refund = row["trade_state"] in (REFUNDED, REVOKED)
    kind = StatementKind.REFUND if refund else StatementKind.PAYMENT
    if row["trade_state"] not in (PAID, REFUNDED, REVOKED) or (refund and row["refund_state"] not in MADE):
        kind = StatementKind.OTHER
    settled = (
        ("refund_settle_amount", "refund_settle_currency") if refund else ("settle_amount", "settle_currency")
    )
    return StatementLine(
        kind=kind,
        reference=row["refund_id" if refund else "transaction_id"],
        at=_moment(row["time"]),
        amount=_money(row["refund_amount" if refund else "amount"], row["currency"]),
        out_trade_no=row["out_trade_no"],
        refund_no=row["out_refund_no"] if refund else "",
        fee=_money(row["fee"], row["currency"]) if row["fee"] else None,
        settled=_money(row[settled[0]], row[settled[1]]) if row[settled[0]] else None,
        rate=_decimal(row["refund_rate" if refund else "rate"]),
    )


def _money(text: str, currency: str) -> Money:
    amount = _decimal(text)
    if amount is None:
        raise GatewayUnavailable("a line of the statement has no amount")
    try:
        return Money(amount, currency).quantize()
    except ValueError as error:
        raise GatewayUnavailable(f"not a currency in use: {error}") from None


def _decimal(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise GatewayUnavailable(f"not a number on the statement: {text[:20]!r}") from error
    if not value.is_finite():
        raise GatewayUnavailable(f"not a number on the statement: {text[:20]!r}")
    return value


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.CHINA)
    except ValueError as error:
        raise GatewayUnavailable(f"not a time on the statement: {text[:20]!r}") from error
