"""A small map of the counties as inline SVG: outlines coloured by the share of pupils without a place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geoplan.batch.words import phrase, words
from geoplan.reasons import known, percent
from geoplan.style import ramp, style

WIDTH, MOST_HEIGHT = 640, 520
MARGIN = 8
DETAIL_PX = 0.6


def breaks() -> tuple[float, ...]:
    """Lower ends of the classes of the share without a place."""
    return tuple(style()["share_without"]["breaks"])


def colours() -> tuple[str, ...]:
    """A colour a class, light to dark."""
    return ramp("need", len(breaks()))


def colour(share: object) -> str:
    """The colour of a share; grey where it is not known."""
    value = known(share)
    if value is None:
        return str(style()["unknown"])
    return colours()[max(sum(value > lower for lower in breaks()) - 1, 0)]


def legend(language: str) -> list[tuple[str, str]]:
    """Colour and words of every class, the unknown last."""
    ends = [percent(lower, language) for lower in breaks()]
    names = [phrase("below", language, high=ends[1])]
    names += [phrase("between", language, low=ends[k], high=ends[k + 1]) for k in range(1, len(ends) - 1)]
    names.append(phrase("above", language, low=ends[-1]))
    return [*zip(colours(), names, strict=True), (str(style()["unknown"]), words(language)["unknown"])]


def drawing(counties: gpd.GeoDataFrame, language: str) -> str:
    """The map as SVG text; empty where no county has an outline."""
    shown = counties[~counties.geometry.is_empty]
    if shown.empty:
        return ""
    west, south, east, north = shown.total_bounds
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * MARGIN) / wide, (MOST_HEIGHT - 2 * MARGIN) / high)
    width, height = (round(size * scale + 2 * MARGIN) for size in (wide, high))
    stretch, shift = np.array([squeeze * scale, -scale]), np.array([west, north])
    placed = shapely.transform(shown.geometry.to_numpy(), lambda places: (places - shift) * stretch + MARGIN)
    shapes = "".join(
        _county(row, shape, language) for row, shape in zip(shown.to_dict("records"), placed, strict=True)
    )
    title = escape(words(language)["map"])
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{shapes}</svg>'


def _county(row: dict[str, Any], shape: shapely.Geometry, language: str) -> str:
    name = escape(str(row["title_zh" if language == "zh" else "title"] or row["plan"]))
    value = known(row["share_without"])
    said = words(language)["unknown"] if value is None else percent(value, language)
    at = shape.representative_point()
    rank = known(row["rank"])
    label = "" if rank is None else f'<text x="{at.x:.1f}" y="{at.y:.1f}">{rank:.0f}</text>'
    path = "".join(_rings(shapely.simplify(shape, DETAIL_PX)))
    return f'<g><title>{name}: {said}</title><path fill="{colour(value)}" d="{path}"/>{label}</g>'


def _rings(shape: shapely.Geometry) -> Iterator[str]:
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon":
            continue
        for ring in (part.exterior, *part.interiors):
            points = [f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]]
            yield f"M{'L'.join(points)}Z"
