"""Causes of refusal: counted by code and day of China, each document once, on an index."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plugins.customs_declaration import rejections
from plugins.customs_declaration.models import Receipt
from saleor_ext.core.clock import CHINA

from .declared import declaration, document, receipt

pytestmark = pytest.mark.django_db
LAST = date(2026, 11, 26)


def at(day: int, hour: int = 12, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def test_causes_by_day_and_share() -> None:
    one, two = document(declaration("stopped", stopped_code="1313")), document(declaration())
    receipt(one, text="[Code:1313;Desc:旧]", at=at(26, 0, 0))
    receipt(one, text="[Code:1313;Desc:年度限额]", at=at(26, 23, 59))  # the same document again
    receipt(two, text="[Code:1313;Desc:年度限额];[Code:-621018;Desc:x 11010519491231002X]", at=at(25))
    receipt(two, status="-302004", text="系统忙", at=at(25))
    receipt(one, message="CEB900Message", status="", text="格式", at=at(1))
    # Not counted: no refusal, a document that is not ours, too old, too young.
    receipt(one, status="120", text="[Code:1313;Desc:x]", at=at(26))
    receipt(None, at=at(26))
    receipt(one, at=at(27, month=10))
    receipt(one, at=at(27))
    found = {cause.code: cause for cause in rejections.causes(LAST)}
    assert [*found] == ["1313", "-302004", "-621018", "CEB900"]
    days = found["1313"].days
    assert (len(days), days[29], days[28], sum(days)) == (30, 1, 1, 2)
    assert found["1313"].text == "年度限额"
    assert found["-621018"].text == "x 1****************X"
    assert found["CEB900"].days[4] == 1
    assert [cause.share for cause in found.values()] == [Decimal(2) / 5, *[Decimal(1) / 5] * 3]
    assert [cause.stopped for cause in found.values()] == [1, 0, 0, 0]


def test_nothing_refused() -> None:
    assert rejections.causes(LAST) == []


def test_the_first_and_last_day_are_whole() -> None:
    sent = document(declaration())
    receipt(sent, text="[Code:1;Desc:x]", at=at(28, 0, 0, month=10))
    receipt(sent, text="[Code:2;Desc:x]", at=at(27, 23, 59, month=10))
    assert [(cause.code, cause.days[0]) for cause in rejections.causes(LAST)] == [("1", 1)]


def test_only_refusing_receipts_are_read() -> None:
    one = receipt(document(declaration()), at=at(26))
    # Most receipts refuse nothing, and the planner has to know it.
    good = [replica(one, number) for number in range(1000)]
    Receipt.objects.bulk_create(good)
    with CaptureQueriesContext(connection) as queries:
        rejections.causes(LAST)
    assert len(queries) == 2
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customs_declaration_receipt")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        assert "customs_receipts_refusing" in " ".join(row[0] for row in cursor.fetchall())


def replica(one: Receipt, number: int) -> Receipt:
    """Return an unsaved receipt of the same document that accepts it."""
    return Receipt(
        digest=f"{number:064d}",
        message=one.message,
        document=one.document,
        keys=one.keys,
        raw=one.raw,
        status="120",
        returned_at=one.returned_at,
        received_at=one.received_at,
        moved=False,
    )
