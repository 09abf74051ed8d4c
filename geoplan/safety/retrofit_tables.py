"""The tables of a retrofit plan: packages in order, elements built, elements that nothing mends."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import MultiPoint

from geoplan.safety.measures import FIT
from geoplan.safety.needs import Uses

PACKAGE = (
    "rank",
    "elements",
    "measures",
    "cost",
    "pupils_safe_gained",
    "pupil_crossings_improved",
    "cost_total",
    "pupils_total",
)
NAMED = ("kind", "osm_id", "name")


def pupils_at(bad: Uses, routes: pd.DataFrame, n_elements: int) -> NDArray[np.float64]:
    """Pupils held up at each element; a pupil counts once an element."""
    pupils = routes["pupils"].to_numpy(np.float64)[bad.route]
    return np.asarray(np.bincount(bad.element, pupils, n_elements), dtype=np.float64)


def works_table(
    rank: NDArray[np.int64], bad: Uses, routes: pd.DataFrame, elements: pd.DataFrame, fix: pd.DataFrame
) -> pd.DataFrame:
    """One row an element built (rank above 0), in order of rank and id."""
    built = np.flatnonzero(rank > 0)
    found = pd.DataFrame(
        {
            "rank": rank[built],
            "element": built,
            **_named(elements, built),
            "measures": fix["measures"].to_numpy()[built],
            "cost": fix["cost"].to_numpy(np.float64)[built],
            "assumed_cost": fix["assumed_cost"].to_numpy(bool)[built],
            "level_before": elements["level_high"].to_numpy(np.int8)[built],
            "level_after": fix["level_after"].to_numpy(np.int8)[built],
            "pupils": pupils_at(bad, routes, len(elements))[built],
        }
    )
    return found.sort_values(["rank", "osm_id", "kind", "element"], kind="stable").reset_index(drop=True)


def packages_table(gains: Sequence[float], works: pd.DataFrame, elements: pd.DataFrame) -> pd.DataFrame:
    """One row a package with the pupils it adds to those before it; MultiPoint geometry where elements have one."""
    crossings = works["pupils"].where(works["kind"] == "crossing", 0.0)
    by = works.assign(crossings=crossings).groupby("rank", sort=True)
    found = pd.DataFrame(
        {
            "elements": by["osm_id"].agg("; ".join),
            "measures": by["measures"].agg("; ".join),
            "cost": by["cost"].sum(),
            "pupil_crossings_improved": by["crossings"].sum(),
        }
    ).reset_index()
    found["pupils_safe_gained"] = np.asarray(gains, dtype=np.float64)
    found["cost_total"] = found["cost"].cumsum()
    found["pupils_total"] = found["pupils_safe_gained"].cumsum()
    found = found[list(PACKAGE)]
    if not isinstance(elements, gpd.GeoDataFrame):
        return found
    points = elements.geometry.iloc[works["element"].to_numpy()].representative_point().to_numpy()
    grouped = [MultiPoint(list(points[at])) for at in by.indices.values()]
    return gpd.GeoDataFrame(found, geometry=grouped, crs=elements.crs)


def unfixable_table(bad: Uses, routes: pd.DataFrame, elements: pd.DataFrame, fix: pd.DataFrame) -> pd.DataFrame:
    """Elements that certainly fail on some route and that no measure mends, most pupils first."""
    certain = bad.only(bad.low > FIT)
    held = pupils_at(certain, routes, len(elements))
    stuck = np.flatnonzero((np.bincount(certain.element, minlength=len(elements)) > 0) & fix["measures"].isna())
    found = pd.DataFrame(
        {
            "element": stuck,
            **_named(elements, stuck),
            "level_low": elements["level_low"].to_numpy(np.int8)[stuck],
            "level_high": elements["level_high"].to_numpy(np.int8)[stuck],
            "pupils": held[stuck],
        }
    )
    order = ["pupils", "osm_id", "kind", "element"]
    return found.sort_values(order, ascending=[False, True, True, True], kind="stable").reset_index(drop=True)


def _named(elements: pd.DataFrame, rows: NDArray[np.int64]) -> dict[str, NDArray[np.object_]]:
    return {key: elements[key].to_numpy(object)[rows] for key in NAMED if key in elements}
