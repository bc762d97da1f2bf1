"""Hook specifications. Every hook is optional; arguments are values of ``types``."""

# Specifications only declare: their arguments are used by the implementations.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pluggy

from saleor_ext.core.money import Money

from . import types as t

PROJECT = "ponte"
_hookspec = pluggy.HookspecMarker(PROJECT)
#: Marks a plugin's implementation of a hook.
hookimpl = pluggy.HookimplMarker(PROJECT)


class Specifications:
    """What the platform asks plugins."""

    @_hookspec
    def lanes(self) -> list[t.Lane]:  # type: ignore[empty-body]  # specification only
        """Return the lanes this plugin carries."""

    @_hookspec
    def listing_requirements(self, listing: t.ListingView) -> list[t.Requirement]:  # type: ignore[empty-body]  # same
        """Return what a listing needs for its lane, met or not. Local data only."""

    @_hookspec
    def delivery_options(self, request: t.DeliveryRequest) -> list[t.DeliveryOption]:  # type: ignore[empty-body]  # same
        """Return the ways to deliver a box; empty when the lane is not this plugin's.

        Asked when Saleor wants the delivery methods of a checkout, and answered through the logistics app.
        A plugin whose own app answers SHIPPING_LIST_METHODS_FOR_CHECKOUT leaves this hook out.
        """

    @_hookspec(firstresult=True)
    def tax_quote(self, request: t.TaxQuoteRequest) -> t.TaxQuote | None:
        """Return the tax of a box, or None when the lane is not this plugin's. No I/O."""

    @_hookspec(firstresult=True)
    def import_limits(self, on: date) -> t.ImportLimits | None:
        """Return the limits of retail imports that pages quote for a day, or None when this plugin knows none."""

    @_hookspec
    def order_checks(self, draft: t.OrderDraft) -> list[t.Finding]:  # type: ignore[empty-body]  # same
        """Return why a box cannot be ordered, before payment. May reserve quota for the buyer."""

    @_hookspec
    def payment_methods(self, request: t.PaymentMethodsRequest) -> list[t.PaymentMethod]:  # type: ignore[empty-body]  # same
        """Return the ways to pay for a box on its lane."""

    @_hookspec(firstresult=True)
    def payment_session(self, reference: str) -> t.PaymentSession | None:
        """Return the payment behind a Saleor transaction id, or None when it is not this plugin's."""

    @_hookspec(firstresult=True)
    def payment_evidence(self, parcel: t.ParcelView, purpose: str) -> t.PaymentEvidence | None:
        """Return the original bytes of a parcel's payment, or None when it is not this plugin's.

        Asked when customs demand them. Every reading goes to the audit log with ``purpose``.
        """

    @_hookspec(firstresult=True)
    def bonded_balances(
        self, parcels: Sequence[t.ParcelView]
    ) -> Mapping[str, Mapping[int, t.BookBalance]] | None:
        """Return what the bonded book holds for each line of parcels, by parcel id and line number; it changes nothing.

        A parcel whose book is not kept here is missing; a line that is missing has no item in the book.
        """

    @_hookspec
    def parcel_steps(self, parcel: t.ParcelView) -> list[t.StepSpec]:  # type: ignore[empty-body]  # same
        """Return the steps this plugin takes for a parcel of this lane."""

    @_hookspec
    def departure_objections(self, parcel: t.ParcelView) -> list[str]:  # type: ignore[empty-body]  # same
        """Say why the goods must not leave our hands now, for the operator; nothing when they may.

        Asked when a step that ``departs`` begins. When it no longer holds, call ``platform().resume_departure``.
        """

    @_hookspec
    def parcel_cancelled(self, parcel: t.ParcelView) -> None:
        """Give back what was taken for the parcel. Runs in the cancelling transaction; idempotent."""

    @_hookspec
    def buyer_corrected(self, parcel: t.ParcelView) -> None:
        """Learn that a parcel is declared for another person: what was compared with the one before holds no more.

        Runs in the correcting transaction: note it and promise the rest.
        """

    @_hookspec
    def consignee_corrected(self, parcel: t.ParcelView) -> None:
        """Learn that a parcel goes to another person or address than was told so far.

        Runs in the correcting transaction: note it and promise the rest.
        """

    @_hookspec
    def parcel_returned(
        self, parcel: t.ParcelView, lines: Mapping[int, int], key: str, document: str
    ) -> None:
        """Take returned goods back in: they are inside again, by customs' consent.

        ``lines``: line number -> pieces; ``document``: the number of the granted return. Runs from the outbox,
        outside any transaction; once per ``key`` and line, however often it is called.
        """

    @_hookspec(firstresult=True)
    def refund_wanted(self, parcel: t.ParcelView, amount: Money | None, key: str, reason: str) -> str | None:
        """Give part of a parcel's payment back, or None when the payment is not this plugin's.

        Without an amount all that was not given back yet. Returns the refund's reference, empty when nothing was
        left. Once per ``key``. PermanentError when it cannot be given back.
        """

    @_hookspec(firstresult=True)
    def parcel_action(self, parcel: t.ParcelView, action: t.ParcelAction) -> str | None:
        """Do to a parcel what a person demands, or None when the action is not this plugin's.

        Returns the reference of what was begun. PermanentError, with the reason, when it cannot be done.
        """

    @_hookspec
    def parcel_step_failed(self, parcel: t.ParcelView, step: str, code: str, message: str) -> None:
        """Learn that a step was left to a person, whoever stopped it. Runs in the stopping transaction."""

    @_hookspec
    def shop_fragments(self, place: str, context: dict[str, Any]) -> list[t.Fragment]:  # type: ignore[empty-body]  # same
        """Return pieces for a shop page: place ``order`` (context ``parcel``), ``product`` (context ``facts``)."""

    @_hookspec
    def console_fragments(self, place: str, context: dict[str, Any]) -> list[t.Fragment]:  # type: ignore[empty-body]  # same
        """Return pieces for a console page: place ``parcel`` (context ``parcel``)."""

    @_hookspec
    def console_pages(self) -> list[t.ConsolePage]:  # type: ignore[empty-body]  # same
        """Return the plugin's entries of the console's menu. Asked for every console page: count cheaply."""

    @_hookspec
    def health(self) -> list[t.Health]:  # type: ignore[empty-body]  # same
        """Check this plugin's keys, certificates, folders and partners; at most two seconds in all."""


def new_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specifications)
    return manager


def flatten(results: list[list[Any] | None]) -> list[Any]:
    """Join the lists that several plugins answered."""
    return [item for result in results if result for item in result]
