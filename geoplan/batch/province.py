"""A province at a glance: what the runs of its counties say, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.batch.ledger import Entry, Ledger
from geoplan.reasons import known, places_known
from geoplan.run import Run
from geoplan.store import read_run
from layers.bundle import STAGES

WITHOUT = ("in_reach_no_place", "out_of_reach", "off_network")
YEARLY = ("pupils", "places", "served", *WITHOUT, "share_unborn")
ROUTES = ("pupils_routed", "safe", "undetermined", "unsafe")

Row = dict[str, Any]


@dataclass(frozen=True)
class Province:
    """Tables of a batch.

    Parameters
    ----------
    counties
        One row a plan, those with the largest share of pupils without a place first; ``rank`` is empty where that
        share is not known. Geometry is the county's boundary in EPSG:4326, empty where there is no run.
    stages, need, faults
        By county and stage; by county, stage, year and births; what was wrong with the data, by county.
    """

    counties: gpd.GeoDataFrame
    stages: pd.DataFrame
    need: pd.DataFrame
    faults: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name."""
        return {"counties": self.counties, "stages": self.stages, "need": self.need, "faults": self.faults}


def province(ledger: Ledger) -> Province:
    """Put the runs of a batch side by side, reading one run at a time; the same for any number of workers."""
    counties, stages, need, faults = list[Row](), list[Row](), list[Row](), list[Row]()
    for key, entry in ledger.items():
        run = read_run(entry.outcome.run) if entry.outcome.run is not None else None
        counties.append(_county(key, entry, run))
        faults += [{"plan": key, **fault} for fault in entry.outcome.faults]
        if run is not None:
            stages += [{"plan": key, "stage": name, **row} for name, row in _stages(run).items()]
            need += [{"plan": key, **row} for row in _need(run)]
    return Province(
        counties=_ranked(counties),
        stages=_framed(stages, STAGE_COLUMNS),
        need=_framed(need, NEED_COLUMNS),
        faults=_framed(faults, FAULT_COLUMNS),
    )


STAGE_COLUMNS = (
    "plan",
    "stage",
    *("pupils", "schools", "places", "places_assumed", "served", *WITHOUT, "without_place", "share_without"),
    *("radius_share", "walk_share", "walk_m_mean", "gini"),
)
NEED_COLUMNS = ("plan", "stage", "year", "variant", *YEARLY, "without_place", "share_without", "balance")
FAULT_COLUMNS = (
    *("plan", "code", "severity", "file", "row", "column", "value"),
    *("message_en", "remedy_en", "message_zh", "remedy_zh"),
)


def _framed(rows: list[Row], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _ranked(rows: list[Row]) -> gpd.GeoDataFrame:
    rows = sorted(rows, key=lambda row: (row["share_without"] is None, -(row["share_without"] or 0.0), row["plan"]))
    ranked = [{"rank": k + 1 if row["share_without"] is not None else None, **row} for k, row in enumerate(rows)]
    stages = [name for name in STAGES if any(f"pupils_{name}" in row for row in rows)]
    columns = [*COUNTY_COLUMNS, *(f"{what}_{name}" for name in stages for what in PER_STAGE), "geometry"]
    frame = pd.DataFrame(ranked, columns=columns)
    frame["rank"] = frame["rank"].astype("Int64")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=4326)


PER_STAGE = ("pupils", "places", "without_place", "share_without")
COUNTY_COLUMNS = (
    *("rank", "plan", "title", "title_zh", "state", "message", "run_id", "profile", "school_year", "residents"),
    *("pupils", "without_place", "share_without"),
    *("proposals", "proposals_cost", "cost_unit", "housing_unmet"),
    *(*ROUTES, "retrofits", "warnings", "errors"),
)


def _county(key: str, entry: Entry, run: Run | None) -> Row:
    outcome = entry.outcome
    row: Row = {"plan": key, "title": key, "title_zh": key, "state": outcome.state, "message": outcome.message}
    row |= {"run_id": outcome.run_id, "share_without": None, "geometry": shapely.Polygon()}
    row["errors"] = sum(fault["severity"] == "error" for fault in outcome.faults)
    return row if run is None else row | _figures(run)


def _figures(run: Run) -> Row:
    summary, stages = run.summary, _stages(run)
    total = _without([stages[name] for name in stages])
    wide = {f"{what}_{name}": stages[name][what] for name in stages for what in PER_STAGE}
    safety = summary.get("safety") or {}
    return {
        **{name: summary.get(name) for name in ("title", "title_zh", "profile", "school_year")},
        "residents": max(
            (known(found.get("residents")) or 0.0 for found in summary["stages"].values()), default=None
        ),
        "pupils": sum(row["pupils"] for row in stages.values()),
        **total,
        **_proposed(run),
        "housing_unmet": None if "housing_unmet" not in summary else len(summary["housing_unmet"]),
        **{name: known(safety.get(name)) for name in ROUTES},
        "retrofits": len(safety["retrofits"]) if "retrofits" in safety else None,
        "warnings": sum(one.get("severity") == "warning" for one in summary.get("warnings") or ()),
        **wide,
        "geometry": _outline(run),
    }


def _stages(run: Run) -> dict[str, Row]:
    return {name: _stage(found) for name, found in run.summary["stages"].items()}


def _stage(found: Mapping[str, Any]) -> Row:
    """One stage; where places are not known nobody can be said to have one, or to have none."""
    accounts = {name: known((found.get("accounts") or {}).get(name)) for name in ("served", *WITHOUT)}
    if not places_known(found):
        accounts |= {"served": None, "in_reach_no_place": None}
    row = {name: known(found.get(name)) for name in ("pupils", "schools", "places", "places_assumed", "gini")}
    row |= {name: known(found.get(name)) for name in ("radius_share", "walk_share")}
    row |= {"pupils": row["pupils"] or 0.0, **accounts, "walk_m_mean": known((found.get("walk_m") or {}).get("mean"))}
    return row | _without([row])


def _without(rows: list[Row]) -> Row:
    """Pupils without a place and their share, over stages; unknown where one of them is."""
    amounts = [row[name] for row in rows for name in WITHOUT]
    pupils = sum(row["pupils"] or 0.0 for row in rows)
    if not rows or any(amount is None for amount in amounts):
        return {"without_place": None, "share_without": None}
    total = sum(amounts)
    return {"without_place": total, "share_without": min(1.0, total / pupils) if pupils > 0 else None}


def _need(run: Run) -> Iterator[Row]:
    for name, found in run.summary["stages"].items():
        for year in found.get("years") or ():
            row = {column: known(year.get(column)) for column in YEARLY}
            row |= {"stage": name, "year": year.get("year"), "variant": year.get("variant")}
            pupils, places = known(year.get("pupils")), known(year.get("places"))
            balance = None if pupils is None or places is None else places - pupils
            yield {**row, **_without([row]), "balance": balance}


def _proposed(run: Run) -> Row:
    """How many schools are recommended, and their cost; the cost is unknown where one of them is."""
    table = run.tables.get("proposals")
    if table is None:
        return {"proposals": None, "proposals_cost": None, "cost_unit": None}
    chosen = table[table["recommended"].astype(bool)] if "recommended" in table else table
    units = sorted({str(unit) for unit in chosen["cost_unit"].dropna()}) if "cost_unit" in chosen else []
    cost = chosen["cost"].sum(skipna=False) if "cost" in chosen and len(units) < 2 else None
    return {
        "proposals": len(chosen),
        "proposals_cost": known(cost),
        "cost_unit": units[0] if len(units) == 1 else None,
    }


def _outline(run: Run) -> Any:
    table = run.tables.get("boundary")
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        return shapely.Polygon()
    return shapely.union_all(table.geometry.to_numpy())
