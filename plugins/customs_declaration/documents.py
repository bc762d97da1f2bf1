"""Making a declaration's messages once, and handing them over as often as needed."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import ConfigurationError, PermanentError, TransientError
from saleor_ext.plugin_api import ParcelView, platform

from . import batches, lifecycle, linetax, links, making, promises, sending
from .config import CustomsConfig
from .making import AMEND, DELETE, NEW
from .mapping import support_of
from .messages import MESSAGES, MessageData, build, make_guid, parse, stamp, to_bytes, write
from .models import CustomsDocument, Declaration
from .preflight import dutiable_value, ensure
from .signing import Signer, sign
from .states import FAILED, LIST, PASSED_OVER, DeclarationState, DocumentState

log = logging.getLogger(__name__)

#: Declarations that nothing more is declared for.
OVER = frozenset({DeclarationState.CANCELLED, DeclarationState.WITHDRAWING, DeclarationState.WITHDRAWN})
#: What is being looked at can be amended, and an order that was found good; a list that is decided cannot.
AMENDABLE = frozenset(
    {
        DocumentState.STORED,
        DocumentState.DECLARED,
        DocumentState.RECEIVED,
        DocumentState.ACCEPTED,
        DocumentState.REVIEW,
        DocumentState.REVIEWED,
    }
)
#: The first send and three repeats.
MOST_SENDS = 4


def declaration_of(parcel: ParcelView) -> Declaration:
    """Return the parcel's declaration, made at the first call."""
    if known := Declaration.objects.filter(parcel_id=parcel.id).first():
        return known
    support = support_of(parcel, links.config())
    found, _made = Declaration.objects.get_or_create(
        parcel_id=parcel.id,
        defaults={
            "order_no": support.order_no,
            "cop_no": cop_no(parcel),
            "logistics_no": support.logistics_no,
            "lane": parcel.lane,
            "checkout_id": parcel.checkout_id,
            "dutiable_value": dutiable_value(parcel),
            "tax_total": parcel.tax_total.amount,
            "line_taxes": linetax.of(parcel),
            "merchant": parcel.merchant.slug,
            "pay_no": support.pay_transaction_id[:60],
            "created_at": clock.now(),
        },
    )
    return found


def cop_no(parcel: ParcelView) -> str:
    """Return the declarant's number of the case, at most 20 characters; receipts come back under it."""
    return cop_no_of(parcel.number)


def cop_no_of(number: str) -> str:
    """Return the declarant's number of the parcel with this number."""
    if len(number) <= 20:
        return number
    return number[:8] + hashlib.sha256(number.encode()).hexdigest()[:12].upper()


def prepare(parcel: ParcelView, kind: str, *, tries: int = 0) -> CustomsDocument:
    """Return the document to send: the newest version, or the next one when that failed.

    Built, checked and signed in one transaction under the declaration's lock, so that it exists once
    however often the step runs. Where documents are gathered it is only noted that this one is wanted: building and
    checking come with the others (``making``). ``tries``: how often in a row this was done without a person.

    :raises NotDeclarable: when customs would refuse it
    """
    settings, signer = _ready(parcel.lane)
    with transaction.atomic():
        locked = lock_open(declaration_of(parcel))
        newest = lifecycle.newest(locked, kind)
        if newest is not None and newest.state not in FAILED:
            return newest
        making.buyer_of(parcel)
        wanted = _wanted(locked, kind, signer, settings, tries)
        if wanted.batch:
            wanted.save(force_insert=True)
            return wanted
        return _built(wanted, parcel, settings, signer)


def amend(parcel: ParcelView, kind: str, after: int) -> CustomsDocument:
    """Build the version that follows ``after`` by a person's wish, and promise to send it.

    The same wish again returns the same version.

    :raises PermanentError: ``not_amendable`` when customs do not look at it (any more)
    :raises NotDeclarable: when customs would refuse it
    """
    settings, signer = _ready(parcel.lane)
    declaration = declaration_of(parcel)
    with transaction.atomic():
        locked = lock_open(declaration)
        newest = lifecycle.newest(locked, kind)
        if newest is not None and newest.version > after:
            return newest
        if why := not_amendable(locked, newest):
            raise PermanentError(why, code="not_amendable")
        made = _built(_wanted(locked, kind, signer, settings, 0), parcel, settings, signer)
        lifecycle.settle(locked)
        promises.send_again(made)
        return made


def not_amendable(declaration: Declaration, document: CustomsDocument | None) -> str:
    """Say why a document cannot be amended now, empty when it can.

    Customs take a changed order only while no list lies there for it, and a changed list only until it is decided.
    """
    if document is None:
        return _("Nothing was declared yet.")
    if declaration.state in OVER or declaration.released_at is not None:
        return _("The declaration cannot be amended: {state}.").format(state=declaration.get_state_display())
    if document.state in FAILED:
        return ""
    if document.kind != LIST and lifecycle.list_is_alive(declaration):
        return _("An inventory list was declared for it.")
    decided = document.kind == LIST and document.state == DocumentState.REVIEWED
    if decided or document.state not in AMENDABLE:
        return _("The document cannot be amended: {state}.").format(state=document.get_state_display())
    return ""


def delete(document: CustomsDocument) -> CustomsDocument:
    """Build the deletion (appType 3) of an order or waybill: the same fields as were sent; once per document."""
    signer = links.signer(settings := links.config())
    with transaction.atomic():
        locked = Declaration.objects.select_for_update().get(pk=document.declaration_id)
        known = locked.documents.filter(
            kind=document.kind, app_type=DELETE, version__gt=document.version
        ).first()
        if known is not None:
            return known
        version = making.next_version(locked, document.kind)
        now = making.next_time(locked, document.kind, version)
        guid = make_guid(locked.parcel_id, document.kind, version)
        made = CustomsDocument(
            declaration=locked,
            kind=document.kind,
            version=version,
            guid=guid,
            app_type=DELETE,
            created_at=clock.now(),
        )
        data = _renewed(document, guid, DELETE, now)
        return store(made, data, settings, signer, app_time=now)


def _renewed(document: CustomsDocument, guid: str, app_type: str, now: datetime) -> MessageData:
    """Return what was sent before, under another guid, type and time."""
    data = parse(document.body.encode())
    (content,) = data.documents
    head = content[MESSAGES[document.kind].head.name]
    head.update(guid=guid, appType=app_type, appTime=stamp(now))
    data.guid = guid
    return data


def _ready(lane: str) -> tuple[CustomsConfig, Signer]:
    settings = links.config()
    if missing := settings.missing(lane):
        raise ConfigurationError(f"the customs plugin lacks {', '.join(missing)}", fields=missing)
    return settings, links.signer(settings)


def lock_open(declaration: Declaration) -> Declaration:
    """Lock a declaration that is still to be declared for; call in a transaction.

    :raises PermanentError: ``cancelled`` or ``withdrawn``
    """
    locked = Declaration.objects.select_for_update().get(pk=declaration.pk)
    if locked.cancelled_at is not None:
        raise PermanentError("the parcel was cancelled", code="cancelled")
    if locked.state in OVER:
        raise PermanentError("the declaration was withdrawn", code="withdrawn")
    return locked


def _wanted(
    locked: Declaration, kind: str, signer: Signer, settings: CustomsConfig, tries: int
) -> CustomsDocument:
    """Return the next version of a document, without content and not stored yet."""
    version = making.next_version(locked, kind)
    # What customs have on file is amended; what never got there is declared anew.
    amends = version > 1 and locked.documents.filter(kind=kind, filed=True).exists()
    return CustomsDocument(
        declaration=locked,
        kind=kind,
        version=version,
        guid=make_guid(locked.parcel_id, kind, version),
        app_type=AMEND if amends else NEW,
        batch=batches.mark(kind, settings, signer.key_name) if settings.batching else "",
        body="",
        created_at=clock.now(),
        tries=tries,
    )


def _built(
    document: CustomsDocument, parcel: ParcelView, settings: CustomsConfig, signer: Signer
) -> CustomsDocument:
    """Map, check and keep a document at once; opening the identity is audited by the vault."""
    reference, purpose = making.buyer_of(parcel), making.purpose(parcel, document.kind)
    identity = platform().reveal_identity(reference, purpose=purpose)
    case = making.case_of(document, document.declaration, parcel, identity, settings)
    data = making.MAPPERS[document.kind](case)
    ensure(case, data)
    return store(document, data, settings, signer, app_time=case.now)


def store(
    document: CustomsDocument,
    data: MessageData,
    settings: CustomsConfig,
    signer: Signer,
    *,
    app_time: datetime,
) -> CustomsDocument:
    """Keep a message as a version of its declaration, whose row is locked: signed, or to be gathered with others."""
    if document.batch:
        body = write(data, settings.edition)
    else:
        body = to_bytes(sign(build(data, settings.edition), signer)).decode()
        document.key_name = signer.key_name
    making.fill(document, body, app_time)
    document.save(force_insert=True)
    audit.record("customs.built", "parcel", document.declaration.parcel_id, **making.facts_of(document))
    return document


def drop_unsent(declaration: Declaration) -> None:
    """Mark what was built and never sent, under the declaration's lock."""
    declaration.documents.filter(state=DocumentState.BUILT).update(state=DocumentState.DROPPED)


def hand_over(document: CustomsDocument) -> None:
    """Send a document unless the port has answered it already; the same file again is harmless.

    One that is gathered with others goes out with its message.

    :raises TransientError: when the transport does not take it now
    """
    document.refresh_from_db(fields=["state", "message"])
    if document.state not in (DocumentState.BUILT, DocumentState.SENT):
        return
    if document.batch:
        batches.offer(document)
    else:
        _send(document)


def send_again(document: CustomsDocument) -> None:
    """Hand over the same bytes under the same guid once more, whatever the port has said, by a person's wish."""
    if document.state in PASSED_OVER:
        raise PermanentError("this version is never sent", code="not_sent")
    if document.message is not None:
        batches.hand_over(document.message)
    elif not document.batch:  # else it waits for others and goes out soon
        _send(document)


@outbox.handler(promises.AGAIN)
def _again(payload: dict[str, Any]) -> None:
    document = CustomsDocument.objects.get(pk=payload["document"])
    if document.sends == payload["sends"]:
        send_again(document)


def _send(document: CustomsDocument) -> None:
    sending.send(document.file_name, document.body.encode(), again=document.sends > 0)
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().get(pk=document.declaration_id)
        locked = CustomsDocument.objects.get(pk=document.pk)
        first = locked.sent_at is None
        crossed = locked.state == DocumentState.DROPPED
        CustomsDocument.objects.filter(pk=locked.pk).update(
            sends=F("sends") + 1, sent_at=locked.sent_at or clock.now()
        )
        if crossed or locked.state == DocumentState.BUILT:
            CustomsDocument.objects.filter(pk=locked.pk).update(state=DocumentState.SENT)
        if first:
            audit.record("customs.sent", "parcel", declaration.parcel_id, kind=locked.kind, guid=locked.guid)
        if crossed:
            # The parcel was cancelled while this was on its way out: now it lies at the port.
            promises.give_back(
                str(declaration.parcel_id), lifecycle.quota_reference(declaration), key=f"late:{locked.guid}"
            )
    document.refresh_from_db()


def resend_silent() -> int:
    """Hand over again what the port has not answered at all; return how many. Runs periodically.

    The same bytes under the same name and guid: a port that has them takes no notice. The pauses are
    equal, and after ``MOST_SENDS`` a person has to look (see health).
    """
    pause = links.config().resend_time
    sent = 0
    silent = CustomsDocument.objects.filter(state=DocumentState.SENT, sends__lt=MOST_SENDS, batch="")
    over = Q(declaration__state=DeclarationState.CANCELLED) & ~Q(app_type=DELETE)
    try:
        for document in silent.exclude(over).order_by("sent_at")[:200]:
            if document.sent_at is not None and document.sent_at + document.sends * pause <= clock.now():
                hand_over(document)
                sent += 1
        return sent + batches.resend_silent(pause, MOST_SENDS)
    except TransientError as error:  # the way is closed, or fails: the next run begins again
        log.warning("sending again stops after %s: %s", sent, error)
        return sent
