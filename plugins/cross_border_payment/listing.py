"""Reading payments for the console: filters that stand in an address, pages newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from saleor_ext.core import keyset

from .models import (
    PaymentDeclaration,
    PaymentDisagreement,
    PaymentDispute,
    PaymentRefund,
    PaymentSession,
    ReconciliationItem,
)
from .port import DeclarationState, DisputeState, Identity, RefundState

PAGE = 50
State = PaymentSession.State
#: Not a state: whatever a person should look at.
TROUBLE = "trouble"
STATES = (TROUBLE, *State.values)
#: So many are listed at most.
MOST_IN_TROUBLE = 1000
FAILED_REFUNDS = (RefundState.FAILED, RefundState.CLOSED)
REFUSED = Q(state__in=(DeclarationState.FAIL, DeclarationState.EXCEPT)) | Q(identity=Identity.DIFFERENT)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which payments are shown; values that mean nothing are dropped.

    ``state`` is one of a session or ``trouble``; ``gateway`` is a company's identifier.
    """

    state: str = ""
    gateway: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        state = given.get("state", "")
        gateway = given.get("gateway", "").replace("\x00", "")[:40]
        return cls(state if state in STATES else "", gateway)

    @property
    def given(self) -> dict[str, str]:
        values = {"state": self.state, "gateway": self.gateway}
        return {name: value for name, value in values.items() if value}

    def query(self, *, newer: str = "", older: str = "", **changes: str) -> str:
        """Return the address of the list under these filters and some changes."""
        cursors = {name: value for name, value in (("newer", newer), ("older", older)) if value}
        return "?" + urlencode({**replace(self, **changes).given, **cursors})


def matching(filters: Filters) -> QuerySet[PaymentSession]:
    """Return the payments of some filters, in no order."""
    found = PaymentSession.objects.all()
    if filters.gateway:
        found = found.filter(gateway=filters.gateway)
    if filters.state == TROUBLE:
        return found.filter(pk__in=_in_trouble())
    return found.filter(state=filters.state) if filters.state else found


def _in_trouble() -> set[UUID]:
    """Return the payments whose money is not believed, whose last refund failed, whose record customs did not take
    and that were not given back, and those of which Saleor says something else: one query, each part with an index.
    """
    refunds = PaymentRefund.objects.filter(session=OuterRef("session"))
    failed = PaymentRefund.objects.filter(state__in=FAILED_REFUNDS).filter(
        ~Exists(refunds.filter(created_at__gt=OuterRef("created_at")))
    )
    refused = PaymentDeclaration.objects.filter(REFUSED).filter(
        ~Exists(refunds.exclude(state__in=FAILED_REFUNDS))
    )
    differ = PaymentSession.objects.filter(
        transaction_id__in=disagreements().values("transaction_id"),
        api_url__in=disagreements().values("api_url"),
    )
    suspect = PaymentSession.objects.filter(state=State.SUSPECT).order_by()
    found = suspect.values_list("pk").union(
        failed.order_by().values_list("session_id"),
        refused.order_by().values_list("session_id"),
        differ.order_by().values_list("pk"),
    )
    return {key for (key,) in found[:MOST_IN_TROUBLE]}


def page(filters: Filters, *, newer: str = "", older: str = "") -> keyset.Page[PaymentSession]:
    """Return a page of payments, the newest first."""
    return keyset.newest_first(
        matching(filters), "created_at", lambda one: one.created_at, newer=newer, older=older, size=PAGE
    )


def troubled() -> int:
    """Return how many payments a person should look at."""
    return len(_in_trouble())


def used_gateways() -> list[str]:
    """Return the companies that payments were made with."""
    return list(PaymentSession.objects.order_by("gateway").values_list("gateway", flat=True).distinct())


def disagreements() -> QuerySet[PaymentDisagreement]:
    """Return what Saleor and a wallet say differently now, the oldest first."""
    return PaymentDisagreement.objects.filter(settled_at__isnull=True).order_by("found_at")


def unreconciled() -> QuerySet[ReconciliationItem]:
    """Return what does not agree with the statements now, the oldest first."""
    return ReconciliationItem.objects.filter(settled_at__isnull=True).order_by("found_at", "pk")


def disputes() -> QuerySet[PaymentDispute]:
    """Return the disputes: those to answer first, by the day evidence is due, then the latest that are over."""
    answered = Q(state=DisputeState.UNDER_REVIEW)
    return (
        PaymentDispute.objects.select_related("session")
        .alias(answered=ExpressionWrapper(answered, output_field=BooleanField()))
        .order_by(
            F("closed_at").desc(nulls_first=True), "answered", F("due_by").asc(nulls_last=True), "opened_at"
        )
    )


def unanswered() -> QuerySet[PaymentDispute]:
    """Return the disputes and inquiries that wait for a person's answer."""
    wanted = (DisputeState.INQUIRY, DisputeState.NEEDS_RESPONSE, DisputeState.OTHER)
    return PaymentDispute.objects.filter(closed_at__isnull=True, state__in=wanted)
