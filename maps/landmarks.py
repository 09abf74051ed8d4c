"""What a person finds a home by: the nearest street with a name, the sub-area, and, if need be, its coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import cos, radians

import geopandas as gpd
import numpy as np
import shapely

from geoplan.run import Run
from maps.language import speaker

NEAR_M = 400.0  # a street farther off than this says nothing about where a home is
METRES_A_DEGREE = 111_320.0


def nearest_street(run: Run, lat: float, lon: float) -> str | None:
    """Name of the nearest named street within ``NEAR_M`` of a point; of equals, the first by name."""
    streets = run.tables.get("base_streets")
    if not isinstance(streets, gpd.GeoDataFrame) or "name" not in streets:
        return None
    across, up = METRES_A_DEGREE * cos(radians(lat)), METRES_A_DEGREE
    reach = shapely.box(lon - NEAR_M / across, lat - NEAR_M / up, lon + NEAR_M / across, lat + NEAR_M / up)
    near = streets.iloc[streets.sindex.query(reach)]
    named = near[[isinstance(name, str) and bool(name.strip()) for name in near["name"]]]
    if named.empty:
        return None
    lines = shapely.transform(named.geometry.to_numpy(), lambda xy: (xy - [lon, lat]) * [across, up])
    away = shapely.distance(lines, shapely.Point(0, 0)).round(1)
    first = np.lexsort((named["name"].astype(str).to_numpy(), away))[0]
    return str(named["name"].iloc[first]) if away[first] <= NEAR_M else None


def place_names(run: Run, points: Sequence[tuple[float, float]], areas: Sequence[str], language: str) -> list[str]:
    """A name for each point (lat, lon), no two alike: street and sub-area, and coordinates where these do not do."""
    say = speaker(language)
    found = []
    for (lat, lon), area in zip(points, areas, strict=True):
        street = nearest_street(run, lat, lon)
        near = say("near %(street)s", street=street) if street else ""
        found.append((near, say(", ").join(part for part in (near, area) if part)))
    seen = Counter(name for _, name in found)
    return [
        name
        if near and seen[name] == 1
        else say("%(place)s (%(lat)s, %(lon)s)", place=name, lat=f"{lat:.5f}", lon=f"{lon:.5f}").strip()
        for (near, name), (lat, lon) in zip(found, points, strict=True)
    ]
