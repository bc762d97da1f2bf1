"""Biscuits, sweets and tarts of the bakery."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
import random

from .kit import (
    AZULEJO,
    CREAM,
    INK,
    LOTUS,
    WHITE,
    YOLK,
    Colour,
    Gradient,
    Pen,
    dark,
    drum,
    ellipse,
    fall,
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
from .props import almond, ball, lines, plate, tiles
from .wares import Brand, cylinder_tin, front_box, glass_jar, label, medallion, pouch, screw_lid

BISCUIT: Colour = (222, 180, 118)
CRUST: Colour = (190, 132, 70)


def tin(pen: Pen, brand: Brand) -> None:
    """Round biscuit tin with blue tiles."""
    biscuit_tin(pen, brand, AZULEJO)


def tin_amber(pen: Pen, brand: Brand) -> None:
    """The same tin in the bakery's own colour."""
    biscuit_tin(pen, brand, brand.colour)


def tin_green(pen: Pen, brand: Brand) -> None:
    """The same tin in green."""
    biscuit_tin(pen, brand, LOTUS)


def biscuit_tin(pen: Pen, brand: Brand, colour: Colour) -> None:
    """A tin of the given colour with three almonds beside it."""
    cylinder_tin(
        pen, brand, top=370, bottom=755, half=262, body=colour, lid=mix(colour, WHITE, 0.12), lid_height=70
    )
    for x, y, turn in ((225, 868, 20), (300, 900, -30), (770, 880, 160)):
        almond(pen, x, y, 64, turn)


def cookie(pen: Pen, cx: float, y: float, half: float = 150, thick: float = 46, seed: int = 1) -> None:
    """One pressed almond biscuit, its top seen at a slant; y is its base line."""
    rng = random.Random(seed)
    dip = half * 0.26
    top = y - thick
    pen.fill(drum(cx, top, y, half, dip), round_fill(BISCUIT, 1.1))
    with pen.clipped(drum(cx, top, y, half, dip)) as side:
        for _ in range(46):
            px, py = cx + rng.uniform(-half, half), y + rng.uniform(-thick, dip)
            side.fill(
                ellipse(px, py, rng.uniform(2, 6), rng.uniform(1.5, 3.5)),
                rng.choice((CRUST, light(BISCUIT, 0.5))),
                0.45,
            )
    crown = ellipse(cx, top, half, dip)
    pen.fill(crown, fall(light(BISCUIT, 0.30), light(BISCUIT, 0.12)))
    pen.fill(ribbon([*ellipse(cx, top, half * 0.84, dip * 0.82), (cx + half * 0.84, top)], 7), CRUST, 0.45)
    for k in range(8):
        a = math.tau * k / 8
        petal = [
            (cx + (x - cx), top + (py - top) * 0.26)
            for x, py in turned(
                smooth(
                    [
                        (cx + half * 0.16, top),
                        (cx + half * 0.42, top - half * 0.13),
                        (cx + half * 0.70, top),
                        (cx + half * 0.42, top + half * 0.13),
                    ]
                ),
                cx,
                top,
                math.degrees(a),
            )
        ]
        pen.fill(petal, CRUST, 0.34)
    pen.fill(ellipse(cx, top, half * 0.10, dip * 0.10), CRUST, 0.5)
    with pen.clipped(crown) as face:
        for _ in range(40):
            px, py = cx + rng.uniform(-half, half), top + rng.uniform(-dip, dip)
            face.fill(
                ellipse(px, py, rng.uniform(2, 5), rng.uniform(1, 2.6)),
                rng.choice((CRUST, light(BISCUIT, 0.6))),
                0.5,
            )


def cookie_stack(pen: Pen, brand: Brand) -> None:
    """Four biscuits in a stack, one leaning, on a plate."""
    plate(pen, 500, 770, 350)
    for number, dx in enumerate((0, -14, 12, -4, 8)):
        y = 760 - number * 74
        pen.blurred(ellipse(440 + dx + 8, y + 10, 156, 34), (70, 45, 25), 0.35, 8)
        cookie(pen, 440 + dx, y, seed=number + 3)
    lean = Pen()
    cookie(lean, 690, 735, half=138, thick=42, seed=22)
    tilted = lean.sheet.rotate(33, center=(690 * 3, 735 * 3))
    pen.blurred(ellipse(690, 792, 150, 26), (70, 45, 25), 0.4, 10)
    pen.sheet.alpha_composite(tilted)
    almond(pen, 250, 880, 66, 18)
    almond(pen, 330, 908, 60, -40)
    almond(pen, 800, 892, 64, 150)


def box_tiles(pen: Pen, brand: Brand) -> None:
    """Gift box papered with tiles and closed with a band."""
    front = front_box(pen, x0=185, x1=735, top=400, bottom=770, depth=100, face=AZULEJO)
    with pen.clipped(front) as inner:
        tiles(inner, 185, 400, 550 / 4, 4, 3, light(AZULEJO, 0.93), AZULEJO)
    with pen.clipped([(735, 400), (835, 358), (835, 728), (735, 770)]) as inner:
        inner.fill(rect(735, 300, 835, 800), mix(AZULEJO, INK, 0.25))
    pen.fill(
        [(185, 400), (285, 358), (835, 358), (735, 400)], fall(light(AZULEJO, 0.42), light(AZULEJO, 0.30))
    )
    pen.fill(rect(420, 400, 500, 770), fall(YOLK, dark(YOLK, 0.06)))
    pen.fill([(420, 400), (520, 358), (600, 358), (500, 400)], light(YOLK, 0.25))
    medallion(pen, brand, 460, 585, 118)
    for x, y, turn in ((210, 872, 24), (300, 905, -20), (860, 842, 140)):
        almond(pen, x, y, 68, turn)


def roll(pen: Pen, x0: float, x1: float, y: float, r: float, colour: Colour) -> None:
    """A rolled wafer lying left to right, its spiral end to the right."""
    body = [(x0, y - r), (x1, y - r), (x1, y + r), (x0, y + r)]
    body = rrect(x0 - r * 0.3, y - r, x1, y + r, r * 0.3)
    pen.fill(
        body,
        Gradient(
            ((0, light(colour, 0.18)), (0.25, light(colour, 0.32)), (0.6, colour), (1, dark(colour, 0.30))),
            "v",
        ),
    )
    with pen.clipped(body) as inner:
        rng = random.Random(int(x0 + y))
        for _ in range(7):
            px = rng.uniform(x0, x1)
            inner.fill(
                smooth([(px, y - r), (px + 16, y - r), (px + 6, y + r), (px - 10, y + r)]), CRUST, 0.16
            )
        edge = smooth(
            [(x0 + 10, y + r * 0.25), ((x0 + x1) / 2, y + r * 0.12), (x1, y + r * 0.3)], closed=False
        )
        inner.fill(ribbon(edge, 4), dark(CRUST, 0.15), 0.5)
    pen.fill(ellipse(x1, y, r * 0.42, r), fall(light(colour, 0.1), dark(colour, 0.12)))
    spiral = [
        (x1 + r * 0.40 * (1 - t) * math.cos(t * 15), y + r * 0.94 * (1 - t) * math.sin(t * 15))
        for t in (i / 70 for i in range(66))
    ]
    pen.fill(ribbon(spiral, 5), dark(CRUST, 0.28), 0.85)


def egg_rolls(pen: Pen, brand: Brand) -> None:
    """A pile of rolled wafers on a plate."""
    plate(pen, 500, 775, 375)
    golden = (232, 184, 98)
    for row, (count, y) in enumerate(((3, 742), (2, 655), (1, 568))):
        for k in range(count):
            shift = (k - (count - 1) / 2) * 30
            depth = (count - 1) / 2 - k
            pen.blurred(ellipse(500 + shift, y + 52, 250, 12), (80, 50, 20), 0.25, 8)
            roll(
                pen,
                245 + shift + row * 12,
                725 + shift - row * 8,
                y - depth * 34,
                50,
                mix(golden, CRUST, 0.10 * (k % 2)),
            )
    for x, y, turn in ((215, 905, 0), (800, 905, 30)):
        crumb = turned(rrect(x - 30, y - 10, x + 30, y + 12, 10), x, y, turn)
        pen.fill(moved(crumb, 4, 8), INK, 0.10)
        pen.fill(crumb, golden)


def phoenix_rolls(pen: Pen, brand: Brand) -> None:
    """Folded wafers with seaweed and black sesame."""
    plate(pen, 500, 775, 375)
    rng = random.Random(9)
    pale = (236, 203, 140)
    for x, y, tilt in ((330, 690, -8), (505, 700, 4), (680, 690, 10), (420, 610, -4), (600, 606, 8)):
        block = turned(rrect(x - 92, y - 130, x + 92, y + 70, 22), x, y, tilt)
        pen.blurred(moved(block, 8, 12), (80, 50, 20), 0.28, 9)
        pen.fill(
            block,
            Gradient(((0, dark(pale, 0.06)), (0.2, light(pale, 0.35)), (0.6, pale), (1, dark(pale, 0.2)))),
        )
        with pen.clipped(block) as inner:
            inner.fill(turned(rect(x - 18, y - 130, x + 46, y + 70), x, y, tilt), (44, 66, 52))
            inner.fill(turned(rect(x - 18, y - 130, x - 8, y + 70), x, y, tilt), (70, 96, 74))
            for _ in range(24):
                px, py = rng.uniform(x - 88, x + 88), rng.uniform(y - 125, y + 66)
                inner.fill(ellipse(px, py, 7, 4, rng.uniform(0, 180)), INK, 0.9)
        pen.fill(turned(ellipse(x, y - 128, 88, 15), x, y, tilt), light(pale, 0.3))
    for k in range(14):
        pen.fill(
            ellipse(
                180 + k * 47 + rng.uniform(-14, 14), 905 + rng.uniform(-22, 24), 8, 5, rng.uniform(0, 180)
            ),
            INK,
            0.85,
        )


def walnut(pen: Pen, x: float, y: float, size: float) -> None:
    """Half a walnut seen from above."""
    nut = (168, 112, 62)
    for side in (-1, 1):
        lobe = smooth(
            [
                (x, y - size * 0.5),
                (x + side * size * 0.42, y - size * 0.46),
                (x + side * size * 0.56, y),
                (x + side * size * 0.4, y + size * 0.46),
                (x, y + size * 0.5),
            ]
        )
        pen.fill(lobe, light(nut, 0.12) if side < 0 else nut)
        for k in (-0.26, 0.0, 0.26):
            fold = smooth(
                [
                    (x + side * size * 0.06, y + k * size),
                    (x + side * size * 0.25, y + (k - 0.08) * size),
                    (x + side * size * 0.46, y + k * size),
                ],
                closed=False,
            )
            pen.fill(ribbon(fold, size * 0.07), dark(nut, 0.30), 0.7)
    pen.fill(rect(x - size * 0.03, y - size * 0.46, x + size * 0.03, y + size * 0.46), dark(nut, 0.4))


def cookie_round(pen: Pen, brand: Brand) -> None:
    """Cracked walnut shortbreads."""
    plate(pen, 500, 680, 385, foot=115)
    golden = (216, 160, 88)
    rng = random.Random(4)
    for x, y, r in ((335, 560, 150), (668, 560, 150), (500, 480, 148), (502, 620, 162)):
        pen.blurred(ellipse(x + 12, y + 62, r * 0.98, r * 0.52), (80, 48, 20), 0.4, 12)
        pen.fill(ellipse(x, y + 34, r, r * 0.66), round_fill(dark(golden, 0.12)))
        face = ellipse(x, y, r, r * 0.66)
        pen.fill(face, Gradient(((0, light(golden, 0.25)), (0.6, golden), (1, dark(golden, 0.14)))))
        with pen.clipped(face) as inner:
            for k in range(9):
                a = math.tau * k / 9 + rng.uniform(-0.2, 0.2)
                crack = [
                    (
                        x + r * t * math.cos(a + rng.uniform(-0.13, 0.13)),
                        y + r * 0.66 * t * math.sin(a + rng.uniform(-0.13, 0.13)),
                    )
                    for t in (0.40, 0.6, 0.8, 1.02)
                ]
                inner.fill(ribbon(smooth(crack, closed=False), rng.uniform(5, 9)), dark(CRUST, 0.2), 0.6)
        walnut(pen, x, y - 2, r * 0.58)


def candy_bag(pen: Pen, brand: Brand) -> None:
    """Bag of peanut candy with wrapped pieces before it."""
    body = pouch(pen, cx=500, half=235, top=245, bottom=775, colour=(232, 190, 120))
    with pen.clipped(body) as inner:
        inner.fill(rect(0, 590, 1000, 790), dark(brand.colour, 0.05))
        tiles(inner, 230, 590, 78, 8, 3, light(AZULEJO, 0.9), AZULEJO)
    medallion(pen, brand, 500, 455, 130)
    for x, y, turn, hue in ((300, 850, -14, brand.colour), (470, 880, 10, AZULEJO), (690, 862, -4, YOLK)):
        wrapped(pen, x, y, turn, hue)


def wrapped(pen: Pen, x: float, y: float, turn: float, colour: Colour) -> None:
    """One sweet in twisted paper."""
    pen.blurred(ellipse(x + 6, y + 30, 90, 14), (60, 45, 30), 0.3, 7)
    for side in (-1, 1):
        fan = [(x + side * 46, y), (x + side * 98, y - 34), (x + side * 86, y), (x + side * 98, y + 34)]
        pen.fill(turned(fan, x, y, turn), light(colour, 0.4))
    body = turned(rrect(x - 56, y - 32, x + 56, y + 32, 16), x, y, turn)
    pen.fill(body, fall(light(colour, 0.25), dark(colour, 0.08)))
    pen.fill(turned(rect(x - 20, y - 32, x + 20, y + 32), x, y, turn), CREAM, 0.9)
    pen.fill(turned(ellipse(x, y, 10, 15), x, y, turn), colour)


def candy_jar(pen: Pen, brand: Brand) -> None:
    """Glass jar of sugar-dusted ginger sweets."""
    inside = glass_jar(pen, cx=500, half=210, top=330, bottom=745, content=(240, 214, 150), fill_top=440)
    rng = random.Random(5)
    with pen.clipped(inside) as inner:
        for row in range(8):
            for k in range(6):
                x, y = 320 + k * 72 + (row % 2) * 34 + rng.uniform(-8, 8), 450 + row * 46 + rng.uniform(-6, 6)
                gem = turned(rrect(x - 36, y - 26, x + 36, y + 26, 14), x, y, rng.uniform(-40, 40))
                inner.fill(moved(gem, 3, 5), (150, 100, 30), 0.35)
                inner.fill(gem, fall((250, 226, 160), (226, 174, 84)))
                inner.fill(moved(ellipse(x - 8, y - 10, 14, 6), 0, 0), WHITE, 0.6)
    pen.fill(rect(322, 380, 344, 740), WHITE, 0.35)
    screw_lid(pen, 500, 196, 268, 340, brand.colour, ridges=22)
    label(pen, brand, 390, 520, 610, 730, CREAM, AZULEJO)
    for x, y in ((255, 870), (742, 880), (820, 848)):
        gem = turned(rrect(x - 36, y - 26, x + 36, y + 26, 14), x, y, x % 50 - 25)
        pen.blurred(moved(gem, 6, 14), (80, 60, 30), 0.3, 6)
        pen.fill(gem, fall((250, 228, 166), (228, 176, 86)))


def tart(pen: Pen, cx: float, cy: float, r: float, seed: int) -> None:
    """One custard tart, browned on top."""
    rng = random.Random(seed)
    squash = 0.52
    pen.blurred(ellipse(cx + r * 0.1, cy + r * 0.52, r * 0.95, r * 0.34), (80, 50, 20), 0.4, 12)
    side = (
        [(cx - r, cy)]
        + [
            (cx - r * 0.70 * math.cos(a), cy + r * 0.34 + r * 0.30 * math.sin(a))
            for a in (math.pi * i / 30 for i in range(31))
        ]
        + [(cx + r, cy)]
    )
    pen.fill(side, round_fill((214, 150, 74), 1.2))
    with pen.clipped(side) as inner:
        for k in range(15):
            t = -1 + 2 * k / 14
            inner.fill(
                ribbon([(cx + r * t, cy), (cx + r * 0.72 * t, cy + r * 0.62)], 4), dark(CRUST, 0.25), 0.35
            )
    rim = [
        (
            cx + r * (1 + 0.025 * math.sin(13 * a + seed)) * math.cos(a),
            cy + r * squash * (1 + 0.03 * math.sin(11 * a)) * math.sin(a),
        )
        for a in (math.tau * i / 120 for i in range(120))
    ]
    pen.fill(rim, Gradient(((0, (240, 196, 118)), (0.5, (224, 164, 84)), (1, (186, 122, 58)))))
    pen.fill(
        ribbon([*ellipse(cx, cy, r * 0.92, r * squash * 0.9), (cx + r * 0.92, cy)], 5), (196, 130, 62), 0.7
    )
    custard = ellipse(cx, cy + 3, r * 0.82, r * squash * 0.79)
    pen.fill(custard, fall((238, 168, 40), (252, 206, 84)))
    with pen.clipped(custard) as inner:
        for _ in range(11):
            a, d = rng.uniform(0, math.tau), r * 0.66 * math.sqrt(rng.random())
            x, y = cx + d * math.cos(a), cy + d * squash * math.sin(a)
            w = rng.uniform(0.07, 0.20) * r
            blotch = smooth(
                [
                    (x - w, y),
                    (x - w * 0.3, y - w * 0.5),
                    (x + w * 0.8, y - w * 0.3),
                    (x + w, y + w * 0.2),
                    (x, y + w * 0.45),
                ]
            )
            inner.fill(blotch, (120, 62, 26), rng.uniform(0.45, 0.8))
        inner.fill(ellipse(cx - r * 0.36, cy - r * 0.2, r * 0.26, r * 0.07, -12), WHITE, 0.5)


def egg_tart(pen: Pen, brand: Brand) -> None:
    """Three custard tarts."""
    plate(pen, 500, 660, 400, foot=130)
    tart(pen, 330, 515, 175, 3)
    tart(pen, 675, 515, 175, 8)
    tart(pen, 500, 605, 192, 5)


def egg_tart_box(pen: Pen, brand: Brand) -> None:
    """Baking-mix box with a tart printed on it and one before it."""
    front_box(pen, x0=250, x1=640, top=235, bottom=770, depth=105, face=brand.colour, lid=0)
    pen.fill(rect(250, 235, 640, 400), AZULEJO)
    with pen.clipped(rect(250, 235, 640, 330)) as inner:
        tiles(inner, 250, 235, 97.5, 4, 1, light(AZULEJO, 0.93), AZULEJO)
    lines(pen, 445, 350, (240, 170), CREAM, 26)
    pen.fill(ellipse(445, 570, 165, 150), light(brand.colour, 0.75))
    tart(pen, 445, 560, 128, 6)
    pen.fill(rrect(370, 724, 520, 744, 10), CREAM, 0.85)
    tart(pen, 745, 800, 122, 11)


def mung_cake(pen: Pen, brand: Brand) -> None:
    """Moulded mung-bean cakes on a plate."""
    plate(pen, 500, 690, 390, foot=105)
    bean = (214, 204, 122)
    for x, y in (
        (340, 630),
        (500, 622),
        (660, 630),
        (280, 705),
        (427, 712),
        (573, 712),
        (720, 705),
        (422, 560),
        (578, 560),
        (500, 492),
    ):
        w, h = 72, 54
        pen.blurred(ellipse(x + 10, y + 34, 84, 26), (70, 60, 20), 0.35, 8)
        pen.fill(
            [(x - w, y - 4), (x + w, y - 4), (x + w - 2, y + 36), (x - w + 2, y + 36)],
            round_fill(dark(bean, 0.10), 0.8),
        )
        pen.fill(rrect(x - w + 2, y + 14, x + w - 2, y + 42, 14), round_fill(dark(bean, 0.10), 0.8))
        crown = rrect(x - w, y - h, x + w, y + h * 0.36, 24)
        pen.fill(crown, fall(light(bean, 0.45), light(bean, 0.15)))
        centre = y - h * 0.32
        for k in range(6):
            petal = turned(
                smooth([(x + 10, centre), (x + 28, centre - 11), (x + 46, centre), (x + 28, centre + 11)]),
                x,
                centre,
                60 * k,
            )
            pen.fill([(px, centre + (py - centre) * 0.7) for px, py in petal], dark(bean, 0.22), 0.6)
        pen.fill(ellipse(x, centre, 9, 7), dark(bean, 0.28), 0.7)
    for x, y in ((190, 880), (235, 905), (780, 895), (826, 870)):
        ball(pen, x, y, 17, (120, 146, 62), 14)
