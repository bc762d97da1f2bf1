"""Alipay through Antom as a gateway of the plugin: the adapter over mapper and client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..addresses import notify_path
from ..port import (
    Buyer,
    Capabilities,
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    GatewayRefused,
    GatewayUnavailable,
    Identity,
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
    Surroundings,
    VerifiedNotify,
)
from ..reading import kept, text
from . import mapper
from .client import KEPT_HEADERS, AntomClient
from .mapper import Merchant
from .signing import Stamp

NOT_FOUND = {"ORDER_NOT_EXIST", "DECLARATION_NOT_EXIST"}
PAYING = frozenset({"PAYMENT_IN_PROCESS"})
REFUNDING = frozenset({"REFUND_IN_PROCESS"})
#: What Antom wants to read under a notification that was taken.
NOTIFY_ANSWER = {"result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"}}


class AntomGateway:
    """One client id at Antom; implements Gateway and CustomsDeclarer."""

    identifier = "antom"
    icon = "alipay"

    def __init__(
        self, account: str, merchant: Merchant, client: AntomClient, capabilities: Capabilities
    ) -> None:
        self.account = account
        self.merchant = merchant
        self.client = client
        self.capabilities = capabilities

    @property
    def merchant_account(self) -> str:
        return self.merchant.client_id

    @property
    def app_id(self) -> str:
        return ""

    def close_connections(self) -> None:
        self.client.close()

    def probe(self) -> str:
        """Ask for a payment that never was: our signature and Antom's are both checked by it."""
        self.query("PONTEPROBE")
        return f"client id {self.merchant.client_id}"

    # -- payments

    def start(self, request: StartRequest) -> StartResult:
        try:
            answer = self.client.call(
                "payments/pay",
                mapper.order(request, self.merchant),
                operation="start",
                reference=request.out_trade_no,
                under_way=PAYING,
            )
        except GatewayRefused as refused:
            return StartFailed(refused.code, refused.message)
        shown = mapper.code(answer)
        if request.surroundings is Surroundings.DESKTOP and shown:
            return ShowQr(shown)
        url = text(answer, "normalUrl")
        return Redirect(url) if url else StartFailed("NO_URL", "the answer names no address to go to")

    def query(self, out_trade_no: str) -> PaymentSnapshot:
        """Ask for a payment; one that Antom never saw counts as not paid yet."""
        try:
            return mapper.payment(self._inquire(out_trade_no, "query"), self.merchant)
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND:
                raise
            return PaymentSnapshot(
                out_trade_no, PaymentState.PENDING, self.merchant.client_id, detail=refused.code
            )

    def close(self, out_trade_no: str) -> None:
        """Cancel a payment that nobody made.

        Antom's cancel would give a paid payment's money back, so it is asked first. Money that comes
        between the two calls goes back to the buyer.
        """
        if self.query(out_trade_no).state is PaymentState.PAID:
            raise GatewayRefused("Antom: the payment was made", code="ORDER_IS_PAID")
        try:
            self.client.call(
                "payments/cancel",
                {"paymentRequestId": out_trade_no},
                operation="close",
                reference=out_trade_no,
            )
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND | {"ORDER_IS_CLOSED"}:
                raise

    def _inquire(self, out_trade_no: str, operation: str) -> dict[str, Any]:
        return self.client.call(
            "payments/inquiryPayment",
            {"paymentRequestId": out_trade_no},
            operation=operation,
            reference=out_trade_no,
        )

    # -- refunds

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        answer = self.client.call(
            "payments/refund",
            mapper.refund(request),
            operation="refund",
            reference=request.refund_no,
            under_way=REFUNDING,
        )
        return mapper.refund_snapshot(answer)

    def query_refund(self, refund_no: str) -> RefundSnapshot:
        answer = self.client.call(
            "payments/inquiryRefund",
            {"refundRequestId": refund_no},
            operation="query_refund",
            reference=refund_no,
        )
        return mapper.refund_snapshot(answer)

    # -- notifications

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return kept(headers, KEPT_HEADERS)

    def notify_answer(self, refusal: str = "") -> dict[str, Any]:
        if refusal:
            return {"result": {"resultCode": "FAIL", "resultStatus": "F", "resultMessage": refusal}}
        return NOTIFY_ANSWER

    def parse_notify(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> VerifiedNotify:
        self._check_stamp(headers, raw, now)
        try:
            data = json.loads(raw)
            kind = {"PAYMENT_RESULT": NotifyKind.PAYMENT, "REFUND_RESULT": NotifyKind.REFUND}.get(
                data["notifyType"], NotifyKind.OTHER
            )
            return VerifiedNotify(
                notify_id=self._notify_id(data, kind),
                kind=kind,
                out_trade_no=text(data, "paymentRequestId"),
                refund_no=text(data, "refundRequestId"),
                payment=mapper.notified_payment(data, self.merchant) if kind is NotifyKind.PAYMENT else None,
                refund=mapper.refund_snapshot(data) if kind is NotifyKind.REFUND else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotifyRefused("the notification is not of the known shape", code="malformed") from error
        except GatewayUnavailable as error:
            raise NotifyRefused(error.message, code="malformed") from error

    @staticmethod
    def _notify_id(data: Mapping[str, Any], kind: NotifyKind) -> str:
        """Antom numbers no notification: what it tells of whom is its name."""
        result = data.get("result")
        status = text(data, "refundStatus") or (
            text(result, "resultCode") if isinstance(result, Mapping) else ""
        )
        subject = text(data, "refundRequestId") or text(data, "paymentRequestId")
        return f"{kind}:{subject}:{status}"

    def _check_stamp(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> None:
        stamp = Stamp.read(headers)
        if stamp is None:
            raise NotifyRefused("the notification is not signed", code="unsigned")
        if not self.client.fresh(stamp, now):
            raise NotifyRefused("the notification is too old or from the future", code="stale")
        if stamp.client_id != self.merchant.client_id:
            raise NotifyRefused("the notification is for another merchant account", code="other_account")
        # The signature covers the path of our own address.
        if not self.client.holds(stamp, notify_path(self.identifier, self.account), raw):
            raise NotifyRefused("the notification's signature does not hold", code="bad_signature")

    # -- customs

    def declare(self, request: DeclarationRequest) -> DeclarationSnapshot:
        """Make sure that the payment can be declared; ``verify_identity`` sends the declaration.

        Antom compares the buyer within the declaration and in no other call. A declaration without
        certificate could not be followed by one with it: the same declarationRequestId must carry the same
        content, and another would declare more than was paid.
        """
        self._declarable(request)
        return DeclarationSnapshot(DeclarationState.SUBMITTED)

    def verify_identity(self, request: DeclarationRequest, buyer: Buyer) -> DeclarationSnapshot:
        """Declare the payment in the buyer's name; repeated, it is the same declaration.

        A refusal is a failed record: it must not be left waiting for a comparison.
        """
        try:
            answer = self.client.call(
                "customs/declare",
                mapper.declaration(request, self.merchant, self._declarable(request), buyer),
                operation="declare",
                reference=request.out_trade_no,
            )
        except GatewayRefused as refused:
            return DeclarationSnapshot(
                DeclarationState.FAIL, Identity.UNCHECKED, explanation=refused.message[:300]
            )
        return mapper.declaration_snapshot(answer)

    def query_declaration(self, request: DeclarationRequest) -> DeclarationSnapshot:
        """Ask for our record; where Antom knows none it is not declared yet."""
        request_id = mapper.declaration_id(request.out_trade_no, request.target)
        try:
            answer = self.client.call(
                "customs/inquiryDeclarationRequests",
                {"declarationRequestIds": [request_id]},
                operation="query_declaration",
                reference=request.out_trade_no,
            )
        except GatewayRefused as refused:
            if refused.code not in NOT_FOUND:
                raise
            return DeclarationSnapshot(DeclarationState.UNDECLARED)
        return mapper.declarations(answer, request_id) or DeclarationSnapshot(DeclarationState.UNDECLARED)

    def redeclare(self, request: DeclarationRequest) -> DeclarationSnapshot:
        """Ask how the record stands: Antom pushes to customs by itself and has no call for it."""
        return self.query_declaration(request)

    def _declarable(self, request: DeclarationRequest) -> dict[str, Any]:
        """Return the amount that Antom would have declared; refuse a payment that is not ours to declare."""
        found = self._inquire(request.out_trade_no, "query")
        declared = found.get("customsDeclarationAmount")
        if text(found, "paymentId") != request.gateway_ref:
            raise GatewayRefused("Antom: another payment has this order number", code="PAYMENT_DIFFERS")
        if not isinstance(declared, dict):
            raise GatewayRefused("Antom: the payment cannot be declared", code="NOT_DECLARABLE")
        return declared
