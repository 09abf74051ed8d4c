"""Parts of the street network that nobody can walk to from the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geoplan.doctor.ground import Floats, Ground, Ints, lonlat
from layers.bundle import Layers
from layers.errors import Fault

TOLD = 5  # parts named one by one


def isolated_parts(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """All isolated parts in one line, and those with the most residents or any school one by one."""
    alone = np.flatnonzero(~ground.main)
    if not len(alone):
        return
    residents, schools = _people(layers, ground), _schools(ground)
    counts = {
        "parts": len(alone),
        "km": f"{ground.part_m[alone].sum() / 1000:.1f}",
        "residents": f"{residents[alone].sum():,.0f}",
        "schools": int(schools[alone].sum()),
    }
    severe = residents[alone].sum() > 0 or schools[alone].sum() > 0
    yield Fault("doctor_parts", "warning" if severe else "note", layers.plan.streets.osm or "", params=counts)
    order = sorted(alone, key=lambda part: (-schools[part], -residents[part], part))
    for part in [part for part in order if residents[part] >= 1 or schools[part]][:TOLD]:
        yield _part_fault(layers, ground, int(part), float(residents[part]), int(schools[part]))


def _people(layers: Layers, ground: Ground) -> Floats:
    """Residents per part who have no main part within their snap limit and live nearest to that part."""
    stuck = (ground.home_m <= ground.snap_m) & (ground.home_main_m > ground.snap_m)
    residents = layers.cells.table["residents"].to_numpy(float)
    return np.bincount(ground.home_part[stuck], weights=residents[stuck], minlength=len(ground.part_m)).astype(float)


def _schools(ground: Ground) -> Ints:
    return np.bincount(ground.school_part[on_isolated(ground)], minlength=len(ground.part_m))


def on_isolated(ground: Ground) -> NDArray[np.bool_]:
    """Schools that have a street within the snap limit, but none of a main part."""
    return (ground.school_m <= ground.school_snap_m) & (ground.school_main_m > ground.school_snap_m)


def _part_fault(layers: Layers, ground: Ground, part: int, residents: float, schools: int) -> Fault:
    edges = ground.edges[ground.part == part]
    longest = edges.iloc[int(np.argmax(edges["length_m"].to_numpy()))]
    middle = longest.geometry.interpolate(0.5, normalized=True)
    shown = {
        "km": f"{ground.part_m[part] / 1000:.2f}",
        "residents": f"{residents:,.0f}",
        "schools": schools,
        "way": longest["osm_id"],
        "at": lonlat(layers, middle.x, middle.y),
    }
    return Fault("doctor_part", "warning", layers.plan.streets.osm or "", params=shown)
