"""The pictures of a listing: known again by the hash of their content, so that none is sent twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saleor_ext.core.errors import PermanentError

from . import publishing_operations as ops
from .client import GraphQLClient
from .results.catalogue import CatalogueProduct
from .storefront import METADATA, pairs

PREFIX = "ponte-"
DIGITS = 12
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
#: Product metadata: picture key → media id, for pictures whose file was renamed by the storage.
RENAMED = "ponte.media"
MAX_ALT = 250


@dataclass(frozen=True, slots=True)
class MediaPublication:
    """A picture file; it is known again by the hash of its content."""

    path: Path
    alt: str = ""


def publish_media(
    client: GraphQLClient, wanted: Sequence[MediaPublication], product: CatalogueProduct
) -> bool:
    """Send the pictures that are missing, remove ours that are not wanted any more, leave others' alone."""
    by_key = {media_key(item.path): item for item in wanted}
    renamed = _renamed(product)
    present = {key: _find(key, product, renamed) for key in by_key}
    keep = set(present.values())
    stale = [
        media.id
        for media in product.media
        if media.id not in keep and (f"/{PREFIX}" in media.url or media.id in renamed.values())
    ]
    missing = [key for key, found in present.items() if found is None]
    for key in missing:
        _upload(client, product, key, by_key[key], renamed)
    for media_id in stale:
        client.run(ops.MEDIA_DELETE, id=media_id)
    return bool(missing or stale)


def media_key(path: Path) -> str:
    """Name an upload by its content, so that it is found again in the address Saleor gives it."""
    return PREFIX + hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]


def _renamed(product: CatalogueProduct) -> dict[str, str]:
    try:
        known = json.loads(product.metadata.get(RENAMED, "{}"))
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def _find(key: str, product: CatalogueProduct, renamed: dict[str, str]) -> str | None:
    return next((m.id for m in product.media if key in m.url or m.id == renamed.get(key)), None)


def _upload(
    client: GraphQLClient,
    product: CatalogueProduct,
    key: str,
    item: MediaPublication,
    renamed: dict[str, str],
) -> None:
    suffix = item.path.suffix.lower()
    if suffix not in TYPES:
        raise PermanentError(f"{item.path.name}: pictures are {', '.join(TYPES)}", code="media_type")
    media = client.upload(
        ops.MEDIA_CREATE,
        {"variables.input.image": (f"{key}{suffix}", item.path.read_bytes(), TYPES[suffix])},
        input={"product": product.id, "alt": item.alt[:MAX_ALT], "image": None},
    )
    if key not in media.url:
        renamed[key] = media.id
        client.run(METADATA, id=product.id, pairs=pairs({RENAMED: json.dumps(renamed)}))
