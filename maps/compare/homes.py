"""Homes that change between two alternatives: as points for the map, and the first of them as rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan.compare import cell_changes
from geoplan.compare.difference import CHANGES
from geoplan.reasons import term
from geoplan.run import Run
from maps.landmarks import place_names
from maps.language import metres, number
from maps.story import places_known
from maps.style import status_names
from maps.tables import area_names

MOST_POINTS = 3000
MOST_ROWS = 30


def changes(first: Run, other: Run, stage: str) -> pd.DataFrame:
    """The cells that change, those that weigh most first: places, then walks; columns of `cell_changes`, and ``row``.

    Both runs have the same cells, see `geoplan.compare.with_all_cells`.
    """
    found = cell_changes(first, other, stage)
    found["row"] = np.arange(len(found))
    kept = found[found["change"].notna()]
    places = kept["change"].isin((CHANGES[0], CHANGES[-1])).to_numpy()
    cells = first.tables["cells"].iloc[kept["row"]]
    walkers = cells[f"served_{stage}"].to_numpy(float)
    metres_more = np.nan_to_num(np.abs(kept["walk_m_change"].to_numpy(float)))
    weight = np.where(places, np.abs(kept["served_change"].to_numpy(float)), walkers * metres_more * 1e-6)
    return kept.iloc[np.lexsort((kept["row"].to_numpy(), -weight))].reset_index(drop=True)


def drawn(first: Run, moved: pd.DataFrame) -> dict[str, Any]:
    """Points of the map as ``[lon, lat, kind]``, and how many there are in all."""
    part = moved.head(MOST_POINTS)
    points = first.tables["cells"].geometry.iloc[part["row"]]
    kinds = [CHANGES.index(one) for one in part["change"]]
    xs, ys = points.x.round(6).tolist(), points.y.round(6).tolist()
    values = [list(one) for one in zip(xs, ys, kinds, strict=True)]
    return {"total": len(moved), "shown": len(values), "values": values}


def home_rows(runs: tuple[Run, Run], moved: pd.DataFrame, stage: str, language: str) -> list[dict[str, Any]]:
    """The homes that change most, in words."""
    first, other = runs
    words, part = status_words(first, stage, language), moved.head(MOST_ROWS)
    before = first.tables["cells"].iloc[part["row"]]
    after = other.tables["cells"].set_index("cell_id").reindex(before["cell_id"])
    names = area_names(first, language)
    points = [(round(point.y, 6), round(point.x, 6)) for point in before.geometry]
    places = place_names(first, points, [names.get(str(area), "") for area in before["area_id"]], language)
    rows = []
    pairs = zip(before.to_dict("records"), after.to_dict("records"), strict=True)
    for at, (old, new) in enumerate(pairs):
        status = [words.get(str(one[f"status_{stage}"]), "") for one in (old, new)]
        rows.append(
            {
                "lat": points[at][0],
                "lon": points[at][1],
                "place": places[at],
                "kind": part["change"].iloc[at],
                "change": term(f"change.{part['change'].iloc[at]}", language),
                "pupils": number(new[f"pupils_{stage}"], language, 1),
                "status": _arrow(status),
                "walk": _arrow([metres(one[f"walk_m_{stage}"], language) for one in (old, new)]),
            }
        )
    return rows


def status_words(run: Run, stage: str, language: str) -> dict[str, str]:
    """What accounts are called; those in reach are one where places are not known."""
    words = status_names(language)
    if places_known(run, stage):
        return words
    return words | {name: words["in_reach_places_unknown"] for name in ("served", "in_reach_no_place")}


def _arrow(texts: list[str]) -> str:
    return texts[0] if texts[0] == texts[1] else " → ".join(texts)
