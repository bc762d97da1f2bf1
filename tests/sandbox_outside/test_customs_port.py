"""The port: the way to release, receipts, personas, faults, drop folder."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from lxml import etree

from sandbox.customs_port import drop, intake, review
from sandbox.customs_port.models import Document, Message, Receipt
from sandbox.customs_port.personas import PERSONAS
from sandbox.jobs import queue
from sandbox.jobs.models import Job, Knob

from . import declarant
from .clock import run_for
from .declarant import message, order
from .port import NS, first, polled, send, send_all, statuses, value

pytestmark = pytest.mark.django_db


def test_a_good_purchase_is_released() -> None:
    send_all()
    run_for(300)
    assert statuses("CEB312Message") == ["2", "120"]
    assert statuses("CEB412Message") == ["2", "120"]
    assert statuses("CEB512Message") == ["2", "120"]
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]
    infos = list(Receipt.objects.filter(message_type="CEB622Message").values_list("info", flat=True))
    assert infos[1:] == [
        "[Code:1800;Desc:逻辑校验通过]",
        "[Code:2300;Desc:审核通过]",
        "[Code:2600;Desc:放行]",
    ]
    document = Document.objects.get(kind="621")
    assert document.status == "800"
    assert document.value == Decimal("200")
    assert document.invt_no.startswith("51652026I") and len(document.invt_no) == 18
    assert document.pre_no.startswith("B") and len(document.pre_no) == 18
    last = etree.fromstring(polled()[-1]["xml"].encode())
    assert [etree.QName(one).localname for one in last[0]] == [
        "guid", "customsCode", "ebpCode", "ebcCode", "agentCode", "copNo", "preNo", "invtNo",
        "returnStatus", "returnTime", "returnInfo",
    ]  # fmt: skip
    assert value(last[0], "copNo") == "PT-621-0001"
    assert len(value(last[0], "returnTime")) == 17


@pytest.mark.parametrize("kind, late, last", [("621", "399", "800"), ("311", "2", "120")])
def test_a_step_whose_worker_died_comes_late_and_moves_nothing_back(kind: str, late: str, last: str) -> None:
    """The job of a killed worker is run when its lease ends; the steps after it are over by then."""
    send_all()
    run_for(300)
    document = Document.objects.get(kind=kind)
    planned = next(
        row.payload
        for row in Job.objects.filter(kind="customs.status")
        if (row.payload["id"], row.payload["status"]) == (document.pk, late)
    )
    with transaction.atomic():
        review.status(planned)
    document.refresh_from_db()
    assert document.status == last
    receipts = Receipt.objects.filter(document=document).order_by("id")
    assert [row.status for row in receipts][-2:] == [last, late]


def test_a_message_sent_twice_over_http_is_one_message() -> None:
    raw, http = message(order()), Client()
    for _ in range(2):
        response = http.post(
            "/customs/messages", raw, content_type="application/xml", headers={"X-Cop-Msg-Id": "ORDER-1"}
        )
        assert (response.status_code, response.json()["copMsgId"]) == (202, "ORDER-1")
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]


def test_receipts_of_an_order_name_it() -> None:
    send(message(order()))
    run_for(100)
    node = first("CEB312Message")
    assert [etree.QName(one).localname for one in node] == [
        "guid", "ebpCode", "ebcCode", "orderNo", "returnStatus", "returnTime", "returnInfo",
    ]  # fmt: skip
    assert value(node, "orderNo") == declarant.ORDER_NO
    assert value(node, "returnInfo").startswith("新增申报成功[")


EXPECTED = {
    "改后放行": ["2", "100"],
    "缓放行": ["2", "120", "399"],
    "拒撤单": ["2", "120", "399"],
    "拒退货": ["2", "120", "399", "800"],
    "退货审单": ["2", "120", "399", "800"],
    "年限额": ["2", "100"],
    "付款人不符": ["2", "100"],
    "金额不符": ["2", "100"],
    "表体不符": ["2", "100"],
    "证件不符": ["2", "100"],
    "担保不足": ["2", "100"],
    "订购人不符": ["2", "100"],
    "布控查验": ["2", "120", "500", "800"],
    "人工审单": ["2", "120", "300", "399", "800"],
    "扣留": ["2", "120", "501"],
    "退运": ["2", "120", "700"],
    "无声": [],
    "未知码": ["2", "120", "600", "399", "800"],
    "重复回执": ["120", "120", "2", "2", "399", "399", "800", "800"],
    "乱序回执": ["399", "800", "2", "120"],
    "迟到回执": ["2", "120", "399", "800"],
    "税单不符": ["2", "120", "399", "800"],
    "订单退单": ["2"],
}
CODES = {
    "年限额": "1313",
    "改后放行": "1322",
    "付款人不符": "1327",
    "金额不符": "1332",
    "表体不符": "1322",
    "证件不符": "1300",
    "担保不足": "1311",
    "订购人不符": "13127",
}


def test_every_persona_is_in_the_table_and_the_readme() -> None:
    readme = (Path(intake.__file__).parent / "README.md").read_text()
    assert {one.name for one in PERSONAS} == set(EXPECTED)
    for one in PERSONAS:
        assert f"`{one.name}`" in readme


@pytest.mark.parametrize("name", EXPECTED)
def test_personas(name: str) -> None:
    send_all(buyer=f"陈{name}")
    run_for(1500)
    given = statuses("CEB622Message")
    expected = EXPECTED[name]
    assert (sorted(given) if name == "重复回执" else given) == expected
    if name in CODES:
        info = Receipt.objects.get(message_type="CEB622Message", status="100").info
        assert info.startswith(f"[Code:{CODES[name]};Desc:")
    if name == "订单退单":
        assert statuses("CEB312Message") == ["2", "100"]


def test_late_persona_takes_ten_times_as_long() -> None:
    send_all(buyer="陈迟到回执")
    run_for(90)
    assert statuses("CEB622Message") == []
    run_for(100)
    assert statuses("CEB622Message") == ["2"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"double": True}, 8),
        ({"shuffle": True}, 4),
        ({"late": 5}, 4),
    ],
)
def test_configured_faults(fault: dict[str, Any], expected: int) -> None:
    http = Client()
    response = http.post("/sandbox/customs/faults", json.dumps(fault), content_type="application/json")
    assert response.json()["faults"] == fault
    send_all()
    run_for(3000)
    given = statuses("CEB622Message")
    assert len(given) == expected
    assert set(given) == {"2", "120", "399", "800"}
    if "shuffle" in fault:
        assert given.index("800") < given.index("120")
    assert (
        http.post("/sandbox/customs/faults", '{"late": 0}', content_type="application/json").status_code
        == 400
    )
    assert (
        http.post("/sandbox/customs/faults", '{"boom": 1}', content_type="application/json").status_code
        == 400
    )


def test_polling_cursor() -> None:
    send_all()
    run_for(300)
    http = Client()
    page = http.get("/customs/receipts?since=0&limit=3").json()
    rest = http.get(f"/customs/receipts?since={page['next']}").json()
    assert len(page["receipts"]) == 3
    assert len(rest["receipts"]) == 7
    assert http.get(f"/customs/receipts?since={rest['next']}").json() == {
        "receipts": [],
        "next": rest["next"],
    }
    assert http.get("/customs/receipts?since=x").status_code == 400


def test_receipts_are_pushed_until_taken(platform: Any) -> None:
    http = Client()
    data = json.dumps({"url": "http://127.0.0.1:8000/hooks/customs"})
    http.post("/sandbox/customs/callback", data, content_type="application/json")
    platform.answers = [(503, b""), (0, b""), (204, b"")]
    send(message(order()))
    run_for(12)
    assert len(platform.calls) == 1
    run_for(200)
    assert [call[0] for call in platform.calls] == ["http://127.0.0.1:8000/hooks/customs"] * 4
    bodies = [call[1]["content"] for call in platform.calls]
    assert len(set(bodies)) == 2
    assert Receipt.objects.filter(delivered_at=None).count() == 0


def test_drop_folder() -> None:
    drop.write(drop.folder("outbox") / "order.xml", message(order()))
    (drop.folder("outbox") / "half.xml.tmp").write_bytes(b"<ceb:CEB311Mess")
    (drop.folder("outbox") / ".hidden.xml").write_bytes(b"<ceb:CEB311Mess")
    assert intake.scan_drop() == 1
    assert intake.scan_drop() == 0
    assert sorted(one.name for one in drop.folder("outbox").iterdir()) == [".hidden.xml", "half.xml.tmp"]
    assert [one.name for one in drop.folder("archive").iterdir()] == ["order.xml"]
    run_for(100)
    files = sorted(drop.folder("inbox").iterdir())
    assert [etree.parse(str(one)).getroot()[0].findtext(f"{NS}returnStatus") for one in files] == ["2", "120"]
    assert all(one.name.startswith("CEB312Message_") and one.suffix == ".xml" for one in files)
    # What came by folder is not lost to those who poll.
    assert statuses("CEB312Message") == ["2", "120"]


def test_unreadable_files_go_to_error() -> None:
    drop.write(drop.folder("outbox") / "bad.xml", b"<bad")
    intake.scan_drop()
    assert {one.name for one in drop.folder("error").iterdir()} == {"bad.xml", "bad.xml.reason.txt"}
    run_for()
    (receipt,) = drop.folder("inbox").iterdir()
    root = etree.parse(str(receipt)).getroot()
    assert etree.QName(root).localname == "CEB900Message"
    assert root[0].findtext(f"{NS}oriCopMsgId") == "bad.xml"


def test_a_port_killed_before_moving_the_file_takes_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drop.write(drop.folder("outbox") / "order.xml", message(order()))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drop, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            intake.scan_drop()
    assert (drop.folder("outbox") / "order.xml").exists()
    assert intake.scan_drop() == 1
    assert not (drop.folder("outbox") / "order.xml").exists()
    assert Message.objects.count() == 1
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]


def test_drop_write_is_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(drop.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        drop.write_inbox("x.xml", b"<x/>")
    assert list(drop.folder("inbox").glob("*.xml")) == []


def test_the_same_name_twice_is_kept_apart() -> None:
    for text in ("13800138001", "13800138002"):
        drop.write(
            drop.folder("outbox") / "order.xml", message(order(orderNo=f"PT{text}", buyerTelephone=text))
        )
        assert intake.scan_drop() == 1
    assert len(list(drop.folder("archive").iterdir())) == 2


def test_a_message_with_several_documents() -> None:
    good, bad = order(), order(orderNo="PT20261123000002", acturalPaid="1")
    send(message(good, bad))
    run_for(100)
    assert sorted(statuses("CEB312Message")) == ["-301008", "120", "2"]
    assert Document.objects.get().order_no == declarant.ORDER_NO


def test_each_document_of_a_message_is_answered_and_more_than_a_hundred_are_refused() -> None:
    numbers = [f"PT202611230{number:05d}" for number in range(101)]
    raw = message(*(order(orderNo=number) for number in numbers[:12]))
    assert send(raw)["documents"] == 12
    run_for(100)
    answered = [
        (value(etree.fromstring(one["xml"].encode())[0], "orderNo"), one["returnStatus"])
        for one in polled()[:12]
    ]
    assert sorted(answered) == [(number, "2") for number in numbers[:12]]
    assert sorted(Document.objects.values_list("order_no", "status")) == [
        (number, "120") for number in numbers[:12]
    ]
    send(message(*(order(orderNo=number) for number in numbers)))
    run_for(1)
    (error,) = Receipt.objects.filter(message_type="CEB900Message")
    assert error.info == "Order 应为1到100个，实为101个"


def test_speed_shortens_the_way_to_release(settings: Any) -> None:
    settings.SANDBOX_SPEED = 60.0
    send_all()
    run_for(10)
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]


def test_faults_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.customs_port.receipts import faults

    monkeypatch.setenv("SANDBOX_CUSTOMS_FAULTS", "double, late=3")
    assert faults() == {"double": "1", "late": "3"}
    Knob.objects.create(pk="faults", value={"customs": {}})
    assert faults() == {}
    assert queue.knob("faults") == {"customs": {}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/customs/faults", '{"late": NaN}'),
        ("/sandbox/customs/faults", '{"late": Infinity}'),
        ("/sandbox/customs/callback", '{"url": "http://[x"}'),
        ("/sandbox/customs/callback", '{"url": "http://"}'),
        ("/sandbox/carrier", '{"pushUrl": "http://[x"}'),
    ],
)
def test_settings_that_make_no_sense_are_refused(path: str, body: str) -> None:
    assert Client().post(path, body, content_type="application/json").status_code == 400
