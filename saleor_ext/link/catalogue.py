"""Reading products in all languages, for the projection that the shop searches."""

from __future__ import annotations

from collections.abc import Iterator

from .client import GraphQLClient, Operation
from .results.base import Page
from .results.catalogue import CatalogueProduct

PAGE = 25
BY_ID: Operation[CatalogueProduct | None] = Operation(
    "platform/product_by_id", CatalogueProduct | None, ("product",)
)
BY_REFERENCE: Operation[CatalogueProduct | None] = Operation(
    "platform/product_by_reference", CatalogueProduct | None, ("product",)
)
ALL: Operation[Page[CatalogueProduct]] = Operation(
    "platform/product_all", Page[CatalogueProduct], ("products",)
)


def read_product(
    client: GraphQLClient, product_id: str, channel: str | None = None
) -> CatalogueProduct | None:
    """Return a product, or None when it is gone or not listed in the channel asked for."""
    product = client.run(BY_ID, id=product_id)
    return product if product and (channel is None or product.listing(channel)) else None


def read_by_reference(client: GraphQLClient, external_reference: str) -> CatalogueProduct | None:
    return client.run(BY_REFERENCE, reference=external_reference)


def read_all(client: GraphQLClient, channel: str | None = None) -> Iterator[CatalogueProduct]:
    """Yield every product, published or not, page by page."""
    after: str | None = None
    while True:
        page = client.run(ALL, first=PAGE, after=after)
        yield from (product for product in page.items if channel is None or product.listing(channel))
        if not page.has_next:
            return
        after = page.end_cursor
