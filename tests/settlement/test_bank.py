"""The bank's statements: read or refused whole, each entry once, matched to the cent; what is open."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.core.models import AuditEntry
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.settlement import bank_details, cli, company, ledger, payouts
from saleor_ext.settlement.bank import importing, matching, reporting
from saleor_ext.settlement.bank.models import BankLine, BankMatch, BankStatement
from saleor_ext.settlement.bank.told import Unreadable
from saleor_ext.settlement.ledger import credit, debit, post
from saleor_ext.settlement.models import Journal, Payout

from .conftest import new_key

NOW = datetime(2026, 12, 20, 4, 0, tzinfo=UTC)
OURS = "0123456789"
HEAD = "account,currency,date,amount,reference,end_to_end_id,text,balance\n"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for name, value in (("name", "Ponte Lda"), ("account", "012-345 6789"), ("bic", "ICBKMOMX")):
        monkeypatch.setattr(platform_settings(), f"payout_debtor_{name}", value)


def camt(*entries: str, opening: str = "100.00", closing: str = "100.00", **changes: str) -> bytes:
    """Return a statement of the days 1 to 3 December as a bank writes it."""
    given = {"version": "08", "account": OURS, "currency": "HKD", "number": "S-1", "more": "", **changes}
    balance = (
        "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy='{}'>{}</Amt><CdtDbtInd>{}</CdtDbtInd>"
        "<Dt><Dt>{}</Dt></Dt></Bal>"
    )
    balances = [
        balance.format(code, given["currency"], amount.lstrip("-"), "DBIT" if amount.startswith("-") else "CRDT", on)
        for code, amount, on in (("OPBD", opening, "2026-12-01"), ("CLBD", closing, "2026-12-03"))
    ]  # fmt: skip
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>{given['more']}"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{given['version']}'>"
        f"<BkToCstmrStmt><GrpHdr/><Stmt><Id>{given['number']}</Id><Acct><Id><Othr><Id>{given['account']}</Id></Othr></Id><Ccy>{given['currency']}</Ccy></Acct>"
        f"{''.join(balances)}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(
    amount: str,
    words: str = "",
    *,
    day: str = "2026-12-02",
    reference: str = "B1",
    status: str = "<Cd>BOOK</Cd>",
    details: str = "",
) -> str:
    way = "DBIT" if amount.startswith("-") else "CRDT"
    details = details or f"<TxDtls><Refs/><RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls>"
    return (
        f"<Ntry><Amt Ccy='HKD'>{amount.lstrip('-')}</Amt><CdtDbtInd>{way}</CdtDbtInd>"
        f"<Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def take(raw: bytes | str) -> list[importing.Taken]:
    return importing.take(raw.encode() if isinstance(raw, str) else raw, actor="Ann ")


def lines() -> list[tuple[str, str, str, str, str]]:
    return [
        (str(one.booked_on), str(one.amount), one.reference, one.end_to_end_id, one.text)
        for one in BankLine.objects.order_by("booked_on", "reference")
    ]


def settled(
    reference: str, amount: str, on: str = "2026-12-02T15:00:00+08:00", currency: str = "HKD"
) -> None:
    """Let a payment company's statement say that it paid us."""
    money, at = Money(amount, currency), datetime.fromisoformat(on)
    company.gateway_settled("stripe", "main", reference, money, company.PAID_TO, money, at)


def opened() -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(one.kind, one.detail, str(one.money or ""), one.suggestions) for one in reporting.queue()]


def matched() -> list[tuple[str, str, str]]:
    """Return matches as (how, the bank's number, ours)."""
    rows = BankMatch.objects.select_related("line", "journal", "payout").order_by("line__reference", "pk")
    found = []
    for one in rows:
        ours = one.journal.reference if one.journal else str(one.payout or "")
        found.append((one.how, one.line.reference if one.line else "", ours))
    return found


# -- reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_camt_is_read_in_any_of_its_versions(version: str) -> None:
    status = "BOOK" if version == "02" else "<Cd>BOOK</Cd>"
    whole = entry("250.10", "Payout  po_1", status=status)
    [taken] = take(
        camt(whole, entry("-30.00", status="PDNG", reference="B2"), closing="350.10", version=version)
    )
    assert (taken.new, taken.known, str(taken.statement)) == (1, 0, "HKD 2026-12-01 – 2026-12-03")
    assert (taken.statement.opening, taken.statement.closing) == (Decimal("100.00"), Decimal("350.10"))
    assert lines() == [("2026-12-02", "250.10", "B1", "", "Payout po_1")]


def test_an_entry_of_several_transactions_is_as_many_lines() -> None:
    part = (
        "<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy='HKD'>{}</Amt>"
        "<RmtInf><Ustrd>a</Ustrd><Ustrd>b</Ustrd></RmtInf></TxDtls>"
    )
    details = part.format("e1", "30.00") + part.format("NOTPROVIDED", "20.00")
    take(camt(entry("-50.00", details=details), closing="50.00"))
    assert sorted(lines()) == [
        ("2026-12-02", "-20.00", "B1", "", "a b"), ("2026-12-02", "-30.00", "B1", "e1", "a b"),
    ]  # fmt: skip


def test_csv_is_read_by_its_columns_whatever_their_order() -> None:
    text = "﻿Amount;Date;Currency;Account;Text\n250.10;2026-12-02;HKD;0123456789;po_1\n-30;2026-12-03;CNY;0123456789;x\n"
    assert [(one.statement.currency, one.new) for one in take(text)] == [("CNY", 1), ("HKD", 1)]
    assert lines() == [("2026-12-02", "250.10", "", "", "po_1"), ("2026-12-03", "-30.00", "", "", "x")]


def row(day: str, amount: str, balance: str, reference: str = "", account: str = OURS) -> str:
    return f"{account},HKD,{day},{amount},{reference},,,{balance}\n"


ONE = "<TxDtls><Amt Ccy='HKD'>1.00</Amt></TxDtls>"
BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"), (b"\n ", "empty"), (b"<a", "no XML"), (b"<a/>", "no camt.053: the file is a a"),
        (camt(entry("1.00")), "100.00 and entries of 1.00 do not come to 100.00"),
        (camt(entry("1.00"), closing="101.00")[:-40], "no XML"),
        (camt(more=BOMB), "no document type"),
        (camt(entry("1.00").replace("'HKD'", "'CNY'"), closing="101.00"), "CNY in an account of HKD"),
        (camt(entry("1.001"), closing="101.00"), "is finer than HKD"),
        (camt(entry("1e3"), closing="101.00"), "is no amount"),
        (camt(entry("1.00", day="2026-13-01"), closing="101.00"), "is no day"),
        (camt(entry("1.00").replace("CRDT", "BOTH"), closing="101.00"), "no amount with a direction"),
        (camt(entry("5.00", details=2 * ONE), closing="105.00"), "do not come to 5.00"),
        (camt(account="9999999999"), "of the account …9999, ours is …6789"),
        ("account,currency,date\n", "no column amount"),
        (HEAD, "no entries"), (HEAD + "a,b\n", "number of columns"), (HEAD + "\x00", "NUL"),
        (b"\xff\xfe\x00a", "no XML"), (b"a,\xff", "not UTF-8"), (HEAD + 'x,"', "line"),
        (HEAD + row("2026-12-01", "1_0", ""), "is no amount"), (HEAD + row("2026-12-01", "nan", ""), "is no amount"),
        (HEAD + row("2026-12-01", "10", "110") + row("2026-12-01", "5", "116"),
         "line 3: 110.00 and 5.00 do not come to 116.00"),
        (HEAD + row("2026-12-01", "1", "", account="77"), "of the account …77"),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_is_refused_whole(db: None, raw: bytes | str, says: str) -> None:
    with pytest.raises(Unreadable, match=says.replace("+", "\\+")):
        take(raw)
    assert (BankStatement.objects.count(), BankLine.objects.count()) == (0, 0)


def test_without_an_account_of_ours_nothing_is_taken(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_settings(), "payout_debtor_account", "")
    with pytest.raises(ConfigurationError, match="PONTE_PAYOUT_DEBTOR_ACCOUNT"):
        take(camt())


def test_the_same_and_overlapping_statements_bring_each_entry_once() -> None:
    two = row("2026-12-01", "10.00", "110.00") + row("2026-12-01", "10.00", "120.00")
    assert [(one.new, one.known) for one in take(HEAD + two)] == [(2, 0)]
    assert [(one.new, one.known) for one in take(HEAD + two)] == [(0, 2)]
    more = two + row("2026-12-02", "10.00", "130.00")
    assert [(one.new, one.known) for one in take(HEAD + more)] == [(1, 2)]
    assert BankLine.objects.count() == 3
    entries = AuditEntry.objects.filter(action="bank.statement").order_by("at")
    assert [(one.actor, one.data["new"], one.data["known"]) for one in entries] == [
        ("ann", 2, 0),
        ("ann", 1, 2),
    ]


@pytest.mark.parametrize("table", ["bankstatement", "bankline"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET currency = 'XXX'"])
def test_what_the_bank_said_stays(table: str, change: str) -> None:
    take(HEAD + row("2026-12-01", "10.00", "110.00"))
    with (
        pytest.raises((IntegrityError, InternalError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(f"settlement_{table}"))


# -- matching --------------------------------------------------------------------------------------------------


def test_a_named_settlement_goes_before_one_of_the_same_amount() -> None:
    settled("po_1", "250.10")
    settled("po_2", "250.10")
    take(
        camt(
            entry("250.10", "STRIPE po_2", reference="B1"), entry("250.10", reference="B2"), closing="600.20"
        )
    )
    assert matched() == [("reference", "B1", "po_2"), ("amount", "B2", "po_1")]
    assert opened() == []


def test_a_number_within_another_is_not_that_number() -> None:
    settled("po_1", "250.10")
    settled("po_12", "250.10", "2026-12-03T12:00:00+08:00")
    take(camt(entry("250.10", "STRIPE/po_12/HK", reference="B1"), closing="350.10"))
    assert matched() == [("reference", "B1", "po_12")]


@pytest.mark.parametrize(
    ("amount", "on", "fits"),
    [
        ("250.10", "2026-12-02T15:00:00+08:00", True), ("250.11", "2026-12-02T15:00:00+08:00", False),
        ("250.10", "2026-11-27T15:00:00+08:00", True), ("250.10", "2026-11-26T15:00:00+08:00", False),
        ("250.10", "2026-12-03T15:00:00+08:00", True), ("250.10", "2026-12-04T15:00:00+08:00", False),
    ],
)  # fmt: skip
def test_an_amount_fits_to_the_cent_and_within_the_window(amount: str, on: str, fits: bool) -> None:
    settled("po_1", amount, on)
    take(camt(entry("250.10"), closing="350.10"))
    assert matched() == ([("amount", "B1", "po_1")] if fits else [])


def test_another_currency_is_another_account() -> None:
    settled("po_1", "250.10", currency="CNY")
    take(camt(entry("250.10", "po_1"), closing="350.10"))
    assert matched() == []


def test_what_the_bank_shows_first_is_matched_when_the_company_tells() -> None:
    take(camt(entry("250.10", "po_1"), closing="350.10"))
    assert opened() == [("bank_unknown", "B1 · po_1", "250.10 HKD", ())]
    settled("po_1", "250.10")
    assert matching.match() == 1
    assert (opened(), matching.match()) == ([], 0)


def test_what_the_bank_does_not_show_is_missed_after_the_window_and_found_later() -> None:
    settled("po_0", "9.00", "2026-11-30T12:00:00+08:00")
    settled("po_1", "250.10", "2026-12-14T12:00:00+08:00")
    settled("po_2", "70.00", "2026-12-15T12:00:00+08:00")
    take(HEAD + row("2026-12-01", "1.00", "101.00", "B0") + row("2026-12-18", "250.00", "351.00", "po_1"))
    kinds = [(kind, str(money)) for kind, _detail, money, _near in opened()]
    assert kinds == [
        ("bank_unknown", "1.00 HKD"),
        ("bank_missing", "250.10 HKD"),
        ("bank_unknown", "250.00 HKD"),
    ]
    [missing] = [one for one in reporting.queue() if one.kind == "bank_missing"]
    assert (missing.detail, missing.age, missing.suggestions) == ("settlement po_1", 6, ("po_1",))
    assert opened()[2][3] == ("po_1",), "the same number with another amount"
    take(HEAD + row("2026-12-19", "250.10", "", "late po_1"))
    assert [kind for kind, *_rest in opened()] == ["bank_unknown", "bank_unknown"]


def test_a_payout_that_came_back_is_not_missed_and_is_matched_when_the_bank_shows_both_ways() -> None:
    take(HEAD + row("2026-12-01", "1.00", "101.00", "B0"))
    settled("po_1", "250.10", "2026-12-02T12:00:00+08:00")
    assert [kind for kind, *_rest in opened()] == ["bank_unknown", "bank_missing"]
    settled("po_1:back", "-250.10", "2026-12-04T12:00:00+08:00")
    assert [kind for kind, *_rest in opened()] == ["bank_unknown"]
    assert ledger.balance("bank.payout", "HKD") == Money("0.00", "HKD")
    both = row("2026-12-02", "250.10", "", "po_1") + row("2026-12-04", "-250.10", "", "returned po_1")
    take(HEAD + both)
    assert [kind for kind, *_rest in opened()] == ["bank_unknown"]
    assert sorted(matched()) == [("amount", "returned po_1", "po_1:back"), ("reference", "po_1", "po_1")]


def paid_batch(*amounts: str) -> list[Payout]:
    for number, amount in enumerate(amounts):
        money, slug = Money(amount, "HKD"), f"m{number}"
        legs = [debit(f"merchant.{slug}.pending", money), credit(f"merchant.{slug}.available", money)]
        post(new_key(), "released", legs, at=NOW - timedelta(days=40))
        bank_details.enter(slug, "HKD", "Holder", "BCOMMOMX", f"98765{number}", actor="eve")
    batch = payouts.draft(date(2026, 12, 2), "HKD", actor="ann")
    payouts.approve(batch.pk, actor="ann")
    payouts.release(batch.pk, actor="bob")
    return list(batch.payouts.order_by("merchant"))


@pytest.fixture
def seasoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bank details count at once."""
    monkeypatch.setattr(platform_settings(), "payout_change_days", 0)


@pytest.mark.usefixtures("seasoned")
def test_payouts_that_the_bank_shows_are_paid() -> None:
    first, second = paid_batch("200.00", "300.00")
    take(camt(entry("-300.00", second.end_to_end_id, reference="B7"), opening="1000.00", closing="700.00"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert [(one.state, one.told) for one in (first, second)] == [("released", ""), ("paid", "B7")]
    assert AuditEntry.objects.get(action="payout.paid").actor == "ann"
    take(HEAD + row("2026-12-03", "-200.00", ""))
    first.refresh_from_db()
    assert (first.state, first.told) == ("paid", "2026-12-03")
    assert opened() == []


@pytest.mark.usefixtures("seasoned")
@pytest.mark.parametrize("named", [True, False])
def test_a_batch_that_the_bank_booked_as_one_sum(named: bool) -> None:
    first, second = paid_batch("200.00", "300.00")
    text = f"{first.batch_id.hex}-1" if named else "salaries"
    take(camt(entry("-500.00", text, reference="B7"), opening="1000.00", closing="500.00"))
    how = "reference" if named else "amount"
    assert set(BankMatch.objects.values_list("how", "payout")) == {(how, first.pk), (how, second.pk)}
    assert set(Payout.objects.values_list("state", "told")) == {("paid", "B7")}


@pytest.mark.usefixtures("seasoned")
def test_a_payment_that_comes_back_is_for_a_person() -> None:
    [one] = paid_batch("200.00")
    gone = entry("-200.00", one.end_to_end_id, reference="B7")
    back = entry("200.00", f"RETURN {one.end_to_end_id}", reference="B8").replace(
        "<Sts>", "<RvslInd>true</RvslInd><Sts>"
    )
    take(camt(gone, back, opening="1000.00", closing="1000.00"))
    assert matched() == [("reference", "B7", str(one))]
    assert [(kind, money) for kind, _detail, money, _near in opened()] == [("bank_unknown", "200.00 HKD")]


def test_a_person_takes_off_what_is_explained_once_and_with_a_reason() -> None:
    settled("po_1", "250.10", "2026-12-01T12:00:00+08:00")
    take(camt(entry("7.00", "interest"), closing="107.00"))
    line, gone = BankLine.objects.get(), matching.find(f"journal:{Journal.objects.get().pk}")
    with pytest.raises(PermanentError, match="why"):
        matching.explain(line, actor="ann", reason=" ")
    matching.explain(line, actor="ann", reason="interest")
    matching.give_up(gone, actor="bob", reason="paid to the old account")
    assert opened() == []
    with pytest.raises(matching.NotOpen):
        matching.explain(line, actor="bob", reason="x")
    with pytest.raises(matching.NotOpen):
        matching.give_up(gone, actor="bob", reason="x")
    with pytest.raises(matching.NotOpen):
        matching.find(gone.key)
    told = AuditEntry.objects.filter(action="bank.explained").order_by("at", "pk")
    assert {(one.actor, one.reason) for one in told} == {
        ("ann", "interest"),
        ("bob", "paid to the old account"),
    }


def test_days_that_no_statement_tells_of_are_noticed() -> None:
    take(HEAD + row("2026-12-01", "10.00", "110.00", "a"))
    take(HEAD + row("2026-12-05", "10.00", "140.00", "b"))
    detail = "2026-12-01 closed with 110.00, 2026-12-05 opened with 130.00"
    assert ("bank_gap", detail, "", ()) in opened()
    take(HEAD + row("2026-12-03", "20.00", "130.00", "c"))
    assert [kind for kind, *_rest in opened()] == ["bank_unknown"] * 3


def test_a_day_as_the_reconciliation_tells_it() -> None:
    assert reporting.of_day(date(2026, 12, 2)) is None
    settled("po_1", "250.10")
    take(camt(entry("250.10", "po_1"), entry("7.00", "x", reference="B2"), closing="357.10"))
    told = reporting.of_day(date(2026, 12, 2))
    assert told is not None
    assert told["statements"] == [
        {"currency": "HKD", "first": "2026-12-01", "last": "2026-12-03", "closing": "357.10"}
    ]
    assert (told["lines"], told["matched"]) == (2, 1)
    [open_] = told["differences"]
    assert (open_["kind"], open_["amount"], open_["detail"]) == ("bank_unknown", "7.00", "B2 · x")
    assert reporting.of_day(date(2026, 11, 30)) is None


# -- the command -----------------------------------------------------------------------------------------------


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    arguments = parser.parse_args(["ledger", "bank", *words])
    answer: Callable[[argparse.Namespace], int] = arguments.func
    return answer(arguments)


def test_the_command_takes_a_statement_in_and_tells_what_is_open(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(camt(entry("250.10", "po_1"), closing="350.10"))
    assert run("import", str(file), "--actor", "ann") == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["statements"] == [
        {
            "currency": "HKD",
            "number": "S-1",
            "first": "2026-12-01",
            "last": "2026-12-03",
            "new": 1,
            "known": 0,
        }
    ]
    assert [(one["kind"], one["amount"], one["age"]) for one in told["open"]] == [
        ("bank_unknown", "250.10", 18)
    ]
    settled("po_1", "250.10")
    matching.match()
    assert run("show") == 0
    assert json.loads(capsys.readouterr().out) == {"open": []}


@pytest.mark.parametrize(("name", "content"), [("none.csv", None), ("folder", b""), ("empty.csv", b"")])
def test_a_file_that_cannot_be_read_is_one_line_and_2(
    db: None, tmp_path: Path, name: str, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    if name == "folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    assert run("import", str(file), "--actor", "ann") == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), said.err.startswith("ponte ledger bank: ")) == ("", 1, True)
