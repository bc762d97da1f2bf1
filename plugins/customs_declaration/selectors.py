"""Reading declarations for the console: the work list with its counts, and the search by any number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock

from .config import TRADE_MODES
from .documents import cop_no_of
from .models import NUMBERS, CustomsDocument, Declaration, Receipt
from .states import FAILED, DocumentState
from .steps import LIST, ORDER, WAYBILL

PAGE = 50
#: Finished declarations are many: they are counted up to here.
COUNTED = 10_000
KINDS = (ORDER, WAYBILL, LIST, "CEB623Message", "CEB625Message")
S = Declaration.State
OPEN_STATES = (S.STOPPED, S.NEW, S.ORDER, S.LIST)
#: Every other state, also ones that are new to this module.
FINISHED = tuple(state for state in S if state not in OPEN_STATES)
OPEN, ALL = "open", "all"

#: Age of a case: at least, below.
AGES: dict[str, tuple[timedelta, timedelta | None]] = {
    "1h": (timedelta(0), timedelta(hours=1)),
    "4h": (timedelta(hours=1), timedelta(hours=4)),
    "1d": (timedelta(hours=4), timedelta(days=1)),
    "3d": (timedelta(days=1), timedelta(days=3)),
    "old": (timedelta(days=3), None),
}
AGE_WORDS: dict[str, str | Promise] = {
    "1h": _("up to 1 hour"),
    "4h": _("1 to 4 hours"),
    "1d": _("4 to 24 hours"),
    "3d": _("1 to 3 days"),
    "old": _("older than 3 days"),
}
_CODE = re.compile(r"-?\d{1,12}|[a-zA-Z_]{1,40}")


# -- the work list ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the work list is shown; all of it stands in the address. Values that mean nothing are dropped.

    ``state`` is one of a declaration, ``open`` (all that are not finished) or ``all``; ``kind`` and ``document`` ask
    for the newest message of a kind, and its state; ``code`` is customs' code of a refusal, or ours.
    """

    state: str = OPEN
    kind: str = ""
    document: str = ""
    lane: str = ""
    merchant: str = ""
    age: str = ""
    code: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """Read the filters of an address."""

        def known(name: str, values: Any) -> str:
            value = given.get(name, "")
            return value if value in values else ""

        code = given.get("code", "").strip()
        return cls(
            state=known("state", {OPEN, ALL, *S.values}) or OPEN,
            kind=known("kind", KINDS),
            document=known("document", DocumentState.values),
            lane=known("lane", TRADE_MODES),
            merchant=given.get("merchant", "").replace("\x00", "")[:80],
            age=known("age", AGES),
            code=code if _CODE.fullmatch(code) else "",
        )

    @property
    def given(self) -> dict[str, str]:
        """The filters that narrow the list, by name."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value and (name, value) != ("state", OPEN)}

    @property
    def narrowed(self) -> bool:
        """Tell whether anything besides the state narrows the list."""
        return bool(set(self.given) - {"state"})

    def query(self, **changes: str) -> str:
        """Return the address of the list under these filters and some changes; further names are added as they are."""
        mine = {name: value for name, value in changes.items() if name in self.__slots__}
        others = {name: value for name, value in changes.items() if name not in self.__slots__ and value}
        return "?" + urlencode({**replace(self, **mine).given, **others})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the work list; ``before`` and ``after`` are the cursors of its neighbours, empty at an end."""

    rows: list[Declaration]
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many declarations there are; ``more`` when it was counted no further."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number}+" if self.more else str(self.number)


def matching(filters: Filters) -> QuerySet[Declaration]:
    """Return the declarations of some filters, in no order."""
    found = Declaration.objects.all()
    if filters.state == OPEN:
        found = found.filter(state__in=OPEN_STATES)
    elif filters.state != ALL:
        found = found.filter(state=filters.state)
    return _narrowed(found, filters)


def _narrowed(found: QuerySet[Declaration], filters: Filters) -> QuerySet[Declaration]:
    if filters.lane:
        found = found.filter(lane=filters.lane)
    if filters.merchant:
        found = found.filter(merchant=filters.merchant)
    if filters.age:
        least, below = AGES[filters.age]
        now = clock.now()
        found = found.filter(created_at__lte=now - least)
        found = found.filter(created_at__gt=now - below) if below else found
    if filters.kind or filters.document:
        found = found.filter(Exists(_current(filters)))
    if filters.code:
        found = found.filter(Q(stopped_code=filters.code) | Exists(refused_with(filters.code)))
    return found


def _current(filters: Filters) -> QuerySet[CustomsDocument]:
    """Return the newest message of each kind of the outer declaration that fits the filters."""
    mine = CustomsDocument.objects.filter(declaration=OuterRef("pk"))
    newer = CustomsDocument.objects.filter(
        declaration=OuterRef("declaration"), kind=OuterRef("kind"), version__gt=OuterRef("version")
    )
    mine = mine.filter(~Exists(newer))
    mine = mine.filter(kind=filters.kind) if filters.kind else mine
    return mine.filter(state=filters.document) if filters.document else mine


def refused_with(code: str) -> QuerySet[CustomsDocument]:
    """Return the messages of the outer declaration that were refused with a code."""
    inside = Q(status_text__iregex=rf"Code:\s*{re.escape(code)}\s*;")
    return CustomsDocument.objects.filter(
        Q(status=code) | inside, declaration=OuterRef("pk"), state__in=FAILED
    )


def page(filters: Filters, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """Return a page of the work list, oldest first, beginning behind (or ending before) a cursor."""
    found = matching(filters).prefetch_related(
        # The messages themselves stay sealed where they are: a list does not need them.
        Prefetch("documents", CustomsDocument.objects.defer("body").order_by("kind", "version"))
    )
    backwards = _read_cursor(before)
    if backwards:
        rows = list(_before(found, *backwards)[: size + 1])
        more = len(rows) > size
        rows = rows[:size][::-1]
        return Page(rows, _cursor(rows[0]) if more and rows else "", _cursor(rows[-1]) if rows else "")
    forwards = _read_cursor(after)
    rows = list((_after(found, *forwards) if forwards else found.order_by("created_at", "pk"))[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(
        rows, _cursor(rows[0]) if forwards and rows else "", _cursor(rows[-1]) if more and rows else ""
    )


def _after(found: QuerySet[Declaration], at: datetime, key: UUID) -> QuerySet[Declaration]:
    behind = Q(created_at__gt=at) | Q(created_at=at, pk__gt=key)
    return found.filter(behind, created_at__gte=at).order_by("created_at", "pk")


def _before(found: QuerySet[Declaration], at: datetime, key: UUID) -> QuerySet[Declaration]:
    ahead = Q(created_at__lt=at) | Q(created_at=at, pk__lt=key)
    return found.filter(ahead, created_at__lte=at).order_by("-created_at", "-pk")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor(row: Declaration) -> str:
    """Write where a row stands: its time in microseconds and its key."""
    return f"{(row.created_at - _EPOCH) // timedelta(microseconds=1)}.{row.pk.hex}"


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    found = re.fullmatch(r"(\d{1,17})\.([0-9a-f]{32})", text)
    return (_EPOCH + timedelta(microseconds=int(found[1])), UUID(found[2])) if found else None


def counts(filters: Filters) -> dict[str, Counted]:
    """Return how many declarations each state has under the other filters; finished ones up to ``COUNTED``."""
    base = _narrowed(Declaration.objects.all(), filters)
    grouped = base.filter(state__in=OPEN_STATES).order_by().values_list("state").annotate(number=Count("pk"))
    found = {state: Counted(0) for state in S.values} | {state: Counted(number) for state, number in grouped}
    for state in FINISHED:
        number = base.filter(state=state).order_by()[: COUNTED + 1].count()
        found[state] = Counted(min(number, COUNTED), number > COUNTED)
    found[OPEN] = Counted(sum(found[state].number for state in OPEN_STATES))
    return found


def merchants() -> list[str]:
    """Return the sellers that have open declarations."""
    known = Declaration.objects.filter(state__in=OPEN_STATES).exclude(merchant="")
    return list(known.order_by("merchant").values_list("merchant", flat=True).distinct())


def current_documents(declaration: Declaration) -> list[CustomsDocument]:
    """Return the newest message of each kind, in the order in which they are sent."""
    newest: dict[str, CustomsDocument] = {}
    for document in declaration.documents.all():
        if document.kind not in newest or document.version > newest[document.kind].version:
            newest[document.kind] = document
    return sorted(
        newest.values(), key=lambda one: (KINDS.index(one.kind) if one.kind in KINDS else 9, one.kind)
    )


# -- search ----------------------------------------------------------------------------------------------------

#: Shorter beginnings would find everything.
LEAST = 4
MOST_FOUND = 50
#: Numbers inside receipts for documents that are not ours.
_RECEIPT_NUMBERS = ("orderNo", "copNo", "preNo", "invtNo", "logisticsNo", "payTransactionId", "oriCopMsgId")


@dataclass(frozen=True, slots=True)
class Found:
    """What a number leads to. ``receipts`` are those of documents that are not known, or whose own guid it is."""

    declarations: list[Declaration] = field(default_factory=list)
    documents: Sequence[CustomsDocument] = ()
    receipts: list[Receipt] = field(default_factory=list)
    #: More than is shown begins so.
    more: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.declarations or self.documents or self.receipts)


def search(text: str) -> Found:
    """Find by order, declarant's, port's, list, waybill, payment or parcel number, by guid, whole or its beginning.

    Case does not matter; fewer than ``LEAST`` characters find nothing.
    """
    wanted = "".join(text.split()).replace("\x00", "").upper()[:80]
    if len(wanted) < LEAST:
        return Found()
    declarations = _declarations(wanted)
    guids = CustomsDocument.objects.defer("body").select_related("declaration").alias(upper=Upper("guid"))
    documents = list(guids.filter(upper__startswith=wanted).order_by("guid")[: MOST_FOUND + 1])
    receipts = _receipts(wanted)
    return Found(
        declarations[:MOST_FOUND],
        documents[:MOST_FOUND],
        receipts[:MOST_FOUND],
        any(len(found) > MOST_FOUND for found in (declarations, documents, receipts)),
    )


def _declarations(wanted: str) -> list[Declaration]:
    uppers = {f"upper_{column}": Upper(column) for column in NUMBERS}
    begins = Q()
    for name in uppers:
        begins |= Q(**{f"{name}__startswith": wanted})
    begins |= Q(
        upper_cop_no=cop_no_of(wanted)
    )  # of a parcel whose number is longer than the declarant's may be
    found = Declaration.objects.alias(**uppers).filter(begins).order_by("-created_at", "pk")
    documents = Prefetch("documents", CustomsDocument.objects.defer("body").order_by("kind", "version"))
    return list(found.prefetch_related(documents)[: MOST_FOUND + 1])


def _receipts(wanted: str) -> list[Receipt]:
    inside = {f"upper_{name}": Upper(KeyTextTransform(name, "raw")) for name in _RECEIPT_NUMBERS}
    begins = Q()
    for name in inside:
        begins |= Q(**{f"{name}__startswith": wanted})
    all_receipts = Receipt.objects.select_related("document__declaration").defer("document__body")
    unknown = all_receipts.filter(document=None).alias(**inside).filter(begins)
    own = all_receipts.alias(upper=Upper(KeyTextTransform("guid", "raw"))).filter(upper__startswith=wanted)
    found = {
        one.pk: one for part in (unknown, own) for one in part.order_by("-received_at")[: MOST_FOUND + 1]
    }
    return sorted(found.values(), key=lambda one: one.received_at, reverse=True)[: MOST_FOUND + 1]
