"""The values that cross the border between the platform and plugins: frozen, typed, free of ORM objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from saleor_ext.core.money import Money

#: Text that may be a gettext lazy string.
Text = Any


# -- lanes, merchants, listings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """A way goods reach the buyer, with what it demands."""

    code: str
    name: Text
    promise: Text
    icon: str
    #: A payment record of a declaring, PRC-licensed payment company is needed.
    needs_payment_declaration: bool
    #: The buyer's real name and resident ID number are needed.
    needs_identity: bool
    #: Goods lie in a bonded book before they are sold.
    needs_bonded_stock: bool
    #: Countries (ISO 3166-1 alpha-2) that the lane delivers to.
    delivers_to: tuple[str, ...]
    #: Whether orders can be placed now; a lane may be shown before it can carry.
    open: bool = True


@dataclass(frozen=True, slots=True)
class MerchantView:
    """A merchant as plugins see it; ``customs_code``/``customs_name`` are the ebcCode and ebcName of CEB messages."""

    slug: str
    name: str
    customs_code: str
    customs_name: str


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """What the platform knows of one article. Weights in grams; quantities per piece sold.

    ``unit``, ``unit1``, ``unit2`` are customs unit codes (3 digits); ``origin`` a customs country code (3 digits);
    ``qty1``/``qty2`` the legal quantities of one piece; ``content`` the ml or g of one piece where a tax
    threshold is set per ml or g.
    """

    sku: str
    name: str
    merchant: str
    lane: str
    warehouse: str
    hs_code: str
    gmodel: str
    origin: str
    unit: str
    unit1: str
    qty1: Decimal
    net_g: int
    gross_g: int
    barcode: str = ""
    unit2: str = ""
    qty2: Decimal | None = None
    content: Decimal | None = None
    item_record_no: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class ListingView:
    """A listing under edit: its lane and articles, for the question what is still missing."""

    reference: str
    merchant: MerchantView
    lane: str
    warehouse: str
    category: str
    variants: tuple[VariantFacts, ...]
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the checklist "what Nansha still needs"; ``met`` or with what to do."""

    code: str
    title: Text
    met: bool
    todo: Text = ""
    #: Field of the listing form that mends it, e.g. ``hs_code``; with ``sku`` when it is one variant's.
    field: str = ""
    sku: str = ""


# -- before the order ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A delivery address; ``phone`` in E.164 or national form, ``country`` ISO alpha-2."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    postal_code: str = ""
    country: str = "CN"

    @property
    def line(self) -> str:
        """The address in one line, as waybill and declaration must spell it alike."""
        return f"{self.province}{self.city}{self.district}{self.street}"


@dataclass(frozen=True, slots=True)
class OrderDraftLine:
    facts: VariantFacts
    quantity: int
    #: Net price of one piece, before tax.
    unit_price: Money


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders, without the ID number: ``index`` is the blind index that quotas are kept by."""

    reference: str
    masked_name: str
    index: str


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A box of the basket before payment: one merchant, lane and warehouse."""

    checkout_id: str
    merchant: str
    lane: str
    warehouse: str
    lines: tuple[OrderDraftLine, ...]
    freight: Money
    address: Address | None
    buyer: Buyer | None


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A line of a checkout as Saleor tells it; ``unit_price`` is net of tax."""

    sku: str
    quantity: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """A checkout as a webhook of Saleor describes it: what an order is checked by before it is paid.

    ``lane`` is what the checkout says of itself, which anybody may write.
    """

    api_url: str
    checkout_id: str
    lane: str
    lines: tuple[CheckoutLine, ...]
    freight: Money
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a box cannot be ordered (``blocking``) or what the buyer should know; shown before payment."""

    code: str
    message: Text
    #: What the buyer can do about it.
    remedy: Text = ""
    #: Form field it belongs to: ``name``, ``id_number``, ``address``, ``lines``, or empty.
    field: str = ""
    #: The rule and its source with date.
    source: Text = ""
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    lane: str
    warehouse: str
    address: Address | None
    grams: int
    value: Money
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True)
class DeliveryOption:
    """One way to deliver; ``id`` is short and stable, days are working days from payment."""

    id: str
    name: Text
    price: Money
    earliest_days: int
    latest_days: int
    description: Text = ""


@dataclass(frozen=True, slots=True)
class TaxQuoteLine:
    sku: str
    hs_code: str
    quantity: int
    unit_price: Money
    content: Decimal | None = None
    qty1: Decimal | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class TaxQuoteRequest:
    lane: str
    lines: tuple[TaxQuoteLine, ...]
    freight: Money
    on: date
    insurance: Money | None = None
    discount_non_cash: Money | None = None
    used_this_year: Money | None = None


@dataclass(frozen=True, slots=True)
class TaxLine:
    sku: str
    dutiable_value: Money
    duty: Money
    consumption_tax: Money
    vat: Money

    @property
    def total(self) -> Money:
        return self.duty + self.consumption_tax + self.vat


@dataclass(frozen=True, slots=True)
class TaxQuote:
    """The tax of a box. ``outcome``: ``within_limits``, ``full_tax``, ``refused`` (with ``refusal``), ``exempt``."""

    outcome: Literal["within_limits", "full_tax", "refused", "exempt"]
    lines: tuple[TaxLine, ...]
    total: Money
    rule: Text = ""
    source: Text = ""
    refusal: Literal["", "single_limit", "annual_limit"] = ""


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """Limits of retail imports in force on a day: of one order, and of one person in a calendar year.

    ``source`` is the rule, ``read_on`` when it was read.
    """

    since: date
    single: Money
    annual: Money
    source: str
    read_on: date


@dataclass(frozen=True, slots=True)
class PaymentMethodsRequest:
    lane: str
    amount: Money
    #: ``wechat`` (inside WeChat), ``phone`` or ``desktop``.
    surroundings: Literal["wechat", "phone", "desktop"] = "desktop"
    #: Slug of the merchant whose box it is: some have accounts of their own.
    merchant: str = ""


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay. ``gateway`` is the Saleor app identifier, ``data`` goes into ``transactionInitialize``.

    With a ``payer_url`` what its page has learnt goes along as ``payer``.
    """

    id: str
    name: Text
    icon: str
    gateway: str
    data: Mapping[str, Any]
    note: Text = ""
    #: A page of the plugin that learns who pays without asking (``payers``); it comes back to ``?next=``.
    payer_url: str = ""


@dataclass(frozen=True, slots=True)
class PaymentSession:
    """A payment on its way, as the page that waits for it shows it."""

    reference: str
    method: str
    state: Literal["waiting", "paid", "failed", "expired", "cancelled"]
    amount: Money
    #: Text of the QR code, or empty; ``redirect_url`` for wallets that open by address.
    qr: str = ""
    redirect_url: str = ""
    #: What the wallet's own browser opens it with (WeChat: the values of ``getBrandWCPayRequest``).
    invoke: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    message: Text = ""


@dataclass(frozen=True, slots=True)
class PaymentEvidence:
    """What was exchanged with the payment company when a payment was ordered, byte for byte; never log it.

    ``account`` is the seller's own account there. ``pay_type`` in customs' code (announcement 2018/179): 1 app,
    2 PC, 3 scan, 4 other.
    """

    request: bytes
    response: bytes
    account: str
    pay_type: Literal["1", "2", "3", "4"] = "4"

    def __repr__(self) -> str:
        return "PaymentEvidence(…)"


# -- after the order -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """The buyer's real identity, opened for one stated purpose; never log or store it in the clear."""

    name: str
    id_number: str
    phone: str

    def __repr__(self) -> str:
        return "Identity(…)"


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """A line of a paid order: ``gnum`` counts from 1 in the order of Saleor's lines; prices are net of tax.

    ``facts`` has the corrections in, ``corrected`` names them; ``own_quantity`` and ``own_price`` are figures that are
    declared instead of the sold ones. They come to ``total`` as well, to the fen.
    """

    gnum: int
    saleor_line_id: str
    facts: VariantFacts
    quantity: int
    unit_price: Money
    total: Money
    corrected: frozenset[str] = frozenset()
    own_quantity: int | None = None
    own_price: Decimal | None = None

    @property
    def declared_quantity(self) -> int:
        """Pieces as customs are told, in the declared unit: a multiple of those that were sold."""
        return self.own_quantity or self.quantity

    @property
    def declared_price(self) -> Decimal:
        """Price of a declared piece in CNY, at most five decimals."""
        return self.unit_price.amount if self.own_price is None else self.own_price


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """One value that is declared otherwise than the order has it; ``gnum`` 0 is the parcel as a whole.

    ``field``: a name of ``VariantFacts`` or ``Address``, ``declared_quantity``, ``declared_price`` or ``buyer``.
    Values of a person (``personal``) are masked.
    """

    gnum: int
    field: str
    before: str
    after: str
    personal: bool
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: ``pending``, ``running``, ``waiting``, ``done``, ``failed`` or ``cancelled``, and what it left."""

    name: str
    state: str
    data: Mapping[str, Any]
    error: str = ""


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A paid order on its way: one Saleor order, one payment, one waybill, one inventory list.

    ``actual_paid = goods_value + freight + tax_total - discount`` (the acturalPaid identity of CEB311).
    """

    id: str
    number: str
    state: str
    api_url: str
    order_id: str
    order_number: str
    checkout_id: str
    transaction_id: str
    psp_reference: str
    merchant: MerchantView
    lane: str
    warehouse: str
    lines: tuple[ParcelLine, ...]
    goods_value: Money
    freight: Money
    tax_total: Money
    discount: Money
    actual_paid: Money
    consignee: Address
    buyer: Buyer | None
    buyer_account: str
    paid_at: datetime
    steps: Mapping[str, StepView]

    def step_data(self, name: str) -> Mapping[str, Any]:
        """Data that a step left, empty when it has not run."""
        return self.steps[name].data if name in self.steps else {}


@dataclass(frozen=True, slots=True)
class Done:
    """A step is finished; ``data`` (JSON-able) is kept for the steps after it."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """A step now waits for the outside world; ``platform().complete_step`` or ``fail_step`` ends it."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step of a parcel. ``run`` is idempotent, may use the network, and may raise Transient- or PermanentError.

    In a step that ``departs`` the goods leave our hands: it is stopped while a plugin objects (hook
    ``departure_objections``).
    """

    name: str
    title: Text
    run: Callable[[ParcelView], Done | Wait]
    after: tuple[str, ...] = ()
    departs: bool = False


@dataclass(frozen=True, slots=True)
class ParcelAction:
    """What a person demands for a parcel.

    ``amend``: declare the newest document anew with the data as they are now; ``resend``: the same bytes again;
    ``withdraw``: have customs let go what they have not released; ``return``: send back pieces of a released
    parcel (``lines``: line number -> pieces); ``receive``: returned goods are inside (``subject``: the return).
    For ``amend`` and ``resend`` the ``subject`` is the document, empty for the newest one.
    """

    name: Literal["amend", "resend", "withdraw", "return", "receive"]
    actor: str
    reason: str = ""
    subject: str = ""
    lines: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BookBalance:
    """A line's item in the bonded book. Quantities in its declared unit: ``held`` for this very line, ``available``
    beside that for anybody. Units, commodity code and origin as the book has them, empty where it does not say.
    """

    gnum: int
    book_no: str
    item_record_no: str
    hs_code: str
    origin: str
    dcl_unit: str
    lawf_unit: str
    #: Customs have stopped the item for leaving the zone.
    stopped: bool
    held: Decimal
    available: Decimal


# -- pages and health ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a page: a template of the plugin and its context."""

    title: Text
    template: str
    context: Mapping[str, Any]
    order: int = 100


ConsoleFragment = Fragment


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """An entry of the console's menu that leads to a plugin's own page.

    ``name`` is what the page gives as ``place`` to be marked as the current one; ``url_name`` one of the plugin's
    ``console_urls`` with its namespaces, ``console:<app_name>:<name>``. ``count`` is shown beside it (0: nothing).
    ``permission`` is the Saleor permission without which the entry is not shown, empty for all staff; the view
    checks it as well.
    """

    name: str
    title: Text
    url_name: str
    icon: str = "plug"
    count: int = 0
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """One check: ``ok``, ``warning`` or ``error``, with how to mend it."""

    name: str
    status: Literal["ok", "warning", "error"]
    message: Text = ""
    remedy: Text = ""
