"""How completely streets are mapped where people live."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from geoplan.doctor.ground import Ground, nearest, survey
from geoplan.standards import number
from layers.bundle import Layers
from layers.errors import Fault

NEAR_M, FAR_M = 100.0, 300.0


def completeness(layers: Layers, ground: Ground | None = None) -> pd.DataFrame:
    """Share of residents near a mapped way, per sub-area, for the method's completeness rule.

    Returns
    -------
    DataFrame
        ``area_id, name, residents, within_100_m, within_300_m`` (shares of residents), ``off_network`` (residents
        beyond their snap limit), ``buildings_far`` (share of residential buildings beyond 100 m of a way, NaN without
        buildings). Shares are NaN where nobody lives.
    """
    ground = ground or survey(layers)
    residents = layers.cells.table["residents"].to_numpy(float)
    weights = {
        "residents": residents,
        "within_100_m": residents * (ground.home_m <= NEAR_M),
        "within_300_m": residents * (ground.home_m <= FAR_M),
        "off_network": residents * (ground.home_m > ground.snap_m),
    }
    sums = pd.DataFrame(weights).groupby(layers.cells.table["area_id"].to_numpy()).sum()
    table = layers.areas[["area_id", "name"]].join(sums, on="area_id").fillna(0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        for share in ("within_100_m", "within_300_m"):
            table[share] = table[share].to_numpy(float) / table["residents"].to_numpy(float)
    return pd.DataFrame(table).assign(buildings_far=_buildings_far(layers, ground))


def _buildings_far(layers: Layers, ground: Ground) -> list[float]:
    buildings = layers.surroundings.buildings
    centres = shapely.centroid(buildings.geometry[buildings["residential"].to_numpy(bool)].to_numpy())
    far = nearest(ground.edges.geometry.to_numpy(), centres)[0] > NEAR_M
    tree = shapely.STRtree(centres)
    inside = [tree.query(area, predicate="contains") for area in layers.areas.geometry]
    return [float(far[rows].mean()) if len(rows) else float("nan") for rows in inside]


def far_from_ways(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Sub-areas where fewer residents than the profile's threshold live within 300 m of a mapped way."""
    enough = number(ground.standards, "plan.osm_completeness")
    for row in completeness(layers, ground).to_dict("records"):
        if row["residents"] > 0 and row["within_300_m"] < enough:
            shown = {
                "near": f"{row['within_100_m']:.0%}",
                "far": f"{row['within_300_m']:.0%}",
                "enough": f"{enough:.0%}",
                "residents": f"{row['residents']:,.0f}",
                "off": f"{row['off_network']:,.0f}",
            }
            yield Fault(
                "doctor_ways_sparse", "warning", layers.plan.streets.osm or "", value=row["name"], params=shown
            )
