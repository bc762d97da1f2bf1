"""What receipts mean for bills and guarantee. Registered with ``dispatch``; runs in the receipt's transaction."""

from __future__ import annotations

from ..dispatch import follows
from ..messages.document import Document
from ..models import Receipt
from ..states import DocumentState
from . import bills, guarantee
from .figures import GRANTED

Kind = guarantee.Kind


@follows("CEB622Message")
def list_moved(receipt: Receipt, _fields: Document) -> None:
    """Occupy the guarantee for a list that customs have taken, free it for one that is not taxed."""
    document = receipt.document
    if document is None or not receipt.moved:
        return
    state = DocumentState(document.state)
    if state in guarantee.TAKEN:
        guarantee.occupy(document.declaration, document.guid)
    elif state in guarantee.UNTAXED:
        guarantee.free(
            document.declaration,
            Kind.WITHDRAWN,
            f"{state.value}:{document.guid}",
            document.declaration.cop_no,
        )


@follows("CEB624Message")
def withdrawal_moved(receipt: Receipt, _fields: Document) -> None:
    """Free the guarantee of a list whose cancellation customs have granted."""
    document = receipt.document
    if document is not None and receipt.moved and document.state in GRANTED:
        guarantee.free(
            document.declaration, Kind.WITHDRAWN, f"withdrawn:{document.guid}", document.declaration.invt_no
        )


@follows("CEB626Message")
def return_moved(receipt: Receipt, _fields: Document) -> None:
    """Free what falls on the goods of a return that customs have granted; a bill of the rest may be there already."""
    document = receipt.document
    if document is not None and receipt.moved and document.state in GRANTED:
        guarantee.free_returned(
            document.declaration, f"returned:{document.guid}", document.declaration.invt_no
        )
        bills.look_again(document.declaration)


@follows("CEB816Message")
def billed(receipt: Receipt, fields: Document) -> None:
    """Store a tax bill with its lines."""
    bills.take_bill(fields, receipt.returned_at)


@follows("CEB818Message")
def bill_moved(receipt: Receipt, fields: Document) -> None:
    """Store how a tax bill stands."""
    bills.take_status(fields, receipt.returned_at)
