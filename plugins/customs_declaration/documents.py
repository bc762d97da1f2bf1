"""Making a declaration's messages once, and handing them over as often as needed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import F

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import ConfigurationError, PermanentError, TransientError
from saleor_ext.plugin_api import ParcelView, platform

from . import batches, links, sending
from .config import CustomsConfig
from .mapping import Case, support_of
from .messages import MessageData, build, make_guid, to_bytes
from .models import CustomsDocument, Declaration
from .preflight import dutiable_value, ensure
from .signing import Signer, sign
from .states import DocumentState

log = logging.getLogger(__name__)

Mapper = Callable[[Case], MessageData]

#: A document in one of these states failed; the next try is a new version.
FAILED = (DocumentState.REJECTED, DocumentState.ERROR)
NEW, AMEND = "1", "2"
#: The first send and three repeats.
MOST_SENDS = 4


def declaration_of(parcel: ParcelView) -> Declaration:
    """Return the parcel's declaration, made at the first call."""
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
            "created_at": clock.now(),
        },
    )
    return found


def cop_no(parcel: ParcelView) -> str:
    """Return the declarant's number of the case, at most 20 characters; receipts come back under it."""
    if len(parcel.number) <= 20:
        return parcel.number
    return parcel.number[:8] + hashlib.sha256(parcel.number.encode()).hexdigest()[:12].upper()


def prepare(parcel: ParcelView, kind: str, mapper: Mapper) -> CustomsDocument:
    """Return the document to send: the newest version, or the next one when that failed.

    Built, checked and signed in one transaction under the declaration's lock, so that it exists once
    however often the step runs.

    :raises NotDeclarable: when customs would refuse it
    """
    settings = links.config()
    if missing := settings.missing(parcel.lane):
        raise ConfigurationError(f"the customs plugin lacks {', '.join(missing)}", fields=missing)
    signer = links.signer(settings)
    with transaction.atomic():
        declaration = declaration_of(parcel)
        locked = Declaration.objects.select_for_update().get(pk=declaration.pk)
        if locked.state == Declaration.State.CANCELLED:
            raise PermanentError("the parcel was cancelled", code="cancelled")
        newest = locked.documents.filter(kind=kind).order_by("-version").first()
        if newest is not None and newest.state not in FAILED:
            return newest
        case = _case(parcel, locked, settings, kind, newest)
        data = mapper(case)
        ensure(case, data)
        body, batch = _written(data, settings, signer)
        document = CustomsDocument.objects.create(
            declaration=locked,
            kind=kind,
            version=newest.version + 1 if newest else 1,
            guid=case.guid,
            app_type=case.app_type,
            body=body,
            body_sha256=hashlib.sha256(body.encode()).hexdigest(),
            key_name="" if batch else signer.key_name,
            batch=batch,
            created_at=case.now,
        )
        audit.record(
            "customs.built", "parcel", parcel.id, kind=kind, guid=case.guid, version=document.version
        )
        return document


def _written(data: MessageData, settings: CustomsConfig, signer: Signer) -> tuple[str, str]:
    """Return a message's XML and its batch: signed by itself, or unsigned to be gathered with others."""
    root = build(data, settings.edition)
    if not settings.batching:
        return to_bytes(sign(root, signer)).decode(), ""
    body = to_bytes(root).decode()
    return body, batches.batch_of(data.message, body, settings.edition, signer.key_name)


def _case(
    parcel: ParcelView,
    declaration: Declaration,
    settings: CustomsConfig,
    kind: str,
    last: CustomsDocument | None,
) -> Case:
    """Gather what a message is made of; opening the identity is audited by the vault."""
    if parcel.buyer is None:
        raise ConfigurationError("the parcel has no named buyer", code="identity_missing")
    version = last.version + 1 if last else 1
    # What customs have on file is amended; what never got there is declared anew.
    amend = last is not None and last.state == DocumentState.REJECTED
    return Case(
        parcel=parcel,
        identity=platform().reveal_identity(
            parcel.buyer.reference, purpose=f"declare {kind} {parcel.number}"
        ),
        support=support_of(parcel, settings),
        config=settings,
        cop_no=declaration.cop_no,
        guid=make_guid(parcel.id, kind, version),
        app_type=AMEND if amend else NEW,
        now=clock.china_now(),
        pre_no=declaration.pre_no if amend else "",
        invt_no=declaration.invt_no if amend else "",
    )


def hand_over(document: CustomsDocument) -> None:
    """Send a document unless the port has answered it already; the same file again is harmless.

    One that is gathered with others goes out with its message.

    :raises TransientError: when the transport does not take it now
    """
    if document.state not in (DocumentState.BUILT, DocumentState.SENT):
        return
    if document.batch:
        batches.offer(document)
        return
    sending.send(document.file_name, document.body.encode(), again=document.sends > 0)
    with transaction.atomic():
        locked = CustomsDocument.objects.select_for_update().get(pk=document.pk)
        first = locked.sent_at is None
        CustomsDocument.objects.filter(pk=locked.pk).update(
            sends=F("sends") + 1, sent_at=locked.sent_at or clock.now()
        )
        if locked.state == DocumentState.BUILT:
            CustomsDocument.objects.filter(pk=locked.pk).update(state=DocumentState.SENT)
        if first:
            audit.record(
                "customs.sent", "parcel", locked.declaration.parcel_id, kind=locked.kind, guid=locked.guid
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
    try:
        for document in silent.exclude(declaration__state=Declaration.State.CANCELLED).order_by("sent_at")[
            :200
        ]:
            if document.sent_at is not None and document.sent_at + document.sends * pause <= clock.now():
                hand_over(document)
                sent += 1
        return sent + batches.resend_silent(pause, MOST_SENDS)
    except TransientError as error:  # the way is closed, or fails: the next run begins again
        log.warning("sending again stops after %s: %s", sent, error)
        return sent
