"""A what-if in the form of a run, so that it can be drawn and compared; what it does not count is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.coverage.enrol import ON_FOOT
from geoplan.coverage.reach import walk_statistics, within
from geoplan.coverage.stage import outside
from geoplan.coverage.summary import plain, served_by
from geoplan.enrolment import MILLION
from geoplan.places import assumed_share
from geoplan.run import Run
from geoplan.scenario import Scenario, identity_of
from geoplan.whatif.answer import Basis, StageAnswer, WhatIf
from layers.scenariofile import scenario_text

KEPT = ("residents", "modelled", "resolution", "rules", "assumptions", "headline", "enrolment")
"""Of the summary of a stage: what steps on schools do not change."""
GENERAL = (
    *("plan", "title", "title_zh", "notice", "notice_zh", "credit", "credit_zh", "profile", "standards", "version"),
    *("population_year", "school_year", "crs", "edge_kind"),
)
CELLS = ("status", "school", "served", "no_place", "out", "off", "walk_m", "nearest_m", "straight_m")
STREETS = ("boundary", "gates", "base_streets", "base_ground", "base_buildings")


def sketch(
    run: Run, found: WhatIf, scenario: Scenario, *, later: Mapping[int | None, WhatIf | None] | None = None
) -> Run:
    """The run as it would be with the steps of a what-if.

    Parameters
    ----------
    run
        The run the steps were tried on.
    found
        Their answer.
    scenario
        All the steps, those of the run itself first.
    later
        The answers by year, the base year first (None: ``found``); without them no year is told of.

    Returns
    -------
    Run
        Only what the what-if counts: cells and schools, and of the summary of each stage pupils, schools, places,
        accounts, both shares, reach and radius by limit, walks. ``manifest["whatif"]`` names the run it rests on.
    """
    digest = hashlib.sha256(f"{run.run_id} {scenario_text(scenario)}".encode()).hexdigest()[:12]
    kept = {name: run.summary[name] for name in GENERAL if name in run.summary}
    stages = {
        stage: _summary(run.summary["stages"][stage], answer)
        | {"years": [_year(year, (one or found).stages[stage]) for year, one in (later or {}).items()]}
        for stage, answer in found.stages.items()
        if stage in run.summary["stages"]
    }
    manifest = {
        **{name: value for name, value in run.manifest.items() if name not in ("created", "timings")},
        "run_id": f"whatif-{digest}",
        "scenario": identity_of(scenario),
        "whatif": {"run": run.run_id},
    }
    tables: dict[str, pd.DataFrame] = {name: run.tables[name] for name in STREETS if name in run.tables}
    tables |= {"cells": _cells(run, found), "schools": _schools(found)}
    if "areas" in run.tables:
        named = [
            name for name in ("area_id", "name", "name_en", "setting", "geometry") if name in run.tables["areas"]
        ]
        tables["areas"] = run.tables["areas"][named]
    return Run(f"whatif-{digest}", manifest, {**kept, "stages": stages}, tables, run.cell_index)


def _summary(before: Mapping[str, Any], answer: StageAnswer) -> dict[str, Any]:
    basis = answer.basis
    units, enrolled, choices = basis.units, basis.enrolled, basis.given.choices
    foot = enrolled.mode == ON_FOOT
    told = {
        **{name: before[name] for name in KEPT if name in before},
        "pupils": float(units.amount.sum() / MILLION),
        **_places(basis),
        "accounts": dict(answer.accounts),
        "radius_share": answer.shares["radius_share"],
        "walk_share": answer.shares["walk_share"],
        "served_by": served_by(basis.given, units, enrolled),
        "reach": within(units.amount, _by_unit(basis, "walk"), choices.limits_m),
        "radius": within(units.amount, _by_unit(basis, "straight"), choices.limits_m),
        "walk_m": walk_statistics(enrolled.cost_dm[foot] / 10, enrolled.amount[foot]),
    }
    return dict(plain(told))


def _year(year: int | None, answer: StageAnswer) -> dict[str, Any]:
    """A row of ``years`` as the summary of a run has it, births in the middle."""
    basis = answer.basis
    places = _places(basis)["places"]
    told = {
        "year": year,
        "variant": "mid",
        "pupils": float(basis.units.amount.sum() / MILLION),
        "places": places,
        **answer.accounts,
        "radius_share": answer.shares["radius_share"],
        "walk_share": answer.shares["walk_share"],
        "walk_m_mean": answer.shares["walk_m"],
    }
    unknown = {} if np.isfinite(places) else {"served": None, "in_reach_no_place": None}
    return dict(plain({**told, **unknown}))


def _places(basis: Basis) -> dict[str, Any]:
    """Recruiting schools that lie inside, and their places, as the summary of a run has them."""
    schools = basis.given.schools
    chosen = basis.offer.recruits & ~outside(schools)
    part = schools[chosen]
    return {
        "schools": int(chosen.sum()),
        "places": float(part["places"].sum(min_count=min(1, len(part)))),
        "places_assumed": float(part.loc[part["places_assumed"].astype(bool), "places"].sum()),
        "places_assumed_share": assumed_share(schools, chosen),
        "schools_places_unknown": int(part["places"].isna().sum()),
    }


def _by_unit(basis: Basis, how: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Metres from each unit to the nearest school that takes its band, inf for none."""
    units, found = basis.units, np.empty(len(basis.units.cell))
    for number, band in enumerate(units.bands):
        mine, near = units.band == number, basis.near[band]
        metres = near.straight_m if how == "straight" else np.where(near.dist_dm >= 0, near.dist_dm / 10, np.inf)
        found[mine] = metres[units.cell[mine]]
    return found


def _cells(run: Run, found: WhatIf) -> gpd.GeoDataFrame:
    """The cells of the run, and behind them those of new housing."""
    before = run.tables["cells"]
    given = next(iter(found.stages.values())).basis.given.cells.iloc[len(before) :]
    shared = [name for name in ("cell_id", "residents", "area_id", "side_m", "off_network") if name in before]
    table = pd.DataFrame(before[shared])
    points = gpd.GeoSeries(before.geometry.to_numpy(), crs=before.crs)
    if len(given):
        more = pd.DataFrame(given).reindex(columns=shared).assign(residents=0.0)
        table = pd.concat([table, more], ignore_index=True)
        fresh = gpd.GeoSeries(gpd.points_from_xy(given["x"], given["y"]), crs=found.schools.layers.crs)
        points = pd.concat([points, fresh.to_crs(before.crs)], ignore_index=True)
    parts: list[pd.DataFrame] = [table.reset_index(drop=True)]
    for stage, answer in found.stages.items():
        own = answer.cells[list(CELLS)].add_suffix(f"_{stage}").reset_index(drop=True)
        parts.append(own.assign(**{f"pupils_{stage}": answer.pupils}))
    return gpd.GeoDataFrame(pd.concat(parts, axis=1), geometry=points.to_numpy(), crs=before.crs)


def _schools(found: WhatIf) -> gpd.GeoDataFrame:
    schools = found.schools.layers.schools
    table = pd.DataFrame(schools.drop(columns=["geometry", *(f"places_{stage}" for stage in found.stages)]))
    parts = [table]
    for stage, answer in found.stages.items():
        own = pd.DataFrame(
            {
                f"places_{stage}": answer.schools["places"],
                f"places_source_{stage}": answer.basis.given.schools["places_source"].to_numpy(),
                f"pupils_assigned_{stage}": answer.schools["pupils"],
                f"load_{stage}": answer.schools["load"].where(answer.schools["pupils"].notna()),
            }
        )
        parts.append(own.set_axis(table.index))
    return gpd.GeoDataFrame(pd.concat(parts, axis=1), geometry=schools.geometry, crs=schools.crs).to_crs(4326)
