"""Homes that a what-if changes: as points for the map, and the first of them as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.compare.difference import CHANGES, STEP_M, change_kinds
from geoplan.coverage.stage import F64, I64
from geoplan.reasons import term
from geoplan.run import Run
from geoplan.whatif import StageAnswer
from maps.landmarks import place_names
from maps.language import metres, number
from maps.story import places_known
from maps.style import status_names
from maps.tables import area_names

MOST_HOMES = 4000  # points drawn; the rest is counted and told
MOST_ROWS = 40
COLUMNS = ("lon", "lat", "kind", "served_change", "walk_m_change")


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of one stage that change, most pupils first.

    Parameters
    ----------
    row
        Rows of the table of cells.
    kind
        Index into `CHANGES`.
    served_change, walk_m_change
        Pupils more with a place, metres more of the mean walk (NaN where nobody walks before or after).
    nearer, farther
        Pupils of all cells whose walk gets shorter, longer.
    """

    row: I64
    kind: I64
    served_change: F64
    walk_m_change: F64
    nearer: float
    farther: float


def changed(answer: StageAnswer) -> Cells:
    """Cells where places or walks change."""
    row = np.flatnonzero(answer.changed)
    before, after = answer.cells_before.iloc[row], answer.cells.iloc[row]
    pupils = np.maximum(answer.pupils_before, answer.pupils)[row]
    old, new = before["served"].to_numpy(float), after["served"].to_numpy(float)
    walk = after["walk_m"].to_numpy(float) - before["walk_m"].to_numpy(float)
    walkers = np.minimum(old, new)
    with np.errstate(invalid="ignore"):
        nearer, farther = (float(walkers[part].sum()) for part in (walk <= -STEP_M, walk >= STEP_M))
    code = _codes(change_kinds(pupils, new - old, walk))
    places = (code == 0) | (code == len(CHANGES) - 1)
    weight = np.where(places, np.abs(new - old), walkers * np.nan_to_num(np.abs(walk)) * 1e-6)
    order = np.lexsort((row, -weight))
    order = order[code[order] >= 0]
    return Cells(row[order], code[order], (new - old)[order], walk[order], nearer, farther)


def points_of(run: Run, answer: StageAnswer) -> gpd.GeoSeries:
    """Places of the run's cells, and behind them those of new housing."""
    own = run.tables["cells"].geometry
    table = answer.basis.given.cells.iloc[len(own) :]
    if not len(table):
        return own
    fresh = gpd.GeoSeries(gpd.points_from_xy(table["x"], table["y"]), crs=run.summary["crs"]).to_crs(own.crs)
    return gpd.GeoSeries(pd.concat([own, fresh], ignore_index=True), crs=own.crs)


def _codes(kinds: NDArray[np.object_]) -> I64:
    return np.array([-1 if kind is None else CHANGES.index(kind) for kind in kinds], np.int64)


def drawn(places: gpd.GeoSeries, cells: Cells) -> dict[str, Any]:
    """Points for the map: values in columns, as few bytes as can be; how many there are in all is told."""
    points = places.iloc[cells.row[:MOST_HOMES]]
    values = zip(
        points.x.round(6).tolist(),
        points.y.round(6).tolist(),
        cells.kind.tolist(),
        cells.served_change.round(2).tolist(),
        [None if np.isnan(change) else round(change) for change in cells.walk_m_change.tolist()],
        strict=False,
    )
    listed = [list(row) for row in values]
    return {"total": len(cells.row), "shown": len(listed), "columns": COLUMNS, "values": listed}


def home_rows(run: Run, answer: StageAnswer, cells: Cells, stage: str, language: str) -> list[dict[str, Any]]:
    """The homes that change most, in words: what changes, account and walk before and after."""
    names, words = area_names(run, language), status_names(language)
    if not places_known(run, stage):
        words = words | {name: words["in_reach_places_unknown"] for name in ("served", "in_reach_no_place")}
    rows = cells.row[:MOST_ROWS]
    before, after = answer.cells_before.iloc[rows], answer.cells.iloc[rows]
    own = answer.basis.given.cells.iloc[rows]
    points = [(round(point.y, 6), round(point.x, 6)) for point in points_of(run, answer).iloc[rows]]
    places = place_names(run, points, [names.get(str(area), "") for area in own["area_id"]], language)
    pupils = np.maximum(answer.pupils_before, answer.pupils)[rows]
    found = []
    for at, (old, new) in enumerate(zip(before.to_dict("records"), after.to_dict("records"), strict=True)):
        found.append(
            {
                "cell_id": str(own["cell_id"].iloc[at]),
                "lat": points[at][0],
                "lon": points[at][1],
                "place": places[at],
                "kind": int(cells.kind[at]),
                "change": term(f"change.{CHANGES[int(cells.kind[at])]}", language),
                "pupils": number(pupils[at], language, 1),
                "status": [words.get(str(one["status"]), "") for one in (old, new)],
                "walk": [metres(one["walk_m"], language) for one in (old, new)],
            }
        )
    return found
