"""Dead letters: messages and work that were given up, with the reason, to retry or to drop."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit, inbox, outbox
from saleor_ext.core.models import InboxMessage, OutboxMessage
from storefront.ui.viewmodels import Link

from .. import shell
from ..access import actor, staff_only
from ..forms import ReasonForm

PER_PAGE = 50
INBOX, OUTBOX = "inbox", "outbox"
Message = InboxMessage | OutboxMessage


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of either box, as the pages show it; never its body, which may hold personal data."""

    box: str
    message: Message

    @property
    def id(self) -> uuid.UUID:
        return self.message.pk

    @property
    def what(self) -> str:
        if isinstance(self.message, InboxMessage):
            return f"{self.message.source} · {self.message.kind}"
        return self.message.topic

    @property
    def key(self) -> str:
        if isinstance(self.message, InboxMessage):
            return self.message.event_id
        return self.message.key or ""

    @property
    def since(self) -> datetime:
        return self.message.received_at if isinstance(self.message, InboxMessage) else self.message.created_at

    @property
    def facts(self) -> dict[str, Any]:
        """What the work is about: identifiers only."""
        if isinstance(self.message, InboxMessage):
            return {"bytes": len(bytes(self.message.body)), "duplicates": self.message.duplicates}
        return dict(self.message.payload)


@staff_only
def table(request: HttpRequest) -> HttpResponse:
    box = request.GET.get("box", OUTBOX)
    box = box if box in (INBOX, OUTBOX) else OUTBOX
    counts = {
        OUTBOX: OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).count(),
        INBOX: InboxMessage.objects.filter(state=InboxMessage.State.DEAD).count(),
    }
    page = Paginator(_dead(box), PER_PAGE).get_page(request.GET.get("page"))
    names = {OUTBOX: _("Work to do"), INBOX: _("Messages that came")}
    context = {
        "page": page,
        "letters": [Letter(box, message) for message in page],
        "tabs": [
            Link(names[name], f"?box={name}", current=name == box, count=counts[name])
            for name in (OUTBOX, INBOX)
        ],
    }
    return shell.page(request, "letters", context, place="letters")


@staff_only
def show(request: HttpRequest, box: str, message_id: uuid.UUID) -> HttpResponse:
    return _page(request, _find(box, message_id))


@require_POST
@staff_only
def retry(request: HttpRequest, box: str, message_id: uuid.UUID) -> HttpResponse:
    letter = _find(box, message_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, letter, form=form, status=422)
    if letter.message.state != "dead":
        messages.error(request, _("It is not dead any more."))
        return redirect("console:letters")
    audit.record(
        "letter.retry",
        box,
        letter.id,
        actor=actor(request),
        reason=form.cleaned_data["reason"],
        what=letter.what,
    )
    if isinstance(letter.message, InboxMessage):
        inbox.retry(letter.message)
    else:
        outbox.retry(letter.message)
    messages.success(request, _("It is tried again now."))
    return redirect(f"{reverse('console:letters')}?box={box}")


@require_POST
@staff_only
def drop(request: HttpRequest, box: str, message_id: uuid.UUID) -> HttpResponse:
    """Close dead work for good; what came from outside stays as proof and cannot be dropped."""
    letter = _find(box, message_id)
    if not isinstance(letter.message, OutboxMessage):
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, letter, form=form, status=422)
    audit.record(
        "letter.drop",
        box,
        letter.id,
        actor=actor(request),
        reason=form.cleaned_data["reason"],
        what=letter.what,
    )
    outbox.give_up(letter.message)
    messages.success(request, _("It was closed for good."))
    return redirect(f"{reverse('console:letters')}?box={box}")


def _page(
    request: HttpRequest, letter: Letter, *, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "letter": letter,
        "form": form or ReasonForm(),
        "entries": audit.entries_of(letter.box, letter.id),
        "back": Link(_("Dead letters"), f"{reverse('console:letters')}?box={letter.box}"),
        "droppable": letter.box == OUTBOX,
    }
    return shell.page(request, "letter", context, place="letters", status=status)


def _dead(box: str) -> Any:
    if box == INBOX:
        return InboxMessage.objects.filter(state=InboxMessage.State.DEAD).order_by("-received_at")
    return OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).order_by("-created_at")


def _find(box: str, message_id: uuid.UUID) -> Letter:
    if box == INBOX:
        return Letter(box, get_object_or_404(InboxMessage, pk=message_id))
    if box == OUTBOX:
        return Letter(box, get_object_or_404(OutboxMessage, pk=message_id))
    raise Http404
