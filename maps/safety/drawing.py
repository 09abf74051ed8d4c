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
CASE = "#3f4a55"
AT_MOST_2, UNKNOWN, AT_LEAST_3 = 5, 6, 7  # looks beyond the levels 1 to 4 themselves
COLOURS = (*LEVELS, LEVELS[1], UNTOLD, LEVELS[2])  # of look 1, 2 …
DASH = (2.2, 1.4)  # widths on and off
PUPILS = (0.0, 10.0, 50.0, 200.0, 1000.0)
WIDTH_PX = (1.4, 2.6, 4.0, 6.5, 10.0)  # of a street at zoom 15
RADIUS_PX = (3.0, 4.5, 6.0, 8.5, 12.0)  # of a crossing at zoom 15
ZOOMS = (9.0, 12.0, 15.0, 18.0)
SCALE = (0.4, 0.6, 1.0, 1.5)
SAMPLES = (10, 200)  # pupils a day shown in the legend

_building = threading.RLock()


@dataclass(frozen=True)
class Sample:
    """A line or circle of the legend and what it means."""

    shape: str  # line, dashed, dot, ring, wide
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
    tags = {key: values[rows] for key, values in found.tags.items()}
    look = looks(tags["low"], tags["high"])
    scale = float(np.interp(place[0], ZOOMS, SCALE))
    if name == "segments":
        width = np.interp(tags["pupils"], PUPILS, WIDTH_PX) * scale
        strokes = [
            Stroke(COLOURS[k - 1], float(w), DASH if k > len(LEVELS) else ())
            for k, w in zip(look, width, strict=True)
        ]
        return strokes_png(found, rows, place, strokes)
    radius = np.interp(tags["pupils"], PUPILS, RADIUS_PX) * scale
    fills = [COLOURS[k - 1] if mapped else "#ffffff" for k, mapped in zip(look, tags["mapped"], strict=True)]
    edges = [CASE if mapped else UNTOLD for mapped in tags["mapped"]]
    return points_png(found, rows, place, (fills, edges, radius))


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
    width = _by_zoom(WIDTH_PX)
    return {
        "version": 8,
        "sources": sources,
        "layers": [
            _lines(
                "segments-case", {"line-color": CASE, "line-opacity": 0.45, "line-width": _by_zoom(WIDTH_PX, 1.4)}
            ),
            _lines("segments-certain", {"line-color": _colour(), "line-width": width}, certain),
            _lines("segments-bed", {"line-color": "#ffffff", "line-width": width}, ["!", certain]),
            _lines(
                "segments-range",
                {"line-color": _colour(), "line-width": width, "line-dasharray": list(DASH)},
                ["!", certain],
                cap="butt",
            ),
            _chosen_line(),
            _circles("crossings-all"),
            _chosen_circle(),
        ],
    }


def _lines(name: str, paint: dict[str, Any], which: list[Any] | None = None, cap: str = "round") -> dict[str, Any]:
    shape = {"line-cap": cap, "line-join": "round"}
    made: dict[str, Any] = {"id": name, "type": "line", "source": "segments", "source-layer": "segments"}
    return {**made, "layout": shape, "paint": paint, **({"filter": which} if which else {})}


def _chosen_line() -> dict[str, Any]:
    paint = {"line-color": "#1c2733", "line-width": _by_zoom(WIDTH_PX, 5), "line-opacity": 0.35}
    return _lines("segments-chosen", paint, ["==", ["id"], -1])


def _circles(name: str) -> dict[str, Any]:
    mapped: list[Any] = ["==", ["get", "mapped"], 1]
    return {
        "id": name,
        "type": "circle",
        "source": "crossings",
        "source-layer": "crossings",
        "paint": {
            "circle-radius": _by_zoom(RADIUS_PX),
            "circle-color": ["case", mapped, _colour(), "#ffffff"],
            "circle-stroke-color": ["case", mapped, CASE, UNTOLD],
            "circle-stroke-width": ["case", mapped, 1.2, 2.2],
        },
    }


def _chosen_circle() -> dict[str, Any]:
    ring = {"circle-radius": _by_zoom(RADIUS_PX, 5), "circle-opacity": 0, "circle-stroke-width": 3}
    paint = {**ring, "circle-stroke-color": "#1c2733"}
    return {**_circles("crossings-chosen"), "paint": paint, "filter": ["==", ["id"], -1]}


def _colour() -> list[Any]:
    low, high = ["get", "low"], ["get", "high"]
    by_level: list[Any] = ["match", high]
    for level, colour in enumerate(LEVELS, 1):
        by_level += [level, colour]
    open_range = ["case", ["<=", high, 2], COLOURS[AT_MOST_2 - 1], [">=", low, 3], COLOURS[AT_LEAST_3 - 1], UNTOLD]
    return ["case", ["==", low, high], [*by_level, UNTOLD], open_range]


def _by_zoom(sizes: tuple[float, ...], more: float = 0.0) -> list[Any]:
    """Size by pupils, scaled by zoom; MapLibre's zoom is one less than the page's."""
    by_pupils: list[Any] = ["interpolate", ["linear"], ["get", "pupils"]]
    for pupils, size in zip(PUPILS, sizes, strict=True):
        by_pupils += [pupils, size]
    whole: list[Any] = ["interpolate", ["linear"], ["zoom"]]
    for zoom, scale in zip(ZOOMS, SCALE, strict=True):
        whole += [zoom - 1, ["+", ["*", scale, by_pupils], more]]
    return whole


def legend(language: str) -> tuple[Sample, ...]:
    """What lines and circles mean, in words."""
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
        Sample("ring", UNTOLD, say("crossed here, no crossing mapped")),
        *(
            Sample("wide", UNTOLD, say("%(n)s pupils a day", n=number(pupils, language)), widths[pupils])
            for pupils in SAMPLES
        ),
    )
