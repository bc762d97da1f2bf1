"""What changed between two sends, and persons masked wherever a message is shown."""

from __future__ import annotations

import pytest

from plugins.customs_declaration import differences, masking, origins
from plugins.customs_declaration.messages import MESSAGES
from plugins.customs_declaration.models import CustomsDocument

from .cases import ID_NUMBER, sound, xml
from .declared import declaration, document

pytestmark = pytest.mark.django_db


def both(head: dict[str, str], line: dict[str, str] | None = None) -> tuple[CustomsDocument, CustomsDocument]:
    case = declaration()
    old = document(case, head={"buyerName": "林悦"})
    new = document(case, version=2, head={"buyerName": "林悦", **head}, line=line)
    return old, new


def told(pair: tuple[CustomsDocument, CustomsDocument]) -> list[tuple[int, str, str, str, str]]:
    return [
        (one.line, one.element, one.kind, one.before, one.after)
        for one in differences.between(*pair)
        if not one.expected
    ]


def test_only_what_is_always_new_differs() -> None:
    found = differences.between(*both({"appTime": "20261124101500"}))
    assert [(one.element, one.expected) for one in found] == [("guid", True), ("appTime", True)]


def test_fields_of_head_and_lines() -> None:
    found = told(both({"netWeight": "0.40", "note": "x"}, {"gmodel": "盒装|300克"}))
    assert [(line, element, after) for line, element, _kind, _before, after in found] == [
        (0, "netWeight", "0.40"),
        (0, "note", "x"),
        (1, "gmodel", "盒装|300克"),
    ]
    (change,) = [one for one in differences.between(*both({"netWeight": "0.40"})) if not one.expected]
    assert (change.node, change.label, change.before) == ("InventoryHead", "净重（公斤）", "0.5")


def test_fields_that_come_and_go() -> None:
    old, new = both({})
    old.body = (old.body or "").replace("wrapType>", "wrapTypeX>")
    changes = {one.element: one.kind for one in differences.between(old, new) if not one.expected}
    assert changes == {"wrapType": "added", "wrapTypeX": "removed"}


def test_a_line_that_is_gone_is_told_by_its_number() -> None:
    old, new = both({})
    second = sound("CEB621Message").documents[0]["InventoryList"][1]["gnum"]
    body = new.body or ""
    start, end = (body.rindex(f"{mark}InventoryList>") for mark in ("<ceb:", "</ceb:"))
    new.body = body[:start] + body[end + len("</ceb:InventoryList>") :]
    lines = {one.line for one in differences.between(old, new) if one.kind == "removed"}
    assert lines == {int(second)}


def test_a_person_that_changed_is_not_shown() -> None:
    ((_line, element, kind, before, after),) = told(both({"buyerName": "林安"}))
    assert (element, kind, before, after) == ("buyerName", "changed", "林＊＊", "林＊＊")
    (change,) = [one for one in differences.between(*both({"buyerName": "林安"})) if not one.expected]
    assert change.hidden


@pytest.mark.parametrize("kind", ["CEB311Message", "CEB411Message", "CEB511Message", "CEB621Message"])
def test_no_person_stands_in_the_shown_xml(kind: str) -> None:
    data = sound(kind)
    head = data.documents[0][MESSAGES[kind].head.name]
    persons = {name: f"Q7{number}secret" for number, name in enumerate(masking.PERSONAL) if name in head}
    head.update(persons)
    if "note" in head:
        head["note"] = f"see {ID_NUMBER}"
    shown = masking.masked_xml(xml(data).decode())
    assert persons and "secret" not in shown and ID_NUMBER not in shown
    assert shown.count(masking.HIDDEN) == len(persons)
    assert shown.startswith("<") and "\n  " in shown


def test_every_personal_element_of_the_tables_is_known() -> None:
    """Whatever the tables call a person's must be masked: by the words of the specification."""
    persons, parts = ("订购人", "支付人", "收货人"), ("姓名", "证件号码", "电话", "地址")
    words = {person + part for person in persons for part in parts} | {"收货地址"}
    nodes = [node for one in MESSAGES.values() for node in (one.head, one.lines) if node]
    named = {field.name for node in nodes for field in node.fields if field.label in words}
    assert named <= masking.PERSONAL
    assert {"buyerName", "payerName", "consignee", "consigneeAddress"} <= named


def test_every_element_has_an_origin_and_reasons_name_elements() -> None:
    assert origins.of("gmodel").code == "article"
    assert (origins.of("country", line=True).code, origins.of("country").code) == ("article", "ours")
    assert origins.of("whatever").code == "ours"
    text = "NotDeclarable: not sent: OrderList[1]/gmodel: is missing; payCode: x; gmodel: y"
    assert origins.named_in(text) == ["gmodel", "payCode"]
