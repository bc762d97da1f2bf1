"""Uploaded pictures are told by content, drawn anew without metadata, and bounded in bytes and pixels."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from django.utils import translation
from PIL import Image, ImageCms

from saleor_ext.listings.pictures import LONGEST_SIDE, MOST_BYTES, PictureRefused, redrawn

GPS = 0x8825


def drawn(kind: str = "JPEG", size: tuple[int, int] = (400, 300), mode: str = "RGB", **saving: Any) -> bytes:
    picture = Image.new(mode, size, "#f2b134" if mode != "CMYK" else (0, 80, 200, 10))
    picture.paste("#1f4e8c" if mode != "CMYK" else (200, 80, 0, 10), (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    picture.save(written, kind, **saving)
    return written.getvalue()


def photograph(orientation: int = 1) -> bytes:
    """A JPEG as phones make it: with place, device, comment and a thumbnail of words."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Fictitious Phones", orientation
    exif.get_ifd(GPS).update({1: "N", 2: (22.0, 11.0, 55.0), 3: "E", 4: (113.0, 32.0, 24.0)})
    return drawn(exif=exif, comment=b"Rua de Exemplo 12", dpi=(72, 72))


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")])
def test_the_format_stays_and_the_file_does_not(kind: str, suffix: str) -> None:
    before = drawn(kind)
    after, found = redrawn(before)
    assert (found, opened(after).format, opened(after).size) == (suffix, kind, (400, 300))
    picture: Any = opened(after).convert("RGB")
    left, right = picture.getpixel((50, 150)), picture.getpixel((350, 150))
    for seen, wanted in ((left, (0x1F, 0x4E, 0x8C)), (right, (0xF2, 0xB1, 0x34))):
        assert all(abs(a - b) <= 6 for a, b in zip(seen, wanted, strict=True)), (seen, wanted)


def test_place_device_and_comments_are_gone() -> None:
    before = photograph()
    assert opened(before).getexif().get_ifd(GPS)
    after, _ = redrawn(before)
    kept = opened(after)
    assert dict(kept.getexif()) == {}
    assert dict(kept.getexif().get_ifd(GPS)) == {}
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(kept.info)
    for trace in (b"Fictitious", b"Exemplo", b"Exif", b"GPS"):
        assert trace not in after


def test_texts_in_png_are_gone() -> None:
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Author", "Somebody")
    after, _ = redrawn(drawn("PNG", pnginfo=notes))
    assert b"Somebody" not in after
    assert opened(after).info == {}


def test_a_picture_taken_upright_stands_upright() -> None:
    after, _ = redrawn(photograph(orientation=6))
    assert opened(after).size == (300, 400)


def test_other_colour_spaces_become_the_webs() -> None:
    after, _ = redrawn(drawn(mode="CMYK"))
    assert opened(after).mode == "RGB"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    after, _ = redrawn(drawn(icc_profile=profile))
    assert "icc_profile" not in opened(after).info
    after, _ = redrawn(drawn(icc_profile=b"no profile at all"))
    assert opened(after).size == (400, 300)


def test_transparency_stays() -> None:
    after, _ = redrawn(drawn("PNG", mode="RGBA"))
    assert opened(after).mode == "RGBA"
    after, _ = redrawn(drawn("PNG"))
    assert opened(after).mode == "RGB"


def test_what_is_larger_than_ever_shown_is_made_smaller() -> None:
    after, _ = redrawn(drawn(size=(6000, 3000)))
    assert opened(after).size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that announces any number of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"0"))
        + chunk(b"IEND", b"")
    )


ONLY = "Only JPEG, PNG and WebP pictures."
DAMAGED = "This picture is damaged. Open it, save it anew and try again."
HIDDEN = "There is something else inside this file. Save the picture anew and try again."
PIXELS = "This picture has too many pixels: 40 million at most."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ONLY),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", ONLY),
        (b"<!doctype html><script>alert(1)</script>", ONLY),
        (b"%PDF-1.7", ONLY),
        (b"GIF89a" + b"\0" * 64, ONLY),
        (b"RIFF\0\0\0\0WAVE", ONLY),
        (b"\xff\xd8\xff" + b"0" * 64, DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, DAMAGED),
        (b"RIFF\0\0\0\0WEBP" + b"0" * 64, DAMAGED),
        (drawn()[:600], DAMAGED),
        (drawn() + b"<script>alert(1)</script>", HIDDEN),
        (drawn(comment=b"<?php system('x');"), HIDDEN),
        (drawn("PNG") + b"<SVG onload=alert(1)>", HIDDEN),
        (drawn() + b"PK\x03\x04" + b"\0" * 40 + b"PK\x05\x06" + b"\0" * 18, HIDDEN),
        (drawn() + b"\0" * MOST_BYTES, "A picture may have at most 5 MB."),
        (bomb(10_000, 4_001), PIXELS),
        (bomb(12_000, 12_000), PIXELS),
        (bomb(60_000, 60_000), PIXELS),
        (drawn(size=(199, 400)), "This picture is too small: each side needs 200 pixels at least."),
        (
            drawn("WEBP", save_all=True, append_images=[Image.new("RGB", (400, 300))], duration=100),
            "Moving pictures cannot be taken. Choose a still one.",
        ),
    ],
    ids=lambda given: "" if isinstance(given, bytes) else given[:24],
)
def test_what_is_refused_and_why(content: bytes, words: str) -> None:
    with translation.override("en"), pytest.raises(PictureRefused) as caught:
        redrawn(content)
    assert str(caught.value) == words
