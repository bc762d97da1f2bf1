"""The operations that publishing uses."""

from __future__ import annotations

from typing import Any

from .client import Operation
from .results.base import Ref
from .results.catalogue import Media, References

REFERENCES: Operation[References] = Operation("platform/publish_references", References)
PRODUCT_TYPE: Operation[Any] = Operation("platform/product_type_create", Any)
CATEGORY: Operation[Any] = Operation("platform/category_create", Any)
CATEGORY_TRANSLATE: Operation[Any] = Operation("platform/category_translate", Any, idempotent=True)
PRODUCT_CREATE: Operation[Ref] = Operation("platform/product_create", Ref, ("productCreate", "product"))
PRODUCT_UPDATE: Operation[Any] = Operation("platform/product_update", Any, idempotent=True)
CHANNEL_LISTING: Operation[Any] = Operation("platform/product_channel_listing_update", Any, idempotent=True)
VARIANTS_CREATE: Operation[Any] = Operation("platform/variants_create", Any)
VARIANTS_UPDATE: Operation[Any] = Operation("platform/variants_update", Any)
STOCK: Operation[Any] = Operation("platform/stock_update", Any, idempotent=True)
MEDIA_CREATE: Operation[Media] = Operation(
    "platform/product_media_create", Media, ("productMediaCreate", "media")
)
MEDIA_DELETE: Operation[Any] = Operation("platform/product_media_delete", Any)
PRODUCT_TRANSLATE: Operation[Any] = Operation("platform/product_translate", Any, idempotent=True)
VARIANT_TRANSLATE: Operation[Any] = Operation("platform/variant_translate", Any, idempotent=True)
