"""Stripe as a gateway of the plugin: the adapter over mapper and client. It never declares to customs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import stripe

from ..port import (
    Capabilities,
    DisputeSnapshot,
    GatewayRefused,
    GatewayUnavailable,
    NotifyKind,
    NotifyRefused,
    PaymentSnapshot,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundSnapshot,
    StartFailed,
    StartRequest,
    StartResult,
    StatementLine,
    Surroundings,
)
from ..reading import kept, text
from . import mapper, signing
from .client import KEPT_HEADERS, StripeClient
from .facts import Movement, StripeNotify
from .mapper import Merchant
from .signing import Stamp

if TYPE_CHECKING:
    from stripe.params import DisputeListParams, RefundListParams

#: The window within which a notification's stamp must lie, either way.
REPLAY_WINDOW = timedelta(seconds=300)
#: What Stripe answers for an id it does not know.
NOT_FOUND = "resource_missing"
#: Our own code for a session that cannot be closed because it was completed.
COMPLETED = "session_completed"
#: Our own code for a refund number that was used with another amount.
OTHER_REFUND = "refund_no_reused"
_SESSION_EXPAND = ["payment_intent.latest_charge"]
#: The most a list call returns.
PAGE = 100

#: Tells Stripe's id of what an operation (start, refund) made under our number; "" where no answer was kept.
KnownId = Callable[[str, str], str]


def capabilities(merchant: Merchant, currencies: Iterable[str]) -> Capabilities:
    """State what an account can do; its shortest refund window counts for all of its methods.

    No public document of Stripe's offers a customs payment record, so it declares nothing, whatever the method.
    Inside WeChat's browser Checkout shows a code that the same phone would have to scan: there only other
    methods help.
    """
    inside_wechat = set(merchant.methods) - {"wechat_pay"}
    return Capabilities(
        can_declare_customs=False,
        pay_code="",
        pay_name="",
        targets=(),
        currencies=frozenset(currencies),
        surroundings=frozenset(Surroundings)
        if inside_wechat
        else frozenset(Surroundings) - {Surroundings.WECHAT},
        refund_window=timedelta(days=min(mapper.REFUND_DAYS[method] for method in merchant.methods)),
        declare_window=timedelta(0),
        needs_return=True,
    )


class StripeGateway:
    """One account at Stripe; implements Gateway, StatementSource and DisputeSource, deliberately not CustomsDeclarer.

    The port names a payment only by our number, Stripe only by its own. ``known`` gives the id out of the kept
    answer that made the session. Where that answer was lost, sessions are listed: lists are complete at once,
    Stripe's search by metadata is not, and repeating the creation needs parameters that nobody holds any more and
    works for a day only.
    """

    identifier = "stripe"
    icon = "card"
    #: Stripe books at once; the hour is for its own clock.
    statement_hour = 1
    settles_by_line = True

    def __init__(
        self,
        account: str,
        merchant: Merchant,
        client: StripeClient,
        capabilities: Capabilities,
        *,
        known: KnownId,
        clock: Callable[[], datetime],
    ) -> None:
        self.account = account
        self.merchant = merchant
        self.client = client
        self.capabilities = capabilities
        self._known, self._clock = known, clock

    @property
    def merchant_account(self) -> str:
        return self.merchant.mchid

    @property
    def app_id(self) -> str:
        return ""

    def close_connections(self) -> None:
        self.client.close()

    def probe(self) -> str:
        """Ask for the latest session: the key is checked by it."""
        with self.client.call("probe", "") as api:
            api.v1.checkout.sessions.list({"limit": 1})
        return f"{self.merchant.mchid}, {'live' if self.client.credentials.live else 'test'}"

    # -- payments

    def start(self, request: StartRequest) -> StartResult:
        """Open a hosted page; repeated with the same request it is the same page."""
        if not request.return_url:
            return StartFailed("no_return_url", "Stripe's page needs an address to send the buyer back to")
        try:
            with self.client.call("start", request.out_trade_no) as api:
                made = api.v1.checkout.sessions.create(
                    params=mapper.session(request, self.merchant),
                    options={"idempotency_key": request.out_trade_no},
                )
        except GatewayRefused as refused:
            return StartFailed(refused.code, refused.message)
        return Redirect(made.url) if made.url else StartFailed("no_url", "the answer names no page to go to")

    def query(self, out_trade_no: str) -> PaymentSnapshot:
        """Ask for a payment; one that Stripe never saw counts as not paid yet."""
        found = self._session(out_trade_no)
        if found is None:
            return PaymentSnapshot(out_trade_no, PaymentState.PENDING, self.merchant.mchid, detail=NOT_FOUND)
        return mapper.payment(found, self.merchant)

    def close(self, out_trade_no: str) -> None:
        """Expire the session; raise ``GatewayRefused`` where it was completed."""
        found = self._session(out_trade_no)
        if found is None or text(found, "status") == "expired":
            return
        try:
            with self.client.call("close", out_trade_no) as api:
                api.v1.checkout.sessions.expire(text(found, "id"))
        except GatewayRefused as refused:
            # Between the two calls it may have been paid, or have expired by itself.
            again = self._session(out_trade_no)
            if again is None or text(again, "status") != "expired":
                raise GatewayRefused(refused.message, code=COMPLETED) from refused

    def _session(self, out_trade_no: str) -> Mapping[str, Any] | None:
        """Return the session with intent and charge, or None if there is none of that number."""
        found = self._known("start", out_trade_no) or self._listed_session(out_trade_no)
        if not found:
            return None
        with self.client.call("query", out_trade_no) as api:
            return _plain(api.v1.checkout.sessions.retrieve(found, {"expand": _SESSION_EXPAND}))

    def _listed_session(self, out_trade_no: str) -> str:
        since = int((self._clock() - mapper.LOOK_BACK).timestamp())
        with self.client.call("find", out_trade_no) as api:
            listed = api.v1.checkout.sessions.list({"created": {"gte": since}, "limit": PAGE})
            for one in listed.auto_paging_iter():
                if one.client_reference_id == out_trade_no:
                    return one.id
        return ""

    # -- refunds

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        """Give money back, once per number.

        Stripe forgets idempotency keys after a day, so the payment's refunds are looked at first.

        :raises GatewayRefused: also when the number stands for another amount already
        """
        earlier = self._listed_refund(request.refund_no, {"payment_intent": request.gateway_ref})
        if earlier is not None:
            made_before = mapper.refund_snapshot(earlier)
            if made_before.amount != request.amount:
                raise GatewayRefused(f"Stripe: {request.refund_no} is another refund", code=OTHER_REFUND)
            return made_before
        with self.client.call("refund", request.refund_no) as api:
            made = api.v1.refunds.create(
                params=mapper.refund(request), options={"idempotency_key": request.refund_no}
            )
        return mapper.refund_snapshot(_plain(made))

    def query_refund(self, refund_no: str) -> RefundSnapshot:
        known = self._known("refund", refund_no)
        if known:
            with self.client.call("query_refund", refund_no) as api:
                return mapper.refund_snapshot(_plain(api.v1.refunds.retrieve(known)))
        since = int((self._clock() - mapper.LOOK_BACK).timestamp())
        found = self._listed_refund(refund_no, {"created": {"gte": since}})
        if found is None:
            raise GatewayRefused("Stripe: no such refund", code=NOT_FOUND)
        return mapper.refund_snapshot(found)

    def _listed_refund(self, refund_no: str, within: RefundListParams) -> Mapping[str, Any] | None:
        with self.client.call("find", refund_no) as api:
            listed = api.v1.refunds.list({**within, "limit": PAGE})
            for one in listed.auto_paging_iter():
                if text(mapper.inner(_plain(one), "metadata"), mapper.REFUND_NO) == refund_no:
                    return _plain(one)
        return None

    # -- disputes and statement

    def disputes(self, gateway_ref: str) -> list[DisputeSnapshot]:
        """Return the disputes of a payment, newest first; wallets know none."""
        return self._disputes(gateway_ref, {"payment_intent": gateway_ref})

    def disputes_since(self, since: datetime) -> list[DisputeSnapshot]:
        """Return all disputes opened since an instant, newest first."""
        return self._disputes(since.isoformat(), {"created": {"gte": int(since.timestamp())}})

    def _disputes(self, reference: str, within: DisputeListParams) -> list[DisputeSnapshot]:
        with self.client.call("disputes", reference) as api:
            listed = api.v1.disputes.list({**within, "limit": PAGE})
            return [mapper.dispute(_plain(one)) for one in listed.auto_paging_iter()]

    def statement(self, day: date) -> Sequence[StatementLine]:
        """Tell what was booked on a day, oldest first."""
        return [mapper.booked(one) for one in reversed(list(self.movements(day)))]

    def movements(self, day: date) -> Iterator[Movement]:
        """Read every movement of the balance on a day of China Standard Time, newest first."""
        since, until = mapper.day_bounds(day)
        with self.client.call("statement", day.isoformat()) as api:
            listed = api.v1.balance_transactions.list(
                {"created": {"gte": since, "lt": until}, "limit": PAGE, "expand": ["data.source"]}
            )
            lines = [mapper.movement(_plain(one)) for one in listed.auto_paging_iter()]
        return iter(lines)

    # -- notifications

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return kept(headers, KEPT_HEADERS)

    def notify_answer(self, refusal: str = "") -> dict[str, Any]:
        return {"error": refusal} if refusal else {"received": True}

    def parse_notify(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> StripeNotify:
        self._check_stamp(headers, raw, now)
        try:
            event = json.loads(raw)
            notify_id, event_type, data = event["id"], event["type"], event["data"]["object"]
        except (ValueError, KeyError, TypeError) as error:
            raise NotifyRefused("the notification is not of the known shape", code="malformed") from error
        if (
            not (isinstance(notify_id, str) and isinstance(event_type, str) and isinstance(data, dict))
            or not notify_id
        ):
            raise NotifyRefused("the notification is not of the known shape", code="malformed")
        # Test and live events of one account may reach the same address; another account's name stands in "account".
        if event.get("livemode") is not self.client.credentials.live:
            raise NotifyRefused("the notification is of the other mode", code="other_account")
        if event.get("account") not in (None, self.merchant.mchid):
            raise NotifyRefused("the notification is for another merchant account", code="other_account")
        try:
            return self._notice(notify_id, event_type, data)
        except GatewayUnavailable as error:
            raise NotifyRefused(error.message, code="malformed") from error

    def _notice(self, notify_id: str, event_type: str, data: Mapping[str, Any]) -> StripeNotify:
        """Say what an event is about; one of an object that others made, in the dashboard say, is OTHER."""
        kind = mapper.notify_kind(event_type)
        trade_no, refund_no = (
            mapper.trade_no(data),
            text(mapper.inner(data, "metadata"), mapper.REFUND_NO),
        )
        if kind is NotifyKind.PAYMENT and trade_no:
            return StripeNotify(notify_id, kind, trade_no, event_type=event_type)
        if kind is NotifyKind.REFUND and refund_no:
            return StripeNotify(
                notify_id, kind, "", refund_no, refund=mapper.refund_snapshot(data), event_type=event_type
            )
        intent = mapper.reference(data.get("payment_intent"))
        if kind is NotifyKind.DISPUTE and intent:
            return StripeNotify(notify_id, kind, "", gateway_ref=intent, event_type=event_type)
        return StripeNotify(notify_id, NotifyKind.OTHER, "", event_type=event_type)

    def _check_stamp(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> None:
        header = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
        if not header:
            raise NotifyRefused("the notification is not signed", code="unsigned")
        stamp = Stamp.read(header)
        # An empty secret would let anybody sign.
        secret = self.client.credentials.webhook_secret
        if stamp is None or not secret or not signing.holds(stamp, raw, secret):
            raise NotifyRefused("the notification's signature does not hold", code="bad_signature")
        if abs(now - stamp.moment) > REPLAY_WINDOW:
            raise NotifyRefused("the notification is too old or from the future", code="stale")


def _plain(made: stripe.StripeObject) -> dict[str, Any]:
    return made.to_dict()
