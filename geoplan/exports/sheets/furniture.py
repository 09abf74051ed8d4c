"""Scale bar, north arrow, legend and labels: what makes a drawing a map."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from geoplan.exports.sheets.lettering import lettering
from geoplan.reasons import metres
from geoplan.style import style

SPOTS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))  # where a label may stand
Shape = Literal["square", "ring", "diamond"]
LATIN_BELOW = 0x2E80  # letters from here on are as wide as high
HALO = {"boxstyle": "square,pad=0.1", "facecolor": "#ffffff", "alpha": 0.78, "edgecolor": "none"}


def nice_length_m(most_m: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above ``most_m``."""
    power = 10.0 ** math.floor(math.log10(most_m))
    return max(step * power for step in (1, 2, 5) if step * power <= most_m)


def scale_bar(axes: Axes, language: str) -> float:
    """A bar of a round length at the foot of the map; returns its metres."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length = nice_length_m((east - west) / 4)
    mm = (north - south) / (axes.bbox.height / axes.figure.dpi * 25.4)  # metres on the ground
    x, y, high = west + 5 * mm, south + 5 * mm, 1.1 * mm
    ink = style()["ink"]
    back = Rectangle(
        (x - high * 2, y - high * 2), length + high * 4, high * 8, facecolor="#ffffff", alpha=0.75, zorder=8
    )
    axes.add_patch(back)
    for half, colour in ((0, ink), (1, "#ffffff")):
        axes.add_patch(
            Rectangle((x + half * length / 2, y), length / 2, high, facecolor=colour, edgecolor=ink, lw=0.6, zorder=9)
        )
    text = metres(length, language)
    axes.text(x + length / 2, y + high * 1.8, text, ha="center", va="bottom", color=ink, zorder=9, **lettering(7))
    return length


def north_arrow(axes: Axes, language: str) -> None:
    """An arrow to the north of the grid in the upper right corner."""
    ink = style()["ink"]
    width, height = axes.bbox.width, axes.bbox.height
    unit = 0.032 * min(width, height)
    x, y = 1 - 2.2 * unit / width, 1 - 4.6 * unit / height
    tip = [(0, 3.2), (-0.9, 0), (0, 0.7)], [(0, 3.2), (0.9, 0), (0, 0.7)]
    for points, colour in zip(tip, (ink, "#ffffff"), strict=True):
        spots = [(x + px * unit / width, y + py * unit / height) for px, py in points]
        axes.add_patch(Polygon(spots, transform=axes.transAxes, facecolor=colour, edgecolor=ink, lw=0.7, zorder=9))
    letter = {"en": "N", "zh": "北"}[language]
    axes.text(
        x, y - 0.3 * unit / height, letter, transform=axes.transAxes, ha="center", va="top", color=ink, zorder=9,
        **lettering(8),
    )  # fmt: skip


def labels(axes: Axes, spots: Sequence[tuple[float, float, str]], *, size: float = 6.0, most: int = 40) -> int:
    """Names beside points, the first ones first; one that finds no free spot is left out. Returns how many stand."""
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    taken: list[Bbox] = [_around(axes, x, y, 5.0) for x, y, _ in spots]
    placed = 0
    for at, (x, y, name) in enumerate(spots):
        if placed >= most:
            break
        others = [box for other, box in enumerate(taken) if other != at]
        for text in _tries(axes, x, y, name, size):
            box = text.get_window_extent(renderer).padded(1.0)
            if _free(box, others, axes.bbox):
                taken.append(box)
                placed += 1
                break
            text.remove()
    return placed


def _around(axes: Axes, x: float, y: float, radius: float) -> Bbox:
    px, py = axes.transData.transform((x, y))
    return Bbox([[px - radius, py - radius], [px + radius, py + radius]])


def _tries(axes: Axes, x: float, y: float, name: str, size: float) -> Iterator[Text]:
    for dx, dy in SPOTS:
        yield axes.annotate(
            name, (x, y), xytext=(dx * 5, dy * 5), textcoords="offset points", zorder=7, bbox=HALO,
            ha={1: "left", 0: "center", -1: "right"}[dx], va={1: "bottom", 0: "center", -1: "top"}[dy],
            color=style()["ink"], **lettering(size),
        )  # fmt: skip


def _free(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> bool:
    inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
    return inside and not any(box.overlaps(other) for other in taken)


class Column:
    """A column of words and signs from the top down; places are millimetres on the page."""

    def __init__(self, figure: Any, left_mm: float, top_mm: float, width_mm: float) -> None:
        self.figure, self.left, self.at, self.width = figure, left_mm, top_mm, width_mm
        wide, high = figure.get_size_inches()
        self.page_mm = (wide * 25.4, high * 25.4)

    def text(self, words: str, size: float, colour: str = "", *, gap_mm: float = 1.2, indent_mm: float = 0.0) -> None:
        """A paragraph, broken to the width of the column."""
        lines = wrapped(words, (self.width - indent_mm) / (size * 0.3528), size)
        high = size * 0.3528 * 1.38
        for line in lines:
            self.figure.text(
                (self.left + indent_mm) / self.page_mm[0],
                1 - (self.at + high * 0.78) / self.page_mm[1],
                line,
                color=colour or style()["ink"],
                va="baseline",
                **lettering(size),
            )
            self.at += high
        self.at += gap_mm

    def sign(self, words: str, colour: str, *, size: float = 7.0, shape: Shape = "square", mm: float = 3.0) -> None:
        """A square, ring or diamond of a colour with its meaning."""
        top = self.at
        self.text(words, size, gap_mm=0.0, indent_mm=6.5)
        self.at = max(self.at, top + mm + 0.4)
        middle = top + size * 0.3528 * 0.69
        self._shape(middle, colour, shape, mm)
        self.at += 0.9

    def _shape(self, middle_mm: float, colour: str, shape: Shape, mm: float) -> None:
        wide, high = self.page_mm
        axes = self.figure.add_axes((
            (self.left + 2.75 - mm / 2) / wide, 1 - (middle_mm + mm / 2) / high, mm / wide, mm / high,
        ))  # fmt: skip
        axes.set_axis_off()
        axes.set_xlim(-1.15, 1.15)
        axes.set_ylim(-1.15, 1.15)
        if shape == "ring":
            axes.add_patch(Circle((0, 0), 0.85, facecolor="#ffffff", edgecolor=colour, lw=1.3))
        elif shape == "diamond":
            corners = [(0, -1), (1, 0), (0, 1), (-1, 0)]
            axes.add_patch(Polygon(corners, facecolor="#ffffff", edgecolor=colour, lw=0.8))
        else:
            axes.add_patch(Rectangle((-1, -1), 2, 2, facecolor=colour, edgecolor="#9aa5b1", lw=0.4))


def wrapped(words: str, ems: float, size: float) -> list[str]:
    """Lines of at most ``ems`` widths of a Chinese letter; Latin letters count as half of one."""
    lines, line, wide = [], "", 0.0
    for piece in _pieces(words):
        more = sum(1.0 if ord(letter) >= LATIN_BELOW else 0.56 for letter in piece)
        if line and wide + more > ems:
            lines.append(line.rstrip())
            line, wide = "", 0.0
            piece = piece.lstrip()
        line, wide = line + piece, wide + more
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(words: str) -> list[str]:
    """Where a line may break: after a blank, and between Chinese letters but not before a stop."""
    made: list[str] = []
    for letter in words:
        if made and _joined(made[-1][-1], letter):
            made[-1] += letter
        else:
            made.append(letter)
    return made


def _joined(before: str, letter: str) -> bool:
    latin = ord(letter) < LATIN_BELOW and ord(before) < LATIN_BELOW and before != " "
    return latin or letter in "，。；：、）！？,.;:)"


def rgba(colours: Sequence[str], alpha: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Colours as bytes, with a last one that shows nothing."""
    made = [(*bytes.fromhex(colour[1:]), round(255 * alpha)) for colour in colours]
    return np.array([*made, (0, 0, 0, 0)], dtype=np.uint8)
