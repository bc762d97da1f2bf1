"""Teas, herbs and balms of the tea house."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
import random

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
from .props import ball, flower, lines, plate, shadow, sprig, tiles
from .wares import Brand, cylinder_shade, front_box, glass_jar, label, medallion, pouch

TEA: Colour = (92, 58, 36)
LIQUOR: Colour = (168, 72, 28)


def leaves(
    pen: Pen,
    rng: random.Random,
    cx: float,
    cy: float,
    rx: float,
    ry: float,
    count: int,
    colours: tuple[Colour, ...],
) -> None:
    """Loose leaf scattered in an ellipse."""
    for _ in range(count):
        a, d = rng.uniform(0, math.tau), math.sqrt(rng.random())
        x, y = cx + rx * d * math.cos(a), cy + ry * d * math.sin(a)
        shape = leaf(x, y, rng.uniform(18, 36), rng.uniform(3, 6), rng.uniform(0, 360))
        pen.fill(moved(shape, 2, 3), INK, 0.12)
        pen.fill(shape, rng.choice(colours))


def tea_cake(pen: Pen, brand: Brand) -> None:
    """A compressed cake of pu'er standing in front of its wrapper."""
    rng = random.Random(3)
    wrap = ellipse(575, 500, 250, 250)
    pen.blurred(moved(wrap, 12, 20), (50, 40, 34), 0.32, 16)
    pen.fill(wrap, Gradient(((0, (250, 244, 228)), (1, (226, 214, 188)))))
    for k in range(20):
        a = math.tau * k / 20
        pen.fill(
            [
                (575 + 246 * math.cos(a), 500 + 246 * math.sin(a)),
                (575 + 176 * math.cos(a + 0.08), 500 + 176 * math.sin(a + 0.08)),
                (575 + 246 * math.cos(a + 0.10), 500 + 246 * math.sin(a + 0.10)),
            ],
            dark(CREAM, 0.12),
            0.5,
        )
    medallion(pen, brand, 575, 500, 130, CREAM, brand.colour)
    shadow(pen, 400, 200, 812)
    pen.fill(moved(ellipse(400, 610, 212, 206), 12, 8), dark(TEA, 0.4))
    face = ellipse(400, 610, 212, 206)
    pen.fill(face, Gradient(((0, light(TEA, 0.12)), (0.6, TEA), (1, dark(TEA, 0.25)))))
    with pen.clipped(face) as inner:
        for _ in range(420):
            a, d = rng.uniform(0, math.tau), 212 * math.sqrt(rng.random())
            x, y = 400 + d * math.cos(a), 610 + d * math.sin(a)
            shade = rng.choice(
                (light(TEA, 0.2), dark(TEA, 0.25), (128, 84, 48), (70, 44, 30), (150, 106, 62))
            )
            inner.fill(leaf(x, y, rng.uniform(20, 42), rng.uniform(3, 6), rng.uniform(0, 360)), shade, 0.85)
        inner.fill(ellipse(400, 610, 42, 40), dark(TEA, 0.45), 0.35)
    leaves(pen, rng, 720, 880, 90, 26, 26, (TEA, light(TEA, 0.15), (70, 44, 30)))


def gaiwan(pen: Pen, brand: Brand) -> None:
    """A lidded cup of red tea, painted blue."""
    cx = 470.0
    shadow(pen, cx, 220, 830)
    pen.fill(ellipse(cx, 806, 250, 44), dark(WHITE, 0.15))
    pen.fill(ellipse(cx, 796, 250, 44), Gradient(((0, WHITE), (1, (226, 228, 230)))))
    pen.fill(ribbon([*ellipse(cx, 796, 232, 38), (cx + 232, 796)], 5), AZULEJO, 0.8)
    pen.fill(ellipse(cx, 798, 120, 20), (214, 218, 222))
    bowl = smooth([(cx - 212, 500), (cx - 196, 600), (cx - 140, 720), (cx - 84, 776)], closed=False)
    shape = [
        *bowl,
        *[(cx - 84 * math.cos(a), 776 + 16 * math.sin(a)) for a in (math.pi * i / 20 for i in range(21))],
        *[(2 * cx - x, y) for x, y in reversed(bowl)],
    ]
    pen.fill(shape, round_fill(WHITE, 0.8))
    with pen.clipped(shape) as inner:
        tiles(inner, cx - 220, 566, 110, 4, 1, WHITE, AZULEJO)
        inner.fill(rect(0, 556, 1000, 562), AZULEJO)
        inner.fill(rect(0, 680, 1000, 686), AZULEJO)
    cylinder_shade(pen, shape, 0.22)
    pen.fill(ellipse(cx, 500, 216, 44), WHITE)
    pen.fill(ellipse(cx, 502, 204, 40), (214, 220, 226))
    pen.fill(ellipse(cx, 514, 190, 30), Gradient(((0, light(LIQUOR, 0.2)), (1, dark(LIQUOR, 0.2)))))
    pen.fill(ellipse(cx - 70, 508, 52, 6), WHITE, 0.45)
    lid = Pen()
    dome = smooth(
        [(cx - 190, 470), (cx - 150, 420), (cx - 60, 388), (cx + 60, 388), (cx + 150, 420), (cx + 190, 470)],
        closed=False,
    )
    lid.fill(
        [
            *dome,
            *[
                (cx + 190 * math.cos(a), 470 + 30 * math.sin(a))
                for a in (math.pi * i / 30 for i in range(31))
            ],
        ],
        round_fill(WHITE, 0.8),
    )
    lid.fill(
        ribbon(
            [(cx - 186 + 372 * t, 462 + 30 * math.sin(math.pi * t)) for t in (i / 30 for i in range(31))], 6
        ),
        AZULEJO,
    )
    lid.fill(drum(cx, 362, 388, 46, 8), round_fill(WHITE))
    lid.fill(ellipse(cx, 362, 50, 10), light(AZULEJO, 0.75))
    lid.sheet = lid.sheet.rotate(-14, center=(round((cx + 190) * 3), 480 * 3))
    pen.lay(lid, 8)
    for k, dx in enumerate((-50, 20)):
        steam = smooth(
            [(cx + dx, 300), (cx + dx + 26, 250), (cx + dx - 14, 200), (cx + dx + 16, 150)], closed=False
        )
        pen.blurred(ribbon(steam, 16), WHITE, 0.8 - 0.15 * k, 9)
    leaves(pen, random.Random(2), 780, 890, 80, 22, 22, (TEA, light(TEA, 0.15), (70, 44, 30)))


def caddy(
    pen: Pen, brand: Brand, top: float, half: float, body: Colour, lid: Colour, cx: float = 470
) -> None:
    """A lacquered tea tin with a long lid."""
    bottom, dip = 770.0, half * 0.15
    shadow(pen, cx, half, bottom + dip * 0.7)
    side = drum(cx, top, bottom, half, dip)
    pen.fill(side, round_fill(body))
    with pen.clipped(side) as inner:
        size = half / 1.5
        tiles(inner, cx - half, bottom - size + dip * 0.5, size, 3, 1, light(body, 0.88), body)
        inner.fill(rect(0, bottom - size - 8 + dip * 0.5, 1000, bottom - size - 2 + dip * 0.5), YOLK)
    cylinder_shade(pen, side, 0.25)
    cap = drum(cx, top - 20, top + 120, half * 1.015, dip)
    pen.fill(cap, round_fill(lid))
    pen.fill(drum(cx, top + 110, top + 120, half * 1.015, dip), round_fill(YOLK))
    pen.fill(ellipse(cx, top - 20, half * 1.015, dip), fall(light(lid, 0.4), light(lid, 0.12)))
    pen.fill(ellipse(cx, top - 19, half * 0.9, dip * 0.86), fall(light(lid, 0.2), light(lid, 0.3)))
    medallion(pen, brand, cx, (top + 120 + bottom) / 2 - half * 0.12, half * 0.48, CREAM, dark(body, 0.1))


def tea_caddy(pen: Pen, brand: Brand) -> None:
    """A low caddy with paper-wrapped tuo beside it."""
    caddy(pen, brand, 340, 205, (126, 52, 40), (92, 40, 34), 440)
    for x, y in ((700, 800), (790, 856), (670, 880)):
        pen.blurred(ellipse(x + 8, y + 42, 62, 18), (60, 45, 35), 0.35, 8)
        pen.fill(ellipse(x, y + 6, 62, 46), round_fill((242, 234, 214), 0.9))
        for k in range(9):
            a = math.pi * (1.1 + 0.8 * k / 8)
            pen.fill(
                ribbon([(x, y - 26), (x + 56 * math.cos(a), y + 6 + 40 * math.sin(a + 0.25) * 0.6)], 3),
                (196, 182, 150),
                0.6,
            )
        pen.fill(
            smooth([(x - 16, y - 30), (x - 6, y - 58), (x + 14, y - 54), (x + 16, y - 30)]), (232, 222, 196)
        )
        pen.fill(ellipse(x, y + 14, 20, 14), mix(brand.colour, CREAM, 0.2), 0.85)


def tea_caddy_tall(pen: Pen, brand: Brand) -> None:
    """A tall pale caddy with jasmine."""
    caddy(pen, brand, 280, 165, (92, 132, 104), (236, 230, 208), 460)
    for x, y, s in ((700, 852, 56), (780, 884, 48), (640, 898, 44), (235, 880, 50)):
        flower(pen, x, y, s, WHITE, (246, 226, 150), 7)
    leaves(pen, random.Random(4), 330, 905, 70, 16, 18, ((96, 122, 74), (126, 150, 96), (70, 96, 60)))
    pen.fill(leaf(735, 905, 86, 20, 14), (96, 132, 84))


def teabag_box(pen: Pen, brand: Brand) -> None:
    """Tea-bag box with a pyramid bag before it and chrysanthemum heads."""
    box = (236, 196, 92)
    front = front_box(pen, x0=220, x1=640, top=330, bottom=775, depth=105, face=box)
    with pen.clipped(front) as inner:
        inner.fill(rect(220, 330, 640, 430), brand.colour)
        tiles(inner, 220, 670, 105, 4, 1, light(AZULEJO, 0.92), AZULEJO)
    lines(pen, 430, 362, (220, 150), CREAM, 26)
    flower(pen, 430, 552, 104, WHITE, YOLK, 18)
    x, y = 775.0, 870.0
    pen.blurred(ellipse(x + 8, y + 6, 96, 18), (60, 45, 35), 0.35, 9)
    pen.fill(
        ribbon(
            smooth([(x, y - 150), (x + 40, y - 220), (x - 20, y - 262), (x + 20, y - 310)], closed=False), 4
        ),
        (230, 222, 200),
    )
    pen.fill([(x - 92, y), (x, y - 152), (x + 92, y)], (246, 240, 226), 0.92)
    pen.fill([(x + 92, y), (x, y - 152), (x + 30, y + 16)], (222, 212, 190), 0.9)
    with pen.clipped([(x - 80, y - 4), (x, y - 128), (x + 70, y - 4)]) as inner:
        leaves(inner, random.Random(5), x - 4, y - 30, 60, 30, 40, (TEA, light(TEA, 0.2)))
        flower(inner, x - 6, y - 52, 32, (252, 246, 220), YOLK, 12)
    flower(pen, 240, 868, 60, WHITE, YOLK, 16)
    flower(pen, 340, 900, 48, (255, 244, 206), YOLK, 16)


def herb_box(pen: Pen, brand: Brand) -> None:
    """Five-flower infusion: a box with five heads on it."""
    front = front_box(pen, x0=250, x1=640, top=250, bottom=775, depth=100, face=light(brand.colour, 0.15))
    with pen.clipped(front) as inner:
        inner.fill(rrect(282, 300, 608, 650, 160), CREAM)
        tiles(inner, 250, 678, 97.5, 4, 1, light(brand.colour, 0.92), dark(brand.colour, 0.1))
    for x, y, s, petal, heart, n in (
        (445, 470, 74, WHITE, YOLK, 16),
        (372, 392, 48, (250, 222, 120), (206, 150, 50), 9),
        (520, 392, 50, (222, 106, 70), (244, 190, 80), 6),
        (372, 556, 48, (236, 240, 206), (180, 190, 110), 8),
        (520, 556, 50, (255, 250, 240), (250, 206, 90), 5),
    ):
        flower(pen, x, y, s, petal, heart, n)
    for x, y, s, petal, heart, n in (
        (780, 840, 56, (222, 106, 70), (244, 190, 80), 6),
        (235, 876, 58, WHITE, YOLK, 16),
        (330, 902, 42, (250, 222, 120), (206, 150, 50), 9),
        (712, 896, 44, (255, 250, 240), (250, 206, 90), 5),
    ):
        flower(pen, x, y, s, petal, heart, n)


def cube(pen: Pen, x: float, y: float, s: float, colour: Colour) -> None:
    """A block of sugar seen from above right; (x, y) is its lower left front corner."""
    d = s * 0.45
    pen.blurred(ellipse(x + s * 0.75, y + 4, s * 0.9, s * 0.16), (60, 40, 30), 0.35, 8)
    pen.fill(
        [(x + s, y - s), (x + s + d, y - s - d * 0.6), (x + s + d, y - d * 0.6), (x + s, y)],
        dark(colour, 0.25),
    )
    pen.fill(
        [(x, y - s), (x + d, y - s - d * 0.6), (x + s + d, y - s - d * 0.6), (x + s, y - s)],
        light(colour, 0.3),
    )
    pen.fill(rrect(x, y - s, x + s, y, 5), fall(light(colour, 0.08), dark(colour, 0.05)))
    rng = random.Random(int(x + y))
    for _ in range(26):
        pen.fill(
            ellipse(x + rng.uniform(4, s - 4), y - rng.uniform(4, s - 4), 3, 3),
            rng.choice((light(colour, 0.35), dark(colour, 0.3))),
            0.6,
        )
    for _ in range(4):
        pen.fill(
            ellipse(x + rng.uniform(12, s - 12), y - rng.uniform(12, s - 12), 9, 6, rng.uniform(0, 180)),
            (160, 44, 34),
            0.85,
        )


def sugar_cubes(pen: Pen, brand: Brand) -> None:
    """Brown-sugar cubes on a plate with ginger and jujube."""
    plate(pen, 500, 710, 380, foot=90)
    sugar = (126, 70, 40)
    for x, y in (
        (345, 690),
        (520, 690),
        (255, 735),
        (430, 738),
        (605, 732),
        (350, 590),
        (520, 590),
        (440, 490),
    ):
        cube(pen, x, y, 96, sugar)
    ginger = smooth(
        [
            (170, 880),
            (210, 848),
            (262, 862),
            (290, 836),
            (322, 858),
            (306, 892),
            (336, 912),
            (300, 930),
            (240, 910),
            (196, 922),
        ]
    )
    pen.fill(moved(ginger, 5, 12), INK, 0.14)
    pen.fill(ginger, fall((232, 200, 132), (200, 158, 92)))
    for x in (214, 262, 300):
        pen.fill(ribbon(smooth([(x, 862), (x + 7, 884), (x - 2, 906)], closed=False), 3), (168, 124, 70), 0.6)
    for x, y in ((770, 892), (836, 868)):
        ball(pen, x, y, 36, (150, 40, 34), 28)


def peel_jar(pen: Pen, brand: Brand) -> None:
    """Dried tangerine peel in a jar and one three-petal peel before it."""
    inside = glass_jar(pen, cx=450, half=195, top=350, bottom=750, content=(150, 92, 44), fill_top=420)
    rng = random.Random(4)
    with pen.clipped(inside) as inner:
        for _ in range(34):
            peel(
                inner,
                rng.uniform(280, 620),
                rng.uniform(440, 770),
                rng.uniform(52, 80),
                rng.uniform(0, 120),
                rng.choice(((146, 84, 38), (176, 104, 46), (120, 68, 34))),
            )
    pen.fill(rect(286, 410, 304, 730), WHITE, 0.35)
    lid = (110, 66, 40)
    pen.fill(drum(450, 282, 358, 178, 27), round_fill(lid))
    pen.fill(ellipse(450, 282, 178, 27), light(lid, 0.22))
    pen.fill(drum(450, 258, 280, 34, 7), round_fill(lid))
    pen.fill(ellipse(450, 258, 34, 7), light(lid, 0.35))
    label(pen, brand, 345, 490, 555, 715, CREAM, brand.colour)
    peel(pen, 740, 830, 130, 20, (176, 100, 40), shade=True)
    peel(pen, 250, 890, 66, 70, (150, 86, 38), shade=True)


def peel(pen: Pen, x: float, y: float, size: float, turn: float, colour: Colour, shade: bool = False) -> None:
    """A peel opened into three petals, its pale inside up on one."""
    if shade:
        pen.blurred(ellipse(x + 6, y + size * 0.35, size * 0.85, size * 0.4), (60, 40, 30), 0.32, 9)
    for k in range(3):
        shape: list[Point] = turned(
            smooth(
                [
                    (x, y - size * 0.08),
                    (x + size * 0.45, y - size * 0.34),
                    (x + size * 0.95, y - size * 0.12),
                    (x + size, y + size * 0.1),
                    (x + size * 0.5, y + size * 0.3),
                    (x, y + size * 0.08),
                ]
            ),
            x,
            y,
            turn + 120 * k,
        )
        flat = [(px, y + (py - y) * 0.66) for px, py in shape]
        pen.fill(flat, fall(light(colour, 0.12), dark(colour, 0.12)))
        inner_shape = [(x + (px - x) * 0.86, y + (py - y) * 0.78) for px, py in flat]
        pen.fill(inner_shape, (232, 202, 150) if k == 1 else colour, 0.85)
        rng = random.Random(k + int(size))
        for _ in range(16):
            t, w = rng.uniform(0.25, 0.9), rng.uniform(-0.16, 0.16)
            dot = turned([(x + size * t, y + size * w)], x, y, turn + 120 * k)[0]
            pen.fill(ellipse(dot[0], y + (dot[1] - y) * 0.66, 2.6, 2), dark(colour, 0.35), 0.6)


def balm_tin(pen: Pen, brand: Brand) -> None:
    """Open pocket tin of pale balm with mint leaves."""
    tin = (196, 168, 96)
    lid_half = 190.0
    disc = ellipse(600, 455, lid_half, lid_half)
    pen.blurred(moved(disc, 14, 18), (50, 40, 34), 0.32, 14)
    pen.fill(moved(disc, 8, 8), dark(tin, 0.35))
    pen.fill(disc, Gradient(((0, light(tin, 0.4)), (1, dark(tin, 0.06)))))
    pen.fill(ellipse(600, 455, lid_half * 0.92, lid_half * 0.92), brand.colour)
    with pen.clipped(ellipse(600, 455, lid_half * 0.92, lid_half * 0.92)) as inner:
        tiles(inner, 425, 280, 117, 3, 3, light(brand.colour, 0.88), dark(brand.colour, 0.05))
    medallion(pen, brand, 600, 455, 104, CREAM, dark(brand.colour, 0.1))
    cx, top, bottom, half, dip = 430.0, 660.0, 745.0, 230.0, 66.0
    shadow(pen, cx, half, bottom + dip * 0.7)
    pen.fill(drum(cx, top, bottom, half, dip), round_fill(tin))
    pen.fill(drum(cx, top + 20, top + 27, half, dip), round_fill(dark(tin, 0.25)))
    pen.fill(ellipse(cx, top, half, dip), light(tin, 0.5))
    pen.fill(ellipse(cx, top + 2, half * 0.95, dip * 0.93), dark(tin, 0.15))
    pen.fill(ellipse(cx, top + 9, half * 0.92, dip * 0.85), fall((222, 226, 178), (244, 244, 212)))
    swirl = smooth(
        [
            (cx - 120, top + 4),
            (cx - 20, top - 18),
            (cx + 110, top + 2),
            (cx + 40, top + 34),
            (cx - 60, top + 26),
        ],
        closed=False,
    )
    pen.fill(ribbon(swirl, 10), (210, 214, 160), 0.8)
    pen.fill(ribbon(moved(swirl, -3, -5), 7), WHITE, 0.6)
    for x, y, turn, size in (
        (760, 850, -30, 120),
        (770, 858, 20, 110),
        (762, 856, 200, 70),
        (215, 895, -10, 120),
    ):
        shape = leaf(x, y, size, size * 0.26, turn)
        pen.fill(moved(shape, 5, 10), INK, 0.14)
        pen.fill(shape, fall((122, 176, 112), (74, 134, 82)))
        tip = turned([(x + size * 0.9, y)], x, y, turn)[0]
        pen.fill(ribbon([(x, y), tip], 3), (196, 222, 176), 0.8)


def foot_bath(pen: Pen, brand: Brand) -> None:
    """A wooden tub of warm water with a sachet and mugwort."""
    wood = (192, 142, 88)
    cx, top, bottom = 500.0, 500.0, 770.0
    shadow(pen, cx, 290, 800)
    rim = [(cx - 320 * math.cos(a), top + 84 * math.sin(a)) for a in (math.pi * i / 40 for i in range(41))]
    base = [
        (cx + 272 * math.cos(a), bottom + 58 * math.sin(a)) for a in (math.pi * i / 40 for i in range(41))
    ]
    side = rim + base
    pen.fill(side, round_fill(wood))
    with pen.clipped(side) as inner:
        for k in range(-7, 8):
            inner.fill(ribbon([(cx + k * 45, top), (cx + k * 38.5, bottom + 70)], 4), dark(wood, 0.35), 0.5)
        for y in (600, 735):
            hoop = [(cx - 330 + 660 * t, y + 70 * math.sin(math.pi * t)) for t in (i / 40 for i in range(41))]
            inner.fill(ribbon(hoop, 20), (110, 92, 72))
            inner.fill(ribbon(moved(hoop, 0, -6), 4), light((110, 92, 72), 0.4), 0.7)
    pen.fill(ellipse(cx, top, 320, 84), light(wood, 0.3))
    pen.fill(ellipse(cx, top + 2, 298, 76), dark(wood, 0.25))
    water = ellipse(cx, top + 18, 288, 64)
    pen.fill(water, Gradient(((0, (196, 160, 92)), (1, (150, 108, 56)))))
    for r in (0.8, 0.55):
        pen.fill(
            ribbon([*ellipse(cx - 40, top + 20, 250 * r, 48 * r), (cx - 40 + 250 * r, top + 20)], 4),
            WHITE,
            0.25,
        )
    bag = turned(rrect(500, 430, 640, 540, 14), 570, 485, -12)
    pen.fill(moved(bag, 4, 12), (80, 50, 20), 0.35)
    pen.fill(bag, fall((250, 244, 230), (224, 210, 182)))
    brand.emblem(pen, 570, 482, 66, brand.colour, CREAM)
    for x in (370, 450, 640):
        steam = smooth([(x, 400), (x + 26, 345), (x - 14, 290), (x + 16, 235)], closed=False)
        pen.blurred(ribbon(steam, 18), WHITE, 0.7, 10)
    sprig(pen, 170, 905, 210, -6, (122, 146, 108))
    for x, y in ((750, 892), (815, 870), (700, 915)):
        pen.blurred(ellipse(x + 3, y + 20, 36, 10), (60, 45, 30), 0.3, 6)
        pen.fill(ellipse(x, y, 38, 24), (206, 166, 98))
        pen.fill(ellipse(x, y - 4, 34, 20), (240, 212, 140))


def soup_pack(pen: Pen, brand: Brand) -> None:
    """A clear-fronted bag of soup herbs tied with string."""
    paper = (214, 186, 140)
    pouch(pen, cx=490, half=225, top=300, bottom=780, colour=paper)
    window = rrect(360, 560, 620, 740, 70)
    pen.fill(window, (240, 232, 212))
    rng = random.Random(6)
    with pen.clipped(window) as inner:
        for _ in range(70):
            x, y = rng.uniform(350, 630), rng.uniform(560, 745)
            kind = rng.randrange(4)
            if kind == 0:
                inner.fill(
                    turned(rrect(x - 34, y - 11, x + 34, y + 11, 8), x, y, rng.uniform(0, 180)),
                    (250, 246, 234),
                )
            elif kind == 1:
                inner.fill(ellipse(x, y, 16, 14), (236, 214, 170))
            elif kind == 2:
                inner.fill(ellipse(x, y, 15, 12), (120, 62, 34))
            else:
                inner.fill(leaf(x, y, 34, 9, rng.uniform(0, 360)), (248, 238, 208))
    medallion(pen, brand, 490, 450, 88, CREAM, brand.colour)
    string = [(262, 352), (380, 362), (490, 356), (600, 364), (718, 350)]
    pen.fill(ribbon(smooth(string, closed=False), 9), (176, 60, 46))
    for side in (-1, 1):
        loop = smooth([(490, 358), (490 + side * 60, 318), (490 + side * 84, 350), (490 + side * 40, 372)])
        pen.fill(ribbon([*loop, loop[0]], 8), (176, 60, 46))
        pen.fill(
            ribbon(smooth([(490, 358), (490 + side * 26, 400), (490 + side * 20, 430)], closed=False), 8),
            (176, 60, 46),
        )
    for x, y in ((240, 880), (300, 905), (740, 895)):
        ball(pen, x, y, 24, (236, 214, 170), 20)
    for x, y in ((690, 870), (800, 880)):
        ball(pen, x, y, 24, (126, 66, 38), 20)
