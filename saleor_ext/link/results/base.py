"""Shapes that all results share: camelCase names, metadata as a dict, connections as lists."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from saleor_ext.core.money import Money

T = TypeVar("T")


class Result(BaseModel):
    """An object of Saleor's answer; fields that are not named here are left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


def _pairs(value: Any) -> Any:
    try:
        return {pair["key"]: pair["value"] for pair in value} if isinstance(value, list) else value
    except (TypeError, KeyError):
        raise ValueError("not a list of key and value") from None


def _edges(edges: Any) -> Any:
    try:
        return [edge["node"] for edge in edges]
    except (TypeError, KeyError):
        raise ValueError("not the edges of a connection") from None


def _nodes(value: Any) -> Any:
    return _edges(value["edges"]) if isinstance(value, dict) and "edges" in value else value


def _absent_list(value: Any) -> Any:
    return [] if value is None else value


#: Saleor's list of ``{key, value}`` as a dict.
Metadata = Annotated[dict[str, str], BeforeValidator(_pairs)]
#: A connection as a plain list.
Nodes = Annotated[list[T], BeforeValidator(_nodes)]
#: A nullable list as a list.
Maybe = Annotated[list[T], BeforeValidator(_absent_list)]


class Ref(Result):
    """An object of which only the id matters."""

    id: str


class Slugged(Result):
    id: str
    slug: str


class TaxedMoney(Result):
    """A price with its tax apart."""

    gross: Money
    net: Money
    tax: Money


class PageInfo(Result):
    has_next_page: bool = False
    end_cursor: str | None = None


class Page(Result, Generic[T]):
    """One page of a connection."""

    items: Annotated[list[T], BeforeValidator(_edges)] = Field(alias="edges")
    page_info: PageInfo = PageInfo()
    total: int | None = Field(default=None, alias="totalCount")

    @property
    def has_next(self) -> bool:
        return self.page_info.has_next_page

    @property
    def end_cursor(self) -> str | None:
        return self.page_info.end_cursor


class Country(Result):
    code: str


class Address(Result):
    """An address as Saleor keeps it."""

    id: str = ""
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    street_address_1: str = Field(default="", alias="streetAddress1")
    street_address_2: str = Field(default="", alias="streetAddress2")
    city: str = ""
    city_area: str = ""
    postal_code: str = ""
    country: Country = Country(code="CN")
    country_area: str = ""
    phone: str | None = None
