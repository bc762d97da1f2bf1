"""What the payment company and the carrier tell the port themselves (their CEB411 and CEB511).

Both go on lines of their own that the platform never sees; inside the sandbox they are function calls.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.customs_port.models import PaymentFact, WaybillFact


def record_payment(
    *,
    pay_code: str,
    pay_name: str,
    pay_transaction_id: str,
    order_no: str,
    payer_name: str,
    payer_id_number: str,
    amount: Decimal,
) -> None:
    """Keep a declared payment; declaring again replaces it (a partial refund lowers the amount)."""
    PaymentFact.objects.update_or_create(
        pay_code=pay_code,
        pay_transaction_id=pay_transaction_id,
        defaults={
            "pay_name": pay_name,
            "order_no": order_no,
            "payer_name": payer_name,
            "payer_id_number": payer_id_number,
            "amount": amount,
        },
    )


def record_waybill(
    *,
    logistics_code: str,
    logistics_name: str,
    logistics_no: str,
    order_no: str,
    consignee: str,
    consignee_telephone: str,
    consignee_address: str,
    weight: Decimal,
) -> None:
    """Keep a declared waybill; declaring again replaces it."""
    WaybillFact.objects.update_or_create(
        logistics_code=logistics_code,
        logistics_no=logistics_no,
        defaults={
            "logistics_name": logistics_name,
            "order_no": order_no,
            "consignee": consignee,
            "consignee_telephone": consignee_telephone,
            "consignee_address": consignee_address,
            "weight": weight,
        },
    )


def forget_waybill(logistics_code: str, logistics_no: str) -> None:
    """The carrier cancelled the waybill."""
    WaybillFact.objects.filter(logistics_code=logistics_code, logistics_no=logistics_no).delete()
