"""What the runs say, side by side: figures by stage and sub-area, schools, cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from geoplan.reasons import places_known
from geoplan.run import Run

UNITS = {
    "pupils": "pupils",
    "schools": "schools",
    "places": "places",
    "places_assumed": "places",
    "radius_share": "share",
    "walk_share": "share",
    "gini": "index",
}
ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")
AREA_KEYS = ("pupils", *ACCOUNTS, "places", "radius_share", "walk_share")
ROUTES = ("safe", "undetermined", "unsafe")
SOME = 1e-6  # pupils or shares below this are noise of adding in another order
Row = dict[str, Any]


def stage_rows(stage: str, runs: Sequence[Run]) -> list[Row]:
    parts = [run.summary["stages"][stage] for run in runs]
    rows = [_row("accounts", stage, key, "pupils", [_account(part, key) for part in parts]) for key in ACCOUNTS]
    rows += [_row("figures", stage, key, unit, [part.get(key) for part in parts]) for key, unit in UNITS.items()]
    for section in ("reach", "radius"):
        limits = sorted({limit for part in parts for limit in part.get(section, {})}, key=float)
        rows += [
            _row(section, stage, limit, "pupils", [part.get(section, {}).get(limit) for part in parts])
            for limit in limits
        ]
    for key in ("mean", "median", "p95"):
        rows.append(_row("walk_m", stage, key, "m", [part.get("walk_m", {}).get(key) for part in parts]))
    rows += _load_rows(stage, runs) + _safety_rows(stage, runs)
    return rows + _year_rows(stage, parts) + _area_rows(stage, parts)


def _load_rows(stage: str, runs: Sequence[Run]) -> list[Row]:
    """How many schools have more pupils than places, and the load of the fullest."""
    loads = [school_table(stage, run)["load"] for run in runs]
    over = [int((load > 1 + SOME).sum()) if load.notna().any() else None for load in loads]
    most = [load.max() if load.notna().any() else None for load in loads]
    return [_row("loads", stage, "over", "schools", over), _row("loads", stage, "most", "share", most)]


def _safety_rows(stage: str, runs: Sequence[Run]) -> list[Row]:
    """Pupils by class of their route; only where some run holds route safety."""
    parts = [((run.summary.get("safety") or {}).get("stages") or {}).get(stage) for run in runs]
    if not any(parts):
        return []
    return [_row("safety", stage, key, "pupils", [(part or {}).get(key) for part in parts]) for key in ROUTES]


def _year_rows(stage: str, parts: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Places and accounts of every later year a run tells of, births in the middle."""
    tables = [{row["year"]: row for row in part.get("years") or () if row.get("variant") == "mid"} for part in parts]
    told = sorted(set().union(*(table.keys() - {None} for table in tables)))
    return [
        _row("years", stage, f"{year}:{key}", unit, [_in_year(table.get(year, {}), key) for table in tables])
        for year in told[1:]
        for key, unit in (("places", "places"), ("need", "pupils"), *((name, "pupils") for name in ACCOUNTS[:3]))
    ]


def _in_year(row: Mapping[str, Any], key: str) -> Any:
    """A figure of a year; the need is everybody without a place in reach."""
    if key != "need":
        return row.get(key)
    parts = [row.get(name) for name in ACCOUNTS[1:]]
    return None if None in parts else sum(parts)


def named_schools(run: Run) -> dict[str, str]:
    """Names by id; rows that hold from a later year on (``S1@2028``) are their school's."""
    table = run.tables["schools"]
    ids = table["id"].astype(str).str.split("@").str[0]
    return dict(zip(ids, table["name"].astype(str), strict=True))


def _account(part: Mapping[str, Any], key: str) -> Any:
    """Pupils of an account; who has a place is not known where no school states its places."""
    unknown = key in ("served", "in_reach_no_place") and not places_known(part)
    return None if unknown else part["accounts"].get(key)


def _area_rows(stage: str, parts: Sequence[Mapping[str, Any]]) -> list[Row]:
    tables = [{area["area_id"]: area for area in part.get("areas", [])} for part in parts]
    found = {area_id: area.get("name", area_id) for table in reversed(tables) for area_id, area in table.items()}
    return [
        _row("areas", stage, key, UNITS.get(key, "pupils"), [table.get(area_id, {}).get(key) for table in tables])
        | {"area_id": area_id, "area": found[area_id]}
        for area_id in sorted(found)
        for key in AREA_KEYS
    ]


def _row(section: str, stage: str, key: str, unit: str, values: Sequence[Any]) -> Row:
    numbers = [_number(value) for value in values]
    return {
        "section": section, "stage": stage, "area_id": None, "area": None, "key": key, "unit": unit,
        "values": numbers, "changes": _changes(numbers),
    }  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _changes(values: Sequence[float | None]) -> list[float | None]:
    """Differences to the first; noise of adding in another order counts as none."""
    first = values[0]
    return [None if value is None or first is None else settled(value - first) for value in values]


def settled(change: float) -> float:
    return 0.0 if abs(change) < SOME else change


def school_rows(stage: str, runs: Sequence[Run]) -> list[Row]:
    """Schools with other pupils, places or load than in the first run; largest change of pupils first."""
    tables = [school_table(stage, run).to_dict("index") for run in runs]
    ids = sorted(set().union(*tables))
    rows = [_school(stage, school, tables) for school in ids]
    return sorted((row for row in rows if row is not None), key=lambda row: (-row["largest"], row["id"]))


def school_table(stage: str, run: Run) -> pd.DataFrame:
    table = run.tables["schools"]
    columns = {f"pupils_assigned_{stage}": "pupils", f"places_{stage}": "places", f"load_{stage}": "load"}
    serves = [stage in stages for stages in table["stages"]]
    kept = pd.DataFrame({name: table[name].to_numpy()[serves] for name in ("id", "name", *columns)})
    return kept.set_index("id").rename(columns=columns)


def _school(stage: str, school: str, tables: Sequence[Mapping[Any, Mapping[Any, Any]]]) -> Row | None:
    there = [school in table for table in tables]
    figures = {
        key: [_number(table[school][key]) if school in table else None for table in tables]
        for key in ("pupils", "places", "load")
    }
    if not any(_moved(values) for values in figures.values()) and all(there):
        return None
    known = [value or 0.0 for value in figures["pupils"]]
    name = next(str(table[school]["name"]) for table in tables if school in table)
    changes = {f"{key}_changes": _changes(values) for key, values in figures.items()}
    largest = max(abs(value - known[0]) for value in known)
    return {"id": school, "name": name, "stage": stage, "there": there, **figures, **changes, "largest": largest}


def _moved(values: Sequence[float | None]) -> bool:
    if any((value is None) != (values[0] is None) for value in values):
        return True
    return any(change is not None and change != 0.0 for change in _changes(values))


def cell_rows(stage: str, runs: Sequence[Run]) -> list[Row]:
    """Per run and pair of accounts: how many cells, with how many pupils of that run, changed from the first run."""
    column = f"status_{stage}"
    before = runs[0].tables["cells"].set_index("cell_id")[column].fillna("none")
    found: list[Row] = []
    for number, run in enumerate(runs[1:], start=1):
        cells = run.tables["cells"].set_index("cell_id").reindex(before.index)
        after = cells[column].fillna("none")
        moved = (after != before).to_numpy()
        pairs = pd.DataFrame(
            {"before": before[moved], "after": after[moved], "pupils": cells.loc[moved, f"pupils_{stage}"]}
        )
        for (old, new), group in pairs.groupby(["before", "after"], sort=True):
            counts = {"cells": len(group), "pupils": float(group["pupils"].sum())}
            found.append({"stage": stage, "run": number, "from": old, "to": new, **counts})
    return found
