"""The committed pictures are there, small and as the generator draws them."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageStat

from saleor_ext.demo.catalogue import PICTURES, DemoProduct, merchants, products
from saleor_ext.demo.draw.__main__ import draw
from saleor_ext.demo.draw.kit import rgb
from saleor_ext.demo.draw.wares import Brand


@pytest.mark.parametrize("product", products(), ids=lambda product: product.slug)
def test_pictures_are_square_and_small(product: DemoProduct) -> None:
    for path in product.picture_files():
        assert path.stat().st_size <= 30 * 1024
        with Image.open(path) as image:
            assert (image.format, image.size) == ("WEBP", (1000, 1000))


def test_all_pictures_together_and_no_strays() -> None:
    wanted = {path.name for product in products() for path in product.picture_files()}
    there = {path.name for path in PICTURES.iterdir()}
    assert there == wanted
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) <= 2_500_000


def test_the_generator_draws_what_is_committed() -> None:
    merchant = merchants()[0]
    product = merchant.products[0]
    drawn = draw(product, 1, Brand(merchant.slug, rgb(merchant.colour)))
    with Image.open(product.picture_files()[0]) as kept:
        difference = ImageStat.Stat(ImageChops.difference(drawn, kept.convert("RGB"))).mean
    assert max(difference) < 2.5  # what lossy coding alone changes
