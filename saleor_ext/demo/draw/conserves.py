"""Tins of fish and oil of the importer."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import random

from .cellar import lemon
from .kit import (
    AZULEJO,
    CREAM,
    INK,
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
    moved,
    rect,
    ribbon,
    round_fill,
    rrect,
    smooth,
    turned,
)
from .props import ball, lines, shadow, sprig, tiles
from .wares import Brand, cylinder_shade, front_box, medallion


def oil_tin(pen: Pen, brand: Brand) -> None:
    """Rectangular oil tin with tiles and a spout."""
    x0, x1, top, bottom = 315.0, 605.0, 300.0, 790.0
    green = (92, 112, 58)
    front = front_box(pen, x0=x0, x1=x1, top=top, bottom=bottom, depth=95, face=green)
    with pen.clipped(front) as inner:
        inner.fill(rect(x0, 690, x1, bottom), light(AZULEJO, 0.9))
        tiles(inner, x0, 692, 98, 3, 1, light(AZULEJO, 0.93), AZULEJO)
        tiles(inner, x0, top - 46, 98, 3, 1, light(AZULEJO, 0.93), AZULEJO)
    medallion(pen, brand, 460, 500, 112, CREAM, (74, 88, 40))
    lines(pen, 460, 640, (170, 110), CREAM, 22)
    pen.fill(drum(500, 252, 282, 30, 7), round_fill(YOLK))
    pen.fill(ellipse(500, 252, 30, 7), light(YOLK, 0.4))
    for x in (x0, x1):
        pen.fill(rect(x - 2, top, x + 3, bottom), light(green, 0.4), 0.5)
    sprig(pen, 205, 900, 250, -6, olives=True)
    for x, y in ((760, 880), (815, 858)):
        ball(pen, x, y, 27, (92, 104, 52), 23)


def fish(pen: Pen, cx: float, cy: float, length: float, turn: float = 0) -> None:
    """One silver sardine."""
    half = length / 2
    body = smooth(
        [
            (cx - half, cy),
            (cx - half * 0.5, cy - length * 0.12),
            (cx + half * 0.2, cy - length * 0.125),
            (cx + half * 0.86, cy - length * 0.02),
            (cx + half * 0.86, cy + length * 0.02),
            (cx + half * 0.2, cy + length * 0.115),
            (cx - half * 0.5, cy + length * 0.11),
        ]
    )
    tail = [
        (cx + half * 0.78, cy),
        (cx + half * 1.10, cy - length * 0.12),
        (cx + half * 1.0, cy),
        (cx + half * 1.10, cy + length * 0.12),
    ]
    pen.fill(turned(tail, cx, cy, turn), (110, 130, 150))
    outline = turned(body, cx, cy, turn)
    pen.fill(moved(outline, 2, 6), (60, 50, 20), 0.25)
    pen.fill(outline, fall((86, 112, 140), (226, 232, 232)))
    with pen.clipped(outline) as inner:
        for k in range(7):
            x = cx - half * 0.35 + k * length * 0.13
            inner.fill(turned(ellipse(x, cy - length * 0.035, 5, 4), cx, cy, turn), (44, 66, 96), 0.7)
        gill = [
            (cx - half * 0.56, cy - length * 0.1),
            (cx - half * 0.48, cy),
            (cx - half * 0.56, cy + length * 0.1),
        ]
        inner.fill(turned(ribbon(smooth(gill, closed=False), 4), cx, cy, turn), (60, 84, 112), 0.7)
    eye = turned([(cx - half * 0.76, cy - length * 0.025)], cx, cy, turn)[0]
    pen.fill(ellipse(*eye, length * 0.030, length * 0.030), WHITE)
    pen.fill(ellipse(*eye, length * 0.018, length * 0.018), INK)


def sardine_tin(pen: Pen, brand: Brand) -> None:
    """Open tin of sardines leaning on a closed printed one."""
    closed_tin(pen, brand, 470, 420, 500, 300, AZULEJO)
    open_tin(pen, 530, 735, 560, 320)
    for k, y in enumerate((652, 712, 772)):
        fish(pen, 515 + (k % 2) * 10, y, 400)
    lemon(pen, 190, 880, 48)
    sprig(pen, 800, 915, 120, -20)


def closed_tin(
    pen: Pen, brand: Brand, cx: float, cy: float, width: float, height: float, colour: Colour
) -> None:
    """A printed lid of a flat tin standing upright."""
    outer = rrect(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2, 64)
    pen.blurred(moved(outer, 16, 20), (50, 40, 34), 0.32, 16)
    pen.fill(moved(outer, 8, 8), dark(colour, 0.45))
    pen.fill(outer, Gradient(((0, (236, 226, 196)), (0.5, (214, 190, 130)), (1, (176, 148, 92))), "v"))
    face = rrect(cx - width / 2 + 14, cy - height / 2 + 14, cx + width / 2 - 14, cy + height / 2 - 14, 52)
    pen.fill(face, colour)
    with pen.clipped(face) as inner:
        tiles(inner, cx - width / 2, cy - height / 2, width / 5, 5, 4, light(colour, 0.9), colour)
    pen.fill(rrect(cx - width * 0.36, cy - height * 0.30, cx + width * 0.36, cy + height * 0.30, 40), CREAM)
    fish(pen, cx + 30, cy + 4, width * 0.44)
    brand.emblem(pen, cx - width * 0.27, cy, 66, colour, CREAM)


def open_tin(pen: Pen, cx: float, cy: float, width: float, height: float) -> None:
    """An open flat tin seen from above with oil in it and a ring pull."""
    outer = rrect(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2, 80)
    pen.blurred(moved(outer, 18, 30), (50, 40, 34), 0.40, 18)
    pen.fill(moved(outer, 0, 20), round_fill((150, 132, 92)))
    pen.fill(outer, Gradient(((0, (246, 238, 214)), (0.45, (216, 194, 138)), (1, (178, 152, 98))), "v"))
    inner = rrect(cx - width / 2 + 22, cy - height / 2 + 20, cx + width / 2 - 22, cy + height / 2 - 20, 64)
    pen.fill(inner, fall((168, 134, 40), (222, 186, 82)))
    pen.fill(
        moved(
            rrect(cx - width / 2 + 30, cy - height / 2 + 40, cx + width / 2 - 30, cy + height / 2 - 24, 58),
            0,
            0,
        ),
        (232, 198, 96),
        0.8,
    )


def octopus_tin(pen: Pen, brand: Brand) -> None:
    """Closed tin with an octopus, an open one with pieces and paprika oil."""
    red = (166, 66, 44)
    cx, cy, width, height = 480, 430, 470, 330
    outer = rrect(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2, 64)
    pen.blurred(moved(outer, 16, 20), (50, 40, 34), 0.32, 16)
    pen.fill(moved(outer, 8, 8), dark(red, 0.45))
    pen.fill(outer, fall((236, 226, 196), (176, 148, 92)))
    pen.fill(
        rrect(cx - width / 2 + 14, cy - height / 2 + 14, cx + width / 2 - 14, cy + height / 2 - 14, 52),
        fall(light(red, 0.1), red),
    )
    octopus(pen, cx, cy - 30, 100)
    open_tin(pen, 540, 740, 520, 290)
    rng = random.Random(3)
    for x, y in ((420, 685), (510, 720), (610, 690), (680, 750), (430, 785), (550, 790), (365, 745)):
        piece = ellipse(x, y, 58, 40, rng.uniform(-30, 30))
        pen.fill(moved(piece, 3, 7), (90, 30, 10), 0.3)
        pen.fill(piece, fall((206, 120, 116), (164, 72, 78)))
        pen.fill(ellipse(x, y - 3, 34, 21), (246, 224, 214))
    for _ in range(30):
        pen.fill(ellipse(rng.uniform(330, 750), rng.uniform(640, 840), 4, 3), (176, 48, 22), 0.8)


def octopus(pen: Pen, cx: float, cy: float, size: float) -> None:
    """A friendly octopus in cream."""
    for k in range(8):
        side = -1 if k < 4 else 1
        n = k % 4
        knee, tip = 0.16 + 0.24 * n, 0.30 + 0.33 * n
        arm = smooth(
            [
                (cx + side * size * 0.11 * (n + 1), cy + size * 0.5),
                (cx + side * size * knee, cy + size * (1.05 - 0.06 * n)),
                (cx + side * size * (knee + tip) / 2, cy + size * (1.30 - 0.10 * n)),
                (cx + side * size * tip, cy + size * (1.12 - 0.10 * n)),
            ],
            closed=False,
        )
        pen.line(arm, size * 0.17, CREAM)
    pen.fill(
        smooth(
            [
                (cx, cy - size * 0.95),
                (cx + size * 0.62, cy - size * 0.45),
                (cx + size * 0.5, cy + size * 0.2),
                (cx + size * 0.5, cy + size * 0.7),
                (cx - size * 0.5, cy + size * 0.7),
                (cx - size * 0.5, cy + size * 0.2),
                (cx - size * 0.62, cy - size * 0.45),
            ]
        ),
        CREAM,
    )
    for side in (-1, 1):
        pen.fill(ellipse(cx + side * size * 0.22, cy + size * 0.18, size * 0.09, size * 0.11), INK)


def round_tin(pen: Pen, brand: Brand) -> None:
    """A stack of two flat round tins, tuna on the lid."""
    teal = (36, 104, 120)
    for number, (dx, bottom) in enumerate(((0, 770), (14, 610))):
        cx, half, dip = 500 + dx, 262.0, 74.0
        top = bottom - 110
        if number == 0:
            shadow(pen, cx, half, bottom + dip * 0.7)
        side = drum(cx, top, bottom, half, dip)
        pen.fill(side, round_fill(teal))
        with pen.clipped(side) as inner:
            tiles(inner, cx - half, top + 22, 132, 4, 1, light(teal, 0.92), teal)
            tiles(inner, cx - half, top + 76, 132, 4, 1, light(teal, 0.92), teal)
        cylinder_shade(pen, side)
        for y in (top, bottom):
            pen.fill(drum(cx, y - 8, y + 6, half * 1.02, dip), round_fill((208, 190, 140)))
        pen.fill(ellipse(cx, top - 8, half * 1.02, dip), fall((246, 236, 208), (206, 184, 130)))
        pen.fill(ellipse(cx, top - 6, half * 0.93, dip * 0.90), fall(dark(teal, 0.05), light(teal, 0.16)))
    pen.fill(ellipse(514, 494, 175, 48), CREAM)
    fish(pen, 506, 494, 210)
    sprig(pen, 190, 905, 200, -14, olives=True)
    lemon(pen, 800, 890, 50)
