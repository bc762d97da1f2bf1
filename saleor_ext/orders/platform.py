"""The services that the platform gives to plugins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q

from saleor_ext.core.errors import PermanentError
from saleor_ext.identity import services as identity
from saleor_ext.link import clients
from saleor_ext.link.orders import complete_checkout
from saleor_ext.listings import recent
from saleor_ext.listings import selectors as listings
from saleor_ext.plugin_api.platform import SaleorClient
from saleor_ext.plugin_api.types import (
    Buyer,
    CheckoutView,
    CorrectionView,
    Finding,
    Identity,
    ParcelView,
    VariantFacts,
)

from . import corrections, drafts, selectors, steps, timeline
from .models import Parcel
from .views_of import parcel_view, parcel_views


class PonteServices:
    """Implements ``plugin_api.Platform``."""

    def saleor(self, api_url: str, app_identifier: str) -> SaleorClient:
        return clients.app_client(api_url, app_identifier)

    def instances(self, app_identifier: str) -> list[str]:
        return clients.instances_with(app_identifier)

    def parcel(self, parcel_id: str) -> ParcelView:
        return parcel_view(_parcel(parcel_id))

    def parcels(self, parcel_ids: Collection[str]) -> dict[str, ParcelView]:
        return {view.id: view for view in parcel_views(Parcel.objects.filter(pk__in=parcel_ids))}

    def parcels_of(self, transactions: Collection[str]) -> dict[str, ParcelView]:
        found = parcel_views(Parcel.objects.filter(transaction_id__in=transactions))
        return {view.transaction_id: view for view in found}

    def parcels_paid(self, since: datetime, until: datetime, lanes: Collection[str]) -> Iterator[ParcelView]:
        return parcel_views(selectors.paid_between(since, until, lanes))

    def correct_line(
        self, parcel_id: str, gnum: int, changes: Mapping[str, Any], *, actor: str, reason: str
    ) -> None:
        corrections.correct_line(parcel_id, gnum, changes, actor=actor, reason=reason)

    def correct_consignee(
        self, parcel_id: str, changes: Mapping[str, str], *, actor: str, reason: str
    ) -> None:
        corrections.correct_consignee(parcel_id, changes, actor=actor, reason=reason)

    def correct_buyer(
        self, parcel_id: str, *, name: str, id_number: str, phone: str, actor: str, reason: str
    ) -> None:
        corrections.correct_buyer(
            parcel_id, name=name, id_number=id_number, phone=phone, actor=actor, reason=reason
        )

    def corrections(self, parcel_id: str) -> list[CorrectionView]:
        return corrections.history(parcel_id)

    def parcels_numbered(self, number: str) -> list[ParcelView]:
        named = Q(number=number) | Q(order_number=number) | Q(order_id=number) | Q(transaction_id=number)
        return list(parcel_views(Parcel.objects.filter(named).order_by("paid_at", "number")))

    def complete_step(self, parcel_id: str, step: str, data: Mapping[str, Any] | None = None) -> bool:
        return steps.complete(parcel_id, step, data)

    def fail_step(
        self, parcel_id: str, step: str, code: str, message: str, *, buyer_message: Any = ""
    ) -> bool:
        return steps.fail(parcel_id, step, code, message, buyer_message=buyer_message)

    def retry_step(self, parcel_id: str, step: str, *, actor: str, reason: str) -> bool:
        try:
            steps.retry(parcel_id, step, actor=actor, reason=reason)
        except (steps.StepNotAllowed, ObjectDoesNotExist):  # over already, or the lane never had it
            return False
        return True

    def resume_departure(self, parcel_id: str) -> None:
        steps.resume_departure(parcel_id)

    def update_step(self, parcel_id: str, step: str, data: Mapping[str, Any]) -> None:
        steps.update(parcel_id, step, data)

    def add_event(
        self, parcel_id: str, code: str, *, at: datetime | None = None, key: str = "", **data: Any
    ) -> None:
        timeline.add(_parcel(parcel_id), code, at=at, key=key, data=data)

    def reveal_identity(self, reference: str, *, purpose: str, actor: str = "system") -> Identity:
        return identity.reveal(reference, purpose=purpose, actor=actor)

    def reveal_identities(
        self, wanted: Collection[tuple[str, str]], *, actor: str = "system"
    ) -> dict[str, Identity]:
        return identity.reveal_many(wanted, actor=actor)

    def buyer_of_checkout(self, api_url: str, checkout_id: str) -> Buyer | None:
        person = identity.person_of_checkout(api_url, checkout_id)
        return identity.buyer(person) if person else None

    def check_order(self, checkout: CheckoutView) -> list[Finding]:
        return drafts.check(checkout)

    def variant_facts(self, skus: Iterable[str]) -> dict[str, VariantFacts]:
        return listings.variant_facts(skus)

    def recent_facts(self, skus: Iterable[str]) -> dict[str, VariantFacts]:
        return recent.recent_facts(skus)

    def complete_checkout(self, api_url: str, checkout_id: str) -> None:
        complete_checkout(clients.platform_client(api_url), checkout_id)


def _parcel(parcel_id: str) -> Parcel:
    found = Parcel.objects.filter(pk=parcel_id).first()
    if found is None:
        raise PermanentError(f"no parcel {parcel_id}", code="not_found")
    return found
