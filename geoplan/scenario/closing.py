"""What closing schools does to their pupils: where they go, how much longer they walk, who falls beyond the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage import StageCoverage
from geoplan.inequality import quantile
from geoplan.scenario.schools import institution
from geoplan.situation import Situation
from geoplan.standards import Standards, covers, number, rules, stage_def
from layers.bundle import Layers

LIMIT = "plan.closing.walk"
UNIT = ["cell", "band"]
NOISE = 1e-9


@dataclass(frozen=True)
class Reading:
    """One side of a comparison: layers, and the coverage of each stage."""

    layers: Layers
    stages: Mapping[str, StageCoverage]


def closures(
    before: Reading, after: Reading, situation: Situation, closing: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One row per closed school and stage, largest first.

    Parameters
    ----------
    before, after
        The plan and the scenario, counted for the same cells and pupils; ``after`` without the closed schools.
    situation
        Cells, settings and standards of both.
    closing
        Ids of closed schools with the reason that overrides the limit for young children, empty for none.

    Returns
    -------
    list of dict
        ``school_id, name, stage, pupils`` (who went there); ``to`` (``school_id, name, pupils`` of those who find a
        place, most first); ``extra_min`` (``mean, p95`` more minutes on foot, of those who walk before and after);
        ``other_ways`` (by bus or boarding), ``no_place`` (a school in reach without a place), ``beyond`` (pupils by
        grade band with no school within their rule), ``beyond_min`` (mean minutes to the nearest one, None where
        nobody can walk to one); ``limit_min, young_beyond`` (the youngest grades beyond it), ``override, blocked``.

    Notes
    -----
    Pupils of one cell and band are alike: those of a closed school go where more of the unit go than before, in the
    same shares.
    """
    found = []
    for stage, counted in before.stages.items():
        moves = _moves(before, after, situation, stage)
        for school in sorted(closing):
            if school in _serving(counted):
                part = moves[moves["from"] == school]
                row = _closure(part, after, situation, stage)
                found.append({"school_id": school, "name": _names(before)[school], "stage": stage, **row})
    for row in found:
        row["override"] = closing[row["school_id"]]
        row["blocked"] = bool(row["young_beyond"] > NOISE and not row["override"])
    order = {stage: at for at, stage in enumerate(before.stages)}
    return sorted(found, key=lambda row: (-row["pupils"], row["school_id"], order[row["stage"]]))


def moved_elsewhere(before: Reading, after: Reading, situation: Situation, closed: Sequence[str]) -> dict[str, float]:
    """Pupils of schools that stay open who go to another one all the same, by stage."""
    found = {}
    for stage in before.stages:
        moves = _moves(before, after, situation, stage)
        stays = ~moves["from"].isin([*closed, ""])
        found[stage] = float(moves.loc[stays, "pupils"].sum())
    return found


def _serving(counted: StageCoverage) -> set[str]:
    """Schools that had pupils of the stage, or could have."""
    table = counted.schools
    return set(table.loc[table["pupils_assigned"].notna(), "id"].astype(str))


def _names(reading: Reading) -> dict[str, str]:
    schools = reading.layers.schools
    return {institution(school): str(name) for school, name in zip(schools["id"], schools["name"], strict=True)}


def _goes(reading: Reading, stage: str) -> pd.DataFrame:
    """Pupils and mean walk per cell, band, school and way; those without a place as the school ``""``."""
    counted, ids = reading.stages[stage], np.array([institution(one) for one in reading.layers.schools["id"]], object)
    flows = counted.flows
    table = pd.DataFrame(flows[[*UNIT, "pupils"]]).assign(school=ids[flows["school"].to_numpy()], way=flows["way"])
    table["walked"] = flows["walk_m"] * flows["pupils"]
    table = table.groupby([*UNIT, "school", "way"], as_index=False, sort=True)[["pupils", "walked"]].sum()
    table["walk_m"] = table["walked"] / table["pupils"]
    placed = table.groupby(UNIT)["pupils"].sum()
    units = counted.units.set_index(UNIT)["pupils"]
    left = (units - placed.reindex(units.index).fillna(0.0)).clip(lower=0.0)
    none = left[left > NOISE].rename("pupils").reset_index().assign(school="", way="", walk_m=np.nan)
    return pd.concat([table.drop(columns="walked"), none], ignore_index=True)


def _moves(before: Reading, after: Reading, situation: Situation, stage: str) -> pd.DataFrame:
    """``cell, band, from, to, pupils, walk_before_m, walk_after_m, way_before, way_after``: who leaves for where."""
    key = [*UNIT, "school", "way"]
    both = _goes(before, stage).merge(_goes(after, stage), on=key, how="outer", suffixes=("_before", "_after"))
    change = both["pupils_after"].fillna(0.0) - both["pupils_before"].fillna(0.0)
    out = both.assign(pupils=-change)[change < -NOISE][[*key, "pupils", "walk_m_before"]]
    into = both.assign(pupils=change)[change > NOISE][[*key, "pupils", "walk_m_after"]]
    into = into.assign(share=into["pupils"] / into.groupby(UNIT)["pupils"].transform("sum"))
    pairs = out.merge(into, on=UNIT, suffixes=("", "_to"))
    return pd.DataFrame(
        {
            "cell": pairs["cell"],
            "band": pairs["band"],
            "from": pairs["school"],
            "to": pairs["school_to"],
            "pupils": pairs["pupils"] * pairs["share"],
            "walk_before_m": pairs["walk_m_before"],
            "walk_after_m": pairs["walk_m_after"],
            "way_before": pairs["way"],
            "way_after": pairs["way_to"],
        }
    )


def _closure(moves: pd.DataFrame, after: Reading, situation: Situation, stage: str) -> dict[str, Any]:
    """The figures of one closed school from what its pupils do."""
    counted, standards = after.stages[stage], situation.standards
    speed = _speeds(situation, stage, moves)
    reach = _in_reach(counted, moves)
    placed = (moves["to"] != "").to_numpy()
    ridden = moves["way_after"].isin(["bus", "boarding"]).to_numpy()
    nearest_m = counted.cells["nearest_m"].to_numpy(np.float64)[moves["cell"].to_numpy()]
    new_m = np.where(placed, moves["walk_after_m"].to_numpy(np.float64), nearest_m)
    new_min = np.where(np.isnan(new_m), np.inf, new_m) / speed / 60
    pupils = moves["pupils"].to_numpy(np.float64)
    limit_min = number(standards, LIMIT)
    young = _young(standards, stage, moves) & ~ridden & (new_min > limit_min + NOISE)
    beyond = ~placed & ~reach
    walks = placed & ~ridden & ~moves["way_before"].isin(["bus", "boarding"]).to_numpy()
    extra = new_min - moves["walk_before_m"].to_numpy(np.float64) / speed / 60
    return {
        "pupils": float(pupils.sum()),
        "to": _receiving(moves[placed], after),
        "extra_min": {"mean": _mean(extra[walks], pupils[walks]), "p95": _p95(extra[walks], pupils[walks])},
        "other_ways": float(pupils[placed & ridden].sum()),
        "no_place": float(pupils[~placed & reach].sum()),
        "beyond": _by_band(moves[beyond], standards, stage),
        "beyond_min": _mean(new_min[beyond & np.isfinite(new_min)], pupils[beyond & np.isfinite(new_min)]),
        "limit_min": limit_min,
        "young_beyond": float(pupils[young].sum()),
    }


def _speeds(situation: Situation, stage: str, moves: pd.DataFrame) -> Any:
    """Walking speed of each move by its band and setting, metres a second."""
    by = {
        (place, rule.band): rule.speed_mps
        for place in ("town", "rural")
        for rule in rules(situation.standards, stage, place)
    }
    setting = situation.setting[moves["cell"].to_numpy()]
    return np.array([by[place, band] for place, band in zip(setting, moves["band"], strict=True)], np.float64)


def _in_reach(counted: StageCoverage, moves: pd.DataFrame) -> Any:
    """Whether a unit has any school within its rule afterwards."""
    asked = np.diff(counted.problem.start)[np.argsort(counted.problem.units, kind="stable")] > 0
    known = pd.Series(asked, index=pd.MultiIndex.from_frame(counted.units[UNIT]))
    return known.reindex(pd.MultiIndex.from_frame(moves[UNIT])).to_numpy(bool)


def _young(standards: Standards, stage: str, moves: pd.DataFrame) -> Any:
    grades = standards.norms[LIMIT].grades
    names = [band.id for band in stage_def(standards, stage).bands if covers(grades, band)]
    return moves["band"].isin(names).to_numpy()


def _receiving(moves: pd.DataFrame, after: Reading) -> list[dict[str, Any]]:
    names = _names(after)
    total = moves.groupby("to")["pupils"].sum()
    rows = [{"school_id": str(school), "name": names[str(school)], "pupils": float(n)} for school, n in total.items()]
    return sorted(rows, key=lambda row: (-row["pupils"], row["school_id"]))


def _by_band(moves: pd.DataFrame, standards: Standards, stage: str) -> dict[str, float]:
    total = moves.groupby("band")["pupils"].sum()
    return {band.id: float(total.get(band.id, 0.0)) for band in stage_def(standards, stage).bands}


def _mean(values: Any, pupils: Any) -> float | None:
    return float(np.average(values, weights=pupils)) if pupils.sum() > 0 else None


def _p95(values: Any, pupils: Any) -> float | None:
    return float(quantile(values, pupils, 0.95)) if pupils.sum() > 0 else None
