"""What is promised to be done after a transaction: topics of the outbox, each with its key.

The handlers stand where the work is done; the names stand here, so that every module can promise.
"""

from __future__ import annotations

from datetime import timedelta

from saleor_ext.core import outbox
from saleor_ext.core.errors import PermanentError

from .models import CustomsDocument, CustomsMessage, Declaration, ReturnCase

CANCELLED = "customs.cancelled"
DELETE = "customs.delete"
WITHDRAW = "customs.withdraw"
RETURN = "customs.return"
RETRY = "customs.retry"
AGAIN = "customs.again"
REFUSED = "customs.refused"
STOPPED = "customs.stopped"
DECLARED = "customs.declared"
REFUND = "customs.return_refund"
CANCEL_REFUND = "customs.cancel_refund"
SHELVE = "customs.return_shelve"


def give_back(parcel_id: str, quota: str, key: str = "") -> None:
    """Give back what a cancelled parcel took."""
    outbox.enqueue(CANCELLED, {"parcel": parcel_id, "quota": quota}, key=key or parcel_id)


def delete(document: CustomsDocument) -> None:
    """Take an order or waybill off the port's file (appType 3)."""
    outbox.enqueue(DELETE, {"document": str(document.pk)}, key=str(document.pk))


def withdraw(declaration: Declaration, after: int) -> None:
    """Send a cancellation (CEB623), the version that follows ``after``."""
    outbox.enqueue(
        WITHDRAW, {"declaration": str(declaration.pk), "after": after}, key=f"{declaration.pk}:{after}"
    )


def apply_for_return(case: ReturnCase, after: int) -> None:
    """Send a return (CEB625), the version that follows ``after``."""
    outbox.enqueue(RETURN, {"case": str(case.pk), "after": after}, key=f"{case.pk}:{after}")


def retry(document: CustomsDocument, delay: timedelta) -> None:
    """Try a failed document again later."""
    outbox.enqueue(RETRY, {"document": str(document.pk)}, key=str(document.pk), delay=delay)


def send_again(document: CustomsDocument) -> None:
    """Hand over the same bytes once more; a demand that came before the last sending is answered by it."""
    outbox.enqueue(
        AGAIN,
        {"document": str(document.pk), "sends": document.sends},
        key=f"{document.pk}:{document.sends}",
    )


def refund_cancelled(declaration: Declaration) -> None:
    """Have the payment plugin give everything back for a cancelled parcel that customs do not have (any more)."""
    outbox.enqueue(CANCEL_REFUND, {"parcel": str(declaration.parcel_id)}, key=str(declaration.pk))


def refund(case: ReturnCase) -> None:
    """Have the payment plugin give money back for an approved return."""
    outbox.enqueue(REFUND, {"case": str(case.pk)}, key=str(case.pk))


def shelve(case: ReturnCase) -> None:
    """Have the logistics plugin take the goods back into the book."""
    outbox.enqueue(SHELVE, {"case": str(case.pk)}, key=str(case.pk))


def refuse(document: CustomsDocument, error: PermanentError) -> None:
    """Stop a parcel's step, because its document cannot be sent."""
    payload = {
        "parcel": str(document.declaration.parcel_id),
        "kind": document.kind,
        "code": error.code,
        "message": error.message,
        "findings": error.data.get("findings") or [],
    }
    outbox.enqueue(REFUSED, payload)


def note_stop(parcel_id: str, step: str, code: str, text: str) -> None:
    """Keep on the declaration why its step stands still; ``text`` holds no personal data."""
    outbox.enqueue(STOPPED, {"parcel": parcel_id, "step": step, "code": code, "text": text})


def tell_declared(message: CustomsMessage) -> None:
    """Tell the buyers of a message's lists that these were declared."""
    outbox.enqueue(DECLARED, {"message": str(message.pk)}, key=str(message.pk))
