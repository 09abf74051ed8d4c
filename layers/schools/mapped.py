"""Schools taken from the street file: names and places are the map's, stages are guesses, places mostly unknown."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from layers.errors import Fault, InputError
from layers.schools.stages import stages_of

FILE = "street file"
TEXTS = ("id", "name", "stage", "stages", "ownership", "source", "assumed")
_OWNERSHIP = {"private": "private", "public": "public", "government": "public", "religious": "private"}


def from_map(mapped: gpd.GeoDataFrame | None, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Schools with a stage that could be guessed; the others are named in warnings.

    ``stage`` is always assumed; ``capacity`` of the map counts as places, assumed too, of a school with one stage.

    Raises
    ------
    InputError
        The street file holds no school with a stage.
    """
    if mapped is None or not len(mapped):
        raise InputError([Fault("osm_no_schools", file=FILE)])
    told = mapped[mapped["stage"].notna()]
    faults = [
        Fault(
            "osm_stage_unknown", "warning", file=FILE, value=f"{osm_id} {name}" if isinstance(name, str) else osm_id
        )
        for osm_id, name in mapped.loc[mapped["stage"].isna(), ["osm_id", "name"]].sort_values("osm_id").to_numpy()
    ]
    if not len(told):
        raise InputError([*faults, Fault("osm_no_schools", file=FILE)])
    rows = [
        _row(osm_id, name, stage, tags)
        for osm_id, name, stage, tags in told[["osm_id", "name", "stage", "tags"]].to_numpy()
    ]
    texts = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in TEXTS}
    table = gpd.GeoDataFrame(rows, geometry=list(told.geometry.to_numpy()), crs=crs).assign(**texts)
    columns = [name for name in table if str(name).startswith("places_")]
    unknown = int(table[columns].isna().all(axis=1).sum()) if columns else len(table)
    if unknown:
        faults.append(Fault("osm_places_unknown", "warning", file=FILE, value=f"{unknown} / {len(table)}"))
    return table, faults


def _row(osm_id: str, name: str | None, stage: str, tags: dict[str, str]) -> dict[str, Any]:
    stages = stages_of(stage)
    row: dict[str, Any] = {
        "id": osm_id,
        "name": name if isinstance(name, str) else osm_id,
        "stage": stage,
        "stages": stages,
        "ownership": _OWNERSHIP.get(tags.get("operator:type", "")),
        "source": "OpenStreetMap",
        "assumed": "stage",
    }
    places = pd.to_numeric(tags.get("capacity", ""), errors="coerce")
    if len(stages) == 1 and np.isfinite(places) and places >= 0:
        row[f"places_{stages[0]}"] = float(places)
        row["assumed"] = f"places_{stages[0]};stage"
    return row
