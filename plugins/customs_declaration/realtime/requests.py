"""From customs' demand to the upload: stored once, made and signed once, sent until customs have taken it."""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import ConfigurationError, PermanentError, TransientError
from saleor_ext.plugin_api import platform
from saleor_ext.plugin_api.registry import ask_first

from .. import links
from ..models import Declaration, RealtimeRequest
from . import client, facts
from .wire import RECEIVED, Opening, PayloadError, payload, read_answer, string_to_sign, upload_text

log = logging.getLogger(__name__)

UPLOAD = "customs.realtime_upload"
PURPOSE = "customs real-time payment data (announcement 2018/179)"
#: Customs ask for an order once or twice; the address is open to everybody.
MOST_A_DAY = 20
#: Uploads that customs answer with a failure are repeated this often; without any answer, as long as the outbox tries.
MOST_REFUSALS = 5
#: An upload is expected within the minute.
DEADLINE = timedelta(minutes=1)
_DELETED_AT_ONCE = 500

State = RealtimeRequest.State


class Refused(Exception):
    """A demand that cannot be met; the text is what customs are told."""


def take(opening: Opening) -> RealtimeRequest:
    """Store a demand and promise the upload; the same session and order again is the same demand.

    :raises Refused: when the order is not known or was asked for too often
    """
    now = clock.now()
    declaration = Declaration.objects.filter(order_no=opening.order_no).first()
    if declaration is None:
        raise Refused("订单编号不存在")
    with transaction.atomic():
        Declaration.objects.select_for_update().get(pk=declaration.pk)  # one demand after the other
        known = RealtimeRequest.objects.filter(
            order_no=opening.order_no, session_id=opening.session_id
        ).first()
        if known is not None:
            return known
        day = RealtimeRequest.objects.filter(declaration=declaration, asked_at__gt=now - timedelta(days=1))
        if day.count() >= MOST_A_DAY:
            raise Refused("该订单请求过于频繁")
        made = RealtimeRequest.objects.create(
            order_no=opening.order_no,
            session_id=opening.session_id,
            service_time=opening.service_time,
            declaration=declaration,
            asked_at=now,
        )
        outbox.enqueue(UPLOAD, {"request": str(made.pk)}, key=str(made.pk))
        audit.record("customs.realtime_asked", "parcel", declaration.parcel_id, session=opening.session_id)
    return made


def _given_up(message: dict[str, Any], reason: str) -> None:
    """Leave the demand for a person: health shows it, the console can start it again."""
    RealtimeRequest.objects.filter(pk=message["request"], state=State.ASKED).update(
        state=State.FAILED, message=reason[:1000]
    )


@outbox.handler(UPLOAD, on_dead=_given_up)
def upload(message: dict[str, Any]) -> None:
    """Make the data if that is not done, and send it.

    :raises TransientError: when customs do not answer, or answer with a failure that may pass
    :raises PermanentError: when there is no such data, or customs keep refusing it
    """
    row = RealtimeRequest.objects.select_related("declaration").get(pk=message["request"])
    if row.state == State.UPLOADED:
        return
    if not row.body:
        row = _prepare(row)
    url = links.config().realtime_url
    if not url:
        raise ConfigurationError("the address of customs' data interface is not set")
    RealtimeRequest.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    code, text = _answer_of(client.upload(url, row.body or ""))
    refused = int(code != RECEIVED)
    RealtimeRequest.objects.filter(pk=row.pk).update(
        code=code[:10], message=text[:1000], refusals=F("refusals") + refused
    )
    if refused:
        kind = PermanentError if row.refusals + 1 >= MOST_REFUSALS else TransientError
        raise kind(f"customs answered {code}: {text[:300]}")
    with transaction.atomic():
        RealtimeRequest.objects.filter(pk=row.pk).update(state=State.UPLOADED, uploaded_at=clock.now())
        audit.record(
            "customs.realtime_uploaded", "parcel", row.declaration.parcel_id,
            session=row.session_id, sha256=row.body_sha256,
        )  # fmt: skip


def _answer_of(body: str) -> tuple[str, str]:
    try:
        return read_answer(body)
    except PayloadError as error:
        raise TransientError(f"customs' answer cannot be read: {error}") from None


def _prepare(row: RealtimeRequest) -> RealtimeRequest:
    """Build and sign the data once; a repeat sends the same text."""
    settings = links.config()
    signer = links.signer(settings)
    parcel = platform().parcel(str(row.declaration.parcel_id))
    evidence = ask_first("payment_evidence", parcel=parcel, purpose=PURPOSE)
    if evidence is None:
        raise PermanentError("no payment company's original messages are known for the order")
    try:
        told = facts.of(parcel, evidence, settings, row.order_no, row.session_id)
        data = payload(told, row.session_id, str(int(clock.now().timestamp() * 1000)))
    except PayloadError as error:
        raise PermanentError(f"the payment data are not complete: {error}") from None
    value = base64.b64encode(signer.sign(string_to_sign(data).encode())).decode()
    text = upload_text(data, settings.realtime_cert_no or signer.key_name, value)
    with transaction.atomic():
        locked = RealtimeRequest.objects.select_for_update().get(pk=row.pk)
        if not locked.body:  # else another worker was faster
            locked.body = text
            locked.body_sha256 = hashlib.sha256(text.encode()).hexdigest()
            locked.key_name = signer.key_name
            locked.save(update_fields=["body", "body_sha256", "key_name"])
    return locked


def again(row: RealtimeRequest) -> bool:
    """Start a failed upload again, by an operator's decision; data that could not be sent are made anew.

    False when it has not failed (any more).
    """
    with transaction.atomic():
        locked = RealtimeRequest.objects.select_for_update().filter(pk=row.pk, state=State.FAILED).first()
        if locked is None:
            return False
        locked.state, locked.refusals, locked.body, locked.body_sha256 = State.ASKED, 0, "", ""
        locked.save(update_fields=["state", "refusals", "body", "body_sha256"])
        outbox.enqueue(UPLOAD, {"request": str(row.pk)})
    return True


def forget_old() -> int:
    """Delete demands that are older than the configured years; return how many. Runs periodically."""
    years = links.config().realtime_keep_years
    today = clock.now()
    before = today - timedelta(days=366 * years)
    old = RealtimeRequest.objects.filter(asked_at__lt=before).order_by("asked_at")
    keys = list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE])
    if keys:
        RealtimeRequest.objects.filter(pk__in=keys).delete()
        audit.record("customs.realtime_forgotten", "customs", "realtime", count=len(keys), years=years)
    return len(keys)


def troubled() -> tuple[int, int]:
    """Return how many demands failed, and how many wait longer than the minute."""
    late = RealtimeRequest.objects.filter(state=State.ASKED, asked_at__lt=clock.now() - DEADLINE)
    return RealtimeRequest.objects.filter(state=State.FAILED).count(), late.count()
