"""What a request for features asks: format, box, page, values; anything unknown is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from flask import request
from werkzeug.exceptions import NotAcceptable

from geoplan.errors import PlanError
from maps.counts import whole
from maps.features.collections import CRS84
from maps.layerfiles import Box, rows_inside

DEFAULT_ROWS, MOST_ROWS = 10, 10_000
FORMATS = {"json": "application/json", "html": "text/html"}
ALWAYS = ("f", "lang")
PAGING = (*ALWAYS, "bbox", "bbox-crs", "crs", "limit", "offset", "datetime")
CRS_NAMES = (CRS84, "[OGC:CRS84]", "OGC:CRS84")
MOMENT = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?"
DATETIME = re.compile(rf"{MOMENT}|({MOMENT}|\.\.)?/({MOMENT}|\.\.)?", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """The rows a request asks for."""

    boxes: tuple[Box, ...]
    limit: int
    offset: int
    values: dict[str, str]


def format_asked() -> str:
    """``json`` or ``html``: as ``f`` says, else as the request accepts."""
    said = request.args.get("f")
    if said is None:
        return "html" if request.accept_mimetypes.best_match([*FORMATS.values()]) == FORMATS["html"] else "json"
    if said not in FORMATS:
        raise NotAcceptable(f"f={said[:40]!r}: {' or '.join(FORMATS)} is expected")
    return said


def only(*known: str) -> None:
    """PlanError for a part of the query that means nothing here: an answer must not seem to have heeded it."""
    unknown = sorted(set(request.args) - {*known, *ALWAYS})
    if unknown:
        raise PlanError(f"{', '.join(unknown)[:80]}: not known here; known are {', '.join((*known, *ALWAYS))[:400]}")


def rows_asked(columns: Names[str]) -> Asked:
    """The page, box and values of the request; PlanError where they are none."""
    only(*PAGING, *columns)
    known_crs("bbox-crs", "crs")
    moment = request.args.get("datetime")
    if moment is not None and (not DATETIME.fullmatch(moment) or moment == "/"):
        raise PlanError(f"datetime={moment[:80]!r}: a moment or an interval as in RFC 3339 is expected")
    limit = whole("limit", DEFAULT_ROWS)
    if limit < 1:
        raise PlanError("limit=0: at least one row is expected")
    values = {name: value for name, value in request.args.items() if name in columns and name not in PAGING}
    return Asked(_boxes(request.args.get("bbox")), min(limit, MOST_ROWS), whole("offset", 0), values)


def known_crs(*names: str) -> None:
    """PlanError for coordinates other than longitude and latitude."""
    for name in names:
        crs = request.args.get(name, CRS84)
        if crs not in CRS_NAMES:
            raise PlanError(f"{name}={crs[:80]!r}: only {CRS84} is known")


def _boxes(text: str | None) -> tuple[Box, ...]:
    """One box, or two where it crosses the antimeridian; heights are left out."""
    if text is None:
        return ()
    try:
        ends = [float(part) for part in text.split(",")]
    except ValueError:
        ends = []
    if len(ends) == 6:
        ends = [*ends[:2], *ends[3:5]]
    if len(ends) != 4 or not all(map(math.isfinite, ends)) or ends[1] > ends[3]:
        raise PlanError(f"bbox={text[:80]!r}: west,south,east,north in degrees are expected")
    west, south, east, north = ends
    if west <= east:
        return ((west, south, east, north),)
    return (west, south, 180.0, north), (-180.0, south, east, north)


def chosen(table: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The rows inside the boxes that have the values, in table order; without boxes and values all of them."""
    found = table
    if asked.boxes:
        parts = [rows_inside(table, box).index.to_numpy() for box in asked.boxes]
        found = table.loc[np.unique(np.concatenate(parts))]
    for name, value in asked.values.items():
        found = found[_equal(found[name], name, value)]
    return found


def _equal(column: pd.Series[Any], name: str, value: str) -> pd.Series[bool]:
    if pd.api.types.is_bool_dtype(column.dtype):
        if value not in ("true", "false"):
            raise PlanError(f"{name}={value[:40]!r}: true or false is expected")
        return column == (value == "true")
    if pd.api.types.is_numeric_dtype(column.dtype):
        try:
            return (column == float(value)).fillna(False)
        except ValueError:
            raise PlanError(f"{name}={value[:40]!r}: a number is expected") from None
    joined = column.map(lambda held: ";".join(map(str, held)) if isinstance(held, tuple) else held)
    return (joined == value).fillna(False)
