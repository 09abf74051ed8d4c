"""Schools that a what-if opens, closes, or gives other places or pupils."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.reasons import known
from geoplan.run import Run
from geoplan.whatif import WhatIf, WhatIfBase, schools_before
from maps.language import name_in, number, percent
from maps.schools import ring_radius
from maps.story import serving

SOME = 0.05  # pupils of a school: less is no change


def school_rows(run: Run, base: WhatIfBase, found: WhatIf, stage: str, language: str) -> list[dict[str, Any]]:
    """Schools of the stage that are not as they were, those opened and closed first, then by change of pupils."""
    both = _joined(base, found, stage)
    moved = ~np.isclose(both["pupils_before"], both["pupils"], atol=SOME, rtol=0, equal_nan=True)
    resized = ~np.isclose(both["places_before"], both["places"], atol=SOME, rtol=0, equal_nan=True)
    other = both[moved | resized | (both["kind"] != "changed")]
    weight = (other["pupils"].fillna(0) - other["pupils_before"].fillna(0)).abs()
    order = np.lexsort((other.index.to_numpy(str), -weight.to_numpy(), (other["kind"] == "changed").to_numpy()))
    places = _places(run, found)
    return [_row(other.iloc[at], places, language) for at in order.tolist()]


def _joined(base: WhatIfBase, found: WhatIf, stage: str) -> pd.DataFrame:
    """By id: ``places, pupils, load`` before (``_before``) and after, and ``kind``: opened, closed or changed."""
    taught = serving(base.layers.schools, stage).to_numpy()
    before = schools_before(base.stages[stage])[taught].set_index("id")[["places", "pupils", "load"]]
    before = before.add_suffix("_before")
    answer, layers = found.stages[stage], found.schools.layers
    teach = serving(layers.schools, stage).to_numpy()
    after = answer.schools[teach].set_index("id")[["places", "pupils", "load"]]
    both = before.join(after, how="outer")
    gone, fresh = ~both.index.isin(after.index), ~both.index.isin(before.index)
    both["kind"] = np.select([gone, fresh], ["closed", "opened"], default="changed")
    return both


def _places(run: Run, found: WhatIf) -> dict[str, tuple[dict[str, Any], float, float]]:
    """Name columns, longitude and latitude of every school before and after, by id."""
    layers = found.schools.layers
    named = ["id", "name", "name_en", "geometry"]
    old = run.tables["schools"]
    new = gpd.GeoDataFrame(layers.schools.iloc[found.schools.added]).to_crs(4326)
    rows: dict[str, tuple[dict[str, Any], float, float]] = {}
    for table in (old, new):
        for row in table[[name for name in named if name in table]].to_dict("records"):
            rows[str(row["id"])] = row, round(row["geometry"].x, 6), round(row["geometry"].y, 6)
    return rows


def _row(
    school: pd.Series[Any], places: dict[str, tuple[dict[str, Any], float, float]], language: str
) -> dict[str, Any]:
    name, lon, lat = places[str(school.name)]
    figures = {key: known(school[key]) for key in school.index if key != "kind"}
    return {
        "id": str(school.name),
        "name": name_in(name, "id", language),
        "lon": lon,
        "lat": lat,
        "kind": school["kind"],
        "ring": ring_radius(figures["load"]),
        "over": (figures["load"] or 0.0) > 1,
        **figures,
        "texts": {
            "places": [number(figures[key], language) for key in ("places_before", "places")],
            "pupils": [number(figures[key], language) for key in ("pupils_before", "pupils")],
            "load": [percent(figures[key], language) for key in ("load_before", "load")],
        },
    }
