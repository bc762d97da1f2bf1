"""Facts of a sold article are corrected for one parcel, audited, and never the ones that the tax follows from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from plugins.nansha_logistics.lanes import BONDED
from plugins.nansha_logistics.models import Shipment
from saleor_ext.core import clock, rotation
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.identity.checks import IdentityInvalid
from saleor_ext.identity.models import Person
from saleor_ext.orders import corrections
from saleor_ext.orders.ingest import order_seen
from saleor_ext.orders.models import Parcel, ParcelCorrection, ParcelStep
from saleor_ext.plugin_api import platform
from tests.dummy_plugin import hooks as dummy

from .conftest import API, FACTS, ID

#: Invented, with a valid check character.
OTHER_ID = "44010619900101003X"
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def parcel(order: Make) -> Parcel:
    made = order_seen(API, order())
    assert made is not None
    return made


def correct(parcel: Parcel, gnum: int = 1, **changes: Any) -> None:
    platform().correct_line(str(parcel.pk), gnum, changes, actor="operator", reason="as weighed")


def test_a_fact_is_corrected_for_the_parcel(parcel: Parcel) -> None:
    correct(parcel, gmodel="杏仁饼|240克/盒", net_g=240, qty1=Decimal("0.24"), unit=FACTS.unit)
    facts = platform().parcel(str(parcel.pk)).lines[0].facts
    assert (facts.gmodel, facts.net_g, facts.qty1, facts.gross_g) == (
        "杏仁饼|240克/盒",
        240,
        Decimal("0.24"),
        260,
    )
    entry = AuditEntry.objects.get(action="parcel.line_corrected")
    assert (entry.actor, entry.reason, entry.object_id) == ("operator", "as weighed", str(parcel.pk))
    assert entry.data == {
        "line": 1,
        "changes": {
            "gmodel": [FACTS.gmodel, "杏仁饼|240克/盒"],
            "net_g": [200, 240],
            "qty1": ["0.2", "0.24"],
        },
    }


def test_the_order_stays_as_it_was_sold(parcel: Parcel) -> None:
    correct(parcel, name="澳门杏仁饼")
    assert platform().parcel(str(parcel.pk)).lines[0].facts.name == "澳门杏仁饼"
    assert (parcel.lines.get().name, parcel.lines.get().facts["name"]) == (FACTS.name, FACTS.name)


def test_nothing_changed_is_nothing_noted(parcel: Parcel) -> None:
    correct(parcel, net_g=FACTS.net_g, qty1=FACTS.qty1)
    assert not AuditEntry.objects.filter(action="parcel.line_corrected").exists()


@pytest.mark.parametrize("field", ["sku", "merchant", "lane", "warehouse", "content", "no_such"])
def test_what_the_tax_follows_from_is_not_corrected(parcel: Parcel, field: str) -> None:
    with pytest.raises(PermanentError, match=field):
        correct(parcel, **{field: "x", "net_g": 1})
    assert platform().parcel(str(parcel.pk)).lines[0].facts.net_g == FACTS.net_g


def test_an_unknown_line_is_refused(parcel: Parcel) -> None:
    with pytest.raises(PermanentError, match="no line 7"):
        correct(parcel, 7, net_g=1)


@pytest.mark.parametrize("state", ["released", "shipped", "delivered", "cancelled"])
def test_a_parcel_that_is_gone_is_left_alone(parcel: Parcel, state: str) -> None:
    Parcel.objects.update(state=state)
    with pytest.raises(PermanentError, match=f"is {state}"):
        correct(parcel, net_g=240)


def test_parcels_of_a_span_come_in_order_with_few_queries(order: Make) -> None:
    parcels = [order_seen(API, order(id=f"Order:{number}", number=str(number))) for number in range(3)]
    start = parcels[0].paid_at
    for place, one in enumerate(parcels):
        Parcel.objects.filter(pk=one.pk).update(paid_at=start + timedelta(hours=place))
    with CaptureQueriesContext(connection) as queries:
        found = list(platform().parcels_paid(start, start + timedelta(hours=2), ["dummy"]))
    assert [one.id for one in found] == [str(one.pk) for one in parcels[:2]]
    assert [len(one.lines) for one in found] == [1, 1] and found[0].merchant.slug == "bakery"
    assert len(queries) == 4
    assert list(platform().parcels_paid(start, start + timedelta(hours=2), ["postal"])) == []


# -- figures, address, buyer -----------------------------------------------------------------------------------


def seen(parcel: Parcel) -> Any:
    return platform().parcel(str(parcel.pk))


@pytest.mark.parametrize(
    ("changes", "declared"),
    [
        ({"declared_quantity": 4, "declared_price": Decimal("44.00")}, (4, Decimal("44"))),
        ({"declared_quantity": 12, "declared_price": Decimal("14.66667")}, (12, Decimal("14.66667"))),
        ({"declared_price": Decimal("88.00001")}, (2, Decimal("88.00001"))),
    ],
)
def test_figures_that_come_to_what_was_paid_are_declared(
    parcel: Parcel, changes: dict[str, Any], declared: tuple[int, Decimal]
) -> None:
    correct(parcel, **changes)
    line = seen(parcel).lines[0]
    assert (line.declared_quantity, line.declared_price) == declared
    assert (line.quantity, line.unit_price.amount, line.total.amount) == (
        2,
        Decimal("88.00"),
        Decimal("176.00"),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"declared_price": Decimal("88.01")}, "total_differs"),
        ({"declared_price": Decimal("-88")}, "total_differs"),
        ({"declared_price": Decimal("88.000001")}, "total_differs"),
        ({"declared_quantity": 4}, "total_differs"),
        ({"declared_quantity": 3, "declared_price": Decimal("58.66667")}, "quantity"),
        ({"declared_quantity": 0, "declared_price": Decimal("0")}, "quantity"),
    ],
)
def test_figures_that_do_not_are_refused(parcel: Parcel, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        correct(parcel, **changes)
    assert refused.value.code == code and not ParcelCorrection.objects.exists()


def test_of_a_field_the_newest_counts_and_each_is_told(parcel: Parcel) -> None:
    correct(parcel, hs_code="1905900000", net_g=240)
    correct(parcel, hs_code="1905310001")
    line = seen(parcel).lines[0]
    assert (line.facts.hs_code, line.facts.net_g, line.corrected) == (
        "1905310001",
        240,
        frozenset({"hs_code", "net_g"}),
    )
    assert [
        (one.gnum, one.field, one.before, one.after) for one in platform().corrections(str(parcel.pk))
    ] == [
        (1, "hs_code", "1905900000", "1905310001"),
        (1, "net_g", "200", "240"),
        (1, "hs_code", "1905310000", "1905900000"),
    ]
    assert parcel.lines.get().facts["hs_code"] == "1905310000"


def test_a_consignee_is_corrected_sealed_and_never_told_in_the_clear(parcel: Parcel) -> None:
    platform().correct_consignee(
        str(parcel.pk), {"name": "陈悦", "street": "人民路 2 号"}, actor="operator", reason="asked"
    )
    found = seen(parcel).consignee
    assert (found.name, found.street, found.city) == ("陈悦", "人民路 2 号", "成都市")
    told = {
        one.field: (one.before, one.after, one.personal) for one in platform().corrections(str(parcel.pk))
    }
    assert told == {"name": ("林＊＊", "陈＊＊", True), "street": ("天＊＊", "人＊＊", True)}
    entry = AuditEntry.objects.get(action="parcel.consignee_corrected")
    assert (entry.actor, entry.reason, entry.data) == ("operator", "asked", {"fields": ["name", "street"]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT before || after FROM orders_parcelcorrection")
        stored = "".join(row[0] for row in cursor.fetchall())
    assert "陈悦" not in stored and "人民路" not in stored and stored.count("p1.") == 4
    assert '"林悦"' in Parcel.objects.get().consignee


def test_the_carrier_hears_of_a_corrected_consignee(parcel: Parcel) -> None:
    Parcel.objects.update(lane=BONDED)
    step = ParcelStep.objects.create(
        parcel=parcel, name="obtain_waybill", position=9, state="done", after=[], changed_at=clock.now(),
        data={"waybill": "SF1", "logistics_no": "SF1", "gross_kg": "1"},
    )  # fmt: skip
    Shipment.objects.create(
        parcel=str(parcel.pk), number=parcel.number, waybill="SF1", carrier_order=parcel.number,
        created_at=clock.now(),
    )  # fmt: skip
    platform().correct_consignee(str(parcel.pk), {"street": "人民路 2 号"}, actor="operator", reason="x")
    step.refresh_from_db()
    assert step.data == {"waybill": "", "logistics_no": "", "routing_code": "", "gross_kg": "1"}
    assert OutboxMessage.objects.get(topic="logistics.renew_waybill").payload == {
        "parcel": str(parcel.pk),
        "count": 1,
    }


@pytest.mark.parametrize(
    ("changes", "code"), [({"country": "US"}, "not_correctable"), ({"name": " "}, "empty")]
)
def test_an_address_is_not_corrected_into_none(parcel: Parcel, changes: dict[str, str], code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        platform().correct_consignee(str(parcel.pk), changes, actor="operator", reason="x")
    assert refused.value.code == code and not ParcelCorrection.objects.exists()


def test_a_buyer_is_entered_anew_and_the_one_before_stays(parcel: Parcel) -> None:
    first = seen(parcel).buyer
    platform().correct_buyer(
        str(parcel.pk), name="陈悦", id_number=OTHER_ID, phone="13900000001", actor="operator", reason="asked"
    )
    second = seen(parcel).buyer
    assert second.reference != first.reference and second.index != first.index
    assert (dummy.corrected, second.masked_name) == ([second.reference], "陈*")
    assert platform().reveal_identity(second.reference, purpose="test").id_number == OTHER_ID
    assert platform().reveal_identity(first.reference, purpose="test").id_number == ID
    assert str(Parcel.objects.get().buyer_id) == first.reference
    entry = AuditEntry.objects.get(action="parcel.buyer_corrected")
    assert entry.data == {"before": first.reference, "after": second.reference}
    assert OTHER_ID not in str(list(AuditEntry.objects.values_list("data", "reason")))
    (told,) = platform().corrections(str(parcel.pk))
    assert (told.field, told.before, told.after, told.personal) == ("buyer", "林*", "陈*", True)


def test_an_identity_that_customs_would_refuse_is_not_taken(parcel: Parcel) -> None:
    with pytest.raises(IdentityInvalid, match="checksum"):
        platform().correct_buyer(
            str(parcel.pk), name="陈悦", id_number=OTHER_ID[:-1] + "9", phone="1", actor="x", reason="x"
        )
    assert not ParcelCorrection.objects.exists() and Person.objects.count() == 1


def test_sealed_corrections_follow_a_change_of_keys(parcel: Parcel) -> None:
    platform().correct_consignee(str(parcel.pk), {"name": "陈悦"}, actor="operator", reason="x")
    rotation.rotate()
    assert seen(parcel).consignee.name == "陈悦"


def test_a_parcel_without_corrections_costs_no_query(parcel: Parcel) -> None:
    with CaptureQueriesContext(connection) as plain:
        seen(parcel)
    correct(parcel, net_g=240)
    with CaptureQueriesContext(connection) as corrected:
        seen(parcel)
    assert len(corrected) == len(plain) + 1


# -- two operators at once -------------------------------------------------------------------------------------

HANDS = 4


def at_once(parcel: Parcel) -> list[BaseException]:
    """Let operators correct other weights of one line at the same moment; return what was raised."""
    barrier, raised = threading.Barrier(HANDS), list[BaseException]()

    def work(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            correct(parcel, net_g=100 + number)
        except IntegrityError as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_corrections_get_into_each_others_way(
    order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order_seen(API, order())
    assert made is not None
    between, honest = threading.Barrier(HANDS), corrections._note

    def late(*args: Any, **options: Any) -> None:
        between.wait(timeout=30)  # everybody has read what is there
        honest(*args, **options)

    monkeypatch.setattr(corrections, "_note", late)
    monkeypatch.setattr(corrections, "_open", lambda parcel_id: Parcel.objects.get(pk=parcel_id))
    at_once(made)
    told = [one.before for one in ParcelCorrection.objects.all()]
    assert set(told) == {"200"} and told  # each believes that it was the first


@pytest.mark.django_db(transaction=True)
def test_with_it_each_correction_begins_where_the_one_before_ended(order: Make) -> None:
    made = order_seen(API, order())
    assert made is not None
    assert at_once(made) == []
    chain = [(one.before, one.after) for one in ParcelCorrection.objects.order_by("number")]
    assert len(chain) == HANDS and chain[0][0] == "200"
    assert [before for before, _after in chain[1:]] == [after for _before, after in chain[:-1]]
    assert str(seen(made).lines[0].facts.net_g) == chain[-1][1]
