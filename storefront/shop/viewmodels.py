"""What shop pages show: plain values that the services map domain objects into."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.core.paginator import Page

from saleor_ext.core.money import Money
from saleor_ext.plugin_api.types import Fragment
from storefront.ui.viewmodels import Breakdown, Event, Step, Text


@dataclass(frozen=True, slots=True)
class CategoryLink:
    slug: str
    name: str
    icon: str = "tag"


@dataclass(frozen=True, slots=True)
class LaneNote:
    """How goods reach the buyer, in the words of the plugin that carries the lane."""

    code: str
    name: Text
    promise: Text
    icon: str


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class ProductTile:
    """A product in a list; ``price`` is with tax, without delivery."""

    slug: str
    name: str
    merchant: str
    price: Money
    picture: Picture | None
    lane: LaneNote
    in_stock: bool = True
    many_prices: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of tiles with what is needed to page on."""

    tiles: tuple[ProductTile, ...]
    page: Page[int]
    total: int


@dataclass(frozen=True, slots=True)
class VariantChoice:
    id: str
    sku: str
    name: str
    current: bool
    available: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    slug: str
    name: str
    summary: str
    description: str
    category: CategoryLink | None
    merchant: str
    merchant_slug: str
    merchant_about: str
    pictures: tuple[Picture, ...]
    price: Breakdown | None
    shown_price: Money
    lane: LaneNote
    variants: tuple[VariantChoice, ...]
    variant_id: str
    stock_state: str
    most: int
    facts: tuple[tuple[Text, Text], ...]
    label: tuple[tuple[Text, Text], ...]
    tax_refusal: Text = ""
    pieces: tuple[Fragment, ...] = ()

    @property
    def buyable(self) -> bool:
        return self.stock_state != "sold_out" and bool(self.variant_id)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something cannot go on: the rule, and what can be done; ``step`` names the page that mends it."""

    message: Text
    remedy: Text = ""
    source: Text = ""
    field: str = ""
    step: str = ""
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class BoxLine:
    id: str
    slug: str
    name: str
    variant: str
    quantity: int
    total: Money
    picture: Picture | None
    variant_id: str = ""
    problem: Text = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One merchant, lane and warehouse: one parcel, one payment."""

    key: str
    checkout_id: str
    merchant: str
    merchant_slug: str
    lane: LaneNote
    lines: tuple[BoxLine, ...]
    breakdown: Breakdown
    pieces: int
    single_limit: Money | None = None
    counted: Money | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def blocked(self) -> bool:
        return any(problem.blocking for problem in self.problems)


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What every step of a checkout shows beside its form."""

    box: Box
    steps: tuple[Step, ...]
    place: str


@dataclass(frozen=True, slots=True)
class PayPage:
    """A payment that is waited for."""

    key: str
    state: str
    amount: Money
    method_name: Text
    qr_svg: str
    link: str
    expires_at: datetime | None
    payer: str
    message: Text = ""
    stand_in: str = ""
    #: JSON with which WeChat's own browser opens the wallet.
    invoke: str = ""

    @property
    def moving(self) -> bool:
        """Tell whether asking again can bring something new: paid, too, until Saleor has written the order."""
        return self.state in {"waiting", "paid"}


@dataclass(frozen=True, slots=True)
class OrderPage:
    id: str
    number: str
    state: str
    placed_at: datetime | None
    lines: tuple[BoxLine, ...]
    breakdown: Breakdown
    events: tuple[Event, ...]
    receiver: tuple[str, ...]
    buyer: str
    tracking: tuple[tuple[str, str], ...] = ()
    customs: tuple[tuple[Text, str], ...] = field(default=())
    merchant: str = ""
    moving: bool = False
    trouble: Text = ""
    pieces: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderTile:
    id: str
    number: str
    placed_at: datetime | None
    total: Money
    state: str
    what: str
    pieces: int
