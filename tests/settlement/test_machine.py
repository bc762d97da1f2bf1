"""Any course of payments, orders, refunds, disputes and releases: money in is money held and out, at every step."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from saleor_ext.orders.models import Parcel
from saleor_ext.settlement import checking, events, holding, ledger
from saleor_ext.settlement.models import CommissionRule, Entry

from .conftest import PAID_AT, balances, make_parcel, moved

FEN = Decimal("0.01")


def write(event: object) -> None:
    """Let the ledger take a movement as its outbox handler does."""
    from saleor_ext.plugin_api.money_events import MoneyEvent

    assert isinstance(event, MoneyEvent)
    events.write(
        {
            "kind": event.kind,
            "key": event.key,
            "gateway": event.gateway,
            "account": event.account,
            "api_url": event.api_url,
            "transaction_id": event.transaction_id,
            "amount": str(event.amount.amount),
            "currency": event.amount.currency,
            "at": event.at.isoformat(),
            "reference": event.reference,
        }
    )


class Money(RuleBasedStateMachine):
    """One payment of 196.38 at a time, and a model that is two numbers: what came and what went back."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        ledger.forget()
        self.number = self.disputes = 0
        self.came = self.back = Decimal(0)
        self.open: dict[str, Decimal] = {}
        self.disputed: dict[str, tuple[str, Decimal]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        ledger.forget()

    @initialize(rate=st.sampled_from(["0", "0.05", "0.125"]))
    def commission(self, rate: str) -> None:
        CommissionRule.objects.create(since=PAID_AT.date(), rate=Decimal(rate))

    @rule(order_first=st.booleans())
    def pay(self, order_first: bool) -> None:
        self.number += 1
        number = str(self.number)
        if order_first:
            make_parcel(number)
        write(moved("captured", number, "196.38"))
        self.came += Decimal("196.38")
        self.open[number] = Decimal("196.38")

    @precondition(lambda self: self.open)
    @rule(data=st.data(), again=st.booleans())
    def refund(self, data: st.DataObject, again: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.open)))
        amount = data.draw(st.decimals(FEN, self.open[number], places=2))
        event = moved("refunded", number, str(amount), f"{number}:{self.back}:{amount}")
        write(event)
        if again:
            write(event)
        self.back += amount
        self.open[number] -= amount
        if not self.open[number]:
            del self.open[number]

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def charge_back(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.open)))
        amount = data.draw(st.decimals(FEN, self.open[number], places=2))
        self.disputes += 1
        dispute = f"du_{self.disputes}"
        write(moved("charged_back", number, str(amount), dispute))
        self.disputed[dispute] = number, amount
        self.back += amount
        self.open[number] -= amount
        if not self.open[number]:
            del self.open[number]

    @precondition(lambda self: self.disputed)
    @rule(data=st.data(), again=st.booleans())
    def dispute_won(self, data: st.DataObject, again: bool) -> None:
        dispute = data.draw(st.sampled_from(sorted(self.disputed)))
        number, amount = self.disputed.pop(dispute)
        event = moved("charge_back_reversed", number, str(amount), dispute)
        write(event)
        if again:
            write(event)
        self.back -= amount
        self.open[number] = self.open.get(number, Decimal(0)) + amount

    @rule()
    def orders_arrive(self) -> None:
        known = set(Parcel.objects.values_list("order_number", flat=True))
        for number in range(1, self.number + 1):
            if str(number) not in known:
                make_parcel(str(number))
        events.assign_new()

    @rule()
    def days_pass(self) -> None:
        for parcel in Parcel.objects.all():
            parcel.events.get_or_create(code="delivered", key="delivered", defaults={"at": PAID_AT})
        holding.release_due(PAID_AT.replace(year=2027))

    @invariant()
    def money_in_is_money_held_and_money_out(self) -> None:
        held = {name: Decimal(amount) for name, amount in balances().items()}
        assert held.get("psp.wechat.main.pending", Decimal(0)) == self.came - self.back
        owed = sum((amount for name, amount in held.items() if not name.startswith("psp.")), Decimal(0))
        assert owed == self.came - self.back
        assert all(amount > 0 for amount in held.values())

    @invariant()
    def every_journal_is_balanced(self) -> None:
        assert (Entry.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)) == 0
        assert checking.run()["ok"] is True


@pytest.mark.django_db
def test_any_course_of_payments() -> None:
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
