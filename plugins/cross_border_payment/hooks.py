"""What the platform asks this plugin."""

from __future__ import annotations

from typing import Any, Literal

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import (
    ConsolePage,
    Finding,
    Fragment,
    Health,
    OrderDraft,
    ParcelView,
    PaymentEvidence,
    PaymentMethod,
    PaymentMethodsRequest,
    PaymentSession,
    StepSpec,
    hookimpl,
)

from . import (
    comparing,
    declarations,
    disputes,
    evidence,
    gateways,
    lanes,
    listing,
    offers,
    refunds,
    sessions,
    webhooks,
)
from . import health as checks
from .models import PaymentDeclaration, PaymentRefund
from .models import PaymentSession as SessionRow
from .port import Gateway, Surroundings
from .sessions import APP

_STATES: dict[str, Literal["waiting", "paid", "failed", "expired", "cancelled"]] = {
    SessionRow.State.NEW: "waiting",
    SessionRow.State.WAITING: "waiting",
    SessionRow.State.PAID: "paid",
    SessionRow.State.CLOSED: "expired",
    SessionRow.State.FAILED: "failed",
    SessionRow.State.SUSPECT: "failed",
}


@hookimpl
def payment_methods(request: PaymentMethodsRequest) -> list[PaymentMethod]:
    note = _("Pay from a real-named wallet of your own: customs compare the payer with the buyer.")
    wish = offers.Wish(request.lane, request.amount, Surroundings(request.surroundings), request.merchant)
    return [
        PaymentMethod(
            id=gateway.identifier,
            name=_(gateways.title(gateway.identifier)),
            icon=gateway.icon,
            gateway=APP,
            data={
                "method": gateway.identifier,
                "surroundings": request.surroundings,
                **({"needs_return": "1"} if gateway.capabilities.needs_return else {}),
            },
            payer_url=_payer_url(gateway, request.surroundings),
            note=note if lanes.needs_declaration(request.lane) else "",
        )
        for gateway in offers.of(wish)
    ]


def _payer_url(gateway: Gateway, surroundings: str) -> str:
    """Return the page that learns who pays, where the wallet opens by itself."""
    inside = surroundings == Surroundings.WECHAT and gateway.capabilities.invokes
    return reverse("payment:payer_ask", args=[gateway.account]) if inside else ""


@hookimpl
def departure_objections(parcel: ParcelView) -> list[str]:
    return disputes.objections(parcel.api_url, parcel.transaction_id)


@hookimpl
def payment_session(reference: str) -> PaymentSession | None:
    row = SessionRow.objects.filter(transaction_id=reference).order_by("-created_at").first()
    if row is None:
        return None
    sessions.watched(row)
    state = _STATES[row.state]
    if row.state == SessionRow.State.CLOSED and row.cancel_requested_at:
        state = "cancelled"
    elif row.state == SessionRow.State.WAITING and row.expires_at <= checks.now():
        state = "expired"
    return PaymentSession(
        reference=reference,
        method=row.gateway,
        state=state,
        amount=row.money,
        qr=row.code_url,
        redirect_url=row.redirect_url,
        invoke=row.invoke,
        expires_at=row.expires_at,
        message="" if state in ("waiting", "paid") else webhooks.failure_text(row),
    )


@hookimpl
def order_checks(draft: OrderDraft) -> list[Finding]:
    """A payment that is to be declared needs somebody to compare the payer with."""
    if not lanes.needs_declaration(draft.lane):
        return []
    findings = []
    if draft.buyer is None:
        findings.append(
            Finding(
                code="payment_identity_missing",
                message=_("The buyer's real name and ID number are missing."),
                remedy=_("Enter the name and ID number of the person whose wallet will pay."),
                field="id_number",
                source=_("GACC announcement 2018/194: payment, order and waybill are compared"),
            )
        )
    if not offers.of(offers.Wish(draft.lane)):
        findings.append(
            Finding(
                code="payment_no_declarer",
                message=_("No way to pay that customs accept is available just now."),
                remedy=_("Please try again later."),
            )
        )
    return findings


@hookimpl
def payment_evidence(parcel: ParcelView, purpose: str) -> PaymentEvidence | None:
    return evidence.of(parcel, purpose)


@hookimpl
def refund_wanted(parcel: ParcelView, amount: Money | None, key: str, reason: str) -> str | None:
    """Refund from the payment that made the order; the key makes it one refund however often it is asked."""
    session = SessionRow.objects.filter(
        api_url=parcel.api_url, transaction_id=parcel.transaction_id, state=SessionRow.State.PAID
    ).first()
    if session is None:
        return None
    if amount is None:
        rest = refunds.request_rest(session, f"plugin:{key}", reason)
        return rest.refund_no if rest else ""
    return refunds.request(session, amount, f"plugin:{key}", reason).refund_no


@hookimpl
def parcel_steps(parcel: ParcelView) -> list[StepSpec]:
    if not lanes.needs_declaration(parcel.lane):
        return []
    return [StepSpec(declarations.STEP, _("Payment declared to customs"), declarations.run)]


@hookimpl
def buyer_corrected(parcel: ParcelView) -> None:
    comparing.begin(parcel)


@hookimpl
def console_pages() -> list[ConsolePage]:
    """The entry of the console's menu, with how many payments need a person."""
    return [ConsolePage("payments", _("Payments"), "console:payments:payments", "wallet", listing.troubled())]


@hookimpl
def console_fragments(place: str, context: dict[str, Any]) -> list[Fragment]:
    if place != "parcel":
        return []
    parcel: ParcelView = context["parcel"]
    session = SessionRow.objects.filter(api_url=parcel.api_url, transaction_id=parcel.transaction_id).first()
    if session is None:
        return []
    return [
        Fragment(
            title=_("Payment"),
            template="cross_border_payment/console_parcel.html",
            context={
                "session": session,
                "declarations": PaymentDeclaration.objects.filter(session=session),
                "refunds": PaymentRefund.objects.filter(session=session),
            },
            order=20,
        )
    ]


@hookimpl
def health() -> list[Health]:
    return checks.check()
