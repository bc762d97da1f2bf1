"""What the editor hands in: a whole listing as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from saleor_ext.core.errors import PermanentError

#: Path of a form field (``pt-name``, ``variant-0-hs_code``, ``lane``) → messages, lazy in the user's language.
Problems = dict[str, list[Any]]


class ListingInvalid(PermanentError):
    """The listing was not stored; ``problems`` tells which field and why."""

    code = "listing_invalid"

    def __init__(self, problems: Problems) -> None:
        super().__init__(f"invalid: {', '.join(sorted(problems))}")
        self.problems = problems


class ListingChanged(PermanentError):
    """Somebody else stored the listing since it was read."""

    code = "listing_changed"


class NotPublishable(PermanentError):
    """The listing lacks something, or its merchant may not publish."""

    code = "not_publishable"


@dataclass(frozen=True, slots=True)
class TextData:
    """One language."""

    name: str = ""
    short: str = ""
    description: str = ""
    ingredients: str = ""
    storage: str = ""


@dataclass(frozen=True, slots=True)
class VariantData:
    """One article; ``id`` is empty for a new one. Units as in ``models.ListingVariant``."""

    sku: str
    id: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None
    hs_code: str = ""
    gmodel: str = ""
    unit: str = ""
    unit1: str = ""
    qty1: Decimal | None = None
    unit2: str = ""
    qty2: Decimal | None = None
    content: Decimal | None = None
    net_g: int | None = None
    gross_g: int | None = None
    barcode: str = ""
    item_record_no: str = ""
    stock: int = 0


@dataclass(frozen=True, slots=True)
class ListingData:
    """A listing; ``category`` is a slug, ``texts`` maps language code to text."""

    category: str
    lane: str
    variants: tuple[VariantData, ...]
    texts: Mapping[str, TextData]
    origin: str = ""
    brand: str = ""
    shelf_life_days: int | None = None
    allergens: tuple[str, ...] = ()
