"""Places of faults: by the row of a table that has places, by coordinates a fault names, by the id of a school."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from pyproj import Transformer

from layers.errors import Fault
from maps.upload.preview import Ground, Preview

MOST = 200
_AT = re.compile(r"(-?\d{1,3}\.\d{3,}), (-?\d{1,2}\.\d{3,})")

Place = tuple[float, float]


def places_of(
    faults: Sequence[Fault], tables: Mapping[str, tuple[Preview, str]], schools: str | None
) -> list[tuple[int, Place]]:
    """Number of a fault in the list, and where it is; faults without a place are left out, and those beyond ``MOST``.

    Parameters
    ----------
    faults
        In the order of the report.
    tables
        Places of the tables in use by file name, and the datum they are read in.
    schools
        File name of the table of schools, whose ids faults may begin with.
    """
    rows = {name: _by_row(found, datum) for name, (found, datum) in tables.items()}
    named = _by_id(*tables[schools]) if schools is not None and schools in tables else {}
    found: list[tuple[int, Place]] = []
    for number, fault in enumerate(faults):
        place = _place(fault, rows, named)
        if place is not None and len(found) < MOST:
            found.append((number, place))
    return found


def _place(fault: Fault, rows: Mapping[str, Mapping[int, Place]], named: Mapping[str, Place]) -> Place | None:
    file = fault.file.rsplit("/", 1)[-1]
    if fault.row is not None and fault.row in rows.get(file, {}):
        return rows[file][fault.row]
    told = _AT.search(str(fault.params.get("at", "")))
    if told:
        return float(told[1]), float(told[2])
    value = str(fault.value or "")
    return named.get(value) or named.get(value.split(" ")[0])


def _by_row(found: Preview, datum: str) -> dict[int, Place]:
    return {int(row): (float(x), float(y)) for row, (x, y) in zip(found.rows, found.lonlat[datum], strict=True)}


def _by_id(found: Preview, datum: str) -> dict[str, Place]:
    return {key: (float(x), float(y)) for key, (x, y) in zip(found.ids, found.lonlat[datum], strict=False)}


def outline_of(ground: Ground) -> list[list[list[float]]]:
    """The region's rings, longitude and latitude, as coarse as a small map needs."""
    if ground.boundary is None or ground.crs is None:
        return []
    back = Transformer.from_crs(ground.crs, 4326, always_xy=True)
    west, south, east, north = ground.boundary.bounds
    rings = []
    for part in shapely.get_parts(ground.boundary.simplify(max(east - west, north - south) / 400)):
        xy = shapely.get_coordinates(part.exterior)
        rings.append(np.column_stack(back.transform(xy[:, 0], xy[:, 1])).round(6).tolist())
    return rings
