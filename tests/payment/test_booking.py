"""A statement's own money goes to the ledger: fees, changes of currency, payouts; once, with the statement."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from plugins.cross_border_payment import booking, gateways, matching, statements
from plugins.cross_border_payment.models import PaymentStatement, PaymentStatementLine
from plugins.cross_border_payment.port import StatementKind, StatementLine
from saleor_ext.core import clock
from saleor_ext.core.models import OutboxMessage
from saleor_ext.core.money import Money

from .fake_wechat import FakeWechat

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 26)
#: The last second of the day in China.
LAST = "2026-11-26T23:59:59+08:00"
K = StatementKind


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(amount, currency)


def line(kind: StatementKind, reference: str, amount: str, fee: str = "", settled: str = "") -> StatementLine:
    return StatementLine(
        kind=kind,
        reference=reference,
        at=datetime(2026, 11, 26, 4, tzinfo=UTC),
        amount=money(amount),
        fee=money(fee) if fee else None,
        settled=money(settled) if settled else None,
        rate=Decimal("1.08") if settled else None,
    )


LINES = [
    line(K.PAYMENT, "pi_1", "194.00 CNY", "9.51 HKD", "209.52 HKD"),
    line(K.PAYMENT, "pi_2", "100.00 CNY", "5.00 HKD", "108.00 HKD"),
    line(K.PAYMENT, "pi_3", "10.00 HKD", "0.50 HKD", "10.00 HKD"),
    line(K.REFUND, "re_1", "10.00 CNY", "0.00 HKD", "10.80 HKD"),
    line(K.OTHER, "fee_1", "2.00 HKD", "2.00 HKD", "2.00 HKD"),
    line(K.OTHER, "adj_1", "7.00 HKD"),
    line(K.SETTLEMENT, "po_1", "299.71 HKD", "", "299.71 HKD"),
    line(K.RETURNED, "po_0", "40.00 HKD", "", "40.00 HKD"),
]


def source(by_line: bool = True) -> Any:
    def none(day: date) -> list[StatementLine]:
        return []

    return SimpleNamespace(
        identifier="stripe", account="main", statement_hour=1, settles_by_line=by_line, statement=none
    )


def told() -> list[tuple[str, ...]]:
    """Return what the ledger was told, without what all have in common."""
    found = []
    for promise in OutboxMessage.objects.filter(topic="settlement.money").order_by("key"):
        event = promise.payload
        assert (event["gateway"], event["account"], event["at"]) == ("stripe", "main", LAST)
        assert (event["api_url"], event["transaction_id"]) == ("", "")
        assert promise.key == f"{event['kind']}:{event['key']}"
        became = event.get("became") or {}
        found.append(
            (event["kind"], event["key"], f"{event['amount']} {event['currency']}",
             f"{became['amount']} {became['currency']}" if became else "")
        )  # fmt: skip
    return found


@pytest.fixture
def statement() -> PaymentStatement:
    return PaymentStatement.objects.create(gateway="stripe", account="main", day=DAY, imported_at=clock.now())


def test_fees_conversions_and_payouts_are_told_by_currency_and_direction(statement: PaymentStatement) -> None:
    booking.tell(source(), statement, LINES)
    assert told() == [
        ("converted", "stripe:main:2026-11-26:payment:CNY:HKD", "294.00 CNY", "317.52 HKD"),
        ("converted", "stripe:main:2026-11-26:refund:HKD:CNY", "10.80 HKD", "10.00 CNY"),
        ("fee", "stripe:main:2026-11-26:HKD", "17.01 HKD", ""),
        ("settled", "stripe:main:po_0:back", "-40.00 HKD", ""),
        ("settled", "stripe:main:po_1", "299.71 HKD", ""),
    ]
    booking.tell(source(), statement, LINES)
    assert len(told()) == 5, "told again, promised once"


def test_what_a_line_settled_to_is_not_guessed_where_the_company_does_not_say(
    statement: PaymentStatement,
) -> None:
    booking.tell(source(by_line=False), statement, LINES)
    assert [event[0] for event in told()] == ["fee", "settled", "settled"]


def test_nothing_is_told_of_nothing_and_fees_may_be_given_back(statement: PaymentStatement) -> None:
    booking.tell(source(), statement, [])
    booking.tell(
        source(),
        statement,
        [line(K.PAYMENT, "a", "1.00 CNY", "1.00 CNY"), line(K.REFUND, "b", "1.00 CNY", "-1.00 CNY")],
    )
    assert told() == []
    booking.tell(source(), statement, [line(K.REFUND, "b", "1.00 CNY", "-0.40 CNY")])
    assert told() == [("fee", "stripe:main:2026-11-26:CNY", "-0.40 CNY", "")]


def test_a_statement_and_what_it_books_stand_or_fall_together(
    wechat: FakeWechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateways.gateway()
    lines = [line(K.PAYMENT, "42", "194.00 CNY", "1.55 CNY", "209.52 HKD")]
    monkeypatch.setattr(type(gateway), "statement", lambda self, day: lines)

    def broken(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("no room")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError), transaction.atomic():
        patch.setattr(statements.audit, "record", broken)
        statements.fetch(gateway, DAY)
    assert not OutboxMessage.objects.exists() and not PaymentStatementLine.objects.exists()
    statements.fetch(gateway, DAY)
    statements.fetch(gateway, DAY)
    (promise,) = OutboxMessage.objects.filter(topic="settlement.money")
    assert (promise.payload["kind"], promise.payload["amount"]) == ("fee", "1.55")


def test_a_payout_is_no_payment_to_look_for(statement: PaymentStatement) -> None:
    PaymentStatementLine.objects.create(
        statement=statement,
        number=1,
        kind=K.SETTLEMENT,
        reference="po_1",
        at=clock.now(),
        amount="1",
        currency="HKD",
    )
    report = matching.compare(source(), DAY)
    assert (report["settlements"], report["differences"]) == (1, [])
