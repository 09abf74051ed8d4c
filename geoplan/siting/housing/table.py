"""The table ``housing_need`` and its summary: one row a housing row, stage and year, obligation beside need."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.identity import plain
from geoplan.siting.housing.need import needs
from geoplan.siting.housing.obligation import Obligation, Owed, obligations
from geoplan.siting.housing.pools import METRIC, Pool, pools
from geoplan.siting.housing.projects import Reason, projects, reason
from geoplan.siting.sizes import MU_M2
from geoplan.standards import Standards

COLUMNS = (
    "housing_id", "name", "project", "stage", "year", "pupils", "need", "spare", "obligation", "owed_classes",
    "owed_places", "owed_site_m2", "owed_site_mu", "owed_floor_m2", "reserved_m2", "reserved_mu", "status", "due",
    "dwellings", "residents", "pupils_full", "reason", "pool",
)  # fmt: skip
LEAST = 1e-6  # pupils: less than this is nobody


@dataclass(frozen=True)
class Supply:
    """What the years to come ask and have.

    Parameters
    ----------
    years
        Years of the table.
    pupils, spare, walks
        See `geoplan.siting.housing.need.needs`.
    limits
        ``housing_id, stage, limit_m``: how far spare places are looked for along streets.
    """

    years: tuple[int, ...]
    pupils: pd.DataFrame
    spare: pd.DataFrame
    walks: pd.DataFrame
    limits: pd.DataFrame


@dataclass(frozen=True)
class HousingNeed:
    """The table (in the CRS of the housing table), a summary row a project and stage, the pools, what is unmet."""

    table: gpd.GeoDataFrame
    summary: list[dict[str, Any]]
    pools: list[dict[str, Any]]
    unmet: list[dict[str, Any]]


def unknown_supply(years: Sequence[int]) -> Supply:
    """Nothing projected: every need is unknown."""
    keys = {"housing_id": "str", "stage": "str", "school_id": "str", "year": "int64"}

    def empty(*columns: str) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(dtype=keys.get(name, "float64")) for name in columns})

    return Supply(
        years=tuple(years),
        pupils=empty("housing_id", "stage", "year", "pupils"),
        spare=empty("stage", "year", "school_id", "places"),
        walks=empty("housing_id", "stage", "school_id", "dist_dm"),
        limits=empty("housing_id", "stage", "limit_m"),
    )


def housing_need(
    housing: gpd.GeoDataFrame, standards: Standards, stages: Sequence[str], supply: Supply
) -> HousingNeed:
    """Obligation and need of every project of new housing: two columns that know nothing of each other.

    Parameters
    ----------
    housing
        As `layers.housing.read_housing` gives it, in a metric CRS, with ``setting`` where it is known.
    stages
        Stages of the run, in school order.
    supply
        Pupils, spare places and walks by year; a project without pupils in it has an unknown need.
    """
    decided = obligations(projects(housing, standards, stages), standards)
    pooled = pools(decided, standards)
    needed = needs(supply.pupils, supply.spare, supply.walks)
    table = _table(housing, stages, supply, (decided, pooled, needed))
    unmet = [_unmet_row(one) for one in decided if one.status == "unmet"]
    return HousingNeed(table, _summary(decided, pooled, needed), [_pool_row(pool) for pool in pooled], unmet)


Parts = tuple[list[Obligation], list[Pool], pd.DataFrame]


def _table(housing: gpd.GeoDataFrame, stages: Sequence[str], supply: Supply, parts: Parts) -> gpd.GeoDataFrame:
    decided, pooled, needed = parts
    ids = housing["id"].astype(str)
    frame = pd.MultiIndex.from_product([sorted(ids), stages, supply.years], names=["housing_id", "stage", "year"])
    rows = frame.to_frame(index=False)
    pool_of = {(one.together.stage, member): one for one in pooled for member in one.together.phases}
    found = pd.DataFrame(
        _decided_row(one, phase, pool_of.get((one.project.stage, one.project.id)))
        for one in decided
        for phase in one.project.phases
    )
    rows = rows.merge(found, on=["housing_id", "stage"], how="left")
    rows = rows.merge(needed, on=["housing_id", "stage", "year"], how="left")
    rows = rows.merge(supply.limits[["housing_id", "stage", "limit_m"]], on=["housing_id", "stage"], how="left")
    rows["reason"] = [_told(row) for row in rows.to_dict("records")]
    shared = housing.assign(housing_id=ids).set_index("housing_id")
    rows["name"] = rows["housing_id"].map(shared["name"]) if "name" in shared else None
    geometry = gpd.GeoSeries(rows["housing_id"].map(shared.geometry), crs=housing.crs)
    return gpd.GeoDataFrame(rows[list(COLUMNS)], geometry=geometry, crs=housing.crs)


def _decided_row(one: Obligation, phase: str, pool: Pool | None) -> dict[str, Any]:
    project = one.project
    told = [*one.reasons, *(pool.reasons if pool else ())]
    if phase in project.unknown and one.status != "unknown":
        told = [reason("housing_phase_name_only"), *told]
    return {
        "housing_id": phase,
        "stage": project.stage,
        "project": project.id,
        "obligation": one.obligation,
        **_owed(one.owed),
        "reserved_m2": project.reserved_m2,
        "reserved_mu": project.reserved_m2 / MU_M2,
        "status": one.status,
        "due": np.nan if one.due is None else float(one.due),
        "dwellings": project.dwellings,
        "residents": project.residents,
        "pupils_full": project.pupils,
        "pool": None if pool is None else pool.id,
        "reasons": told,
    }


def _owed(owed: Owed | None) -> dict[str, float]:
    """The areas also in mu; NaN for what is not owed or has no norm."""
    if owed is None:
        return dict.fromkeys(
            ("owed_classes", "owed_places", "owed_site_m2", "owed_site_mu", "owed_floor_m2"), float("nan")
        )
    site_m2 = float("nan") if owed.site_m2 is None else owed.site_m2
    return {
        "owed_classes": float(owed.classes),
        "owed_places": float(owed.places),
        "owed_site_m2": site_m2,
        "owed_site_mu": site_m2 / MU_M2,
        "owed_floor_m2": float("nan") if owed.floor_m2 is None else owed.floor_m2,
    }


def _told(row: Mapping[str, Any]) -> str:
    """All reasons of a row as JSON text: those of the obligation, then those of the need."""
    return json.dumps(plain([*row["reasons"], *_need_reasons(row)]), sort_keys=True, ensure_ascii=False)


def _need_reasons(row: Mapping[str, Any]) -> list[Reason]:
    shared = {"year": int(row["year"]), "stage": row["stage"]}
    if row["status"] == "unknown" and np.isnan(row["dwellings"]):
        return []
    if np.isnan(row["need"]):
        return [reason("housing_need_unknown", **shared)]
    if row["pupils"] < LEAST:
        return [reason("housing_need_nobody", **shared)]
    amounts = {"pupils": row["pupils"], "spare": row["spare"], "need": row["need"], "limit_m": row["limit_m"]}
    code = "housing_need_none" if row["need"] < LEAST else "housing_need"
    found = [reason(code, **shared, **amounts)]
    if row["spare_unknown"]:
        found.append(reason("housing_spare_unknown", schools=int(row["spare_unknown"])))
    if row["obligation"] == "yes" and row["spare"] >= LEAST:
        found.append(reason("housing_spare_keeps"))
    return found


def _summary(decided: Sequence[Obligation], pooled: Sequence[Pool], needed: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a project and stage, projects by id, stages in their order."""
    pool_of = {(one.together.stage, member): one.id for one in pooled for member in one.together.phases}
    need_of = _need_by_row(needed)
    return [
        {
            "id": one.project.id,
            "stage": one.project.stage,
            "phases": list(one.project.phases),
            "dwellings": _number(one.project.dwellings),
            "residents": _number(one.project.residents),
            "pupils": _number(one.project.pupils),
            "obligation": one.obligation,
            "status": one.status,
            "due": one.due,
            "owed": None if one.owed is None else _owed_row(one),
            "pool": pool_of.get((one.project.stage, one.project.id)),
            **_need_of(need_of, one),
        }
        for one in sorted(decided, key=lambda one: one.project.id)
    ]


def _owed_row(one: Obligation) -> dict[str, Any]:
    assert one.owed is not None
    return {
        "classes": one.owed.classes,
        "places": one.owed.places,
        "site_m2": one.owed.site_m2,
        "floor_m2": one.owed.floor_m2,
        "reserved_m2": _number(one.project.reserved_m2),
    }


def _unmet_row(one: Obligation) -> dict[str, Any]:
    return {"id": one.project.id, "stage": one.project.stage, "due": one.due, **_owed_row(one)}


def _need_by_row(needed: pd.DataFrame) -> dict[tuple[str, str], dict[int, float]]:
    found: dict[tuple[str, str], dict[int, float]] = {}
    for key, stage, year, need in needed[["housing_id", "stage", "year", "need"]].itertuples(index=False, name=None):
        found.setdefault((key, stage), {})[int(year)] = float(need)
    return found


def _need_of(need_of: Mapping[tuple[str, str], Mapping[int, float]], one: Obligation) -> dict[str, Any]:
    """Places needed by year, all phases together, and the most of any year; unknown where any phase's is."""
    parts = [need_of.get((phase, one.project.stage), {}) for phase in one.project.phases]
    years = sorted(set[int]().union(*parts))
    sums = {year: math.fsum(part.get(year, math.nan) for part in parts) for year in years}
    most = max(sums.values()) if sums and not any(map(math.isnan, sums.values())) else None
    return {"need": most, "need_by_year": {str(year): _number(amount) for year, amount in sums.items()}}


def _pool_row(pool: Pool) -> dict[str, Any]:
    together, owed = pool.together, pool.owed
    return {
        "id": pool.id,
        "stage": together.stage,
        "projects": list(together.phases),
        "dwellings": together.dwellings,
        "residents": together.residents,
        "places": together.pupils,
        "metric": METRIC,
        "radius_m": pool.radius_m,
        "norm": pool.norm,
        "reached": pool.reached,
        "classes": owed.classes if owed else None,
        "site_m2": owed.site_m2 if owed else None,
        "reasons": list(pool.reasons),
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
