"""HTTP with WeChat Pay Global v3: signs what goes out, believes nothing unsigned that comes in."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from .. import rsa
from ..port import GatewayRefused, GatewayUnavailable, WireEntry, WireKind, WireRecorder
from ..reading import kept
from . import mapper, signing
from .signing import PlatformCertificate, Stamp

#: Saleor waits 18 s for a session answer; two calls must fit into that.
TIMEOUT = httpx2.Timeout(8.0, connect=3.0)
#: The window within which WeChat's stamp must lie, either way.
REPLAY_WINDOW = timedelta(minutes=5)
#: Unknown serial numbers may be anybody's invention: ask for certificates at most this often.
REFETCH_PAUSE = timedelta(seconds=60)
_TRANSIENT = {
    "SYSTEM_ERROR",
    "SYSTEMERROR",
    "BANK_ERROR",
    "BANKERROR",
    "FREQUENCY_LIMITED",
    "RATELIMIT_EXCEEDED",
}
#: Headers kept with the bytes as proof of origin; Authorization is left out on purpose.
KEPT_HEADERS = (
    "wechatpay-serial",
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-signature",
    "wechatpay-statement-sha1",
    "request-id",
    "content-type",
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs our requests and opens what WeChat seals."""

    mchid: str
    serial: str
    private_key_pem: str = field(repr=False)
    apiv3_key: str = field(repr=False)


class CertificateBook:
    """The platform certificates known for one account, newest first for encryption.

    ``saved`` loads what earlier processes kept and ``save`` keeps what is fetched, so that a
    notification can be checked without a call to WeChat.
    """

    def __init__(
        self,
        saved: Callable[[], Iterable[PlatformCertificate]],
        save: Callable[[PlatformCertificate], None],
    ) -> None:
        self._saved, self._save = saved, save
        self._known: dict[str, PlatformCertificate] = {}
        self._lock = threading.Lock()
        self.fetched_at: datetime | None = None

    def find(self, serial: str, now: datetime) -> PlatformCertificate | None:
        """Return a certificate valid now; look into what other processes kept before giving up."""
        serial = serial.upper()
        for attempt in (0, 1):
            found = self._known.get(serial)
            if found and found.valid_at(now):
                return found
            if attempt == 0:
                self._reload()
        return None

    def newest(self, now: datetime) -> PlatformCertificate | None:
        """Return the certificate that expires last: the one to encrypt with."""
        for attempt in (0, 1):
            valid = [c for c in self._known.values() if c.valid_at(now)]
            if valid:
                return max(valid, key=lambda certificate: certificate.not_after)
            if attempt == 0:
                self._reload()
        return None

    def add(self, certificates: Iterable[PlatformCertificate], now: datetime) -> None:
        for certificate in certificates:
            if certificate.serial not in self._known:
                self._save(certificate)
            with self._lock:
                self._known[certificate.serial] = certificate
        self.fetched_at = now

    def may_fetch(self, now: datetime) -> bool:
        return self.fetched_at is None or now - self.fetched_at > REFETCH_PAUSE

    def _reload(self) -> None:
        with self._lock:
            self._known.update({c.serial: c for c in self._saved()})


class WechatClient:
    """Signed calls on behalf of one merchant account."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        book: CertificateBook,
        *,
        clock: Callable[[], datetime],
        record: WireRecorder,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.credentials = credentials
        self.book = book
        self._clock, self._record = clock, record
        self._key = rsa.load_private_key(credentials.private_key_pem)
        self._http = httpx2.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False)

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def call(
        self,
        method: str,
        target: str,
        body: Mapping[str, Any] | None = None,
        *,
        operation: str,
        reference: str,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send one request and return its verified JSON ({} for 204)."""
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        answer = self._send(method, target, raw, operation=operation, reference=reference, headers=headers)
        if answer.status_code >= 300:
            raise self._error(answer)
        self._check(answer)
        return _json(answer)

    def download(self, target: str, *, operation: str, reference: str) -> bytes:
        """Fetch a file whose SHA-1, told by a header, is what is signed; a refusal is JSON as ever.

        The signed text is ``{"sha1":"<digest>"}``, as the company's own libraries build it.
        """
        answer = self._send("GET", target, b"", operation=operation, reference=reference, headers=None)
        if answer.status_code >= 300:
            raise self._error(answer)
        told = answer.headers.get("wechatpay-statement-sha1", "")
        digest = hashlib.sha1(answer.content).hexdigest()  # noqa: S324  # the protocol's own choice
        if not secrets.compare_digest(told.lower().encode(), digest.encode()):
            raise GatewayUnavailable("the file is not the one whose digest was told")
        self._check(answer, json.dumps({"sha1": told}, separators=(",", ":")).encode())
        return answer.content

    def certificate(self) -> PlatformCertificate:
        """Return the newest platform certificate, fetching the list if none is known."""
        found = self.book.newest(self._clock())
        if found is None:
            self.refresh_certificates()
            found = self.book.newest(self._clock())
        if found is None:
            raise GatewayUnavailable("WeChat Pay lists no platform certificate that is valid now")
        return found

    def refresh_certificates(self) -> list[PlatformCertificate]:
        """Fetch the platform certificates; only those that open with the APIv3 key are kept.

        The list is signed by a certificate that may be inside it, so it is opened first and the
        signature checked afterwards.
        """
        target = "/v3/global/certificates"
        answer = self._send("GET", target, b"", operation="certificates", reference="", headers=None)
        if answer.status_code >= 300:
            # The certificate that a refusal is signed with may be one of those just refused.
            raise self._error(answer, check=False)
        listed = []
        for entry in _json(answer).get("data") or []:
            try:
                listed.append(
                    signing.read_certificate(
                        signing.unseal(self.credentials.apiv3_key, entry["encrypt_certificate"])
                    )
                )
            except (signing.BadSeal, KeyError, TypeError, ValueError) as error:
                raise GatewayUnavailable(
                    "the platform certificates do not open with the APIv3 key"
                ) from error
        stamp = Stamp.read(answer.headers)
        signer = next((c for c in listed if stamp and c.serial == stamp.serial.upper()), None)
        if stamp is None or signer is None or not self._holds(stamp, answer.content, signer):
            raise GatewayUnavailable("the list of platform certificates is not signed by one of them")
        self.book.add(listed, self._clock())
        return listed

    def find_certificate(self, serial: str) -> PlatformCertificate | None:
        """Return the certificate of that serial, fetching the list once when it is unknown."""
        now = self._clock()
        found = self.book.find(serial, now)
        if found is None and self.book.may_fetch(now):
            self.refresh_certificates()
            found = self.book.find(serial, now)
        return found

    def invocation(self, prepay_id: str, appid: str) -> dict[str, str]:
        """Return the signed values with which a page inside WeChat opens the wallet."""
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        values = mapper.invocation(prepay_id, appid, timestamp, nonce)
        return {**values, "paySign": rsa.sign(mapper.invocation_message(values), self._key)}

    def _send(
        self,
        method: str,
        target: str,
        raw: bytes,
        *,
        operation: str,
        reference: str,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        signature = rsa.sign(signing.request_message(method, target, timestamp, nonce, raw), self._key)
        sent = {
            "Authorization": signing.authorization(
                mchid=self.credentials.mchid,
                serial=self.credentials.serial,
                timestamp=timestamp,
                nonce=nonce,
                signature=signature,
            ),
            "Accept": "application/json",
            "User-Agent": "ponte/0.1",
            **(headers or {}),
        }
        if raw:
            sent["Content-Type"] = "application/json"
        url = self.base_url + target
        if operation != "certificates":
            self._record(WireEntry(WireKind.REQUEST, operation, reference, raw, url=f"{method} {url}"))
        try:
            answer = self._http.request(method, url, content=raw or None, headers=sent)
        except httpx2.HTTPError as error:
            raise GatewayUnavailable(f"WeChat Pay cannot be reached: {type(error).__name__}") from error
        if operation != "certificates":
            self._record(
                WireEntry(
                    WireKind.ANSWER,
                    operation,
                    reference,
                    answer.content,
                    url=f"{method} {url}",
                    status=answer.status_code,
                    headers=kept(answer.headers, KEPT_HEADERS),
                )
            )
        return answer

    def _check(self, answer: httpx2.Response, signed: bytes | None = None) -> None:
        """Refuse an answer that WeChat did not sign just now; ``signed``: what the signature covers, else the body."""
        stamp = Stamp.read(answer.headers)
        if stamp is None:
            raise GatewayUnavailable("the answer carries no signature")
        certificate = self.find_certificate(stamp.serial)
        if certificate is None:
            raise GatewayUnavailable(f"the answer is signed with an unknown certificate {stamp.serial[:40]}")
        if not self._holds(stamp, answer.content if signed is None else signed, certificate):
            raise GatewayUnavailable("the answer's signature does not hold")
        moment = stamp.moment
        if moment is None or abs(self._clock() - moment) > REPLAY_WINDOW:
            raise GatewayUnavailable("the answer's signature is not of this moment; check the clock")

    @staticmethod
    def _holds(stamp: Stamp, body: bytes, certificate: PlatformCertificate) -> bool:
        message = signing.stamp_message(stamp.timestamp, stamp.nonce, body)
        return rsa.verify(message, stamp.signature, certificate.public_key)

    def _error(self, answer: httpx2.Response, *, check: bool = True) -> GatewayRefused | GatewayUnavailable:
        """Say whether trying again can help; a refusal counts only if it is signed or unsignable.

        WeChat signs its business refusals; a 401 (our signature is wrong) cannot be tied to an
        account and comes unsigned.
        """
        try:
            data = _json(answer)
        except GatewayUnavailable:
            data = {}
        code = str(data.get("code") or f"HTTP_{answer.status_code}")
        message = str(data.get("message") or "")[:200]
        if answer.status_code >= 500 or answer.status_code == 429 or code in _TRANSIENT:
            return GatewayUnavailable(f"WeChat Pay: {code} {message}".strip(), code=code)
        if check and Stamp.read(answer.headers) is not None:
            try:
                self._check(answer)
            except GatewayUnavailable as error:
                return error
        return GatewayRefused(f"WeChat Pay: {code} {message}".strip(), code=code)


def _json(answer: httpx2.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        data = json.loads(answer.content)
    except ValueError as error:
        raise GatewayUnavailable("the answer is not JSON") from error
    if not isinstance(data, dict):
        raise GatewayUnavailable("the answer is not a JSON object")
    return data
