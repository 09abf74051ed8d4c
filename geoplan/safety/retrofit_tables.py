"""The tables of a retrofit plan: packages in order, elements built, elements that nothing mends."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
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
NAMED = ("element", "kind", "osm_id", "name")


def pupils_at(bad: Uses, routes: pd.DataFrame, n_elements: int) -> NDArray[np.float64]:
    """Pupils held up at each element; a pupil counts once an element."""
    pupils = routes["pupils"].to_numpy(np.float64)[bad.route]
    return np.asarray(np.bincount(bad.element, pupils, n_elements), dtype=np.float64)


def works_table(rank: NDArray[np.int64], bad: Uses, routes: pd.DataFrame, elements: pd.DataFrame) -> pd.DataFrame:
    """One row an element built (rank above 0), in order of rank and id, with the measures and costs of its fix."""
    found = pd.DataFrame(
        {
            "rank": rank,
            **_named(elements),
            **{key: elements[key].to_numpy() for key in ("measures", "cost", "assumed_cost")},
            "level_before": elements["level_high"].to_numpy(np.int8),
            "level_after": elements["level_after"].to_numpy(np.int8),
            "pupils": pupils_at(bad, routes, len(elements)),
        }
    )
    if isinstance(elements, gpd.GeoDataFrame):
        found = gpd.GeoDataFrame(found, geometry=_middles(elements.geometry.to_numpy()), crs=elements.crs)
    order = ["rank", "osm_id", "kind", "element"]
    return found[rank > 0].sort_values(order, kind="stable").reset_index(drop=True)


def _middles(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Where each element is: a crossing's point, the middle of a stretch of street, which lies on no other."""
    lines = shapely.get_dimensions(shapes) == 1
    found = shapely.point_on_surface(shapes)
    found[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
    return np.asarray(found)


def packages_table(gains: Sequence[float], works: pd.DataFrame) -> pd.DataFrame:
    """One row a package with the pupils it adds to those before it; MultiPoint geometry where elements have one."""
    crossings = works["pupils"].where(works["kind"] == "crossing", 0.0)
    by = pd.DataFrame(works).assign(crossings=crossings).groupby("rank", sort=True)
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
    if not isinstance(works, gpd.GeoDataFrame):
        return found
    points = works.geometry.to_numpy()
    grouped = [MultiPoint(list(points[at])) for at in by.indices.values()]
    return gpd.GeoDataFrame(found, geometry=grouped, crs=works.crs)


def unfixable_table(bad: Uses, routes: pd.DataFrame, elements: pd.DataFrame) -> pd.DataFrame:
    """Elements that certainly fail on some route and that no measure mends, most pupils first."""
    certain = bad.only(bad.low > FIT)
    stuck = (np.bincount(certain.element, minlength=len(elements)) > 0) & elements["measures"].isna().to_numpy()
    found = pd.DataFrame(
        {
            **_named(elements),
            "level_low": elements["level_low"].to_numpy(np.int8),
            "level_high": elements["level_high"].to_numpy(np.int8),
            "pupils": pupils_at(certain, routes, len(elements)),
        }
    )
    order = ["pupils", "osm_id", "kind", "element"]
    ranked = found[stuck].sort_values(order, ascending=[False, True, True, True], kind="stable")
    return ranked.reset_index(drop=True)


def _named(elements: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    return {key: elements[key].to_numpy() for key in NAMED if key in elements}
