"""Reading untrusted messages: bounded memory, no crash and no hang, whatever the bytes are."""

from __future__ import annotations

import base64
import io
import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from plugins.customs_declaration.messages import MESSAGES, MessageError, Reader, parse
from plugins.customs_declaration.messages.form import Check
from plugins.customs_declaration.messages.reader import MAX_PENDING, open_bytes

from .cases import sound, xml
from .official import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
MEGA = 1024 * 1024


def large(name: str, size: int) -> bytes:
    """A message of at least ``size`` bytes: one document again and again."""
    data = sound(name)
    data.documents[0] = data.documents[0]
    lines = MESSAGES[name].lines
    if lines:
        data.documents[0][lines.name] = data.documents[0][lines.name] * 40
    text = xml(data)
    document = MESSAGES[name].document.encode()
    start = text.index(b"<ceb:" + document + b">") if b"<ceb:" in text else text.index(b"<" + document + b">")
    closing = b"</ceb:" + document + b">" if b"<ceb:" in text else b"</" + document + b">"
    end = text.index(closing) + len(closing)
    one = text[start:end]
    return text[:start] + one * (size // len(one) + 1) + text[end:]


@pytest.mark.parametrize("name", ["CEB622Message", "CEB621Message"])
def test_parsing_in_memory_takes_less_than_three_times_the_message(name: str) -> None:
    body = large(name, 2 * MEGA)
    parse(xml(sound(name)))
    tracemalloc.start()
    try:
        assert parse(body)
        assert tracemalloc.get_traced_memory()[1] + len(body) <= 3 * len(body)
    finally:
        tracemalloc.stop()


RSS = """
import resource, sys
from saleor_ext.cli import main
small, big, command = sys.argv[1:4]
def peak(path):
    sys.stdout = open("/dev/null", "w")
    main(["customs", command, path])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak(small)
print((peak(big) - before), file=sys.stderr)
"""


def growth(tmp_path: Path, command: str, body: bytes, small: bytes) -> int:
    """Return by how much the peak memory of a command grows, in bytes."""
    (tmp_path / "small.xml").write_bytes(small)
    (tmp_path / "big.xml").write_bytes(body)
    words = [sys.executable, "-c", RSS, tmp_path / "small.xml", tmp_path / "big.xml", command]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120, cwd=ROOT)
    return int(done.stderr.split()[-1])


@pytest.mark.parametrize(
    ("command", "name"),
    [("parse", "CEB621Message"), ("check", "CEB311Message"), ("receipts", "CEB622Message")],
)
def test_the_commands_need_far_less_memory_than_the_message_is_long(
    tmp_path, command: str, name: str
) -> None:
    body = large(name, 6 * MEGA)
    assert growth(tmp_path, command, body, xml(sound(name))) < len(body)


def test_an_envelope_takes_less_than_three_times_its_size(tmp_path) -> None:
    small = xml(sound("CEB622Message"))
    whole = "<GzeportTransfer><Head/><Data>{}</Data></GzeportTransfer>"
    body = whole.format(base64.b64encode(large("CEB622Message", 8 * MEGA)).decode()).encode()
    inner = whole.format(base64.b64encode(small).decode()).encode()
    assert growth(tmp_path, "receipts", body, inner) < 3 * len(body)


def test_fifty_megabytes_are_refused_before_they_are_read(tmp_path) -> None:
    path = tmp_path / "large.xml"
    with path.open("wb") as file:
        file.truncate(50 * MEGA)
    tracemalloc.start()
    try:
        with path.open("rb") as stream, pytest.raises(MessageError) as caught:
            Reader(stream)
        assert caught.value.code == "too_large"
        assert tracemalloc.get_traced_memory()[1] < MEGA
    finally:
        tracemalloc.stop()


def nested(depth: int) -> bytes:
    return (
        b"<CEB622Message><InventoryReturn>"
        + b"<a>" * depth
        + b"</a>" * depth
        + b"</InventoryReturn></CEB622Message>"
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (nested(100), "too_many_elements"),
        (nested(100_000), "malformed"),
        (b"<CEB622Message><InventoryReturn>" + b"<a/>" * (MAX_PENDING + 1), "too_many_elements"),
        (b"<CEB622Message>" + b"<!-- x -->" * 7000 + b"<!DOCTYPE a>", "malformed"),
        (b"<!-- x -->" * 7000 + b"<!DOCTYPE a><CEB622Message/>", "malformed"),
        (b"<!doctype a><CEB622Message/>", "doctype"),
        (b"\x00" * 5000, "malformed"),
        (b"<CEB622Message/>\x00", "malformed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "encoding"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 40, "encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><html/>', "root"),
        (b'<?xml version="1.0" encoding="zip"?><html/>', "root"),
        ("<CEB622Message/>".encode("utf-16-le"), "malformed"),
        ("<CEB622Message/>".encode("utf-16"), "empty"),
    ],
)
def test_hostile_bytes_are_refused_at_once(body: bytes, code: str) -> None:
    started = time.process_time()
    with pytest.raises(MessageError) as caught:
        parse(body)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    assert time.process_time() - started < 5  # of this process, however busy the machine


def corpus() -> list[bytes]:
    bodies = [xml(sound(name)) for name in sorted(MESSAGES)]
    bodies += [path.read_bytes() for path in SAMPLES]
    bodies.append(
        bodies[0].replace(b' xmlns:ceb="http://www.chinaport.gov.cn/ceb"', b"").replace(b"ceb:", b"")
    )
    bodies.append(bodies[1].decode().replace("UTF-8", "GB18030").encode("gb18030"))
    data = base64.b64encode(bodies[2]).decode()
    bodies.append(f"<GzeportTransfer><Head/><Data>{data}</Data></GzeportTransfer>".encode())
    return bodies


TOKENS = [
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"?>", b"<!DOCTYPE a [", b"<!ENTITY a SYSTEM 'x'>",
    b"&a;", b"&#0;", b"&#x110000;", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x81", b"</ceb:Order>", b"xmlns=''",
    b"xmlns:ceb=''", b"<Data>", b"=" * 9, b"9" * 400, b"1e999999", b"NaN", "南沙".encode("gbk"),
]  # fmt: skip


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Cut, double, swap, overwrite or insert a few times."""
    made = bytearray(body)
    for _ in range(chance.randint(1, 5)):
        at, end = sorted(chance.randrange(len(made) + 1) for _ in range(2))
        end = min(end, at + chance.choice((1, 3, 30, 3000)))
        kind = chance.randrange(5)
        if kind == 0:
            del made[at:end]
        elif kind == 1:
            made[at:at] = made[at:end]
        elif kind == 2:
            made[at:at] = chance.choice(TOKENS)
        elif kind == 3:
            made[at:end] = chance.choice(TOKENS)
        else:
            made[at:end] = chance.randbytes(end - at)
        if not made:
            break
    return bytes(made)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_messages_are_read_or_refused_and_nothing_else(seed: int) -> None:
    """A bounded run of the same damage every time; a failing seed and number name the bytes."""
    chance = random.Random(seed)
    bodies = corpus()
    started = time.process_time()
    read = 0
    for _ in range(300):
        body = damaged(chance.choice(bodies), chance)
        try:
            data = parse(body)
            list(Check(open_bytes(body)).findings())
            read += 1
        except MessageError as error:
            assert error.code and "\n" not in error.message
            continue
        assert data.documents
    assert 0 < read < 300
    assert time.process_time() - started < 60


def test_a_stream_gives_what_bytes_give() -> None:
    for body in corpus():
        whole = parse(body)
        count = sum(
            part.name == MESSAGES[whole.message].document for part in Reader(io.BytesIO(body)).parts()
        )
        assert count == len(whole.documents)
