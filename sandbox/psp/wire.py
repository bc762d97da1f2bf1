"""The wire protocol of API v3: signed requests in, signed answers out, sealed resources."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.psp import keys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_STAMP = re.compile(r"[0-9]{1,12}")
#: Seconds by which a request's stamp may be off, either way.
WINDOW = 300


class ApiError(Exception):
    """A refusal with WeChat Pay's status, code and message."""

    def __init__(self, status: int, code: str, message: str, **detail: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.detail = status, code, message, detail


def sign(message: bytes) -> str:
    """Sign with the platform's key."""
    return base64.b64encode(
        keys.load().platform_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    ).decode()


def stamp(body: bytes) -> dict[str, str]:
    """Return the four headers that prove an answer or a notification."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": keys.load().platform_serial,
        "Wechatpay-Signature": sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n"),
    }


def seal(plain: bytes, associated_data: str) -> dict[str, str]:
    """Encrypt for the merchant with the APIv3 key (AES-256-GCM, 12-byte text nonce)."""
    nonce = secrets.token_hex(6)
    cipher = AESGCM(keys.load().apiv3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(cipher).decode(),
    }


def open_field(request: HttpRequest, value: Any, name: str) -> str:
    """Decrypt a sensitive field that was encrypted with the platform certificate.

    OAEP is tried first because it cannot succeed by accident; PKCS#1 v1.5 returns noise for
    anything, so its result must be text.
    """
    loaded = keys.load()
    if request.headers.get("Wechatpay-Serial", "").upper() != loaded.platform_serial:
        raise ApiError(
            400, "PARAM_ERROR", "Wechatpay-Serial 与平台证书序列号不一致", field="Wechatpay-Serial"
        )
    try:
        cipher = base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(400, "PARAM_ERROR", f"{name} 不是 base64", field=f"/{name}") from None
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - the protocol's own choice
    for scheme in (oaep, padding.PKCS1v15()):
        try:
            plain = loaded.platform_key.decrypt(cipher, scheme).decode()
        except ValueError:  # includes UnicodeDecodeError
            continue
        if plain and plain.isprintable() and len(plain) <= 60:
            return plain
    raise ApiError(400, "PARAM_ERROR", f"{name} 解密失败", field=f"/{name}")


def check_signature(request: HttpRequest) -> str:
    """Check the merchant's signature over method, target, stamp and raw body; return the mchid."""
    loaded = keys.load()
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    given = dict(_FIELD.findall(rest))
    if scheme != SCHEME or not {"mchid", "nonce_str", "timestamp", "serial_no", "signature"} <= given.keys():
        raise ApiError(401, "SIGN_ERROR", "Http头缺少Accept或Authorization格式错误")
    if given["mchid"] != loaded.mchid:
        raise ApiError(401, "SIGN_ERROR", "商户号不存在")
    if given["serial_no"].upper() != loaded.merchant_serial:
        raise ApiError(401, "SIGN_ERROR", "商户证书序列号有误")
    if not _STAMP.fullmatch(given["timestamp"]) or abs(time.time() - int(given["timestamp"])) > WINDOW:
        raise ApiError(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    target = request.get_full_path()
    message = f"{request.method}\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n".encode()
    message += request.body + b"\n"
    try:
        loaded.merchant_public_key.verify(
            base64.b64decode(given["signature"], validate=True), message, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error, ValueError):
        raise ApiError(401, "SIGN_ERROR", "错误的签名，验签失败") from None
    return given["mchid"]


def answer(data: dict[str, Any] | None, status: int = 200) -> HttpResponse:
    """Return signed JSON; None becomes an empty 204."""
    if data is None:
        body, status = b"", 204
    else:
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    response = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    for name, value in stamp(body).items():
        response[name] = value
    response["Request-ID"] = secrets.token_hex(16).upper()
    return response


def refusal(error: ApiError) -> HttpResponse:
    data: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.detail:
        data["detail"] = error.detail
    response = answer(data, error.status)
    if error.status == 401:
        # An unknown caller gets no signature: there is no account it could belong to.
        for name in list(response.headers):
            if name.lower().startswith("wechatpay-"):
                del response[name]
    return response


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of the request and check the account it names."""
    try:
        data = json.loads(request.body)
    except ValueError:
        raise ApiError(400, "PARAM_ERROR", "请求体不是合法的JSON") from None
    if not isinstance(data, dict):
        raise ApiError(400, "PARAM_ERROR", "请求体必须是JSON对象")
    check_account(data)
    return data


def check_account(data: Any, *, appid: bool = False) -> None:
    """Refuse an mchid or appid that is not the signer's."""
    loaded = keys.load()
    if data.get("mchid") != loaded.mchid:
        raise ApiError(403, "NO_AUTH", "商户号与签名商户号不一致", field="/mchid")
    if (appid or data.get("appid") is not None) and data.get("appid") != loaded.appid:
        raise ApiError(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配", field="/appid")


def api(**methods: Callable[..., dict[str, Any] | HttpResponse | None]) -> Callable[..., HttpResponse]:
    """Make a view of signed handlers by HTTP method; refusals become signed errors.

    What is no JSON comes from its handler as a whole response, signed there.
    """

    def view(request: HttpRequest, **arguments: str) -> HttpResponse:
        try:
            check_signature(request)
            handler = methods.get((request.method or "").lower())
            if handler is None:
                raise ApiError(405, "METHOD_NOT_ALLOWED", "HTTP请求不符合微信支付APIv3接口规则")
            result = handler(request, **arguments)
            return result if isinstance(result, HttpResponse) else answer(result)
        except ApiError as error:
            return refusal(error)

    return csrf_exempt(wraps(next(iter(methods.values())))(view))
