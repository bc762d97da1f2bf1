"""`python -m saleor_ext.demo.draw [slug …]` draws the pictures again and reports their sizes."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from saleor_ext.demo.catalogue import PICTURES, DemoProduct, merchants

from . import bakery, cellar, conserves, skin, teahouse
from .kit import Pen, rgb
from .props import background
from .wares import Brand

LIMIT = 30 * 1024  # bytes a picture may take
MODULES = (bakery, cellar, conserves, skin, teahouse)


def draw(product: DemoProduct, number: int, brand: Brand) -> Image.Image:
    """Draw one picture of a product on its background."""
    kind = product.pictures[number - 1]
    painter = next(getattr(module, kind) for module in MODULES if hasattr(module, kind))
    pen = Pen()
    # The slug decides the background, so that drawing again gives the same picture.
    background(pen, brand.colour, (sum(product.slug.encode()) + number) % 3)
    painter(pen, brand)
    return pen.finished(zoom=1.09)


def save(image: Image.Image, path: Path) -> int:
    """Write WebP at the best quality that stays within the limit; gives the bytes."""
    for quality in (88, 82, 76, 70, 62, 54):
        image.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= LIMIT:
            break
    return path.stat().st_size


def main(only: set[str]) -> int:
    """Draw every picture (or those of the named products); exit code 1 when one is too large."""
    PICTURES.mkdir(exist_ok=True)
    total = 0
    too_large = 0
    for merchant in merchants():
        brand = Brand(merchant.slug, rgb(merchant.colour))
        for product in merchant.products:
            if only and product.slug not in only:
                continue
            for number, path in enumerate(product.picture_files(), 1):
                size = save(draw(product, number, brand), path)
                total += size
                too_large += size > LIMIT
                print(f"{path.name} {size / 1024:.1f} KiB")  # noqa: T201  # a command prints
    print(f"total {total / 1024:.0f} KiB, {too_large} too large")  # noqa: T201  # a command prints
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
