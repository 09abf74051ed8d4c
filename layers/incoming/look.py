"""A first look into a data set: its sheets or layers, their columns with some values, places, encoding."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from openpyxl import load_workbook

from layers.check import is_missing, shown
from layers.elevation import DRIVERS
from layers.errors import Fault, InputError
from layers.incoming.names import RASTERS, ending
from layers.plannames import STREETS
from layers.tables import read_raw
from layers.tables.archive import guard
from layers.tables.dbf import dbf_encoding
from layers.tables.text import decode
from layers.tables.vector import read_geopackage, read_shapefile

SAMPLES, FEW = 4, 40
"""Values shown of a column, and rows they are looked for in."""


@dataclass(frozen=True)
class Sheet:
    """One table of a file. ``rows`` is None where counting would mean reading all of it."""

    name: str
    rows: int | None
    columns: tuple[str, ...]
    samples: dict[str, list[str]]
    geometry: tuple[str, ...] = ()
    crs: str = ""


@dataclass(frozen=True)
class Look:
    """What a data set holds: ``kind`` is table, raster or streets."""

    kind: str
    sheets: tuple[Sheet, ...] = ()
    encoding: str = ""
    raster: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def look(path: Path) -> Look:
    """Look into a file that was not refused; what keeps it from being read comes back as faults."""
    kind = ending(path.name)
    if kind in STREETS:
        return Look("streets")
    try:
        if kind in RASTERS:
            return Look("raster", raster=_raster(path))
        return Look("table", tuple(_sheets(path, kind)), _encoding(path, kind))
    except InputError as error:
        return Look("raster" if kind in RASTERS else "table", faults=error.faults)


def _raster(path: Path) -> dict[str, Any]:
    try:
        with rasterio.open(path, driver=DRIVERS[path.suffix.lower()]) as data:
            thin = max(1, int(max(data.width, data.height) / 512))
            values = data.read(1, out_shape=(max(1, data.height // thin), max(1, data.width // thin)), masked=True)
            found = {"width": data.width, "height": data.height, "bands": data.count}
            crs = data.crs.to_string() if data.crs else ""
            low, high = (float(values.min()), float(values.max())) if values.count() else (None, None)
            return {**found, "crs": crs[:80], "low": low, "high": high}
    except Exception as error:  # GDAL and PROJ raise what they like for damaged files
        raise InputError([Fault("table_unreadable", file=path.name, value=type(error).__name__)]) from None


def _sheets(path: Path, kind: str) -> Iterable[Sheet]:
    if kind == ".xlsx":
        return _workbook(path)
    if kind == ".gpkg":
        read_geopackage_head(path)
        return [_layer(path, str(name)) for name in pyogrio.list_layers(path)[:, 0]]
    if kind == ".shp":
        return [_shapefile(path)]
    raw = read_raw(path, "")
    geometry = () if raw.geometry is None else _kinds(raw.geometry)
    crs = raw.crs.to_string() if raw.crs is not None else ""
    return [_sheet("", len(raw.table), raw.table, geometry, crs)]


def read_geopackage_head(path: Path) -> None:
    """InputError where a file is no GeoPackage, before GDAL sees it."""
    with path.open("rb") as file:
        head = file.read(72)
    if head[68:72] not in (b"GPKG", b"GP10", b"GP11"):
        read_geopackage(path, "")


def _layer(path: Path, name: str) -> Sheet:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = pyogrio.read_info(path, layer=name)
            head = pyogrio.read_dataframe(path, layer=name, max_features=FEW)
    except Exception as error:  # GDAL raises what it likes for damaged files
        raise InputError([Fault("table_unreadable", file=path.name, value=type(error).__name__)]) from None
    return _vector(name, info, head)


def _shapefile(path: Path) -> Sheet:
    beside = {other.suffix.casefold() for other in path.parent.glob("*") if other.stem == path.stem}
    if not {".dbf", ".shx"} <= beside:
        read_shapefile(path)
    try:
        encoding = dbf_encoding(path)
        info = pyogrio.read_info(path, encoding=encoding)
        head = pyogrio.read_dataframe(path, max_features=FEW, encoding=encoding)
    except Exception as error:  # GDAL raises what it likes for damaged files
        raise InputError([Fault("table_unreadable", file=path.name, value=type(error).__name__)]) from None
    return _vector("", info, head)


def _vector(name: str, info: dict[str, Any], head: pd.DataFrame) -> Sheet:
    rows, crs = int(info["features"]), str(info.get("crs") or "")[:80]
    if "geometry" not in head:
        return _sheet(name, rows, head, (), "")
    return _sheet(name, rows, head.drop(columns="geometry"), _kinds(head["geometry"].to_numpy()), crs)


def _workbook(path: Path) -> list[Sheet]:
    try:
        with zipfile.ZipFile(path) as archive:
            guard(archive, path)
        book = load_workbook(path, data_only=True, read_only=True)
    except InputError:
        raise
    except Exception as error:  # damaged workbooks raise whatever zip, XML or number parsing meets first
        raise InputError([Fault("table_unreadable", file=path.name, value=type(error).__name__)]) from None
    try:
        found = [_worksheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()
    return [sheet for sheet in found if sheet.columns]


def _worksheet(sheet: Any) -> Sheet:
    lines = (
        list(cells) for cells in sheet.iter_rows(values_only=True, max_row=FEW * 3) if not all(map(_blank, cells))
    )
    header = next(lines, [])
    names = ["" if cell is None else str(cell).strip() for cell in header]
    some = [line for line, _ in zip(lines, range(FEW), strict=False)]
    records = [line[: len(names)] + [None] * (len(names) - len(line)) for line in some]
    columns = {name: [record[at] for record in records] for at, name in enumerate(names) if name}
    rows = None if sheet.max_row is None else max(0, sheet.max_row - 1)
    return _sheet(sheet.title, rows, pd.DataFrame(columns, dtype=object), (), "")


def _blank(cell: object) -> bool:
    return cell is None or not str(cell).strip()


def _sheet(name: str, rows: int | None, table: pd.DataFrame, geometry: tuple[str, ...], crs: str) -> Sheet:
    columns = tuple(str(column) for column in table.columns)
    samples = {column: _some(table.iloc[:, at]) for at, column in enumerate(columns)}
    return Sheet(name, rows, columns, samples, geometry, crs)


def _some(values: Iterable[Any]) -> list[str]:
    """A few different values of a column, as text."""
    found: dict[str, None] = {}
    for value, _ in zip(values, range(FEW), strict=False):
        if not is_missing(value):
            found.setdefault(shown(value))
        if len(found) == SAMPLES:
            break
    return list(found)


def _kinds(geometry: Sequence[Any] | np.ndarray[Any, Any]) -> tuple[str, ...]:
    shapes = np.asarray(geometry, dtype=object)
    known = shapes[~shapely.is_missing(shapes)]
    return tuple(sorted({shape.geom_type.removeprefix("Multi") for shape in known}))


def _encoding(path: Path, kind: str) -> str:
    """What texts are written in, where a person may want to know."""
    if kind == ".shp":
        return dbf_encoding(path) or ""
    if kind not in (".csv", ".tsv", ".txt"):
        return ""
    data = path.read_bytes()
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        decode(data, path)
        return "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "GB18030"
    return "UTF-8"
