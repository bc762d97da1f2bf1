"""Backgrounds, shadows, emblems, tiles and small things that lie beside the goods."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
from collections.abc import Sequence

from .kit import (
    AZULEJO,
    CREAM,
    LOTUS,
    PAPER,
    WHITE,
    YOLK,
    Colour,
    Gradient,
    Pen,
    Point,
    dark,
    ellipse,
    fall,
    lathe,
    leaf,
    light,
    mix,
    rect,
    ribbon,
    round_fill,
    rrect,
    smooth,
    turned,
)

TABLE = 690  # where wall meets table
GROUND = 800  # where things stand


def background(pen: Pen, tint: Colour, kind: int) -> None:
    """Paper wall and table in the merchant's tint: 0 disc, 1 tiled wall, 2 arch."""
    wall = mix(PAPER, tint, 0.07)
    pen.fill(rect(0, 0, 1000, 1000), fall(light(wall, 0.5), wall))
    if kind == 0:
        pen.fill(ellipse(500, 470, 370, 370), fall(mix(PAPER, tint, 0.16), mix(PAPER, tint, 0.26)))
    elif kind == 1:
        with pen.clipped(rect(0, 0, 1000, TABLE), 0.15) as inner:
            tiles(inner, -60, -90, 160, 7, 5, WHITE, AZULEJO)
    else:
        arch = [(170.0, 1000.0), (170.0, 470.0)]
        arch += [
            (500 - 330 * math.cos(a), 470 - 330 * math.sin(a)) for a in (math.pi * i / 60 for i in range(61))
        ]
        arch += [(830.0, 1000.0)]
        pen.fill(arch, fall(mix(PAPER, AZULEJO, 0.13), mix(PAPER, tint, 0.22)))
    table = mix(CREAM, tint, 0.10)
    pen.fill(rect(0, TABLE, 1000, 1000), fall(table, light(table, 0.35)))
    pen.fill(rect(0, TABLE, 1000, TABLE + 3), dark(table, 0.10), 0.6)


def shadow(pen: Pen, cx: float, half: float, y: float = GROUND, strength: float = 0.34) -> None:
    """Soft shadow of a thing standing at y, thrown to the lower right."""
    pen.blurred(
        ellipse(cx + half * 0.22, y + 8, half * 1.22, 16 + half * 0.13), (60, 48, 40), strength * 0.75, 24
    )
    pen.blurred(ellipse(cx + half * 0.04, y + 2, half * 1.0, 9 + half * 0.05), (50, 38, 32), strength, 9)


def tile(pen: Pen, x: float, y: float, size: float, ground: Colour, ink: Colour) -> None:
    """One blue-and-white tile: a four-petalled star with quarter rings in the corners."""
    c, s = size / 2, size
    pen.fill(rect(x, y, x + s, y + s), ground)
    cx, cy = x + c, y + c
    for turn in range(4):
        petal = leaf(cx, cy, s * 0.46, s * 0.13, 45 + 90 * turn)
        pen.fill(petal, ink)
        small = leaf(cx, cy, s * 0.34, s * 0.07, 90 * turn)
        pen.fill(small, mix(ink, ground, 0.35))
        corner_x, corner_y = x + s * (turn in (1, 2)), y + s * (turn in (2, 3))
        start = {0: 0, 1: 90, 2: 180, 3: 270}[turn]
        arc = [
            (
                corner_x + s * 0.27 * math.cos(math.radians(start + d)),
                corner_y + s * 0.27 * math.sin(math.radians(start + d)),
            )
            for d in range(0, 91, 6)
        ]
        pen.fill(ribbon(arc, s * 0.055), ink)
        pen.fill(ellipse(corner_x, corner_y, s * 0.11, s * 0.11), mix(ink, ground, 0.2))
    pen.fill(ellipse(cx, cy, s * 0.085, s * 0.085), ground)
    pen.fill(ellipse(cx, cy, s * 0.045, s * 0.045), YOLK)


def tiles(
    pen: Pen, x: float, y: float, size: float, columns: int, rows: int, ground: Colour, ink: Colour
) -> None:
    """A field of tiles."""
    for row in range(rows):
        for column in range(columns):
            tile(pen, x + column * size, y + row * size, size, ground, ink)


def lines(pen: Pen, cx: float, y: float, widths: Sequence[float], colour: Colour, step: float = 18) -> None:
    """Bars that stand for printed lines on a label."""
    for number, width in enumerate(widths):
        top = y + number * step
        pen.fill(rrect(cx - width / 2, top, cx + width / 2, top + step * 0.38, 4), colour, 0.75)


def lighthouse(pen: Pen, cx: float, cy: float, size: float, ink: Colour, ground: Colour) -> None:
    """The bakery's emblem."""
    s = size / 100
    tower = [(-16, 42), (-10, -18), (10, -18), (16, 42)]
    pen.fill([(cx + x * s, cy + y * s) for x, y in tower], ink)
    for top in (-2, 20):
        band = [
            (-12.5 - top * 0.08, top),
            (12.5 + top * 0.08, top),
            (13.6 + top * 0.08, top + 9),
            (-13.6 - top * 0.08, top + 9),
        ]
        pen.fill([(cx + x * s, cy + y * s) for x, y in band], ground)
    pen.fill(rect(cx - 14 * s, cy - 23 * s, cx + 14 * s, cy - 17 * s), ink)
    pen.fill(rect(cx - 8 * s, cy - 37 * s, cx + 8 * s, cy - 23 * s), YOLK)
    pen.fill([(cx - 11 * s, cy - 36 * s), (cx, cy - 50 * s), (cx + 11 * s, cy - 36 * s)], ink)
    for side in (-1, 1):
        pen.fill(
            [
                (cx + side * 12 * s, cy - 31 * s),
                (cx + side * 46 * s, cy - 42 * s),
                (cx + side * 46 * s, cy - 20 * s),
            ],
            YOLK,
            0.55,
        )
    wave = smooth(
        [(cx + x * s, cy + y * s) for x, y in ((-46, 46), (-23, 41), (0, 46), (23, 41), (46, 46))],
        closed=False,
    )
    pen.fill(ribbon(wave, 6 * s), ink)


def sails(pen: Pen, cx: float, cy: float, size: float, ink: Colour, ground: Colour) -> None:
    """The importer's emblem."""
    s = size / 100
    for dx, scale in ((-4, 1.0), (24, 0.72)):
        sail = [(dx, -46 * scale + 6), (dx, 24), (dx - 34 * scale, 24)]
        curve = smooth(
            [(cx + x * s, cy + y * s) for x, y in (sail[2], (dx - 22 * scale, -8), sail[0])], closed=False
        )
        pen.fill([*curve, (cx + dx * s, cy + 24 * s)], ink if dx < 0 else mix(ink, ground, 0.35))
    hull = [(-44, 29), (44, 29), (30, 46), (-30, 46)]
    pen.fill([(cx + x * s, cy + y * s) for x, y in hull], ink)


def lotus(pen: Pen, cx: float, cy: float, size: float, ink: Colour, ground: Colour) -> None:
    """The skin-care maker's emblem, also a flower beside the goods."""
    s = size / 100
    for degrees, length, share in (
        (-160, 46, 0.45),
        (-20, 46, 0.45),
        (-135, 52, 0.25),
        (-45, 52, 0.25),
        (-112, 56, 0.1),
        (-68, 56, 0.1),
        (-90, 60, 0.0),
    ):
        pen.fill(leaf(cx, cy + 26 * s, length * s, 13 * s, degrees), mix(ink, ground, share))
    pen.fill(ellipse(cx, cy + 28 * s, 13 * s, 5 * s), mix(ink, ground, 0.2))


def dew(pen: Pen, cx: float, cy: float, size: float, ink: Colour, ground: Colour) -> None:
    """The tea house's emblem: two leaves and a drop."""
    s = size / 100
    pen.fill(leaf(cx, cy + 34 * s, 66 * s, 15 * s, -125), ink)
    pen.fill(leaf(cx, cy + 34 * s, 66 * s, 15 * s, -55), mix(ink, ground, 0.3))
    drop = smooth(
        [(cx, cy - 46 * s), (cx + 9 * s, cy - 26 * s), (cx, cy - 16 * s), (cx - 9 * s, cy - 26 * s)]
    )
    pen.fill(drop, mix(YOLK, ink, 0.1))


EMBLEMS = {"farolim": lighthouse, "duas-velas": sails, "ilheu": lotus, "wo-lou": dew}


def almond(pen: Pen, x: float, y: float, size: float, degrees: float) -> None:
    """An almond in its skin."""
    pen.blurred(ellipse(x + 4, y + size * 0.22, size * 0.5, size * 0.2), (60, 45, 35), 0.28, 7)
    body = turned(
        smooth(
            [
                (x - size * 0.5, y),
                (x - size * 0.1, y - size * 0.27),
                (x + size * 0.5, y),
                (x - size * 0.1, y + size * 0.27),
            ]
        ),
        x,
        y,
        degrees,
    )
    pen.fill(body, Gradient(((0, (196, 128, 72)), (1, (150, 88, 46)))))
    for k in (-0.1, 0.08):
        grain = smooth(
            [(x - size * 0.4, y + k * size * 0.3), (x, y + k * size), (x + size * 0.36, y + k * size * 0.3)],
            closed=False,
        )
        pen.fill(turned(ribbon(grain, size * 0.03), x, y, degrees), (122, 68, 36), 0.5)


def sprig(
    pen: Pen,
    x: float,
    y: float,
    length: float,
    degrees: float,
    colour: Colour = (110, 138, 84),
    olives: bool = False,
) -> None:
    """A small branch with leaves in pairs, optionally with olives."""
    stem = smooth(
        [
            turned([(x + length * t, y - length * 0.10 * math.sin(math.pi * t))], x, y, degrees)[0]
            for t in (0, 0.35, 0.7, 1)
        ],
        closed=False,
    )
    pen.fill(ribbon([(px + 5, py + 9) for px, py in stem], 5), (60, 50, 40), 0.10)
    pen.fill(ribbon(stem, 6), dark(colour, 0.25))
    for number in range(5):
        px, py = stem[int((0.15 + 0.19 * number) * (len(stem) - 1))]
        for side in (-1, 1):
            shape = leaf(px, py, length * 0.30, length * 0.055, degrees + side * 42)
            pen.fill([(a + 4, b + 8) for a, b in shape], (60, 50, 40), 0.10)
            pen.fill(shape, colour if side > 0 else light(colour, 0.22))
    pen.fill(leaf(*stem[-1], length * 0.28, length * 0.05, degrees), light(colour, 0.1))
    if olives:
        for t, dy in ((0.3, 26), (0.62, 30)):
            px, py = stem[int(t * (len(stem) - 1))]
            ball(pen, px + 6, py + dy, 24, (92, 104, 52), 28)


def ball(pen: Pen, x: float, y: float, rx: float, colour: Colour, ry: float | None = None) -> None:
    """A small round thing with shadow and glint."""
    ry = ry or rx
    pen.blurred(ellipse(x + rx * 0.3, y + ry * 0.85, rx, ry * 0.35), (50, 40, 34), 0.30, 8)
    pen.fill(
        ellipse(x, y, rx, ry), Gradient(((0, light(colour, 0.2)), (0.5, colour), (1, dark(colour, 0.28))))
    )
    pen.fill(ellipse(x - rx * 0.32, y - ry * 0.36, rx * 0.24, ry * 0.18, -30), WHITE, 0.55)


def flower(pen: Pen, x: float, y: float, size: float, petal: Colour, heart: Colour, petals: int = 14) -> None:
    """A daisy-like head seen from above, a little squashed."""
    pen.blurred(ellipse(x + 6, y + size * 0.22, size * 0.95, size * 0.6), (60, 48, 40), 0.25, 10)
    for ring, share in ((1.0, 0.0), (0.72, 0.18)):
        for number in range(petals):
            shape = leaf(x, y, size * ring, size * 0.17 * ring, 360 / petals * (number + share * 3))
            flat: list[Point] = [(px, y + (py - y) * 0.72) for px, py in shape]
            pen.fill(flat, mix(petal, heart, share + 0.12 * (number % 2)))
    pen.fill(ellipse(x, y, size * 0.24, size * 0.19), heart)
    pen.fill(ellipse(x - size * 0.04, y - size * 0.04, size * 0.13, size * 0.09), light(heart, 0.35))


def plate(
    pen: Pen, cx: float, y: float, half: float, colour: Colour = WHITE, rim: Colour = AZULEJO, foot: float = 0
) -> None:
    """A plate with a painted rim; a foot (height in units) makes it a cake stand."""
    shadow(pen, cx, half * (0.45 if foot else 0.95), y + 34 + foot)
    if foot:
        base = y + 30 + foot
        stem = lathe(
            cx,
            [
                (half * 0.20, y),
                (half * 0.10, y + foot * 0.45),
                (half * 0.13, y + foot * 0.7),
                (half * 0.42, base),
            ],
        )
        pen.fill(stem, round_fill(dark(colour, 0.07), 0.8))
        pen.fill(ellipse(cx, base, half * 0.42, half * 0.07), round_fill(dark(colour, 0.09), 0.7))
        pen.fill(ellipse(cx, base - 6, half * 0.40, half * 0.06), round_fill(dark(colour, 0.02), 0.5))
        pen.fill(stem, round_fill(dark(colour, 0.05), 0.8))
    pen.fill(ellipse(cx, y + 14, half * 0.98, half * 0.23), dark(colour, 0.20))
    pen.fill(ellipse(cx, y, half, half * 0.24), fall(light(colour, 0.1), dark(colour, 0.05)))
    pen.fill(ellipse(cx, y, half * 0.955, half * 0.226), rim)
    pen.fill(ellipse(cx, y, half * 0.925, half * 0.216), fall(dark(colour, 0.03), light(colour, 0.4)))
    pen.fill(ellipse(cx, y + 4, half * 0.70, half * 0.15), dark(colour, 0.06))
    pen.fill(ellipse(cx, y + 7, half * 0.69, half * 0.145), mix(colour, CREAM, 0.25))


LEAF_GREEN: Colour = mix(LOTUS, (150, 160, 70), 0.35)
