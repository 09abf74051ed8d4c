"""One GeoPackage a run: a layer a table, named and styled for QGIS."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from geoplan.exports.flat import flat, unclashing
from geoplan.exports.names import column_title, table_title
from geoplan.exports.orders import Job, Order
from geoplan.exports.styles import styles

GEOMETRY = "geom"
TAKEN = frozenset({"fid", GEOMETRY})
KINDS = {0: "points", 1: "lines", 2: "areas"}

STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
  VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0);
"""
SCHEMA = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
"""
ADD_STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,
  styleSLD, useAsDefault, description, owner, update_time)
VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', ?)
"""
EXTENDED = ("gpkg_data_columns", "gpkg_data_column_constraints")
DEFINITION = "http://www.geopackage.org/spec121/#extension_schema"


def gpkg_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>.gpkg``: every table as a layer, with layer titles, column titles and QGIS styles.

    A column called ``fid`` or ``geom`` would clash with the format's own: it gets an underscore. A table that mixes
    areas and lines becomes two layers, because QGIS draws one kind a layer.
    """
    run = order.run
    yield f"{run.summary.get('plan') or 'run'}-{run.run_id}.gpkg", partial(write_layers, run.tables, order.language)


def write_layers(tables: Mapping[str, pd.DataFrame], language: str, path: Path) -> None:
    """Write tables as the layers of one GeoPackage, titled and styled."""
    layers = [layer for name, table in _ordered(tables) for layer in _pieces(name, flat(table))]
    written = {layer: _layer(layer, name, piece, path, language) for layer, name, piece in layers}
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(STYLES + SCHEMA)
        _describe(database, written, language)
        _style(database, written, {layer: name for layer, name, _ in layers}, language)


def _ordered(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """Findings first, the backdrop last, as a layer list is read."""
    return sorted(tables.items(), key=lambda item: (item[0].startswith("base_"), item[0]))


def _pieces(name: str, table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Layer name, table name and rows: one piece a dimension, the highest under the table's own name."""
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        yield name, name, table
        return
    dimension = shapely.get_dimensions(table.geometry.to_numpy())
    top = dimension.max()
    for kind in sorted(set(dimension.tolist()), reverse=True):
        yield (name if kind == top else f"{name}_{KINDS.get(kind, 'nowhere')}"), name, table[dimension == kind]


def _layer(layer: str, name: str, table: pd.DataFrame, path: Path, language: str) -> tuple[list[str], bool]:
    """Write one layer; returns its columns and whether it has a geometry."""
    own = [str(column) for column in table.columns if column != "geometry"]
    renamed = table.rename(columns=unclashing(own, TAKEN))
    located = isinstance(renamed, gpd.GeoDataFrame)
    title = table_title(name, language) if layer == name else f"{table_title(name, language)} ({layer})"
    options = {"FID": "fid", "IDENTIFIER": title, "DESCRIPTION": name}
    if located:
        options["GEOMETRY_NAME"] = GEOMETRY
    pyogrio.write_dataframe(renamed, path, layer=layer, driver="GPKG", append=path.exists(), layer_options=options)
    return [str(column) for column in renamed.columns if column != "geometry"], located


def _describe(database: sqlite3.Connection, written: Mapping[str, tuple[list[str], bool]], language: str) -> None:
    """Column titles in the language asked for, the other language as description (GeoPackage schema extension)."""
    other = "en" if language == "zh" else "zh"
    rows = [
        (name, column, column, column_title(column, language), column_title(column, other))
        for name, (columns, _) in written.items()
        for column in columns
    ]
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
        rows,
    )
    listed = [(table, "gpkg_schema", DEFINITION, "read-write") for table in EXTENDED]
    database.executemany(
        "INSERT INTO gpkg_extensions (table_name, extension_name, definition, scope) VALUES (?, ?, ?, ?)", listed
    )


def _style(
    database: sqlite3.Connection,
    written: Mapping[str, tuple[list[str], bool]],
    named: Mapping[str, str],
    language: str,
) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for layer, (columns, located) in written.items():
        found = styles(named[layer], ["fid", *columns], language) if located and layer == named[layer] else []
        rows = [
            (layer, GEOMETRY, style.name, style.qml, int(k == 0), style.name, now) for k, style in enumerate(found)
        ]
        database.executemany(ADD_STYLE, rows)
