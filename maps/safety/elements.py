"""One street or crossing, as the map's card and the API tell it: level, rule, tags used, what was not known."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geoplan.errors import NotFoundError
from geoplan.reasons import known, term
from geoplan.reasons.safety import word
from geoplan.run import Run
from maps.language import metres, number, speaker
from maps.safety.drawing import look_colour
from maps.safety.facts import LAYERS, listed, span
from maps.safety.rows import element_name, rule_text

DEGREE_M = 111_320.0


def element(run: Run, layer: str, row: int, language: str) -> dict[str, Any]:
    """A street or crossing by its row: values for programs, a card for people.

    Raises
    ------
    NotFoundError
        A layer the run does not hold, or a row it does not have.
    """
    table = _table(run, layer)
    if not 0 <= row < len(table):
        raise NotFoundError(f"layer {layer!r} has rows 0 to {len(table) - 1}, not {row}")
    found = table.iloc[row]
    point = found["geometry"].interpolate(0.5, normalized=True) if layer == "segments" else found["geometry"]
    point = point.representative_point()
    values = {key: found[key] for key in table.columns if key != "geometry"}
    return {
        "layer": layer,
        "row": row,
        **values,
        "lon": round(point.x, 6),
        "lat": round(point.y, 6),
        "card": card(found, layer, language),
    }


def _table(run: Run, layer: str) -> gpd.GeoDataFrame:
    table = run.tables.get(layer)
    if layer not in LAYERS or not isinstance(table, gpd.GeoDataFrame):
        raise NotFoundError(f"the run has no layer of elements {layer!r}; there may be {', '.join(LAYERS)}")
    return table


def card(found: Any, layer: str, language: str) -> dict[str, Any]:
    """The card of an element: its name, the rule in words, and labelled rows."""
    say = speaker(language)
    low, high = int(found["level_low"]), int(found["level_high"])
    rows = [
        (say("stress level"), level_text(low, high, language)),
        (say("pupils a day"), number(found["pupils_per_day"], language)),
    ]
    if layer == "segments":
        rows.append((say("length"), metres(known(found.get("length_m")), language)))
    rows += [
        (say("tags used"), say(", ").join(listed(found.get("used"))) or say("none")),
        (say("not known"), _tags(found.get("assumed"), language) or say("nothing")),
        (say("in OpenStreetMap"), str(found["osm_id"])),
    ]
    return {
        "name": element_name(found, layer, language),
        "colour": look_colour(low, high),
        "note": rule_text(found.get("rule"), language),
        "rows": rows,
    }


def level_text(low: int, high: int, language: str) -> str:
    """A certain level with its meaning, or the range that is possible."""
    return term(f"level.{high}", language) if low == high else span(low, high)


def _tags(joined: object, language: str) -> str:
    return speaker(language)(", ").join(word("safety_tag", tag, language) for tag in listed(joined))


def near(run: Run, lon: float, lat: float, within_m: float) -> tuple[str, int] | None:
    """Layer and row of the element nearest to a place, a crossing before any street; None when none is that near."""
    for layer in reversed(LAYERS):
        table = run.tables.get(layer)
        if not isinstance(table, gpd.GeoDataFrame):
            continue
        row = _nearest(table, lon, lat, within_m)
        if row is not None:
            return layer, row
    return None


def _nearest(table: gpd.GeoDataFrame, lon: float, lat: float, within_m: float) -> int | None:
    stretch = math.cos(math.radians(lat))
    reach = within_m / DEGREE_M
    box = (lon - reach / stretch, lat - reach, lon + reach / stretch, lat + reach)
    rows = np.sort(np.asarray(list(table.sindex.intersection(box)), dtype=np.int64))
    if not len(rows):
        return None
    flat = shapely.transform(table.geometry.to_numpy()[rows], lambda xy: (xy - (lon, lat)) * (stretch, 1.0))
    away = shapely.distance(flat, shapely.Point(0.0, 0.0)) * DEGREE_M
    best = int(np.argmin(away))
    return int(rows[best]) if away[best] <= within_m else None
