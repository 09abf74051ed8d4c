"""Maps of an upload as SVG, drawn on the server: no script, no tiles, the same on paper; tables say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from maps.upload.preview import READ_AS, Ground, Preview

Floats = NDArray[np.float64]
SIDE = 520
WINDOW_M = 2_400.0
MOST_LINES, MOST_MARKS = 4_000, 1_500
MOST_NUMBERED = 40
"""More pins than these are dots without numbers, which would cover each other."""
SHAPES = {"wgs84": "circle", "gcj02": "square", "bd09": "diamond"}


@dataclass(frozen=True)
class Frame:
    """A square window of a metric map, north up."""

    west: float
    south: float
    side_m: float

    def at(self, xy: Floats) -> Floats:
        """Metres as places of the drawing."""
        scaled = (xy - [self.west, self.south]) / self.side_m * SIDE
        return np.column_stack([scaled[:, 0], SIDE - scaled[:, 1]])

    @property
    def box(self) -> BaseGeometry:
        """The window as a polygon."""
        return shapely.box(self.west, self.south, self.west + self.side_m, self.south + self.side_m)


def overview(found: Preview, ground: Ground, datum: str, label: str) -> str:
    """The outline of the region with the places of a table, read in one datum."""
    xy = _metric(found, ground)
    frame = _frame(_bounds(ground, xy[datum]))
    marks = "".join(_mark("circle", x, y, 3.0, datum) for x, y in frame.at(xy[datum])[:MOST_MARKS])
    return _svg(f"{_outline(ground, frame)}{marks}{_scale(frame)}", label)


def closeup(found: Preview, ground: Ground, at: int, label: str) -> str:
    """Streets and mapped schools around one place, with the places of the table in every datum."""
    xy = _metric(found, ground)
    middle = (xy["wgs84"][at] + xy["bd09"][at]) / 2
    frame = Frame(middle[0] - WINDOW_M / 2, middle[1] - WINDOW_M / 2, WINDOW_M)
    parts = [_outline(ground, frame), _lines(ground.streets, frame), _squares(ground.mapped, frame)]
    shifts = {datum: frame.at(places) for datum, places in xy.items()}
    shown = READ_AS if found.shifts else READ_AS[:1]
    near = np.flatnonzero(np.all(np.abs(shifts["wgs84"] - SIDE / 2) < SIDE, axis=1))[:MOST_MARKS]
    if found.shifts:
        parts += [_line("moved", np.array([shifts[datum][row] for datum in READ_AS])) for row in near]
    parts += [_mark(SHAPES[datum], x, y, 6.0, datum) for datum in shown for x, y in shifts[datum][near]]
    return _svg("".join(parts) + _scale(frame), label)


def pinned(outline: Sequence[Sequence[Sequence[float]]], pins: Sequence[dict[str, Any]], label: str) -> str:
    """The region with pins that lead to their faults, numbered where they are few; all in longitude and latitude."""
    rings = [np.asarray(ring, dtype=np.float64) for ring in outline]
    places = np.array([[pin["lon"], pin["lat"]] for pin in pins], dtype=np.float64).reshape(-1, 2)
    every = np.vstack([*rings, places]) if rings else places
    squeeze = np.cos(np.radians(every[:, 1].mean()))
    low, high = every.min(axis=0) * [squeeze, 1], every.max(axis=0) * [squeeze, 1]
    frame = _frame((*low, *high))
    parts = ["".join(_ring(frame.at(ring * [squeeze, 1])) for ring in rings)]
    few = len(pins) <= MOST_NUMBERED
    for pin, (x, y) in zip(pins, frame.at(places * [squeeze, 1]), strict=True):
        text = escape(pin["text"], quote=True)
        number = f'<text x="{x:.1f}" y="{y + 4:.1f}">{pin["number"]}</text>' if few else ""
        parts.append(
            f'<a href="#{pin["key"]}" aria-label="{text}"><title>{text}</title>'
            f'<circle class="pin-{pin["severity"]}" cx="{x:.1f}" cy="{y:.1f}" r="{11 if few else 5}"/>{number}</a>'
        )
    return _svg("".join(parts), label, role="group")


def nearest_to_middle(found: Preview) -> int:
    """A place to look at closely: the one nearest to the middle of all."""
    places = found.lonlat["wgs84"]
    away = np.abs(places - np.median(places, axis=0)).sum(axis=1)
    return int(np.argmin(away))


def _metric(found: Preview, ground: Ground) -> dict[str, Floats]:
    if ground.crs is None:
        middle = np.radians(np.median(found.lonlat["wgs84"][:, 1]))
        return {datum: places * [111_320 * np.cos(middle), 110_570] for datum, places in found.lonlat.items()}
    step = Transformer.from_crs(4326, ground.crs, always_xy=True)
    return {
        datum: np.column_stack(step.transform(places[:, 0], places[:, 1])) for datum, places in found.lonlat.items()
    }


def _bounds(ground: Ground, xy: Floats) -> tuple[float, float, float, float]:
    low, high = xy.min(axis=0), xy.max(axis=0)
    if ground.boundary is not None:
        west, south, east, north = ground.boundary.bounds
        low, high = np.minimum(low, [west, south]), np.maximum(high, [east, north])
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _frame(bounds: tuple[float, ...]) -> Frame:
    west, south, east, north = bounds
    side = max(east - west, north - south, 1e-6) * 1.06
    return Frame((west + east - side) / 2, (south + north - side) / 2, side)


def _outline(ground: Ground, frame: Frame) -> str:
    if ground.boundary is None:
        return ""
    rings = [part.exterior for part in shapely.get_parts(ground.boundary.simplify(frame.side_m / SIDE))]
    return "".join(_ring(frame.at(shapely.get_coordinates(ring))) for ring in rings)


def _ring(places: Floats) -> str:
    return f'<path class="outline" d="M{_path(places)}Z"/>'


def _path(places: Floats) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _lines(lines: NDArray[np.object_], frame: Frame) -> str:
    if not len(lines):
        return ""
    near = np.sort(shapely.STRtree(lines).query(frame.box))[:MOST_LINES]
    parts = [part for part in shapely.get_parts(shapely.clip_by_rect(lines[near], *frame.box.bounds))]
    drawn = [frame.at(shapely.get_coordinates(part)) for part in parts if part.geom_type == "LineString"]
    path = "".join(f"M{_path(line)}" for line in drawn if len(line) > 1)
    return f'<path class="street" d="{path}"/>' if path else ""


def _squares(shapes: NDArray[np.object_], frame: Frame) -> str:
    if not len(shapes):
        return ""
    places = shapely.get_coordinates(shapely.centroid(shapes))
    near = places[shapely.contains_xy(frame.box, places[:, 0], places[:, 1])]
    return "".join(
        f'<rect class="mapped" x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"/>' for x, y in frame.at(near)
    )


def _line(kind: str, places: Floats) -> str:
    return f'<path class="{kind}" d="M{_path(places)}"/>'


def _mark(shape: str, x: float, y: float, radius: float, kind: str) -> str:
    if shape == "circle":
        return f'<circle class="d-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "diamond" else ""
    low_x, low_y = x - radius * 0.9, y - radius * 0.9
    side = radius * 1.8
    return f'<rect class="d-{kind}" x="{low_x:.1f}" y="{low_y:.1f}" width="{side:g}" height="{side:g}"{turn}/>'


def _scale(frame: Frame) -> str:
    """A bar of a round length."""
    target = frame.side_m / 4
    step = 10 ** np.floor(np.log10(target))
    length = step * max(one for one in (1, 2, 5) if one * step <= target)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    width = length / frame.side_m * SIDE
    return (
        f'<path class="scale" d="M12 {SIDE - 14}h{width:.1f}"/>'
        f'<text class="scale-text" x="12" y="{SIDE - 20}">{text}</text>'
    )


def _svg(inner: str, label: str, *, role: str = "img") -> str:
    head = f'<svg class="sketch" viewBox="0 0 {SIDE} {SIDE}" role="{role}" aria-label="{escape(label, quote=True)}">'
    return f"{head}{inner}</svg>"
