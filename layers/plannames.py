"""The files a plan names: which keys name them, how they end, and whether they may be looked at and are there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layers.age_files import age_files
from layers.errors import Fault

FILES: dict[str, tuple[str, ...]] = {
    "region.boundary": ("region.place",),
    "region.areas": (),
    "population.raster": ("population.url",),
    "population.grid": ("population.url",),
    "population.ages": (),
    "population.births": (),
    "population.registered": (),
    "streets.osm": ("streets.url", "streets.place"),
    "streets.elevation": (),
    "streets.audit": (),
    "streets.barriers": (),
    "schools.table": (),
    "schools.gates": (),
    "housing.table": (),
    "sites.table": (),
    "sites.exclusions": (),
    "zones.current": (),
    "zones.blocks": (),
    "transport.stops": (),
    "venues.table": (),
    "costs.table": (),
    "demand.survival": (),
    "demand.migration": (),
}
"""Keys that name a file, each with the keys that let it be fetched later."""

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".gpkg", ".geojson", ".json", ".shp", ".parquet", ".zip")
RASTERS = (".tif", ".tiff", ".asc", ".img", ".nc")
STREETS = (".osm", ".osm.xml", ".osm.pbf", ".pbf", ".osm.gz", ".osm.bz2", ".graphml")
ENDINGS = {"population.raster": RASTERS, "streets.elevation": RASTERS, "streets.osm": STREETS}
"""How the files of a key end, ``TABLES`` for others; one outside the plan folder must end so to be looked at."""

AGES = "population.ages_rasters"
"""The key that names many files: a folder, a pattern, or a list of files."""


def value_of(data: Mapping[str, Any], key: str) -> Any:
    section, _, name = key.partition(".")
    held = data.get(section)
    return held.get(name) if isinstance(held, dict) else None


def name_faults(data: dict[str, Any], plan: Path, *, files: bool, inside: Path | None) -> list[Fault]:
    """Names that could be no local file, lie outside ``inside``, or are not there."""
    faults = _age_faults(data, plan, files=files, inside=inside)
    for key, online in FILES.items():
        name = value_of(data, key)
        if not isinstance(name, str):
            continue
        if not _is_plain(name) or (inside is not None and not _lies_in(plan.parent / name, inside)):
            faults.append(Fault("plan_path", file=plan.name, column=key, value=name[:80]))
        elif is_outside(name) and not name.lower().endswith(endings := ENDINGS.get(key, TABLES)):
            shown = {"endings": " ".join(endings)}
            faults.append(Fault("plan_ending", file=plan.name, column=key, value=name[:80], params=shown))
        elif files and not (plan.parent / name).is_file() and not any(value_of(data, other) for other in online):
            faults.append(Fault("plan_file_missing", file=plan.name, column=key, value=name[:80]))
    return faults


def is_outside(name: str) -> bool:
    """Whether a name leads out of the folder it is relative to."""
    return Path(name).is_absolute() or Path(os.path.normpath(name)).parts[:1] == ("..",)


def _is_plain(name: str) -> bool:
    return bool(name.strip()) and "://" not in name and "\x00" not in name and not name.lower().startswith("/vsi")


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _age_faults(data: Mapping[str, Any], plan: Path, *, files: bool, inside: Path | None) -> list[Fault]:
    """Age rasters must lie in the plan folder: a pattern that leads out of it could name anything."""
    named = value_of(data, AGES)
    found = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    texts = [name for name in found if isinstance(name, str)]
    wrong = [name for name in texts if not _is_plain(name) or is_outside(name)]
    faults = [Fault("plan_path", file=plan.name, column=AGES, value=name[:80]) for name in wrong]
    if faults or not files:
        return faults
    for name in texts:
        there = [plan.parent / one for one in age_files(plan.parent, name)]
        if not there or not all(path.is_file() for path in there):
            faults.append(Fault("plan_file_missing", file=plan.name, column=AGES, value=name[:80]))
        elif not all(_lies_in(path, inside or plan.parent) for path in there):
            faults.append(Fault("plan_path", file=plan.name, column=AGES, value=name[:80]))
    return faults
