"""Tables as other programs take them: one value a cell, text that no spreadsheet runs as a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.store.tables import storable

FORMULA = "=+-@\t\r\n＝＋－＠"  # with the wide forms that spreadsheets in Chinese take for the same
INNER = re.compile(f"(?<=;)(?=[{re.escape(FORMULA)}])")  # a new cell where the list separator is a semicolon


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """EPSG:4326, row numbers as index, lists joined by ``;``, nested values as JSON text, text as text."""
    plain = storable(table)
    joined = {name: plain[name].map(_joined, na_action="ignore") for name in _texts(plain)}
    return plain.assign(**joined) if joined else plain


def _texts(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if table[name].dtype == object]


def _joined(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Text cells and column names that a spreadsheet would take for a formula get an apostrophe in front."""
    texts = [name for name in table.columns if _is_text(table[name])]
    safe = {name: table[name].astype(object).map(inert, na_action="ignore") for name in texts}
    return table.assign(**safe).rename(columns=inert)


def _is_text(column: pd.Series[Any]) -> bool:
    """Anything but numbers, flags, times and places: categories too."""
    kinds = (pd.api.types.is_numeric_dtype, pd.api.types.is_bool_dtype, pd.api.types.is_datetime64_any_dtype)
    return column.dtype.name != "geometry" and not any(kind(column.dtype) for kind in kinds)


def inert(value: Any) -> Any:
    """``'=1+1`` for ``=1+1``, ``a;'=1+1`` for ``a;=1+1``; anything that is not such a text stays as it is."""
    if not isinstance(value, str):
        return value
    inner = INNER.sub("'", value)
    return f"'{inner}" if value.startswith(tuple(FORMULA)) else inner


def located(table: pd.DataFrame) -> pd.DataFrame:
    """Geometry as two columns ``lon, lat``: the point itself, or a point that lies on the line or in the polygon."""
    if not isinstance(table, gpd.GeoDataFrame):
        return table
    points = table.geometry.representative_point()
    plain = pd.DataFrame(table.drop(columns="geometry"))
    return plain.assign(lon=points.x.round(7), lat=points.y.round(7))


def unclashing(columns: list[str], taken: frozenset[str]) -> Mapping[str, str]:
    """New names for columns that a case-blind database would confuse with `taken` names or with each other."""
    used, renamed = set(taken), {}
    for column in columns:
        name = column
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        if name != column:
            renamed[column] = name
    return renamed
