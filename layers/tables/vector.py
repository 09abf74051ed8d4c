"""Vector files: GeoPackage and shapefile through GDAL after a look at their first bytes, and GeoParquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

from layers.errors import InputError
from layers.tables.dbf import dbf_encoding
from layers.tables.raw import Raw, stop

SHP_MAGIC = bytes.fromhex("0000270a")
SQLITE_MAGIC = b"SQLite format 3\x00"
GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
_GPKG_ID = slice(68, 72)


def read_geopackage(path: Path, layer: str, wanted: str | None = None) -> Raw:
    """Read the layer ``wanted``, else the one named like the table, or the only one with features.

    Raises
    ------
    InputError
        Not a GeoPackage, no features, several layers and none of that name.
    """
    with path.open("rb") as file:
        head = file.read(_GPKG_ID.stop)
    if not head.startswith(SQLITE_MAGIC) or head[_GPKG_ID] not in GPKG_IDS:
        raise stop("table_unreadable", path, "not a GeoPackage")
    return _gdal(path, layer=_wanted(path, wanted) if wanted is not None else _layer(path, layer))


def read_shapefile(path: Path) -> Raw:
    """Read a shapefile; without a ``.cpg`` the attributes' encoding is found in them.

    Raises
    ------
    InputError
        Not a shapefile, or its ``.dbf`` or ``.shx`` is not beside it.
    """
    with path.open("rb") as file:
        if file.read(4) != SHP_MAGIC:
            raise stop("table_unreadable", path, "not a shapefile")
    beside = {other.suffix.casefold() for other in path.parent.glob("*") if other.stem == path.stem}
    lacking = [suffix for suffix in (".dbf", ".shx") if suffix not in beside]
    if lacking:
        raise stop("shapefile_parts", path, ", ".join(lacking))
    return _gdal(path, cut_names=True, encoding=dbf_encoding(path))


def read_parquet(path: Path) -> Raw:
    """Read GeoParquet, or plain Parquet without geometry.

    Raises
    ------
    InputError
        Not Parquet, or no rows.
    """
    with _readable(path):
        has_geometry = b"geo" in (pq.read_schema(path).metadata or {})
        return _raw(gpd.read_parquet(path) if has_geometry else pd.read_parquet(path), path)


def _gdal(path: Path, *, cut_names: bool = False, **options: Any) -> Raw:
    with _readable(path):
        return _raw(pyogrio.read_dataframe(path, **options), path, cut_names=cut_names)


def _wanted(path: Path, layer: str) -> str:
    with _readable(path):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if layer not in names:
        raise stop("sheet_missing", path, layer, there=", ".join(sorted(names))[:200])
    return layer


def _layer(path: Path, wanted: str) -> str:
    with _readable(path):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        if wanted in names:
            return wanted
        full = [name for name in names if pyogrio.read_info(path, layer=name)["features"]]
    if len(full) > 1:
        raise stop("layers_several", path, ", ".join(sorted(full)), wanted=wanted)
    if not full:
        raise stop("table_empty", path)
    return full[0]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Damaged files raise the errors of GDAL, Arrow, numpy and PROJ: to their owner all of them mean the same."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        why = (str(error) or type(error).__name__).splitlines()[0].replace(f"{path.parent}/", "")
        raise stop("table_unreadable", path, why[:80]) from None


def _raw(frame: pd.DataFrame, path: Path, *, cut_names: bool = False) -> Raw:
    if not len(frame):
        raise stop("table_empty", path)
    rows = list(range(2, len(frame) + 2))
    geometry = crs = None
    if isinstance(frame, gpd.GeoDataFrame):
        geometry = shapely.force_2d(np.asarray(frame.geometry.to_numpy(), dtype=object))
        crs = frame.crs
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    table = frame.reset_index(drop=True).astype(object)
    table.columns = [str(name) for name in table.columns]
    twice = sorted(set(table.columns[table.columns.duplicated()]))
    if twice:
        raise stop("column_twice", path, column=twice[0], names=", ".join(twice))
    return Raw(table.where(table.notna(), None), rows, geometry, crs, cut_names=cut_names)
