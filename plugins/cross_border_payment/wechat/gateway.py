"""WeChat Pay Global as a gateway of the plugin: the adapter over mapper and client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from .. import rsa
from ..port import (
    Buyer,
    Capabilities,
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    GatewayRefused,
    GatewayUnavailable,
    Invoke,
    NotifyKind,
    NotifyRefused,
    PaymentSnapshot,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundSnapshot,
    ShowQr,
    StartFailed,
    StartRequest,
    StartResult,
    StatementLine,
    StatementMissing,
    VerifiedNotify,
)
from ..reading import kept, text
from . import mapper, signing, statements
from .client import KEPT_HEADERS, REPLAY_WINDOW, WechatClient
from .mapper import Merchant
from .signing import Stamp

NOT_FOUND = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST", "HTTP_404"}
NO_STATEMENT = {"NO_STATEMENT_EXIST", "NO_BILL_EXIST", "NOT_FOUND"} | NOT_FOUND


class WechatGateway:
    """One merchant account at WeChat Pay Global; implements Gateway, CustomsDeclarer and StatementSource."""

    identifier = "wechat"
    icon = "wechat-pay"
    #: Statements are there from nine o'clock (reconciliation FAQ, read 2026-11); an hour more for a busy morning.
    statement_hour = 10
    #: Whether the settled amount of a line is before or after the fee is not established.
    settles_by_line = False

    def __init__(
        self, account: str, merchant: Merchant, client: WechatClient, capabilities: Capabilities
    ) -> None:
        self.account = account
        self.merchant = merchant
        self.client = client
        self.capabilities = capabilities

    @property
    def merchant_account(self) -> str:
        return self.merchant.mchid

    @property
    def app_id(self) -> str:
        return self.merchant.appid

    def close_connections(self) -> None:
        self.client.close()

    def probe(self) -> str:
        """Fetch the platform certificates: the request is signed, their content sealed with our key."""
        self.client.refresh_certificates()
        return f"mchid {self.merchant.mchid}"

    # -- payments

    def start(self, request: StartRequest) -> StartResult:
        body = mapper.order(request, self.merchant)
        try:
            answer = self.client.call(
                "POST",
                mapper.order_path(request),
                body,
                operation="start",
                reference=request.out_trade_no,
            )
        except GatewayRefused as refused:
            return StartFailed(refused.code, refused.message)
        kind = mapper.trade_type(request)
        if kind == mapper.JSAPI:
            prepay_id = text(answer, "prepay_id")
            if not prepay_id:
                return StartFailed("NO_PREPAY", "the answer names no prepay_id")
            return Invoke(self.client.invocation(prepay_id, self.merchant.appid))
        if kind == mapper.MWEB:
            url = text(answer, "mweb_url") or text(answer, "h5_url")
            if not url:
                return StartFailed("NO_URL", "the answer names no address to go to")
            return Redirect(mapper.with_return(url, request.return_url))
        code_url = text(answer, "code_url")
        return ShowQr(code_url) if code_url else StartFailed("NO_CODE", "the answer carries no code to scan")

    def query(self, out_trade_no: str) -> PaymentSnapshot:
        """Ask for a payment; one the gateway never saw counts as not paid yet."""
        try:
            answer = self.client.call(
                "GET",
                mapper.payment_path(out_trade_no, self.merchant.mchid),
                operation="query",
                reference=out_trade_no,
            )
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND:
                raise
            return PaymentSnapshot(
                out_trade_no, PaymentState.PENDING, self.merchant.mchid, detail=refused.code
            )
        return mapper.payment(answer)

    def close(self, out_trade_no: str) -> None:
        try:
            self.client.call(
                "POST",
                mapper.close_path(out_trade_no),
                {"mchid": self.merchant.mchid},
                operation="close",
                reference=out_trade_no,
            )
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND | {"ORDER_CLOSED", "ORDERCLOSED"}:
                raise

    # -- refunds

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        answer = self.client.call(
            "POST",
            "/v3/global/refunds",
            mapper.refund(request, self.merchant),
            operation="refund",
            reference=request.refund_no,
        )
        return mapper.refund_snapshot(answer)

    def query_refund(self, refund_no: str) -> RefundSnapshot:
        answer = self.client.call(
            "GET",
            mapper.refund_path(refund_no, self.merchant.mchid),
            operation="query_refund",
            reference=refund_no,
        )
        return mapper.refund_snapshot(answer)

    # -- notifications

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return kept(headers, KEPT_HEADERS)

    def notify_answer(self, refusal: str = "") -> dict[str, Any]:
        return {"code": "FAIL", "message": refusal} if refusal else {"code": "SUCCESS", "message": "OK"}

    def parse_notify(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> VerifiedNotify:
        self._check_stamp(headers, raw, now)
        try:
            envelope = json.loads(raw)
            resource = envelope["resource"]
            opened = json.loads(signing.unseal(self.client.credentials.apiv3_key, resource))
        except signing.BadSeal as error:
            raise NotifyRefused("the notification is not sealed with our key", code="bad_seal") from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotifyRefused("the notification is not of the known shape", code="malformed") from error
        if not isinstance(opened, dict):
            raise NotifyRefused("the notification is not of the known shape", code="malformed")
        if text(opened, "mchid") != self.merchant.mchid:
            raise NotifyRefused("the notification is for another merchant account", code="other_account")
        kind = mapper.notify_kind(text(envelope, "event_type"))
        try:
            return VerifiedNotify(
                notify_id=text(envelope, "id"),
                kind=kind,
                out_trade_no=text(opened, "out_trade_no"),
                refund_no=text(opened, "out_refund_no"),
                payment=mapper.payment(opened) if kind is NotifyKind.PAYMENT else None,
                refund=mapper.refund_snapshot(opened) if kind is NotifyKind.REFUND else None,
            )
        except GatewayUnavailable as error:
            raise NotifyRefused(error.message, code="malformed") from error

    def _check_stamp(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> None:
        stamp = Stamp.read(headers)
        if stamp is None:
            raise NotifyRefused("the notification is not signed", code="unsigned")
        moment = stamp.moment
        if moment is None or abs(now - moment) > REPLAY_WINDOW:
            raise NotifyRefused("the notification is too old or from the future", code="stale")
        certificate = self.client.find_certificate(stamp.serial)
        if certificate is None:
            raise NotifyRefused("the notification names an unknown certificate", code="unknown_certificate")
        message = signing.stamp_message(stamp.timestamp, stamp.nonce, raw)
        if not rsa.verify(message, stamp.signature, certificate.public_key):
            raise NotifyRefused("the notification's signature does not hold", code="bad_signature")

    # -- statements

    def statement(self, day: date) -> Sequence[StatementLine]:
        target = mapper.statement_path(day, self.merchant.mchid)
        try:
            raw = self.client.download(target, operation="statement", reference=f"{day:%Y%m%d}")
        except GatewayRefused as refused:
            if refused.code not in NO_STATEMENT:
                raise
            raise StatementMissing(f"WeChat Pay has no statement of {day}") from refused
        return statements.read(raw, self.merchant.mchid)

    # -- customs

    def declare(self, request: DeclarationRequest) -> DeclarationSnapshot:
        answer = self.client.call(
            "POST",
            "/v3/global/customs/orders",
            mapper.declaration(request, self.merchant),
            operation="declare",
            reference=request.out_trade_no,
        )
        return mapper.declaration_snapshot(answer)

    def verify_identity(self, request: DeclarationRequest, buyer: Buyer) -> DeclarationSnapshot:
        certificate = self.client.certificate()
        body = mapper.identity(
            request,
            self.merchant,
            sealed_id=signing.encrypt_field(buyer.id_number.upper(), certificate),
            sealed_name=signing.encrypt_field(buyer.name, certificate),
        )
        answer = self.client.call(
            "POST",
            "/v3/global/customs/verify-certificate",
            body,
            operation="verify_identity",
            reference=request.out_trade_no,
            headers={"Wechatpay-Serial": certificate.serial},
        )
        return mapper.declaration_snapshot(answer)

    def query_declaration(self, request: DeclarationRequest) -> DeclarationSnapshot:
        """Ask for our record; where WeChat knows none it is not declared yet."""
        try:
            answer = self.client.call(
                "GET",
                mapper.customs_path(request, self.merchant),
                operation="query_declaration",
                reference=request.out_trade_no,
            )
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND:
                raise
            return DeclarationSnapshot(DeclarationState.UNDECLARED)
        return mapper.declarations(answer, request) or DeclarationSnapshot(DeclarationState.UNDECLARED)

    def redeclare(self, request: DeclarationRequest) -> DeclarationSnapshot:
        answer = self.client.call(
            "POST",
            "/v3/global/customs/redeclare",
            mapper.declaration(request, self.merchant),
            operation="redeclare",
            reference=request.out_trade_no,
        )
        return mapper.declaration_snapshot(answer)
