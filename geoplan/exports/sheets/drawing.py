"""One map: ground, cells, streets, boundary, schools, candidates and numbered proposals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection

from geoplan.exports.document.nested import name_in
from geoplan.exports.sheets.furniture import labels, north_arrow, rgba, scale_bar
from geoplan.exports.sheets.layers import Layer, layer, schools
from geoplan.exports.sheets.lettering import lettering
from geoplan.exports.sheets.scene import Scene, cells_at, outlines
from geoplan.reasons import known
from geoplan.style import class_of, classes, style

PT_PER_MM = 72 / 25.4
CELL_ALPHA = 0.82
CROWD = 60  # more schools than this are drawn smaller
NAMED = 25  # up to so many schools are named on a sheet


def draw(axes: Axes, scene: Scene, sheet: str, language: str) -> Layer:
    """Draw a sheet's map into axes that fill their frame; returns what the cells show, for the legend."""
    box = scene.fitted(axes.bbox.width / axes.bbox.height)
    axes.set_xlim(box[0], box[2])
    axes.set_ylim(box[1], box[3])
    axes.set_aspect("equal", adjustable="box")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(style()["ground"]["land"])
    shown = layer(scene.run, sheet, language)
    _ground(axes, scene)
    _cells(axes, scene, shown)
    _streets(axes, scene)
    _boundary(axes, scene)
    stage = sheet.partition(":")[2]
    if sheet == "proposals":
        _schools(axes, scene, "")
        _candidates(axes, scene)
        _proposals(axes, scene)
    else:
        _schools(axes, scene, stage)
        _names(axes, scene, stage, language)
    scale_bar(axes, language)
    north_arrow(axes, language)
    return shown


def _ground(axes: Axes, scene: Scene) -> None:
    look = style()["ground"]
    for kind, paths in scene.areas.items():
        if paths:
            axes.add_collection(PathCollection(paths, facecolors=look[kind], edgecolors="none", zorder=1))


def _cells(axes: Axes, scene: Scene, shown: Layer) -> None:
    """Cells as one picture, each pixel by the cell it lies in."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    dots = axes.figure.dpi
    size = tuple(math.ceil(length * 150 / dots) for length in (axes.bbox.height, axes.bbox.width))
    at = cells_at(scene.run, scene.crs, (west, south, east, north), (size[0], size[1]))
    number = np.append(shown.number, -1)[at]
    picture = rgba(shown.colours, CELL_ALPHA)[number]
    axes.imshow(picture, extent=(west, east, south, north), zorder=2, interpolation="nearest", aspect="equal")


def _streets(axes: Axes, scene: Scene) -> None:
    look = style()["ground"]
    west, east = axes.get_xlim()
    per_mm = (east - west) / (axes.bbox.width / axes.figure.dpi * 25.4)  # metres on the ground per millimetre
    minor, major = (0.35, 0.9) if per_mm < 60 else (0.0, 0.6) if per_mm > 400 else (0.2, 0.7)
    for kind, width in (("minor", minor), ("major", major)):
        if width and scene.lines[kind]:
            for colour, extra in ((look["casing"], 0.45), (look["way"], 0.0)):
                axes.add_collection(
                    LineCollection(scene.lines[kind], colors=colour, linewidths=width + extra, zorder=3, alpha=0.9)
                )


def _boundary(axes: Axes, scene: Scene) -> None:
    areas = scene.places("areas")
    if areas is not None and len(areas) > 1:
        _rings(axes, areas.geometry.to_numpy(), colors=style()["ground"]["area"], linewidths=0.4, alpha=0.7)
    if scene.boundary is not None:
        _rings(axes, np.array([scene.boundary]), colors=style()["ink"], linewidths=1.0, linestyles="dashed")


def _rings(axes: Axes, shapes: Any, **look: Any) -> None:
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_parts(shapely.boundary(shapes))]
    axes.add_collection(LineCollection(rings, zorder=4, **look))


def _schools(axes: Axes, scene: Scene, stage: str) -> None:
    found = _metric_schools(scene, stage)
    if found is None:
        return
    colours, sizes = zip(*(ring(row, stage) for row in found.to_dict("records")), strict=True)
    smaller = 0.7 if len(found) > CROWD else 1.0
    axes.scatter(
        found.geometry.x, found.geometry.y, s=[(mm * smaller * PT_PER_MM) ** 2 for mm in sizes], facecolors="#ffffff",
        edgecolors=colours, linewidths=1.3 * smaller, zorder=6,
    )  # fmt: skip


def _metric_schools(scene: Scene, stage: str) -> Any:
    table = schools(scene.run, stage)
    return None if table is None or table.empty else table.to_crs(scene.crs)


def ring(row: dict[str, Any], stage: str) -> tuple[str, float]:
    """Colour and diameter (mm) of a school by its load."""
    look, sizes = classes("load"), style()["load"]["sizes_mm"]
    number = class_of(look, known(row.get(f"load_{stage}")))
    return (look.unknown, sizes[0]) if number is None else (look.colours[number], sizes[number] * 0.8)


def _names(axes: Axes, scene: Scene, stage: str, language: str) -> None:
    """Names where there are few schools; they would hide the map of a county."""
    found = _metric_schools(scene, stage)
    if found is None or len(found) > NAMED:
        return
    ordered = found.sort_values([f"load_{stage}", "id"], ascending=[False, True], na_position="last")
    places = zip(ordered.to_dict("records"), ordered.geometry, strict=True)
    labels(axes, [(point.x, point.y, name_in(row, "id", language)) for row, point in places])


def _candidates(axes: Axes, scene: Scene) -> None:
    found = scene.places("candidates")
    if found is None:
        return
    accent = style()["tokens"]["accent"]
    left = found[~found["chosen"].astype(bool)] if "chosen" in found else found
    paths = outlines(left.geometry.to_numpy())
    if paths:
        axes.add_collection(PathCollection(paths, facecolors="none", edgecolors=accent, linewidths=0.7, zorder=5))
    spots = left.geometry.representative_point()
    axes.scatter(spots.x, spots.y, marker="D", s=9, facecolors="#ffffff", edgecolors=accent, linewidths=0.7, zorder=5)


def _proposals(axes: Axes, scene: Scene) -> None:
    """Numbered by rank, the best in front of everything."""
    found = scene.places("proposals")
    if found is None:
        return
    accent = style()["tokens"]["accent"]
    ordered = found.assign(rank=pd.to_numeric(found["rank"])).sort_values("rank", ascending=False)
    for row, point in zip(ordered.to_dict("records"), ordered.geometry.representative_point(), strict=True):
        axes.scatter([point.x], [point.y], s=110, facecolors=accent, edgecolors="#ffffff", linewidths=1.0, zorder=10)
        axes.text(
            point.x, point.y, f"{row['rank']:.0f}", ha="center", va="center_baseline", color="#ffffff", zorder=11,
            **lettering(7),
        )  # fmt: skip
