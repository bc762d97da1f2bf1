"""Tiles are drawn once and anew when anything in them, or the language, changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils.translation import override

from saleor_ext.core.money import Money
from storefront.shop.templatetags.shop import _tile, tile
from storefront.shop.viewmodels import LaneNote, Picture, ProductTile

pytestmark = pytest.mark.usefixtures("world")

SHOWN = ProductTile(
    slug="cookies",
    name="杏仁饼",
    merchant="Padaria",
    price=Money("88.00", "CNY"),
    picture=Picture("/pictures/cookies/1-a.webp", "饼"),
    lane=LaneNote("bonded_1210", "Nansha", "soon", "warehouse"),
)


def test_a_tile_is_drawn_once_for_all_lists() -> None:
    _tile.cache_clear()
    assert tile(SHOWN, 9) == tile(replace(SHOWN), 12)
    assert (_tile.cache_info().hits, _tile.cache_info().misses) == (1, 1)


def test_what_changes_is_drawn_anew() -> None:
    cheaper = tile(replace(SHOWN, price=Money("80.00", "CNY")), 9)
    assert ">80<" in cheaper
    assert ">88<" in tile(SHOWN, 9)
    assert "sold_out" not in tile(SHOWN, 9)
    assert tile(replace(SHOWN, in_stock=False), 9) != tile(SHOWN, 9)
    with override("en"):
        assert "tax included" in tile(SHOWN, 9)
    with override("zh-hans"):
        assert "tax included" not in tile(SHOWN, 9)


def test_only_pictures_in_sight_are_loaded_at_once() -> None:
    assert 'loading="lazy"' not in tile(SHOWN, 4)
    assert 'loading="lazy"' in tile(SHOWN, 5)
