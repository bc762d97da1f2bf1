"""Field tables against the official schemas and samples; building, parsing and checking against each other."""

from __future__ import annotations

import csv
import string
from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from plugins.customs_declaration.messages import (
    MESSAGES,
    MessageData,
    MessageError,
    build,
    check,
    make_guid,
    number,
    parse,
    read_stamp,
    stamp,
    to_bytes,
)
from plugins.customs_declaration.messages.codes import code_list
from plugins.customs_declaration.messages.fields import Field
from plugins.customs_declaration.messages.tables import BASE_SUBSCRIBE, BASE_TRANSFER, nodes

from .examples import example
from .official import CUSTOMS, SAMPLES, import_schema, needs_schemas

NAMES = sorted(MESSAGES)
XS = "{http://www.w3.org/2001/XMLSchema}"
DUMMY_SIGNATURE = (
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="urn:a"/><ds:SignatureMethod Algorithm="urn:b"/>'
    '<ds:Reference URI=""><ds:DigestMethod Algorithm="urn:c"/><ds:DigestValue>AA==</ds:DigestValue></ds:Reference>'
    "</ds:SignedInfo><ds:SignatureValue>AA==</ds:SignatureValue></ds:Signature>"
)


# -- against the official files --------------------------------------------------------------------------------


@needs_schemas
@pytest.mark.parametrize("name", NAMES)
def test_built_messages_are_valid_by_the_official_schema(name: str) -> None:
    root = build(example(name, 1 if MESSAGES[name].most == 1 else 3))
    if MESSAGES[name].signed:
        root.append(etree.fromstring(DUMMY_SIGNATURE))
    import_schema().assertValid(etree.fromstring(to_bytes(root)))


@needs_schemas
@pytest.mark.parametrize("edition", ["202205"])
def test_the_tables_say_what_the_schema_says(edition: str) -> None:
    """Every element, in order, with its length, digits, requiredness and fixed value."""
    schema = etree.parse(str(CUSTOMS / "xsd" / edition / "海关跨境进口业务节点报文定义202205.xsd"))
    tables = {}
    for message in MESSAGES.values():
        for node in nodes(message, edition):
            if node:
                tables[node.name] = node
    tables |= {node.name: node for node in (BASE_TRANSFER, BASE_SUBSCRIBE)}
    for name, node in tables.items():
        (element,) = [one for one in schema.getroot() if one.get("name") == name]
        stated = [one for one in element.iter(f"{XS}element") if one is not element]
        assert [one.get("name") for one in stated] == [one.name for one in node.fields], name
        for one, field in zip(stated, node.fields, strict=True):
            _same(one, field, name)


def _same(stated: etree._Element, field: Field, node: str) -> None:
    place = f"{node}/{field.name}"
    assert (stated.get("minOccurs") != "0") == field.required, place
    facets = {etree.QName(f).localname: f.get("value") for f in stated.iter() if f.get("value")}
    if field.kind == "N":
        assert (facets["totalDigits"], facets["fractionDigits"]) == ("19", "5"), place
    elif field.kind == "C":
        low, high = field.length
        exact = facets.get("length")
        assert (exact or facets.get("minLength", "0")) == str(low), place
        assert (exact or facets.get("maxLength")) == (str(high) if high else None), place


@needs_schemas
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_official_samples_parse_and_rebuild_to_the_same_infoset(path) -> None:
    body = path.read_bytes()
    data = parse(body)
    original = etree.fromstring(body.removeprefix(b"\xef\xbb\xbf"))
    for signature in original.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        original.remove(signature)
    assert infoset(original) == infoset(build(data))


def infoset(element: etree._Element):
    children = [infoset(child) for child in element if isinstance(child.tag, str)]
    text = "" if children else (element.text or "")
    return element.tag, dict(element.attrib), text, children


@needs_schemas
@pytest.mark.parametrize("name", ["unit", "country"])
def test_the_shipped_code_lists_agree_with_the_full_ones(name: str) -> None:
    file = {"unit": "units.csv", "country": "countries_numeric.csv"}[name]
    with (CUSTOMS.parent / "codes" / file).open(encoding="utf-8") as stream:
        full = {row["code"]: row["name_zh"] for row in csv.DictReader(stream)}
    shipped = code_list(name).values
    assert dict(shipped) == full


# -- building and parsing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_finding_and_comes_back_the_same(name: str) -> None:
    data = example(name)
    assert [one for one in check(data) if one.severity == "error"] == []
    assert parse(to_bytes(build(data))).as_json() == data.as_json()
    assert MessageData.from_json(data.as_json()).as_json() == data.as_json()


@pytest.mark.parametrize("name", ["CEB312Message", "CEB622Message"])
def test_receipts_without_namespace_and_with_strange_elements_are_read(name: str) -> None:
    data = example(name)
    text = to_bytes(build(data)).decode().replace(' xmlns="http://www.chinaport.gov.cn/ceb"', "")
    text = text.replace("</returnInfo>", "</returnInfo><surprise>x</surprise>")
    parsed = parse(text.encode())
    assert parsed.documents[0]["surprise"] == "x"
    assert parsed.documents[0]["returnStatus"] == data.documents[0]["returnStatus"]


@pytest.mark.parametrize("declared", ["GB2312", "gbk", "GB18030"])
def test_chinese_encodings_are_read(declared: str) -> None:
    text = to_bytes(build(example("CEB622Message"))).decode().replace("UTF-8", declared)
    assert parse(text.encode("gb18030")).documents[0]["returnInfo"] == "南沙南沙南沙南沙"


def test_undeclared_chinese_bytes_marks_and_utf16_are_read() -> None:
    text = etree.tostring(build(example("CEB622Message")), encoding="unicode")
    for body in (text.encode("gb18030"), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        assert parse(body).documents[0]["returnInfo"] == "南沙南沙南沙南沙"


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<CEB622Message guid="" version=""><InventoryReturn><copNo>&b;</copNo></InventoryReturn></CEB622Message>"""
OUTSIDE = b"""<!-- c --><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<CEB622Message><InventoryReturn><copNo>&a;</copNo></InventoryReturn></CEB622Message>"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (BOMB, "doctype"),
        (OUTSIDE, "doctype"),
        (b"\xef\xbb\xbf \n" + OUTSIDE, "doctype"),
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<CEB622Message><InventoryReturn>", "malformed"),
        (b"<CEB622Message/>", "empty"),
        (b"<CEB622Message>\x00</CEB622Message>", "malformed"),
        (b"<html/>", "root"),
        (b"not xml", "malformed"),
        (b"<CEB622Message>&nothing;<InventoryReturn/></CEB622Message>", "malformed"),
        (b"<CEB621Message><Inventory><InventoryList/></Inventory></CEB621Message>", "shape"),
        (b"<CEB311Message " + b"a" * 300 + b"<!DOCTYPE", "malformed"),
        (b"\xff\xfe\x00", "encoding"),
        (b"<a>" * 100_000, "malformed"),
    ],
)
def test_bad_bytes_are_a_clear_error(body: bytes, code: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse(body)
    assert caught.value.code == code
    assert str(caught.value)


def test_a_message_above_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(MessageError) as caught:
        parse(b"<a>" + b"x" * 2000, max_bytes=1000)
    assert caught.value.code == "too_large"


def test_building_refuses_characters_that_xml_does_not_allow() -> None:
    data = example("CEB311Message")
    data.documents[0]["OrderHead"]["note"] = "a\x0bb"
    with pytest.raises(MessageError) as caught:
        build(data)
    assert caught.value.code == "characters"


def test_building_keeps_the_order_of_the_schema_whatever_order_it_is_given() -> None:
    data = example("CEB311Message")
    head = data.documents[0]["OrderHead"]
    data.documents[0]["OrderHead"] = dict(reversed(head.items()))
    names = [etree.QName(one).localname for one in build(data)[0][0]]
    assert names == list(head)


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff\r"), max_size=40
)


@settings(max_examples=60)
@given(st.data())
def test_any_text_survives_the_round_trip(draw) -> None:
    name = draw.draw(st.sampled_from(NAMES))
    data = example(name)
    message = MESSAGES[name]
    target = data.documents[0][message.head.name] if message.wrapper else data.documents[0]
    for field in draw.draw(st.lists(st.sampled_from(message.head.fields), max_size=5)):
        target[field.name] = draw.draw(TEXT)
    assert parse(to_bytes(build(data))).as_json() == data.as_json()


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parse(body)
    except MessageError as error:
        assert error.code


@settings(max_examples=100)
@given(st.data())
def test_damaged_receipts_are_read_or_refused(draw) -> None:
    body = bytearray(to_bytes(build(example("CEB622Message"))))
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, len(body) - 1))
        body[at : at + draw.draw(st.integers(0, 9))] = draw.draw(st.binary(max_size=9))
    try:
        parse(bytes(body))
    except MessageError as error:
        assert error.code


# -- structural check ------------------------------------------------------------------------------------------


def findings(data: MessageData) -> set[tuple[str, str]]:
    return {(one.path, one.code) for one in check(data) if one.severity == "error"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("guid", "short", "length"),
        ("orderNo", "", "length"),
        ("orderNo", "x" * 61, "length"),
        ("currency", "156", "fixed"),
        ("goodsValue", "12,5", "number"),
        ("goodsValue", "1.234567", "number"),
        ("goodsValue", "123456789012345.12345", "number"),
        ("goodsValue", "", "number"),
        ("appType", "9", "code"),
        ("appTime", "20261323101500", "time"),
        ("consigneeDistrict", "", "length"),
        ("buyerIdType", "x", "code"),
    ],
)
def test_each_deviation_is_found_at_its_place(field: str, value: str, code: str) -> None:
    data = example("CEB311Message")
    data.documents[0]["OrderHead"][field] = value
    assert findings(data) == {(f"OrderHead/{field}", code)}


def test_missing_and_too_many_are_found() -> None:
    data = example("CEB311Message", 101)
    del data.documents[3]["OrderHead"]["buyerName"]
    data.documents[4]["OrderList"] = data.documents[4]["OrderList"] * 100
    data.documents[5]["OrderList"] = []
    data.base_transfer = None
    assert findings(data) == {
        ("Order", "too_many"),
        ("OrderHead/buyerName", "missing"),
        ("OrderList", "too_many"),
        ("OrderList", "missing"),
        ("BaseTransfer", "missing"),
    }


def test_an_unlisted_country_is_a_remark_where_it_could_be_one_and_an_error_where_not() -> None:
    data = example("CEB621Message")
    line = data.documents[0]["InventoryList"][0]
    line["country"] = "214"
    assert findings(data) == set()
    assert [(one.path, one.code) for one in check(data)] == [("InventoryList[1]/country", "code")]
    line["country"], line["unit"] = "JPN", "999"
    assert findings(data) == {("InventoryList[1]/country", "code"), ("InventoryList[1]/unit", "code")}


def test_the_older_edition_allows_longer_item_numbers() -> None:
    data = example("CEB621Message")
    data.documents[0]["InventoryList"][0]["itemNo"] = "x" * 25
    assert [one.code for one in check(data)] == ["length"]
    assert check(data, "2018-113") == []


# -- small parts -----------------------------------------------------------------------------------------------


def test_guids_are_deterministic_upper_case_and_apart() -> None:
    assert make_guid("p", "311", 1) == make_guid("p", "311", 1)
    assert make_guid("p", "311", 1) != make_guid("p", "311", 2)
    guid = make_guid("p1", "1")
    assert len(guid) == 36 and set(guid) <= set(string.digits + "ABCDEF-")
    assert make_guid("p1", "1") != make_guid("p", "11")


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda one: 1950 < one.year < 2100))
def test_stamps_are_china_time_and_read_back(moment) -> None:
    back = read_stamp(stamp(moment, 17))
    assert back is not None and abs((back - moment).total_seconds()) < 0.001


@pytest.mark.parametrize(
    "text", ["", "2026", "20261301", "2026112310150x", "２０２６１１２３", "20261123101500 12"]
)
def test_no_time_is_none(text: str) -> None:
    assert read_stamp(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("0.10", "0.10"),
        ("5.000000", "5"),
        ("1.23456", "1.23456"),
        ("12.5", "12.50"),
        ("0", "0"),
    ],
)
def test_numbers_are_written_plainly(value: str, text: str) -> None:
    assert number(Decimal(value)) == text


def test_a_number_finer_than_five_places_is_refused() -> None:
    with pytest.raises(MessageError):
        number(Decimal("0.0000012"))
