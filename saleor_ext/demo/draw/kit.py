"""A small drawing kit on Pillow: polygons in a 1000-unit square, rendered large and scaled down."""
# ruff: noqa: PLR0917, S311, ARG001, RUF100  # coordinates come in order; chance is seeded decoration; painters share one signature

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDE = 1000
SCALE = 3  # supersampling: edges come out smooth when the big picture is scaled down

Point = tuple[float, float]
Colour = tuple[int, int, int]

PAPER: Colour = (251, 250, 246)
AZULEJO: Colour = (31, 78, 140)
LOTUS: Colour = (11, 122, 94)
YOLK: Colour = (242, 177, 52)
INK: Colour = (29, 36, 48)
CREAM: Colour = (247, 238, 220)
WHITE: Colour = (255, 255, 255)


def rgb(text: str) -> Colour:
    """Read #rrggbb."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Blend two colours; share 0 gives a, 1 gives b."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]  # three in, three out


def light(colour: Colour, share: float) -> Colour:
    """Towards warm white."""
    return mix(colour, (255, 252, 244), share)


def dark(colour: Colour, share: float) -> Colour:
    """Towards ink."""
    return mix(colour, (24, 22, 34), share)


@dataclass(frozen=True)
class Gradient:
    """Colour stops (0..1) along x ("h") or y ("v") of the shape's own box."""

    stops: tuple[tuple[float, Colour], ...]
    axis: str = "h"

    def image(self, width: int, height: int) -> Image.Image:
        """Paint the gradient at the wanted size."""
        strip = Image.new("RGB", (256, 1))
        strip.putdata([self._at(i / 255) for i in range(256)])
        if self.axis == "v":
            strip = strip.transpose(Image.Transpose.ROTATE_270)
        return strip.resize((width, height), Image.Resampling.BILINEAR)

    def _at(self, t: float) -> Colour:
        previous = self.stops[0]
        for stop in self.stops:
            if t <= stop[0]:
                span = stop[0] - previous[0]
                return stop[1] if span <= 0 else mix(previous[1], stop[1], (t - previous[0]) / span)
            previous = stop
        return previous[1]


def round_fill(colour: Colour, depth: float = 1.0) -> Gradient:
    """Horizontal shading of something round, lit from the upper left."""
    return Gradient(
        (
            (0.0, dark(colour, 0.16 * depth)),
            (0.16, light(colour, 0.10 * depth)),
            (0.30, light(colour, 0.20 * depth)),
            (0.52, colour),
            (0.82, dark(colour, 0.15 * depth)),
            (1.0, dark(colour, 0.30 * depth)),
        )
    )


def fall(top: Colour, bottom: Colour) -> Gradient:
    """Vertical gradient from top to bottom."""
    return Gradient(((0.0, top), (1.0, bottom)), "v")


Fill = Colour | Gradient


class Pen:
    """Draws polygons on a transparent or opaque sheet that starts at (left, top) in units."""

    def __init__(self, left: float = 0, top: float = 0, right: float = SIDE, bottom: float = SIDE) -> None:
        self.left, self.top = math.floor(left), math.floor(top)
        size = (math.ceil(right) - self.left) * SCALE, (math.ceil(bottom) - self.top) * SCALE
        self.sheet = Image.new("RGBA", (max(size[0], 1), max(size[1], 1)), (0, 0, 0, 0))

    def _pixels(self, shape: Sequence[Point]) -> list[Point]:
        return [((x - self.left) * SCALE, (y - self.top) * SCALE) for x, y in shape]

    def _box(self, points: Sequence[Point]) -> tuple[int, int, int, int]:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        width, height = self.sheet.size
        return (
            max(math.floor(min(xs)), 0),
            max(math.floor(min(ys)), 0),
            min(math.ceil(max(xs)) + 1, width),
            min(math.ceil(max(ys)) + 1, height),
        )

    def fill(self, shape: Sequence[Point], fill: Fill, opacity: float = 1.0) -> None:
        """Fill one polygon."""
        points = self._pixels(shape)
        x0, y0, x1, y1 = self._box(points)
        if x1 <= x0 or y1 <= y0:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0), 0)
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in points], fill=round(255 * opacity))
        paint = fill.image(*mask.size) if isinstance(fill, Gradient) else Image.new("RGB", mask.size, fill)
        layer = paint.convert("RGBA")
        layer.putalpha(mask)
        self.sheet.alpha_composite(layer, (x0, y0))

    def line(self, points: Sequence[Point], width: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a round-ended line through the points."""
        self.fill(ribbon(points, width), colour, opacity)
        for end in (points[0], points[-1]):
            self.fill(ellipse(*end, width / 2, width / 2), colour, opacity)

    @contextmanager
    def clipped(self, shape: Sequence[Point], opacity: float = 1.0) -> Iterator[Pen]:
        """Give a pen whose drawing shows only inside the shape."""
        xs, ys = [p[0] for p in shape], [p[1] for p in shape]
        inner = Pen(max(min(xs), 0), max(min(ys), 0), min(max(xs) + 1, SIDE), min(max(ys) + 1, SIDE))
        yield inner
        mask = Image.new("L", inner.sheet.size, 0)
        ImageDraw.Draw(mask).polygon(inner._pixels(shape), fill=round(255 * opacity))
        inner.sheet.putalpha(ImageChops.multiply(inner.sheet.getchannel("A"), mask))
        self.sheet.alpha_composite(
            inner.sheet, ((inner.left - self.left) * SCALE, (inner.top - self.top) * SCALE)
        )

    def blurred(self, shape: Sequence[Point], colour: Colour, opacity: float, blur: float) -> None:
        """Lay a soft-edged shape; drawn small because only its blur is seen."""
        small = 4
        width, height = self.sheet.size
        mask = Image.new("L", (width // (SCALE * small), height // (SCALE * small)), 0)
        points = [((x - self.left) / small, (y - self.top) / small) for x, y in shape]
        ImageDraw.Draw(mask).polygon(points, fill=round(255 * opacity))
        mask = mask.filter(ImageFilter.GaussianBlur(blur / small))
        layer = Image.new("RGBA", self.sheet.size, (*colour, 0))
        layer.putalpha(mask.resize(self.sheet.size, Image.Resampling.BICUBIC))
        self.sheet.alpha_composite(layer)

    def lay(self, other: Pen, dy: float = 0) -> None:
        """Lay another full-size sheet over this one, moved down by dy (negative: up)."""
        moved_sheet = Image.new("RGBA", self.sheet.size, (0, 0, 0, 0))
        moved_sheet.paste(other.sheet, (0, round(dy * SCALE)))
        self.sheet.alpha_composite(moved_sheet)

    def finished(self, zoom: float = 1.0) -> Image.Image:
        """Scale down to the delivered size; zoom keeps the bottom middle of the scene."""
        window = round(SIDE * SCALE / zoom)
        left = (SIDE * SCALE - window) // 2
        seen = self.sheet.crop((left, SIDE * SCALE - window, left + window, SIDE * SCALE))
        return seen.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def rect(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """A rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def ellipse(cx: float, cy: float, rx: float, ry: float, turn: float = 0.0) -> list[Point]:
    """An ellipse, optionally turned by degrees."""
    return turned(
        [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in (math.tau * i / 120 for i in range(120))],
        cx,
        cy,
        turn,
    )


def rrect(x0: float, y0: float, x1: float, y1: float, radius: float) -> list[Point]:
    """A rectangle with round corners."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    points: list[Point] = []
    for cx, cy, start in (
        (x1 - radius, y0 + radius, -90),
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 90),
        (x0 + radius, y0 + radius, 180),
    ):
        points += [
            (cx + radius * math.cos(math.radians(start + d)), cy + radius * math.sin(math.radians(start + d)))
            for d in range(0, 91, 6)
        ]
    return points


def turned(shape: Sequence[Point], cx: float, cy: float, degrees: float) -> list[Point]:
    """Turn a shape about a point."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(cx + (x - cx) * c - (y - cy) * s, cy + (x - cx) * s + (y - cy) * c) for x, y in shape]


def moved(shape: Sequence[Point], dx: float, dy: float) -> list[Point]:
    """Shift a shape."""
    return [(x + dx, y + dy) for x, y in shape]


def smooth(points: Sequence[Point], closed: bool = True, steps: int = 12) -> list[Point]:
    """Catmull-Rom curve through the points."""
    n = len(points)
    out: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2))
        for j in range(steps):
            t = j / steps
            out.append(
                tuple(  # type: ignore[arg-type]  # two coordinates in, two out
                    0.5
                    * (
                        2 * b
                        + (c - a) * t
                        + (2 * a - 5 * b + 4 * c - d) * t**2
                        + (3 * b - a - 3 * c + d) * t**3
                    )
                    for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
                )
            )
    if not closed:
        out.append(points[-1])
    return out


def lathe(cx: float, profile: Sequence[Point], curved: bool = True) -> list[Point]:
    """A symmetric outline from (half width, y) pairs, top to bottom."""
    side = smooth(profile, closed=False) if curved else list(profile)
    return [(cx + w, y) for w, y in side] + [(cx - w, y) for w, y in reversed(side)]


def drum(cx: float, top: float, bottom: float, half: float, dip: float) -> list[Point]:
    """Side of a cylinder seen slightly from above: straight sides, curved rims."""
    rim = [math.pi * i / 40 for i in range(41)]
    upper = [(cx - half * math.cos(a), top + dip * math.sin(a)) for a in rim]
    lower = [(cx + half * math.cos(a), bottom + dip * math.sin(a)) for a in rim]
    return upper + lower


def ribbon(points: Sequence[Point], width: float) -> list[Point]:
    """Outline of a line of constant width."""
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        length = math.hypot(bx - ax, by - ay) or 1
        nx, ny = -(by - ay) / length * width / 2, (bx - ax) / length * width / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def leaf(x: float, y: float, length: float, width: float, degrees: float) -> list[Point]:
    """A pointed leaf from its stem."""
    half = [(x + length * t, y - width * math.sin(math.pi * t**0.85)) for t in (i / 24 for i in range(25))]
    back = [(px, 2 * y - py) for px, py in reversed(half)]
    return turned(half + back, x, y, degrees)
