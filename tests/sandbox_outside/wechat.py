"""A merchant's end of the WeChat Pay protocol, written for the tests alone."""

from __future__ import annotations

import base64
import json
import secrets
import time
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import Client

from sandbox.psp import keys


class Merchant:
    """Signs requests with the files a merchant gets, and verifies every answer."""

    def __init__(self) -> None:
        keys.load()
        self.config = json.loads((keys.folder() / "config.json").read_text())
        self.key = serialization.load_pem_private_key(
            Path(self.config["merchant_key_file"]).read_bytes(), password=None
        )
        self.platform = x509.load_pem_x509_certificate(Path(self.config["platform_cert_file"]).read_bytes())
        self.http = Client()

    def authorization(self, method: str, target: str, body: bytes, **changed: str) -> str:
        given = {
            "mchid": self.config["mchid"],
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": self.config["merchant_serial"],
            **changed,
        }
        message = f"{method}\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n".encode() + body + b"\n"
        signature = base64.b64encode(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
        given.setdefault("signature", signature)
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in given.items())

    def call(self, method: str, target: str, data: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        body = b"" if data is None else json.dumps(data).encode()
        response = self.http.generic(
            method,
            target,
            body,
            content_type="application/json",
            headers={"Authorization": self.authorization(method, target, body), **headers},
        )
        if response.status_code != 401:
            self.verify(response.headers, response.content)
        return response.status_code, json.loads(response.content or b"{}")

    def verify(self, headers: Any, body: bytes) -> None:
        """Raise InvalidSignature unless the platform signed this body."""
        assert headers["Wechatpay-Serial"] == f"{self.platform.serial_number:X}"
        message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
        signature = base64.b64decode(headers["Wechatpay-Signature"])
        self.platform.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())

    def unseal(self, resource: dict[str, str]) -> bytes:
        assert resource["algorithm"] == "AEAD_AES_256_GCM"
        return AESGCM(self.config["apiv3_key"].encode()).decrypt(
            resource["nonce"].encode(),
            base64.b64decode(resource["ciphertext"]),
            resource["associated_data"].encode(),
        )

    def encrypt(self, text: str, scheme: Any = None) -> str:
        cipher = self.platform.public_key().encrypt(text.encode(), scheme or padding.PKCS1v15())
        return base64.b64encode(cipher).decode()

    def order(self, number: str = "PT20261123000001", **changed: Any) -> dict[str, Any]:
        return {
            "appid": self.config["appid"],
            "mchid": self.config["mchid"],
            "out_trade_no": number,
            "merchant_category_code": "5311",
            "trade_type": "NATIVE",
            "description": "葡式杏仁饼 礼盒",
            "notify_url": "http://127.0.0.1:8000/hooks/wechat",
            "amount": {"total": 21820, "currency": "CNY"},
            **changed,
        }

    def paid(self, number: str = "PT20261123000001", **changed: Any) -> str:
        """Place and pay an order; return its transaction number."""
        persona = changed.pop("persona", "same")
        status, answer = self.call("POST", "/v3/global/transactions/native", self.order(number, **changed))
        assert status == 200, answer
        response = self.http.post(
            "/sandbox/psp/pay",
            json.dumps({"code_url": answer["code_url"], "persona": persona}),
            content_type="application/json",
        )
        assert response.status_code == 200, response.content
        return response.json()["transaction_id"]

    def declaration(
        self, transaction_id: str, number: str = "PT20261123000001", **changed: Any
    ) -> dict[str, Any]:
        return {
            "appid": self.config["appid"],
            "mchid": self.config["mchid"],
            "out_trade_no": number,
            "transaction_id": transaction_id,
            **self.config["customs"][0],
            **changed,
        }

    def query(self, number: str = "PT20261123000001") -> dict[str, Any]:
        status, answer = self.call(
            "GET", f"/v3/global/transactions/out-trade-no/{number}?mchid={self.config['mchid']}"
        )
        assert status == 200, answer
        return answer

    def customs_query(self, number: str = "PT20261123000001") -> dict[str, Any]:
        target = (
            f"/v3/global/customs/orders?appid={self.config['appid']}&mchid={self.config['mchid']}"
            f"&order_type=out_trade_no&order_no={number}&customs=GUANGZHOU_ZS&offset=0&limit=20"
        )
        status, answer = self.call("GET", target)
        assert status == 200, answer
        return answer
