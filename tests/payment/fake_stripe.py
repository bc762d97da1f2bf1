"""A Stripe of its own for unit tests: answers the library over a transport, keeps its objects in memory.

It is written against the public reference, not against the adapter.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2

BASE = "https://stripe.test"
API_KEY = "sk_test_unit0secret0key"
SECRET = "whsec_unit0endpoint0secret"
ACCOUNT = "acct_1Unit"

Params = dict[str, str]


@dataclass
class FakeStripe:
    """State and faults of the fake; ``calls`` lists method and path of every accepted request."""

    clock: Callable[[], datetime]
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, tuple[str, Params, dict[str, Any]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    lose_answers: int = 0
    fail_with: tuple[int, dict[str, Any]] | None = None
    answer_with: httpx2.Response | None = None
    #: Called just before a session is expired, to let the buyer pay at that moment.
    before_expiry: Callable[[str], None] | None = None

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    # -- wire

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == f"Bearer {API_KEY}"
        assert request.headers["Stripe-Version"] == "2026-10-28.endive"
        path = request.url.path
        self.requests.append(request)
        self.calls.append(f"{request.method} {path}")
        if self.answer_with is not None:
            return self.answer_with
        if self.fail_with:
            status, error = self.fail_with
            return self._json(status, {"error": error})
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
            params = dict(parse_qsl(request.read().decode(), keep_blank_values=True))
            status, answer = self.once(request.headers["Idempotency-Key"], path, params)
        else:
            status, answer = self.read(path, dict(parse_qsl(request.url.query.decode())))
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx2.ReadTimeout("lost by the test", request=request)
        return self._json(status, answer)

    def _json(self, status: int, answer: dict[str, Any]) -> httpx2.Response:
        headers = {"Request-Id": f"req_{len(self.calls)}", "Content-Type": "application/json"}
        return httpx2.Response(status, content=json.dumps(answer).encode(), headers=headers)

    def once(self, key: str, path: str, params: Params) -> tuple[int, dict[str, Any]]:
        """The same key with the same parameters is answered as before."""
        if key in self.keys:
            known_path, known, answer = self.keys[key]
            if (known_path, known) != (path, params):
                return 400, refusal("idempotency_error", "", "Keys for idempotent requests can only be used…")
            return 200, answer
        status, answer = self.write(path, params)
        if status == 200:
            self.keys[key] = (path, params, answer)
        return status, answer

    # -- what it does

    def write(self, path: str, params: Params) -> tuple[int, dict[str, Any]]:
        if path == "/v1/checkout/sessions":
            return 200, self.open(params)
        if path.endswith("/expire"):
            return self.expire(path.split("/")[4])
        if path == "/v1/refunds":
            return self.refund(params)
        return 404, missing(path)

    def open(self, params: Params) -> dict[str, Any]:
        number = len(self.sessions) + 1
        self.sessions[f"cs_test_{number}"] = made = {
            "id": f"cs_test_{number}",
            "object": "checkout.session",
            "client_reference_id": params["client_reference_id"],
            "metadata": {"out_trade_no": params["metadata[out_trade_no]"]},
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": int(params["line_items[0][price_data][unit_amount]"]),
            "currency": params["line_items[0][price_data][currency]"],
            "created": int(self.clock().timestamp()),
            "livemode": False,
            "url": f"{BASE}/c/pay/cs_test_{number}",
            "_params": params,
        }
        return made

    def expire(self, session_id: str) -> tuple[int, dict[str, Any]]:
        if self.before_expiry:
            self.before_expiry(session_id)
        session = self.sessions[session_id]
        if session["status"] != "open":
            return 400, refusal("invalid_request_error", "", "Only Checkout Sessions with a status in…")
        session["status"] = "expired"
        return 200, session

    def refund(self, params: Params) -> tuple[int, dict[str, Any]]:
        intent = self.intents[params["payment_intent"]]
        charge = intent["latest_charge"]
        amount = int(params["amount"])
        if charge["amount_refunded"] + amount > charge["amount"]:
            return 400, refusal("invalid_request_error", "charge_already_refunded", "greater than unrefunded")
        charge["amount_refunded"] += amount
        number = len(self.refunds) + 1
        self.refunds[f"re_{number}"] = made = {
            "id": f"re_{number}",
            "object": "refund",
            "payment_intent": intent["id"],
            "amount": amount,
            "currency": intent["currency"],
            "metadata": {"refund_no": params["metadata[refund_no]"]},
            "status": "pending",
            "created": int(self.clock().timestamp()),
        }
        return 200, made

    def read(self, path: str, query: Params) -> tuple[int, dict[str, Any]]:
        name, _, one = path.removeprefix("/v1/").partition("/")
        if path.startswith("/v1/checkout/sessions/"):
            found = self.sessions.get(path.rpartition("/")[2])
            return (200, self._expanded(found, query)) if found else (404, missing(path))
        if one and name == "refunds":
            return (200, self.refunds[one]) if one in self.refunds else (404, missing(path))
        rows = {
            "checkout": list(self.sessions.values()),
            "refunds": list(self.refunds.values()),
            "disputes": self.disputes,
            "balance_transactions": self.transactions,
        }[name]
        return 200, self._page([row for row in rows if _wanted(row, query)], query, path)

    def _expanded(self, session: dict[str, Any], query: Params) -> dict[str, Any]:
        assert query["expand[0]"] == "payment_intent.latest_charge"
        return {**session, "payment_intent": self.intents.get(session["payment_intent"] or "")}

    def _page(self, rows: list[dict[str, Any]], query: Params, path: str) -> dict[str, Any]:
        """Newest first; two a page whatever is asked, so that paging is always met."""
        rows = rows[::-1]
        after = query.get("starting_after")
        start = next((i + 1 for i, row in enumerate(rows) if row["id"] == after), 0)
        return {
            "object": "list",
            "url": path,
            "data": rows[start : start + 2],
            "has_more": len(rows) > start + 2,
        }

    # -- what buyers and banks do

    def of(self, number: str) -> dict[str, Any]:
        return next(one for one in self.sessions.values() if one["client_reference_id"] == number)

    def pay(self, number: str, *, status: str = "succeeded", **changes: Any) -> dict[str, Any]:
        session = self.of(number)
        intent_id = f"pi_{session['id'][8:]}"
        done, now = status == "succeeded", int(self.clock().timestamp())
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "status": status,
            "currency": session["currency"],
            "amount_received": session["amount_total"] if done else 0,
            "metadata": {"out_trade_no": number},
            "latest_charge": {
                "id": f"ch_{session['id'][8:]}",
                "object": "charge",
                "amount": session["amount_total"],
                "amount_refunded": 0,
                "created": now,
            },
            **changes,
        }
        session["payment_intent"] = intent_id
        if status in ("succeeded", "processing"):
            session |= {"status": "complete", "payment_status": "paid" if done else "unpaid"}
        return self.intents[intent_id]

    def event(self, kind: str, data: dict[str, Any], **changes: Any) -> bytes:
        return json.dumps(
            {
                "id": f"evt_{hashlib.sha256(kind.encode()).hexdigest()[:12]}",
                "object": "event",
                "type": kind,
                "livemode": False,
                "created": int(self.clock().timestamp()),
                "data": {"object": data},
                **changes,
            }
        ).encode()

    def stamp(self, body: bytes, *, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
        seconds = str(int((at or self.clock()).timestamp()))
        mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
        return {"Stripe-Signature": f"t={seconds},v1={mac.hexdigest()},v0=00"}


def _wanted(row: dict[str, Any], query: Params) -> bool:
    if "payment_intent" in query and row.get("payment_intent") != query["payment_intent"]:
        return False
    since, until = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 1 << 40))
    return since <= row["created"] < until


def refusal(kind: str, code: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message, **({"code": code} if code else {})}}


def missing(path: str) -> dict[str, Any]:
    return refusal("invalid_request_error", "resource_missing", f"No such object: {path}")
