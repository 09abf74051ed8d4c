"""Where the places of a table come to lie under each datum, and what speaks for which."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import ValidationError
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from geoplan.doctor.shift import CONFIRMED_M, ENOUGH_MAPPED, guess_datum
from geoplan.errors import PlanError
from geoplan.settings import plan_standards
from geoplan.situation import longest_limit_m, plan_stages
from layers.boundary import read_region
from layers.bundle import Streets, Surroundings
from layers.datum import SHIFTED, mainland, to_wgs84
from layers.errors import InputError
from layers.planfile import PlanFile
from layers.plansections import TableReading
from layers.streets.kept import FOLDER, kept_streets
from layers.tables import read_table
from layers.tables.places import read_crs
from maps.upload.making import text_of
from maps.upload.mapping import table_of
from maps.upload.record import Item, Upload

Floats = NDArray[np.float64]
READ_AS = ("wgs84", *SHIFTED)
MOST = 3_000
"""Places drawn of a table."""


@dataclass(frozen=True)
class Ground:
    """The region and, once the data were checked, its streets and mapped schools; metric, or nothing known yet."""

    boundary: BaseGeometry | None = None
    crs: CRS | None = None
    streets: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    mapped: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))


@dataclass(frozen=True)
class Preview:
    """Places of a table, longitude and latitude by datum they are read in, in the order of ``rows``."""

    rows: NDArray[np.int64]
    labels: list[str]
    ids: list[str]
    lonlat: Mapping[str, Floats]
    inside: Mapping[str, int] = field(default_factory=dict)
    medians: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    best: str | None = None
    witness: str = ""
    shifts: bool = False


def plan_of(upload: Upload, folder: Path) -> PlanFile | None:
    """The plan of an upload, as far as it can be understood."""
    data = tomllib.loads(text_of(upload))
    try:
        return PlanFile(root=folder, **data)
    except ValidationError:
        return None


def ground_of(plan: PlanFile | None, *, streets: bool = True) -> Ground:
    """The region of a plan; streets too where a check has read them, for reading them anew takes too long."""
    if plan is None or not plan.region.boundary:
        return Ground()
    try:
        boundary, _, crs, _ = read_region(plan)
    except InputError:
        return Ground()
    if not streets or not (plan.root / FOLDER).is_dir() or not plan.streets.osm:
        return Ground(boundary, crs)
    found = _streets(plan, boundary, crs)
    if found is None:
        return Ground(boundary, crs)
    edges = found[0].edges
    return Ground(boundary, crs, edges.geometry.to_numpy()[edges["walk"].to_numpy(bool)], _mapped(found[1]))


def _mapped(around: Surroundings) -> NDArray[np.object_]:
    return np.asarray(around.schools.geometry.to_numpy(), dtype=object)


def _streets(plan: PlanFile, boundary: BaseGeometry, crs: CRS) -> tuple[Streets, Surroundings] | None:
    try:
        standards = plan_standards(plan)
        buffer_m = longest_limit_m(plan, standards, plan_stages(plan, standards))
        return kept_streets(plan, boundary, crs, buffer_m)[:2]
    except (InputError, PlanError):
        return None


def preview(item: Item, folder: Path, ground: Ground) -> Preview | None:
    """Where a table's places lie; None where it has none that can be read."""
    table = table_of(item)
    if table is None or not table.geometry:
        return None
    stated = read_crs(item.crs, "", "")[0] if item.crs else None
    reading = TableReading(sheet=item.sheet, columns=dict(item.columns))
    try:
        read, _ = read_table(folder / item.source, contract=table, crs=stated, reading=reading)
    except InputError:
        return None
    known = read[read.geometry.notna()].head(MOST)
    if known.empty:
        return None
    points = shapely.point_on_surface(np.asarray(known.geometry.to_numpy(), dtype=object))
    raw = shapely.get_coordinates(points)
    names = known["name"] if "name" in known else known["id"] if "id" in known else known["_row"]
    ids = [str(one) for one in known["id"]] if "id" in known else []
    held = {datum: np.column_stack(to_wgs84(raw[:, 0], raw[:, 1], datum)) for datum in READ_AS}
    shifts = bool(shapely.contains_xy(mainland(), raw[:, 0], raw[:, 1]).any())
    found = Preview(known["_row"].to_numpy(np.int64), [str(one) for one in names], ids, held, shifts=shifts)
    return _judged(found, ground) if ground.boundary is not None and ground.crs is not None else found


def _judged(found: Preview, ground: Ground) -> Preview:
    """How many places lie in the region under each datum, and which datum fits mapped schools, else streets."""
    assert ground.crs is not None and ground.boundary is not None
    to_metric = Transformer.from_crs(4326, ground.crs, always_xy=True)
    shapely.prepare(ground.boundary)
    inside = {
        datum: int(shapely.contains_xy(ground.boundary, *to_metric.transform(places[:, 0], places[:, 1])).sum())
        for datum, places in found.lonlat.items()
    }
    witnesses: dict[str, Any] = {
        "schools": ground.mapped if len(ground.mapped) >= ENOUGH_MAPPED else [],
        "streets": ground.streets,
    }
    medians: dict[str, Mapping[str, float]] = {}
    best, told = None, ""
    for witness, shapes in witnesses.items():
        if not len(shapes):
            continue
        guess = guess_datum(found.lonlat["wgs84"], np.asarray(shapes, dtype=object), ground.crs)
        medians[witness] = guess.median_m
        if guess.suspected:
            best, told = guess.best, witness
            break
        if witness == "schools" and guess.median_m["wgs84"] <= CONFIRMED_M:
            told = witness  # mapped schools confirm the file: streets are not asked
            break
    judged = best or ("wgs84" if medians else None)
    return replace(found, inside=inside, medians=medians, best=judged, witness=told)
