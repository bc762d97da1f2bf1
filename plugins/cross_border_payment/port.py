"""The gateway port: what a payment company must be able to do, in the plugin's own words.

An adapter speaks one company's wire protocol and knows nothing of Saleor, orders or the
database. Everything it returns is a snapshot of what the company says; what follows from it is
decided in the state machines of this plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.money import Money


class Surroundings(StrEnum):
    """Where the buyer stands when paying; it decides between a QR code and a jump to the wallet."""

    DESKTOP = "desktop"
    PHONE = "phone"
    WECHAT = "wechat"


class PaymentState(StrEnum):
    """What the gateway says of a payment."""

    PENDING = "PENDING"
    PAID = "PAID"
    CLOSED = "CLOSED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class RefundState(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CLOSED = "CLOSED"


class DeclarationState(StrEnum):
    """Where the customs payment record stands, in the order a good one passes through."""

    UNDECLARED = "UNDECLARED"
    SUBMITTED = "SUBMITTED"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    EXCEPT = "EXCEPT"


class Identity(StrEnum):
    """Whether the buyer we named is the person whose wallet paid."""

    UNCHECKED = "UNCHECKED"
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"


class VerifyDepartment(StrEnum):
    """The clearing house that can confirm the payment; "" until the gateway tells."""

    NONE = ""
    UNIONPAY = "UNIONPAY"
    NETSUNION = "NETSUNION"
    OTHERS = "OTHERS"

    @property
    def ver_dept(self) -> str:
        """Return the one-digit code of the customs data interface (announcements 165 and 179)."""
        return {"UNIONPAY": "1", "NETSUNION": "2", "OTHERS": "3"}.get(self.value, "")


@dataclass(frozen=True, slots=True)
class CustomsTarget:
    """One customs office a payment is declared to, with our registration there."""

    customs: str
    merchant_customs_no: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a gateway can do; payment methods are offered by these, never by the gateway's name."""

    can_declare_customs: bool
    pay_code: str
    pay_name: str
    targets: tuple[CustomsTarget, ...]
    currencies: frozenset[str]
    surroundings: frozenset[Surroundings]
    refund_window: timedelta
    declare_window: timedelta
    #: An order may not be closed at the gateway before this age.
    close_after: timedelta = timedelta(0)
    partial_refunds: bool = True
    #: Its page cannot open without an address of ours to come back to.
    needs_return: bool = False
    #: Inside its own browser the wallet opens by itself, for a payer whose name there is known.
    invokes: bool = False
    #: Between which amounts it is offered, in any of its currencies; None: no bound.
    lowest: Decimal | None = None
    highest: Decimal | None = None
    #: Where its payers' wallets or cards are from, ISO 3166 alpha-2; empty: anywhere.
    payer_countries: frozenset[str] = frozenset()
    #: What it pays out in; empty: what was charged.
    settles_in: frozenset[str] = frozenset()
    #: Whether it can pay parts of a payment out to others than the account's owner.
    splits: bool = False


@dataclass(frozen=True, slots=True)
class StartRequest:
    out_trade_no: str
    amount: Money
    description: str
    notify_url: str
    return_url: str
    client_ip: str
    surroundings: Surroundings
    expires_at: datetime
    #: The payer's name at the company, where it is known; the same whenever the order is repeated.
    payer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShowQr:
    """The buyer scans ``code_url`` with the wallet."""

    code_url: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The buyer's browser goes to ``url``, which opens the wallet."""

    url: str


@dataclass(frozen=True, slots=True)
class Invoke:
    """The wallet's own browser opens it with these values, by the function that the company documents."""

    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StartFailed:
    code: str
    message: str


StartResult = ShowQr | Redirect | Invoke | StartFailed


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """A payment as the gateway sees it at one moment. ``gateway_ref`` is empty until it is paid."""

    out_trade_no: str
    state: PaymentState
    merchant_account: str
    app_id: str = ""
    gateway_ref: str = ""
    amount: Money | None = None
    paid_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    refund_no: str
    gateway_ref: str
    amount: Money
    paid: Money
    reason: str = ""
    notify_url: str = ""


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    refund_no: str
    state: RefundState
    gateway_ref: str = ""
    amount: Money | None = None
    finished_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Real name and resident ID of the buyer; never printed, not even by ``repr``."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeclarationRequest:
    out_trade_no: str
    gateway_ref: str
    target: CustomsTarget


@dataclass(frozen=True, slots=True)
class DeclarationSnapshot:
    """A customs payment record as the gateway sees it.

    ``identity`` is None when the answer does not speak of it, which is not the same as UNCHECKED.
    """

    state: DeclarationState
    identity: Identity | None = None
    verify_department: VerifyDepartment = VerifyDepartment.NONE
    verify_number: str = ""
    explanation: str = ""
    modified_at: datetime | None = None


class DisputeState(StrEnum):
    """Where a dispute stands. Only some states move money: an inquiry asks first and takes nothing."""

    INQUIRY = "inquiry"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    #: Over without money having moved: an inquiry that was answered.
    CLOSED = "closed"
    #: A word of the company that nobody here knows; nothing follows from it.
    OTHER = "other"

    @property
    def took_money(self) -> bool:
        """Whether the bank took the money at some time; won means that it came back."""
        return self in (self.NEEDS_RESPONSE, self.UNDER_REVIEW, self.WON, self.LOST)

    @property
    def is_over(self) -> bool:
        return self in (self.WON, self.LOST, self.CLOSED)


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A card holder's bank takes a payment back. ``word`` is the company's own name of the state.

    Evidence is wanted until ``due_by``; amounts are in the currency of the payment.
    """

    dispute_id: str
    gateway_ref: str
    state: DisputeState
    word: str
    reason: str
    amount: Money
    opened_at: datetime | None = None
    due_by: datetime | None = None


class NotifyKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class VerifiedNotify:
    """A notification whose signature, age and sealed content were all good.

    It still proves nothing about our order: the gateway is asked before money counts.
    """

    notify_id: str
    kind: NotifyKind
    out_trade_no: str
    refund_no: str = ""
    #: The company's number of a disputed payment.
    gateway_ref: str = ""
    payment: PaymentSnapshot | None = None
    refund: RefundSnapshot | None = None


class NotifyRefused(PermanentError):
    """A notification that must not be believed; ``code`` says which check failed."""

    code = "notify_refused"


class GatewayRefused(PermanentError):
    """The gateway understood us and said no; ``code`` is the gateway's own error code."""

    code = "gateway_refused"


class GatewayUnavailable(TransientError):
    """No usable answer: a time-out, a 5xx, an answer whose signature does not hold."""

    code = "gateway_unavailable"


class StatementMissing(TransientError):
    """The company has no statement of that day, or not yet."""

    code = "statement_missing"


class StatementKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    #: Paid out to our bank, and come back because the bank did not take it.
    SETTLEMENT = "settlement"
    RETURNED = "returned"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement on a company's statement; ``amount`` is never negative, the kind says which way it went.

    ``reference`` is the company's number of the movement. ``fee`` is what the company took for it, negative where it
    gave back; ``settled`` is what the movement counts for in the currency that the account is paid out in.
    """

    kind: StatementKind
    reference: str
    at: datetime
    amount: Money
    out_trade_no: str = ""
    refund_no: str = ""
    fee: Money | None = None
    settled: Money | None = None
    rate: Decimal | None = None


class WireKind(StrEnum):
    REQUEST = "request"
    ANSWER = "answer"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class WireEntry:
    """Bytes as they went over the wire, with the headers that prove who sent them."""

    kind: WireKind
    operation: str
    reference: str
    body: bytes = field(repr=False)
    url: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


#: Keeps every exchange; called before an answer is acted upon.
WireRecorder = Callable[[WireEntry], None]


@runtime_checkable
class Gateway(Protocol):
    """One account at one payment company."""

    #: The company's, as in ``companies``; ``icon`` is its wallet's sign.
    identifier: str
    icon: str
    account: str
    capabilities: Capabilities

    @property
    def merchant_account(self) -> str:
        """Return our number there: money for another one is not ours."""

    @property
    def app_id(self) -> str:
        """Return the app that payments belong to, empty where there are none."""

    def close_connections(self) -> None:
        """Let go of the network."""

    def probe(self) -> str:
        """Ask for something harmless that needs our keys; return what to tell an operator."""

    def start(self, request: StartRequest) -> StartResult:
        """Open a payment; the same ``out_trade_no`` may be sent again after a lost answer."""

    def query(self, out_trade_no: str) -> PaymentSnapshot:
        """Ask what became of a payment: the only source from which money counts."""

    def close(self, out_trade_no: str) -> None:
        """Stop a payment that nobody made; raise ``GatewayRefused`` where it was paid after all."""

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        """Give money back; the same ``refund_no`` never pays out twice."""

    def query_refund(self, refund_no: str) -> RefundSnapshot: ...

    def parse_notify(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> VerifiedNotify:
        """Verify a notification over its raw bytes; raise ``NotifyRefused`` naming the failed check."""

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that prove who sent a notification."""

    def notify_answer(self, refusal: str = "") -> dict[str, Any]:
        """Return the JSON that a notification is answered with, taken or refused."""


@runtime_checkable
class CustomsDeclarer(Protocol):
    """The part of a gateway that is a payment enterprise registered with China Customs."""

    def declare(self, request: DeclarationRequest) -> DeclarationSnapshot: ...

    def verify_identity(self, request: DeclarationRequest, buyer: Buyer) -> DeclarationSnapshot:
        """Compare the buyer with the wallet's real-named owner; a declaration must exist already."""

    def query_declaration(self, request: DeclarationRequest) -> DeclarationSnapshot: ...

    def redeclare(self, request: DeclarationRequest) -> DeclarationSnapshot:
        """Push a record again that customs lost; allowed from SUCCESS and EXCEPT only."""


@runtime_checkable
class StatementSource(Protocol):
    """The part of a gateway that tells day by day what it booked."""

    #: From this hour of the day after, in China, a day's statement should be there.
    statement_hour: int
    #: Whether ``settled`` of a line is what the account's balance changed by, fees apart; then it is booked.
    settles_by_line: bool

    def statement(self, day: date) -> Sequence[StatementLine]:
        """Fetch what was booked on a day of China; ``StatementMissing`` where there is nothing yet."""


@runtime_checkable
class DisputeSource(Protocol):
    """The part of a gateway whose payments a bank can take back."""

    def disputes(self, gateway_ref: str) -> Sequence[DisputeSnapshot]:
        """Ask for the disputes of a payment, newest first."""

    def disputes_since(self, since: datetime) -> Sequence[DisputeSnapshot]:
        """Ask for all disputes that were opened since an instant, newest first."""


@runtime_checkable
class DeclaringGateway(Gateway, CustomsDeclarer, Protocol):
    """A gateway whose payments can be declared."""
