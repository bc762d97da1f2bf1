"""``ponte customs parse``, ``build``, ``check``, ``receipts``, ``fields`` as one types them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from plugins.customs_declaration.messages import MESSAGES, build, to_bytes
from plugins.customs_declaration.messages.statuses import STATES
from plugins.customs_declaration.signing import verify
from saleor_ext import cli

from .cases import head_of, lines_of, sound, xml
from .examples import example
from .official import SAMPLES, needs_schemas

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capsysbinary, tmp_path):
    """Run a command on a body; return exit code, output and error lines."""

    def go(*words: str | Path | bytes) -> tuple[int, bytes, str]:
        given = []
        for number, word in enumerate(words):
            if isinstance(word, bytes):
                (tmp_path / f"input{number}").write_bytes(word)
            given.append(str(tmp_path / f"input{number}" if isinstance(word, bytes) else word))
        capsysbinary.readouterr()
        code = cli.main(["customs", *given])
        out, err = capsysbinary.readouterr()
        return code, out, err.decode()

    return go


def plain(body: bytes) -> bytes:
    """Canonical form without the signature and without white space between elements."""
    root = etree.fromstring(body.removeprefix(b"\xef\xbb\xbf"))
    for signature in root.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        root.remove(signature)
    for element in root.iter():
        if len(element):
            element.text = None
        element.tail = None
    return etree.tostring(root, method="c14n")


# -- parse and build -------------------------------------------------------------------------------------------


@needs_schemas
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_official_samples_come_back_the_same(run, path) -> None:
    code, out, err = run("parse", path)
    assert (code, err) == (0, "")
    assert list(json.loads(out)) == [
        "message", "guid", "version", "documents", "BaseTransfer", "BaseSubscribe", "ExtendMessage",
    ]  # fmt: skip
    code, made, err = run("build", out)
    assert (code, err) == (0, "")
    assert plain(made) == plain(path.read_bytes())


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_shape_of_a_parsed_message(run, name: str) -> None:
    data = sound(name, 1 if MESSAGES[name].most == 1 else 2)
    _code, out, _err = run("parse", xml(data))
    assert json.loads(out) == data.as_json()
    message = MESSAGES[name]
    document = json.loads(out)["documents"][0]
    if not message.wrapper:
        assert document["guid"] == head_of(data)["guid"]
    else:
        assert set(document) == {node.name for node in (message.head, message.lines) if node}


EXTENSION = (
    "<ceb:BaseSubscribe><ceb:status>ALL</ceb:status><ceb:dxpMode>DXP</ceb:dxpMode>"
    "<ceb:dxpAddress>{0}</ceb:dxpAddress></ceb:BaseSubscribe>"
)
ANY = '<z:any xmlns:z="urn:z" z:a="1&amp;2">x &lt; y<plain/><![CDATA[<c>]]></z:any>'


@pytest.mark.parametrize(
    "content", [ANY, f"before {ANY} after", "text &amp; more", "&lt;escaped/&gt;", "", "plain"]
)
def test_subscriptions_and_any_extension_come_back_the_same(run, content: str) -> None:
    more = EXTENSION.format("A") + EXTENSION.format("B")
    more += "<ceb:ExtendMessage><ceb:name>a&amp;b</ceb:name><ceb:version>1</ceb:version>"
    more += f"<ceb:Message>{content}</ceb:Message></ceb:ExtendMessage>"
    body = xml(sound("CEB621Message"), signed=False).decode()
    body = body.replace("</ceb:BaseTransfer>", f"</ceb:BaseTransfer>{more}")
    _code, out, _err = run("parse", body.encode())
    data = json.loads(out)
    assert [one["dxpAddress"] for one in data["BaseSubscribe"]] == ["A", "B"]
    assert data["ExtendMessage"]["name"] == "a&b"
    code, made, _err = run("build", out)
    assert code == 0
    same = [etree.tostring(etree.fromstring(one), method="c14n") for one in (body.encode(), made)]
    assert same[0] == same[1]


def test_a_format_receipt_keeps_the_message_inside(run) -> None:
    inside = '<?xml version="1.0"?><ceb:CEB311Message guid="x">&amp;</ceb:CEB311Message>'
    data = example("CEB900Message")
    data.documents[0]["oriBizMessage"] = inside
    body = to_bytes(build(data))
    assert b"<![CDATA[" in body
    _code, out, _err = run("parse", body)
    assert json.loads(out)["documents"][0]["oriBizMessage"] == inside
    data.documents[0]["oriBizMessage"] = "a]]>b"
    assert json.loads(run("parse", to_bytes(build(data)))[1])["documents"][0]["oriBizMessage"] == "a]]>b"


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), max_size=30
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_values_survive_parse_and_build(run, draw) -> None:
    name = draw.draw(st.sampled_from(sorted(MESSAGES)))
    data = sound(name)
    message = MESSAGES[name]
    for node, target in (
        (message.head, head_of(data)),
        (message.lines, lines_of(data)[0] if message.lines else {}),
    ):
        if node:
            for field in draw.draw(st.lists(st.sampled_from(node.fields), max_size=4)):
                target[field.name] = draw.draw(TEXT)
    if message.request and draw.draw(st.booleans()):
        data.base_subscribe = [{"status": "ALL", "dxpMode": "DXP", "dxpAddress": draw.draw(TEXT)}]
        data.extend_message = {"name": draw.draw(TEXT), "version": "1", "Message": ANY}
    body = xml(data, signed=False)
    code, out, _err = run("parse", body)
    assert code == 0
    code, made, _err = run("build", out)
    assert code == 0
    assert made == body or plain(made) == plain(body)
    assert run("parse", made)[1] == out


def test_build_writes_a_file_whole_and_signs_it(run, tmp_path, key_pair) -> None:
    _code, out, _err = run("parse", xml(sound("CEB621Message"), signed=False))
    target = tmp_path / "made.xml"
    code, printed, _err = run(
        "build", out, "--sign", "--key", key_pair[0], "--cert", key_pair[1], "--out", target
    )
    assert (code, printed) == (0, b"")
    assert verify(etree.fromstring(target.read_bytes()))
    assert run("check", target)[0] == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xff", b'{"message": 1}', b'{"message": "CEB311Message"}',
        b'{"message": "CEB999Message", "documents": []}', b"[" * 100_000,
        b'{"message": "CEB622Message", "documents": [1]}',
        b'{"message": "CEB622Message", "documents": [{"copNo": 5}]}',
        b'{"message": "CEB622Message", "documents": [{"a b": "x"}]}',
        b'{"message": "CEB622Message", "documents": [{"copNo": "\\u0000"}]}',
        b'{"message": "CEB622Message", "documents": [{"copNo": "\\ud800"}]}',
        b'{"message": "CEB622Message", "guid": "\\u0001", "documents": []}',
        b'{"message": "CEB311Message", "documents": [{}]}',
        b'{"message": "CEB311Message", "documents": [{"OrderHead": [1]}]}',
        b'{"message": "CEB622Message", "documents": [], "BaseTransfer": "x"}',
        b"1" * 5000,
    ],
)  # fmt: skip
def test_json_that_is_no_message_is_one_clear_line(run, body: bytes) -> None:
    unreadable(run("build", body))


def unreadable(result: tuple[int, bytes, str]) -> None:
    code, out, err = result
    assert (code, out) == (2, b"")
    assert err.count("\n") == 1
    assert err.startswith("ponte customs ")
    assert "Traceback" not in err


# -- unreadable input ------------------------------------------------------------------------------------------

BAD = {
    "empty": b"",
    "blank": b" \n\t",
    "binary": bytes(range(256)) * 20,
    "nul": b"<CEB622Message>\x00</CEB622Message>",
    "truncated": xml(sound("CEB622Message", 5))[:-20],
    "root": b"<html><body/></html>",
    "bomb": b'<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><CEB622Message>&b;</CEB622Message>',
    "outside": b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><CEB622Message>&a;</CEB622Message>',
    "remote": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><CEB622Message/>',
}


@pytest.mark.parametrize("command", ["parse", "check", "receipts"])
@pytest.mark.parametrize("kind", sorted(BAD))
def test_unreadable_files_are_one_clear_line(run, command: str, kind: str) -> None:
    unreadable(run(command, BAD[kind]))


@pytest.mark.parametrize("command", ["parse", "check", "receipts", "build"])
def test_what_is_no_file_is_one_clear_line(run, command: str, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing", "/dev/zero", tmp_path / "pipe"):
        unreadable(run(command, path))
    unreadable(run(command, tmp_path / "missing"))


def test_fifty_megabytes_are_one_clear_line_at_once(run, tmp_path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    started = time.process_time()
    for command in ("parse", "check", "receipts", "build"):
        unreadable(run(command, tmp_path / "large"))
    assert time.process_time() - started < 20


def test_a_message_may_come_by_the_input(run, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(xml(sound("CEB311Message")))))
    assert run("check", "-") == (0, b'{"valid": true, "findings": []}\n', "")


# -- check -----------------------------------------------------------------------------------------------------


def test_check_prints_findings_with_their_class(run) -> None:
    data = sound("CEB311Message", 2)
    head_of(data, 1)["acturalPaid"] = "1.00"
    code, out, _err = run("check", xml(data))
    assert code == 1
    (finding,) = json.loads(out)["findings"]
    assert json.loads(out)["valid"] is False
    assert finding == {
        "document": 1,
        "path": "OrderHead/acturalPaid",
        "code": "actural_paid",
        "message": "acturalPaid is 1.00, but goodsValue + freight + taxTotal - discount is 47.64",
        "class": "mend_data",
    }


def test_check_knows_both_editions_and_remarks(run) -> None:
    data = sound("CEB621Message")
    lines_of(data)[0].update(itemNo="x" * 25, country="214")
    body = xml(data)
    assert run("check", body)[0] == 1
    code, out, _err = run("check", body, "--edition", "2018/113", "--remarks")
    assert code == 0
    assert json.loads(out)["valid"] is True
    assert [one["path"] for one in json.loads(out)["findings"]] == ["InventoryList[1]/country"]


# -- receipts --------------------------------------------------------------------------------------------------


def answers(result: tuple[int, bytes, str]) -> list[dict]:
    code, out, err = result
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_a_receipt_is_one_line(run) -> None:
    data = sound("CEB622Message")
    head_of(data).update(
        returnStatus="800", returnInfo="[Code:2600;Desc:放行]", returnTime="20261123101500123"
    )
    head_of(data).update(copNo="C1", invtNo="51652026I000000001")
    (line,) = answers(run("receipts", xml(data)))
    assert list(line) == ["message", "document", "key", "status", "state", "final", "time", "codes", "text"]
    assert {**line, "key": line["key"]["copNo"]} == {
        "message": "CEB622Message", "document": 0, "key": "C1", "status": "800", "state": "released", "final": True,
        "time": "20261123101500123", "codes": ["2600"], "text": "[Code:2600;Desc:放行]",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status", "state", "final"),
    [
        ("CEB312Message", "120", "accepted", True),
        ("CEB412Message", "2", "declared", False),
        ("CEB512Message", "-504012", "error", False),
        ("CEB514Message", "18", "unknown", False),
        ("CEB622Message", "120", "accepted", False),
        ("CEB622Message", "100", "rejected", True),
        ("CEB622Message", "600", "unknown", False),
        ("CEB624Message", "399", "reviewed", True),
        ("CEB626Message", "120", "accepted", False),
        ("CEB712Message", "399", "reviewed", True),
        ("CEB816Message", "1", "generated", False),
        ("CEB818Message", "2", "aggregated", True),
        ("CEB818Message", "9", "unknown", False),
        ("CEB900Message", "-1", "error", False),
    ],
)
def test_every_receipt_is_understood(run, name: str, status: str, state: str, final: bool) -> None:
    data = sound(name)
    head = head_of(data)
    head["status" if "status" in head else "returnStatus"] = status
    (line,) = answers(run("receipts", xml(data)))
    assert (line["status"], line["state"], line["final"]) == (status, state, final)
    assert line["key"] and line["time"]


def test_receipts_of_several_files_and_documents(run) -> None:
    bare = xml(sound("CEB312Message", 2)).replace(b' xmlns="http://www.chinaport.gov.cn/ceb"', b"")
    lines = answers(run("receipts", bare, xml(sound("CEB512Message"))))
    assert [(one["message"], one["document"]) for one in lines] == [
        ("CEB312Message", 0), ("CEB312Message", 1), ("CEB512Message", 0),
    ]  # fmt: skip


def test_a_bad_file_does_not_hide_the_good_ones(run) -> None:
    code, out, err = run("receipts", BAD["truncated"], xml(sound("CEB512Message")))
    assert (code, out.count(b"\n"), err.count("\n")) == (2, 1, 1)
    unreadable(run("receipts", xml(sound("CEB311Message"))))
    unreadable(run("receipts", b"<CEB622Message/>"))


def test_receipts_mask_the_numbers_of_persons(run) -> None:
    data = sound("CEB622Message")
    head_of(data)["returnInfo"] = "[Code:1300;Desc:身份证11010519491231002X有误]"
    (line,) = answers(run("receipts", xml(data)))
    assert "11010519491231002X" not in line["text"] and line["codes"] == ["1300"]


def test_plain_states_are_those_of_the_plugin() -> None:
    from plugins.customs_declaration.states import STATUS

    assert {code: state.value for code, state in STATUS.items()} == dict(STATES)


# -- fields, and the command itself ----------------------------------------------------------------------------


def test_fields_lists_nodes_and_the_page_is_up_to_date(run) -> None:
    code, out, _err = run("fields", "InventoryHead")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == 47
    assert rows[0] == {
        "element": "guid", "label": "系统唯一序号", "type": "C36", "required": True, "fixed": None,
        "codes": None, "note": None,
    }  # fmt: skip
    assert len(run("fields")[1].splitlines()) == len(MESSAGES)
    unreadable(run("fields", "Nothing"))
    page = (ROOT / "docs" / "customs-fields.md").read_bytes()
    assert run("fields", "--markdown")[1] == page, (
        "run: ponte customs fields --markdown > docs/customs-fields.md"
    )


def test_the_commands_work_on_a_bare_installation(tmp_path) -> None:
    """No settings, no database, another folder; Django is not even imported."""
    (tmp_path / "a.xml").write_bytes(xml(sound("CEB622Message")))
    script = (
        "import sys; from saleor_ext.cli import main; code = main(['customs', 'receipts', 'a.xml']);"
        "sys.exit(code or 'django' in sys.modules)"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["message"] == "CEB622Message"


def test_a_closed_pipe_is_no_traceback(tmp_path) -> None:
    (tmp_path / "a.xml").write_bytes(xml(sound("CEB622Message", 100)))
    words = [sys.executable, "-m", "saleor_ext.cli", "customs", "parse", str(tmp_path / "a.xml")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
