"""What a declaration is judged against beside itself: what was sent, the person's year, book, list and guarantee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

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
    today = case.now.date()
    declaration = Declaration.objects.filter(parcel_id=case.parcel.id).first()
    is_list = data.message == LIST
    listed = in_force.positive_list(today)
    index = case.parcel.buyer.index if case.parcel.buyer else ""
    own = quota_key(case)
    return Situation(
        limits=in_force.limits(today),
        four=_four(case, data, declaration),
        list_is_there=is_list and _list_is_there(case, declaration),
        used=quota.state_of(index, apart_from=own).used,
        breaches=_breaches(case, listed, index, own) if listed else (),
        listed=listed,
        book=ask_first("bonded_balance", parcel=case.parcel),
        guarantee_left=_guarantee_left(case, declaration) if is_list else None,
    )


def quota_key(case: Case) -> str:
    """Return the key of the buyer's quota use, as the steps have it."""
    from . import steps

    return steps.reference_of(case.parcel)


def _four(case: Case, data: MessageData, declaration: Declaration | None) -> Four:
    """Put together what customs have of the order and what they would get now."""
    content: dict[str, dict[str, Any]] = {data.message: data.documents[0]}
    for kind in (ORDER, WAYBILL):
        if kind not in content and declaration is not None and (sent := _sent(declaration, kind)):
            content[kind] = sent
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


def _sent(declaration: Declaration, kind: str) -> dict[str, Any] | None:
    """Return the newest version of a message that customs have or will have."""
    found = CustomsDocument.objects.filter(declaration=declaration, kind=kind)
    newest = found.exclude(state=DocumentState.REJECTED).order_by("-version").first()
    return parse(newest.body.encode()).documents[0] if newest else None


def _list_is_there(case: Case, declaration: Declaration | None) -> bool:
    if declaration is None or case.app_type != "1":
        return False
    sent = CustomsDocument.objects.filter(declaration=declaration, kind=LIST)
    return bool(declaration.invt_no) or sent.filter(status=DECLARED_ALREADY).exists()


def _breaches(case: Case, listed: PositiveList, index: str, own: str) -> list[CapBreach]:
    today = case.now.date()
    used = quota.quantities_of(index, apart_from=own)
    return listed.breaches(coded(case.parcel, in_force.tariff(today), today), used, today)


def _guarantee_left(case: Case, declaration: Declaration | None) -> Decimal | None:
    """Return what is left of the guarantee for this list; None when no limit is set."""
    if not case.config.guarantee_limit:
        return None
    guarantor = case.config.assure_code or case.config.agent_code
    own = guarantee.balance(declaration) if declaration else ZERO
    return case.config.guarantee_limit - guarantee.occupied_lately(guarantor) + own
