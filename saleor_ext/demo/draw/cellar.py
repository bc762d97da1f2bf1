"""Bottles, jars and bags of the importer."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from .kit import (
    AZULEJO,
    CREAM,
    INK,
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
    lathe,
    leaf,
    light,
    mix,
    moved,
    rect,
    ribbon,
    round_fill,
    rrect,
    smooth,
    turned,
)
from .props import ball, lines, shadow, sprig, tiles
from .wares import Brand, cylinder_shade, glass_jar, label, medallion, pouch, screw_lid, sheen

BORDEAUX = [
    (26, 150),
    (28, 168),
    (27, 300),
    (32, 345),
    (82, 400),
    (98, 450),
    (99, 520),
    (99, 700),
    (98, 780),
    (88, 796),
]
BURGUNDY = [
    (25, 150),
    (27, 168),
    (28, 280),
    (44, 360),
    (88, 450),
    (106, 530),
    (108, 600),
    (108, 760),
    (104, 785),
    (92, 797),
]
FLUTE = [(23, 130), (25, 150), (30, 270), (52, 370), (82, 470), (90, 560), (91, 700), (90, 782), (82, 797)]
CHAMPAGNE = [
    (28, 150),
    (31, 175),
    (34, 270),
    (58, 370),
    (104, 480),
    (120, 570),
    (121, 640),
    (121, 765),
    (116, 788),
    (100, 799),
]
STOUT = [
    (30, 230),
    (32, 246),
    (33, 380),
    (44, 410),
    (108, 446),
    (122, 500),
    (122, 560),
    (120, 770),
    (112, 790),
    (98, 798),
]


def bottle(
    pen: Pen,
    brand: Brand,
    cx: float,
    profile: Sequence[Point],
    glass: Colour,
    capsule: Colour,
    *,
    paper: Colour = CREAM,
    ink: Colour = INK,
    label_top: float = 540,
    label_bottom: float = 735,
    capsule_end: float = 275,
    tiled: bool = False,
) -> None:
    """A wine bottle with capsule and label."""
    half = max(width for width, _ in profile)
    top = profile[0][1]
    shadow(pen, cx, half, 800)
    body = lathe(cx, profile)
    pen.fill(
        body,
        Gradient(
            (
                (0.0, dark(glass, 0.35)),
                (0.12, light(glass, 0.18)),
                (0.20, light(glass, 0.34)),
                (0.27, glass),
                (0.72, dark(glass, 0.10)),
                (0.93, dark(glass, 0.38)),
                (0.97, light(glass, 0.10)),
                (1.0, dark(glass, 0.45)),
            )
        ),
    )
    with pen.clipped(body) as inner:
        inner.fill(
            rect(cx - half, top - 10, cx + half, capsule_end),
            Gradient(
                (
                    (0.36, dark(capsule, 0.2)),
                    (0.42, light(capsule, 0.35)),
                    (0.5, capsule),
                    (0.62, dark(capsule, 0.3)),
                    (1.0, dark(capsule, 0.3)),
                )
            ),
        )
        inner.fill(rect(cx - half, capsule_end - 8, cx + half, capsule_end - 3), YOLK, 0.8)
        inner.fill(rect(cx - half, top + 22, cx + half, top + 26), dark(capsule, 0.4), 0.6)
    reach = half * 0.995
    paper_shape = rect(cx - reach, label_top, cx + reach, label_bottom)
    pen.fill(paper_shape, round_fill(paper, 0.55))
    middle = (label_top + label_bottom) / 2
    with pen.clipped(paper_shape) as inner:
        if tiled:
            size = reach / 2
            tiles(inner, cx - reach, label_bottom - size, size, 4, 1, light(AZULEJO, 0.92), AZULEJO)
        else:
            inner.fill(rect(cx - reach, label_bottom - 26, cx + reach, label_bottom - 14), ink, 0.85)
        inner.fill(rect(cx - reach, label_top + 10, cx + reach, label_top + 13), ink, 0.5)
    brand.emblem(pen, cx - 2, middle - 34, 84, ink, paper)
    lines(pen, cx - 2, middle + 22, (half * 1.05, half * 0.7), ink, 17)
    if tiled:
        cylinder_shade(pen, paper_shape, 0.22)
    sheen(pen, paper_shape, cx - half * 0.72, cx - half * 0.58, 0.35)


def glass(pen: Pen, x: float, foot: float, wine: Colour, bowl: float = 76) -> None:
    """A stemmed glass, a third full."""
    shadow(pen, x, bowl * 0.7, foot)
    pen.fill(ellipse(x, foot - 4, bowl * 0.72, 13), (224, 232, 236), 0.9)
    pen.fill(
        rect(x - 4.5, foot - 128, x + 4.5, foot - 6),
        Gradient(((0, (205, 216, 222)), (0.4, WHITE), (1, (190, 202, 210)))),
    )
    cup = lathe(
        x,
        [
            (bowl * 0.80, foot - 318),
            (bowl * 0.98, foot - 240),
            (bowl * 0.92, foot - 180),
            (bowl * 0.45, foot - 132),
            (6, foot - 122),
        ],
    )
    pen.fill(cup, round_fill((228, 236, 240), 0.3), 0.62)
    with pen.clipped(cup) as inner:
        inner.fill(rect(x - 200, foot - 212, x + 200, foot), round_fill(wine, 0.7), 0.95)
        inner.fill(ellipse(x, foot - 212, bowl * 0.96, 14), light(wine, 0.28))
        inner.fill(rect(x - bowl * 0.64, foot - 310, x - bowl * 0.50, foot - 150), WHITE, 0.45)
    pen.fill(ribbon([*ellipse(x, foot - 318, bowl * 0.80, 12), (x + bowl * 0.8, foot - 318)], 3), WHITE, 0.85)


def grapes(pen: Pen, x: float, y: float, colour: Colour) -> None:
    """A small bunch lying on the table."""
    rng = random.Random(int(x))
    sprig(pen, x + 70, y - 46, 90, -28)
    for row, count in enumerate((4, 5, 4, 2)):
        for k in range(count):
            shade = mix(colour, dark(colour, 0.3), rng.random() * 0.5)
            ball(pen, x + (k - count / 2) * 40 + row * 7, y - 44 + row * 27, 25, shade)


def bottle_red(pen: Pen, brand: Brand) -> None:
    """Red wine, a glass and grapes."""
    bottle(pen, brand, 430, BORDEAUX, (38, 44, 36), brand.colour)
    glass(pen, 660, 812, (122, 22, 44))
    grapes(pen, 250, 885, (78, 40, 84))


def bottle_case(pen: Pen, brand: Brand) -> None:
    """Two bottles of the same wine in an open wooden case."""
    bottle(pen, brand, 385, BORDEAUX, (38, 44, 36), brand.colour)
    bottle(pen, brand, 610, BORDEAUX, (38, 44, 36), brand.colour)
    wood = (206, 164, 110)
    for k in range(3):
        y = 690 + k * 46
        pen.fill(rrect(225, y, 775, y + 42, 5), fall(light(wood, 0.18), dark(wood, 0.06)))
        for x in (245, 755):
            pen.fill(ellipse(x, y + 21, 4, 4), dark(wood, 0.5))
    medallion(pen, brand, 500, 759, 54, light(wood, 0.55), dark(brand.colour, 0.1))
    sprig(pen, 190, 900, 190, -12)


def bottle_white(pen: Pen, brand: Brand) -> None:
    """White wine in a tall green bottle."""
    bottle(pen, brand, 430, FLUTE, (128, 150, 88), (206, 214, 160), paper=WHITE, ink=AZULEJO, tiled=True)
    glass(pen, 650, 812, (232, 222, 150))
    lemon(pen, 260, 880, 56)
    lemon(pen, 355, 905, 44)


def bottle_port(pen: Pen, brand: Brand) -> None:
    """Port in a low stout bottle with a stopper."""
    bottle(
        pen,
        brand,
        430,
        STOUT,
        (74, 34, 20),
        (40, 34, 34),
        paper=(240, 226, 196),
        ink=(96, 34, 30),
        capsule_end=330,
        label_top=520,
    )
    pen.fill(drum(430, 196, 232, 37, 7), round_fill(INK))
    pen.fill(ellipse(430, 196, 37, 7), light(INK, 0.25))
    glass(pen, 665, 812, (168, 82, 36), 58)
    for x, y in ((235, 880), (300, 908)):
        nut_half(pen, x, y)


def nut_half(pen: Pen, x: float, y: float) -> None:
    """A walnut in its shell."""
    pen.blurred(ellipse(x + 6, y + 30, 42, 12), (60, 45, 30), 0.35, 7)
    pen.fill(
        ellipse(x, y, 42, 36), Gradient(((0, (206, 160, 108)), (0.6, (176, 124, 74)), (1, (130, 86, 48))))
    )
    pen.fill(
        ribbon(smooth([(x - 40, y + 4), (x - 12, y - 8), (x + 16, y + 5), (x + 40, y - 4)], closed=False), 5),
        (112, 74, 42),
        0.8,
    )


def bottle_sparkling(pen: Pen, brand: Brand) -> None:
    """Sparkling wine with a foil neck and a flute."""
    bottle(
        pen,
        brand,
        420,
        CHAMPAGNE,
        (44, 70, 46),
        YOLK,
        paper=CREAM,
        ink=(60, 66, 40),
        capsule_end=390,
        label_top=560,
        label_bottom=730,
    )
    x, foot, wine = 660, 812, (240, 214, 128)
    shadow(pen, x, 50, foot)
    pen.fill(ellipse(x, foot - 4, 52, 11), (224, 232, 236))
    pen.fill(rect(x - 4, foot - 120, x + 4, foot - 6), (208, 218, 224))
    cup = lathe(x, [(44, foot - 400), (50, foot - 300), (42, foot - 190), (10, foot - 120)])
    pen.fill(cup, round_fill((228, 236, 240), 0.3), 0.6)
    with pen.clipped(cup) as inner:
        inner.fill(rect(x - 80, foot - 345, x + 80, foot), round_fill(wine, 0.6), 0.95)
        inner.fill(ellipse(x, foot - 345, 49, 9), light(wine, 0.5))
        rng = random.Random(2)
        for _ in range(26):
            inner.fill(ellipse(x + rng.uniform(-34, 34), foot - rng.uniform(140, 336), 3.4, 3.4), WHITE, 0.8)
    lemon(pen, 250, 890, 46)


def lemon(pen: Pen, x: float, y: float, r: float) -> None:
    """A slice of lemon or lime."""
    pen.blurred(ellipse(x + 6, y + r * 0.5, r, r * 0.4), (60, 60, 30), 0.3, 8)
    pen.fill(ellipse(x, y + 7, r, r * 0.62), (196, 176, 52))
    pen.fill(ellipse(x, y, r, r * 0.62), (240, 208, 74))
    pen.fill(ellipse(x, y, r * 0.88, r * 0.54), (252, 244, 206))
    for k in range(8):
        a = math.tau * k / 8 + 0.2
        wedge = [(x + r * 0.1 * math.cos(a + 0.4), y + r * 0.062 * math.sin(a + 0.4))]
        wedge += [
            (x + r * 0.8 * math.cos(a + t), y + r * 0.49 * math.sin(a + t)) for t in (0.06, 0.25, 0.45, 0.72)
        ]
        pen.fill(wedge, (246, 220, 108))


def oil_bottle(pen: Pen, brand: Brand) -> None:
    """Dark square-shouldered oil bottle with olives."""
    profile = [
        (24, 190),
        (26, 205),
        (27, 330),
        (40, 372),
        (106, 412),
        (118, 450),
        (118, 560),
        (118, 770),
        (112, 790),
        (100, 798),
    ]
    bottle(
        pen,
        brand,
        440,
        profile,
        (52, 66, 34),
        (150, 158, 70),
        paper=CREAM,
        ink=(74, 88, 40),
        capsule_end=300,
        label_top=500,
        label_bottom=740,
    )
    bowl(pen, 700, 790, 120)
    sprig(pen, 170, 885, 240, -8, olives=True)


def bowl(pen: Pen, cx: float, y: float, half: float) -> None:
    """A small white bowl of golden oil."""
    shadow(pen, cx, half * 0.8, y + 30)
    side = (
        [(cx - half, y - 40)]
        + [
            (cx - half * 0.98 * math.cos(a), y - 40 + half * 0.62 * math.sin(a))
            for a in (math.pi * i / 30 for i in range(31))
        ]
        + [(cx + half, y - 40)]
    )
    pen.fill(side, round_fill(WHITE, 0.5))
    with pen.clipped(side) as inner:
        inner.fill(rect(cx - half, y - 14, cx + half, y - 6), AZULEJO, 0.85)
    pen.fill(ellipse(cx, y - 40, half, half * 0.24), light(AZULEJO, 0.7))
    pen.fill(ellipse(cx, y - 40, half * 0.95, half * 0.22), WHITE)
    pen.fill(
        ellipse(cx, y - 35, half * 0.86, half * 0.18), Gradient(((0, (236, 206, 84)), (1, (196, 168, 44))))
    )
    pen.fill(ellipse(cx - half * 0.3, y - 42, half * 0.24, half * 0.035), WHITE, 0.7)


def jam_jar(pen: Pen, brand: Brand) -> None:
    """Fig jam with a cloth-like lid and a cut fig."""
    inside = glass_jar(pen, cx=470, half=190, top=395, bottom=755, content=(96, 36, 52), fill_top=440)
    rng = random.Random(8)
    with pen.clipped(inside) as inner:
        for _ in range(60):
            inner.fill(ellipse(rng.uniform(290, 650), rng.uniform(450, 770), 4, 3), (224, 178, 110), 0.6)
    pen.fill(rect(306, 440, 324, 740), WHITE, 0.30)
    screw_lid(pen, 470, 186, 325, 400, YOLK, ridges=26)
    label(pen, brand, 360, 500, 580, 735, CREAM, brand.colour)
    fig(pen, 745, 790, 88)
    leaf_shape = leaf(640, 900, 150, 34, -8)
    pen.fill(leaf_shape, (110, 138, 84))


def fig(pen: Pen, x: float, y: float, size: float) -> None:
    """Half a fig, its red inside up."""
    pen.blurred(ellipse(x + 8, y + size * 0.75, size * 0.95, size * 0.3), (60, 40, 40), 0.38, 10)
    skin = smooth(
        [
            (x, y - size * 1.15),
            (x + size * 0.3, y - size * 0.72),
            (x + size * 0.9, y + size * 0.1),
            (x + size * 0.55, y + size * 0.8),
            (x, y + size * 0.92),
            (x - size * 0.55, y + size * 0.8),
            (x - size * 0.9, y + size * 0.1),
            (x - size * 0.3, y - size * 0.72),
        ]
    )
    pen.fill(skin, fall((116, 92, 96), (74, 44, 84)))
    flesh = [(x + (px - x) * 0.84, y + 6 + (py - y) * 0.84) for px, py in skin]
    pen.fill(flesh, (244, 226, 206))
    pen.fill([(x + (px - x) * 0.66, y + 14 + (py - y) * 0.66) for px, py in skin], (196, 70, 82))
    rng = random.Random(1)
    for _ in range(46):
        a, d = rng.uniform(0, math.tau), size * 0.46 * math.sqrt(rng.random())
        pen.fill(ellipse(x + d * math.cos(a), y + size * 0.14 + d * math.sin(a), 4, 3), (250, 214, 150), 0.9)


def sauce_bottle(pen: Pen, brand: Brand) -> None:
    """Small hot-sauce bottle with chillies."""
    red = (190, 44, 28)
    profile = [
        (24, 300),
        (25, 312),
        (26, 400),
        (36, 440),
        (82, 490),
        (92, 530),
        (92, 600),
        (92, 775),
        (86, 792),
        (74, 798),
    ]
    bottle(
        pen,
        brand,
        480,
        profile,
        red,
        (36, 60, 46),
        paper=CREAM,
        ink=(150, 30, 20),
        label_top=560,
        label_bottom=745,
        capsule_end=400,
    )
    for x, y, turn, size in ((250, 860, -18, 170), (610, 890, 8, 190), (330, 912, 12, 130)):
        chilli(pen, x, y, turn, size)


def chilli(pen: Pen, x: float, y: float, turn: float, size: float) -> None:
    """A bird's-eye chilli lying down."""
    body = smooth(
        [
            (x, y - 16),
            (x + size * 0.45, y - 20),
            (x + size, y + 10),
            (x + size * 0.45, y + 16),
            (x, y + 16),
            (x - 10, y),
        ]
    )
    pen.fill(moved(turned(body, x, y, turn), 5, 12), (60, 30, 20), 0.16)
    pen.fill(turned(body, x, y, turn), fall((232, 84, 50), (176, 28, 24)))
    pen.fill(turned(ellipse(x + size * 0.35, y - 8, size * 0.22, 3), x, y, turn), WHITE, 0.5)
    pen.fill(
        turned(
            [
                (x + 4, y - 15),
                (x + 4, y + 15),
                (x - 12, y + 6),
                (x - 44, y - 4),
                (x - 44, y - 12),
                (x - 12, y - 6),
            ],
            x,
            y,
            turn,
        ),
        (84, 122, 58),
    )


def coffee_bag(pen: Pen, brand: Brand) -> None:
    """Bag of roasted coffee with beans before it."""
    body = pouch(pen, cx=490, half=215, top=235, bottom=780, colour=(66, 52, 48))
    with pen.clipped(body) as inner:
        tiles(inner, 275, 690, 86, 6, 2, light(AZULEJO, 0.9), AZULEJO)
    pen.fill(ellipse(490, 330, 16, 16), light(INK, 0.3))
    pen.fill(ellipse(490, 330, 6, 6), INK)
    label(pen, brand, 375, 390, 605, 655, CREAM, brand.colour)
    rng = random.Random(12)
    for x, y in (
        (215, 850),
        (262, 880),
        (330, 905),
        (650, 900),
        (715, 872),
        (775, 905),
        (410, 895),
        (836, 868),
    ):
        bean(pen, x, y, rng.uniform(-60, 60))


def bean(pen: Pen, x: float, y: float, turn: float) -> None:
    """A coffee bean."""
    pen.blurred(ellipse(x + 4, y + 18, 30, 9), (50, 36, 28), 0.35, 5)
    pen.fill(ellipse(x, y, 31, 22, turn), Gradient(((0, (136, 88, 56)), (1, (82, 48, 30)))))
    slit = smooth(
        [
            turned([(x - 28, y)], x, y, turn)[0],
            turned([(x - 8, y - 7)], x, y, turn)[0],
            turned([(x + 8, y + 7)], x, y, turn)[0],
            turned([(x + 28, y)], x, y, turn)[0],
        ],
        closed=False,
    )
    pen.fill(ribbon(slit, 5), (48, 26, 18), 0.9)
