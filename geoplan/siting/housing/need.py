"""What new housing needs: its pupils less the spare places they can walk to, no place given twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.enrolment import MILLION, Options, assign_capacity


def needs(pupils: pd.DataFrame, spare: pd.DataFrame, walks: pd.DataFrame) -> pd.DataFrame:
    """Net places by project, stage and year.

    In every stage and year as many pupils as possible take a spare place within their limit, then the walking is
    least: one exact assignment of all projects together, so that no place serves two.

    Parameters
    ----------
    pupils
        ``housing_id, stage, year, pupils`` (fractional; unknown stays unknown), one row each.
    spare
        ``stage, year, school_id, places``: places left free by the pupils who live there already. Unknown places are
        none, and are counted.
    walks
        ``housing_id, stage, school_id, dist_dm``: every pair within the stage's limit along streets.

    Returns
    -------
    DataFrame
        The rows of ``pupils`` in order of stage, year and project, with ``spare`` (pupils who find a spare place),
        ``need`` (those who do not) and ``spare_unknown`` (schools in reach whose free places are not known).

    Raises
    ------
    ValueError
        A project, stage and year, or a school, stage and year, that stands twice; negative pupils.
    """
    _once(pupils, ["housing_id", "stage", "year"])
    _once(spare, ["school_id", "stage", "year"])
    ordered = pupils.sort_values(["stage", "year", "housing_id"], kind="stable").reset_index(drop=True)
    parts = [
        _solved(part.reset_index(drop=True), _of(spare, stage, year), walks[walks["stage"] == stage])
        for (stage, year), part in ordered.groupby(["stage", "year"], sort=True)
    ]
    if not parts:
        return ordered.assign(spare=0.0, need=0.0, spare_unknown=0)
    return pd.concat(parts, ignore_index=True)


def _once(table: pd.DataFrame, key: list[str]) -> None:
    twice = table.duplicated(key)
    if twice.any():
        raise ValueError(f"{', '.join(key)} twice: {table.loc[twice, key].iloc[0].tolist()}")


def _of(spare: pd.DataFrame, stage: object, year: object) -> pd.DataFrame:
    mine = spare[(spare["stage"] == stage) & (spare["year"] == year)]
    return mine.sort_values("school_id", kind="stable").reset_index(drop=True)


def _solved(part: pd.DataFrame, spare: pd.DataFrame, walks: pd.DataFrame) -> pd.DataFrame:
    """One stage and year; projects and schools in order of their ids."""
    unit = pd.Index(part["housing_id"]).get_indexer(walks["housing_id"])
    school = pd.Index(spare["school_id"]).get_indexer(walks["school_id"])
    kept = (unit >= 0) & (school >= 0)
    unit, school = unit[kept], school[kept]
    amount, places = part["pupils"].to_numpy(np.float64), spare["places"].to_numpy(np.float64)
    cost = walks["dist_dm"].to_numpy(np.int64)[kept]
    found = assign_capacity(
        np.nan_to_num(amount),
        Options(unit, school, cost),
        np.maximum(places, 0.0),
        unit_key=part["housing_id"].to_numpy(str),
        school_key=spare["school_id"].to_numpy(str),
    )
    lacking = np.where(
        found.unserved > 0, np.clip(amount - (found.supply - found.unserved) / MILLION, 0.0, None), 0.0
    )
    need = np.where(np.isnan(amount), np.nan, lacking)
    doubtful = np.bincount(unit[np.isnan(places)[school]], minlength=len(part))
    return part.assign(spare=amount - need, need=need, spare_unknown=doubtful)
