"""Several documents in one message: gathered for a short while, signed once, handed over together.

A step only notes that its document is wanted. ``gather`` takes what waits of one batch - one kind, edition, sender,
certificate and day - and makes a message of it: locked, built, checked, signed, stored and promised to the outbox in
one transaction, so that a killed worker leaves all of it or nothing. Receipts name
documents, not messages, and find them as ever; only a format error (CEB900) is for the message, and so for all its
documents.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min, QuerySet
from django.db.models.functions import Coalesce

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import platform

from . import lifecycle, links, making, mapping, promises, sending
from .config import CustomsConfig
from .messages import MESSAGES, MessageData, make_guid, root_of, to_bytes, write
from .models import CustomsDocument, CustomsMessage
from .signing import sign
from .states import LIST, DeclarationState, DocumentState

log = logging.getLogger(__name__)

TOPIC = "customs.message"
#: What follows the documents of a message, as ``build`` writes it.
_BEHIND = "<ceb:BaseTransfer>"
#: No run makes more messages, so that one worker does not keep the queue of the others.
MOST_MESSAGES = 50
#: What is read of the documents of a message; anything else would be read for each by itself.
_NEEDED = (
    "kind", "version", "guid", "app_type", "app_time", "body", "body_sha256", "created_at", "declaration__parcel_id",
    "declaration__cop_no", "declaration__pre_no", "declaration__invt_no",
)  # fmt: skip
_OPEN = (DocumentState.BUILT, DocumentState.SENT)


def mark(kind: str, settings: CustomsConfig, key_name: str) -> str:
    """Return the mark that documents share which may go out in one message: all that stands around them is the same."""
    sender = sorted(mapping.transfer(settings).items())
    parts = (kind, settings.edition, key_name, clock.china_today().isoformat(), str(sender))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def offer(document: CustomsDocument) -> None:
    """Let a document go out with others: a new one is found by ``gather``, a given-up message is tried again."""
    if document.message_id is None:
        return
    dead = OutboxMessage.objects.filter(
        topic=TOPIC, key=str(document.message_id), state=OutboxMessage.State.DEAD
    ).first()
    if dead is not None:
        outbox.retry(dead)


def gather() -> int:
    """Make messages of all batches that are full or have waited long enough; return how many. Runs periodically."""
    settings = links.config()
    made = 0
    for batch, kind, oldest, count in _batches():
        size = _size(kind, settings)
        due = oldest <= clock.now() - settings.batch_time
        for _ in range(-(-count // size) if due else count // size):
            if made == MOST_MESSAGES or _make(batch, size, settings) is None:
                break
            made += 1
    return made


def _batches() -> list[tuple[str, str, Any, int]]:
    """Return (batch, kind, oldest, number of documents) of what waits, the oldest first."""
    rows = _ready().values("batch", "kind").annotate(oldest=Min("created_at"), count=Count("id"))
    return [(one["batch"], one["kind"], one["oldest"], one["count"]) for one in rows.order_by("oldest")]


def _ready() -> QuerySet[CustomsDocument]:
    """Return documents that are in no message; those that were SENT lost theirs because it was not answered whole."""
    found = CustomsDocument.objects.filter(message__isnull=True, state__in=_OPEN).exclude(batch="")
    return found.filter(declaration__cancelled_at__isnull=True)


def _size(kind: str, settings: CustomsConfig) -> int:
    """Return how many documents a message may have, by configuration and by the schema."""
    return max(1, min(settings.batch_size, MESSAGES[kind].most or settings.batch_size))


def _make(batch: str, size: int, settings: CustomsConfig) -> CustomsMessage | None:
    """Make a message of the oldest documents of a batch that no other worker has in hand; None when there are none."""
    signer = links.signer(settings)
    with transaction.atomic():
        ready = _ready().filter(batch=batch).select_related("declaration").only(*_NEEDED)
        documents = making.build_waiting(list(_locked(ready.order_by("created_at", "id"))[:size]), settings)
        if not documents:
            return None
        kind, guid = documents[0].kind, make_guid("message", str(uuid.uuid4()))
        unsigned, documents = _joined(kind, guid, documents)
        body = to_bytes(sign(root_of(unsigned.encode()), signer)).decode()
        message = CustomsMessage.objects.create(
            kind=kind,
            guid=guid,
            body=body,
            body_sha256=hashlib.sha256(body.encode()).hexdigest(),
            key_name=signer.key_name,
            created_at=clock.now(),
        )
        making.take(documents, message)
        audit.record_many("customs.gathered", "parcel", _facts(message, documents, making.facts_of))
        outbox.enqueue(TOPIC, {"message": str(message.pk)}, key=str(message.pk))
    return message


def _locked(ready: QuerySet[CustomsDocument]) -> QuerySet[CustomsDocument]:
    """Lock documents with their declarations: neither another gathering nor a cancelling comes in between."""
    return ready.select_for_update(skip_locked=True, of=("self", "declaration"))


def _facts(
    message: CustomsMessage,
    documents: list[CustomsDocument],
    of: Callable[[CustomsDocument], dict[str, Any]] = lambda one: {"kind": one.kind, "guid": one.guid},
) -> list[tuple[object, dict[str, Any]]]:
    return [(one.declaration.parcel_id, {**of(one), "message": message.guid}) for one in documents]


def _split(kind: str, body: str) -> tuple[str, str, str]:
    """Cut an unsigned message of ours before its first document and behind its last.

    ``build`` adds no whitespace and escapes every ``<`` of a value, so the places are plain.
    """
    first = body.index(f"<ceb:{MESSAGES[kind].document}>")
    behind = body.index(_BEHIND)
    return body[:first], body[first:behind], body[behind:]


def _joined(kind: str, guid: str, documents: list[CustomsDocument]) -> tuple[str, list[CustomsDocument]]:
    """Return the unsigned message of several documents, and which ones it has.

    One that was built under another configuration, and so ends differently, is left for a message of its own.
    """
    parts = [_split(kind, one.body) for one in documents]
    tail = parts[0][2]
    alike = [(one, part) for one, part in zip(documents, parts, strict=True) if part[2] == tail]
    empty = write(MessageData(kind, guid, "1.0", [], None))
    head = empty[: empty.rindex("</")]
    return "".join([head, *(part[1] for _one, part in alike), tail]), [one for one, _part in alike]


# -- handing over --------------------------------------------------------------------------------------------------


def _given_up(payload: dict[str, Any], error: str) -> None:
    """The outbox gave a message up: every parcel of it waits for a person."""
    from . import steps  # it imports documents, which imports this module

    documents = CustomsDocument.objects.filter(message=payload["message"], state__in=_OPEN)
    for document in documents.select_related("declaration"):
        if step := steps.STEP_OF.get(document.kind):
            platform().fail_step(str(document.declaration.parcel_id), step, "given_up", error)


@outbox.handler(TOPIC, on_dead=_given_up)
def deliver(payload: dict[str, Any]) -> None:
    """Send a gathered message unless it was dissolved meanwhile."""
    message = CustomsMessage.objects.get(pk=payload["message"])
    if message.sends == 0 and _dissolve_cancelled(message):
        return
    hand_over(message)


@outbox.handler(promises.DECLARED)
def _tell_declared(payload: dict[str, Any]) -> None:
    """Tell the buyers of a message's lists that these went to customs."""
    message = CustomsMessage.objects.get(pk=payload["message"])
    for document in message.documents.select_related("declaration").exclude(state=DocumentState.DROPPED):
        platform().add_event(
            str(document.declaration.parcel_id), "declared", key="declared", at=message.sent_at
        )


def hand_over(message: CustomsMessage) -> None:
    """Send a message; the same file again is harmless.

    :raises TransientError: when the transport does not take it now
    """
    sending.send(message.file_name, message.body.encode(), again=message.sends > 0)
    now = clock.now()
    with transaction.atomic():
        locked = CustomsMessage.objects.select_for_update().get(pk=message.pk)
        CustomsMessage.objects.filter(pk=locked.pk).update(
            sends=F("sends") + 1, sent_at=locked.sent_at or now
        )
        open_ones = locked.documents.filter(state__in=_OPEN)
        open_ones.update(sends=F("sends") + 1, sent_at=Coalesce(F("sent_at"), now))
        open_ones.filter(state=DocumentState.BUILT).update(state=DocumentState.SENT)
        _take_crossed(locked)
        if locked.sent_at is None:
            if locked.kind == LIST:
                promises.tell_declared(locked)
            documents = list(locked.documents.select_related("declaration"))
            audit.record_many("customs.sent", "parcel", _facts(locked, documents))
    message.refresh_from_db()


def _take_crossed(message: CustomsMessage) -> None:
    """Mark what was dropped while the message was on its way out: its parcel was cancelled, and now it lies there."""
    for document in message.documents.filter(state=DocumentState.DROPPED).select_related("declaration"):
        declaration = document.declaration
        CustomsDocument.objects.filter(pk=document.pk).update(
            state=DocumentState.SENT, sends=F("sends") + 1, sent_at=clock.now()
        )
        promises.give_back(
            str(declaration.parcel_id), lifecycle.quota_reference(declaration), key=f"late:{document.guid}"
        )


def _dissolve_cancelled(message: CustomsMessage) -> bool:
    """Free the documents of an unsent message when a parcel of it was cancelled; return whether that was so.

    What is left of it is gathered anew.
    """
    with transaction.atomic():
        CustomsMessage.objects.select_for_update().get(pk=message.pk)
        if not message.documents.filter(declaration__cancelled_at__isnull=False).exists():
            return False
        message.documents.update(message=None)
    log.info("%s is made anew: a parcel of it was cancelled", message)
    return True


def resend_silent(pause: timedelta, most: int) -> int:
    """Send messages again that the port has not answered at all; return how many were sent.

    Of a message that was answered in part the other documents are gathered anew: those answered must not come
    twice.

    :raises TransientError: when the transport does not take one now
    """
    silent = CustomsDocument.objects.filter(
        state=DocumentState.SENT,
        sends__lt=most,
        message__isnull=False,
        sent_at__lte=clock.now() - F("sends") * pause,
    ).exclude(declaration__state=DeclarationState.CANCELLED)
    numbers = dict(silent.values_list("message").annotate(count=Count("id")).order_by()[:200])
    sent = 0
    for message in CustomsMessage.objects.filter(pk__in=numbers).annotate(all=Count("documents")):
        if numbers[message.pk] == message.all:
            hand_over(message)
            sent += 1
        else:
            silent.filter(message=message).update(message=None)
    return sent


def documents_of(guid: str) -> list[CustomsDocument]:
    """Return the documents of a gathered message by its guid; empty when it is none of ours."""
    if not guid:
        return []
    return list(CustomsDocument.objects.filter(message__guid=guid).order_by("created_at", "id"))
