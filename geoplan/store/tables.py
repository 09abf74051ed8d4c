"""Tables of a run as GeoParquet: EPSG:4326, geometry column ``geometry``, the same table giving the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geoplan.identity import plain

ENDING = ".parquet"


class LazyTables(Mapping[str, pd.DataFrame]):
    """Tables of a run on disk, each read when first asked for and kept."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob(f"*{ENDING}"))}
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = read_table(self._paths[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@dataclass(frozen=True)
class TableFacts:
    """What the file of a table says of it without being read: rows, columns, bounds in degrees of its places."""

    name: str
    rows: int
    columns: tuple[str, ...]
    located: bool
    bounds: tuple[float, float, float, float] | None  # west, south, east, north; None where nothing has a place


def table_facts(folder: Path) -> tuple[TableFacts, ...]:
    """Facts of every table of a run's folder, by name."""
    return tuple(_facts(path) for path in sorted(folder.glob(f"*{ENDING}")))


def _facts(path: Path) -> TableFacts:
    read = pq.read_metadata(path)
    geo = json.loads((read.metadata or {}).get(b"geo", b"{}"))
    bounds = geo.get("columns", {}).get("geometry", {}).get("bbox")
    known = None if bounds is None else (bounds[0], bounds[1], bounds[2], bounds[3])
    columns = tuple(name for name in read.schema.to_arrow_schema().names if name != "geometry")
    return TableFacts(path.stem, read.num_rows, columns, bool(geo), known)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write one table; geometries go to EPSG:4326, the index is dropped, nested values become JSON text."""
    storable(table).to_parquet(path, index=False, compression="zstd")


def storable(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it goes to disk: degrees, plain row numbers, flat values."""
    flat = table.reset_index(drop=True)
    if isinstance(flat, gpd.GeoDataFrame):
        flat = flat if flat.geometry.name == "geometry" else flat.rename_geometry("geometry")
        flat = flat.to_crs(4326)
    nested = {name: _flat(flat[name]) for name in flat.columns if flat[name].dtype == object}
    return flat.assign(**nested) if nested else flat


def _flat(column: pd.Series[Any]) -> pd.Series[Any]:
    """Mappings as JSON text, tuples as lists, the rest as it is."""
    return column.map(_cell_value, na_action="ignore").astype(object)


def _cell_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


def read_table(path: Path) -> pd.DataFrame:
    """Read one table; a GeoDataFrame when it has a geometry; lists come back as tuples."""
    schema = pq.read_schema(path)
    is_geo = b"geo" in (schema.metadata or {})
    table: pd.DataFrame = gpd.read_parquet(path) if is_geo else pd.read_parquet(path)
    lists = [field.name for field in schema if pa.types.is_list(field.type)]
    for name in lists:
        table[name] = table[name].map(tuple, na_action="ignore")
    return table
