"""School coordinates in another datum than the plan says: GCJ-02 and BD-09 move places by 300 to 1000 m."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geoplan.doctor.ground import Floats, Ground, nearest
from geoplan.doctor.schools import table_file
from layers.bundle import Layers
from layers.datum import ShiftGuess, suspect_shift
from layers.errors import Fault

ENOUGH_MAPPED = 6
CONFIRMED_M = 100.0  # half the schools this near to mapped ones: no datum shifts places by so little
WITHIN_M = 2000.0  # a mapped school farther away than any shift says nothing
SHOWN = {"wgs84": "WGS 84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}


def shifted(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """The datum that fits clearly better than the one stated, told by mapped schools, else by streets.

    Where mapped schools confirm the stated datum, streets are not asked: a few schools come near some by chance.
    """
    if layers.plan.schools.table is None or layers.schools.empty:
        return
    witnesses = {
        "schools": layers.surroundings.schools.geometry.to_numpy(),
        "streets": ground.edges.geometry.to_numpy(),
    }
    for witness, shapes in witnesses.items():
        if witness == "schools" and len(shapes) < ENOUGH_MAPPED:
            continue
        guess = _guess(layers, shapes)
        if guess.suspected:
            yield _fault(layers, guess, witness)
            return
        if witness == "schools" and _confirmed(guess):
            return


def _confirmed(guess: ShiftGuess) -> bool:
    return guess.schools >= ENOUGH_MAPPED and guess.median_m[_own(guess)] <= CONFIRMED_M


def _own(guess: ShiftGuess) -> str:
    return "wgs84" if guess.declared == "cgcs2000" else guess.declared


def _guess(layers: Layers, shapes: NDArray[np.object_]) -> ShiftGuess:
    points = layers.schools.geometry.to_crs(4326)
    declared = layers.plan.reading("schools").datum or layers.plan.schools.datum
    return guess_datum(np.column_stack([points.x, points.y]), shapes, layers.crs, declared)


def guess_datum(lonlat: Floats, shapes: NDArray[np.object_], crs: CRS, declared: str = "wgs84") -> ShiftGuess:
    """Which datum brings places closest to shapes (mapped schools, streets) in a metric CRS.

    Parameters
    ----------
    lonlat
        Shape (n, 2), WGS 84 degrees after conversion from ``declared``.
    shapes, crs
        What the places should lie near, and its metric CRS.
    declared
        What the file is said to be in.
    """
    to_metric = Transformer.from_crs(4326, crs, always_xy=True)

    def distance_m(points: Floats) -> Floats:
        metres, _ = nearest(shapes, shapely.points(*to_metric.transform(points[:, 0], points[:, 1])))
        return np.where(metres <= WITHIN_M, metres, np.inf)

    return suspect_shift(lonlat, distance_m, declared)


def _fault(layers: Layers, guess: ShiftGuess, witness: str) -> Fault:
    own = _own(guess)
    shown = {
        "declared": SHOWN[guess.declared],
        "best": SHOWN[guess.best],
        "datum": guess.best,
        "before": f"{guess.median_m[own]:.0f}",
        "after": f"{guess.median_m[guess.best]:.0f}",
        "closer": f"{guess.closer:.0%}",
        "schools": guess.schools,
    }
    code = "doctor_shift_mapped" if witness == "schools" else "doctor_shift_streets"
    return Fault(code, "warning", table_file(layers), column="schools.datum", value=guess.declared, params=shown)
