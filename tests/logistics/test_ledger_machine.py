"""The ledger against a model of a few lines, over random lives of holds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
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

from plugins.nansha_logistics import ledger
from plugins.nansha_logistics.models import BookItem

from .factories import book_item

QUANTITIES = st.decimals(min_value=Decimal("0.00001"), max_value=60, places=5)


class Book(RuleBasedStateMachine):
    """One item; ``held`` and ``gone`` are quantities by key. Each run is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(opening=st.integers(1, 200))
    def open(self, opening: int) -> None:
        self.stock = Decimal(opening)
        self.item = book_item(opening=opening)
        self.count = 0
        self.held: dict[str, Decimal] = {}
        self.gone: dict[str, Decimal] = {}

    @rule(quantity=QUANTITIES)
    def reserve(self, quantity: Decimal) -> None:
        self.count += 1
        key = f"k{self.count}"
        if quantity > self.stock:
            with pytest.raises(ledger.LedgerError) as refusal:
                ledger.reserve(self.item.pk, quantity, "140", key=key, parcel=key)
            assert refusal.value.code == "short_stock"
            return
        assert ledger.reserve(self.item.pk, quantity, "140", key=key, parcel=key)
        self.held[key] = quantity
        self.stock -= quantity

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        assert not ledger.reserve(self.item.pk, self.held[key], "140", key=key, parcel=key)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        assert ledger.release(key)
        assert not ledger.release(key)
        self.stock += self.held.pop(key)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def deduct(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        assert ledger.deduct(key)
        assert not ledger.deduct(key)
        assert not ledger.release(key)
        self.gone[key] = self.held.pop(key)

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def shelve(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.gone)))
        assert ledger.shelve_return(key, document="return")
        assert not ledger.shelve_return(key, document="return")
        self.stock += self.gone.pop(key)

    @rule(quantity=QUANTITIES)
    def receive(self, quantity: Decimal) -> None:
        self.count += 1
        ledger.post("announce", self.item.pk, quantity, "140", key=f"a{self.count}")
        ledger.post("inbound", self.item.pk, quantity, "140", key=f"i{self.count}")
        self.stock += quantity

    @invariant()
    def book_is_the_model(self) -> None:
        item = BookItem.objects.get(pk=self.item.pk)
        assert item.available == self.stock
        assert item.prevd_redc == sum(self.held.values(), Decimal(0))
        assert ledger.reconcile() == []


@pytest.mark.django_db
def test_the_ledger_is_the_model() -> None:
    run_state_machine_as_test(
        Book,
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
