"""What the platform does for plugins. The implementation lives with the orders domain and is set at start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from saleor_ext.core.errors import ConfigurationError

from .types import Buyer, CheckoutView, CorrectionView, Finding, Identity, ParcelView, VariantFacts


class SaleorClient(Protocol):
    """Sends GraphQL documents to one Saleor as one app."""

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> dict[str, Any]:
        """Send a document and return ``data``; numbers are Decimal.

        :raises TransientError: no answer or a 5xx, after bounded retries (queries and ``idempotent`` mutations only)
        :raises PermanentError: GraphQL errors, or a payload with ``errors`` (``SaleorUserError`` with field and code)
        """


class Platform(Protocol):
    """Services for plugins."""

    def saleor(self, api_url: str, app_identifier: str) -> SaleorClient:
        """Return a client acting as an installed app; PermanentError when it is not installed."""

    def instances(self, app_identifier: str) -> list[str]:
        """Return the API addresses of the connected Saleors in which an app is installed, in order."""

    def parcel(self, parcel_id: str) -> ParcelView:
        """Return a parcel; PermanentError when there is none."""

    def parcels_of(self, transactions: Collection[str]) -> dict[str, ParcelView]:
        """Return the parcels that Saleor's transactions paid for, by transaction; those without one are left out."""

    def parcels_paid(self, since: datetime, until: datetime, lanes: Collection[str]) -> Iterator[ParcelView]:
        """Yield the parcels of some lanes that were paid in ``[since, until)``, oldest first, read in batches."""

    def correct_line(
        self, parcel_id: str, gnum: int, changes: Mapping[str, Any], *, actor: str, reason: str
    ) -> None:
        """Correct what is declared of an article; order and listing are not touched, the audit log tells.

        ``changes``: facts by their names, and ``declared_quantity`` and ``declared_price``, which have to come to
        what was paid for the line.

        :raises PermanentError: no such line or fact, figures that come to another total, or the parcel is on the
            road, delivered or cancelled
        """

    def parcels(self, parcel_ids: Collection[str]) -> dict[str, ParcelView]:
        """Return many parcels by id with a few queries; ids of none are left out."""

    def correct_consignee(
        self, parcel_id: str, changes: Mapping[str, str], *, actor: str, reason: str
    ) -> None:
        """Correct parts of the delivery address as it is declared, by the names of ``Address``; values are sealed.

        :raises PermanentError: no such part, no name, or the parcel is on the road, delivered or cancelled
        """

    def correct_buyer(
        self, parcel_id: str, *, name: str, id_number: str, phone: str, actor: str, reason: str
    ) -> None:
        """Declare a parcel for a person entered anew into the vault; tells plugins by ``buyer_corrected``.

        :raises PermanentError: name or number would be refused (``field`` says which), no buyer was named, or the
            parcel is on the road, delivered or cancelled
        """

    def corrections(self, parcel_id: str) -> list[CorrectionView]:
        """Return what was corrected of a parcel, the newest first, persons masked."""

    def parcels_numbered(self, number: str) -> list[ParcelView]:
        """Return the parcels of a customs order number, an order (number or id) or a transaction; oldest first."""

    def complete_step(self, parcel_id: str, step: str, data: Mapping[str, Any] | None = None) -> bool:
        """Finish a waiting step (or a running one) and start what depends on it.

        Call it inside the transaction that stores the ground for it. Returns False when the step was
        already done or the parcel is closed: a late repeat changes nothing.
        """

    def fail_step(
        self, parcel_id: str, step: str, code: str, message: str, *, buyer_message: Any = ""
    ) -> bool:
        """Stop a step for an operator or the buyer to mend; ``retry_step`` starts it again."""

    def retry_step(self, parcel_id: str, step: str, *, actor: str, reason: str) -> bool:
        """Start a failed step again by an operator's decision, audited; False when it is not failed (any more)."""

    def resume_departure(self, parcel_id: str) -> None:
        """Start a departing step again that was stopped by an objection; it is stopped again if one holds still."""

    def update_step(self, parcel_id: str, step: str, data: Mapping[str, Any]) -> None:
        """Merge facts into the data of a step without changing its state."""

    def add_event(
        self, parcel_id: str, code: str, *, at: datetime | None = None, key: str = "", **data: Any
    ) -> None:
        """Add to the timeline that the buyer sees. With ``key`` the same event is written once.

        Codes that the shop has words for: ``paid``, ``payment_declared``, ``waybill``, ``declared``,
        ``accepted``, ``review``, ``inspection``, ``released``, ``rejected``, ``packed``, ``handed_over``,
        ``in_transit``, ``out_for_delivery``, ``delivered``, ``exception``, ``withdrawn``,
        ``withdrawal_refused``, ``return_needed``, ``return_asked``, ``return_approved``, ``return_refused``,
        ``returned``, ``refund_failed``.
        """

    def reveal_identity(self, reference: str, *, purpose: str, actor: str = "system") -> Identity:
        """Open a buyer's identity for a purpose; every call is audited."""

    def reveal_identities(
        self, wanted: Collection[tuple[str, str]], *, actor: str = "system"
    ) -> dict[str, Identity]:
        """Open identities of several buyers, each (reference, purpose) audited; references of nobody are left out."""

    def buyer_of_checkout(self, api_url: str, checkout_id: str) -> Buyer | None:
        """Return who was named for a checkout, without the ID number."""

    def check_order(self, checkout: CheckoutView) -> list[Finding]:
        """Check a checkout again right before it is paid, by the hook ``order_checks`` of every plugin.

        Merchant, lane and warehouse are those of the listings, whatever the checkout says of itself; goods of more
        than one of them, and articles that no listing knows, are findings. Reservations are renewed by it.
        """

    def variant_facts(self, skus: Iterable[str]) -> dict[str, VariantFacts]:
        """Return what is known of articles by SKU, in one query."""

    def recent_facts(self, skus: Iterable[str]) -> dict[str, VariantFacts]:
        """Return what was known of articles by SKU some seconds ago at most, often without a query.

        For answers that Saleor waits for and that bind nobody yet, such as the tax of a basket.
        """

    def complete_checkout(self, api_url: str, checkout_id: str) -> None:
        """Ask Saleor to turn a paid checkout into an order; safe to repeat."""


_platform: Platform | None = None


def set_platform(implementation: Platform) -> None:
    """Install the implementation; called once when the orders app is ready."""
    global _platform  # noqa: PLW0603  # one process-wide service, set once at start
    _platform = implementation


def platform() -> Platform:
    """Return the platform's services."""
    if _platform is None:
        raise ConfigurationError("the platform's services are not set: is saleor_ext.orders installed?")
    return _platform
