"""Streets and crossings on the map: tiles by level and pupils, how browsers draw them, the legend in words."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geoplan.errors import NotFoundError
from geoplan.style import classes
from maps import vectors
from maps.language import number, speaker
from maps.linepng import Stroke, points_png, strokes_png
from maps.safety.facts import LAYERS
from maps.scene import Scene
from maps.vectors import Drawn, Tile

LEVELS = classes("level").colours
UNTOLD = "#8592a0"  # darker than the account's grey: thin lines on a light ground
CASE, INK = "#3f4a55", "#1c2733"
AT_MOST_2, UNKNOWN, AT_LEAST_3 = 5, 6, 7  # looks beyond the levels 1 to 4 themselves
COLOURS = (*LEVELS, LEVELS[1], UNTOLD, LEVELS[2])  # of look 1, 2 …
DASH = (2.2, 1.4)  # widths on and off
PUPILS = (0.0, 10.0, 50.0, 200.0, 1000.0)
WIDTH_PX = (1.4, 2.6, 4.0, 6.5, 10.0)  # of a street at zoom 15
RADIUS_PX = (3.0, 4.0, 5.5, 8.0, 11.0)  # of a crossing at zoom 15
ZOOMS = (9.0, 12.0, 15.0, 18.0)
LINE_SCALE = (0.5, 0.75, 1.0, 1.5)
DOT_SCALE = (0.2, 0.4, 0.8, 1.5)
FIT_FROM = 14  # zoom from which crossings that are fit in any case are shown
UNUSED_FROM = 17  # zoom from which crossings that nobody walks over are shown
UNUSED = 0.5  # how much of their colour streets nobody walks along keep
SAMPLES = (10, 200)  # pupils a day shown in the legend

USED: list[Any] = [">", ["get", "pupils"], 0]  # MapLibre expressions
CHOSEN: list[Any] = ["==", ["id"], -1]

_building = threading.RLock()


@dataclass(frozen=True)
class Sample:
    """A line or circle of the legend and what it means."""

    shape: str  # line, dashed, dot, ring, wide, route
    colour: str
    label: str
    size: float = 4.0


def known_layer(name: str) -> None:
    """NotFoundError for a layer there are no vector tiles of."""
    if name not in LAYERS:
        raise NotFoundError(f"there is no vector layer {name!r}; there are {', '.join(LAYERS)}")


def layer(scene: Scene, name: str) -> Drawn:
    """Streets or crossings of a run, ready to be cut; NotFoundError where the run has none."""
    with _building:
        return _layer(scene, name)


@lru_cache(maxsize=8)
def _layer(scene: Scene, name: str) -> Drawn:
    known_layer(name)
    table = scene.run.tables.get(name)
    if not isinstance(table, gpd.GeoDataFrame):
        raise NotFoundError(f"the run has no layer {name!r}: route safety was not computed")
    pupils = np.nan_to_num(table["pupils_per_day"].to_numpy(dtype=float))
    tags = {
        "low": table["level_low"].to_numpy(dtype=np.int64),
        "high": table["level_high"].to_numpy(dtype=np.int64),
        "pupils": np.rint(pupils).astype(np.int64),
    }
    if name == "crossings":
        tags["mapped"] = table["mapped"].to_numpy(dtype=bool).astype(np.int64)
    return vectors.drawn(name, table, tags, pupils)


@lru_cache(maxsize=4096)
def tile(scene: Scene, name: str, place: Tile) -> bytes:
    """A vector tile."""
    return vectors.encode(layer(scene, name), place)


def picture(scene: Scene, name: str, place: Tile) -> bytes:
    """The same tile as a picture, for browsers that draw no vectors."""
    found = layer(scene, name)
    rows = vectors.shown(found, place)
    if name == "crossings":
        rows = rows[_crossings_seen(found, rows, place[0])]
    tags = {key: values[rows] for key, values in found.tags.items()}
    look = looks(tags["low"], tags["high"])
    if name == "segments":
        width = np.interp(tags["pupils"], PUPILS, WIDTH_PX) * np.interp(place[0], ZOOMS, LINE_SCALE)
        strokes = [
            Stroke(COLOURS[k - 1], float(w), DASH if k > len(LEVELS) else (), not pupils)
            for k, w, pupils in zip(look, width, tags["pupils"], strict=True)
        ]
        return strokes_png(found, rows, place, strokes)
    radius = np.interp(tags["pupils"], PUPILS, RADIUS_PX) * np.interp(place[0], ZOOMS, DOT_SCALE)
    fills = [COLOURS[k - 1] if mapped else "#ffffff" for k, mapped in zip(look, tags["mapped"], strict=True)]
    edges = [CASE if mapped else COLOURS[k - 1] for k, mapped in zip(look, tags["mapped"], strict=True)]
    return points_png(found, rows, place, (fills, edges, radius))


def _crossings_seen(found: Drawn, rows: NDArray[np.int64], zoom: int) -> NDArray[np.bool_]:
    """Which crossings a zoom shows, as `_crossings` tells MapLibre."""
    used, unfit = found.tags["pupils"][rows] > 0, found.tags["high"][rows] > 2
    return (zoom >= UNUSED_FROM) | (used & (unfit | (zoom >= FIT_FROM)))


def looks(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """Look of a range of levels: the level itself where it is certain, else one of three of its own."""
    open_range = np.where(high <= 2, AT_MOST_2, np.where(low >= 3, AT_LEAST_3, UNKNOWN))
    return np.where(low == high, high, open_range)


def look_colour(low: int, high: int) -> str:
    """Colour of one range of levels."""
    return COLOURS[int(looks(np.array([low]), np.array([high]))[0]) - 1]


def browser_style(root: str, version: str) -> dict[str, Any]:
    """Sources and layers for MapLibre; addresses are completed by the page's script."""
    sources = {
        name: {
            "type": "vector",
            "tiles": [f"{root}/tiles/{name}/{{z}}/{{x}}/{{y}}.pbf?v={version}"],
            "maxzoom": vectors.LAST_ZOOM + 1,
        }
        for name in LAYERS
    }
    certain: list[Any] = ["==", ["get", "low"], ["get", "high"]]
    width = _by_zoom(WIDTH_PX, LINE_SCALE)
    case = {"line-color": CASE, "line-opacity": 0.45, "line-width": _by_zoom(WIDTH_PX, LINE_SCALE, 1.4)}
    line = {"line-color": _colour(), "line-width": width, "line-opacity": ["case", USED, 1, UNUSED]}
    return {
        "version": 8,
        "sources": sources,
        "layers": [
            _lines("segments-case", case, USED),
            _lines("segments-certain", line, certain),
            _lines("segments-bed", {"line-color": "#ffffff", "line-width": width}, ["all", USED, ["!", certain]]),
            _lines("segments-range", {**line, "line-dasharray": list(DASH)}, ["!", certain], cap="butt"),
            _chosen_line(),
            _crossings(),
            _chosen_circle(),
        ],
    }


def _lines(name: str, paint: dict[str, Any], which: list[Any] | None = None, cap: str = "round") -> dict[str, Any]:
    shape = {"line-cap": cap, "line-join": "round"}
    made: dict[str, Any] = {"id": name, "type": "line", "source": "segments", "source-layer": "segments"}
    return {**made, "layout": shape, "paint": paint, **({"filter": which} if which else {})}


def _chosen_line() -> dict[str, Any]:
    width = _by_zoom(WIDTH_PX, LINE_SCALE, 5)
    return _lines("segments-chosen", {"line-color": INK, "line-width": width, "line-opacity": 0.35}, CHOSEN)


def _circles(name: str, paint: dict[str, Any], which: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": name, "type": "circle", "source": "crossings", "source-layer": "crossings"}
    return {**made, "paint": paint, "filter": which}


def _crossings() -> dict[str, Any]:
    """Mapped ones filled with their colour, others hollow rings of it."""
    mapped: list[Any] = ["==", ["get", "mapped"], 1]
    paint = {
        "circle-radius": _by_zoom(RADIUS_PX, DOT_SCALE),
        "circle-color": ["case", mapped, _colour(), "rgba(255, 255, 255, 0.75)"],
        "circle-stroke-color": ["case", mapped, CASE, _colour()],
        "circle-stroke-width": ["case", mapped, 1.2, 2],
    }
    near, nearer = ([">=", ["zoom"], zoom - 1] for zoom in (FIT_FROM, UNUSED_FROM))
    seen = ["any", nearer, ["all", USED, ["any", near, [">", ["get", "high"], 2]]]]
    return _circles("crossings-all", paint, seen)


def _chosen_circle() -> dict[str, Any]:
    ring = {"circle-radius": _by_zoom(RADIUS_PX, DOT_SCALE, 5), "circle-opacity": 0, "circle-stroke-width": 3}
    return _circles("crossings-chosen", {**ring, "circle-stroke-color": INK}, CHOSEN)


def _colour() -> list[Any]:
    low, high = ["get", "low"], ["get", "high"]
    by_level: list[Any] = ["match", high]
    for level, colour in enumerate(LEVELS, 1):
        by_level += [level, colour]
    open_range = ["case", ["<=", high, 2], COLOURS[AT_MOST_2 - 1], [">=", low, 3], COLOURS[AT_LEAST_3 - 1], UNTOLD]
    return ["case", ["==", low, high], [*by_level, UNTOLD], open_range]


def _by_zoom(sizes: tuple[float, ...], scales: tuple[float, ...], more: float = 0.0) -> list[Any]:
    """Size by pupils, scaled by zoom; MapLibre's zoom is one less than the page's."""
    by_pupils: list[Any] = ["interpolate", ["linear"], ["get", "pupils"]]
    for pupils, size in zip(PUPILS, sizes, strict=True):
        by_pupils += [pupils, size]
    whole: list[Any] = ["interpolate", ["linear"], ["zoom"]]
    for zoom, scale in zip(ZOOMS, scales, strict=True):
        whole += [zoom - 1, ["+", ["*", scale, by_pupils], more]]
    return whole


def legend(language: str, *, routes: bool = False) -> tuple[Sample, ...]:
    """What lines and circles mean, in words; with ``routes`` also those of a home."""
    say = speaker(language)
    words = classes("level").labels(language)
    known = [Sample("line", colour, label) for colour, label in zip(LEVELS, words, strict=True)]
    widths = dict(zip(PUPILS, WIDTH_PX, strict=True))
    return (
        *known,
        Sample("dashed", COLOURS[AT_MOST_2 - 1], say("1 or 2, tags missing")),
        Sample("dashed", UNTOLD, say("not known whether fit")),
        Sample("dashed", COLOURS[AT_LEAST_3 - 1], say("3 or 4, tags missing")),
        Sample("dot", LEVELS[1], say("crossing, coloured alike")),
        Sample("ring", UNTOLD, say("hollow: crossed here, no crossing mapped")),
        *(
            Sample("wide", UNTOLD, say("%(n)s pupils a day", n=number(pupils, language)), widths[pupils])
            for pupils in SAMPLES
        ),
        *(_route_samples(language) if routes else ()),
    )


def _route_samples(language: str) -> tuple[Sample, ...]:
    say = speaker(language)
    safe = classes("route").colours[0]
    return (
        Sample("route", INK, say("shortest route of a home clicked")),
        Sample("line", safe, say("safest route, in the colour of its group"), 6),
    )
