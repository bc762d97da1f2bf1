"""From a paid parcel to a released list: messages sent once, receipts applied once, in any order."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import translation
from lxml import etree

from plugins.customs_declaration import cancelling, documents, hooks, pages, quota, steps
from plugins.customs_declaration.messages import (
    MessageData,
    build,
    make_guid,
    parse,
    root_of,
    stamp,
    to_bytes,
)
from plugins.customs_declaration.models import (
    CustomsDocument,
    Declaration,
    QuarantinedFile,
    QuotaUse,
    Receipt,
)
from plugins.customs_declaration.signing import verify
from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError, PermanentError, TransientError
from saleor_ext.core.models import AuditEntry, InboxMessage, OutboxMessage
from saleor_ext.plugin_api import Done, Identity, Wait

from .official import import_schema, needs_schemas
from .parcels import ID_NUMBER, NAME, cny, facts, line, parcel
from .port import declared, list_receipt, order_receipt, outbox_files, put_receipt, sent, work

pytestmark = pytest.mark.django_db


# -- sending ---------------------------------------------------------------------------------------------------


def test_the_order_is_built_signed_sent_and_waits(world) -> None:
    view = world.add(parcel())
    answer = steps.declare_order(view)
    assert isinstance(answer, Wait) and answer.data["order_no"] == f"W{view.number}"
    head = sent(world, "CEB311Message").documents[0]["OrderHead"]
    assert {name: head[name] for name in ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")} == {
        "goodsValue": "200", "freight": "18", "taxTotal": "19.84", "discount": "0", "acturalPaid": "237.84",
    }  # fmt: skip
    assert (head["buyerName"], head["buyerIdNumber"], head["payTransactionId"]) == (
        NAME,
        ID_NUMBER,
        f"V{view.number}",
    )
    assert head["consigneeAddress"] == "广东省广州市南沙区演示路 1 号"
    (path,) = outbox_files(world)
    assert verify(root_of(path.read_bytes())).serial_number == int(CustomsDocument.objects.get().key_name, 16)


def test_the_list_is_built_as_bonded_stock_demands(world) -> None:
    view = declared(world)
    document = sent(world, "CEB621Message").documents[0]
    head, (row,) = document["InventoryHead"], document["InventoryList"]
    assert (head["tradeMode"], head["trafMode"], head["country"], head["customsCode"]) == (
        "1210",
        "Y",
        "142",
        "5165",
    )
    assert (head["emsNo"], head["areaCode"], head["copNo"]) == ("T516526A00001", "4401960PT3", view.number)
    assert (head["grossWeight"], head["netWeight"], head["packNo"]) == ("0.84", "0.60", "1")
    assert (row["itemRecordNo"], row["qty"], row["qty1"], row["unit1"]) == ("0001", "2", "0.60", "035")
    assert "trafNo" not in head and "preNo" not in head and "qty2" not in row


@needs_schemas
def test_what_is_sent_is_valid_by_the_official_schema(world, set_config) -> None:
    set_config(sends_logistics=True)
    declared(
        world,
        parcel(
            lines=(line(1, unit2="007", qty2=1), line(2, 1, "33.33", hs_code="2204210000")),
            tax_total=cny("1"),
        ),
    )
    files = outbox_files(world)
    assert [path.name[:6] for path in files] == ["CEB311", "CEB511", "CEB621"]
    for path in files:
        import_schema().assertValid(etree.fromstring(path.read_bytes()))


def test_running_a_step_again_sends_the_same_bytes(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    (path,) = outbox_files(world)
    body = path.read_bytes()
    path.unlink()
    steps.declare_order(view)
    assert path.read_bytes() == body
    document = CustomsDocument.objects.get()
    assert (document.sends, document.version, document.state) == (2, 1, "sent")
    assert len(world.revealed) == 1


def test_a_lost_transport_leaves_the_document_to_be_sent_later(world, set_config, tmp_path) -> None:
    view = world.add(parcel())
    (tmp_path / "blocked").write_text("")
    set_config(folder=str(tmp_path / "blocked"))
    with pytest.raises(TransientError):
        steps.declare_order(view)
    guid = CustomsDocument.objects.get(state="built").guid
    set_config()
    steps.declare_order(view)
    assert CustomsDocument.objects.get(state="sent").guid == guid


def test_an_unanswered_message_is_sent_again_a_few_times(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    (path,) = outbox_files(world)
    for sends in (2, 3, 4):
        assert documents.resend_silent() == 0
        path.unlink()
        with time_machine.travel(world.start + timedelta(minutes=61 * (sends - 1)), tick=False):
            assert documents.resend_silent() == 1
        assert path.exists() and CustomsDocument.objects.get().sends == sends
    with time_machine.travel(world.start + timedelta(days=2), tick=False):
        assert documents.resend_silent() == 0
    assert {one.name: one.status for one in hooks.health()}["customs-answers"] == "warning"
    order_receipt(world, view, "2", "x", 9)
    work()
    assert {one.name: one.status for one in hooks.health()}["customs-answers"] == "ok"


def test_the_stored_message_is_sealed(world) -> None:
    from django.db import connection

    steps.declare_order(world.add(parcel()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM customs_declaration_customsdocument")
        (stored,) = cursor.fetchone()
    assert stored.startswith("p2.") and ID_NUMBER not in stored
    assert ID_NUMBER in CustomsDocument.objects.get().body
    assert ID_NUMBER not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_missing_configuration_is_named(world, set_config) -> None:
    set_config(agent_code="", dxp_id="")
    with pytest.raises(ConfigurationError, match="agent_code, dxp_id"):
        steps.declare_order(world.add(parcel()))


# -- before anything is sent -----------------------------------------------------------------------------------


def without(name: str, key: str):
    view = parcel()
    step = view.steps[name]
    data = {one: value for one, value in step.data.items() if one != key}
    return dataclasses.replace(view, steps={**view.steps, name: dataclasses.replace(step, data=data)})


@pytest.mark.parametrize(
    ("view", "field"),
    [
        (parcel(actual_paid=cny("237.83")), "OrderHead/acturalPaid"),
        (parcel(goods_value=cny("201.00"), actual_paid=cny("238.84")), "OrderHead/goodsValue"),
        (parcel(lines=(line(1, 2, "2600.00"),)), "goodsValue"),
        (parcel(lines=(line(1, facts=facts(net_g=500)),)), "netWeight"),
        (parcel(lines=(line(1, facts=facts(gmodel="")),)), "OrderList[1]/gmodel"),
        (without("declare_payment", "payTransactionId"), "payTransactionId"),
        (without("reserve_stock", "book_no"), "emsNo"),
    ],
)
def test_what_customs_would_refuse_is_not_sent(world, view, field: str) -> None:
    answer = steps.declare_order(world.add(view))
    assert isinstance(answer, Wait)
    assert field in {one["field"] for one in answer.data["findings"]}
    assert [name for name, _code, _buyer in world.failed] == ["declare_order"]
    assert world.views[view.id].step_data("declare_order") == answer.data
    assert outbox_files(world) == [] and not CustomsDocument.objects.exists()


@pytest.mark.parametrize(
    ("name", "number"), [("Lin Yue", ID_NUMBER), (NAME, "110105194912310021"), (NAME, "")]
)
def test_an_identity_that_customs_would_refuse_is_not_sent_and_not_quoted(
    world, name: str, number: str
) -> None:
    world.identities["person-1"] = Identity(name, number, "13800138000")
    with translation.override("en"):
        answer = steps.declare_order(world.add(parcel()))
    ((step, code, told),) = world.failed
    assert (step, code, told) == (
        "declare_order", "1300",
        "Customs could not match your name and ID number. Check that both are exactly as on your ID card and "
        "write to us to correct them.",
    )  # fmt: skip
    kept = str(answer.data) + str(world.messages) + str(AuditEntry.objects.values_list("data", flat=True))
    assert not number or number not in kept
    assert name not in kept


def test_the_book_item_of_the_reservation_wins_over_the_listing(world) -> None:
    view = parcel(lines=(line(1, item_record_no=""),))
    declared(world, view)
    assert sent(world, "CEB621Message").documents[0]["InventoryList"][0]["itemRecordNo"] == "0001"


# -- receipts --------------------------------------------------------------------------------------------------


def test_the_way_to_release(world) -> None:
    view = declared(world)
    for second, (status, info) in enumerate(
        [("2", "新增申报成功"), ("3", "x"), ("120", "x"), ("399", "x")], 1
    ):
        list_receipt(world, view, status, info, second)
        work()
    assert [one[0] for one in world.completed] == ["declare_order"]
    list_receipt(world, view, "800", "[Code:2600;Desc:放行]", 9, invtNo="51652026I112300001")
    work()
    assert world.completed[-1][0] == "declare_inventory"
    assert world.completed[-1][1]["status"] == "800"
    assert world.completed[-1][1]["invt_no"] == "51652026I112300001"
    assert [one[0] for one in world.events] == ["declared", "accepted", "released"]
    assert QuotaUse.objects.get().state == "confirmed"
    assert Declaration.objects.get().state == "released"
    (day,) = (world.drop / "archive").iterdir()
    assert sorted(path.suffix for path in day.iterdir()) == [".xml"] * 6


RECEIPTS = [("2", 1), ("3", 2), ("120", 3), ("399", 4), ("800", 5)]


@pytest.mark.parametrize("order", list(itertools.permutations(RECEIPTS))[::17])
def test_doubled_and_reordered_receipts_end_the_same(world, order) -> None:
    view = declared(world)
    for status, second in order:
        for _twice in range(2):
            list_receipt(world, view, status, "x", second, invtNo="51652026I112300001")
    work()
    work()
    assert CustomsDocument.objects.get(kind="CEB621Message").state == "released"
    assert [one[0] for one in world.completed] == ["declare_order", "declare_inventory"]
    assert Receipt.objects.filter(message="CEB622Message").count() == 5
    assert [one[0] for one in world.events].count("released") == 1


def test_late_receipts_after_release_are_recorded_and_change_nothing(world) -> None:
    view = declared(world)
    list_receipt(world, view, "800", "x", 5)
    work()
    list_receipt(world, view, "100", "x", 9)
    list_receipt(world, view, "3", "x", 2)
    work()
    assert CustomsDocument.objects.get(kind="CEB621Message").state == "released"
    assert world.failed == [] and QuotaUse.objects.get().state == "confirmed"
    assert list(Receipt.objects.filter(moved=False).values_list("status", flat=True)) == ["3", "100"]


def test_a_rejection_stops_the_step_frees_the_quota_and_is_amended_on_retry(world) -> None:
    view = declared(world)
    list_receipt(world, view, "100", "[Code:1313;Desc:订购人购买超过年度限额]", 5)
    with translation.override("en"):
        work()
    step, code, buyer_text = world.failed[0]
    assert (step, code) == ("declare_inventory", "1313") and "year" in buyer_text
    assert ("rejected", "1313") in world.events
    assert QuotaUse.objects.get().state == "freed"
    steps.declare_inventory(view)
    first, second = CustomsDocument.objects.filter(kind="CEB621Message")
    head = parse(second.body.encode()).documents[0]["InventoryHead"]
    assert (second.version, head["appType"], head["preNo"], head["copNo"]) == (
        2,
        "2",
        "B20261123000000001",
        view.number,
    )
    assert first.guid != second.guid
    assert QuotaUse.objects.get().state == "held"
    list_receipt(world, view, "800", "x", 20)
    work()
    assert world.completed[-1][0] == "declare_inventory"
    assert CustomsDocument.objects.get(pk=first.pk).state == "rejected"


def test_a_technical_error_keeps_the_quota_and_a_later_acceptance_wins(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "-301012", "没有对应的业务操作", 1)
    work()
    assert world.failed[0][:2] == ("declare_order", "-301012")
    assert QuotaUse.objects.get().state == "held"
    order_receipt(world, view, "120", "x", 9)
    work()
    assert world.completed[0][0] == "declare_order"


def test_after_a_technical_error_the_order_is_declared_anew(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "-301008", "参数校验失败", 1)
    work()
    steps.declare_order(view)
    newest = CustomsDocument.objects.filter(kind="CEB311Message").last()
    assert (newest.version, newest.app_type) == (2, "1")


@pytest.mark.parametrize(
    ("status", "event", "state"),
    [("300", "review", "review"), ("500", "inspection", "inspection"), ("501", "exception", "detained")],
)
def test_the_buyer_is_told_of_review_inspection_and_detention(
    world, status: str, event: str, state: str
) -> None:
    view = declared(world)
    list_receipt(world, view, status, "x", 5)
    work()
    assert (event, "") in world.events
    assert CustomsDocument.objects.get(kind="CEB621Message").state == state


@pytest.mark.parametrize("before", [(), ("800",)])
def test_goods_that_customs_send_back_free_the_year_and_end_the_step(world, before: tuple[str, ...]) -> None:
    view = declared(world)
    for second, status in enumerate((*before, "700"), 5):
        list_receipt(world, view, status, "x", second, invtNo="51652026I112300001")
    with translation.override("en"):
        work()
    assert quota.state_of("index-1").used == 0 and Declaration.objects.get().state == "sent_back"
    step, code, buyer_text = world.failed[0]
    assert (step, code) == ("declare_inventory", "700") and "refund it in full" in buyer_text


def test_unknown_codes_and_foreign_documents_are_recorded_only(world) -> None:
    view = declared(world)
    list_receipt(world, view, "600", "挂起", 5)
    put_receipt(world, "CEB622Message", "800", "x", after=6, copNo="NOT-OURS", preNo="B20261123000000009")
    work()
    assert CustomsDocument.objects.get(kind="CEB621Message").state == "sent"
    assert list(Receipt.objects.filter(message="CEB622Message").values_list("document_id", "moved"))[1] == (
        None,
        False,
    )
    assert InboxMessage.objects.exclude(state="done").count() == 0


def test_a_release_is_found_by_the_ports_number_too(world) -> None:
    view = declared(world)
    list_receipt(world, view, "2", "x", 1)
    work()
    put_receipt(world, "CEB622Message", "800", "x", after=6, copNo="UNKNOWN", preNo="B20261123000000001")
    work()
    assert world.completed[-1][0] == "declare_inventory"


def test_the_order_may_be_ready_earlier_by_configuration(world, set_config) -> None:
    set_config(order_ready_status="2")
    view = world.add(parcel())
    steps.declare_order(view)
    order_receipt(world, view, "2", "x", 1)
    work()
    assert world.completed[0][0] == "declare_order"


def test_a_step_that_runs_after_its_receipt_is_done_at_once(world) -> None:
    view = declared(world)
    list_receipt(world, view, "800", "x", 5)
    work()
    answer = steps.declare_inventory(view)
    assert isinstance(answer, Done) and answer.data["status"] == "800"
    assert isinstance(steps.declare_order(view), Done)
    assert QuotaUse.objects.get().state == "confirmed"


def test_a_failed_format_check_names_the_message_it_refuses(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    original = outbox_files(world)[0].read_text()
    put_receipt_900(world, original)
    work()
    assert CustomsDocument.objects.get().state == "error"
    assert world.failed[0][0] == "declare_order"
    assert ID_NUMBER not in str(list(Receipt.objects.values_list("raw", "text")))
    assert not any(ID_NUMBER.encode() in bytes(one.body) for one in InboxMessage.objects.all())


def put_receipt_900(world, original: str) -> None:
    document = {
        "guid": make_guid("900"),
        "returnStatus": "-1",
        "returnInfo": "schema",
        "returnTime": stamp(clock.now() + timedelta(seconds=1), 17),
        "oriCopMsgId": "x",
        "oriMessageType": "CEB311Message",
        "oriBizMessage": original,
    }
    folder = world.drop / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "900.xml").write_bytes(
        to_bytes(build(MessageData("CEB900Message", make_guid("m9"), "1.0", [document])))
    )


def test_id_numbers_in_rejections_are_masked(world) -> None:
    view = declared(world)
    list_receipt(world, view, "100", f"[Code:1300;Desc:身份证号码{ID_NUMBER}错误]", 5)
    work()
    stored = Receipt.objects.get(status="100")
    assert ID_NUMBER not in stored.text + str(stored.raw) + str(world.failed)
    assert not any(ID_NUMBER.encode() in bytes(one.body) for one in InboxMessage.objects.all())


def test_a_file_that_cannot_be_read_is_put_aside_and_the_rest_goes_on(world) -> None:
    view = declared(world)
    (world.drop / "inbox" / "0bad.xml").write_bytes(b"<CEB622Message><Inv")
    (world.drop / "inbox" / "0bomb.xml").write_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    list_receipt(world, view, "800", "x", 5)
    work()
    assert world.completed[-1][0] == "declare_inventory"
    assert set(QuarantinedFile.objects.values_list("name", "code")) == {
        ("0bad.xml", "malformed"),
        ("0bomb.xml", "doctype"),
    }
    assert {path.name for path in (world.drop / "error").iterdir()} >= {"0bad.xml", "0bad.xml.reason.txt"}
    assert {one.name: one.status for one in hooks.health()}["customs-quarantine"] == "warning"


def test_stored_receipts_cannot_be_changed(world) -> None:
    from django.db import DatabaseError, transaction

    view = declared(world)
    list_receipt(world, view, "2", "x", 5)
    work()
    for change in (
        lambda: Receipt.objects.update(status="800"),
        lambda: Receipt.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_requests_among_the_receipts_are_ignored(world) -> None:
    from .examples import example

    folder = world.drop / "inbox"
    folder.mkdir(parents=True)
    (folder / "r.xml").write_bytes(to_bytes(build(example("CEB311Message"))))
    work()
    assert not Receipt.objects.exists()


# -- cancelling ------------------------------------------------------------------------------------------------


def test_a_cancelled_parcel_gives_its_quota_back_and_sends_nothing_more(world) -> None:
    view = world.add(parcel())
    steps.declare_order(view)
    hooks.parcel_cancelled(view)
    hooks.parcel_cancelled(view)
    (promise,) = OutboxMessage.objects.filter(topic=cancelling.TOPIC)
    cancelling.give_back(promise.payload)
    cancelling.give_back(promise.payload)
    assert QuotaUse.objects.get().state == "freed"
    order_receipt(world, view, "120", "x", 5)
    work()
    assert world.completed == []
    with pytest.raises(PermanentError, match="cancelled"):
        documents.prepare(view, steps.LIST)


def test_what_is_released_stays_used_when_the_parcel_is_cancelled_later(world) -> None:
    view = declared(world)
    list_receipt(world, view, "800", "x", 5)
    work()
    cancelling.give_back({"parcel": view.id, "quota": steps.reference_of(view)})
    assert QuotaUse.objects.get().state == "confirmed"
    assert Declaration.objects.get().state == "released"


def test_what_is_released_after_cancelling_counts_and_leaves_nothing_open(world) -> None:
    """The cancellation and customs' release crossed: the goods stay, the person's year has them all the same."""
    view = declared(world)
    cancelling.give_back({"parcel": view.id, "quota": steps.reference_of(view)})
    assert QuotaUse.objects.get().state == "held", "customs have the list: the year is theirs to give back"
    done = list(world.completed)
    list_receipt(world, view, "800", "x", 5)
    work()
    assert QuotaUse.objects.get().state == "confirmed"
    assert world.completed == done
    assert Declaration.objects.get().state == "released"
    assert world.events[-1][0] == "return_needed"


# -- pages and health ------------------------------------------------------------------------------------------


def test_the_console_shows_the_message_with_persons_masked(world) -> None:
    from django.template.loader import render_to_string

    view = declared(world)
    list_receipt(world, view, "120", "[Code:1800;Desc:逻辑校验通过]", 5)
    work()
    (fragment,) = pages.console("parcel", {"parcel": view})
    html = render_to_string(fragment.template, dict(fragment.context))
    assert "InventoryHead" not in html and "acturalPaid" in html and "逻辑校验通过" in html
    for secret in (NAME, ID_NUMBER, "13800138000", "演示路"):
        assert secret not in html
    assert pages.console("order", {"parcel": view}) == []
    assert pages.console("parcel", {"parcel": parcel("OTHER")}) == []


def test_health_tells_what_is_missing(world, set_config, tmp_path) -> None:
    assert {one.name: one.status for one in hooks.health()} == {
        "customs-configuration": "ok",
        "customs-certificate": "ok",
        "customs-key": "ok",
        "customs-transport": "ok",
        "customs-ways": "ok",
        "customs-tariff": "warning",
        "customs-quarantine": "ok",
        "customs-declarations": "ok",
        "customs-answers": "ok",
        "customs-payment-data": "warning",
        "customs-guarantee": "warning",
        "customs-tax-bills": "ok",
    }
    (tmp_path / "file").write_text("")
    set_config(
        ebp_code="",
        key_path=str(tmp_path / "none.pem"),
        folder=str(tmp_path / "file"),
        tariff_file="/nowhere.csv",
    )
    broken = {one.name for one in hooks.health() if one.status == "error"}
    assert broken == {
        f"customs-{name}" for name in ("configuration", "certificate", "key", "transport", "tariff")
    }
    set_config(certificate_warning_days=2000)
    assert next(one for one in hooks.health() if one.name == "customs-certificate").status == "warning"


def test_a_certificate_past_its_end_is_an_error(world) -> None:
    with time_machine.travel(datetime(2032, 1, 1, tzinfo=clock.CHINA)):
        assert next(one for one in hooks.health() if one.name == "customs-certificate").status == "error"


def test_other_lanes_have_no_steps_of_ours(world) -> None:
    assert hooks.parcel_steps(parcel(lane="local")) == []
    assert [one.name for one in hooks.parcel_steps(parcel())] == ["declare_order", "declare_inventory"]


def test_an_exhausted_year_stops_the_declaration(world) -> None:
    quota.hold("index-1", "elsewhere", cny("25900").amount)
    with translation.override("en"):
        answer = steps.declare_order(world.add(parcel()))
    assert [(one["code"], one["class"]) for one in answer.data["findings"]] == [("1313", "final")]
    ((step, code, told),) = world.failed
    assert (step, code) == ("declare_order", "1313") and told.startswith("Customs count more purchases")
    assert outbox_files(world) == []
