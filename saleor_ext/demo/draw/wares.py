"""Packages that several merchants use: tins, boxes, jars, pouches, labels."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
from dataclasses import dataclass

from .kit import (
    AZULEJO,
    CREAM,
    WHITE,
    YOLK,
    Colour,
    Gradient,
    Pen,
    Point,
    dark,
    drum,
    ellipse,
    fall,
    light,
    mix,
    rect,
    ribbon,
    round_fill,
    rrect,
    smooth,
)
from .props import EMBLEMS, lines, shadow, tiles


@dataclass(frozen=True)
class Brand:
    """What a drawing needs of the merchant: slug (emblem) and colour."""

    slug: str
    colour: Colour

    def emblem(self, pen: Pen, cx: float, cy: float, size: float, ink: Colour, ground: Colour) -> None:
        """Draw the merchant's emblem."""
        EMBLEMS[self.slug](pen, cx, cy, size, ink, ground)


def medallion(
    pen: Pen, brand: Brand, cx: float, cy: float, radius: float, ground: Colour = CREAM, ink: Colour = AZULEJO
) -> None:
    """A round label with the emblem."""
    pen.fill(ellipse(cx, cy, radius, radius), ink)
    pen.fill(ellipse(cx, cy, radius * 0.95, radius * 0.95), ground)
    pen.fill(
        ribbon([*ellipse(cx, cy, radius * 0.86, radius * 0.86), (cx + radius * 0.86, cy)], radius * 0.022),
        mix(ink, ground, 0.3),
    )
    brand.emblem(pen, cx, cy, radius * 1.1, ink, ground)


def sheen(pen: Pen, shape: list[Point], x0: float, x1: float, opacity: float = 0.22) -> None:
    """A vertical strip of light on a shiny body."""
    with pen.clipped(shape, opacity) as inner:
        inner.fill(rect(x0, 0, x1, 1000), WHITE)


def cylinder_shade(pen: Pen, shape: list[Point], strength: float = 0.32) -> None:
    """Darken the right side (and a little of the left) of something round that carries a pattern."""
    xs = [p[0] for p in shape]
    x0, x1 = min(xs), max(xs)
    with pen.clipped(shape) as inner:
        steps = 26
        for i in range(steps):
            t = (i + 0.5) / steps
            weight = max(0.0, (t - 0.55) / 0.45) ** 1.5 + 0.5 * max(0.0, (0.14 - t) / 0.14)
            a = x0 + (x1 - x0) * i / steps
            inner.fill(
                rect(a, 0, a + (x1 - x0) / steps - 1 / 3, 1000), (20, 22, 40), min(weight * strength, 1)
            )
        inner.fill(rect(x0 + (x1 - x0) * 0.17, 0, x0 + (x1 - x0) * 0.25, 1000), WHITE, 0.16)


def cylinder_tin(
    pen: Pen,
    brand: Brand,
    *,
    top: float,
    bottom: float,
    half: float,
    body: Colour,
    lid: Colour,
    lid_height: float,
    patterned: bool = True,
) -> None:
    """A lidded round tin with a tiled or plain body and a medallion."""
    cx, dip = 500.0, half * 0.16
    shadow(pen, cx, half, bottom + dip * 0.7)
    side = drum(cx, top, bottom, half, dip)
    pen.fill(side, round_fill(body))
    if patterned:
        size = (bottom - top) / 2.2
        with pen.clipped(side) as inner:
            columns = math.ceil(2 * half / size) + 2
            tiles(
                inner,
                cx - columns * size / 2,
                top + lid_height * 0.4,
                size,
                columns,
                4,
                light(body, 0.9),
                body,
            )
        cylinder_shade(pen, side)
    band = drum(cx, bottom - 16, bottom, half, dip)
    pen.fill(band, round_fill(dark(lid, 0.05)))
    cover = drum(cx, top - lid_height, top, half * 1.025, dip)
    pen.fill(cover, round_fill(lid))
    pen.fill(drum(cx, top - 8, top, half * 1.025, dip), round_fill(dark(lid, 0.14)))
    crown = top - lid_height
    pen.fill(ellipse(cx, crown, half * 1.025, dip), light(lid, 0.35))
    pen.fill(ellipse(cx, crown + 1, half * 0.97, dip * 0.92), fall(dark(lid, 0.03), light(lid, 0.28)))
    radius = min((bottom - top) * 0.36, half * 0.55)
    medallion(pen, brand, cx, (top + bottom) / 2 + dip, radius)


def front_box(
    pen: Pen, *, x0: float, x1: float, top: float, bottom: float, depth: float, face: Colour, lid: float = 0.0
) -> list[Point]:
    """A box seen from the front right and above; gives its front face for decoration."""
    shadow(pen, (x0 + x1 + depth) / 2, (x1 - x0 + depth) / 2, bottom - 4)
    rise = depth * 0.42
    right = [(x1, top), (x1 + depth, top - rise), (x1 + depth, bottom - rise), (x1, bottom)]
    lidtop = [(x0, top), (x0 + depth, top - rise), (x1 + depth, top - rise), (x1, top)]
    pen.fill(right, fall(dark(face, 0.20), dark(face, 0.30)))
    pen.fill(lidtop, fall(light(face, 0.30), light(face, 0.16)))
    front = rect(x0, top, x1, bottom)
    pen.fill(front, fall(light(face, 0.06), face))
    if lid:
        pen.fill(rect(x0, top + lid, x1, top + lid + 4), dark(face, 0.25))
        pen.fill(
            [
                (x1, top + lid),
                (x1 + depth, top + lid - rise),
                (x1 + depth, top + lid - rise + 4),
                (x1, top + lid + 4),
            ],
            dark(face, 0.42),
        )
    pen.fill(rect(x0, top, x1, top + 3), WHITE, 0.35)
    return front


def label(
    pen: Pen,
    brand: Brand,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    ground: Colour,
    ink: Colour,
    accent: Colour = YOLK,
) -> None:
    """A flat paper label: emblem, bars for text, an accent rule."""
    width, height = x1 - x0, y1 - y0
    cx = (x0 + x1) / 2
    pen.fill(rrect(x0, y0, x1, y1, 8), ground)
    pen.fill(rect(x0 + width * 0.08, y0 + height * 0.07, x1 - width * 0.08, y0 + height * 0.07 + 3), ink, 0.7)
    size = min(width * 0.55, height * 0.48)
    brand.emblem(pen, cx, y0 + height * 0.38, size, ink, ground)
    pen.fill(rect(cx - width * 0.12, y0 + height * 0.68, cx + width * 0.12, y0 + height * 0.68 + 6), accent)
    lines(pen, cx, y0 + height * 0.76, (width * 0.56, width * 0.38), ink, max(height * 0.075, 12))


def pouch(pen: Pen, *, cx: float, half: float, top: float, bottom: float, colour: Colour) -> list[Point]:
    """A stand-up bag with a sealed top; gives its outline."""
    shadow(pen, cx, half * 0.98, bottom)
    body = smooth(
        [
            (cx - half * 0.90, top),
            (cx, top),
            (cx + half * 0.90, top),
            (cx + half * 0.94, top + 60),
            (cx + half, (top + bottom) / 2),
            (cx + half * 0.98, bottom - 50),
            (cx + half * 0.86, bottom),
            (cx, bottom + 12),
            (cx - half * 0.86, bottom),
            (cx - half * 0.98, bottom - 50),
            (cx - half, (top + bottom) / 2),
            (cx - half * 0.94, top + 60),
        ]
    )
    pen.fill(
        body,
        Gradient(
            (
                (0.0, dark(colour, 0.10)),
                (0.10, light(colour, 0.22)),
                (0.22, light(colour, 0.06)),
                (0.75, colour),
                (0.9, dark(colour, 0.10)),
                (0.95, light(colour, 0.05)),
                (1.0, dark(colour, 0.22)),
            )
        ),
    )
    with pen.clipped(body) as inner:
        inner.fill(rect(0, top - 10, 1000, top + 46), dark(colour, 0.08), 0.75)
        for k in range(5):
            inner.fill(rect(0, top + 4 + k * 9, 1000, top + 7 + k * 9), light(colour, 0.25), 0.5)
        inner.fill(
            smooth(
                [
                    (cx - half, bottom - 6),
                    (cx - half * 0.5, bottom - 46),
                    (cx, bottom - 56),
                    (cx + half * 0.5, bottom - 46),
                    (cx + half, bottom - 6),
                    (cx, bottom + 40),
                ]
            ),
            dark(colour, 0.16),
            0.55,
        )
    return body


def glass_jar(
    pen: Pen,
    *,
    cx: float,
    half: float,
    top: float,
    bottom: float,
    content: Colour,
    fill_top: float,
    glass: Colour = (226, 238, 238),
) -> list[Point]:
    """A clear jar body with something in it; gives the outline of the body."""
    dip = half * 0.15
    shadow(pen, cx, half, bottom + dip * 0.6)
    r = half * 0.16
    body = smooth(
        [
            (cx - half * 0.86, top),
            (cx - half * 0.97, top + r * 1.6),
            (cx - half, top + r * 3.4),
            (cx - half, bottom - r * 2),
            (cx - half * 0.95, bottom),
            (cx - half * 0.5, bottom + dip),
            (cx, bottom + dip * 1.15),
            (cx + half * 0.5, bottom + dip),
            (cx + half * 0.95, bottom),
            (cx + half, bottom - r * 2),
            (cx + half, top + r * 3.4),
            (cx + half * 0.97, top + r * 1.6),
            (cx + half * 0.86, top),
        ]
    )
    pen.fill(body, round_fill(glass, 0.4))
    inside = smooth(
        [
            (cx - half * 0.90, fill_top),
            (cx - half * 0.93, fill_top + 60),
            (cx - half * 0.93, bottom - r * 2),
            (cx - half * 0.86, bottom - r * 0.5),
            (cx - half * 0.4, bottom + dip * 0.7),
            (cx, bottom + dip * 0.8),
            (cx + half * 0.4, bottom + dip * 0.7),
            (cx + half * 0.86, bottom - r * 0.5),
            (cx + half * 0.93, bottom - r * 2),
            (cx + half * 0.93, fill_top + 60),
            (cx + half * 0.90, fill_top),
            (cx, fill_top + dip * 0.5),
        ]
    )
    pen.fill(inside, round_fill(content, 0.8))
    pen.fill(ellipse(cx, fill_top, half * 0.90, dip * 0.8), light(content, 0.22))
    return inside


def screw_lid(
    pen: Pen, cx: float, half: float, top: float, bottom: float, colour: Colour, ridges: int = 0
) -> None:
    """A round lid seen slightly from above."""
    dip = half * 0.15
    side = drum(cx, top, bottom, half, dip)
    pen.fill(side, round_fill(colour))
    if ridges:
        with pen.clipped(side) as inner:
            for k in range(ridges):
                x = cx - half * math.cos(math.pi * (k + 0.5) / ridges)
                inner.fill(rect(x - 1.5, 0, x + 1.5, 1000), dark(colour, 0.3), 0.45)
    pen.fill(ellipse(cx, top, half, dip), fall(light(colour, 0.30), light(colour, 0.08)))
    pen.fill(ellipse(cx, top + 1, half * 0.90, dip * 0.88), light(colour, 0.16))
