"""Returns after release: in time, whole or by line, and each effect once."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import translation
from lxml import etree

from plugins.customs_declaration import cancelling, later, linetax, quota, return_rules, returns, steps
from plugins.customs_declaration.duties import figures
from plugins.customs_declaration.models import Declaration, QuotaUse, ReturnCase, ReturnLine
from plugins.customs_declaration.signing import verify
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import ParcelAction
from saleor_ext.plugin_api.registry import manager

from .official import import_schema, needs_schemas
from .parcels import cny, line, parcel
from .port import (
    INVT_NO,
    application_receipt,
    declared,
    deliver,
    documents_of,
    list_receipt,
    outbox_files,
    released,
    state,
    work,
)

pytestmark = pytest.mark.django_db
RETURN = "CEB625Message"


def three_lines():
    """Two pieces for 200.00, three for 100.00, one for 33.33; freight 18.00; the engine's own tax."""
    lines = (
        line(1, 2, "100.00"),
        line(2, 3, "33.33"),
        line(3, 1, "33.33", hs_code="2204210000"),
    )
    view = parcel(lines=lines)
    tax = sum((one.total for one in linetax._engine(view)), D(0))
    return parcel(lines=lines, tax_total=cny(str(tax)))


def open_return(view, lines=None, reason: str = "包装破损") -> ReturnCase:
    return returns.open(view, lines or {1: 2}, reason, actor="op@shop.example")


def approve(world, after: float = 60) -> None:
    application_receipt(world, RETURN, "399", "[Code:2300;Desc:审核通过]", after)
    work()


# -- asking ----------------------------------------------------------------------------------------------------


def test_a_return_counts_in_the_pieces_that_were_declared(world, others) -> None:
    view = three_lines()
    first = dataclasses.replace(view.lines[0], own_quantity=4, own_price=D("50"))
    view = released(world, dataclasses.replace(view, lines=(first, *view.lines[1:])))
    case = open_return(view, {1: 1, 2: 2})
    assert dict(case.lines.values_list("gnum", "quantity")) == {1: 1, 2: 2}
    deliver()
    (document,) = documents_of(RETURN)
    quantities = [one.text for one in etree.fromstring(document.body.encode()).iter("{*}qty")]
    assert quantities == ["2", "2"]
    approve(world)
    assert figures.returned_pieces(Declaration.objects.get()) == {1: 2, 2: 2}
    assert dict(Declaration.objects.get().figures.lines.values_list("gnum", "quantity")) == {1: 4, 2: 3, 3: 1}


def test_a_return_names_the_lists_own_lines(world, others) -> None:
    view = released(world, three_lines())
    open_return(view, {3: 1, 1: 1})
    deliver()
    (document,) = documents_of(RETURN)
    root = etree.fromstring(document.body.encode())
    assert verify(root).serial_number == int(document.key_name, 16)
    from plugins.customs_declaration.messages import parse

    (content,) = parse(document.body.encode()).documents
    head, lines = content["InvtRefundHead"], content["InvtRefundList"]
    assert (head["invtNo"], head["copNo"], head["reason"], head["appType"]) == (
        INVT_NO,
        f"T1{view.number}",
        "包装破损",
        "1",
    )
    assert [(one["gnum"], one["gcode"], one["qty"], one["unit"]) for one in lines] == [
        ("1", "1905310000", "1", "140"),
        ("3", "2204210000", "1", "140"),
    ]
    assert state() == "return_asked" and world.events[-1][0] == "return_asked"
    assert len(world.revealed) == 2, "the order's and the list's; a return opens nobody's identity"


@needs_schemas
def test_a_return_is_valid_by_the_official_schema(world, others) -> None:
    open_return(released(world, three_lines()), {1: 2, 2: 3, 3: 1})
    deliver()
    import_schema().assertValid(etree.fromstring(documents_of(RETURN)[0].body.encode()))


@pytest.mark.parametrize(
    ("days", "hour", "allowed"), [(0, 12, True), (30, 0, True), (30, 23, True), (31, 0, False)]
)
def test_the_window_counts_days_in_china(world, others, days: int, hour: int, allowed: bool) -> None:
    view = released(world)
    at = Declaration.objects.get().released_at.astimezone(clock.CHINA)
    moment = (at + timedelta(days=days)).replace(hour=hour, minute=30)
    if moment < at:
        moment = at
    with time_machine.travel(moment, tick=False), translation.override("en"):
        if allowed:
            case = open_return(view)
            assert case.apply_by == at.date() + timedelta(days=30)
            assert case.back_by == at.date() + timedelta(days=45)
            return
        with pytest.raises(returns.ReturnRefused, match="30 days after the release"):
            open_return(view)
    assert not ReturnCase.objects.exists() and state() == "released"


def test_the_rules_are_dated_data() -> None:
    found = return_rules.window(datetime(2026, 3, 1, 17, tzinfo=clock.CHINA))
    assert (found.apply_by, found.back_by) == (date(2026, 3, 31), date(2026, 4, 15))
    late = datetime(2026, 3, 1, 23, 30, tzinfo=clock.CHINA).astimezone(tz=None)
    assert return_rules.window(late).apply_by == date(2026, 3, 31)
    with pytest.raises(Exception, match="no return windows"):
        return_rules.window(datetime(2015, 1, 1, tzinfo=clock.CHINA))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ({}, "nothing_returned"),
        ({4: 1}, "no_such_line"),
        ({1: 3}, "too_many_pieces"),
        ({1: 0}, "too_many_pieces"),
        ({1: -1}, "too_many_pieces"),
    ],
)
def test_what_was_not_released_cannot_come_back(world, others, lines: dict[int, int], code: str) -> None:
    view = released(world, three_lines())
    with pytest.raises(returns.ReturnRefused) as caught:
        returns.open(view, lines, "x")
    assert caught.value.code == code and not ReturnCase.objects.exists()


def test_before_the_release_there_is_no_return(world, others) -> None:
    view = declared(world)
    with pytest.raises(returns.ReturnRefused) as caught:
        open_return(view)
    assert caught.value.code == "not_released"


def test_a_parcel_that_has_not_left_is_cancelled_first(world, others) -> None:
    view = dataclasses.replace(released(world), state="released")
    with pytest.raises(returns.ReturnRefused) as caught:
        open_return(view)
    assert caught.value.code == "not_left"
    open_return(dataclasses.replace(view, state="cancelled"))


def test_one_return_at_a_time_and_never_more_than_was_released(world, others) -> None:
    view = released(world, three_lines())
    open_return(view, {1: 1})
    with pytest.raises(returns.ReturnRefused) as caught:
        open_return(view, {2: 1})
    assert caught.value.code == "return_not_possible"
    deliver()
    approve(world)
    with pytest.raises(returns.ReturnRefused) as caught:
        open_return(view, {1: 2})
    assert caught.value.code == "too_many_pieces"
    open_return(view, {1: 1, 2: 3})
    deliver()
    assert [one.cop_no[:2] for one in documents_of(RETURN)] == ["T1", "T2"]
    approve(world, 90)
    assert state() == "returned" and returns.left(view, Declaration.objects.get()) == {1: 0, 2: 0, 3: 1}


def test_a_second_open_return_cannot_even_be_stored(world, others) -> None:
    """The declaration's lock lets one operator in at a time; behind it the table itself refuses."""
    case = open_return(released(world), {1: 1})
    values = {"reason": "x", "opened_by": "x", "opened_at": clock.now()}
    days = {"apply_by": case.apply_by, "back_by": case.back_by}
    with pytest.raises(IntegrityError, match="customs_one_open_return"), transaction.atomic():
        ReturnCase.objects.create(declaration=case.declaration, **values, **days)


# -- customs' answer -------------------------------------------------------------------------------------------


def test_consent_gives_back_year_money_and_goods_once(world, others) -> None:
    view = released(world)
    assert QuotaUse.objects.get().amount == D("218.00")
    case = open_return(view, {1: 1})
    deliver()
    for second, status in ((41, "2"), (42, "120"), (43, "399"), (43, "399"), (44, "800"), (45, "899")):
        application_receipt(world, RETURN, status, "x", second)
        work()
    assert state() == "returned" and ReturnCase.objects.get().state == "approved"
    use = QuotaUse.objects.get()
    assert (use.amount - use.given_back, use.state) == (D("109.00"), "confirmed")
    for _again in range(2):
        deliver()
        returns.ask_for_refund({"case": str(case.pk)})
    assert others.refunds == {f"return:{case.pk}": cny("109.92")}, "100.00 and half of 19.84"
    assert others.calls == 1
    assert ReturnCase.objects.get().refund_ref == "PR-1"
    assert others.shelved == [], "not before the goods are inside"
    assert [code for code, _ in world.events][-2:] == ["return_asked", "return_approved"]


def test_all_pieces_together_give_back_every_fen(world, others) -> None:
    view = released(world, three_lines())
    declaration = Declaration.objects.get()
    for number, lines in enumerate(({1: 1, 2: 1}, {2: 1}, {1: 1, 2: 1, 3: 1})):
        open_return(view, lines)
        deliver()
        approve(world, 60 + number)
    deliver()
    goods = sum((one.goods_value for one in ReturnLine.objects.all()), D(0))
    tax = sum((one.tax for one in ReturnLine.objects.all()), D(0))
    assert (goods, tax) == (view.goods_value.amount, view.tax_total.amount)
    assert sum((money for money in others.refunds.values()), cny("0")) == view.goods_value + view.tax_total
    use = QuotaUse.objects.get()
    assert use.amount == use.given_back
    assert quota.state_of("index-1").used == 0
    assert declaration.dutiable_value == view.goods_value.amount + view.freight.amount


def test_vouchers_are_not_paid_out(world, others) -> None:
    paid = cny("227.84")
    view = released(world, parcel(discount=cny("10.00"), actual_paid=paid))
    case = open_return(view, {1: 1})
    assert returns.refund_of(case) == cny("104.92"), "100.00 less 5.00 with 9.92"


def test_a_refusal_gives_nothing_back_and_can_be_asked_anew(world, others) -> None:
    view = released(world)
    open_return(view)
    deliver()
    application_receipt(world, RETURN, "100", "[Code:9007;Desc:x]", 50)
    work()
    assert (state(), ReturnCase.objects.get().state) == ("return_refused", "refused")
    assert world.events[-1] == ("return_refused", "9007")
    assert QuotaUse.objects.get().amount == D("218.00") and others.refunds == {}
    open_return(view)
    deliver()
    approve(world, 70)
    assert state() == "returned" and list(ReturnCase.objects.values_list("state", flat=True)) == [
        "refused",
        "approved",
    ]


def test_a_passing_fault_of_the_port_is_tried_again(world, others) -> None:
    view = released(world)
    open_return(view)
    deliver()
    application_receipt(world, RETURN, "-625024", "个人额度处理失败", 50)
    work()
    assert ReturnCase.objects.get().state == "asked" and state() == "return_asked"
    OutboxMessage.objects.filter(topic="customs.retry").update(run_at=clock.now())
    deliver()
    assert [(one.version, one.tries, one.return_case_id is not None) for one in documents_of(RETURN)] == [
        (1, 0, True),
        (2, 1, True),
    ]
    approve(world, 70)
    assert state() == "returned"


def test_killed_between_building_and_sending_one_application_goes_out(world, others, monkeypatch) -> None:
    view = released(world)
    open_return(view)
    payload = OutboxMessage.objects.get(topic="customs.return").payload
    with monkeypatch.context() as patched:
        patched.setattr(returns.documents, "hand_over", lambda document: None)
        returns.send(payload)
    returns.send(payload)
    returns.send(payload)
    assert [(one.version, one.state) for one in documents_of(RETURN)] == [(1, "sent")]
    assert len([one for one in outbox_files(world) if one.name.startswith(RETURN)]) == 1


def test_without_a_payment_plugin_a_person_is_called(world, others) -> None:
    manager().unregister(others)
    try:
        view = released(world)
        open_return(view)
        deliver()
        approve(world)
        deliver()
    finally:
        manager().register(others, name="others")
    assert world.events[-1][0] == "refund_failed"
    assert (
        AuditEntry.objects.get(action="customs.refund_failed")
        .data["error"]
        .endswith("no payment plugin knows this payment")
    )


def test_a_cancelled_parcel_that_was_released_comes_back_as_a_return(world, others) -> None:
    view = released(world)
    cancelling.give_back({"parcel": view.id, "quota": steps.reference_of(view)})
    open_return(view)
    deliver()
    approve(world)
    cancelling.give_back({"parcel": view.id, "quota": steps.reference_of(view)})
    use = QuotaUse.objects.get()
    assert (state(), use.amount - use.given_back) == ("returned", D(0))


# -- the goods -------------------------------------------------------------------------------------------------


def receive(view, case: ReturnCase | None = None) -> str | None:
    subject = str(case.pk) if case else ""
    return later.perform(view, ParcelAction("receive", "op@shop.example", "到仓", subject))


def test_goods_are_taken_in_once_when_they_are_inside(world, others) -> None:
    view = released(world)
    case = open_return(view, {1: 1})
    deliver()
    with pytest.raises(returns.ReturnRefused) as caught:
        receive(view, case)
    assert caught.value.code == "return_not_granted"
    approve(world)
    assert receive(view, case) == receive(view) == str(case.pk)
    deliver()
    returns.take_in({"case": str(case.pk)})
    assert {one for one, _lines, _number in others.shelved} == {str(case.pk)}
    assert others.shelved[0][1:] == ({1: 1}, "T20261123000000001")
    assert world.events[-1][0] == "returned"


@pytest.mark.parametrize(("days", "allowed"), [(45, True), (46, False)])
def test_goods_have_to_be_back_in_time(world, others, days: int, allowed: bool) -> None:
    view = released(world)
    case = open_return(view)
    deliver()
    approve(world)
    with time_machine.travel(Declaration.objects.get().released_at + timedelta(days=days), tick=False):
        if allowed:
            receive(view, case)
            assert OutboxMessage.objects.filter(topic="customs.return_shelve").count() == 1
            return
        with pytest.raises(returns.ReturnRefused) as caught:
            receive(view, case)
    assert caught.value.code == "goods_too_late"
    assert not OutboxMessage.objects.filter(topic="customs.return_shelve").exists()


def test_closing_after_the_release_does_not_end_the_window(world, others) -> None:
    view = released(world)
    list_receipt(world, view, "899", "x", 20, invtNo=INVT_NO)
    work()
    assert state() == "closed"
    open_return(view)
    assert state() == "return_asked"
