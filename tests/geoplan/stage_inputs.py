"""Small inputs for the coverage of a stage: homes and schools with stated walks, and random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage import Choices, StageInput
from geoplan.places import stage_places
from geoplan.reach import Pairs
from geoplan.standards import Standards, load, stage_def

STAGES = {
    "kindergarten": ("kindergarten",),
    "primary": ("primary",),
    "junior": ("junior",),
    "teaching_point": ("primary",),
    "nine_year": ("primary", "junior"),
}
CN = load("cn")


def pairs(walk_m: np.ndarray, off_network: np.ndarray, limit_m: float = 20_000) -> Pairs:
    """Every pair of a matrix (homes, schools) within the limit, in the order promised."""
    walk = np.where(off_network[:, None], np.inf, walk_m)
    cell, school = np.nonzero(walk <= limit_m)
    dist = np.rint(walk[cell, school] * 10).astype(np.int32)
    order = np.lexsort((school, dist, cell))
    return Pairs(cell[order].astype(np.int32), school[order].astype(np.int32), dist[order], off_network)


def schools_frame(rows: Sequence[Mapping[str, Any]], stage: str, standards: Standards = CN) -> pd.DataFrame:
    """Schools as the reader gives them, joined with their places for the stage."""
    table = pd.DataFrame([{"stage": stage, **row} for row in rows], columns=None if rows else ["id", "stage"])
    table["stages"] = [STAGES[kind] for kind in table["stage"]]
    return table.join(stage_places(table, stage_def(standards, stage), standards))


def stage_input(
    homes: Sequence[Mapping[str, Any]],
    schools: Sequence[Mapping[str, Any]],
    stage: str = "primary",
    choices: Choices | None = None,
    **more: Any,
) -> StageInput:
    """Homes ``{id, pupils: {band: amount}, setting, edge_m, off, area_id}``; schools ``{id, walk_m: {home: m}, …}``.

    Straight distances that are not stated equal the walk. Homes and schools have no common plane here, so every
    school stands where its distances say: the straight ones are laid out one home to a line.
    """
    bands = {band.id for band in stage_def(CN, stage).bands}
    units = [
        {"cell": row, "band": band, "pupils": float(amount)}
        for row, home in enumerate(homes)
        for band, amount in home["pupils"].items()
        if band in bands
    ]
    cells = pd.DataFrame(
        {
            "cell_id": [home["id"] for home in homes],
            "area_id": [home.get("area_id", "all") for home in homes],
            "setting": [home.get("setting", "town") for home in homes],
            "edge_m": [home.get("edge_m", np.nan) for home in homes],
            "offroad": [home.get("offroad", False) for home in homes],
            "x": np.arange(len(homes)) * 1e6,
            "y": 0.0,
        }
    )
    off = np.array([home.get("off", False) for home in homes])
    walk = np.array([[school.get("walk_m", {}).get(home["id"], np.inf) for school in schools] for home in homes])
    plain = [{key: value for key, value in school.items() if not key.endswith("_m")} for school in schools]
    areas = cells.drop_duplicates("area_id")[["area_id", "setting"]].assign(name=lambda table: table["area_id"])
    return StageInput(
        stage=stage,
        standards=CN,
        units=pd.DataFrame(units, columns=["cell", "band", "pupils"]),
        cells=cells,
        schools=schools_frame(plain, stage),
        gates=_gates(homes, schools),
        pairs=pairs(walk.reshape(len(homes), len(schools)), off),
        areas=areas.reset_index(drop=True),
        choices=choices or Choices(),
        **more,
    )


def _gates(homes: Sequence[Mapping[str, Any]], schools: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A gate per school and home at the straight distance stated."""
    rows = [
        {"school": number, "x": row * 1e6, "y": float(straight[home["id"]])}
        for number, school in enumerate(schools)
        for straight in [{**school.get("walk_m", {}), **school.get("straight_m", {})}]
        for row, home in enumerate(homes)
        if home["id"] in straight
    ]
    return pd.DataFrame(rows, columns=["school", "x", "y"])


def random_input(random: np.random.Generator, **choices: Any) -> StageInput:
    """A random plane of homes and schools, with every kind of gap in the data."""
    n_homes, n_schools = int(random.integers(1, 25)), int(random.integers(1, 7))
    home, site = random.random((n_homes, 2)) * 2000, random.random((n_schools, 2)) * 2000
    straight = np.hypot(*(home[:, None] - site[None]).transpose(2, 0, 1))
    walk = straight * (1.001 + random.random(straight.shape) * 0.5) + 0.1  # never below the line, even when rounded
    homes = [
        {
            "id": f"h{row:02d}",
            "pupils": {"g1_3": random.gamma(1, 4), "g4_6": random.gamma(1, 4) * (random.random() < 0.8)},
            "setting": random.choice(["town", "rural"]),
            "off": bool(random.random() < 0.1),
            "offroad": bool(random.random() < 0.2),
            "edge_m": float(random.random() * 2000),
            "area_id": str(random.choice(["north", "south"])),
        }
        for row in range(n_homes)
    ]
    schools = [
        {
            "id": f"s{number}",
            "stage": str(random.choice(["primary", "nine_year", "teaching_point", "junior"], p=[0.5, 0.2, 0.2, 0.1])),
            "ownership": str(random.choice(["public", "private", "purchased"], p=[0.7, 0.2, 0.1])),
            "scope": str(random.choice(["inside", "outside"], p=[0.8, 0.2])),
            "places_primary": float(random.integers(0, 60)) if random.random() < 0.8 else np.nan,
            "pupils_from_outside": float(random.integers(0, 10)) if random.random() < 0.3 else np.nan,
            "area_id": str(random.choice(["north", "south"])),
            "walk_m": dict(zip([h["id"] for h in homes], walk[:, number].tolist(), strict=True)),
            "straight_m": dict(zip([h["id"] for h in homes], straight[:, number].tolist(), strict=True)),
        }
        for number in range(n_schools)
    ]
    return stage_input(homes, schools, choices=Choices(**choices))
