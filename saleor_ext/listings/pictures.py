"""Pictures that merchants upload: told by their content, drawn anew, and rid of everything but what is seen.

Nothing of the uploaded file is kept: where and when a photograph was taken, by which device, and whatever else was
put into or behind it is gone with the re-encoding.
"""

from __future__ import annotations

import io
import re
from typing import cast

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

#: What a phone's camera makes fits; one request with several of them stays small enough for a worker.
MOST_BYTES = 5 * 1024 * 1024
#: Decoding takes four bytes a pixel: this is 160 MB at worst, and more than any phone's ordinary picture has.
MOST_PIXELS = 40_000_000
#: Shown at 1200 px at most; twice that serves dense screens.
LONGEST_SIDE = 2400
SHORTEST_SIDE = 200
QUALITY = 88
#: Format by its first bytes; WebP also carries its name at byte 8.
SIGNATURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"RIFF": "WEBP"}
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
#: Markup or an archive inside a picture has no honest reason; readers that guess would run or unpack it.
_HIDDEN = re.compile(rb"<script|<html|<svg[\s>]|<\?php|<!doctype|<iframe", re.IGNORECASE)
_ARCHIVE_END = b"PK\x05\x06"
_ARCHIVE_TAIL = 70_000
_PDF, _PDF_HEAD = b"%PDF-", 1024


class PictureRefused(Exception):
    """The file cannot be taken as a picture; the text is for the merchant."""


def redrawn(content: bytes) -> tuple[bytes, str]:
    """Return the picture encoded anew without metadata, and the suffix of its format.

    :raises PictureRefused: no JPEG, PNG or WebP, damaged, too large, too small, moving, or hiding something
    """
    kind = kind_of(content)
    if not kind:
        raise PictureRefused(_("Only JPEG, PNG and WebP pictures."))
    if len(content) > MOST_BYTES:
        raise PictureRefused(_("A picture may have at most 5 MB."))
    if _hides_something(content):
        raise PictureRefused(
            _("There is something else inside this file. Save the picture anew and try again.")
        )
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            _check_size(picture)
            return _encoded(_upright(picture), kind), SUFFIXES[kind]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(_too_many_pixels()) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise PictureRefused(_("This picture is damaged. Open it, save it anew and try again.")) from error


def kind_of(content: bytes) -> str:
    """Tell the format by the first bytes, empty when it is none of ours; names and media types are not believed."""
    kind = next((name for start, name in SIGNATURES.items() if content.startswith(start)), "")
    return "" if kind == "WEBP" and content[8:12] != b"WEBP" else kind


def _hides_something(content: bytes) -> bool:
    return bool(
        _HIDDEN.search(content) or _ARCHIVE_END in content[-_ARCHIVE_TAIL:] or _PDF in content[:_PDF_HEAD]
    )


def _check_size(picture: Image.Image) -> None:
    """Look at the announced size before a pixel is decoded."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureRefused(_too_many_pixels())
    if min(width, height) < SHORTEST_SIDE:
        raise PictureRefused(_("This picture is too small: each side needs 200 pixels at least."))
    # A phone's JPEG may carry a second frame with light or depth; the first is the picture.
    if picture.format in {"PNG", "WEBP"} and getattr(picture, "n_frames", 1) > 1:
        raise PictureRefused(_("Moving pictures cannot be taken. Choose a still one."))


def _too_many_pixels() -> str:
    return _("This picture has too many pixels: 40 million at most.")


def _upright(picture: Image.Image) -> Image.Image:
    """Decode, turn as the camera was held, bring to sRGB and to the size that is shown."""
    if picture.format == "JPEG":
        # Decodes at a fraction of the size where that is enough: less memory, less time.
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture.load()
    turned = ImageOps.exif_transpose(picture) or picture
    coloured = _in_srgb(turned)
    coloured.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return coloured


def _in_srgb(picture: Image.Image) -> Image.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "CMYK"}:
        return picture.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A profile that cannot be read says nothing about the colours.
        return picture.convert(mode)
    return cast("Image.Image", shown)


def _encoded(picture: Image.Image, kind: str) -> bytes:
    """Write pixels only: a new picture carries no metadata of the old one."""
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    written = io.BytesIO()
    if kind == "JPEG":
        plain.convert("RGB").save(written, kind, quality=QUALITY, optimize=True, progressive=True)
    elif kind == "PNG":
        plain.save(written, kind, optimize=True)
    else:
        plain.save(written, kind, quality=QUALITY, method=4)
    return written.getvalue()
