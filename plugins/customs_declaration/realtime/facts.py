"""From a parcel, its payment's evidence and the configuration to what customs are told. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import ParcelView, PaymentEvidence

from ..config import CustomsConfig
from ..messages import make_guid, stamp
from .wire import Goods, PaymentFacts

PAYMENT_STEP = "declare_payment"


def of(
    parcel: ParcelView, evidence: PaymentEvidence, settings: CustomsConfig, order_no: str, session_id: str
) -> PaymentFacts:
    """Gather the facts. The transaction number is the clearing house's, which is the one that can be verified.

    :raises PermanentError: when the payment has not been declared yet
    """
    data = parcel.step_data(PAYMENT_STEP)
    clearing = data.get("clearing") or {}
    try:
        amount = Decimal(data.get("amount") or parcel.actual_paid.amount)
    except InvalidOperation:
        raise PermanentError("the amount of the payment cannot be read") from None
    number = str(clearing.get("payTransactionId") or data.get("payTransactionId") or "")
    if not number:
        raise PermanentError("the payment has no transaction number yet: it is not declared")
    return PaymentFacts(
        guid=make_guid("179", session_id, order_no),
        request=_text(evidence.request),
        response=_text(evidence.response),
        ebp_code=settings.ebp_code,
        pay_code=str(data.get("payCode") or settings.pay_code),
        pay_transaction_id=number,
        amount=amount,
        ver_dept=str(clearing.get("verDept") or "3"),
        pay_type=evidence.pay_type,
        trading_time=stamp(_paid_at(parcel)),
        order_no=order_no,
        goods=tuple(Goods(line.facts.name, _link(settings, line.facts.sku)) for line in parcel.lines),
        recp_account=settings.realtime_recp_account or evidence.account,
        recp_code=settings.realtime_recp_code,
        recp_name=settings.realtime_recp_name or settings.ebp_name,
    )


def _paid_at(parcel: ParcelView) -> datetime:
    told = parcel.step_data(PAYMENT_STEP).get("tradingTime")
    try:
        moment = datetime.fromisoformat(str(told)) if told else parcel.paid_at
    except ValueError:
        moment = parcel.paid_at
    return moment if moment.tzinfo else parcel.paid_at


def _text(original: bytes) -> str:
    """Return original bytes as the text they are; nothing is changed on the way."""
    try:
        return original.decode()
    except UnicodeDecodeError:
        raise PermanentError("the payment company's original message is not UTF-8 text") from None


def _link(settings: CustomsConfig, sku: str) -> str:
    template = settings.realtime_item_link or f"{platform_settings().public_url}/search/?q={{sku}}"
    return template.replace("{sku}", quote(sku, safe=""))
