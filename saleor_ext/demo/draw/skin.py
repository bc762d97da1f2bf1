"""Jars, tubes, soaps and bottles of the skin-care maker."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
import random

from .kit import (
    AZULEJO,
    CREAM,
    WHITE,
    YOLK,
    Colour,
    Gradient,
    Pen,
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
from .props import ball, lines, lotus, shadow, sprig, tile, tiles
from .wares import Brand, cylinder_shade, front_box, glass_jar, label

BLUSH: Colour = (236, 176, 176)


def bloom(pen: Pen, x: float, y: float, size: float) -> None:
    """A lotus flower lying beside the goods."""
    pen.blurred(ellipse(x + 5, y + size * 0.30, size * 0.42, size * 0.08), (60, 48, 44), 0.34, 7)
    lotus(pen, x, y, size, (222, 132, 146), (252, 232, 226))


def tube(pen: Pen, brand: Brand) -> None:
    """Standing tube on its cap."""
    standing_tube(pen, brand, 460, 150, 210, light(brand.colour, 0.45), WHITE, brand.colour)
    foam(pen, 730, 800)
    bloom(pen, 250, 850, 150)


def standing_tube(
    pen: Pen, brand: Brand, cx: float, half: float, top: float, body: Colour, cap: Colour, ink: Colour
) -> None:
    """A tube: flat crimped top, round bottom, cap below."""
    shadow(pen, cx, half * 0.72, 800)
    pen.fill(drum(cx, 700, 785, half * 0.66, 14), round_fill(cap, 0.7))
    side = smooth(
        [
            (cx - half, top),
            (cx - half * 0.99, top + 60),
            (cx - half * 0.92, 480),
            (cx - half * 0.80, 640),
            (cx - half * 0.74, 706),
        ],
        closed=False,
    )
    other = [(2 * cx - x, y) for x, y in reversed(side)]
    shape = [
        *side,
        *[
            (cx - half * 0.74 * math.cos(a), 706 + 16 * math.sin(a))
            for a in (math.pi * i / 20 for i in range(21))
        ],
        *other,
    ]
    pen.fill(
        shape,
        Gradient(
            (
                (0, dark(body, 0.08)),
                (0.14, light(body, 0.35)),
                (0.3, light(body, 0.5)),
                (0.6, body),
                (0.9, dark(body, 0.14)),
                (1, dark(body, 0.22)),
            )
        ),
    )
    with pen.clipped(shape) as inner:
        inner.fill(rect(0, top, 1000, top + 44), dark(body, 0.06))
        for k in range(24):
            x = cx - half + k * half / 11.5
            inner.fill(rect(x, top, x + 3, top + 44), dark(body, 0.22), 0.45)
        tiles(inner, cx - half, 590, half / 1.6, 4, 1, light(ink, 0.86), ink)
    cylinder_shade(pen, shape, 0.14)
    brand.emblem(pen, cx, 385, 130, ink, body)
    lines(pen, cx, 482, (140, 96, 118), ink, 24)


def foam(pen: Pen, x: float, y: float) -> None:
    """A little heap of foam."""
    rng = random.Random(6)
    shadow(pen, x, 90, y + 40)
    for _ in range(34):
        a, d = rng.uniform(0, math.tau), 86 * math.sqrt(rng.random())
        r = rng.uniform(16, 34)
        px, py = x + d * math.cos(a), y + d * 0.42 * math.sin(a) - (86 - d) * 0.35
        pen.fill(ellipse(px, py, r, r), Gradient(((0, WHITE), (1, (220, 230, 232)))), 0.92)
        pen.fill(ellipse(px - r * 0.3, py - r * 0.3, r * 0.25, r * 0.2), WHITE)


def hand_tube(pen: Pen, brand: Brand) -> None:
    """Three aluminium tubes lying in a fan, one upright."""
    for cx, tilt, hue in ((330, -16, (196, 176, 96)), (500, 0, brand.colour), (672, 16, BLUSH)):
        sheet = Pen()
        metal = (212, 216, 214)
        half, top = 84.0, 290.0
        body = smooth(
            [(cx - half, top), (cx - half, 430), (cx - half * 0.96, 660), (cx - 44, 706)], closed=False
        )
        shape = [*body, *[(2 * cx - x, y) for x, y in reversed(body)]]
        sheet.fill(
            shape,
            Gradient(
                (
                    (0, dark(metal, 0.2)),
                    (0.2, WHITE),
                    (0.4, metal),
                    (0.85, dark(metal, 0.2)),
                    (1, dark(metal, 0.3)),
                )
            ),
        )
        with sheet.clipped(shape) as inner:
            inner.fill(rect(0, top, 1000, top + 36), dark(metal, 0.15))
            for y in (top + 12, top + 24):
                inner.fill(rect(0, y, 1000, y + 3), dark(metal, 0.4), 0.5)
            inner.fill(rect(0, 370, 1000, 620), round_fill(hue, 0.6))
        brand.emblem(sheet, cx, 450, 92, CREAM, hue)
        lines(sheet, cx, 530, (92, 64), CREAM, 22)
        sheet.fill(drum(cx, 706, 768, 42, 9), round_fill(CREAM, 0.8))
        pen.blurred(turned(moved(shape, 14, 18), cx, 760, tilt), (50, 40, 34), 0.28, 14)
        sheet.sheet = sheet.sheet.rotate(-tilt, center=(cx * 3, 760 * 3))
        pen.lay(sheet)
    sprig(pen, 200, 890, 200, -4, olives=True)
    bloom(pen, 790, 870, 110)


def cream_jar(pen: Pen, brand: Brand) -> None:
    """Open low jar, its lid leaning on it."""
    green = brand.colour
    half, dip, cx = 215.0, 44.0, 460.0
    shadow(pen, cx, half, 800)
    side = drum(cx, 560, 760, half, dip)
    pen.fill(side, round_fill(light(green, 0.35), 1.1))
    with pen.clipped(side) as inner:
        tiles(inner, cx - half, 724, 86, 5, 1, light(green, 0.9), dark(green, 0.15))
    cylinder_shade(pen, side, 0.2)
    brand.emblem(pen, cx, 668, 104, WHITE, light(green, 0.35))
    pen.fill(ellipse(cx, 560, half, dip), light(green, 0.6))
    pen.fill(ellipse(cx, 560, half * 0.93, dip * 0.9), light(green, 0.2))
    pen.fill(ellipse(cx, 566, half * 0.88, dip * 0.8), fall((244, 240, 230), (255, 253, 247)))
    swirl = [
        (cx + (128 - 11 * t) * math.cos(t), 568 - 2.6 * t + (24 - 2 * t) * math.sin(t))
        for t in (i / 12 for i in range(118))
    ]
    pen.fill(ribbon(swirl, 12), (232, 226, 212))
    pen.fill(ribbon(moved(swirl, -2, -5), 9), WHITE)
    lid = Pen()
    gold = (206, 178, 118)
    lid.fill(drum(720, 700, 760, 200, 40), round_fill(gold))
    lid.fill(ellipse(720, 700, 200, 40), fall(light(gold, 0.5), light(gold, 0.15)))
    brand.emblem(lid, 720, 694, 70, dark(gold, 0.3), gold)
    lid.sheet = lid.sheet.rotate(58, center=(720 * 3, 760 * 3))
    pen.blurred(ellipse(780, 822, 130, 24), (50, 40, 34), 0.35, 14)
    lid_at = Pen()
    lid_at.lay(lid, 18)
    pen.lay(lid_at)
    bloom(pen, 230, 870, 140)


def dropper(pen: Pen, brand: Brand) -> None:
    """Amber dropper bottle with its box."""
    front = front_box(pen, x0=560, x1=760, top=330, bottom=785, depth=62, face=light(brand.colour, 0.3))
    with pen.clipped(front) as inner:
        tiles(inner, 560, 685, 100, 2, 1, light(brand.colour, 0.9), dark(brand.colour, 0.12))
    brand.emblem(pen, 660, 470, 110, WHITE, light(brand.colour, 0.3))
    lines(pen, 660, 560, (110, 76), WHITE, 24)
    cx, amber = 390.0, (150, 84, 30)
    shadow(pen, cx, 112, 806)
    profile = [
        (44, 440),
        (46, 452),
        (48, 476),
        (96, 504),
        (112, 545),
        (112, 600),
        (112, 768),
        (104, 790),
        (90, 802),
    ]
    body = lathe(cx, profile)
    pen.fill(
        body,
        Gradient(
            (
                (0, dark(amber, 0.35)),
                (0.13, light(amber, 0.3)),
                (0.24, light(amber, 0.42)),
                (0.32, amber),
                (0.75, dark(amber, 0.1)),
                (0.93, dark(amber, 0.35)),
                (1, dark(amber, 0.45)),
            )
        ),
    )
    pen.fill(rrect(cx - 88, 568, cx + 88, 742, 6), round_fill(CREAM, 0.4))
    brand.emblem(pen, cx, 630, 88, dark(brand.colour, 0.2), CREAM)
    lines(pen, cx, 692, (104, 70), dark(brand.colour, 0.2), 20)
    pen.fill(drum(cx, 372, 446, 52, 9), round_fill((206, 178, 118)))
    pen.fill(ellipse(cx, 372, 52, 9), (236, 216, 168))
    bulb = lathe(cx, [(14, 240), (27, 252), (30, 290), (27, 330), (30, 372)])
    pen.fill(bulb, round_fill((52, 54, 58)))
    for x, y in ((212, 872), (265, 900)):
        ball(pen, x, y, 26, (92, 66, 44), 22)
    sprig(pen, 640, 905, 180, -6)


def pump_bottle(pen: Pen, brand: Brand) -> None:
    """Tall lotion bottle with a pump."""
    cx, body_colour = 480.0, (244, 232, 208)
    shadow(pen, cx, 138, 808)
    profile = [(50, 390), (54, 402), (112, 430), (136, 470), (138, 520), (138, 770), (130, 794), (112, 804)]
    body = lathe(cx, profile)
    pen.fill(body, round_fill(body_colour, 0.9))
    with pen.clipped(body) as inner:
        tiles(inner, cx - 138, 712, 92, 3, 1, light(brand.colour, 0.88), brand.colour)
    cylinder_shade(pen, body, 0.16)
    brand.emblem(pen, cx, 560, 130, dark(brand.colour, 0.1), body_colour)
    lines(pen, cx, 640, (130, 88), dark(brand.colour, 0.1), 24)
    pen.fill(drum(cx, 340, 394, 56, 10), round_fill(WHITE, 0.7))
    pen.fill(ellipse(cx, 340, 56, 10), WHITE)
    pen.fill(rect(cx - 13, 268, cx + 13, 342), round_fill((226, 226, 222), 0.8))
    spout = smooth(
        [
            (cx - 46, 226),
            (cx + 40, 222),
            (cx + 58, 240),
            (cx + 50, 270),
            (cx - 46, 274),
            (cx - 96, 268),
            (cx - 140, 286),
            (cx - 146, 272),
            (cx - 104, 240),
        ]
    )
    pen.fill(spout, fall(WHITE, (214, 214, 210)))
    for x, y, turn in ((225, 872, 20), (296, 900, -30), (745, 890, 160), (690, 862, 40)):
        from_almond(pen, x, y, turn)


def from_almond(pen: Pen, x: float, y: float, turn: float) -> None:
    """A peeled, pale almond."""
    shape = turned(smooth([(x - 34, y), (x - 6, y - 18), (x + 34, y), (x - 6, y + 18)]), x, y, turn)
    pen.blurred(moved(shape, 5, 12), (60, 45, 35), 0.3, 6)
    pen.fill(shape, fall((252, 240, 214), (226, 200, 156)))


def mask_box(pen: Pen, brand: Brand) -> None:
    """Box of sheet masks with one sachet leaning on it and rice before it."""
    rice = (238, 226, 196)
    front = front_box(pen, x0=230, x1=600, top=300, bottom=780, depth=80, face=rice)
    with pen.clipped(front) as inner:
        inner.fill(rect(230, 300, 600, 420), brand.colour)
        tiles(inner, 230, 660, 123.4, 3, 1, light(brand.colour, 0.9), brand.colour)
    lines(pen, 415, 340, (190, 130), CREAM, 26)
    brand.emblem(pen, 415, 540, 150, brand.colour, rice)
    sachet(pen, brand, 720, 620, 12, light(brand.colour, 0.25), 0.78)
    rng = random.Random(5)
    for _ in range(26):
        x, y = rng.uniform(190, 480), rng.uniform(855, 915)
        pen.fill(moved(ellipse(x, y, 13, 5, rng.uniform(0, 180)), 2, 5), (70, 60, 50), 0.2)
        pen.fill(ellipse(x, y, 13, 5, rng.uniform(0, 180)), (252, 248, 236))


def sachet(
    pen: Pen, brand: Brand, cx: float, cy: float, tilt: float, colour: Colour, scale: float = 1.0
) -> None:
    """A flat foil sachet with a face outline."""
    w, h = 165 * scale, 235 * scale
    shape = turned(rrect(cx - w, cy - h, cx + w, cy + h, 10), cx, cy, tilt)
    pen.blurred(moved(shape, 12, 18), (50, 40, 34), 0.34, 14)
    pen.fill(
        shape,
        Gradient(
            ((0, light(colour, 0.35)), (0.4, colour), (0.6, light(colour, 0.15)), (1, dark(colour, 0.16)))
        ),
    )
    with pen.clipped(shape) as inner:
        for edge in (-1, 1):
            band = rect(cx - w, cy + edge * h - 26, cx + w, cy + edge * h + 26)
            inner.fill(turned(band, cx, cy, tilt), dark(colour, 0.14), 0.6)
    face = smooth(
        [
            (cx, cy - h * 0.60),
            (cx + w * 0.55, cy - h * 0.42),
            (cx + w * 0.58, cy),
            (cx + w * 0.32, cy + h * 0.36),
            (cx, cy + h * 0.46),
            (cx - w * 0.32, cy + h * 0.36),
            (cx - w * 0.58, cy),
            (cx - w * 0.55, cy - h * 0.42),
        ]
    )
    pen.fill(turned(face, cx, cy, tilt), light(colour, 0.72))
    for side in (-1, 1):
        pen.fill(
            turned(leaf(cx + side * w * 0.10, cy - h * 0.13, side * w * 0.34, h * 0.05, 0), cx, cy, tilt),
            colour,
        )
    pen.fill(turned(ellipse(cx, cy + h * 0.22, w * 0.17, h * 0.035), cx, cy, tilt), colour)
    pen.fill(
        turned(
            [(cx, cy - h * 0.06), (cx + w * 0.09, cy + h * 0.09), (cx - w * 0.09, cy + h * 0.09)],
            cx,
            cy,
            tilt,
        ),
        colour,
        0.6,
    )


def mask_sachet(pen: Pen, brand: Brand) -> None:
    """Two pearl sachets and pearls."""
    pearl = (214, 206, 222)
    sachet(pen, brand, 395, 560, -10, mix(pearl, brand.colour, 0.25))
    sachet(pen, brand, 590, 575, 8, pearl)
    for x, y, r in (
        (210, 868, 36),
        (285, 896, 27),
        (345, 878, 20),
        (740, 890, 32),
        (806, 866, 24),
        (670, 908, 18),
    ):
        ball(pen, x, y, r, (240, 236, 236))


def soap(pen: Pen, brand: Brand) -> None:
    """Three stacked bars stamped with tiles."""
    hues = ((236, 228, 206), light(AZULEJO, 0.55), light(BLUSH, 0.25))
    for number, (x0, y, hue) in enumerate(((250, 770, hues[0]), (300, 636, hues[2]))):
        front_box(pen, x0=x0, x1=x0 + 380, top=y - 120, bottom=y, depth=120, face=hue)
        band = rect(x0 + 120, y - 120, x0 + 260, y)
        pen.fill(band, CREAM)
        with pen.clipped(band) as inner:
            tiles(
                inner,
                x0 + 120,
                y - 120,
                70,
                2,
                2,
                light(AZULEJO, 0.92),
                AZULEJO if number == 0 else brand.colour,
            )
        rise = 120 * 0.42
        pen.fill(
            [
                (x0 + 120, y - 120),
                (x0 + 240, y - 120 - rise),
                (x0 + 380, y - 120 - rise),
                (x0 + 260, y - 120),
            ],
            light(CREAM, 0.4),
        )
    bar = Pen()
    shape = rrect(390, 250, 640, 500, 34)
    pen.blurred(turned(moved(shape, 12, 16), 515, 375, -14), (50, 40, 34), 0.35, 14)
    bar.fill(moved(shape, 10, 14), dark(hues[1], 0.25))
    bar.fill(shape, fall(light(hues[1], 0.3), hues[1]))
    with bar.clipped(rrect(408, 268, 622, 482, 22)) as inner:
        tile(inner, 408, 268, 214, light(hues[1], 0.42), dark(hues[1], 0.42))
    bar.sheet = bar.sheet.rotate(14, center=(515 * 3, 375 * 3))
    pen.lay(bar, 14)
    for x, y, r in ((180, 880, 22), (225, 905, 14), (800, 880, 26), (850, 905, 15), (756, 910, 11)):
        bubble(pen, x, y, r)


def bubble(pen: Pen, x: float, y: float, r: float) -> None:
    """A soap bubble."""
    pen.fill(ellipse(x, y, r, r), (196, 220, 236), 0.55)
    pen.fill(ribbon([*ellipse(x, y, r, r), (x + r, y)], 3), WHITE, 0.9)
    pen.fill(ellipse(x - r * 0.35, y - r * 0.35, r * 0.22, r * 0.16), WHITE)


def salt_jar(pen: Pen, brand: Brand) -> None:
    """Corked jar of coarse bath salt with a scoop."""
    inside = glass_jar(pen, cx=460, half=195, top=370, bottom=755, content=(236, 232, 222), fill_top=450)
    rng = random.Random(7)
    with pen.clipped(inside) as inner:
        for _ in range(520):
            x, y, s = rng.uniform(275, 650), rng.uniform(455, 790), rng.uniform(4, 9)
            grain = turned(rect(x - s, y - s * 0.8, x + s, y + s * 0.8), x, y, rng.uniform(0, 90))
            inner.fill(grain, rng.choice((WHITE, (214, 212, 206), (228, 236, 236), light(YOLK, 0.65))), 0.9)
    pen.fill(rect(296, 430, 314, 740), WHITE, 0.4)
    cork = (206, 164, 112)
    pen.fill(drum(460, 300, 384, 160, 24), round_fill(cork))
    pen.fill(ellipse(460, 300, 160, 24), light(cork, 0.3))
    with pen.clipped(ellipse(460, 300, 160, 24)) as inner:
        for _ in range(40):
            inner.fill(ellipse(rng.uniform(300, 620), rng.uniform(276, 324), 5, 2), dark(cork, 0.25), 0.5)
    label(pen, brand, 355, 510, 565, 735, CREAM, dark(brand.colour, 0.15))
    wood = (190, 146, 96)
    pen.fill(moved(leafless_scoop(700, 850), 8, 14), (50, 40, 34), 0.18)
    pen.fill(leafless_scoop(700, 850), fall(light(wood, 0.2), dark(wood, 0.08)))
    pen.fill(ellipse(668, 850, 58, 27), dark(wood, 0.25))
    for _ in range(60):
        x, y = 668 + rng.uniform(-44, 44), 848 + rng.uniform(-18, 14)
        pen.fill(ellipse(x, y, 6, 5), rng.choice((WHITE, (220, 218, 212))))
    sprig(pen, 170, 890, 190, -6)


def leafless_scoop(x: float, y: float) -> list[tuple[float, float]]:
    """Outline of a wooden scoop lying down."""
    return smooth(
        [
            (x - 112, y),
            (x - 80, y - 38),
            (x, y - 40),
            (x + 40, y - 16),
            (x + 170, y - 15),
            (x + 184, y),
            (x + 170, y + 14),
            (x + 40, y + 16),
            (x, y + 40),
            (x - 80, y + 38),
        ]
    )


def diffuser(pen: Pen, brand: Brand) -> None:
    """Reed diffuser on black and white cobbles."""
    with pen.clipped(rect(0, 820, 1000, 1000)) as inner:
        for row in range(4):
            for k in range(17):
                x, y = -20 + k * 64 + (row % 2) * 32, 836 + row * 48
                wave = math.sin(k * 0.75 + row * 0.4) > 0.25
                stone = rrect(x, y, x + 58, y + 42, 9)
                inner.fill(moved(stone, 2, 4), (60, 54, 50), 0.30)
                inner.fill(
                    stone,
                    fall(*(((92, 94, 100), (70, 72, 80)) if wave else ((248, 245, 238), (226, 221, 212)))),
                )
    cx = 490.0
    for k, tilt in enumerate((-24, -16, -9, -3, 4, 11, 18, 25)):
        reed = turned(rect(cx - 4, 190 + abs(tilt) * 1.2, cx + 4, 620), cx, 600, tilt)
        pen.fill(reed, light((176, 138, 96), 0.12 * (k % 3)))
    shadow(pen, cx, 150, 822)
    profile = [
        (42, 440),
        (46, 452),
        (48, 500),
        (96, 532),
        (146, 590),
        (150, 640),
        (150, 770),
        (142, 802),
        (120, 814),
    ]
    body = lathe(cx, profile)
    pen.fill(body, round_fill((208, 226, 222), 0.6), 0.88)
    with pen.clipped(body) as inner:
        inner.fill(rect(cx - 138, 600, cx + 138, 802), round_fill(light(brand.colour, 0.2), 0.8), 0.9)
        inner.fill(ellipse(cx, 600, 138, 18), light(brand.colour, 0.5))
        inner.fill(rect(cx - 118, 560, cx - 96, 800), WHITE, 0.35)
    label(pen, brand, cx - 82, 622, cx + 82, 792, CREAM, dark(brand.colour, 0.2))
    pen.fill(drum(cx, 420, 470, 54, 9), round_fill((206, 178, 118)))
    pen.fill(ellipse(cx, 420, 54, 9), (110, 86, 52))
