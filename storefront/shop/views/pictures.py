"""Product pictures from our own address: pages name no other host, and Saleor's media host need not be public."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import httpx2
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET

from saleor_ext.catalogue import selectors
from saleor_ext.core.errors import TransientError

from .. import catalogue

log = logging.getLogger(__name__)
TYPES = {"image/webp", "image/avif", "image/jpeg", "image/png"}
LARGEST = 4 * 1024 * 1024
SECONDS = 10.0


@require_GET
def picture(request: HttpRequest, slug: str, number: int, mark: str) -> HttpResponseBase:
    """Send a picture of a published product; fetched from Saleor once and kept on disk."""
    entry = selectors.product(slug, "zh-hans")
    if entry is None or not 0 < number <= len(entry.pictures):
        raise Http404
    source = entry.pictures[number - 1].url
    known = catalogue.picture_mark(source)
    if mark.split(".", maxsplit=1)[0] != known:
        raise Http404
    try:
        kept = next(_folder().glob(f"{known}.*"), None) or _fetch(source, known)
    except TransientError as error:
        log.warning("%s", error)
        return HttpResponse(status=503, headers={"Retry-After": "10", "Cache-Control": "no-store"})
    return FileResponse(
        kept.open("rb"),
        content_type=f"image/{kept.suffix[1:]}",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fetch(source: str, mark: str) -> Path:
    """Copy a picture from Saleor's media host; only pictures, and none too large."""
    try:
        with httpx2.stream("GET", source, timeout=SECONDS, follow_redirects=False) as answer:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if answer.status_code != 200 or kind not in TYPES:
                log.warning("picture %s: status %s, type %s", source, answer.status_code, kind)
                raise Http404
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise Http404
    except httpx2.HTTPError as error:
        raise TransientError(f"picture {source}: {error}") from error
    handle, name = tempfile.mkstemp(dir=_folder(), prefix=".part-")
    with os.fdopen(handle, "wb") as file:
        file.write(body)
    # Written aside and moved: two requests at once must not read half a picture.
    kept = _folder() / f"{mark}.{kind.removeprefix('image/')}"
    Path(name).replace(kept)
    return kept
