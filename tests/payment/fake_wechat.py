"""A WeChat Pay Global of its own for unit tests: checks our signatures, signs what it answers.

It is written against the public pages, not against the adapter, and keeps its orders in memory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

MCHID, APPID = "1900000109", "wx8888888888888888"
APP_SECRET = "app-secret-of-the-tests"
APIV3_KEY = "0123456789abcdef0123456789abcdef"
MERCHANT_KEY = rsa.generate_private_key(65537, 2048)
PLATFORM_KEY = rsa.generate_private_key(65537, 2048)
MERCHANT_SERIAL = "6A1B2C3D4E5F60718293A4B5C6D7E8F901234567"
BASE = "https://wechat.test"


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def certificate(key: rsa.RSAPrivateKey, now: datetime) -> tuple[str, bytes]:
    """Return serial (upper-case hex) and PEM of a self-signed platform certificate, good for a year."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Unit test platform")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return f"{built.serial_number:X}", built.public_bytes(serialization.Encoding.PEM)


def sealed(plain: bytes, key: str = APIV3_KEY, associated: str = "transaction") -> dict[str, str]:
    nonce = secrets.token_hex(6)
    box = AESGCM(key.encode()).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated,
        "ciphertext": base64.b64encode(box).decode(),
    }


def rsa_sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


@dataclass
class FakeWechat:
    """State and faults of the fake; ``calls`` lists method and path of every accepted request."""

    clock: Any
    platform_key: rsa.RSAPrivateKey = PLATFORM_KEY
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    customs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    identity: str = "SAME"
    customs_state: str = "PROCESSING"
    #: Called with (path, response) to spoil an answer.
    spoil: Any = None
    lose_answers: int = 0
    fail_with: tuple[int, str] | None = None
    #: Who looks at a page inside WeChat, by the code that was given for it.
    codes: dict[str, Any] = field(default_factory=dict)
    #: Statements by day (``20261126``): rows by the position of their column.
    statements: dict[str, list[dict[int, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.serial, self.pem = certificate(self.platform_key, self.clock())

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.handle)

    # -- wire

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        target = request.url.raw_path.decode()
        if request.url.path == "/sns/oauth2/access_token":
            return self.payer(dict(request.url.params))
        self._check_signature(request, target, body)
        path = target.partition("?")[0]
        self.calls.append(f"{request.method} {path}")
        if self.fail_with:
            status, code = self.fail_with
            return self.signed(status, {"code": code, "message": "refused by the test"})
        query = {name: values[0] for name, values in parse_qs(target.partition("?")[2]).items()}
        if path == "/v3/global/statements" and query["date"] in self.statements:
            assert query["mchid"] == MCHID
            response = self.statement(self.statements[query["date"]])
            return self.spoil(path, response) if self.spoil else response
        status, answer = self.route(request.method, path, query, json.loads(body) if body else {}, request)
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx2.ReadTimeout("lost by the test", request=request)
        response = self.signed(status, answer)
        return self.spoil(path, response) if self.spoil else response

    def _check_signature(self, request: httpx2.Request, target: str, body: bytes) -> None:
        scheme, _, rest = request.headers["Authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(","))
        fields = {name: value.strip('"') for name, value in fields.items()}
        assert scheme == "WECHATPAY2-SHA256-RSA2048"
        assert fields["mchid"] == MCHID
        assert fields["serial_no"] == MERCHANT_SERIAL
        message = (
            f"{request.method}\n{target}\n{fields['timestamp']}\n{fields['nonce_str']}\n".encode()
            + body
            + b"\n"
        )
        MERCHANT_KEY.public_key().verify(
            base64.b64decode(fields["signature"]), message, padding.PKCS1v15(), hashes.SHA256()
        )

    def signed(self, status: int, answer: dict[str, Any] | None) -> httpx2.Response:
        body = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
        return httpx2.Response(status, content=body, headers=self.stamp(body))

    def stamp(
        self, body: bytes, *, at: datetime | None = None, key: rsa.RSAPrivateKey | None = None
    ) -> dict[str, str]:
        timestamp, nonce = str(int((at or self.clock()).timestamp())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": rsa_sign(key or self.platform_key, message),
        }

    # -- what it does

    def route(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], request: httpx2.Request
    ) -> tuple[int, dict[str, Any] | None]:
        if path == "/v3/global/certificates":
            entry = {
                "serial_no": self.serial,
                "encrypt_certificate": sealed(self.pem, associated="certificate"),
            }
            return 200, {"data": [entry]}
        if method == "POST" and path in {
            f"/v3/global/transactions/{kind}" for kind in ("native", "mweb", "jsapi")
        }:
            return self.place(path.rpartition("/")[2], body)
        if path.startswith("/v3/global/transactions/out-trade-no/"):
            number = path.split("/")[5]
            if number not in self.orders:
                return 404, {"code": "ORDER_NOT_EXIST", "message": "no such order"}
            return self.close(number) if path.endswith("/close") else (200, self.orders[number])
        if path.startswith("/v3/global/refunds"):
            return self.refund(body) if method == "POST" else self.find_refund(path.rpartition("/")[2])
        if path == "/v3/global/statements":
            return 404, {"code": "NO_STATEMENT_EXIST", "message": "no statement"}
        if path.startswith("/v3/global/customs/"):
            return self.declare(method, path, query, body, request)
        return 404, {"code": "RESOURCE_NOT_EXISTS", "message": path}

    def statement(self, rows: list[dict[int, str]]) -> httpx2.Response:
        """Write a statement of 38 columns; its SHA-1 is what is signed."""
        lines = [",".join(f"`{row.get(number, '')}" for number in range(38)) for row in rows]
        body = "\n".join([",".join(f"column {number}" for number in range(38)), *lines]).encode()
        digest = hashlib.sha1(body).hexdigest()  # the protocol's own choice
        headers = {**self.stamp(f'{{"sha1":"{digest}"}}'.encode()), "Wechatpay-Statement-Sha1": digest}
        return httpx2.Response(200, content=body, headers=headers)

    def payer(self, query: dict[str, str]) -> httpx2.Response:
        """Tell the openid of a code, errors with status 200 as WeChat's do; ``codes`` are used up."""
        assert (query["appid"], query["secret"], query["grant_type"]) == (
            APPID,
            APP_SECRET,
            "authorization_code",
        )
        openid = self.codes.pop(query["code"], None)
        answer = {"errcode": 40029, "errmsg": "invalid code"} if openid is None else {"openid": openid}
        return httpx2.Response(200, json=answer)

    def place(self, kind: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = body["out_trade_no"]
        known = self.orders.setdefault(
            number,
            {
                "mchid": body["mchid"],
                "appid": body["appid"],
                "out_trade_no": number,
                "trade_type": body["trade_type"],
                "trade_state": "NOTPAY",
                "amount": body["amount"],
                "_body": body,
            },
        )
        if known["_body"] != body:
            return 400, {"code": "OUT_TRADE_NO_USED", "message": "the number was used for another order"}
        if kind == "jsapi":
            return 200, {"prepay_id": f"wx{number}"}
        if kind == "native":
            return 200, {"code_url": f"weixin://wxpay/bizpayurl?pr={number}"}
        return 200, {"mweb_url": f"{BASE}/pay/{number}"}

    def close(self, number: str) -> tuple[int, dict[str, Any] | None]:
        if self.orders[number]["trade_state"] == "SUCCESS":
            return 400, {"code": "ORDERPAID", "message": "paid"}
        self.orders[number]["trade_state"] = "CLOSED"
        return 204, None

    def pay(self, number: str, **changes: Any) -> None:
        self.orders[number].update(
            {
                "trade_state": "SUCCESS",
                "id": f"42{number[2:26]}",
                "success_time": self.clock().astimezone(UTC).isoformat(timespec="seconds"),
                **changes,
            }
        )

    def notification(self, number: str, *, event: str = "TRANSACTION.SUCCESS", **changes: Any) -> bytes:
        content = json.dumps({**self.orders[number], **changes}).encode()
        return json.dumps(
            {
                "id": f"EV-{secrets.token_hex(8)}",
                "create_time": self.clock().isoformat(timespec="seconds"),
                "event_type": event,
                "resource_type": "encrypt-resource",
                "summary": "paid",
                "resource": {**sealed(content), "original_type": "transaction"},
            }
        ).encode()

    def refund(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = body["out_refund_no"]
        if number not in self.refunds:
            paid = next(o for o in self.orders.values() if o.get("id") == body["transaction_id"])
            taken = sum(
                r["amount"]["refund"] for r in self.refunds.values() if r["transaction_id"] == paid["id"]
            )
            if taken + body["amount"]["refund"] > paid["amount"]["total"]:
                return 400, {"code": "INVALID_REQUEST", "message": "more than was paid"}
            self.refunds[number] = {
                "id": f"50{number[2:26]}",
                "out_refund_no": number,
                "transaction_id": body["transaction_id"],
                "status": "PROCESSING",
                "amount": body["amount"],
            }
        return 200, {k: v for k, v in self.refunds[number].items() if k != "status"}

    def find_refund(self, number: str) -> tuple[int, dict[str, Any]]:
        if number not in self.refunds:
            return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "no such refund"}
        return 200, self.refunds[number]

    def declare(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], request: httpx2.Request
    ) -> tuple[int, dict[str, Any]]:
        if method == "GET":
            row = self.customs.get((query["order_no"], query["customs"]))
            if row is None:
                return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "not declared"}
            return 200, self._listed(row)
        place = (body["out_trade_no"], body["customs"])
        if path.endswith("/verify-certificate"):
            assert request.headers["Wechatpay-Serial"] == self.serial
            self.opened = {
                name: self.platform_key.decrypt(base64.b64decode(body[name]), padding.PKCS1v15()).decode()
                for name in ("certificate_id", "certificate_name")
            }
            self.customs[place]["certificate_check_result"] = self.identity
            return 200, self.customs[place]
        if path.endswith("/redeclare"):
            self.customs[place]["state"] = "PROCESSING"
            return 200, self.customs[place]
        self.customs.setdefault(
            place,
            {
                **{k: body[k] for k in ("appid", "mchid", "out_trade_no", "transaction_id", "customs")},
                "merchant_customs_no": body["merchant_customs_no"],
                "state": self.customs_state,
                "certificate_check_result": "UNCHECKED",
            },
        )
        return 200, self.customs[place]

    def _listed(self, row: dict[str, Any]) -> dict[str, Any]:
        """A query answers with the clearing number beside the list, and calls our number mch_customs_no."""
        inner = {k: v for k, v in row.items() if not k.startswith("verify") and k != "merchant_customs_no"}
        inner["mch_customs_no"] = row["merchant_customs_no"]
        outer = {k: v for k, v in row.items() if k.startswith("verify")}
        return {"transaction_id": row["transaction_id"], "total_count": 1, "data": [inner], **outer}

    def accept(self, number: str, customs: str, *, state: str = "SUCCESS", explanation: str = "") -> None:
        self.customs[(number, customs)].update(
            {
                "state": state,
                "explanation": explanation,
                "verify_department": "NETSUNION",
                "verify_department_trade_id": f"2026{number[2:20]}",
            }
        )
