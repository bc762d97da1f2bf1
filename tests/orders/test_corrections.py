"""Facts of a sold article are corrected for one parcel, audited, and never the ones that the tax follows from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry
from saleor_ext.orders.ingest import order_seen
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api import platform

from .conftest import API, FACTS

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


def test_the_name_of_the_line_follows(parcel: Parcel) -> None:
    correct(parcel, name="澳门杏仁饼")
    assert parcel.lines.get().name == "澳门杏仁饼"


def test_nothing_changed_is_nothing_noted(parcel: Parcel) -> None:
    correct(parcel, net_g=FACTS.net_g, qty1=FACTS.qty1)
    assert not AuditEntry.objects.filter(action="parcel.line_corrected").exists()


@pytest.mark.parametrize("field", ["hs_code", "sku", "merchant", "lane", "warehouse", "content", "no_such"])
def test_what_the_tax_follows_from_is_not_corrected(parcel: Parcel, field: str) -> None:
    with pytest.raises(PermanentError, match=field):
        correct(parcel, **{field: "x", "net_g": 1})
    assert platform().parcel(str(parcel.pk)).lines[0].facts.net_g == FACTS.net_g


def test_an_unknown_line_is_refused(parcel: Parcel) -> None:
    with pytest.raises(PermanentError, match="no line 7"):
        correct(parcel, 7, net_g=1)


@pytest.mark.parametrize("state", ["shipped", "delivered", "cancelled"])
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
