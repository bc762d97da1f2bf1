"""Cancelled parcels and withdrawn lists: what customs have decides what is sent, freed and counted."""

from __future__ import annotations

import itertools

import pytest
from lxml import etree

from plugins.customs_declaration import cancelling, documents, hooks, quota, steps, withdrawing
from plugins.customs_declaration.models import CustomsDocument, QuotaUse, Receipt
from plugins.customs_declaration.signing import verify
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import ParcelAction

from .official import import_schema, needs_schemas
from .parcels import ID_NUMBER, NAME, parcel
from .port import (
    INVT_NO,
    application_receipt,
    declared,
    deliver,
    documents_of,
    head_of,
    list_receipt,
    listed,
    order_receipt,
    outbox_files,
    put_receipt,
    released,
    state,
    work,
)

pytestmark = pytest.mark.django_db
CANCEL, RETURN = "CEB623Message", "CEB625Message"


def cancel(view) -> None:
    """Cancel a parcel as the platform does, and do what that promises."""
    hooks.parcel_cancelled(view)
    deliver()


def use() -> QuotaUse:
    return QuotaUse.objects.get()


# -- nothing, or only an order, at the port --------------------------------------------------------------------


def test_a_parcel_that_was_never_declared_only_frees_the_year(world) -> None:
    view = world.add(parcel())
    steps._hold(view, steps.ORDER_STEP)
    cancel(view)
    assert (use().state, state()) == ("freed", "cancelled") and outbox_files(world) == []


def test_a_step_that_runs_after_the_cancellation_takes_nothing_and_sends_nothing(world) -> None:
    view = world.add(parcel())
    cancel(view)
    with pytest.raises(PermanentError, match="cancelled"):
        steps.declare_order(view)
    assert not QuotaUse.objects.filter(state="held").exists() and outbox_files(world) == []


def test_an_order_alone_is_deleted_with_a_later_time(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    cancel(view)
    first, deletion = documents_of("CEB311Message")
    before, after = head_of(first), head_of(deletion)
    assert (deletion.app_type, after["appType"]) == ("3", "3")
    assert after["appTime"] > before["appTime"] and after["guid"] != before["guid"]
    changed = {"guid", "appType", "appTime"}
    assert {key: value for key, value in after.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }
    assert (use().state, state()) == ("freed", "cancelled")
    assert len(world.revealed) == 1, "what was sent is sent again: nobody's identity is opened anew"


@needs_schemas
def test_the_deletion_and_the_cancellation_are_valid_by_the_official_schema(world) -> None:
    view = listed(world)
    cancel(view)
    application_receipt(world, CANCEL, "399")
    work()
    deliver()
    sent = {(one.kind, one.app_type): one for one in CustomsDocument.objects.all()}
    for key in ((CANCEL, "1"), ("CEB311Message", "3")):
        import_schema().assertValid(etree.fromstring(sent[key].body.encode()))


def test_the_money_goes_back_once_when_nothing_lies_at_customs(world, others) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    cancel(view)
    cancel(view)
    assert (others.refunds, others.calls) == ({f"cancel:{view.id}": None}, 1)


def test_while_a_list_lies_at_customs_no_money_goes_back(world, others) -> None:
    view = listed(world)
    cancel(view)
    assert others.refunds == {}
    application_receipt(world, CANCEL, "399")
    work()
    deliver()
    assert others.refunds == {f"cancel:{view.id}": None}


def test_released_goods_are_not_paid_back_without_a_return(world, others) -> None:
    view = listed(world)
    list_receipt(world, view, "800", "x", 5)
    work()
    cancel(view)
    assert others.refunds == {}


def test_a_refund_that_nobody_can_make_is_told(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    cancel(view)
    assert [code for code, _ in world.events] == ["refund_failed"]


def test_a_refused_deletion_alarms_nobody(world, others) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    cancel(view)
    order_receipt(world, view, "-301009", "未找到要操作的订单", 5)
    work()
    assert documents_of("CEB311Message")[1].state == "void"
    assert world.failed == [] and [code for code, _ in world.events] == []


def test_what_was_built_and_not_sent_is_never_sent(world) -> None:
    view = world.add(parcel())
    document = documents.prepare(view, steps.ORDER)
    cancel(view)
    documents.hand_over(document)
    assert outbox_files(world) == []
    assert [one.state for one in documents_of("CEB311Message")] == ["dropped"]


def test_a_cancellation_that_crosses_the_sending_takes_the_order_back(world, monkeypatch) -> None:
    """The parcel is cancelled while its order is on its way to the port: the port has it, so it is deleted there."""
    view = world.add(parcel())
    document = documents.prepare(view, steps.ORDER)
    steps._hold(view, steps.ORDER_STEP)
    way = documents.links.transport()
    before = way.send

    class Slow:
        def send(self, name: str, body: bytes) -> None:
            before(name, body)
            cancelling.give_back({"parcel": view.id, "quota": steps.reference_of(view)})

    with monkeypatch.context() as patched:
        patched.setattr(documents.links, "transport", lambda *_settings: Slow())
        documents.hand_over(document)
    assert [(one.app_type, one.state) for one in documents_of("CEB311Message")] == [("1", "sent")]
    deliver()
    assert [(one.app_type, one.state) for one in documents_of("CEB311Message")] == [
        ("1", "sent"),
        ("3", "sent"),
    ]
    assert (use().state, state()) == ("freed", "cancelled")


# -- a list at the port ----------------------------------------------------------------------------------------


def test_a_list_at_customs_is_withdrawn_and_the_year_freed_by_their_consent(world) -> None:
    view = listed(world)
    cancel(view)
    (document,) = documents_of(CANCEL)
    listed_head, head = head_of(documents_of("CEB621Message")[0]), head_of(document)
    assert (head["invtNo"], head["appType"], head["reason"]) == (INVT_NO, "1", "订单已取消")
    same = ("orderNo", "ebpCode", "ebcCode", "logisticsNo", "logisticsCode", "agentCode", "buyerName")
    assert {name: head[name] for name in same} == {name: listed_head[name] for name in same}
    assert head["customsCode"] == "5165" and "preNo" not in head and head["copNo"] == f"C1{view.number}"
    assert verify(etree.fromstring(document.body.encode())).serial_number == int(document.key_name, 16)
    assert (use().state, state()) == ("held", "withdrawing")
    for second, status in ((31, "2"), (32, "120"), (33, "399")):
        application_receipt(world, CANCEL, status, "x", second)
        work()
    assert (use().state, state()) == ("freed", "withdrawn")
    assert [code for code, _ in world.events][-1] == "withdrawn"
    deliver()
    assert documents_of("CEB311Message")[-1].app_type == "3", "the order is taken off the file as well"
    assert NAME not in str(list(AuditEntry.objects.values_list("data", flat=True)))
    assert ID_NUMBER not in str(list(OutboxMessage.objects.values_list("payload", flat=True)))


def test_a_cancellation_waits_for_the_lists_number(world) -> None:
    view = declared(world)
    cancel(view)
    assert documents_of(CANCEL) == [] and (use().state, state()) == ("held", "withdrawing")
    list_receipt(world, view, "2", "x", 11)
    work()
    deliver()
    assert documents_of(CANCEL) == []
    list_receipt(world, view, "120", "x", 12, invtNo=INVT_NO)
    work()
    deliver()
    deliver()
    assert [one.state for one in documents_of(CANCEL)] == ["sent"]


def test_a_list_that_customs_reject_meanwhile_needs_no_withdrawal(world) -> None:
    view = declared(world)
    cancel(view)
    list_receipt(world, view, "100", "[Code:1313;Desc:x]", 12)
    work()
    deliver()
    assert documents_of(CANCEL) == [] and (use().state, state()) == ("freed", "cancelled")
    assert world.failed == []


def test_a_refused_withdrawal_is_an_operators_and_the_year_stays_counted(world) -> None:
    view = listed(world)
    cancel(view)
    application_receipt(world, CANCEL, "100", "[Code:9006;Desc:清单已放行]")
    work()
    assert (use().state, state()) == ("held", "stopped")
    assert world.events[-1] == ("withdrawal_refused", "9006")
    list_receipt(world, view, "800", "x", 40, invtNo=INVT_NO)
    work()
    assert (use().state, state()) == ("confirmed", "released")
    assert world.events[-1][0] == "return_needed"
    assert [name for name, _data in world.completed] == ["declare_order"], (
        "no step of a cancelled parcel goes on"
    )


@pytest.mark.parametrize("release_first", [True, False])
def test_release_and_refusal_end_the_same_in_either_order(world, release_first: bool) -> None:
    view = listed(world)
    cancel(view)
    answers = [
        lambda: list_receipt(world, view, "800", "x", 40, invtNo=INVT_NO),
        lambda: application_receipt(world, CANCEL, "-623005", "清单状态不允许撤销", 41),
    ]
    for answer in answers if release_first else reversed(answers):
        answer()
        work()
    assert (use().state, state()) == ("confirmed", "released")
    assert {code for code, _ in world.events} >= {"withdrawal_refused", "return_needed"}


def test_customs_consent_wins_over_a_release_in_either_order(world) -> None:
    """They contradict each other; that customs let the list go is their last word."""
    view = listed(world)
    cancel(view)
    list_receipt(world, view, "800", "x", 40, invtNo=INVT_NO)
    work()
    application_receipt(world, CANCEL, "399", "x", 41)
    work()
    assert (quota.state_of("index-1").used, state()) == (0, "withdrawn")
    list_receipt(world, view, "899", "x", 50, invtNo=INVT_NO)
    work()
    assert (quota.state_of("index-1").used, state()) == (0, "withdrawn")


def test_a_released_parcel_that_is_cancelled_needs_a_return(world) -> None:
    view = released(world)
    cancel(view)
    assert documents_of(CANCEL) == [] and (use().state, state()) == ("confirmed", "released")
    assert world.events[-1][0] == "return_needed"


@pytest.mark.parametrize("order", list(itertools.permutations([("2", 31), ("120", 32), ("399", 33)])))
def test_answers_in_any_order_and_twice_end_the_same(world, order) -> None:
    view = listed(world)
    cancel(view)
    for status, second in order:
        for _twice in range(2):
            application_receipt(world, CANCEL, status, "x", second)
    work()
    assert (use().state, state()) == ("freed", "withdrawn")
    assert [code for code, _ in world.events].count("withdrawn") == 1
    assert Receipt.objects.filter(message="CEB624Message").count() == 3


def test_answers_for_unknown_applications_are_recorded(world) -> None:
    view = listed(world)
    for message in ("CEB624Message", "CEB626Message"):
        put_receipt(world, message, "399", after=40, copNo="C9NOT-OURS", preNo="C20261123000000009")
    work()
    assert list(Receipt.objects.filter(document=None).values_list("moved", flat=True)) == [False, False]
    assert (use().state, state()) == ("held", "list") and view.number


def test_killed_between_building_and_sending_the_same_cancellation_goes_out(world, monkeypatch) -> None:
    view = listed(world)
    hooks.parcel_cancelled(view)
    (promise,) = OutboxMessage.objects.filter(topic="customs.cancelled")
    cancelling.give_back(promise.payload)
    payload = OutboxMessage.objects.get(topic="customs.withdraw").payload
    with monkeypatch.context() as patched:
        patched.setattr(documents, "hand_over", lambda document: None)
        withdrawing.send(payload)
    withdrawing.send(payload)
    withdrawing.send(payload)
    (document,) = documents_of(CANCEL)
    assert (document.state, document.version) == ("sent", 1)
    assert len([path for path in outbox_files(world) if path.name.startswith(CANCEL)]) == 1


# -- by a person's wish ----------------------------------------------------------------------------------------


def withdraw(view) -> str | None:
    return hooks.parcel_action(view, ParcelAction("withdraw", "op@shop.example", "标签错误"))


def test_an_operator_withdraws_and_the_step_proposes_the_refund(world) -> None:
    view = listed(world)
    withdraw(view)
    deliver()
    assert head_of(documents_of(CANCEL)[0])["reason"] == "标签错误"
    application_receipt(world, CANCEL, "399")
    work()
    assert (use().state, state()) == ("freed", "withdrawn")
    assert world.failed[0][:2] == ("declare_inventory", "withdrawn")
    with pytest.raises(Exception, match="withdrawn"):
        steps.declare_inventory(view)


def test_after_a_refusal_it_can_be_asked_again(world) -> None:
    view = listed(world)
    withdraw(view)
    deliver()
    application_receipt(world, CANCEL, "100", "[Code:9999;Desc:x]")
    work()
    assert state() == "stopped"
    withdraw(view)
    deliver()
    assert [(one.version, one.state, one.cop_no) for one in documents_of(CANCEL)] == [
        (1, "rejected", f"C1{view.number}"),
        (2, "sent", f"C2{view.number}"),
    ]
    assert state() == "withdrawing"


@pytest.mark.parametrize(("make", "why"), [(released, "open a return"), (None, "No inventory list")])
def test_what_cannot_be_withdrawn_is_said(world, make, why: str) -> None:
    from django.utils import translation

    view = make(world) if make else world.add(parcel())
    with translation.override("en"), pytest.raises(withdrawing.NotWithdrawable, match=why):
        withdraw(view)
