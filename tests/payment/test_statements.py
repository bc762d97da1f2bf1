"""Days against statements: fetched once when they should be there, every line and payment accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import time_machine

from plugins.cross_border_payment import gateways, health, matching, refunds, statements, tasks
from plugins.cross_border_payment.commands import register
from plugins.cross_border_payment.matching import Kind
from plugins.cross_border_payment.models import (
    PaymentDeclaration,
    PaymentRefund,
    PaymentSession,
    PaymentStatement,
    PaymentStatementLine,
    ReconciliationItem,
)
from plugins.cross_border_payment.port import GatewayUnavailable, StatementKind, StatementMissing
from plugins.cross_border_payment.wechat import statements as wechat_statements
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import banking

from .conftest import FakePlatform
from .fake_wechat import MCHID, FakeWechat
from .test_declarations import drain, view
from .test_story import paid

DAY, KEY = date(2026, 11, 26), "20261126"
NOON = datetime(2026, 11, 26, 4, tzinfo=UTC)
#: Noon of the day after in China: every statement should be there.
AFTER = NOON + timedelta(days=1)


@pytest.fixture
def now() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as moment:
        yield moment


@pytest.fixture
def payment(now: Any, wechat: FakeWechat, services: FakePlatform) -> PaymentSession:
    """194 yuan paid at noon, with a parcel of that amount, and declared."""
    session = paid(wechat, services)
    services.parcels["parcel-1"] = view("PT1")
    PaymentDeclaration.objects.create(
        session=session, parcel_id="parcel-1", customs="GUANGZHOU_ZS", merchant_customs_no="1",
        amount=session.amount, state="SUCCESS", identity="SAME", created_at=NOON,
    )  # fmt: skip
    return session


def booked(session: PaymentSession, **changes: str) -> dict[int, str]:
    """A line of the statement for a payment, by positions as the public page counts them."""
    values = {
        "time": "2026-11-26 12:00:00", "state": "SUCCESS", "amount": "194.00", "currency": "CNY",
        "reference": session.gateway_ref, "number": session.out_trade_no, "fee": "1.55", "settle": "209.52",
        "settle_currency": "HKD", "rate": "1.08", **changes,
    }  # fmt: skip
    positions = {"time": 0, "reference": 5, "number": 6, "state": 9, "fee": 21, "currency": 23, "amount": 24,
                 "settle_currency": 27, "settle": 28, "rate": 29}  # fmt: skip
    return {2: MCHID, **{positions[name]: value for name, value in values.items()}}


def given_back(refund: PaymentRefund, amount: str, state: str = "SUCCESS") -> dict[int, str]:
    line = booked(refund.session, state="REFUND", fee="-0.40")
    return {
        **line,
        15: "5030",
        16: refund.refund_no,
        18: state,
        31: amount,
        34: "HKD",
        35: "54.00",
        30: "1.08",
    }


def compared(now: time_machine.Coordinates) -> list[tuple[str, str]]:
    """Fetch and compare the day at noon of the next one; return (kind, detail) of what was found."""
    now.move_to(AFTER)
    statements.fetch(gateways.gateway(), DAY)
    found = matching.compare(gateways.gateway(), DAY)["differences"]
    return [(one["kind"], one["detail"]) for one in found]


def test_a_day_on_which_all_agrees(now: Any, wechat: FakeWechat, payment: PaymentSession) -> None:
    wechat.statements[KEY] = [booked(payment)]
    assert compared(now) == []
    line = PaymentStatementLine.objects.get()
    assert (line.kind, line.reference, line.out_trade_no) == (
        "payment",
        payment.gateway_ref,
        payment.out_trade_no,
    )
    assert (line.amount, line.currency, line.fee) == (Decimal("194.00"), "CNY", Decimal("1.55"))
    assert (line.settled_amount, line.settled_currency, line.rate) == (
        Decimal("209.52"),
        "HKD",
        Decimal("1.08"),
    )
    assert line.at == NOON
    assert ReconciliationItem.objects.count() == 0


def test_refunds_are_matched_by_their_own_number(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    refund = refunds.request(payment, Money("50.00", "CNY"), "k")
    drain()
    wechat.refunds[refund.refund_no]["status"] = "SUCCESS"
    now.shift(timedelta(minutes=2))
    drain()
    wechat.statements[KEY] = [booked(payment), given_back(refund, "50.00", "PROCESSING")]
    assert compared(now) == []
    back = PaymentStatementLine.objects.get(kind="refund")
    assert (back.reference, back.refund_no, back.amount, back.fee) == (
        "5030", refund.refund_no, Decimal("50.00"), Decimal("-0.40"),
    )  # fmt: skip
    assert (back.settled_amount, back.rate) == (Decimal("54.00"), Decimal("1.08"))


def test_every_difference_is_named(now: Any, wechat: FakeWechat, payment: PaymentSession) -> None:
    strange = booked(payment, number="PTSTRANGER", reference="4299", amount="5.00")
    wechat.statements[KEY] = [booked(payment, amount="194.01"), booked(payment, amount="194.01"), strange]
    number = payment.gateway_ref
    assert compared(now) == [
        (Kind.AMOUNT, f"payment {number}: ours 194.00 CNY"),
        (Kind.TWICE, f"payment {number}: line 2"),
        (Kind.AMOUNT, f"payment {number}: ours 194.00 CNY"),
        (Kind.UNKNOWN, "payment 4299: no such payment"),
    ]
    kinds = sorted(ReconciliationItem.objects.values_list("kind", "subject"))
    assert kinds == [
        ("amount", payment.out_trade_no), ("twice", payment.out_trade_no), ("unknown", "PTSTRANGER"),
    ]  # fmt: skip


def test_what_is_not_on_the_statement_is_found_and_another_line_suggested(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    wechat.statements[KEY] = [booked(payment, number="PTOTHER", reference="4299")]
    assert compared(now) == [
        (Kind.UNKNOWN, "payment 4299: no such payment"),
        (Kind.NOT_LISTED, f"payment {payment.gateway_ref}"),
    ]
    lost = ReconciliationItem.objects.get(kind=Kind.NOT_LISTED)
    assert matching.suggestions(lost) == ["PTOTHER"]
    assert matching.suggestions(ReconciliationItem.objects.get(kind=Kind.UNKNOWN)) == [payment.out_trade_no]


def test_a_line_of_the_next_day_counts_for_the_last_minutes(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    late = datetime(2026, 11, 26, 15, 59, tzinfo=UTC)
    PaymentSession.objects.update(paid_at=late)
    wechat.statements[KEY] = []
    wechat.statements["20261127"] = [booked(payment, time="2026-11-27 00:00:01")]
    assert compared(now) == []
    now.shift(timedelta(days=1))
    statements.fetch(gateways.gateway(), DAY + timedelta(days=1))
    assert matching.compare(gateways.gateway(), DAY + timedelta(days=1))["differences"] == []


def test_order_and_declaration_are_compared_as_well(
    now: Any, wechat: FakeWechat, payment: PaymentSession, services: FakePlatform
) -> None:
    wechat.statements[KEY] = [booked(payment)]
    services.parcels["parcel-1"] = replace(view("PT1"), actual_paid=Money("193.99", "CNY"))
    PaymentDeclaration.objects.update(amount="100.00")
    assert compared(now) == [
        (Kind.ORDER_AMOUNT, "paid 194.00 CNY, parcel PT1 193.99 CNY"),
        (Kind.DECLARED, "declared to GUANGZHOU_ZS: 100.00"),
    ]
    services.parcels.clear()
    PaymentDeclaration.objects.all().delete()
    assert compared(now) == [
        (Kind.NO_ORDER, f"payment {payment.gateway_ref}"),
        (Kind.DECLARED, "customs have no record of it"),
    ]
    refunds.request(payment, payment.money, "all")
    assert compared(now) == []


def test_what_agrees_again_leaves_the_queue_and_what_a_person_took_off_stays_off(
    now: Any, wechat: FakeWechat, payment: PaymentSession, services: FakePlatform
) -> None:
    wechat.statements[KEY] = [booked(payment)]
    parcel = services.parcels.pop("parcel-1")
    assert [kind for kind, _detail in compared(now)] == [Kind.NO_ORDER]
    item = ReconciliationItem.objects.get()
    services.parcels["parcel-1"] = parcel
    assert compared(now) == []
    item.refresh_from_db()
    assert (item.settled_at, item.settled_by) == (AFTER, "")
    services.parcels.clear()
    compared(now)
    item.refresh_from_db()
    assert item.settled_at is None
    assert matching.take_off(item, actor="clerk", reason="paid by hand") is True
    assert matching.take_off(item, actor="other", reason="again") is False
    compared(now)
    item.refresh_from_db()
    assert (item.settled_by, item.reason) == ("clerk", "paid by hand")


def test_statements_are_fetched_when_they_are_due_and_a_missing_day_is_told(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    gateway = gateways.gateway()
    assert list(statements.lacking(gateway)) == []
    now.move_to(datetime(2026, 11, 27, 1, 59, tzinfo=UTC))
    tasks.import_statements()
    assert "GET /v3/global/statements" not in wechat.calls
    now.move_to(datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    tasks.import_statements()
    assert wechat.calls.count("GET /v3/global/statements") == 1
    assert ReconciliationItem.objects.count() == 0 and list(statements.lacking(gateway, late=True)) == []
    now.shift(timedelta(hours=2))
    tasks.import_statements()
    assert list(ReconciliationItem.objects.values_list("kind", "subject")) == [("missing_day", "2026-11-26")]
    told = {one.name: (one.status, one.message) for one in health.check()}
    assert told["payment.statements"] == ("warning", "Statements are missing: main 2026-11-26.")
    assert told["payment.reconciliation"][0] == "warning"
    wechat.statements[KEY] = [booked(payment)]
    tasks.import_statements()
    assert PaymentStatement.objects.get().day == DAY
    assert ReconciliationItem.objects.filter(settled_at=None).count() == 0
    tasks.import_statements()
    assert wechat.calls.count("GET /v3/global/statements") == 3, "what is there is not fetched again"


def test_a_difference_leaves_by_itself_once_the_other_day_is_there(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    wechat.statements[KEY] = []
    now.move_to(AFTER)
    tasks.import_statements()
    item = ReconciliationItem.objects.get()
    assert (item.kind, item.subject, item.settled_at) == (Kind.NOT_LISTED, payment.out_trade_no, None)
    wechat.statements["20261127"] = [booked(payment)]
    later = AFTER + timedelta(days=1)
    now.move_to(later)
    tasks.import_statements()
    item.refresh_from_db()
    assert (item.settled_at, item.settled_by) == (later, "")
    assert statements.unsettled(gateways.gateway()) == []


def test_a_forged_or_altered_statement_is_not_taken(
    now: Any, wechat: FakeWechat, payment: PaymentSession
) -> None:
    wechat.statements[KEY] = [booked(payment)]

    def altered(path: str, response: httpx2.Response) -> httpx2.Response:
        body = response.content.replace(b"194.00", b"194.01")
        return httpx2.Response(200, content=body, headers=response.headers)

    def resealed(path: str, response: httpx2.Response) -> httpx2.Response:
        import hashlib

        body = response.content.replace(b"194.00", b"194.01")
        told = {**response.headers, "wechatpay-statement-sha1": hashlib.sha1(body).hexdigest()}
        return httpx2.Response(200, content=body, headers=told)

    def unsigned(path: str, response: httpx2.Response) -> httpx2.Response:
        kept = {"wechatpay-statement-sha1": response.headers["wechatpay-statement-sha1"]}
        return httpx2.Response(200, content=response.content, headers=kept)

    now.move_to(AFTER)
    for spoil, why in ((altered, "digest"), (resealed, "does not hold"), (unsigned, "no signature")):
        wechat.spoil = spoil
        with pytest.raises(GatewayUnavailable, match=why):
            statements.fetch(gateways.gateway(), DAY)
    assert PaymentStatement.objects.count() == 0


def test_a_statement_that_is_not_there_yet_is_no_fault(now: Any, wechat: FakeWechat) -> None:
    with pytest.raises(StatementMissing):
        statements.fetch(gateways.gateway(), DAY)


HEAD = ",".join(["c"] * 38)


def row(**changes: str) -> str:
    values = dict.fromkeys(wechat_statements.COLUMNS, "")
    values |= {
        "time": "2026-11-26 12:00:00", "mchid": MCHID, "transaction_id": "42", "out_trade_no": "PT1",
        "trade_state": "SUCCESS", "currency": "CNY", "amount": "1.00", "goods": "饼, 酒 `",
    }  # fmt: skip
    return ",".join(f"`{value}" for value in {**values, **changes}.values())


def test_the_reader_takes_marks_commas_and_sums() -> None:
    sums = "总交易单数,总交易额\n`1,`1.00\n"
    raw = f"\ufeff{HEAD}\r\n{row()}\r\n\r\n{sums}".encode()
    (line,) = wechat_statements.read(raw, MCHID)
    assert (line.kind, line.reference, line.amount) == (StatementKind.PAYMENT, "42", Money("1.00", "CNY"))
    assert (line.fee, line.settled, line.rate) == (None, None, None)
    odd = row(trade_state="REFUND", refund_state="CHANGE", refund_amount="1.00", refund_id="50")
    assert wechat_statements.read(f"{HEAD}\n{odd}".encode(), MCHID)[0].kind is StatementKind.OTHER


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"", "1 columns, not 38"),
        (b"a,b", "2 columns, not 38"),
        (f"{HEAD}\n`1,`2".encode(), "line 2 of the statement has 2 values"),
        (f"{HEAD}\n{row(mchid='1')}".encode(), "another merchant account"),
        (f"{HEAD}\n{row(amount='')}".encode(), "no amount"),
        (f"{HEAD}\n{row(amount='NaN')}".encode(), "not a number"),
        (f"{HEAD}\n{row(amount='1,5')}".encode(), "not a number"),
        (f"{HEAD}\n{row(currency='')}".encode(), "not a currency"),
        (f"{HEAD}\n{row(time='26/11/2026')}".encode(), "not a time"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(GatewayUnavailable, match=why):
        wechat_statements.read(raw, MCHID)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    import argparse

    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    arguments = parser.parse_args(["reconcile", *words])
    code = arguments.func(arguments)
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else None, told.err


def test_the_command_tells_days_in_json(
    now: Any,
    wechat: FakeWechat,
    payment: PaymentSession,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now.move_to(AFTER + timedelta(hours=1))
    code, told, _error = run(capsys, "--date", "2026-11-26")
    assert (code, told["ok"], told["accounts"][0]["statement"]) == (1, False, "missing")
    assert [one["kind"] for one in told["accounts"][0]["differences"]] == ["missing_day"]
    wechat.statements[KEY] = [booked(payment)]
    code, told, _error = run(capsys, "--date", "2026-11-26")
    assert (code, told) == (0, {"date": "2026-11-26", "ok": True, "accounts": [{
        "gateway": "wechat", "account": "main", "day": "2026-11-26", "statement": "imported", "payments": 1,
        "refunds": 0, "settlements": 0, "other": 0, "differences": [], "error": None,
    }], "bank": None})  # fmt: skip
    for found in ([], [{"kind": "bank_unknown", "subject": "L", "amount": "9.00", "currency": "HKD"}]):
        bank = {"statements": [], "lines": 1, "matched": 1 - len(found), "differences": found}
        monkeypatch.setattr(banking, "_told", lambda day, bank=bank: bank)
        code, told, _error = run(capsys, "--date", "2026-11-26")
        assert (code, told["ok"], told["bank"]) == (len(found), not found, bank)
    assert run(capsys, "--date", "26.11.2026") == (2, None, "ponte reconcile: not a day: '26.11.2026'\n")


def test_a_company_that_is_away_is_told(
    now: Any, wechat: FakeWechat, payment: PaymentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    now.move_to(AFTER)
    wechat.fail_with = (503, "SYSTEM_ERROR")
    code, told, _error = run(capsys, "--date", "2026-11-26")
    assert (code, told["accounts"][0]["error"]) == (1, "WeChat Pay: SYSTEM_ERROR refused by the test")
