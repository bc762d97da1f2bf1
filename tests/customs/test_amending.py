"""Amending, sending again, and trying again by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import translation

from plugins.customs_declaration import hooks, repeating, steps
from plugins.customs_declaration.models import CustomsDocument, QuotaUse, Receipt
from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import ParcelAction

from .parcels import parcel
from .port import (
    INVT_NO,
    declared,
    deliver,
    documents_of,
    head_of,
    list_receipt,
    listed,
    order_receipt,
    outbox_files,
    released,
    state,
    work,
)

pytestmark = pytest.mark.django_db
ORDER, LIST = "CEB311Message", "CEB621Message"


def act(view, name: str, subject: str = "") -> str | None:
    return hooks.parcel_action(view, ParcelAction(name, "op@shop.example", "更正", subject))


# -- amending --------------------------------------------------------------------------------------------------


def test_after_a_rejection_the_list_is_amended_with_customs_numbers_and_a_later_time(
    world, monkeypatch
) -> None:
    """Everything in one second: the time rises all the same."""
    second = datetime(2026, 11, 23, 10, 59, 59, tzinfo=clock.CHINA)
    monkeypatch.setattr(clock, "china_now", lambda: second)
    view = listed(world, None, "120", "100")
    steps.declare_inventory(view)
    list_receipt(world, view, "100", "[Code:1322;Desc:x]", 40)
    work()
    steps.declare_inventory(view)
    heads = [head_of(one) for one in documents_of(LIST)]
    assert [one["appType"] for one in heads] == ["1", "2", "2"]
    assert [one.get("invtNo", "") for one in heads] == ["", INVT_NO, INVT_NO]
    assert [one.get("preNo", "") for one in heads] == ["", "B20261123000000001", "B20261123000000001"]
    assert [one["appTime"] for one in heads] == ["20261123105959", "20261123110000", "20261123110001"]
    assert len({one["guid"] for one in heads}) == 3


def test_an_order_is_amended_by_a_persons_wish_before_the_list_is_there(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "2", "新增申报成功", 1)
    work()
    guid = act(view, "amend")
    deliver()
    first, second = documents_of(ORDER)
    assert (second.guid, second.app_type, second.state) == (guid, "2", "sent")
    assert head_of(second)["appTime"] > head_of(first)["appTime"]
    assert state() == "order"
    entry = AuditEntry.objects.get(action="customs.amended")
    assert (entry.actor, entry.reason, entry.data["version"]) == ("op@shop.example", "更正", 2)
    order_receipt(world, view, "120", f"变更申报成功[{guid}]", 5)
    work()
    assert [one.state for one in documents_of(ORDER)] == ["declared", "accepted"]
    assert world.completed[0][0] == "declare_order"


def test_an_order_with_a_live_list_cannot_be_amended(world) -> None:
    view = declared(world)
    order = documents_of(ORDER)[0]
    with translation.override("en"), pytest.raises(PermanentError, match="An inventory list was declared"):
        act(view, "amend", str(order.pk))


def test_after_the_lists_rejection_the_order_can_be_amended(world) -> None:
    view = listed(world, None, "120", "100")
    act(view, "amend", str(documents_of(ORDER)[0].pk))
    assert [one.app_type for one in documents_of(ORDER)] == ["1", "2"]


def test_amending_what_is_stopped_starts_its_step_again(world) -> None:
    view = listed(world, None, "120", "100")
    assert act(view, "amend") == "declare_inventory"
    assert world.retried == [(view.id, "declare_inventory", "op@shop.example", "更正")]
    assert len(documents_of(LIST)) == 1, "the step builds it"


def test_a_refused_amendment_leaves_the_list_before_it_alive(world) -> None:
    view = listed(world)
    act(view, "amend")
    deliver()
    list_receipt(world, view, "-621012", "清单状态不允许修改", 130)
    work()
    assert [one.state for one in documents_of(LIST)] == ["accepted", "void"]
    assert world.failed == [] and state() == "list" and QuotaUse.objects.get().state == "held"
    list_receipt(world, view, "800", "x", 140, invtNo=INVT_NO)
    work()
    assert [one.state for one in documents_of(LIST)] == ["released", "void"]
    assert world.completed[-1][0] == "declare_inventory"


@pytest.mark.parametrize("status", ["399", "500", "501", "800"])
def test_what_is_decided_is_not_amended(world, status: str) -> None:
    view = listed(world, None, "120", status)
    with pytest.raises(PermanentError) as caught:
        act(view, "amend")
    assert caught.value.code == "not_amendable" and len(documents_of(LIST)) == 1


# -- sending again ---------------------------------------------------------------------------------------------


def test_sent_again_are_the_same_bytes_under_the_same_guid(world) -> None:
    view = listed(world)
    path = next(one for one in outbox_files(world) if one.name.startswith(LIST))
    body = path.read_bytes()
    path.unlink()
    assert act(view, "resend") == documents_of(LIST)[0].guid
    deliver()
    assert path.read_bytes() == body
    assert (documents_of(LIST)[0].sends, documents_of(LIST)[0].state) == (2, "accepted")
    act(view, "resend")
    act(view, "resend")
    deliver()
    assert documents_of(LIST)[0].sends == 3, "two demands before one sending are answered by it"


def test_what_failed_is_not_sent_again(world) -> None:
    view = listed(world, None, "100")
    with pytest.raises(PermanentError) as caught:
        act(view, "resend")
    assert caught.value.code == "not_sent"


def test_documents_of_others_and_other_lanes_are_refused(world) -> None:
    view = listed(world)
    other = world.add(parcel("PT26112310437B2D"))
    with pytest.raises(PermanentError):
        act(other, "resend", str(documents_of(LIST)[0].pk))
    steps.declare_order(other)
    with pytest.raises(PermanentError) as caught:
        act(other, "resend", str(documents_of(LIST)[0].pk))
    assert caught.value.code == "not_declared"
    assert act(parcel(lane="local"), "resend") is None
    assert act(view, "resend")


# -- by itself -------------------------------------------------------------------------------------------------


def retry_now() -> None:
    """Do what was promised for later, as if its time had come."""
    OutboxMessage.objects.filter(topic="customs.retry", state="pending").update(run_at=clock.now())
    deliver()


def test_a_fault_that_passes_is_tried_again_by_itself_a_bounded_number_of_times(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    for attempt in range(repeating.MOST_TRIES):
        order_receipt(world, view, "-301013", f"系统异常{attempt}", 200 + attempt)
        work()
        document = documents_of(ORDER)[-1]
        assert (document.state, document.code, document.tries) == ("error", "-301013", attempt)
        wait = document.retry_at - clock.now()
        assert timedelta(seconds=3 * 2**attempt) < wait < timedelta(seconds=6.1 * 2**attempt)
        assert world.failed == [] and state() == "order"
        retry_now()
        assert len(documents_of(ORDER)) == attempt + 2
    times = [head_of(one)["appTime"] for one in documents_of(ORDER)]
    assert times == sorted(set(times))
    assert {one.app_type for one in documents_of(ORDER)} == {"1"}, "the port never had it"
    order_receipt(world, view, "-301013", "系统异常", 300)
    work()
    assert world.failed[0][:2] == ("declare_order", "-301013") and state() == "stopped"
    assert QuotaUse.objects.get().state == "held"


def test_one_that_was_accepted_after_all_is_not_tried_again(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "-301013", "系统异常", 1)
    work()
    order_receipt(world, view, "120", "x", 9)
    work()
    retry_now()
    assert len(documents_of(ORDER)) == 1 and world.completed[0][0] == "declare_order"


def test_a_killed_retry_builds_one_version_only(world, monkeypatch) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "-301013", "系统异常", 1)
    work()
    payload = OutboxMessage.objects.get(topic="customs.retry").payload
    with monkeypatch.context() as patched:
        patched.setattr(repeating.documents, "hand_over", lambda document: None)
        repeating.run(payload)
    repeating.run(payload)
    assert [(one.version, one.state, one.tries) for one in documents_of(ORDER)] == [
        (1, "error", 0),
        (2, "sent", 1),
    ]


def test_a_rejection_for_a_passing_fault_keeps_the_year_and_amends(world) -> None:
    view = listed(world)
    list_receipt(world, view, "100", "[Code:1301;Desc:系统异常，请重试]", 40)
    work()
    assert QuotaUse.objects.get().state == "held" and world.failed == [] and state() == "list"
    retry_now()
    assert [one.app_type for one in documents_of(LIST)] == ["1", "2"]


def test_a_cancelled_parcel_is_not_tried_again(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "-301013", "系统异常", 1)
    work()
    hooks.parcel_cancelled(view)
    retry_now()
    assert len(documents_of(ORDER)) == 1 and state() == "cancelled"


# -- what each class does --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "buyer_is_told"),
    [
        ("1313", "limit starts anew on 1 January"),
        ("1327", "wallet in your own name"),
        ("1322", "We are looking into it"),
        ("1311", "We are looking into it"),
        ("77777", "We are looking into it"),
    ],
)
def test_the_buyer_is_told_what_to_do_where_only_the_buyer_can(world, code: str, buyer_is_told: str) -> None:
    view = listed(world)
    with translation.override("en"):
        list_receipt(world, view, "100", f"[Code:{code};Desc:x]", 40)
        work()
    assert world.failed[0][1] == code and buyer_is_told in world.failed[0][2]
    assert CustomsDocument.objects.get(kind=LIST).code == code and state() == "stopped"


def test_contradicting_ends_are_recorded_for_a_person(world) -> None:
    view = released(world)
    list_receipt(world, view, "100", "x", 90)
    work()
    assert CustomsDocument.objects.get(kind=LIST).state == "released"
    assert AuditEntry.objects.get(action="customs.contradiction").data["status"] == "100"
    assert Receipt.objects.get(status="100").moved is False
