"""The tax guarantee: occupied and freed once each, never below nought, the sum of its entries; health watches it."""

from __future__ import annotations

import itertools
import threading
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import Sum

from plugins.customs_declaration import checks
from plugins.customs_declaration.duties import guarantee
from plugins.customs_declaration.duties.models import GuaranteeEntry, TaxBill
from plugins.customs_declaration.models import Declaration
from saleor_ext.core import clock

from . import lists
from .lists import answer, bill, bill_of_rest, bill_status, declared, document, refund

pytestmark = pytest.mark.django_db
GUARANTOR = "4401960PT2"
TAX = D("27.45")


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


def entries() -> list[tuple[str, D, D]]:
    return list(GuaranteeEntry.objects.order_by("id").values_list("kind", "amount", "balance"))


def occupied() -> D:
    """What is occupied; always the sum of the entries, and of the declarations' balances."""
    total = GuaranteeEntry.objects.aggregate(total=Sum("amount"))["total"] or D(0)
    assert guarantee.occupied(GUARANTOR) == total
    assert guarantee.by_guarantor() == ({GUARANTOR: total} if GuaranteeEntry.objects.exists() else {})
    return total


@pytest.fixture
def listed(world):
    """A declaration whose list is at the port."""
    declaration = declared()
    world.add(lists.view())
    world.views[str(declaration.parcel_id)] = lists.view()
    document(declaration, "CEB621Message")
    return declaration


def test_customs_taking_a_list_occupies_its_tax_once(listed) -> None:
    for status in ("2", "3"):
        answer("CEB622Message", listed, status, int(status))
    assert occupied() == 0
    for after, status in enumerate(("120", "399", "800", "899"), 10):
        answer("CEB622Message", listed, status, after)
    assert entries() == [("occupy", TAX, TAX)]
    assert GuaranteeEntry.objects.get().document == listed.cop_no


def test_a_release_alone_occupies_as_well(listed) -> None:
    answer("CEB622Message", listed, "800")
    assert occupied() == TAX


def test_payment_frees_what_is_left_and_a_late_receipt_occupies_nothing(listed) -> None:
    answer("CEB622Message", listed, "800")
    bill()
    bill_status()
    assert entries() == [("occupy", TAX, TAX), ("paid", -TAX, D(0))]
    answer("CEB622Message", listed, "899", 30)
    bill_status(after=40)
    assert occupied() == 0 and len(entries()) == 2


def test_a_payment_that_comes_first_leaves_nothing_to_occupy(listed) -> None:
    bill_status()
    answer("CEB622Message", listed, "800", 30)
    assert entries() == []


@pytest.mark.parametrize("status", ["100", "700"])
def test_a_rejected_or_returned_list_frees(listed, status: str) -> None:
    answer("CEB622Message", listed, "120", 1)
    answer("CEB622Message", listed, status, 2)
    assert [kind for kind, _, _ in entries()] == ["occupy", "withdrawn"]
    assert occupied() == 0


def test_the_next_version_of_a_rejected_list_occupies_anew(listed) -> None:
    answer("CEB622Message", listed, "120", 1)
    answer("CEB622Message", listed, "100", 2)
    document(listed, "CEB621Message", version=2)
    answer("CEB622Message", listed, "800", 3)
    assert [kind for kind, _, _ in entries()] == ["occupy", "withdrawn", "occupy"]
    assert occupied() == TAX


def granted(declaration, kind: str, key: str) -> None:
    """What a granted cancellation or return does, as its receipt does it."""
    from plugins.customs_declaration.duties import following
    from plugins.customs_declaration.models import CustomsDocument, Receipt

    found = CustomsDocument.objects.select_related("declaration").get(
        declaration=declaration, kind=kind, guid=key
    )
    found.state = "reviewed"
    found.save()
    receipt = Receipt(document=found, moved=True, message="x")
    (following.withdrawal_moved if kind == "CEB623Message" else following.return_moved)(receipt, {})


def test_a_granted_cancellation_frees_everything_and_later_news_of_the_list_nothing_else(listed) -> None:
    answer("CEB622Message", listed, "120", 1)
    asked = document(listed, "CEB623Message")
    granted(listed, "CEB623Message", asked.guid)
    granted(listed, "CEB623Message", asked.guid)
    answer("CEB622Message", listed, "399", 5)
    assert entries() == [("occupy", TAX, TAX), ("withdrawn", -TAX, D(0))]


def test_an_application_that_is_not_granted_frees_nothing(listed) -> None:
    from plugins.customs_declaration.duties import following
    from plugins.customs_declaration.models import Receipt

    answer("CEB622Message", listed, "800", 1)
    for kind, follow in (
        ("CEB623Message", following.withdrawal_moved),
        ("CEB625Message", following.return_moved),
    ):
        refused = document(listed, kind, "rejected")
        follow(Receipt(document=refused, moved=True, message="x"), {})
        refused.state = "reviewed"
        follow(Receipt(document=refused, moved=False, message="x"), {})
        follow(Receipt(document=None, moved=False, message="x"), {})
    assert occupied() == TAX


def test_returns_free_the_share_of_their_pieces_and_all_pieces_all_of_it(listed) -> None:
    answer("CEB622Message", listed, "800", 1)
    for version, pieces in enumerate(({1: 1}, {1: 1}, {1: 1, 2: 1}), 1):
        asked = refund(listed, pieces, version)
        granted(listed, "CEB625Message", asked.guid)
        granted(listed, "CEB625Message", asked.guid)
    # 8.62 / 3 = 2.873…, 2/3 = 5.746…: shares are counted from the first piece, so that they add up.
    assert entries() == [
        ("occupy", TAX, TAX),
        ("returned", D("-2.87"), D("24.58")),
        ("returned", D("-2.88"), D("21.70")),
        ("returned", D("-21.70"), D("0.00")),
    ]
    assert occupied() == 0


def test_a_return_without_own_figures_frees_nothing_by_guess() -> None:
    declaration = declared("PT5", kept=False)
    document(declaration, "CEB621Message")
    answer("CEB622Message", declaration, "800", 1)
    assert entries() == [("occupy", D("27.46"), D("27.46"))]
    asked = refund(declaration, {1: 1})
    granted(declaration, "CEB625Message", asked.guid)
    assert occupied() == D("27.46")


def test_customs_figure_is_followed_when_a_bill_says_another(listed) -> None:
    answer("CEB622Message", listed, "800", 1)
    bill(after=10, valueAddedTax="20.00")
    bill(after=11, valueAddedTax="19.00")
    bill(after=12, valueAddedTax="19.00", note="again")
    bill_status()
    assert entries() == [
        ("occupy", TAX, TAX),
        ("adjust", D("0.74"), D("28.19")),
        ("adjust", D("-1.00"), D("27.19")),
        ("paid", D("-27.19"), D(0)),
    ]


def test_a_bill_after_a_return_counts_what_went_back(listed) -> None:
    answer("CEB622Message", listed, "800", 1)
    asked = refund(listed, {2: 1})
    granted(listed, "CEB625Message", asked.guid)
    bill()
    assert entries() == [("occupy", TAX, TAX), ("returned", D("-18.83"), D("8.62"))]
    bill(after=40, valueAddedTax="0", consumptionTax="0")
    assert occupied() == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_bill_of_what_a_return_left_is_not_lowered_again(listed, order) -> None:
    answer("CEB622Message", listed, "800", 1)
    bill()
    asked = refund(listed, {1: 1})
    news = [
        lambda: granted(listed, "CEB625Message", asked.guid),
        lambda: bill_status(status="3"),
        lambda: bill_of_rest(),
    ]
    for number in order:
        news[number]()
    assert occupied() == D("24.58")
    assert TaxBill.objects.get(tax_no="T2").comparison == "equal"
    bill_status(tax_no="T2", after=40)
    assert occupied() == 0


def test_a_void_bill_frees_nothing_by_itself(listed) -> None:
    answer("CEB622Message", listed, "800", 1)
    bill_status(status="3")
    assert occupied() == TAX
    assert TaxBill.objects.get().status == "3"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_whatever_order_receipts_come_the_end_is_the_same(listed, order) -> None:
    news = [
        lambda: answer("CEB622Message", listed, "120", 1),
        lambda: answer("CEB622Message", listed, "800", 2),
        lambda: bill(after=10),
        lambda: bill_status(after=20),
    ]
    for number in order:
        news[number]()
    assert occupied() == 0


# -- the table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "amount", "balance", "constraint"),
    [
        ("occupy", "1", "-0.01", "balance_not_negative"),
        ("occupy", "0", "0", "sign_of_kind"),
        ("occupy", "-1", "0", "sign_of_kind"),
        ("paid", "1", "1", "sign_of_kind"),
        ("adjust", "0", "1", "sign_of_kind"),
    ],
)
def test_the_database_refuses_entries_that_cannot_be(kind, amount, balance, constraint) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        GuaranteeEntry.objects.create(
            declaration=declared(), guarantor="g", kind=kind, amount=D(amount), balance=D(balance), key="k",
            document="d", at=clock.now(),
        )  # fmt: skip


def test_entries_are_never_altered(listed) -> None:
    answer("CEB622Message", listed, "800", 1)
    for change in (
        lambda: GuaranteeEntry.objects.update(amount=1),
        lambda: GuaranteeEntry.objects.all().delete(),
    ):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            change()


def test_who_looks_ahead_believes_a_sum_for_half_a_minute(listed, monkeypatch) -> None:
    clock_of_process = [1000.0]
    monkeypatch.setattr(guarantee.time, "monotonic", lambda: clock_of_process[0])
    assert guarantee.occupied_lately(GUARANTOR) == 0
    answer("CEB622Message", listed, "800", 1)
    clock_of_process[0] += 30
    assert guarantee.occupied_lately(GUARANTOR) == 0
    clock_of_process[0] += 0.1
    assert guarantee.occupied_lately(GUARANTOR) == TAX


# -- health ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "percent", "status"),
    [
        ("0", 80, "warning"),
        ("27.45", 100, "warning"),
        ("27.44", 100, "error"),
        ("34.32", 80, "ok"),
        ("34.31", 80, "warning"),
    ],
)
def test_health_watches_the_guarantee(listed, set_config, limit, percent, status) -> None:
    answer("CEB622Message", listed, "800", 1)
    set_config(guarantee_limit=D(limit), guarantee_warning_percent=percent)
    (found,) = [one for one in checks.health() if one.name == "customs-guarantee"]
    assert found.status == status
    assert ("27.45" in str(found.message)) is (limit != "0")


def test_health_counts_bills_that_need_a_look() -> None:
    def state() -> tuple[str, str]:
        (found,) = [one for one in checks.health() if one.name == "customs-tax-bills"]
        return found.status, str(found.message)

    assert state()[0] == "ok"
    declared()
    bill(valueAddedTax="1")
    bill("PT9", "T9")
    status, text = state()
    assert status == "warning" and "1" in text


# -- at once ---------------------------------------------------------------------------------------------------

GROUNDS = (guarantee.Kind.PAID, guarantee.Kind.WITHDRAWN)


def freed_at_once(declaration: Declaration, *, locked: bool) -> None:
    """Free a declaration on two grounds at the same moment, each in a transaction and a connection of its own.

    Without the lock nobody commits before both have written; with it the second could not write so early.
    """
    start, written = threading.Barrier(len(GROUNDS)), threading.Barrier(len(GROUNDS))

    def free(kind: guarantee.Kind) -> None:
        try:
            start.wait(10)
            with transaction.atomic():
                found = Declaration.objects.all()
                if locked:
                    found = found.select_for_update()
                guarantee.free(found.get(pk=declaration.pk), kind, f"{kind}:1", "x")
                if not locked:
                    written.wait(10)
        finally:
            connection.close()

    threads = [threading.Thread(target=free, args=(kind,)) for kind in GROUNDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def taken(transactional_db, platform_of_tests, settings_of_customs) -> Declaration:
    declaration = declared()
    guarantee.occupy(declaration, "g")
    return declaration


def test_without_the_declarations_lock_two_grounds_free_twice(taken) -> None:
    freed_at_once(taken, locked=False)
    assert len(entries()) == 3
    assert guarantee.occupied(GUARANTOR) == -TAX


def test_under_the_declarations_lock_one_ground_frees(taken) -> None:
    freed_at_once(taken, locked=True)
    assert len(entries()) == 2
    assert occupied() == 0
