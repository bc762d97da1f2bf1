"""One question over WebSocket (RFC 6455): connect, send a text frame, read one text message, close.

The E-port's USB-key control listens only so. A signature is one short exchange, which needs no library.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import struct
import time
from contextlib import suppress
from urllib.parse import urlsplit

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MOST = 1024 * 1024
_FIN, _MASK = 0x80, 0x80
_CONTINUATION, _TEXT, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x8, 0x9, 0xA


class WebSocketError(Exception):
    """The other side does not speak WebSocket, or said nothing of use."""


def ask(url: str, text: str, *, token: str = "", timeout: float = 15.0) -> str:
    """Send a text and return the first text message that comes back, within ``timeout`` seconds in all.

    :raises OSError: when the connection fails or takes too long
    :raises WebSocketError: when the other side breaks the protocol
    """
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    address = (parts.hostname or "", parts.port or (443 if secure else 80))
    deadline = time.monotonic() + timeout
    with socket.create_connection(address, timeout) as plain:
        if secure:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=address[0]) as sealed:
                return _Exchange(sealed, deadline).run(url, text, token)
        return _Exchange(plain, deadline).run(url, text, token)


class _Exchange:
    """A connection with what was read of it and not yet used."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline, self._rest = connection, deadline, b""

    def run(self, url: str, text: str, token: str) -> str:
        self._shake_hands(url, token)
        self._send(_TEXT, text.encode())
        answer = self._message()
        with suppress(OSError):  # many programs hang up as soon as they have answered
            self._send(_CLOSE, struct.pack(">H", 1000))
        return answer

    def _shake_hands(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        nonce = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {nonce}",
            "Sec-WebSocket-Version: 13",
        ]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self._connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, headers = self._head()
        wanted = base64.b64encode(hashlib.sha1((nonce + _MAGIC).encode(), usedforsecurity=False).digest())
        if " 101" not in status or headers.get("sec-websocket-accept") != wanted.decode():
            raise WebSocketError(f"no WebSocket: {status[:80]}")

    def _head(self) -> tuple[str, dict[str, str]]:
        while b"\r\n\r\n" not in self._rest:
            if len(self._rest) > 16 * 1024:
                raise WebSocketError("no end of the answer's head")
            self._rest += self._some()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return status, {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _message(self) -> str:
        """Read frames up to the end of a text message; answer pings on the way."""
        parts: list[bytes] = []
        while True:
            last, kind, body = self._frame()
            if kind == _PING:
                with suppress(OSError):
                    self._send(_PONG, body)
            elif kind == _CLOSE:
                raise WebSocketError("closed without an answer")
            elif kind in (_TEXT, _CONTINUATION):
                parts.append(body)
                if sum(map(len, parts)) > _MOST:
                    raise WebSocketError("the answer is too long")
                if last:
                    return b"".join(parts).decode("utf-8", "replace")

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._exactly(8))
        if length > _MOST or second & _MASK:
            raise WebSocketError("a frame that no server sends")
        return bool(first & _FIN), first & 0x0F, self._exactly(length)

    def _send(self, kind: int, body: bytes) -> None:
        """Send one frame, masked as clients must."""
        mask = os.urandom(4)
        head = bytes([_FIN | kind])
        if len(body) < 126:
            head += bytes([_MASK | len(body)])
        elif len(body) < 1 << 16:
            head += struct.pack(">BH", _MASK | 126, len(body))
        else:
            head += struct.pack(">BQ", _MASK | 127, len(body))
        pad = (mask * (len(body) // 4 + 1))[: len(body)]
        masked = (int.from_bytes(body, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(body), "big")
        self._connection.sendall(head + mask + masked)

    def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._rest += self._some()
        found, self._rest = self._rest[:count], self._rest[count:]
        return found

    def _some(self) -> bytes:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._connection.settimeout(left)
        read = self._connection.recv(64 * 1024)
        if not read:
            raise WebSocketError("the connection ended")
        return read
