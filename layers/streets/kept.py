"""The street graph as it was read, kept in the plan's ``cache/`` by checksum: reading is the slowest step."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.bundle import Streets, Surroundings
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.streets import read_streets, street_file

FOLDER = "cache"
FAULTS = "faults.json"
KEPT = 3  # older readings are removed

Reading = tuple[Streets, Surroundings, list[Fault]]


def kept_streets(plan: PlanFile, boundary: BaseGeometry, crs: CRS, buffer_m: float) -> Reading:
    """What :func:`layers.streets.read_streets` gives, read back where the same was read before.

    The checksum covers the street file and the plan's barriers, the region, the CRS, the buffer, the street section
    of plan.toml and the reader's own sources. A reading with errors is not kept; a folder that cannot be written or
    read back is no fault.
    """
    place = _place(plan, boundary, crs, buffer_m)
    if place is None:
        return read_streets(plan, boundary, crs, buffer_m)
    try:
        return _load(place, crs)
    except (OSError, ValueError, KeyError, pa.ArrowException):
        shutil.rmtree(place, ignore_errors=True)
    found = read_streets(plan, boundary, crs, buffer_m)
    if not any(fault.severity == "error" for fault in found[2]):
        _save(found, place)
    return found


def _place(plan: PlanFile, boundary: BaseGeometry, crs: CRS, buffer_m: float) -> Path | None:
    source = street_file(plan)
    files = [plan.path(name) for name in (source, plan.streets.barriers) if name]
    if source is None or not all(path.is_file() for path in files):
        return None
    digest = hashlib.sha256(_reader())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    digest.update(shapely.to_wkb(boundary))
    told = {"crs": crs.to_wkt(), "buffer_m": buffer_m, "streets": plan.streets.model_dump(mode="json")}
    if "barriers" in plan.tables:
        told["barriers"] = plan.reading("barriers").model_dump(mode="json")
    digest.update(json.dumps(told, sort_keys=True).encode())
    return plan.root / FOLDER / f"streets-{digest.hexdigest()[:20]}"


@cache
def _reader() -> bytes:
    """Checksum of the sources that make a reading."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *here.glob("*.toml")]):
        digest.update(path.read_bytes())
    return digest.digest()


def _frames(streets: Streets, around: Surroundings) -> dict[str, pd.DataFrame]:
    return {
        "nodes": streets.nodes,
        "edges": streets.edges,
        "barriers": streets.barriers,
        "openings": streets.openings,
        "buildings": around.buildings,
        "ground": around.ground,
        "schools": around.schools,
    }


def _save(found: Reading, place: Path) -> None:
    """Whole or not at all; a folder nobody may write to is left alone."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".streets-", dir=place.parent))
    except OSError:
        return
    try:
        for name, frame in _frames(found[0], found[1]).items():
            pq.write_table(_table(frame), aside / f"{name}.parquet")
        (aside / FAULTS).write_text(json.dumps([_plain(fault) for fault in found[2]], default=str), encoding="utf-8")
        aside.rename(place)
        _sweep(place)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _sweep(newest: Path) -> None:
    others = [path for path in newest.parent.glob("streets-*") if path != newest]
    for path in sorted(others, key=lambda one: one.stat().st_mtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _plain(fault: Fault) -> dict[str, Any]:
    return {**asdict(fault), "params": dict(fault.params)}


def _table(frame: pd.DataFrame) -> pa.Table:
    """Columns as Arrow: geometry as WKB, dicts as JSON, text with its Nones."""
    columns: dict[str, pa.Array] = {}
    for name in frame.columns:
        values = frame[name]
        if str(values.dtype) == "geometry":
            columns[name] = pa.array(shapely.to_wkb(values.to_numpy()), pa.binary())
        elif values.dtype == object:
            columns[name] = pa.array([_text(value) for value in values], pa.string()).dictionary_encode()
        else:
            columns[name] = pa.array(values.to_numpy())
    return pa.table(columns)


def _text(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _load(place: Path, crs: CRS) -> Reading:
    frames = {path.stem: _frame(path, crs) for path in sorted(place.glob("*.parquet"))}
    schools = frames["schools"]
    schools["tags"] = pd.Series([json.loads(text) for text in schools["tags"]], dtype=object, index=schools.index)
    streets = Streets(frames["nodes"], frames["edges"], frames["barriers"], frames["openings"])
    around = Surroundings(frames["buildings"], frames["ground"], schools)
    faults = json.loads((place / FAULTS).read_text(encoding="utf-8"))
    return streets, around, [Fault(**fault) for fault in faults]


def _frame(path: Path, crs: CRS) -> Any:
    table = pq.read_table(path)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            text = column.dictionary_decode().to_numpy(zero_copy_only=False)
            columns[name] = pd.Series(text, dtype=object)
        elif pa.types.is_binary(column.type):
            columns[name] = gpd.GeoSeries(shapely.from_wkb(column.to_numpy(zero_copy_only=False)), crs=crs)
        else:
            columns[name] = column.to_numpy(zero_copy_only=False)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs) if "geometry" in columns else frame
