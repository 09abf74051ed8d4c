"""Everything a plan names, read and checked into one frozen bundle; the faults of all files in one list."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
from pyproj import CRS

from layers.age_files import age_files
from layers.boundary import lonlat_bounds, read_region
from layers.bundle import Layers, Source
from layers.elevation import read_heights
from layers.errors import Fault, InputError, raise_errors
from layers.optional import check_references, read_optional
from layers.planfile import PlanFile, outside_notes
from layers.population import read_population
from layers.schools import read_schools
from layers.sites import outside_faults
from layers.streets.kept import kept_streets

T = TypeVar("T")
Say = Callable[[str], None]
BUFFER_M = 2_000.0
WORLD = CRS.from_epsg(3857)
"""Stands in for a metric system while the region is unknown; nothing is measured in it."""


def read(plan: PlanFile, *, buffer_m: float = BUFFER_M, say: Say = lambda step: None) -> Layers:
    """Read every input of a plan in its metric CRS.

    Parameters
    ----------
    plan
        From :func:`layers.planfile.read_plan`.
    buffer_m
        Streets and schools are read this far beyond the boundary; at least the longest limit in use.
    say
        Called with a step's key (``region``, ``streets``, ``population``, ``schools``, ``tables``) when it starts.

    Raises
    ------
    InputError
        With the faults of every file that could be examined, errors and warnings together.
    """
    faults: list[Fault] = outside_notes(plan)
    say("region")
    try:
        boundary, areas, crs, found = read_region(plan)
    except InputError as error:
        raise InputError([*error.faults, *_without_region(plan)]) from None
    faults += found
    say("streets")
    streets = _guarded(lambda: kept_streets(plan, boundary, crs, buffer_m), faults)
    surroundings = streets[1] if streets else None
    say("population")
    cells = None
    if surroundings is not None or not plan.population.buildings:
        buildings = surroundings.buildings if surroundings else None
        cells = _guarded(lambda: read_population(plan, boundary, areas, crs, buildings), faults)
    say("schools")
    osm_schools = surroundings.schools if surroundings else None
    schools = _guarded(lambda: read_schools(plan, crs, osm_schools, boundary=boundary), faults)
    say("tables")
    tables = _guarded(lambda: read_optional(plan, crs, lonlat_bounds(boundary, crs)), faults)
    if tables and "sites" in tables[0] and plan.sites is not None:
        faults += outside_faults(gpd.GeoDataFrame(tables[0]["sites"]), boundary, plan.sites.table or "")
    if tables and schools:
        faults += check_references(tables[0], set(schools[0]["id"]), set(areas["area_id"]))
    heights = _guarded(lambda: read_heights(plan, boundary, crs), faults)
    raise_errors(faults)
    assert streets and surroundings is not None and cells and schools and tables
    return Layers(
        plan=plan,
        crs=crs,
        boundary=boundary,
        areas=areas,
        cells=cells[0],
        streets=streets[0],
        surroundings=surroundings,
        schools=schools[0],
        gates=schools[1],
        tables=tables[0],
        sources=sources(plan),
        faults=tuple(faults),
        heights=heights[0] if heights else None,
    )


def _without_region(plan: PlanFile) -> list[Fault]:
    """Errors of the tables that can be told without knowing where the region lies."""
    faults: list[Fault] = []
    if plan.schools.table:
        _guarded(lambda: read_schools(plan, WORLD, None), faults)
    _guarded(lambda: read_optional(plan, WORLD, None), faults)
    return [fault for fault in faults if fault.severity == "error"]


def _guarded(reader: Callable[[], T], faults: list[Fault]) -> T | None:
    """Run a reader whose last result is its faults; collect them, also those it raises."""
    try:
        result = reader()
    except InputError as error:
        faults.extend(error.faults)
        return None
    faults.extend(result[-1])  # type: ignore[index]
    return result


def sources(plan: PlanFile) -> tuple[Source, ...]:
    """Every file the plan names, with checksum, size and date."""
    found = [_source(plan.root, Path("plan.toml"), "plan", {})]
    for role, section in plan.model_dump(
        exclude={"root", "plan", "standards", "coverage", "siting", "proposal", "tables"}
    ).items():
        for key, named in (section or {}).items():
            ages = key == "ages_rasters" and named
            for name in age_files(plan.root, named) if ages else [named]:
                if isinstance(name, str) and plan.path(name).is_file():
                    found.append(_source(plan.root, Path(name), _role(role, key), section))
    return tuple(found)


def _role(section: str, key: str) -> str:
    return section if key in {"table", "osm", "raster", "grid", "boundary"} else f"{section}.{key}"


def _source(root: Path, name: Path, role: str, section: Mapping[str, Any]) -> Source:
    path = root / name
    data = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    modified = datetime.fromtimestamp(data.st_mtime, tz=UTC).date().isoformat()
    note = str(section.get("source") or "")
    return Source(role, name.as_posix(), digest, data.st_size, modified, section.get("year"), note=note)
