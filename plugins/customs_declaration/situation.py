"""What a declaration is judged against beside itself: what was sent, the person's year, book, list and guarantee."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from saleor_ext.core import clock
from saleor_ext.plugin_api import BookBalance
from saleor_ext.plugin_api.registry import ask_first

from . import quota
from .comparison import Four
from .duties import guarantee
from .duty import coded
from .mapping import Case
from .messages import MessageData, parse
from .models import CustomsDocument, Declaration
from .policies import in_force
from .policy import Limits
from .positive_list import CapBreach, PositiveList
from .states import DocumentState
from .tax import ZERO

ORDER, WAYBILL, LIST = "CEB311Message", "CEB511Message", "CEB621Message"
#: A receipt status that says the list is at customs already.
DECLARED_ALREADY = "-621004"


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts from outside a case. ``book`` None: nobody keeps it here; ``guarantee_left`` None: not watched."""

    limits: Limits
    four: Four = field(default_factory=Four)
    #: Customs have a list of this order, and this one is not an amendment of it.
    list_is_there: bool = False
    #: What the buyer has used of the year without this order.
    used: Decimal = ZERO
    breaches: Sequence[CapBreach] = ()
    listed: PositiveList | None = None
    book: Mapping[int, BookBalance] | None = None
    guarantee_left: Decimal | None = None


def gather(case: Case, data: MessageData) -> Situation:
    """Look up everything that a message is judged against. Call with the declaration's row locked."""
    number = case.parcel.id
    found = Declaration.objects.filter(parcel_id=number).first()
    known = {number: found} if found else {}
    return Look([case], {data.message}, known).situation(case, data)


class Look:
    """What several cases are judged against, each question asked once for all.

    Call with their declarations, by parcel, locked.
    """

    def __init__(
        self, cases: Sequence[Case], kinds: Collection[str], declarations: Mapping[str, Declaration]
    ) -> None:
        self.declarations = declarations
        keys = [one.pk for one in self.declarations.values()]
        self.sent = _newest(keys, {ORDER, WAYBILL}.difference(kinds if len(kinds) == 1 else ()))
        told = CustomsDocument.objects.filter(declaration__in=keys, kind=LIST, status=DECLARED_ALREADY)
        self.told = set(told.values_list("declaration_id", flat=True)) if LIST in kinds else set()
        year = clock.china_today().year
        self.used = quota.years_of([(index_of(case), quota_key(case)) for case in cases], year)
        self.books = ask_first("bonded_balances", parcels=[case.parcel for case in cases]) or {}
        watched = LIST in kinds and any(case.config.guarantee_limit for case in cases)
        self.occupied = guarantee.balances(self.declarations.values()) if watched else {}
        #: Limits and positive list by day: all cases of one message are of one.
        self.rules: dict[date, tuple[Limits, PositiveList | None]] = {}

    def situation(self, case: Case, data: MessageData) -> Situation:
        today = case.now.date()
        declaration = self.declarations.get(case.parcel.id)
        is_list = data.message == LIST
        limits, listed = self._rules_of(today)
        own = (index_of(case), quota_key(case))
        return Situation(
            limits=limits,
            four=self._four(case, data, declaration),
            list_is_there=is_list and self._list_is_there(case, declaration),
            used=self.used[own],
            breaches=_breaches(case, listed, *own) if listed else (),
            listed=listed,
            book=self.books.get(case.parcel.id),
            guarantee_left=self._guarantee_left(case, declaration) if is_list else None,
        )

    def _rules_of(self, day: date) -> tuple[Limits, PositiveList | None]:
        if day not in self.rules:
            self.rules[day] = in_force.limits(day), in_force.positive_list(day)
        return self.rules[day]

    def _four(self, case: Case, data: MessageData, declaration: Declaration | None) -> Four:
        """Put together what customs have of the order and what they would get now."""
        content: dict[str, dict[str, Any]] = {data.message: data.documents[0]}
        for kind in (ORDER, WAYBILL):
            sent = self.sent.get((declaration.pk, kind)) if declaration else None
            if kind not in content and sent is not None:
                content[kind] = parse(sent.body.encode()).documents[0]
        order, listed = content.get(ORDER, {}), content.get(LIST, {})
        carrier = case.parcel.step_data("obtain_waybill")
        answered = {
            element: str(carrier[name])
            for element, name in (("logisticsNo", "logistics_no"), ("logisticsCode", "logistics_code"))
            if carrier.get(name)
        }
        return Four(
            order=order.get("OrderHead", {}),
            order_lines=order.get("OrderList", ()),
            payment=case.parcel.step_data("declare_payment"),
            waybill=content.get(WAYBILL, {}).get("LogisticsHead", answered),
            listed=listed.get("InventoryHead", {}),
            listed_lines=listed.get("InventoryList", ()),
        )

    def _list_is_there(self, case: Case, declaration: Declaration | None) -> bool:
        if declaration is None or case.app_type != "1":
            return False
        return bool(declaration.invt_no) or declaration.pk in self.told

    def _guarantee_left(self, case: Case, declaration: Declaration | None) -> Decimal | None:
        """Return what is left of the guarantee for this list; None when no limit is set."""
        if not case.config.guarantee_limit:
            return None
        guarantor = case.config.assure_code or case.config.agent_code
        own = self.occupied.get(declaration.pk, ZERO) if declaration else ZERO
        return case.config.guarantee_limit - guarantee.occupied_lately(guarantor) + own


def index_of(case: Case) -> str:
    """Return the blind index of the buyer, empty when there is none."""
    return case.parcel.buyer.index if case.parcel.buyer else ""


def quota_key(case: Case) -> str:
    """Return the key of the buyer's quota use, as the steps have it."""
    from . import steps

    return steps.reference_of(case.parcel)


def _newest(declarations: Sequence[UUID], kinds: Collection[str]) -> dict[tuple[UUID, str], CustomsDocument]:
    """Return the newest version of each message that customs have or will have."""
    if not kinds:
        return {}
    found = CustomsDocument.objects.filter(declaration__in=declarations, kind__in=kinds)
    rows = found.exclude(state=DocumentState.REJECTED).exclude(body_sha256="").order_by("version")
    return {(one.declaration_id, one.kind): one for one in rows.only("declaration_id", "kind", "body")}


def _breaches(case: Case, listed: PositiveList, index: str, own: str) -> list[CapBreach]:
    today = case.now.date()
    used = quota.quantities_of(index, apart_from=own)
    return listed.breaches(coded(case.parcel, in_force.tariff(today), today), used, today)
