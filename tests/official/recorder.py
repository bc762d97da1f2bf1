"""An app of the tests' own in Saleor, whose webhooks are kept as the bytes that came."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from saleor_ext.core.errors import PonteError
from saleor_ext.link.client import GraphQLClient
from saleor_ext.link.errors import SaleorRefused

EVENT = "ORDER_FULLY_PAID"
QUERY = """
subscription {
  event { __typename issuedAt version recipient { id } ... on OrderFullyPaid { order { id number } } }
}
"""
APP_CREATE = """
mutation RecorderCreate($input: AppInput!) {
  appCreate(input: $input) { authToken app { id } errors { field message code } }
}
"""
APP_DELETE = "mutation RecorderDelete($id: ID!) { appDelete(id: $id) { errors { field message code } } }"
WEBHOOK_CREATE = """
mutation RecorderWebhook($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { webhook { id } errors { field message code } }
}
"""
WEBHOOK_DELETE = (
    "mutation RecorderDrop($id: ID!) { webhookDelete(id: $id) { errors { field message code } } }"
)


@dataclass(frozen=True)
class Recorded:
    """One request, byte for byte."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def raw(self) -> bytes:
        head = "\r\n".join([self.line, *(f"{name}: {value}" for name, value in self.headers)])
        return head.encode("latin-1") + b"\r\n\r\n" + self.body


class Recorder:
    """Listens while in its context; ``staff`` signs in anew, because the context may outlive a person's token."""

    def __init__(self, staff: Callable[[], GraphQLClient]) -> None:
        self._staff = staff
        self._seen: list[Recorded] = []
        self._app = ""
        self._webhook = ""
        self._own: GraphQLClient | None = None

    def __enter__(self) -> Recorder:
        self._serve()
        staff = self._staff()
        given = {"name": "Recorder of the tests", "permissions": ["MANAGE_ORDERS"]}
        try:
            made = _told(staff.execute(APP_CREATE, {"input": given}), "appCreate")
            self._app, self._own = made["app"]["id"], GraphQLClient(staff.api_url, made["authToken"])
        except SaleorRefused:
            self._own = staff  # an app may make no app, but have webhooks of its own
        hook = {
            "name": "recorder",
            "targetUrl": f"http://127.0.0.1:{self._server.server_port}/recorder",
            "asyncEvents": [EVENT],
            "query": QUERY,
            "isActive": True,
        }
        made = _told(self._own.execute(WEBHOOK_CREATE, {"input": hook}), "webhookCreate")
        self._webhook = made["webhook"]["id"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._own is not None and self._webhook:
            self._own.execute(WEBHOOK_DELETE, {"id": self._webhook})
        if self._app:
            # A person's token given as it is may be over by now; an app without webhooks does no harm.
            with contextlib.suppress(PonteError):
                self._staff().execute(APP_DELETE, {"id": self._app})
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, text: str, seconds: float = 60) -> Recorded:
        """Return the request whose body holds ``text``."""
        deadline = time.monotonic() + seconds
        while True:
            for recorded in list(self._seen):
                if text.encode() in recorded.body:
                    return recorded
            assert time.monotonic() < deadline, f"no {EVENT} of {text} within {seconds:.0f} s"
            time.sleep(0.2)

    def _serve(self) -> None:
        seen = self._seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append(Recorded(self.requestline, self.headers.items(), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the tests' output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()


def _told(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The mutation's answer, when Saleor found nothing wrong."""
    answer: dict[str, Any] = data[name]
    assert not answer["errors"], answer["errors"]
    return answer
