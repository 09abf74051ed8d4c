"""The balance of places of a whole plan, and the sizes of its classes and schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage import StageInput, recruiting
from geoplan.coverage.stage import outside
from geoplan.demand.outlook import VARIANTS, Outlook, pupils_in, share_unborn
from geoplan.siting.class_sizes import class_sizes
from geoplan.siting.places_balance import KEYS, area_places, places_balance
from geoplan.situation import Situation
from layers.bundle import Layers

Inputs = Mapping[str, Mapping[int, StageInput]]
MID = "mid"


@dataclass(frozen=True)
class BalancePart:
    """What a run keeps of the balance.

    Parameters
    ----------
    tables
        ``places_balance, class_sizes``.
    summary
        ``places_balance`` (areas that run short, by first year of deficit) and ``class_sizes`` (counts by stage).
    deficits
        By sub-area and stage the first year short of places: ``area, year, places`` (how many lack), mid births.
    """

    tables: dict[str, pd.DataFrame]
    summary: dict[str, Any]
    deficits: dict[tuple[str, str], dict[str, Any]]


def balance_part(layers: Layers, situation: Situation, inputs: Inputs) -> BalancePart:
    """Places against pupils by sub-area, stage, year and births, and the sizes of classes as the schools state them.

    Parameters
    ----------
    inputs
        Per stage and plan year, the input of its coverage.
    """
    pupils = pd.concat([_pupils(situation, given, stage, year) for stage, year, given in _each(inputs)])
    places = area_places(pd.concat([_standing(given, stage, year) for stage, year, given in _each(inputs)]))
    balance = places_balance(pupils, places, situation.standards)
    sizes = class_sizes(pd.DataFrame(layers.schools.drop(columns="geometry")), situation.standards, tuple(inputs))
    names = layers.areas.set_index(layers.areas["area_id"].astype(str))["name"].to_dict()
    lacking = deficits(balance, names)
    rows = [{"area_id": area, "stage": stage, **found} for (area, stage), found in lacking.items()]
    told = {"places_balance": rows, "class_sizes": _counts(sizes, tuple(inputs))}
    return BalancePart({"places_balance": balance, "class_sizes": sizes}, told, lacking)


def deficits(balance: pd.DataFrame, names: Mapping[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Areas and stages short of places with births as expected, and what lacks in the first such year."""
    mine = balance[(balance["variant"] == MID) & (balance["year"] == balance["first_deficit_year"])]
    return {
        (row["area_id"], row["stage"]): {
            "area": names.get(row["area_id"], row["area_id"]),
            "year": int(row["year"]),
            "places": float(-row["balance"]),
        }
        for row in mine.to_dict("records")
    }


def _each(inputs: Inputs) -> list[tuple[str, int, StageInput]]:
    return [(stage, year, given) for stage, by_year in inputs.items() for year, given in by_year.items()]


def _pupils(situation: Situation, given: StageInput, stage: str, year: int) -> pd.DataFrame:
    """Pupils per area and variant; only the middle one where nothing is projected."""
    area = situation.cells.table["area_id"].astype(str).to_numpy()
    variants = VARIANTS if situation.outlook.projection is not None else (MID,)
    parts = [_by_area(situation.outlook, given, area, (stage, year, variant)) for variant in variants]
    return pd.concat(parts, ignore_index=True)


def _by_area(
    outlook: Outlook, given: StageInput, area: np.ndarray[Any, Any], key: tuple[str, int, str]
) -> pd.DataFrame:
    stage, year, variant = key
    units = given.units if variant == MID else pupils_in(outlook, year, variant, stage=stage)
    unborn = share_unborn(outlook, stage, year, variant) if outlook.projection is not None else 0.0
    total = units["pupils"].groupby(area[units["cell"].to_numpy()]).sum()
    found = pd.DataFrame({"area_id": total.index, "pupils": total.to_numpy()})
    return found.assign(stage=stage, year=year, variant=variant, share_unborn=unborn)[
        [*KEYS, "variant", "pupils", "share_unborn"]
    ]


def _standing(given: StageInput, stage: str, year: int) -> pd.DataFrame:
    """Schools that take pupils by nearness and stand inside, with the places left after pupils from outside."""
    schools = given.schools
    kept = schools[recruiting(schools, given.choices) & ~outside(schools)]
    found = kept.rename(columns={"id": "school_id", "places_net": "places_left"})
    return found.assign(stage=stage, year=year, places=found["places_left"])[
        ["school_id", "area_id", "stage", "year", "places"]
    ]


def _counts(sizes: pd.DataFrame, stages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Schools by band, classes that lack, pupils in schools whose classes are large, schools beyond the cap."""
    found = {}
    for stage in stages:
        mine = sizes[sizes["stage"] == stage]
        large = mine["band"].isin(["large", "super_large"])
        found[stage] = {
            "bands": {str(band): int(count) for band, count in mine["band"].value_counts().sort_index().items()},
            "extra_classes": _sum(mine["extra_classes"]),
            "pupils_in_large": _sum(mine.loc[large, "enrolment"]) or 0.0,
            "oversized": mine.loc[mine["oversized"] == "yes", "school_id"].tolist(),
        }
    return found


def _sum(column: pd.Series[float]) -> float | None:
    """None where no school states any."""
    known = column.dropna()
    return float(known.sum()) if len(known) else None
