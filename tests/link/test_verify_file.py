"""``ponte saleor verify``: recorded requests, good and bad."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from saleor_ext.link import cli
from saleor_ext.link.verify_file import verify_recorded

from .saleor import signer

BODY = b'{"order": {"id": "1"}, "note": "line\r\n\r\nline"}'


def _recorded(
    body: bytes = BODY, *, end: bytes = b"\r\n", signature: str | None = None, prefix: str = ""
) -> bytes:
    lines = [
        b"POST /saleor/ponte.platform/webhooks/order-fully-paid HTTP/1.1",
        b"Host: ponte.example",
        f"{prefix}Saleor-Event: order_fully_paid".encode(),
        f"{prefix}saleor-signature: {signer('saleor').sign(BODY) if signature is None else signature}".encode(),
    ]
    return end.join(lines) + end + end + body


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(signer("saleor").jwks))
    return path


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("prefix", ["", "X-"])
def test_a_good_recording(tmp_path: Path, jwks: Path, end: bytes, prefix: str) -> None:
    path = tmp_path / "good.http"
    path.write_bytes(_recorded(end=end, prefix=prefix))
    assert verify_recorded(path, jwks) == {"valid": True, "event": "order_fully_paid", "reason": None}


BAD = {
    "altered": _recorded(BODY.replace(b"1", b"2")),
    "newline added": _recorded(BODY + b"\n"),
    "cut": _recorded(BODY[:-1]),
    "unsigned": _recorded(signature=""),
    "other key": _recorded(signature=signer("other").sign(BODY)),
    "not a signature": _recorded(signature="abc"),
    "two signatures": _recorded().replace(b"Host: ponte.example", b"Saleor-Signature: other..sig"),
    "no blank line": b"POST / HTTP/1.1\r\nA: b\r\n",
    "no request line": b"nonsense\r\n\r\n{}",
    "a header first": _recorded().partition(b"\r\n")[2],
    "a folded header": _recorded().replace(b"Host: ponte.example", b"Host: ponte.example\r\n more: of it"),
    "a bottomless signature": _recorded(signature=f"{base64.b64encode(b'[' * 6000).decode()}..QUJD"),
    "bad header": b"POST / HTTP/1.1\r\nnonsense\r\n\r\n{}",
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_recording_says_why(tmp_path: Path, jwks: Path, name: str) -> None:
    path = tmp_path / "bad.http"
    path.write_bytes(BAD[name])
    verdict = verify_recorded(path, jwks)
    assert verdict["valid"] is False
    assert verdict["reason"]


@pytest.mark.parametrize(
    "line", ["POST /x HTTP/1.0", "POST /x HTTP/2", "POST https://ponte.example/x HTTP/1.1"]
)
def test_any_version_of_the_protocol_will_do(tmp_path: Path, jwks: Path, line: str) -> None:
    path = tmp_path / "good.http"
    path.write_bytes(line.encode() + b"\r\n" + _recorded().partition(b"\r\n")[2])
    assert verify_recorded(path, jwks)["valid"] is True


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": 1}', "not json", "[" * 100_000])
def test_a_bad_key_set_says_so(tmp_path: Path, content: str) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(content)
    path = tmp_path / "good.http"
    path.write_bytes(_recorded())
    verdict = verify_recorded(path, keys)
    assert verdict == {"valid": False, "event": "order_fully_paid", "reason": "keys.json is not a key set"}


def test_missing_files_are_named(tmp_path: Path, jwks: Path) -> None:
    reason = verify_recorded(tmp_path / "none.http", jwks)["reason"]
    assert reason is not None and "none.http" in reason


def test_the_command_prints_one_line_and_exits_1_on_a_bad_one(
    tmp_path: Path, jwks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = ArgumentParser()
    cli.register(parser.add_subparsers())
    codes = []
    for name, content in (("good", _recorded()), ("bad", BAD["altered"])):
        path = tmp_path / f"{name}.http"
        path.write_bytes(content)
        arguments = parser.parse_args(["saleor", "verify", str(path), "--jwks", str(jwks)])
        assert arguments.needs_django is False
        codes.append(arguments.func(arguments))
    assert codes == [0, 1]
    verdicts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [verdict["valid"] for verdict in verdicts] == [True, False]
    assert all(set(verdict) == {"valid", "event", "reason"} for verdict in verdicts)


def test_the_line_fits_any_terminal(tmp_path: Path, jwks: Path) -> None:
    path = tmp_path / "odd.http"
    path.write_bytes(_recorded(BODY + b"x").replace(b"order_fully_paid\r\n", "ordér\r\n".encode("latin-1")))
    result = subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", "saleor", "verify", str(path), "--jwks", str(jwks)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert json.loads(result.stdout) == {
        "valid": False,
        "event": "ordér",
        "reason": "the body does not match the signature",
    }
