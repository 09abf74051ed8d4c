"""Rows of a table as GeoJSON, CSV, GeoPackage and GeoParquet, a piece at a time: memory follows the piece."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.exports.flat import flat, located, without_formulas
from geoplan.exports.gpkg import write_layers
from geoplan.store.tables import storable

PIECE = 2000  # rows written at a time
BLOCK = 1 << 18  # bytes of a file sent at a time
DECIMALS = 1e-7  # of a degree: a centimetre

Parts = Iterator[bytes]


def features(table: pd.DataFrame) -> Iterator[str]:
    """The rows as GeoJSON features, each a text: RFC 7946 with seven decimals and outer rings counter-clockwise.

    A feature's ``id`` is its row number in the table; rows without a place have a null geometry. Regions here lie
    within one metric zone, so nothing crosses the antimeridian.
    """
    for piece in _pieces(table):
        numbers, rows = piece.index, flat(piece)
        names = [column for column in map(str, rows.columns) if column != "geometry"]
        heads = [f"{json.dumps(name, ensure_ascii=False)}: " for name in names]
        columns = [_texts(rows[name]) for name in names]
        places = _places(rows)
        for k, number in enumerate(numbers):
            told = ", ".join([head + column[k] for head, column in zip(heads, columns, strict=True)])
            yield f'{{"type": "Feature", "id": {number}, "geometry": {places[k]}, "properties": {{{told}}}}}'


def _pieces(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (table.iloc[first : first + PIECE] for first in range(0, len(table), PIECE))


def _places(rows: pd.DataFrame) -> list[str]:
    if not isinstance(rows, gpd.GeoDataFrame):
        return ["null"] * len(rows)
    turned = shapely.orient_polygons(rows.geometry.to_numpy())
    return [text or "null" for text in shapely.to_geojson(shapely.set_precision(turned, DECIMALS, mode="pointwise"))]


def _texts(column: pd.Series[Any]) -> list[str]:
    """The values of a column as JSON; what is not known, and no number, is null."""
    if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype):
        values = column.to_numpy(np.float64)
        return [repr(value) if ok else "null" for value, ok in zip(values.tolist(), np.isfinite(values), strict=True)]
    known = column.notna().tolist()
    return [
        json.dumps(value, ensure_ascii=False, default=str) if ok else "null"
        for value, ok in zip(column.tolist(), known, strict=True)
    ]


def geojson(table: pd.DataFrame, name: str, language: str) -> Parts:
    """A feature collection."""
    yield b'{"type": "FeatureCollection", "features": ['
    joint = "\n"
    for text in features(table):
        yield (joint + text).encode()
        joint = ",\n"
    yield b"\n]}\n"


def csv(table: pd.DataFrame, name: str, language: str) -> Parts:
    """For spreadsheets: UTF-8 with byte order mark, no formulas, place as ``lon, lat``."""
    yield b"\xef\xbb\xbf"
    for number, piece in enumerate(_pieces(table) if len(table) else iter((table,))):
        safe = without_formulas(located(flat(piece)))
        yield safe.to_csv(index=False, header=number == 0, lineterminator="\r\n", float_format="%.12g").encode()


def geopackage(table: pd.DataFrame, name: str, language: str) -> Parts:
    """A GeoPackage with this layer, titled and styled for QGIS."""
    return _sent(lambda path: write_layers({name: table}, language, path), f"{name}.gpkg")


def parquet(table: pd.DataFrame, name: str, language: str) -> Parts:
    """A GeoParquet file."""
    return _sent(lambda path: storable(table).to_parquet(path, index=False, compression="zstd"), f"{name}.parquet")


def _sent(write: Callable[[Path], None], name: str) -> Parts:
    """A file made before the answer begins, read while it is sent, and gone after."""
    held = tempfile.TemporaryDirectory(prefix="geoplan-")
    try:
        write(Path(held.name) / name)
        file = (Path(held.name) / name).open("rb")
    finally:
        held.cleanup()  # an open file can be read after it is gone

    def blocks() -> Parts:
        with file:
            while block := file.read(BLOCK):
                yield block

    return blocks()


WRITERS: Mapping[str, tuple[str, Callable[[pd.DataFrame, str, str], Parts]]] = {
    "geojson": ("application/geo+json", geojson),
    "csv": ("text/csv", csv),
    "gpkg": ("application/geopackage+sqlite3", geopackage),
    "parquet": ("application/vnd.apache.parquet", parquet),
}
