"""From a box to an order: address, buyer, delivery, payment, completion."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.identity import services as identity
from saleor_ext.link.errors import SaleorUserError
from saleor_ext.link.storefront import AddressInput
from saleor_ext.plugin_api import payer_of, registry
from saleor_ext.plugin_api.types import PaymentMethod, PaymentMethodsRequest, PaymentSession
from storefront.ui.viewmodels import Step

from . import basket, checks, lanes, notice, saleor, session
from .session import BoxState, PaymentState
from .viewmodels import CheckoutPage, PayPage, Problem

#: What Chinese forms write where no postcode is known; Saleor wants six digits for China.
NO_POSTCODE = "000000"
PLACES = ("address", "buyer", "delivery", "review")
TITLES = {
    "address": _("Where to?"),
    "buyer": _("Who orders?"),
    "delivery": _("How shall it come?"),
    "review": _("Look it over and pay"),
}
STEP_WORDS = {
    "address": _("Address"),
    "buyer": _("Real name"),
    "delivery": _("Delivery"),
    "review": _("Payment"),
}


class BoxGone(Exception):
    """The box is no longer there: paid, emptied, or expired."""


class PaymentRefused(Exception):
    """The payment could not be begun; the text is for the buyer."""


@dataclass(slots=True)
class Opened:
    """A box under way: the session's state and Saleor's checkout."""

    request: HttpRequest
    state: BoxState
    checkout: Any

    @property
    def key(self) -> str:
        return self.state.key

    def buyer(self) -> Any:
        person = identity.person_of_checkout(saleor.api_url(), self.checkout.id)
        return identity.buyer(person) if person else None

    def masked(self) -> identity.MaskedPerson | None:
        return identity.masked_of_checkout(saleor.api_url(), self.checkout.id)


def open_box(request: HttpRequest, key: str) -> Opened:
    """Open a box of this visitor.

    :raises BoxGone: when there is none, or Saleor no longer has it
    """
    state = session.boxes(request).get(key)
    if state is None:
        raise BoxGone
    checkout = saleor.client(request).checkout(state.checkout)
    if checkout is None or not checkout.lines:
        session.drop_box(request, key)
        raise BoxGone
    return Opened(request, state, checkout)


def places(opened: Opened) -> tuple[str, ...]:
    """Return the steps that this lane needs."""
    return tuple(place for place in PLACES if place != "buyer" or lanes.needs_identity(opened.state.lane))


def next_place(opened: Opened) -> str:
    """Return the first step that is not done."""
    if opened.checkout.shipping_address is None or not opened.checkout.email:
        return "address"
    if "buyer" in places(opened) and opened.masked() is None:
        return "buyer"
    if opened.checkout.delivery is None:
        return "delivery"
    return "review"


def page(opened: Opened, place: str, problems: tuple[Problem, ...] = ()) -> CheckoutPage:
    """Gather what every step shows."""
    order = places(opened)
    here = order.index(place)
    steps = tuple(
        Step(
            STEP_WORDS[name],
            "past" if number < here else "now" if number == here else "next",
            reverse(f"shop:{name}", args=[opened.key]),
        )
        for number, name in enumerate(order)
    )
    return CheckoutPage(basket.box(opened.state, opened.checkout, problems), steps, place)


# -- address and buyer -----------------------------------------------------------------------------------------


def set_address(opened: Opened, values: dict[str, Any]) -> None:
    """Write the address to Saleor.

    :raises SaleorUserError: Saleor refuses a field
    """
    shop = saleor.client(opened.request)
    address = AddressInput(
        first_name=values["receiver"],
        last_name="",
        street_address_1=values["street"],
        city=values["city"],
        country_area=values["province"],
        city_area=values["district"],
        postal_code=values["postal_code"] or NO_POSTCODE,
        country="CN",
        phone=values["phone"],
    )
    signed = session.account(opened.request)
    email = signed.email if signed else values["email"]
    if opened.checkout.email != email:
        opened.checkout = shop.set_email(opened.checkout.id, email)
    opened.checkout = shop.set_addresses(opened.checkout.id, address)
    session.keep_receiver(opened.request, {**values, "email": email})


def name_buyer(opened: Opened, name: str, id_number: str, consent_text: str) -> identity.MaskedPerson:
    """Record who orders, then the consent that goes with it."""
    address = opened.checkout.shipping_address
    signed = session.account(opened.request)
    person = identity.name_buyer(
        saleor.api_url(),
        opened.checkout.id,
        name=name,
        id_number=id_number,
        phone=(address.phone or "") if address else "",
        account=signed.user_id if signed else "",
    )
    identity.record_consent(
        opened.checkout.id, "identity", version=notice.VERSION, language=saleor.language(), text=consent_text
    )
    return person


# -- delivery --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryChoice:
    id: str
    name: str
    price: Money
    days: str
    note: str
    chosen: bool


def delivery_choices(opened: Opened) -> list[DeliveryChoice]:
    """Ask Saleor (which asks the logistics plugin) how this box can be sent."""
    current = opened.checkout.delivery
    chosen = current.method.id if current and current.method else ""
    options = saleor.client(opened.request).delivery_options(opened.checkout.id)
    offered = [(option.id, option.method) for option in options if option.method and option.method.active]
    return [
        DeliveryChoice(
            id=delivery_id,
            name=method.name,
            price=method.price,
            days=_days(method.minimum_delivery_days, method.maximum_delivery_days),
            note=method.message or "",
            chosen=method.id == chosen or (not chosen and number == 0),
        )
        for number, (delivery_id, method) in enumerate(offered)
    ]


def _days(least: int | None, most: int | None) -> str:
    if most is None:
        return ""
    if least is None or least == most:
        return ngettext("about %(n)d day", "about %(n)d days", most) % {"n": most}
    return gettext("about %(least)d–%(most)d days") % {"least": least, "most": most}


def set_delivery(opened: Opened, delivery_id: str) -> None:
    opened.checkout = saleor.client(opened.request).set_delivery(opened.checkout.id, delivery_id)


# -- payment ---------------------------------------------------------------------------------------------------


def surroundings(request: HttpRequest) -> str:
    """Tell where the page is shown, so that fitting wallets are offered."""
    agent = request.headers.get("User-Agent", "")
    if "MicroMessenger" in agent:
        return "wechat"
    return "phone" if "Mobile" in agent else "desktop"


def methods(opened: Opened) -> list[PaymentMethod]:
    wanted = PaymentMethodsRequest(
        lane=opened.state.lane,
        amount=opened.checkout.total_price.gross,
        surroundings=surroundings(opened.request),  # type: ignore[arg-type]  # one of the three words
        merchant=opened.state.merchant,
    )
    return registry.ask("payment_methods", request=wanted)


def problems(opened: Opened) -> tuple[Problem, ...]:
    """Run all checks with the buyer named; quota may be held for this person."""
    return checks.problems(opened.state, opened.checkout, opened.buyer())


def begin_payment(opened: Opened, method_id: str, consent_text: str, address: str | None) -> PaymentState:
    """Open a wallet session for a box, once: a repeat finds the one that is open.

    :raises PaymentRefused: no such method, or the wallet company says no
    """
    method = next((one for one in methods(opened) if one.id == method_id), None)
    if method is None:
        raise PaymentRefused(gettext("This way to pay is not open for this box. Choose another."))
    amount = opened.checkout.total_price.gross
    identity.record_consent(
        opened.checkout.id,
        "consumer_notice",
        version=notice.VERSION,
        language=saleor.language(),
        text=consent_text,
    )
    kept = session.payment(opened.request, opened.key)
    attempt = 1
    if kept and kept.checkout == opened.checkout.id:
        attempt = kept.attempt
        if (kept.method, kept.amount) == (method.id, str(amount.amount)) and _state(kept) in {
            "waiting",
            "paid",
        }:
            return kept
        attempt += 1
    try:
        answer = saleor.client(opened.request).transaction_initialize(
            opened.checkout.id,
            method.gateway,
            _data(opened, method),
            amount=amount,
            idempotency_key=_once(opened.checkout.id, method.id, amount, attempt),
            customer_ip=address,
        )
    except SaleorUserError as error:
        # Its text is for developers and in English.
        raise PaymentRefused(gettext("The wallet did not open. Please try again.")) from error
    if answer.event_type and "FAILURE" in str(answer.event_type):
        raise PaymentRefused(answer.event_message or gettext("The wallet did not open. Please try again."))
    state = PaymentState(
        transaction=answer.transaction_id,
        checkout=opened.checkout.id,
        method=method.id,
        method_name=str(method.name),
        amount=str(amount.amount),
        currency=amount.currency,
        attempt=attempt,
    )
    session.keep_payment(opened.request, opened.key, state)
    return state


def _data(opened: Opened, method: PaymentMethod) -> dict[str, str]:
    """Return what the payment plugin wants to know: the address to come back to, and who pays, where it asks."""
    data = dict(method.data)
    if method.data.get("needs_return"):
        data["return_url"] = platform_settings().public_url + reverse("shop:pay", args=[opened.key])
    if method.payer_url and (payer := payer_of(opened.request.session, method.payer_url)):
        data["payer"] = payer
    return data


def unasked(opened: Opened, offered: list[PaymentMethod]) -> str:
    """Return the page that learns who pays, where a way to pay has one that was not asked yet; else empty."""
    here = {"next": opened.request.path}
    for method in offered:
        if method.payer_url and payer_of(opened.request.session, method.payer_url) is None:
            return f"{method.payer_url}?{urlencode(here)}"
    return ""


def _once(checkout_id: str, method: str, amount: Money, attempt: int) -> str:
    """Name an attempt, so that a double tap is the same attempt."""
    return hashlib.sha256(f"{checkout_id}|{method}|{amount}|{attempt}".encode()).hexdigest()[:32]


def wallet(transaction: str) -> PaymentSession | None:
    answer: PaymentSession | None = registry.ask_first("payment_session", reference=transaction)
    return answer


def _state(kept: PaymentState) -> str:
    found = wallet(kept.transaction)
    return found.state if found else "waiting"


def pay_page(request: HttpRequest, key: str, kept: PaymentState) -> PayPage:
    """Gather the page that waits for a wallet; completes the order when the money is there."""
    found = wallet(kept.transaction)
    state = found.state if found else "waiting"
    if state == "paid" and not kept.order:
        complete(request, key, kept)
    named = identity.masked_of_checkout(saleor.api_url(), kept.checkout)
    return PayPage(
        key=key,
        state=state,
        amount=found.amount if found else Money(kept.amount, kept.currency),  # type: ignore[arg-type]  # Money takes str
        method_name=kept.method_name,
        qr_svg=qr_svg(found.qr) if found and found.qr else "",
        link=found.redirect_url if found else "",
        invoke=json.dumps(dict(found.invoke)) if found and found.invoke else "",
        stand_in=_stand_in(found),
        expires_at=found.expires_at if found else None,
        payer=named.name if named else "",
        message=found.message if found else "",
    )


def _stand_in(found: PaymentSession | None) -> str:
    """Return the sandbox's "phone" in a demonstration, where nobody can scan the code; empty in production."""
    code = found.qr if found and not found.redirect_url else ""
    return code if settings.PONTE_DEMO and code.startswith(("http://", "https://")) else ""


def complete(request: HttpRequest, key: str, kept: PaymentState) -> str:
    """Turn a paid checkout into its order; safe to repeat, empty while Saleor has not heard of the money."""
    try:
        order = saleor.client(request).complete(kept.checkout)
    except (SaleorUserError, TransientError):
        # Saleor hears of the money by its own way and order completion is repeated at the next look.
        return ""
    except PermanentError:
        return ""
    kept.order = order.id
    session.keep_payment(request, key, kept)
    session.keep_order(request, order.id)
    session.drop_box(request, key)
    return str(order.id)


def qr_svg(text: str) -> str:
    """Draw a QR code as inline SVG without styles, so that the policy of the pages allows it."""
    return segno.make(text, error="m", micro=False).svg_inline(
        border=0, omitsize=True, lineclass=None, svgclass=None
    )
