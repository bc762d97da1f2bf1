"""Receipts: fetched from the transport, stored in the inbox, applied once to the document they are for."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from datetime import datetime, timedelta
from xml.sax.saxutils import quoteattr

from django.db.models import QuerySet

from saleor_ext.core import clock, inbox
from saleor_ext.core.errors import PutOff
from saleor_ext.core.models import InboxMessage

from . import batches, effects, links, quarantine, sending
from .dispatch import dispatch
from .messages import MESSAGES, MessageData, MessageError, parse, read_stamp, root_of, write
from .messages.document import Document
from .models import CustomsDocument, Declaration, Receipt
from .states import (
    FAILED,
    PASSED_OVER,
    DocumentState,
    confirms,
    is_final,
    masked,
    may_move,
    moves_of,
    state_of,
)
from .transport import Incoming, Transport
from .transport.port import parts_of

log = logging.getLogger(__name__)

SOURCE = "customs"
#: Customs' clock may lag behind ours by this much when a receipt is laid to a version of a document.
CLOCK_SLACK = timedelta(minutes=2)

FORMAT_ERROR = "CEB900Message"
_ROOT_GUID = re.compile(r"""<[^>]*\sguid=["']([^"'<>]{36})["']""")

#: Receipt -> the message it answers.
ANSWERS = {
    "CEB312Message": "CEB311Message",
    "CEB512Message": "CEB511Message",
    "CEB622Message": "CEB621Message",
    "CEB624Message": "CEB623Message",
    "CEB626Message": "CEB625Message",
}
AMENDMENT, DELETION = "2", "3"
#: The guid of our document, as the E-port repeats it in its first answer.
_GUID = re.compile(r"\[([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\]")
#: Numbers in the order in which they are trusted, with their columns: of lists, of cancellations and returns.
LIST_NUMBERS = (
    ("copNo", "declaration__cop_no"),
    ("preNo", "declaration__pre_no"),
    ("invtNo", "declaration__invt_no"),
)
APPLICATION_NUMBERS = (("copNo", "cop_no"), ("preNo", "pre_no"), ("invtNo", "declaration__invt_no"))


def poll(limit: int = 200) -> int:
    """Fetch waiting receipts and store them; return how many files were taken. Runs periodically."""
    taken = 0
    try:
        with sending.receiving() as way:
            for incoming in way.receive(limit):
                _store(way, incoming)
                taken += 1
    except PutOff as later:
        log.info("receiving stops after %s: %s", taken, later.message)
    return taken


def _store(way: Transport, incoming: Incoming) -> None:
    """Put a file into the inbox, or aside when it is no message; only then take it from the transport."""
    try:
        admit(incoming.name, incoming.body)
    except MessageError as error:
        quarantine.keep(incoming, error)
        way.refuse(incoming.name, f"{error.code}: {error.message}")
        return
    way.take(incoming.name)


def admit(name: str, body: bytes) -> None:
    """Read a file and put it into the inbox; the same bytes again are counted, not worked again.

    :raises MessageError: it is no message that can be read
    """
    data = parse(body, max_bytes=links.config().max_bytes)
    event = hashlib.sha256(body).hexdigest()
    inbox.receive(SOURCE, event, data.message, _without_persons(data, body), {"name": name})


def _without_persons(data: MessageData, body: bytes) -> bytes:
    """Return a file as it may be stored: ID numbers in texts masked, of our own message only its guid.

    Most receipts hold neither and are stored as they came.
    """
    changed = False
    for document in data.documents:
        for name in ("returnInfo", "note"):
            text = document.get(name)
            if isinstance(text, str) and masked(text) != text:
                document[name], changed = masked(text), True
        if document.get("oriBizMessage"):
            document["oriBizMessage"] = f"<original guid={quoteattr(_guid_of(document['oriBizMessage']))}/>"
            changed = True
    return write(data).encode() if changed else body


@inbox.handler(SOURCE)
def work(message: InboxMessage) -> None:
    """Apply every receipt document of a stored file."""
    data = parse(bytes(message.body), max_bytes=len(message.body))
    for document in data.documents:
        apply(data, document)


def apply(data: MessageData, fields: Document) -> Receipt | None:
    """Store one receipt document and move what it is for; None when the same receipt came before.

    Runs inside the caller's transaction.
    """
    if data.message not in MESSAGES or MESSAGES[data.message].request:
        log.warning("%s came from the port and is no receipt", data.message)
        return None
    if data.message == FORMAT_ERROR and (gathered := batches.documents_of(_original(_flat(fields)))):
        # The whole message failed, and with it every document of it.
        return [_apply(data, fields, document) for document in gathered][-1]
    return _apply(data, fields, None)


def _apply(data: MessageData, fields: Document, one_of: CustomsDocument | None) -> Receipt | None:
    """Apply a receipt to the document it names, or to one of several that it is for."""
    flat = _flat(fields)
    raw = _kept(flat)
    mark = [data.message, raw, *([one_of.guid] if one_of else [])]
    digest = hashlib.sha256(json.dumps(mark, sort_keys=True).encode()).hexdigest()
    if Receipt.objects.filter(digest=digest).exists():
        return None
    at = read_stamp(raw.get("returnTime", "")) or clock.now()
    status = raw.get("returnStatus", raw.get("status", ""))[:10]
    document = _lock(one_of or find(data.message, flat, at))
    moved = document is not None and _move(document, data.message, status, raw.get("returnInfo", ""), at)
    keys = {name: raw[name] for name in MESSAGES[data.message].keys if raw.get(name)}
    receipt = Receipt.objects.create(
        digest=digest,
        message=data.message,
        document=document,
        keys=keys,
        raw=raw,
        status=status,
        text=raw.get("returnInfo", ""),
        returned_at=at,
        received_at=clock.now(),
        moved=moved,
    )
    if document is not None:
        effects.numbers(document, raw)
        if moved:
            effects.follow(document, receipt)
        elif _contradicts(document, receipt):
            effects.contradicted(document, receipt)
    dispatch(receipt, fields)
    return receipt


def _kept(fields: dict[str, str]) -> dict[str, str]:
    """Return what is stored of a receipt: all but the copy of our own message, ID numbers in texts masked."""
    return {
        name: masked(value) if name in ("returnInfo", "note") else value
        for name, value in fields.items()
        if name != "oriBizMessage"
    }


def _move(document: CustomsDocument, message: str, status: str, text: str, at: datetime) -> bool:
    """Change the document's state if the receipt is newer and the move is allowed."""
    target = DocumentState.ERROR if message == FORMAT_ERROR else state_of(status)
    if target is not None and _leaves_the_one_before(document, target):
        target = DocumentState.VOID
    if target is not None and target not in (DocumentState.ERROR, DocumentState.VOID) and not document.filed:
        document.filed = True
        document.save(update_fields=["filed"])
    if target is not None and confirms(document.kind, document.state, document.status_at, target, at):
        document.status_at = at
        document.save(update_fields=["status_at"])
        return False
    if target is None or not may_move(document.kind, document.state, document.status_at, target, at):
        return False
    document.state, document.status, document.status_text, document.status_at = target, status, text, at
    document.save(update_fields=["state", "status", "status_text", "status_at"])
    return True


def _leaves_the_one_before(document: CustomsDocument, target: DocumentState) -> bool:
    """Tell whether a refused deletion or amendment changes nothing: what it was for lies at the port unharmed.

    An amendment that customs themselves reject is the end of the case; one that the port does not take is not.
    """
    if document.app_type == DELETION:
        return target in FAILED
    if document.app_type != AMENDMENT or target != DocumentState.ERROR:
        return False
    before = document.declaration.documents.filter(kind=document.kind, version__lt=document.version)
    last = before.exclude(state__in=PASSED_OVER).order_by("-version").first()
    return last is not None and last.state not in FAILED


def _contradicts(document: CustomsDocument, receipt: Receipt) -> bool:
    """Tell whether a receipt newer than the document's end names another end."""
    target = state_of(receipt.status)
    return (
        target is not None
        and target != document.state
        and is_final(document.kind, document.state)
        and is_final(document.kind, target)
        and target not in moves_of(document.kind)[document.state]
        and document.status_at is not None
        and receipt.returned_at > document.status_at
    )


def find(message: str, fields: dict[str, str], at: datetime) -> CustomsDocument | None:
    """Return the document a receipt is for: by its guid where the text repeats it, else by number.

    Of several versions the one that was the newest at the receipt's time.
    """
    if message == FORMAT_ERROR:
        return CustomsDocument.objects.filter(guid=_original(fields) or "-").first()
    if message not in ANSWERS:
        return None
    # The body is of no use here, and it is by far the largest column.
    found = CustomsDocument.objects.filter(kind=ANSWERS[message]).exclude(state__in=PASSED_OVER).defer("body")
    named = _GUID.search(fields.get("returnInfo", ""))
    if named and (exact := found.filter(guid=named[1]).first()):
        return exact
    if message == "CEB312Message":
        found = found.filter(declaration__order_no=fields.get("orderNo", ""))
    elif message == "CEB622Message":
        found = _by_numbers(found, fields, LIST_NUMBERS)
    elif message in ("CEB624Message", "CEB626Message"):
        found = _by_numbers(found, fields, APPLICATION_NUMBERS)
    else:
        found = found.filter(declaration__logistics_no=fields.get("logisticsNo") or "-")
    versions = list(found.order_by("-version"))
    return next(
        (one for one in versions if one.created_at - CLOCK_SLACK <= at), versions[-1] if versions else None
    )


def _by_numbers(
    found: QuerySet[CustomsDocument], fields: dict[str, str], numbers: tuple[tuple[str, str], ...]
) -> QuerySet[CustomsDocument]:
    for element, column in numbers:
        if fields.get(element):
            matched = found.filter(**{column: fields[element]})
            if matched.exists():
                return matched
    return found.none()


def _original(fields: dict[str, str]) -> str:
    """Return the guid of the message that failed the format check: of the copy that came back, else of its name."""
    return _guid_of(fields.get("oriBizMessage", "")) or parts_of(fields.get("oriCopMsgId", ""))[1]


def _guid_of(text: str) -> str:
    """Return the guid of a copy of a message, empty when there is none; copies may be cut off or broken."""
    try:
        return root_of(text.encode()).get("guid", "")
    except MessageError:
        found = _ROOT_GUID.search(text[:2000])
        return found[1] if found else ""


def _lock(document: CustomsDocument | None) -> CustomsDocument | None:
    """Lock the declaration, then read the document anew: all changes of one case happen one by one."""
    if document is None:
        return None
    Declaration.objects.select_for_update().get(pk=document.declaration_id)
    return CustomsDocument.objects.select_related("declaration").defer("body").get(pk=document.pk)


def _flat(fields: Document) -> dict[str, str]:
    """Return the fields of a receipt, of its head where it has lines."""
    if any(isinstance(value, dict) for value in fields.values()):
        return {
            name: text for value in fields.values() if isinstance(value, dict) for name, text in value.items()
        }
    return {name: str(value) for name, value in fields.items()}
