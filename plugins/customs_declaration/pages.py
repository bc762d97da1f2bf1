"""The plugin's part of console pages: what was declared for a parcel and what customs answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import ConsolePage, Fragment

from . import origins
from .masking import shown
from .messages import MESSAGES, parse
from .messages.codes import label
from .messages.fields import Node
from .models import CustomsDocument, Declaration, Receipt
from .states import DocumentState


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a message as people read it."""

    element: str
    label: str
    value: str
    meaning: str = ""
    origin: origins.Origin | None = None


@dataclass(frozen=True, slots=True)
class DocumentView:
    document: CustomsDocument
    title: str
    tone: str
    head: list[Row]
    lines: list[list[Row]]
    receipts: list[Receipt]


def menu() -> list[ConsolePage]:
    """Return the entry of the console's menu, with how many declarations wait for a person."""
    stopped = Declaration.objects.filter(state=Declaration.State.STOPPED).count()
    return [ConsolePage("customs", _("Customs"), "console:customs:work", "stamp", stopped)]


def console(place: str, context: dict[str, Any]) -> list[Fragment]:
    """Return the customs fragment of a parcel's page."""
    if place != "parcel" or context.get("parcel") is None:
        return []
    declaration = Declaration.objects.filter(parcel_id=context["parcel"].id).first()
    if declaration is None:
        return []
    documents = declaration.documents.prefetch_related("receipts").order_by("created_at")
    values = {"declaration": declaration, "documents": [view_of(one) for one in documents]}
    return [Fragment(_("Customs"), "customs_declaration/console_parcel.html", values, order=30)]


def view_of(document: CustomsDocument) -> DocumentView:
    """Open a sent message for reading, persons masked."""
    message = MESSAGES[document.kind]
    if not document.is_built:
        return DocumentView(document, message.label, _tone(document.state), head=[], lines=[], receipts=[])
    (content,) = parse(document.body.encode()).documents
    lines = content.get(message.lines.name, []) if message.lines else []
    return DocumentView(
        document=document,
        title=message.label,
        tone=_tone(document.state),
        head=_rows(message.head, content[message.head.name]),
        lines=[_rows(message.lines, line, line=True) for line in lines] if message.lines else [],
        receipts=list(document.receipts.all()),
    )


def _rows(node: Node, values: dict[str, str], *, line: bool = False) -> list[Row]:
    return [
        Row(
            field.name,
            field.label,
            shown(field.name, values[field.name]),
            _meaning(field.codes, values[field.name]),
            origins.of(field.name, line=line),
        )
        for field in node.fields
        if values.get(field.name)
    ]


def _meaning(codes_name: str, value: str) -> str:
    if not codes_name or codes_name in {"time", "digits"}:
        return ""
    found = label(codes_name, value)
    return found if found != value else ""


def _tone(state: str) -> str:
    """Return how a page colours a state: ``done``, ``alarm`` or ``open``."""
    if state in {
        DocumentState.RELEASED,
        DocumentState.CLOSED,
        DocumentState.ACCEPTED,
        DocumentState.REVIEWED,
    }:
        return "done"
    if state in {DocumentState.REJECTED, DocumentState.ERROR, DocumentState.DETAINED, DocumentState.RETURNED}:
        return "alarm"
    return "open"
