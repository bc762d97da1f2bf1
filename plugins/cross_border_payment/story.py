"""The whole story of a payment: what went over the wire, declarations, refunds, disputes. No secrets, no persons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from saleor_ext.plugin_api import platform

from . import gateways
from .models import PaymentDeclaration, PaymentDispute, PaymentRefund, PaymentSession, PaymentWireRecord
from .port import RefundState

State = PaymentSession.State


def find(number: str) -> list[PaymentSession]:
    """Return the payments of an order, oldest first.

    ``number`` is Saleor's order number, an order's, checkout's or transaction's id there, or the number that the
    wallet or we know the payment by.
    """
    own = Q(out_trade_no=number) | Q(gateway_ref=number) | Q(transaction_id=number)
    found = own | Q(order_id=number) | Q(checkout_id=number) | Q(refunds__refund_no=number)
    found |= Q(disputes__dispute_id=number)
    for parcel in platform().parcels_numbered(number):
        found |= Q(api_url=parcel.api_url, transaction_id=parcel.transaction_id)
        if parcel.checkout_id:
            found |= Q(api_url=parcel.api_url, checkout_id=parcel.checkout_id)
    rows = PaymentSession.objects.filter(found)
    return list(rows.distinct().order_by("created_at", "pk"))


def refunded(session: PaymentSession) -> Decimal:
    """Return what was given back of a payment."""
    done = session.refunds.filter(state=RefundState.SUCCESS)
    return sum((one.amount for one in done), Decimal(0))


def of(session: PaymentSession) -> dict[str, Any]:
    """Return everything kept of a payment as JSON-able values; amounts as texts, times in UTC."""
    return {
        "order_no": session.out_trade_no,
        "gateway": session.gateway,
        "wallet": gateways.title(session.gateway),
        "account": session.account,
        "state": session.state,
        "amount": f"{session.amount:.2f}",
        "currency": session.currency,
        "refunded": f"{refunded(session):.2f}",
        "gateway_ref": session.gateway_ref,
        "transaction": session.transaction_id,
        "checkout": session.checkout_id,
        "order": session.order_id,
        "lane": session.lane,
        "created_at": _time(session.created_at),
        "expires_at": _time(session.expires_at),
        "paid_at": _time(session.paid_at),
        "reported_at": _time(session.reported_at),
        "completed_at": _time(session.completed_at),
        "failure": {"code": session.failure_code, "message": session.failure_message}
        if session.failure_code
        else None,
        "refunds": [_refund(one) for one in session.refunds.all()],
        "disputes": [_dispute(one) for one in session.disputes.all()],
        "declarations": [_declaration(one) for one in session.declarations.all()],
        "wire": [_wire(one) for one in wire_of(session)],
    }


def wire_of(session: PaymentSession) -> QuerySet[PaymentWireRecord]:
    """Return what went over the wire about a payment, its refunds and disputes, oldest first; bodies stay sealed."""
    numbers = [session.out_trade_no, *session.refunds.values_list("refund_no", flat=True)]
    numbers += [session.gateway_ref] if session.gateway_ref else []
    found = PaymentWireRecord.objects.filter(
        gateway=session.gateway, account=session.account, reference__in=numbers
    )
    return found.defer("sealed_body").order_by("at")


def accounts() -> Iterable[dict[str, Any]]:
    """Yield every account with what it can do and what it lacks."""
    for (identifier, name), config in gateways.configured().items():
        told: dict[str, Any] = {
            "gateway": identifier,
            "wallet": gateways.title(identifier),
            "account": name,
            "enabled": config.enabled,
            "missing": list(config.missing),
            "merchant": config.merchant,
        }
        if not config.missing:
            told |= _capabilities(identifier, name)
        yield told


def _capabilities(identifier: str, name: str) -> dict[str, Any]:
    gateway = gateways.gateway(identifier, name)
    able = gateway.capabilities
    return {
        "merchant_account": gateway.merchant_account,
        "declares": able.can_declare_customs,
        "pay_code": able.pay_code if able.can_declare_customs else "",
        "pay_name": able.pay_name if able.can_declare_customs else "",
        "targets": [
            {"customs": one.customs, "merchant_customs_no": one.merchant_customs_no} for one in able.targets
        ],
        "currencies": sorted(able.currencies),
        "settles_in": sorted(able.settles_in),
        "payer_countries": sorted(able.payer_countries),
        "splits": able.splits,
        "surroundings": sorted(able.surroundings),
        "lowest": _amount(able.lowest),
        "highest": _amount(able.highest),
        "partial_refunds": able.partial_refunds,
        "refund_window_days": able.refund_window.days,
        "declare_window_days": able.declare_window.days,
        "notify_url": gateways.notify_url(gateway),
    }


def _refund(row: PaymentRefund) -> dict[str, Any]:
    return {
        "refund_no": row.refund_no,
        "state": row.state,
        "amount": f"{row.amount:.2f}",
        "gateway_ref": row.gateway_ref,
        "reason": row.reason,
        "failure": row.failure,
        "created_at": _time(row.created_at),
        "sent_at": _time(row.sent_at),
        "finished_at": _time(row.finished_at),
        "reported_at": _time(row.reported_at),
    }


def _dispute(row: PaymentDispute) -> dict[str, Any]:
    return {
        "dispute_id": row.dispute_id,
        "state": row.word,
        "reason": row.reason,
        "amount": f"{row.amount:.2f}",
        "currency": row.currency,
        "opened_at": _time(row.opened_at),
        "due_by": _time(row.due_by),
        "closed_at": _time(row.closed_at),
        "taken_at": _time(row.taken_at),
        "returned_at": _time(row.returned_at),
        "taken_reported_at": _time(row.taken_reported_at),
        "returned_reported_at": _time(row.returned_reported_at),
    }


def _declaration(row: PaymentDeclaration) -> dict[str, Any]:
    return {
        "customs": row.customs,
        "merchant_customs_no": row.merchant_customs_no,
        "amount": f"{row.amount:.2f}",
        "state": row.state,
        "identity": row.identity,
        "verify_department": row.verify_department,
        "verify_number": row.verify_number,
        "explanation": row.explanation,
        "attempts": row.attempts,
        "declared_at": _time(row.declared_at),
        "finished_at": _time(row.finished_at),
    }


def _wire(row: PaymentWireRecord) -> dict[str, Any]:
    return {
        "at": _time(row.at),
        "kind": row.kind,
        "operation": row.operation,
        "reference": row.reference,
        "status": row.status,
        "size": row.size,
        "sha256": row.sha256,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
