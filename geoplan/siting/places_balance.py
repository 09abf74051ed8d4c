"""Places against pupils by sub-area, stage and year: the balance, an early warning, the first year of deficit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Standards, interval

KEYS = ["area_id", "stage", "year"]
WARNING_NORM = "plan.warning.places_ratio"


def places_balance(pupils: pd.DataFrame, places: pd.DataFrame, standards: Standards) -> pd.DataFrame:
    """One row an area, stage, year and variant, in that order.

    Parameters
    ----------
    pupils
        ``area_id, stage, year, variant, pupils, share_unborn``: who lives there.
    places
        Of `area_places`: ``area_id, stage, year, places, schools, schools_unknown``. An area, stage and year that is
        not there has no school, so no places.
    standards
        Holds the ratios of places to pupils at which to warn (``plan.warning.places_ratio``).

    Returns
    -------
    DataFrame
        ``area_id, stage, year, variant, pupils, places, balance`` (places less pupils), ``warning`` (``short``: fewer
        places than pupils; ``watch``: few more; ``ok``; ``unknown`` where any school's places are), and
        ``first_deficit_year`` (first of the years with the warning ``short``; NaN for none), ``share_unborn, schools,
        schools_unknown``. No year between those given is interpolated.
    """
    found = pupils.merge(places, on=KEYS, how="left").sort_values([*KEYS, "variant"], kind="stable")
    found = found.reset_index(drop=True)
    none = found["schools"].isna()
    found[["schools", "schools_unknown"]] = found[["schools", "schools_unknown"]].fillna(0).astype(np.int64)
    found["places"] = found["places"].where(~none, 0.0)
    found["balance"] = found["places"] - found["pupils"]
    found["warning"] = _warnings(found["pupils"].to_numpy(float), found["places"].to_numpy(float), standards)
    found["first_deficit_year"] = _first_deficit(found)
    columns = ["variant", "pupils", "places", "balance", "warning", "first_deficit_year", "share_unborn"]
    return found[[*KEYS, *columns, "schools", "schools_unknown"]]


def area_places(schools: pd.DataFrame) -> pd.DataFrame:
    """Places of the schools standing in each area, by stage and year; unknown where any of theirs are.

    Parameters
    ----------
    schools
        ``school_id, area_id, stage, year, places``: one row a school, stage and year it is open; places NaN where
        unknown, ``area_id`` None outside all areas.
    """
    inside = schools[schools["area_id"].notna()]
    inside = inside.assign(unknown=inside["places"].isna())
    found = inside.groupby(KEYS, as_index=False).agg(
        places=("places", "sum"), schools=("school_id", "size"), schools_unknown=("unknown", "sum")
    )
    found["places"] = found["places"].astype(float).where(found["schools_unknown"] == 0)
    return found


def _warnings(pupils: NDArray[np.float64], places: NDArray[np.float64], standards: Standards) -> NDArray[np.object_]:
    """Places are compared with pupils times the ratio, so that no pupils are never a division by nothing."""
    short, watch = interval(standards, WARNING_NORM)
    unknown = np.isnan(pupils) | np.isnan(places)
    levels = [unknown, _less(places, pupils * short), _less(places, pupils * watch)]
    return np.select(levels, ["unknown", "short", "watch"], default="ok").astype(object)


def _less(places: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Fewer by more than what rounding leaves."""
    return np.asarray(places < asked - 1e-6)


def _first_deficit(found: pd.DataFrame) -> pd.Series[float]:
    short = found.assign(year=found["year"].where(found["warning"] == "short"))
    return short.groupby(["area_id", "stage", "variant"])["year"].transform("min").astype(float)
