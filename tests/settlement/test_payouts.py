"""Who is paid what, by whose hands, once; and what the bank is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from lxml import etree

from saleor_ext.core import audit, clock
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.merchants.models import Merchant
from saleor_ext.merchants.selectors import suspended_slugs
from saleor_ext.merchants.services import reinstate, suspend
from saleor_ext.settlement import bank_details, ledger, payouts
from saleor_ext.settlement.ledger import credit, debit, post
from saleor_ext.settlement.models import BankDetails, Payout, PayoutBatch, PayoutFile

from .conftest import balances, new_key

NOW = datetime(2026, 12, 20, 4, 0, tzinfo=UTC)
DAY = date(2026, 12, 21)
CNY = "CNY"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    debtor = {"name": "Ponte Lda. & Cª", "account": "0123456789", "bic": "ICBKMOMX"}
    for name, value in debtor.items():
        monkeypatch.setattr(platform_settings(), f"payout_debtor_{name}", value)


def owe(merchant: str, amount: str, *, kind: str = "released", days: int = 40) -> None:
    """Let a merchant have money, or owe it when the amount is negative."""
    money, account = Money(amount, CNY), f"merchant.{merchant}.available"
    legs = [debit(f"merchant.{merchant}.pending", money), credit(account, money)]
    post(new_key(), kind, legs, at=NOW - timedelta(days=days))


def details(
    merchant: str = "bakery", account: str = "9876543210", holder: str = "Padaria São João"
) -> BankDetails:
    return bank_details.enter(merchant, CNY, holder, "BCOMMOMX", account, actor="eve")


def approved() -> PayoutBatch:
    return payouts.approve(payouts.draft(DAY, CNY, actor="ann").pk, actor="ann")


def released() -> tuple[PayoutBatch, Payout]:
    batch = payouts.release(approved().pk, actor="bob")
    return batch, batch.payouts.get(merchant="bakery")


def drafted() -> dict[str, str]:
    batch = payouts.draft(DAY, CNY, actor="ann")
    return {one["merchant"]: one["amount"] for one in payouts.show(batch)["payouts"]}


def test_debts_little_money_and_unknown_accounts_wait() -> None:
    for merchant, amount in (
        ("bakery", "152.00"),
        ("debtor", "-20.00"),
        ("small", "99.99"),
        ("just", "100.00"),
    ):
        owe(merchant, amount)
        details(merchant)
    owe("unknown", "500.00")
    assert drafted() == {"bakery": "152.00", "just": "100.00"}


def test_money_that_is_held_is_not_payable() -> None:
    details()
    money = Money("500.00", CNY)
    post(
        new_key(), "assigned", [debit("unassigned", money), credit("merchant.bakery.pending", money)], at=NOW
    )
    with pytest.raises(payouts.NothingPayable):
        drafted()
    assert not PayoutBatch.objects.exists()


def test_a_share_of_what_was_let_go_lately_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_settings(), "payout_reserve_percent", Decimal("12.5"))
    details()
    owe("bakery", "200.00", days=31)
    owe("bakery", "100.04", days=29)
    assert drafted() == {"bakery": "287.53"}  # 12.505 of reserve rounds to 12.51


def test_changed_details_hold_payouts_for_days(monkeypatch: pytest.MonkeyPatch) -> None:
    owe("bakery", "200.00")
    first = details()
    assert details() == first
    assert bank_details.payable("bakery", CNY, NOW) == first
    changed = details(account="1111222233")
    assert bank_details.payable("bakery", CNY, changed.entered_at + timedelta(days=7, seconds=-1)) is None
    assert bank_details.payable("bakery", CNY, changed.entered_at + timedelta(days=7)) == changed


def test_account_numbers_are_sealed() -> None:
    made = details()
    with connection.cursor() as cursor:
        cursor.execute("SELECT account FROM settlement_bankdetails WHERE id = %s", [made.pk])
        (raw,) = cursor.fetchone()
    assert "9876543210" not in raw
    assert BankDetails.objects.get(pk=made.pk).account == "9876543210"


@pytest.mark.parametrize("values", [("杏仁", "9876543210"), ("", "9876543210"), ("A", "12<4"), ("A", "1")])
def test_details_that_no_bank_carries_are_refused(values: tuple[str, str]) -> None:
    with pytest.raises(bank_details.BadDetails):
        details(holder=values[0], account=values[1])
    assert not BankDetails.objects.exists()


def test_a_day_has_one_batch_and_a_merchant_one_open_payout() -> None:
    owe("bakery", "200.00")
    details()
    first = payouts.draft(DAY, CNY, actor="ann")
    assert payouts.draft(DAY, CNY, actor="bob") == first
    with pytest.raises(payouts.NothingPayable):
        payouts.draft(DAY + timedelta(days=1), CNY, actor="ann")


def test_who_drafted_does_not_release_however_written() -> None:
    owe("bakery", "200.00")
    details()
    batch = approved()
    for name in ("ann", " Ann "):
        with pytest.raises(payouts.SameEyes):
            payouts.release(batch.pk, actor=name)
    with pytest.raises(payouts.PermanentError, match="who does this"):
        payouts.release(batch.pk, actor=" ")
    for values in ({"released_by": "ann"}, {"released_by": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayoutBatch.objects.filter(pk=batch.pk).update(state="released", released_at=NOW, **values)
    assert balances()["merchant.bakery.available"] == "200.00"


def test_steps_are_taken_in_their_order_and_once() -> None:
    owe("bakery", "200.00")
    details()
    batch = payouts.draft(DAY, CNY, actor="ann")
    with pytest.raises(payouts.WrongState):
        payouts.release(batch.pk, actor="bob")
    with pytest.raises(payouts.WrongState):
        payouts.mark_paid(batch.payouts.get().pk, "B1", actor="bob")
    payouts.approve(batch.pk, actor="ann")
    payouts.release(batch.pk, actor="bob")
    for step in (payouts.release, payouts.approve):
        with pytest.raises(payouts.WrongState):
            step(batch.pk, actor="bob")
    assert balances() == {"merchant.bakery.pending": "-200.00", "payout.clearing": "200.00"}


def test_paid_goes_from_the_bank_and_failed_goes_back() -> None:
    owe("bakery", "200.00")
    owe("tea", "150.00")
    details()
    details("tea")
    batch, bakery = released()
    tea = batch.payouts.get(merchant="tea")
    for _again in range(2):
        payouts.mark_paid(bakery.pk, "B1", actor="bob")
        payouts.mark_failed(tea.pk, "account closed", actor="bob")
    assert balances() == {
        "bank.payout": "-200.00",
        "merchant.bakery.pending": "-200.00",
        "merchant.tea.available": "150.00",
        "merchant.tea.pending": "-150.00",
    }
    batch.refresh_from_db()
    assert batch.state == "paid"
    with pytest.raises(payouts.WrongState):
        payouts.mark_failed(bakery.pk, "late", actor="bob")


@pytest.mark.parametrize("why", ["no longer covered", "bank details changed"])
def test_what_changed_since_the_draft_is_not_paid(why: str) -> None:
    owe("bakery", "200.00")
    details()
    batch = approved()
    if why == "no longer covered":
        owe("bakery", "-0.01", kind="refunded")
    else:
        details(account="1111222233")
    batch = payouts.release(batch.pk, actor="bob")
    assert [(one.state, one.told) for one in batch.payouts.all()] == [("failed", why)]
    assert (batch.state, ledger.balance("payout.clearing", CNY)) == ("failed", Money("0", CNY))
    with pytest.raises(payouts.PermanentError, match="no payout"):
        payouts.bank_file(batch.pk, "csv")


def test_a_withdrawn_batch_makes_room_for_another_of_the_day() -> None:
    owe("bakery", "200.00")
    details()
    first = approved()
    for reason in ("", " "):
        with pytest.raises(payouts.PermanentError, match="why"):
            payouts.withdraw(first.pk, actor="bob", reason=reason)
    first = payouts.withdraw(first.pk, actor=" Bob", reason="wrong day")
    assert (first.state, [one.state for one in first.payouts.all()]) == ("withdrawn", ["withdrawn"])
    (entry,) = [one for one in audit.entries_of(payouts.OBJECT, first.pk) if one.action == "payout.withdrawn"]
    assert (entry.actor, entry.reason) == ("bob", "wrong day")
    for step in (payouts.approve, payouts.release):
        with pytest.raises(payouts.WrongState):
            step(first.pk, actor="bob")
    with pytest.raises(payouts.WrongState):
        payouts.withdraw(first.pk, actor="bob", reason="again")
    second = payouts.draft(DAY, CNY, actor="ann")
    assert second != first and payouts.draft(DAY, CNY, actor="cid") == second
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutBatch.objects.create(day=DAY, currency=CNY, drafted_by="ann", drafted_at=NOW)
    payouts.approve(second.pk, actor="ann")
    payouts.release(second.pk, actor="bob")
    with pytest.raises(payouts.WrongState):
        payouts.withdraw(second.pk, actor="bob", reason="late")
    assert balances() == {"merchant.bakery.pending": "-200.00", "payout.clearing": "200.00"}


def enter(slug: str) -> Merchant:
    return Merchant.objects.create(slug=slug, created_at=NOW)


def test_suspended_merchants_are_not_paid() -> None:
    for slug in ("bakery", "tea"):
        owe(slug, "200.00")
        details(slug)
    bakery, tea = enter("bakery"), enter("tea")
    suspend(bakery, reason="papers", actor="eve")
    assert drafted() == {"tea": "200.00"}
    batch = payouts.approve(PayoutBatch.objects.get().pk, actor="ann")
    suspend(tea, reason="papers", actor="eve")
    batch = payouts.release(batch.pk, actor="bob")
    assert [(one.state, one.told) for one in batch.payouts.all()] == [("failed", "merchant suspended")]
    assert balances()["merchant.tea.available"] == "200.00"
    reinstate(bakery, reason="papers came", actor="eve")
    next_day = payouts.draft(DAY + timedelta(days=1), CNY, actor="ann")
    assert [one["merchant"] for one in payouts.show(next_day)["payouts"]] == ["bakery"]


# -- at once ---------------------------------------------------------------------------------------------------


def release_at_once(batch: PayoutBatch) -> list[str]:
    def run(name: str) -> str:
        try:
            return payouts.release(batch.pk, actor=name).state
        except payouts.WrongState:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(run, ["bob", "cid"]))


@pytest.fixture
def _emptied() -> Iterator[None]:
    yield
    ledger.forget()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_emptied")
def test_two_releases_at_once_pay_once_which_they_did_not_without_the_guards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owe("bakery", "200.00")
    details()
    batch = approved()
    owe("bakery", "200.00")
    with monkeypatch.context() as unguarded:
        both = threading.Barrier(2)

        def read(pk: UUID) -> PayoutBatch:
            found = PayoutBatch.objects.get(pk=pk)
            both.wait(20)
            return found

        unguarded.setattr(payouts, "_locked", read)
        unguarded.setattr(payouts, "_key", lambda _payout: new_key())
        assert release_at_once(batch) == ["released", "released"]
    assert balances()["payout.clearing"] == "400.00"
    owe("bakery", "150.00")
    again = payouts.draft(DAY + timedelta(days=1), CNY, actor="ann")
    payouts.approve(again.pk, actor="ann")
    owe("bakery", "150.00")
    assert release_at_once(again) == ["refused", "released"]
    assert balances()["payout.clearing"] == "550.00"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_emptied")
def test_nobody_is_suspended_in_the_middle_of_a_release_as_they_were_without_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merchant, told, releasing = enter("bakery"), list[str](), payouts._release
    owe("bakery", "200.00")
    details()

    def suspend_elsewhere() -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            suspend(merchant, reason="papers", actor="eve")
            return "suspended"
        except OperationalError:
            return "waits"
        finally:
            connection.close()

    def in_between(payout: Payout, now: datetime, *, suspended: bool) -> None:
        with ThreadPoolExecutor(1) as pool:
            told.append(pool.submit(suspend_elsewhere).result())
        releasing(payout, now, suspended=suspended)

    monkeypatch.setattr(payouts, "_release", in_between)
    first = approved()
    payouts.release(first.pk, actor="bob")
    assert (told, first.payouts.get().state) == (["waits"], "released")
    with monkeypatch.context() as unguarded:
        unguarded.setattr(payouts, "suspended_slugs", lambda **_hold: suspended_slugs())
        owe("bakery", "200.00")
        second = payouts.draft(DAY + timedelta(days=1), CNY, actor="ann")
        payouts.approve(second.pk, actor="ann")
        payouts.release(second.pk, actor="bob")
    assert (told, second.payouts.get().state) == (["waits", "suspended"], "released")


# -- files -----------------------------------------------------------------------------------------------------


def test_the_csv_tells_each_payment_and_is_kept() -> None:
    owe("bakery", "200.00")
    details()
    batch, bakery = released()
    made = payouts.bank_file(batch.pk, "csv")
    heading = "end_to_end_id,merchant,holder,bic,account,amount,currency,day\r\n"
    row = f"{bakery.pk.hex},bakery,Padaria Sao Joao,BCOMMOMX,9876543210,200.00,CNY,2026-12-21\r\n"
    assert made.decode() == heading + row
    payouts.mark_failed(bakery.pk, "closed", actor="bob")
    assert payouts.bank_file(batch.pk, "csv") == made
    PayoutFile.objects.update(digest="0" * 64)
    with pytest.raises(payouts.PermanentError, match="not what was made"):
        payouts.bank_file(batch.pk, "csv")


def test_the_credit_transfer_has_sums_and_numbers_and_plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    for merchant, amount, holder in (("bakery", "200.10", "Pão & (Chá)"), ("tea", "150.05", "Tea (Macau)")):
        owe(merchant, amount)
        details(merchant, holder=holder)
    batch, bakery = released()
    made = payouts.bank_file(batch.pk, "pain.001")
    assert payouts.bank_file(batch.pk, "pain.001") == made
    PayoutFile.objects.all().delete()
    assert payouts.bank_file(batch.pk, "pain.001") == made
    root = etree.fromstring(made)
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}

    def texts(path: str) -> list[str]:
        return [str(one.text) for one in root.iterfind(f".//p:{path.replace('/', '/p:')}", space)]

    assert texts("NbOfTxs") == ["2", "2"]
    assert texts("CtrlSum") == ["350.15", "350.15"]
    assert texts("CreDtTm") == ["2026-12-20T04:00:00Z"]
    assert texts("ReqdExctnDt/Dt") == ["2026-12-21"]
    assert texts("InstdAmt") == ["200.10", "150.05"]
    assert texts("EndToEndId")[0] == bakery.pk.hex
    assert texts("Cdtr/Nm") == ["Pao + (Cha)", "Tea (Macau)"]
    assert texts("Dbtr/Nm") == ["Ponte Lda. + Ca"]
    assert texts("CdtrAcct/Id/Othr/Id") == ["9876543210", "9876543210"]
    monkeypatch.setattr(platform_settings(), "payout_debtor_bic", "")
    PayoutFile.objects.all().delete()
    with pytest.raises(payouts.PermanentError, match="PONTE_PAYOUT_DEBTOR"):
        payouts.bank_file(batch.pk, "pain.001")
