"""Answers to Saleor's synchronous payment webhooks.

A session answers CHARGE_ACTION_REQUIRED until the gateway itself says that the money came: Saleor counts
pending charges as paid on a checkout, so CHARGE_REQUEST would let unpaid orders through.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PonteError
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import WebhookContext, platform

from . import gateways, guard, lanes, offers, refunds, sessions, settling
from .models import PaymentSession
from .port import Gateway, GatewayUnavailable, Surroundings
from .sessions import Opening, SessionRefused

log = logging.getLogger(__name__)

State = PaymentSession.State
#: A person's name at a company (WeChat: openid).
_PAYER = re.compile(r"[0-9A-Za-z_-]{6,128}")


def gateway_initialize(
    context: WebhookContext,  # handlers of all webhooks are called alike
    payload: Mapping[str, Any],
) -> dict[str, Any]:
    """Say which wallets can pay for this checkout."""
    fitting = offers.of(offers.Wish(_lane(payload), merchant=_merchant(payload)))
    return {"data": {"methods": [gateway.identifier for gateway in fitting]}}


def initialize(context: WebhookContext, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Open a payment, or find it again when Saleor repeats the call."""
    try:
        opening = _opening(context, payload)
        _require_buyer(opening)
        if not sessions.is_open(opening):
            guard.check(context, payload, opening.lane)
        session = sessions.open_session(opening, _gateway(payload, opening))
    except (SessionRefused, gateways.NotConfigured) as error:
        return _failure(payload, error.message)
    except GatewayUnavailable as error:
        log.warning("opening a payment failed: %s", error.message)
        return _failure(payload, _("The wallet cannot be reached just now. Please try again."))
    return answer(session)


def process(context: WebhookContext, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Look whether the money came; the buyer's page asks this while it shows the code."""
    session = PaymentSession.objects.filter(
        api_url=context.api_url, transaction_id=payload["transaction"]["id"]
    ).first()
    if session is None:
        return _failure(payload, _("This payment is not known here."))
    if session.state == State.WAITING:
        try:
            settling.settle({"session": str(session.pk)})
        except PonteError as error:
            log.warning("asking for %s failed: %s", session.out_trade_no, error.message)
        session.refresh_from_db()
    return answer(session)


def refund(context: WebhookContext, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Take a refund on; its result is reported when the gateway knows it."""
    session = _session(context, payload)
    if session is None:
        return {"result": "REFUND_FAILURE", "message": _("This payment is not known here.")}
    amount = _amount(payload)
    reason = ((payload.get("grantedRefund") or {}).get("reason") or "")[:80]
    try:
        taken = refunds.request(session, amount, refunds.dedupe_key(payload), reason)
    except refunds.RefundRefused as error:
        return {"result": "REFUND_FAILURE", "message": error.message}
    return {"pspReference": taken.refund_no}


def cancel(context: WebhookContext, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Give up a payment nobody made. The gateway closes young orders only after some minutes, so
    the answer comes later as a report; money that arrives before counts and cannot be cancelled.
    """
    session = _session(context, payload)
    if session is None:
        return {"result": "CANCEL_FAILURE", "message": _("This payment is not known here.")}
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        if session.state in (State.PAID, State.SUSPECT):
            return {"result": "CANCEL_FAILURE", "message": _("The money has come: refund it instead.")}
        if session.state in (State.NEW, State.FAILED, State.CLOSED):
            return {
                "result": "CANCEL_SUCCESS",
                "pspReference": session.out_trade_no,
                "amount": str(session.amount),
            }
        if session.cancel_requested_at is None:
            session.cancel_requested_at = clock.now()
            session.next_poll_at = clock.now()
            session.save(update_fields=["cancel_requested_at", "next_poll_at"])
            audit.record(
                "payment.cancel_requested", sessions.OBJECT, session.pk, out_trade_no=session.out_trade_no
            )
    return {"pspReference": session.out_trade_no}


def answer(session: PaymentSession) -> dict[str, Any]:
    """Say in Saleor's words how a session stands."""
    common: dict[str, Any] = {
        "amount": str(session.amount),
        "time": _now(),
        "paymentMethodDetails": _method(session),
    }
    if session.state == State.PAID:
        return {
            **common,
            "result": "CHARGE_SUCCESS",
            "pspReference": session.gateway_ref,
            "actions": ["REFUND"],
            "data": page_data(session),
        }
    if session.state == State.WAITING and session.expires_at > clock.now():
        return {
            **common,
            "result": "CHARGE_ACTION_REQUIRED",
            "actions": ["CANCEL"],
            "data": page_data(session),
        }
    return {
        **common,
        "result": "CHARGE_FAILURE",
        "message": failure_text(session),
        "actions": [],
        "data": page_data(session),
    }


def _method(session: PaymentSession) -> dict[str, str]:
    return {"type": "OTHER", "name": settling.title(session)}


def page_data(session: PaymentSession) -> dict[str, Any]:
    """What the shop's payment page shows; no secrets."""
    return {
        "method": session.gateway,
        "state": session.state,
        "code_url": session.code_url,
        "redirect_url": session.redirect_url,
        "invoke": session.invoke,
        "expires_at": session.expires_at.isoformat(timespec="seconds"),
        "reference": session.transaction_id,
        "order_number": session.out_trade_no,
    }


def failure_text(session: PaymentSession) -> str:
    """Tell the buyer why there is nothing to pay, without the gateway's own words."""
    if session.state == State.SUSPECT:
        return _("The payment does not match the order. Our staff look at it; please do not pay again.")
    if session.cancel_requested_at:
        return _("The payment was cancelled.")
    if session.state in (State.CLOSED, State.WAITING):
        return _("The time to pay is over. Please start again.")
    return _("The wallet refused to start the payment. Please try again or choose another way to pay.")


def _failure(payload: Mapping[str, Any], message: str) -> dict[str, Any]:
    return {
        "result": "CHARGE_FAILURE",
        "amount": str(payload["action"]["amount"]),
        "message": message,
        "time": _now(),
        "actions": [],
        "data": {"state": "failed", "message": message},
    }


def _opening(context: WebhookContext, payload: Mapping[str, Any]) -> Opening:
    source = payload.get("sourceObject") or {}
    is_checkout = source.get("__typename") == "Checkout"
    data = _data(payload)
    surroundings = str(data.get("surroundings") or Surroundings.DESKTOP)
    if surroundings not in set(Surroundings):
        raise SessionRefused(_("Unknown surroundings of the buyer."))
    return Opening(
        api_url=context.api_url,
        transaction_id=payload["transaction"]["id"],
        amount=_amount(payload),
        checkout_id=source.get("id", "") if is_checkout else "",
        order_id="" if is_checkout else source.get("id", ""),
        lane=_lane(payload),
        surroundings=Surroundings(surroundings),
        client_ip=str(payload.get("customerIpAddress") or ""),
        return_url=_own_url(data.get("return_url")),
        payer=_payer(data.get("payer")),
    )


def _require_buyer(opening: Opening) -> None:
    """Take no money for goods that are declared in a person's name while nobody is named.

    The shop has asked before; Saleor's own API is open to everybody.
    """
    if not (opening.checkout_id and lanes.needs_identity(opening.lane)):
        return
    if platform().buyer_of_checkout(opening.api_url, opening.checkout_id) is None:
        raise SessionRefused(
            _("Name the person who orders first: customs need a real name and resident ID number.")
        )


def _gateway(payload: Mapping[str, Any], opening: Opening) -> Gateway:
    """Return the account that a payment was begun on, else the one that is offered for it now."""
    begun = PaymentSession.objects.filter(
        api_url=opening.api_url, transaction_id=opening.transaction_id
    ).first()
    wanted = str(_data(payload).get("method") or (begun.gateway if begun else "wechat"))
    if begun is not None and begun.gateway == wanted:
        return gateways.gateway(begun.gateway, begun.account)
    wish = offers.Wish(opening.lane, opening.amount, opening.surroundings, _merchant(payload))
    for candidate in offers.of(wish):
        if candidate.identifier == wanted:
            return candidate
    raise SessionRefused(offers.why_not(wanted, wish))


def _merchant(payload: Mapping[str, Any]) -> str:
    """Return whose goods a checkout holds, by the listings: its metadata is open to the buyer."""
    lines = (payload.get("sourceObject") or {}).get("lines") or []
    skus = {str((line.get("variant") or {}).get("sku") or "") for line in lines} - {""}
    sellers = {facts.merchant for facts in platform().recent_facts(skus).values()} if skus else set()
    return sellers.pop() if len(sellers) == 1 else ""


def _amount(payload: Mapping[str, Any]) -> Money:
    """Read the amount Saleor asks about; JSON numbers are read by their text, never as float."""
    action = payload["action"]
    return Money(Decimal(str(action["amount"])), action["currency"])


def _session(context: WebhookContext, payload: Mapping[str, Any]) -> PaymentSession | None:
    transaction_id = (payload.get("transaction") or {}).get("id")
    return PaymentSession.objects.filter(api_url=context.api_url, transaction_id=transaction_id).first()


def _data(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    data = payload.get("data")
    return data if isinstance(data, Mapping) else {}


def _lane(payload: Mapping[str, Any]) -> str:
    source = payload.get("sourceObject") or {}
    return next((e["value"] for e in source.get("metadata") or [] if e.get("key") == "ponte.lane"), "")


def _payer(value: object) -> str:
    """Keep a name of a person at a company as far as it can be one."""
    return value if isinstance(value, str) and _PAYER.fullmatch(value) else ""


def _own_url(value: object) -> str:
    """Keep a return address only if it is ours: the wallet would send buyers anywhere."""
    if not isinstance(value, str):
        return ""
    ours, asked = urlsplit(platform_settings().public_url), urlsplit(value)
    return value if (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc) else ""


def _now() -> str:
    """Sub-second, because Saleor orders a success and a failure of one reference by this time."""
    return clock.now().isoformat(timespec="microseconds")
