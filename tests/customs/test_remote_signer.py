"""A key elsewhere: over HTTP and over WebSocket, by configuration; what it answers is believed only if it fits."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from plugins.customs_declaration import checks, links
from plugins.customs_declaration.messages import build
from plugins.customs_declaration.signing import SigningError, Sm2PrivateKey, sign, verify
from plugins.customs_declaration.signing.remote import RemoteKey, RemoteSigner, body_template
from saleor_ext.core.errors import TransientError

from . import sm2_files
from .examples import example

Answer = Callable[[dict], tuple[int, str]]


@pytest.fixture(scope="module")
def key() -> Sm2PrivateKey:
    return Sm2PrivateKey.generate()


@pytest.fixture
def certificate(tmp_path, key):
    return sm2_files.write_pair(tmp_path, key)[1]


@contextmanager
def serving(server: ThreadingTCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def http_server(answer: Answer, seen: list | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if seen is not None:
                seen.append((self.headers.get("Authorization"), body))
            status, text = answer(body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/sign"


@contextmanager
def websocket_server(answer: Callable[[dict], list[bytes]]) -> Iterator[str]:
    """A server that takes one masked text frame and sends the frames given."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.read(1)
            nonce = next(line for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))[19:]
            accept = hashlib.sha1(nonce + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
            self.wfile.write(
                b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: "
                + base64.b64encode(accept)
                + b"\r\n\r\n"
            )
            first, second = self.rfile.read(2)
            assert first == 0x81 and second & 0x80
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self.rfile.read(2))
            mask = self.rfile.read(4)
            body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(length)))
            for frame in answer(json.loads(body)):
                self.wfile.write(frame)

    with serving(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"ws://127.0.0.1:{port}/"


def frame(kind: int, body: bytes, *, last: bool = True) -> bytes:
    size = bytes([len(body)]) if len(body) < 126 else b"\x7e" + struct.pack(">H", len(body))
    return bytes([(0x80 if last else 0) | kind]) + size + body


def signing(key: Sm2PrivateKey) -> Answer:
    return lambda body: (
        200,
        json.dumps({"signature": base64.b64encode(key.sign(base64.b64decode(body["data"]))).decode()}),
    )


def test_a_crypto_server_signs_messages(key, certificate) -> None:
    seen: list = []
    with http_server(signing(key), seen) as url:
        signer = RemoteSigner(RemoteKey(url, key="slot-1", token="t0ken"), certificate)
        root = sign(build(example("CEB621Message")), signer)
    verify(root)
    ((authorization, body),) = seen
    assert authorization == "Bearer t0ken"
    assert (body["key"], body["algorithm"]) == ("slot-1", "sm2-sm3")


def test_a_value_in_der_becomes_raw(key, certificate) -> None:
    def answer(body: dict) -> tuple[int, str]:
        value = key.sign(base64.b64decode(body["data"]))
        numbers = [sm2_files.integer(int.from_bytes(part, "big")) for part in (value[:32], value[32:])]
        return 200, json.dumps({"signature": base64.b64encode(sm2_files.sequence(*numbers)).decode()})

    with http_server(answer) as url:
        verify(sign(build(example("CEB311Message")), RemoteSigner(RemoteKey(url), certificate)))


def test_the_usb_keys_bridge_is_asked_over_websocket(key, certificate) -> None:
    asked: list[dict] = []

    def answer(body: dict) -> list[bytes]:
        asked.append(body)
        value = base64.b64encode(key.sign(body["args"]["inData"].encode())).decode()
        text = json.dumps({"_args": {"Result": True, "Data": [value, "03000000000cde6f"]}}).encode()
        return [frame(0x9, b"ping"), frame(0x1, text[:40], last=False), frame(0x0, text[40:])]

    body = '{"_method": "cus-sec_SpcSignDataAsPEM", "_id": 1, "args": {"inData": "$text", "passwd": "$pin"}}'
    with websocket_server(answer) as url:
        remote = RemoteKey(url, pin="88888888", body=body, value_path="_args.Data.0")
        root = sign(build(example("CEB621Message")), RemoteSigner(remote, certificate))
    verify(root)
    assert asked[0]["args"]["passwd"] == "88888888" and asked[0]["_method"] == "cus-sec_SpcSignDataAsPEM"
    assert "88888888" not in repr(remote)


@pytest.mark.parametrize(
    ("status", "error"), [(500, TransientError), (429, TransientError), (403, SigningError)]
)
def test_refusals_are_final_and_faults_are_not(certificate, status: int, error: type[Exception]) -> None:
    with http_server(lambda body: (status, "{}")) as url, pytest.raises(error, match=str(status)):
        RemoteSigner(RemoteKey(url), certificate).sign(b"x")


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"signature": null}', '{"signature": "!"}', '{"signature": "AAAA"}']
)
def test_an_answer_without_a_signature_is_named(certificate, text: str) -> None:
    with http_server(lambda body: (200, text)) as url, pytest.raises(SigningError, match="answer"):
        RemoteSigner(RemoteKey(url), certificate).sign(b"x")


@pytest.mark.parametrize(
    "frames", [[], [frame(0x8, b"")], [b"\x81\xff" + b"x" * 20], [b"\x81\x7f" + b"\xff" * 8]]
)
def test_a_bridge_that_breaks_off_may_be_asked_again(certificate, frames: list[bytes]) -> None:
    with websocket_server(lambda body: frames) as url, pytest.raises(TransientError, match="does not answer"):
        RemoteSigner(RemoteKey(url), certificate).sign(b"x")


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_nobody_there(certificate, scheme: str) -> None:
    with pytest.raises(TransientError, match="does not answer"):
        RemoteSigner(RemoteKey(f"{scheme}://127.0.0.1:9/"), certificate, timeout=1).sign(b"x")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": "b"}'])
def test_templates_without_a_place_for_the_bytes_are_refused(text: str) -> None:
    with pytest.raises(SigningError):
        body_template(text)


def test_health_tries_the_key(key, certificate, set_config) -> None:
    with http_server(signing(key)) as url:
        set_config(signer="remote", signer_url=url, certificate_path=str(certificate))
        assert isinstance(links.signer(), RemoteSigner)
        assert (checks._key().status, checks._key().message) == ("ok", "sm2-sm3")
        assert checks._certificate().status == "ok"
    assert checks._key().status == "error"
    with http_server(signing(Sm2PrivateKey.generate())) as url:
        set_config(signer="remote", signer_url=url, certificate_path=str(certificate))
        assert "do not belong together" in str(checks._key().message)


def test_health_of_the_demonstration_key(settings_of_customs) -> None:
    assert checks._key().status == "ok"
