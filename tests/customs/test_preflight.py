"""What customs would refuse, each code by itself: a case that meets it alone, and a neighbour that does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal as D
from types import MappingProxyType
from typing import Any

import pytest
import time_machine
from django.template.loader import render_to_string
from django.utils import translation

from plugins.customs_declaration import (
    documents,
    hooks,
    mapping,
    objections,
    preflight,
    quota,
    situation,
    steps,
)
from plugins.customs_declaration.comparison import Four, compare
from plugins.customs_declaration.duties import guarantee
from plugins.customs_declaration.duty import coded
from plugins.customs_declaration.mapping import Case, support_of
from plugins.customs_declaration.messages import make_guid, parse
from plugins.customs_declaration.messages.check import Remedy
from plugins.customs_declaration.models import CustomsDocument, Declaration, QuotaUse
from plugins.customs_declaration.policy import limits_on, tariff
from plugins.customs_declaration.positive_list import CapBreach, ListRule, list_of
from plugins.customs_declaration.situation import Situation
from saleor_ext.core.models import AuditEntry
from saleor_ext.plugin_api import BookBalance, Done, Identity, ParcelView, StepView, Wait

from .editions import approved
from .parcels import ID_NUMBER, NAME, cny, config, facts, line, parcel

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = NOON.date()
LIST_TEXT = (
    "hs8,name,rule,codes,cap,unit,cap_group,remark,from,to,status,source\n"
    "19053100,biscuits,,,,,,,,,read,invented\n"
    "22042100,wine,bonded,,,,,not by direct mail,,,read,invented\n"
    "32151900,ink,narrow,,,,,for household printers only,,,read,invented\n"
    "17019910,sugar,cap,,2,kg,sugar,,,,read,invented\n"
)
WHOLE = parcel()


def case(view: ParcelView = WHOLE, **changes: Any) -> Case:
    settings = config()
    values: dict[str, Any] = {
        "parcel": view,
        "identity": Identity(NAME, ID_NUMBER, "13800138000"),
        "support": support_of(view, settings),
        "config": settings,
        "cop_no": view.number,
        "guid": make_guid(view.number),
        "app_type": "1",
        "now": NOON,
    }
    return Case(**{**values, **changes})


def book(**changes: Any) -> dict[int, BookBalance]:
    values: dict[str, Any] = {
        "gnum": 1, "book_no": "T516526A00001", "item_record_no": "0001", "hs_code": "1905310000", "origin": "121",
        "dcl_unit": "140", "lawf_unit": "035", "stopped": False, "held": D(2), "available": D(0),
    }  # fmt: skip
    return {1: BookBalance(**{**values, **changes})}


def four(about: Case, **changes: Any) -> Four:
    """The four documents of a case as they are when all is well, each part open to change."""
    order, listed = mapping.order(about).documents[0], mapping.inventory(about).documents[0]
    values: dict[str, Any] = {
        "order": order["OrderHead"],
        "order_lines": order["OrderList"],
        "payment": {
            "orderNo": about.support.order_no, "payCode": about.support.pay_code, "amount": "237.84",
            "payTransactionId": about.support.pay_transaction_id, "identity": "SAME",
        },
        "waybill": mapping.waybill(about).documents[0]["LogisticsHead"],
        "listed": listed["InventoryHead"],
        "listed_lines": listed["InventoryList"],
    }  # fmt: skip
    return Four(**{**values, **changes})


def world(about: Case, **changes: Any) -> Situation:
    """A situation in which nothing stands against a case."""
    values: dict[str, Any] = {
        "limits": limits_on(TODAY),
        "four": changes.pop("four", None) or Four(),
        "listed": list_of(LIST_TEXT, "list", TODAY),
        "book": book(),
        "guarantee_left": D(1000),
    }
    return Situation(**{**values, **changes})


def recorded(number: str) -> Case:
    """A case whose record number was corrected."""
    corrected = frozenset({"item_record_no"})
    return case(parcel(lines=(dataclasses.replace(line(item_record_no=number), corrected=corrected),)))


def found(
    about: Case | None = None, kind: str = "CEB621Message", **changes: Any
) -> list[tuple[str, str, str]]:
    """Code, field and class of everything that stands against a case."""
    of = about or case()
    data = (mapping.inventory if kind == "CEB621Message" else mapping.order)(of)
    return [(one.code, one.field, one.remedy.value) for one in preflight.find(of, data, world(of, **changes))]


def view_of(**changes: Any) -> Case:
    return case(parcel(**changes))


def compared(**changes: Any) -> list[tuple[str, str, str]]:
    return [(one.code, one.field, one.remedy.value) for one in compare(four(case(), **changes))]


def changed(part: str, **values: str) -> dict[str, Any]:
    return {part: {**getattr(four(case()), part), **values}}


def changed_line(**values: str) -> dict[str, Any]:
    (only,) = four(case()).listed_lines
    return {"listed_lines": [{**only, **values}]}


@pytest.mark.parametrize("kind", ["CEB311Message", "CEB621Message"])
def test_a_sound_case_meets_nothing(kind: str) -> None:
    assert found(kind=kind, four=four(case())) == []


# -- the four documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "expected", "neighbour"),
    [
        # 1332: what was paid is not what the order says.
        (
            changed("payment", amount="237.83"),
            ("1332", "acturalPaid", "operator"),
            changed("payment", amount="237.840"),
        ),
        # 1327: the payer is not the orderer.
        (
            changed("payment", identity="DIFFERENT"),
            ("1327", "buyerIdNumber", "ask_buyer"),
            changed("payment", identity=""),
        ),
        (changed("payment", identity="UNCHECKED"), ("1327", "buyerIdNumber", "ask_buyer"), {}),
        # 13035: another payment enterprise.
        (changed("payment", payCode="31222699S7"), ("13035", "payCode", "operator"), changed("payment", payCode="")),
        (changed("payment", orderNo="W2"), ("payment", "orderNo", "operator"), {}),
        (changed("payment", payTransactionId="V2"), ("payment", "payTransactionId", "operator"), {}),
        # 13127: the orderer of the list is not the order's.
        (changed("listed", buyerName="林越"), ("13127", "buyerName", "ask_buyer"), changed("listed", note="x")),
        (changed("order", buyerIdNumber="x"), ("13127", "buyerIdNumber", "ask_buyer"), {}),
        (changed("order", buyerIdType="2"), ("13127", "buyerIdType", "ask_buyer"), {}),
        # 130126: the orderer's telephone.
        (changed("listed", buyerTelephone="1"), ("130126", "buyerTelephone", "ask_buyer"), {}),
        # 1320: the number of lines.
        (
            {"listed_lines": [*four(case()).listed_lines] * 2},
            ("1320", "InventoryList", "mend_data"),
            {"listed_lines": [*four(case()).listed_lines]},
        ),
        # 1322: what the lines say.
        (changed_line(qty="3"), ("1322", "InventoryList[1]/qty", "mend_data"), changed_line(qty="2.00000")),
        (changed_line(gname="x"), ("1322", "InventoryList[1]/gname", "mend_data"), changed_line(gmodel="x")),
        (changed_line(price="99.99"), ("1322", "InventoryList[1]/price", "mend_data"), changed_line(price="100")),
        (changed_line(totalPrice="1"), ("1322", "InventoryList[1]/totalPrice", "mend_data"), {}),
        (changed_line(gnum="2"), ("1322", "InventoryList[1]/gnum", "mend_data"), changed_line(gnum="01")),
        (changed_line(unit="011"), ("1322", "InventoryList[1]/unit", "mend_data"), {}),
        (changed_line(country="311"), ("1322", "InventoryList[1]/country", "mend_data"), {}),
        (changed_line(itemNo="x"), ("1322", "InventoryList[1]/itemNo", "mend_data"), {}),
        (changed_line(qty="x"), ("1322", "InventoryList[1]/qty", "mend_data"), {}),
        (changed("listed", orderNo="W2"), ("order_list", "orderNo", "mend_data"), {}),
        (changed("listed", ebpCode="x"), ("order_list", "ebpCode", "mend_data"), {}),
        (changed("listed", ebcCode="x"), ("order_list", "ebcCode", "mend_data"), {}),
        (changed("listed", consigneeAddress="x"), ("order_list", "consigneeAddress", "mend_data"), {}),
        (changed("waybill", consignee="x"), ("waybill", "consignee", "mend_data"), changed("waybill", note="x")),
        (changed("waybill", consigneeTelephone="x"), ("waybill", "consigneeTelephone", "mend_data"), {}),
        (changed("waybill", consigneeAddress="x"), ("waybill", "consigneeAddress", "mend_data"), {}),
        (changed("waybill", logisticsNo="x"), ("waybill", "logisticsNo", "operator"), {}),
        (changed("waybill", logisticsCode="x"), ("waybill", "logisticsCode", "operator"), {}),
    ],
)  # fmt: skip
def test_the_four_documents_agree(bad: dict, expected: tuple, neighbour: dict) -> None:
    assert compared(**bad) == [expected]
    assert compared(**neighbour) == []


def test_what_is_not_there_is_not_compared() -> None:
    assert compare(Four()) == []
    assert compared(order={}, order_lines=()) == []
    assert compared(payment={}, waybill={}) == []


def test_texts_of_the_comparison_hold_no_person() -> None:
    told = compare(
        four(case(), **changed("listed", buyerName="林越", buyerIdNumber="x", buyerTelephone="139"))
    )
    assert len(told) == 3
    assert not any(
        word in str(one) for one in told for word in (NAME, ID_NUMBER, "林越", "139", "13800138000")
    )


# -- limits, list, book, guarantee -----------------------------------------------------------------------------


def one_piece(price: str, **more: Any) -> Case:
    return view_of(lines=(line(1, 1, price),), **more)


ROOM = book(held=D(99))


@pytest.mark.parametrize(
    ("bad", "expected", "neighbour"),
    [
        # -621005: several pieces above the limit of one order.
        (lambda: found(view_of(lines=(line(1, 2, "2491.01"),)), book=ROOM),
         ("-621005", "goodsValue", "final"),
         lambda: found(view_of(lines=(line(1, 2, "2491.00"),)), book=ROOM)),
        # -621018: the order alone is more than a year's.
        (lambda: found(one_piece("25982.01"), book=ROOM), ("-621018", "goodsValue", "final"),
         lambda: found(one_piece("25982.00"), book=ROOM)),
        # 1313: with what was used before it is.
        (lambda: found(used=D("25782.01")), ("1313", "buyerIdNumber", "final"), lambda: found(used=D("25782.00"))),
        # -621004: customs have the list.
        (lambda: found(list_is_there=True), ("-621004", "orderNo", "operator"),
         lambda: found(kind="CEB311Message", list_is_there=True)),
        # 1311: the guarantee is short.
        (lambda: found(guarantee_left=D("19.83")), ("1311", "assureCode", "operator"),
         lambda: found(guarantee_left=D("19.84"))),
        # The bonded book.
        (lambda: found(book=book(held=D(1), available=D("0.99999"))),
         ("book_short", "InventoryList[1]/qty", "operator"),
         lambda: found(book=book(held=D(1), available=D(1)))),
        (lambda: found(book=book(dcl_unit="011")), ("book_unit", "InventoryList[1]/unit", "mend_data"),
         lambda: found(book=book(dcl_unit=""))),
        (lambda: found(book=book(lawf_unit="095")), ("book_unit1", "InventoryList[1]/unit1", "mend_data"),
         lambda: found(book=None)),
        (lambda: found(book=book(hs_code="1905320000")), ("book_gcode", "InventoryList[1]/gcode", "mend_data"),
         lambda: found(book=book(hs_code="1905310000"))),
        (lambda: found(book=book(origin="116")), ("book_country", "InventoryList[1]/country", "mend_data"),
         lambda: found(book=book(origin=""))),
        (lambda: found(book=book(stopped=True)), ("book_stopped", "InventoryList[1]/itemRecordNo", "operator"),
         lambda: found(book=book(stopped=False))),
        (lambda: found(recorded("0002")), ("book_record", "InventoryList[1]/itemRecordNo", "mend_data"),
         lambda: found(recorded("0001"))),
        (lambda: found(book={}), ("book", "InventoryList[1]/itemRecordNo", "operator"), lambda: found(book=None)),
        # The positive list and its remarks.
        (lambda: found(listed=list_of(LIST_TEXT.replace("19053100", "19053200"), "l", TODAY)),
         ("not_listed", "InventoryList[1]/gcode", "mend_data"), lambda: found(listed=None)),
        (lambda: found(listed=list_of(LIST_TEXT.replace("biscuits,,", "biscuits,exclude,1905310000"), "l", TODAY)),
         ("list_remark", "InventoryList[1]/gcode", "mend_data"),
         lambda: found(listed=list_of(LIST_TEXT.replace("biscuits,,", "biscuits,exclude,1905310001"), "l", TODAY))),
        (lambda: found(breaches=[CapBreach(SUGAR, D("1.5"), D("0.6"))]), ("yearly_quantity", "InventoryList", "final"),
         found),
        # What a message says of itself.
        (lambda: found(view_of(actual_paid=cny("237.83")), kind="CEB311Message"),
         ("actural_paid", "OrderHead/acturalPaid", "mend_data"),
         lambda: found(view_of(actual_paid=cny("237.84")), kind="CEB311Message")),
        (lambda: found(case(identity=Identity("Lin Yue", ID_NUMBER, "1"))), ("1300", "buyerName", "ask_buyer"), found),
        (lambda: found(case(identity=Identity(NAME, "110105194912310021", "1"))),
         ("1300", "buyerIdNumber", "ask_buyer"), found),
        (lambda: found(view_of(lines=(line(1, facts=facts(net_g=421)),))), ("weight", "netWeight", "mend_data"),
         lambda: found(view_of(lines=(line(1, facts=facts(net_g=420)),)))),
        (lambda: found(case(support=dataclasses.replace(support_of(WHOLE, config()), pay_name=""))),
         ("payment", "payName", "operator"), found),
    ],
)  # fmt: skip
def test_each_code_by_itself(bad: Callable[[], list], expected: tuple, neighbour: Callable[[], list]) -> None:
    assert bad() == [expected]
    assert neighbour() == []


SUGAR = ListRule("17019910", "sugar", "cap", frozenset(), "", TODAY, None, "s", D(2), "kg", "sugar")


def test_a_remark_in_words_is_told_and_stops_nothing() -> None:
    ink = view_of(lines=(line(1, hs_code="3215190000"),))
    data = mapping.inventory(ink)
    (told,) = preflight.find(ink, data, world(ink, book=None))
    assert (told.code, told.blocking, told.remedy) == ("list_confirm", False, Remedy.OPERATOR)
    assert "for household printers only" in told.message


def test_a_bonded_only_code_is_refused_by_direct_mail_alone() -> None:
    def codes(lane: str) -> set[str]:
        of = view_of(lane=lane, lines=(line(1, hs_code="2204210000"),))
        return {one.code for one in preflight.find(of, mapping.order(of), world(of, book=None))}

    assert codes("direct_9610") == {"list_remark"}
    assert codes("bonded_1210") == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "path", "remedy"),
    [
        ({"gmodel": "x" * 511}, "OrderList[1]/gmodel", "mend_data"),
        ({"name": "x" * 251}, "OrderList[1]/itemName", "mend_data"),
        ({"unit": "1400"}, "OrderList[1]/unit", "mend_data"),
    ],
)
def test_field_lengths(platform_of_tests, settings_of_customs, changes, path, remedy) -> None:
    of = view_of(lines=(line(1, facts=facts(**changes)),))
    with pytest.raises(preflight.NotDeclarable) as caught:
        preflight.ensure(of, mapping.order(of))
    assert (path, "length", remedy) in [
        (one.field, one.code, one.remedy.value) for one in caught.value.problems
    ]
    fits = view_of(lines=(line(1, facts=facts(gmodel="x" * 510, name="x" * 250)),))
    preflight.ensure(fits, mapping.order(fits))


# -- what is gathered ------------------------------------------------------------------------------------------


@pytest.fixture
def platform(platform_of_tests, settings_of_customs, db):
    with time_machine.travel(NOON, tick=False), translation.override("en"):
        yield platform_of_tests


def sent_order(view: ParcelView) -> CustomsDocument:
    return documents.prepare(view, "CEB311Message")


def gathered(view: ParcelView, mapper=mapping.inventory, **changes: Any) -> Situation:
    of = case(view, **changes)
    return situation.gather(of, mapper(of))


def test_the_order_counts_as_it_was_sent(platform) -> None:
    view = platform.add(parcel())
    sent_order(view)
    later = dataclasses.replace(view, lines=(line(1, 2, "90.00"),))
    of = case(later)
    codes = {(one.code, one.field) for one in compare(gathered(later).four)}
    assert codes == {("1322", "InventoryList[1]/price"), ("1322", "InventoryList[1]/totalPrice")}
    assert (
        gathered(later, mapping.order).four.order["goodsValue"]
        == mapping.order(of).documents[0]["OrderHead"]["goodsValue"]
    )
    CustomsDocument.objects.update(state="rejected")
    assert gathered(later).four.order == {}


def test_our_own_waybill_is_compared_and_the_carriers_answer_stands_in_for_it(platform, set_config) -> None:
    view = platform.add(parcel())
    assert gathered(view).four.waybill == {
        "logisticsNo": "SFPT26112310427A1C", "logisticsCode": "4403580001",
    }  # fmt: skip
    documents.prepare(view, "CEB511Message")
    moved = dataclasses.replace(view, consignee=dataclasses.replace(view.consignee, street="别处 2 号"))
    told = [(one.code, one.field) for one in compare(gathered(moved, mapping.order).four)]
    assert told == [("waybill", "consigneeAddress")]


def test_a_list_that_customs_have_is_not_declared_anew_but_amended(platform) -> None:
    view = platform.add(parcel())
    sent_order(view)
    assert not gathered(view).list_is_there
    Declaration.objects.update(invt_no="516520261000000001")
    assert gathered(view).list_is_there
    assert not gathered(view, app_type="2").list_is_there
    assert not gathered(view, mapping.order).list_is_there
    Declaration.objects.update(invt_no="")
    found_list = documents.prepare(view, "CEB621Message")
    CustomsDocument.objects.filter(pk=found_list.pk).update(state="error", status="-621004")
    assert gathered(view).list_is_there
    CustomsDocument.objects.filter(pk=found_list.pk).update(status="-621017")
    assert not gathered(view).list_is_there


def test_the_year_is_that_of_other_orders_and_quantities_are_counted_with_it(platform) -> None:
    approved("positive_list", LIST_TEXT, "2026-11-23")
    view = platform.add(parcel(lines=(line(1, 1, "10.00", hs_code="1701991090", qty1=D("1.5")),)))
    takes = quota.capped(coded(view, tariff(), TODAY), TODAY)
    quota.hold("index-1", steps.reference_of(view), D(300), takes=takes)
    quota.hold("index-1", "elsewhere", D(500), takes=[quota.Capped(takes[0].rule, D("0.5"))])
    now = gathered(view)
    assert (now.used, now.breaches) == (D(500), [])
    quota.free(steps.reference_of(view))
    quota.hold("index-1", "elsewhere", D(500), takes=[quota.Capped(takes[0].rule, D("0.50001"))])
    (breach,) = gathered(view).breaches
    assert (breach.rule.group, breach.used, breach.wanted) == ("sugar", D("0.50001"), D("1.5"))


def test_the_guarantee_is_watched_when_it_has_a_limit(platform, set_config) -> None:
    view = platform.add(parcel())
    sent_order(view)
    assert gathered(view).guarantee_left is None
    limited = config(guarantee_limit=D("100.00"))
    assert gathered(view, config=limited).guarantee_left == D("100.00")
    guarantee.occupy(Declaration.objects.get(), "g1")
    guarantee.forget()
    assert gathered(view, config=limited).guarantee_left == D("100.00")
    other = platform.add(parcel("PTOTHER"))
    sent_order(other)
    assert gathered(other, config=limited).guarantee_left == D("80.16")
    assert gathered(view, mapping.order, config=limited).guarantee_left is None


def test_nobody_keeps_the_book_unless_a_plugin_says_so(platform) -> None:
    assert gathered(platform.add(parcel())).book is None


# -- the step --------------------------------------------------------------------------------------------------


def with_payment(**changes: Any) -> ParcelView:
    view = parcel()
    kept = view.steps["declare_payment"]
    data = StepView(kept.name, kept.state, {**kept.data, **changes})
    return dataclasses.replace(view, steps=MappingProxyType({**view.steps, kept.name: data}))


def test_findings_stop_the_step_with_codes_and_are_kept_for_the_console(platform) -> None:
    view = platform.add(with_payment(amount="99.50", identity="DIFFERENT"))
    answer = steps.declare_order(view)
    assert isinstance(answer, Wait)
    assert [(one["code"], one["class"]) for one in answer.data["findings"]] == [
        ("1332", "operator"), ("1327", "ask_buyer"),
    ]  # fmt: skip
    ((step, code, told),) = platform.failed
    assert (step, code) == ("declare_order", "1332")
    assert told.startswith("The payer is not the person who ordered. Cancel and order again")
    assert platform.messages[0].startswith(
        "[1332] acturalPaid: the order says 237.84, the payment 99.50; [1327]"
    )
    entry = AuditEntry.objects.get(action="customs.preflight")
    assert [one["code"] for one in entry.data["findings"]] == ["1332", "1327"]
    assert not CustomsDocument.objects.exists()
    stopped = platform.views[view.id]
    (piece,) = [one for one in hooks.console_fragments("parcel", {"parcel": stopped}) if one.order == 25]
    shown = render_to_string(piece.template, dict(piece.context))
    assert "1332" in shown and "acturalPaid" in shown and "Ask the buyer" in shown
    assert hooks.console_fragments("order", {"parcel": stopped}) == []


def test_a_mended_parcel_loses_its_findings(platform) -> None:
    view = platform.add(with_payment(amount="99.50"))
    steps.declare_order(view)
    good = dataclasses.replace(
        platform.views[view.id],
        steps={**parcel().steps, "declare_order": platform.views[view.id].steps["declare_order"]},
    )
    platform.add(good)
    assert isinstance(steps.declare_order(good), Wait)
    assert platform.views[view.id].step_data("declare_order")["findings"] == []
    assert objections.fragment({"parcel": platform.views[view.id]}) == []
    assert objections.fragment({}) == []


def test_an_operators_finding_is_not_told_to_the_buyer(platform) -> None:
    steps.declare_order(platform.add(with_payment(amount="99.50")))
    assert platform.failed == [("declare_order", "1332", "")]


def test_the_list_is_checked_against_the_sent_order_and_waits_when_it_differs(platform) -> None:
    view = platform.add(parcel())
    steps.declare_order(view)
    renamed = platform.add(dataclasses.replace(view, lines=(line(1, 2, name="另一种饼"),)))
    answer = steps.declare_inventory(renamed)
    assert [one["code"] for one in answer.data["findings"]] == ["1322"]
    assert platform.failed[-1][:2] == ("declare_inventory", "1322")
    assert not CustomsDocument.objects.filter(kind="CEB621Message").exists()
    assert QuotaUse.objects.get().state == "held"


def test_a_yearly_quantity_that_is_gone_stops_the_step(platform) -> None:
    approved("positive_list", LIST_TEXT, "2026-11-23")
    view = platform.add(parcel(lines=(line(1, 1, "10.00", hs_code="1701991090", qty1=D("2.5")),)))
    answer = steps.declare_order(view)
    assert [(one["code"], one["class"]) for one in answer.data["findings"]] == [("yearly_quantity", "final")]


def test_remarks_alone_are_recorded_and_the_message_goes_out(platform) -> None:
    text = LIST_TEXT.replace("biscuits,,", "biscuits,narrow,").replace(
        "biscuits,narrow,,,,,", "biscuits,narrow,,,,,baked"
    )
    approved("positive_list", text, "2026-11-23")
    view = platform.add(parcel())
    assert isinstance(steps.declare_order(view), Done | Wait) and platform.failed == []
    entry = AuditEntry.objects.get(action="customs.preflight")
    assert [one["code"] for one in entry.data["findings"]] == ["list_confirm"]
    assert parse(CustomsDocument.objects.get().body.encode()).message == "CEB311Message"


def test_more_than_five_findings_are_counted() -> None:
    bad = four(case(), **changed("listed", orderNo="x", ebpCode="x", ebcCode="x", buyerName="x", buyerIdType="2",
                                 buyerIdNumber="x"))  # fmt: skip
    refused = preflight.NotDeclarable(compare(bad))
    assert len(refused.problems) == 6 and str(refused).endswith("(and 1 more)")
