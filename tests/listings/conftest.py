"""The demonstration's first listing, and files in a folder of the test."""

from __future__ import annotations

import pytest

from saleor_ext.demo.catalogue import merchants, words
from saleor_ext.demo.seed import enter_listing, enter_merchant
from saleor_ext.listings.models import Category, Listing


@pytest.fixture
def listing(db, settings, tmp_path) -> Listing:
    settings.MEDIA_ROOT = tmp_path
    for slug, names in words().categories.items():
        Category.objects.create(slug=slug, names=dict(names))
    demo = merchants()[0]
    return enter_listing(enter_merchant(demo), demo.products[0])
