"""The yearly limit: exact even when many checkouts of one person come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.db.models import Sum

from plugins.customs_declaration import quota
from plugins.customs_declaration.models import QuotaQuantity, QuotaReturn, QuotaUse
from plugins.customs_declaration.policy import Rates
from plugins.customs_declaration.positive_list import ListRule
from plugins.customs_declaration.quota import CapExceeded, Capped, QuotaExceeded
from plugins.customs_declaration.tax import TaxLine

from .editions import approved

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def together(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run work in threads that start at the same moment; return what they raised."""
    barrier = threading.Barrier(count)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except QuotaExceeded as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def live() -> D:
    return QuotaUse.objects.exclude(state="freed").aggregate(total=Sum("amount"))["total"] or D(0)


def kilograms() -> D:
    return QuotaQuantity.objects.aggregate(total=Sum("quantity"))["total"] or D(0)


def sugar(kilos: str, cap: str = "2") -> list[Capped]:
    rule = ListRule(
        "17019910", "sugar", "cap", frozenset(), "", date(2022, 3, 1), None, "s", D(cap), "kg", "sugar"
    )
    return [Capped(rule, D(kilos))]


BUYERS = 64


@pytest.fixture
def without_the_lock(monkeypatch) -> None:
    """Take the row lock away, and let everybody read before anybody writes."""
    between = threading.Barrier(BUYERS)
    honest = quota._check_caps

    def slow(takes, used) -> None:
        between.wait(timeout=30)  # yuan and quantities are read by now
        honest(takes, used)

    monkeypatch.setattr(quota, "_check_caps", slow)
    monkeypatch.setattr(
        quota, "_locked", lambda index, year: quota.QuotaAccount.objects.get(index=index, year=year)
    )


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_real(without_the_lock) -> None:
    """The same code with the row lock taken away lets too much through: what the lock is for."""
    quota.QuotaAccount.objects.create(index="someone", year=2026)
    with time_machine.travel(NOON):
        refused = together(BUYERS, lambda number: buy(number, "1000", "0.1"))
    assert refused == []
    assert (live(), kilograms()) == (D(64_000), D("6.4"))


@pytest.mark.django_db(transaction=True)
def test_sixty_four_buyers_with_one_id_never_exceed_the_year() -> None:
    with time_machine.travel(NOON):
        refused = together(BUYERS, lambda number: buy(number, "1000", "0.01"))
    assert [type(one) for one in refused] == [QuotaExceeded] * 38
    assert (live(), kilograms()) == (D(26_000), D("0.26"))


@pytest.mark.django_db(transaction=True)
def test_sixty_four_buyers_with_one_id_never_exceed_a_yearly_quantity() -> None:
    with time_machine.travel(NOON):
        refused = together(BUYERS, lambda number: buy(number, "1", "0.1"))
    assert [type(one) for one in refused] == [CapExceeded] * 44
    assert (live(), kilograms()) == (D(20), D("2.0"))


def buy(number: int, amount: str, kilos: str) -> None:
    quota.reserve("someone", f"c{number}", D(amount), keep=HOUR, takes=sugar(kilos))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        lambda: quota.confirm("a"),
        lambda: quota.free("a"),
        lambda: quota.give_back("a", key="k", amount=D(1), quantities={}),
    ],
)
def test_every_change_waits_for_the_persons_row(change: Callable[[], bool]) -> None:
    """What customs release late counts, so it must not come between the sum and the entry of another checkout."""
    with time_machine.travel(NOON):
        quota.hold("someone", "a", D(100))
        held, done = threading.Event(), threading.Event()

        def other() -> None:
            with transaction.atomic():
                quota._locked("someone", 2026)
                held.set()
                done.wait(10)
            connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        held.wait(10)
        try:
            with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
                connection.cursor().execute("SET LOCAL lock_timeout = '100ms'")
                change()
        finally:
            done.set()
            thread.join()


@pytest.mark.django_db
class TestOneAfterTheOther:
    @pytest.fixture(autouse=True)
    def _noon(self):
        with time_machine.travel(NOON, tick=False) as self.clock:
            yield

    def test_the_limit_itself_is_inside(self) -> None:
        assert quota.reserve("p", "a", D("25885.56"), keep=HOUR).left == D("114.44")
        with pytest.raises(QuotaExceeded) as caught:
            quota.reserve("p", "b", D("114.45"), keep=HOUR)
        assert caught.value.data == {"used": "25885.56", "limit": "26000.00"}
        assert quota.reserve("p", "b", D("114.44"), keep=HOUR).left == 0

    def test_a_repeat_renews_and_does_not_add(self) -> None:
        quota.reserve("p", "a", D(20_000), keep=HOUR)
        quota.reserve("p", "a", D(21_000), keep=HOUR)
        assert quota.state_of("p").used == D(21_000)

    def test_an_unpaid_reservation_lapses(self) -> None:
        quota.reserve("p", "a", D(20_000), keep=HOUR)
        self.clock.shift(HOUR)
        assert quota.state_of("p").used == 0
        quota.reserve("p", "b", D(20_000), keep=HOUR)
        with pytest.raises(QuotaExceeded):
            quota.hold("p", "a", D(20_000))

    def test_a_held_part_stays_and_a_late_check_does_not_loosen_it(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.reserve("p", "a", D(5_000), keep=HOUR)
        self.clock.shift(2 * HOUR)
        assert quota.state_of("p").used == D(5_000)

    def test_release_confirms_rejection_frees_and_the_next_try_holds_again(self) -> None:
        quota.hold("p", "a", D(5_000))
        assert quota.free("a") and not quota.free("a")
        assert quota.state_of("p").used == 0
        quota.hold("p", "a", D(5_000))
        assert quota.confirm("a") and not quota.confirm("a")
        assert not quota.free("a")
        assert quota.state_of("p").used == D(5_000)

    def test_what_customs_released_counts_even_when_it_was_freed(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.free("a")
        assert quota.confirm("a")
        assert quota.state_of("p").used == D(5_000)

    def test_a_late_check_of_what_is_released_changes_nothing_and_tells_the_year(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.confirm("a")
        found = quota.reserve("p", "a", D(9_000), keep=HOUR)
        assert (found.used, found.left) == (D(5_000), D(21_000))

    def test_persons_and_years_are_apart(self) -> None:
        quota.hold("p", "a", D(26_000))
        quota.hold("q", "b", D(26_000))
        self.clock.move_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # midnight in China
        assert quota.state_of("p").used == 0
        quota.hold("p", "c", D(26_000))

    def test_unknown_references_change_nothing(self) -> None:
        assert not quota.confirm("nobody") and not quota.free("nobody")

    def test_a_yearly_quantity_is_counted_over_orders_and_the_cap_is_inside(self) -> None:
        quota.reserve("p", "a", D(10), keep=HOUR, takes=sugar("1.5"))
        with pytest.raises(CapExceeded) as caught:
            quota.reserve("p", "b", D(10), keep=HOUR, takes=sugar("0.50001"))
        assert caught.value.data == {"group": "sugar", "used": "1.50000", "limit": "2"}
        assert (caught.value.code, caught.value.breach.left) == ("yearly_quantity", D("0.5"))
        quota.reserve("p", "b", D(10), keep=HOUR, takes=sugar("0.5"))
        assert quota.quantities_of("p") == {"sugar": D(2)}
        assert quota.quantities_of("p", apart_from="a") == {"sugar": D("0.5")}
        assert quota.quantities_of("q") == {}

    def test_what_a_cap_refuses_takes_no_yuan_and_a_refused_yuan_no_quantity(self) -> None:
        with pytest.raises(CapExceeded):
            quota.reserve("p", "a", D(10), keep=HOUR, takes=sugar("2.1"))
        with pytest.raises(QuotaExceeded):
            quota.reserve("p", "a", D(26_001), keep=HOUR, takes=sugar("1"))
        assert (quota.state_of("p").used, quota.quantities_of("p")) == (0, {})

    def test_a_repeat_with_less_takes_less_and_without_takes_none(self) -> None:
        quota.reserve("p", "a", D(10), keep=HOUR, takes=sugar("2"))
        quota.reserve("p", "a", D(10), keep=HOUR, takes=sugar("1"))
        assert quota.quantities_of("p") == {"sugar": D(1)}
        quota.reserve("p", "a", D(10), keep=HOUR)
        assert quota.quantities_of("p") == {}

    def test_quantities_live_as_the_order_does(self) -> None:
        quota.reserve("p", "a", D(10), keep=HOUR, takes=sugar("2"))
        self.clock.shift(HOUR)
        assert quota.quantities_of("p") == {}
        quota.hold("p", "a", D(10), takes=sugar("2"))
        self.clock.shift(2 * HOUR)
        assert quota.quantities_of("p") == {"sugar": D(2)}
        quota.free("a")
        assert quota.quantities_of("p") == {}
        quota.hold("p", "b", D(10), takes=sugar("0.5"))
        quota.confirm("b")
        assert quota.quantities_of("p") == {"sugar": D("0.5")}
        self.clock.move_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
        assert quota.quantities_of("p") == {}

    def test_part_of_what_was_released_is_given_back_once(self) -> None:
        quota.hold("p", "a", D(100), takes=sugar("2"))
        quota.confirm("a")
        back = {"amount": D("40.10"), "quantities": {"sugar": D("0.75"), "rice": D(1)}}
        assert quota.give_back("a", key="return:1", **back)
        assert not quota.give_back("a", key="return:1", **back)
        assert quota.state_of("p").used == D("59.90")
        assert quota.quantities_of("p") == {"sugar": D("1.25")}
        row = QuotaReturn.objects.get()
        assert (row.amount, row.quantities, row.at) == (D("40.10"), {"sugar": "0.75"}, NOON)
        assert not quota.confirm("a")
        assert QuotaUse.objects.get().changed_at == NOON

    def test_no_more_is_given_back_than_is_left(self) -> None:
        quota.hold("p", "a", D(100), takes=sugar("2"))
        quota.confirm("a")
        assert quota.give_back("a", key="1", amount=D(60), quantities={"sugar": D("1.5")})
        assert quota.give_back("a", key="2", amount=D(60), quantities={"sugar": D("1.5")})
        assert (quota.state_of("p").used, quota.quantities_of("p")) == (0, {"sugar": D(0)})
        assert QuotaReturn.objects.get(key="2").amount == D(40)

    def test_only_what_is_released_is_given_back_in_part(self) -> None:
        quota.hold("p", "a", D(100))
        assert not quota.give_back("a", key="1", amount=D(1), quantities={})
        assert not quota.give_back("nobody", key="1", amount=D(1), quantities={})
        quota.confirm("a")
        assert quota.give_back("a", key="1", amount=D(0), quantities={})
        for wrong in ({"amount": D("-0.01"), "quantities": {}}, {"amount": D(0), "quantities": {"g": D(-1)}}):
            with pytest.raises(ValueError, match="negative"):
                quota.give_back("a", key="2", **wrong)
        assert quota.give_back("a", key="3", amount=D(0), quantities={"g": D(0)})
        assert quota.state_of("p").used == D(100)

    def test_the_year_and_the_caps_follow_the_table_in_force(self) -> None:
        assert quota.capped([("1701991090", line_of("1.5"))], date(2026, 11, 23)) == []
        approved(
            "limits", 'single_limit = "5000.00"\nannual_limit = "30000.00"\ntax_share = "0.70"', "2026-11-23"
        )
        assert quota.reserve("p", "a", D(30_000), keep=HOUR).left == 0
        with pytest.raises(QuotaExceeded):
            quota.reserve("p", "b", D("0.01"), keep=HOUR)
        approved("positive_list", LIST, "2026-11-23")
        (found,) = quota.capped([("1701991090", line_of("1.5"))], date(2026, 11, 23))
        assert (found.rule.group, found.rule.cap, found.quantity) == ("sugar", D(2), D("1.5"))


LIST = (
    "hs8,name,rule,codes,cap,unit,cap_group,remark,from,to,status,source\n"
    "17019910,sugar,cap,,2,kg,sugar,,,,read,invented\n"
)


def line_of(kilos: str) -> TaxLine:
    return TaxLine("s", D(1), D(10), Rates(), {"035": D(kilos)})
