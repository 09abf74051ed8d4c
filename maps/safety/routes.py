"""Both routes of a home to its school, found when they are asked for; the streets are judged once a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry import mapping

from geoplan.errors import NotFoundError
from geoplan.plan import SILENT, read_layers
from geoplan.reasons.safety import word
from geoplan.run import Run
from geoplan.safety.costs import route_rules
from geoplan.safety.county import Streetscape, streetscape
from geoplan.safety.path import Drawing, Route, route_between, route_of
from geoplan.situation import Situation, take_stock
from layers.bundle import Layers
from layers.errors import InputError
from maps import style, tables, tiles
from maps.language import metres, speaker
from maps.safety.elements import level_text
from maps.safety.facts import span
from maps.safety.rows import element_name, rule_text
from maps.scene import TO_MERCATOR, Scene, open_scene

FIT = 2  # levels up to this are fit for children
LIVE = 2  # runs whose streets are kept in memory

_judging = threading.Lock()


@dataclass(frozen=True, eq=False)
class Walks:
    """What routes of a run are found on."""

    layers: Layers
    situation: Situation
    scape: Streetscape
    drawing: Drawing
    segment_of: Mapping[int, int]  # row of Streets.edges to row of the table of segments


@dataclass(frozen=True)
class Worst:
    """The element of a route that decides its class."""

    layer: str
    row: int
    low: int
    high: int


def route_at(path: Path, lon: float, lat: float, stage: str, language: str) -> dict[str, Any]:
    """Shortest and safest route of the home at a place to the school its pupils are assigned to.

    Parameters
    ----------
    path
        Folder of the run; its plan's files are read and judged at the first question.

    Returns
    -------
    dict
        ``cell_id`` (None where nobody lives), ``school_id`` and ``shortest, safest`` (None without a place on
        foot), ``price_m``, ``worst``, ``card``.

    Raises
    ------
    NotFoundError
        The plan's files are no longer those of the run, or its school cannot be walked to.
    """
    scene = open_scene(path)
    row = tiles.cell_at(scene.raster, *TO_MERCATOR.transform(lon, lat))
    if row is None:
        return {"cell_id": None, "lon": lon, "lat": lat, "shortest": None, "safest": None, "card": None}
    home = tables.cell_card(scene.run, row, stage, language)
    home = {key: home[key] for key in ("cell_id", "lon", "lat", "stage", "pupils", "school_id", "card")}
    if home["school_id"] is None:
        return {**home, "shortest": None, "safest": None}
    return home | _routes(scene, judged(path), (row, home["school_id"]), language)


def _routes(scene: Scene, walks: Walks, pair: tuple[int, str], language: str) -> dict[str, Any]:
    cell, school_id = pair
    scape, network = walks.scape, walks.situation.network
    school = int(np.flatnonzero(walks.layers.schools["id"].astype(str) == school_id)[0])
    found = route_between(
        scape.turns, scape.homes, scape.doors, route_rules(walks.situation.standards), cell, school
    )  # fmt: skip
    ends = (scape.homes, scape.doors)
    shortest, safest = (
        route_of(network, scape.turns, ends, walks.drawing, found, 0, kind) for kind in ("shortest", "safest")
    )
    worst = worst_of(walks, safest)
    return {
        "shortest": _route(walks, shortest),
        "safest": _route(walks, safest),
        "price_m": round(safest.length_m - shortest.length_m, 1),
        "worst": None if worst is None else _place(scene.run, worst, language),
        "card": _card(scene.run, school_id, (shortest, safest), worst, language),
    }


def _route(walks: Walks, route: Route) -> dict[str, Any]:
    line = gpd.GeoSeries([route.line], crs=walks.layers.crs).to_crs(4326).set_precision(1e-6, mode="pointwise")
    return {
        "length_m": round(route.length_m, 1),
        "level_low": route.low,
        "level_high": route.high,
        "verdict": route.verdict,
        "geometry": mapping(line.iloc[0]),
    }


def worst_of(walks: Walks, route: Route) -> Worst | None:
    """What is surely worst on a route, then possibly worst, the first met.

    None where the way between door and street decides: what lies there is not mapped.
    """
    levels, crossings = walks.scape.levels, walks.scape.crossings.table
    met: list[Worst] = []
    for step in route.steps:
        for element, certain in zip(step.crossings, step.certain, strict=True):
            row = crossings.iloc[element]
            met.append(Worst("crossings", element, int(row["level_low"]) if certain else 1, int(row["level_high"])))
        if step.length_m > 0:
            edge = levels.loc[step.edge]
            met.append(
                Worst("segments", walks.segment_of[step.edge], int(edge["level_low"]), int(edge["level_high"]))
            )
    worst = max(met, key=lambda worst: (worst.low > FIT, worst.high, worst.low), default=None)
    decides = worst is not None and worst.high >= route.high and (worst.low > FIT) >= (route.low > FIT)
    return worst if decides else None


def _place(run: Run, worst: Worst, language: str) -> dict[str, Any]:
    row = run.tables[worst.layer].iloc[worst.row]
    shape = row["geometry"]
    point = shape.interpolate(0.5, normalized=True) if worst.layer == "segments" else shape
    return {
        "layer": worst.layer,
        "row": worst.row,
        "osm_id": str(row["osm_id"]),
        "name": element_name(row, worst.layer, language),
        "rule": str(row["rule"]),
        "level_low": worst.low,
        "level_high": worst.high,
        "lon": round(point.x, 6),
        "lat": round(point.y, 6),
    }


def _card(
    run: Run, school_id: str, routes: tuple[Route, Route], worst: Worst | None, language: str
) -> dict[str, Any]:
    say = speaker(language)
    names, colours = style.route_names(language), style.route_colours()
    shortest, safest = routes
    rows = [
        (say("school"), tables.school_name(run, school_id, language)),
        (say("shortest route"), _length(shortest, language)),
        (say("safest route"), _length(safest, language)),
        (say("price of safety"), metres(safest.length_m - shortest.length_m, language)),
    ]
    if worst is None:
        rows.append((say("worst on the safest"), say("the way between door and street, which is not mapped")))
    else:
        row = run.tables[worst.layer].iloc[worst.row]
        rows += [
            (say("worst on the safest"), element_name(row, worst.layer, language)),
            (say("its level"), level_text(worst.low, worst.high, language)),
            (say("its rule"), rule_text(row["rule"], language)),
        ]
    return {"name": names[safest.verdict], "colour": colours[safest.verdict], "note": "", "rows": rows}


def _length(route: Route, language: str) -> str:
    """Metres, verdict and worst level: ``512 m, undetermined (1–4)``."""
    say = speaker(language)
    return say(
        "%(length)s, %(verdict)s (%(level)s)",
        length=metres(route.length_m, language),
        verdict=word("route", route.verdict, language),
        level=span(route.low, route.high).replace("–", "\u2060–\u2060"),  # never broken in two
    )


def judged(path: Path) -> Walks:
    """The streets of a run, read and judged at the first question; others wait for the same answer."""
    with _judging:
        return _judged(path)


@lru_cache(maxsize=LIVE)
def _judged(path: Path) -> Walks:
    folder = path.parents[1]
    run = open_scene(path).run
    try:
        layers = read_layers(folder)
    except InputError as error:
        raise NotFoundError("routes not computed: the plan's files can no longer be read") from error
    _require_same(run, layers)
    situation = take_stock(layers, say=SILENT)
    scape = streetscape(layers, situation)
    rows = situation.network.edge_row
    drawing = Drawing(
        edges=layers.streets.edges.geometry.to_numpy()[rows],
        homes_xy=situation.cells.table[["x", "y"]].to_numpy(float),
        gates_xy=np.column_stack([layers.gates.geometry.x, layers.gates.geometry.y]),
    )
    return Walks(layers, situation, scape, drawing, {int(edge): k for k, edge in enumerate(rows)})


def _require_same(run: Run, layers: Layers) -> None:
    """NotFoundError unless the plan's files are those the run was made from."""
    then = {source["file"]: source["sha256"] for source in run.manifest.get("sources", [])}
    now = {source.file: source.sha256 for source in layers.sources}
    if then != now:
        raise NotFoundError(
            "routes not computed: the plan's files have changed since this run; run the plan again to ask for routes"
        )
