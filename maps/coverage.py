"""The coverage map: a run as a folium map whose parts go into our own page.

Folium builds the Leaflet script; its page, its style sheets and its addresses of other people's servers are not used.
Element ids come from a counter, so that the same run gives the same page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import folium
import geopandas as gpd
from branca.element import Element, Figure
from folium.map import CustomPane, Layer
from folium.plugins import Fullscreen
from folium.utilities import JsCode

from geoplan.run import Run
from maps import schools
from maps.language import Say, name_in, speaker
from maps.scene import region_bounds
from maps.story import local_text

folium.Map.default_js = []
folium.Map.default_css = []
Fullscreen.default_js = []
Fullscreen.default_css = []

MAX_ZOOM = 19
PANES = {"ground": 100, "streets": 150, "cells": 200, "names": 450}  # Leaflet's own: vectors 400, markers 600
AREA_LABELS = 40  # more sub-areas than this stay without their names
CREDIT = "© OpenStreetMap contributors (ODbL)"


@dataclass(frozen=True)
class View:
    """Where the map opens: a centre and zoom, or the whole region when None."""

    lat: float
    lon: float
    zoom: float


@dataclass(frozen=True)
class Tiles:
    """A raster layer of the page: its XYZ address, or a picture and its corners for ``map.html``."""

    name: str
    title: str
    address: str
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north


@dataclass(frozen=True)
class Sheets:
    """The raster layers of a map: the quiet ground, more grounds, and cell layers of which ``shown`` is visible."""

    base: Tiles
    cells: Sequence[Tiles]
    shown: str
    extra: Sequence[Layer] = ()


def parse_view(text: str | None) -> View | None:
    """``lat,lon,zoom`` of the page's address; None when absent or out of range."""
    try:
        lat, lon, zoom = (float(part) for part in (text or "").split(","))
    except ValueError:
        return None
    inside = abs(lat) <= 85 and abs(lon) <= 180 and 0 <= zoom <= MAX_ZOOM
    return View(lat, lon, zoom) if inside else None


def coverage_map(
    run: Run,
    stage: str,
    sheets: Sheets,
    *,
    view: View | None = None,
    language: str = "en",
    rings: Mapping[str, Any] | None = None,
    control: bool = True,
) -> folium.Map:
    """The map of a run.

    Parameters
    ----------
    stage
        The stage whose schools are on the map.
    view
        Where the map opens; the whole region when None.
    rings
        Schools as GeoJSON, when they are not to tell of their load.
    control
        Whether layers can be chosen on the map; a page with layers of its own makes its own control.
    """
    say = speaker(language)
    drawn = _empty_map(view, say)
    credit = local_text(run.summary, "credit", language) or CREDIT
    _raster(sheets.base, credit, "ground", overlay=True, control=False, show=True).add_to(drawn)
    for layer in sheets.extra:
        layer.add_to(drawn)
    for tiles in sheets.cells:
        _raster(tiles, credit, "cells", overlay=False, control=True, show=tiles.name == sheets.shown).add_to(drawn)
    for vector in _vectors(run, rings or schools.ring_features(schools.cards(run, stage, language)), language):
        vector.add_to(drawn)
    if sheets.cells and control:
        narrow: Any = JsCode("window.innerWidth < 900")
        folium.LayerControl(collapsed=narrow, autoZIndex=False, position="topright").add_to(drawn)
    if view is None:
        west, south, east, north = region_bounds(run)
        drawn.fit_bounds([[south, west], [north, east]], padding=(12, 12))
    return drawn


def _empty_map(view: View | None, say: Say) -> folium.Map:
    start: dict[str, Any] = {"zoom_start": view.zoom} if view else {}
    drawn = folium.Map(
        location=(view.lat, view.lon) if view else (0.0, 0.0),
        tiles=None,
        zoom_control=False,
        **start,
    )
    drawn.options |= {"max_zoom": MAX_ZOOM, "min_zoom": 3, "zoom_snap": 0.25, "zoom_delta": 1}
    full = Fullscreen(  # type: ignore[no-untyped-call]
        position="topleft", title=say("Full screen"), title_cancel=say("Leave full screen")
    )
    full.add_to(drawn)
    for name, order in PANES.items():
        CustomPane(name, z_index=order).add_to(drawn)
    return drawn


def _raster(tiles: Tiles, credit: str, pane: str, *, overlay: bool, control: bool, show: bool) -> Layer:
    if tiles.bounds is None:
        return folium.TileLayer(
            tiles.address,
            attr=html.escape(credit),
            name=tiles.title,
            overlay=overlay,
            control=control,
            show=show,
            max_zoom=MAX_ZOOM,
            pane=pane,
            key=tiles.name,
        )
    west, south, east, north = tiles.bounds
    place: dict[str, Any] = {"pane": pane, "key": tiles.name, "attribution": html.escape(credit)}
    return folium.raster_layers.ImageOverlay(
        tiles.address,
        bounds=[[south, west], [north, east]],
        name=tiles.title,
        overlay=overlay,
        control=control,
        show=show,
        **place,
    )


def _vectors(run: Run, rings: Mapping[str, Any], language: str) -> Iterable[Layer]:
    say = speaker(language)
    for name, title, look in (
        ("areas", say("Sub-areas"), {"color": "#5c6975", "weight": 1, "dashArray": "4 3", "fill": False}),
        ("boundary", say("Boundary"), {"color": "#3b4753", "weight": 1.6, "fill": False}),
    ):
        table = run.tables.get(name)
        if isinstance(table, gpd.GeoDataFrame) and len(table) > (name == "areas"):
            told = table.assign(name=_names(table, language))
            yield _outline(told, title, look, named=name == "areas" and len(table) <= AREA_LABELS)
    gates = schools.gate_features(run)
    if gates["features"]:
        yield folium.GeoJson(
            gates, name=say("School gates"), point_to_layer=JsCode("geoplan.gate"), show=True, embed=True
        )
    yield folium.GeoJson(rings, name=say("Schools"), point_to_layer=JsCode("geoplan.ring"), key="schools")


def _names(table: gpd.GeoDataFrame, language: str) -> list[str]:
    rows = table.drop(columns="geometry").assign(row="").to_dict("records")
    return [name_in(row, "row", language) for row in rows]


def _outline(table: gpd.GeoDataFrame, title: str, look: Mapping[str, Any], *, named: bool) -> folium.GeoJson:
    kept = table[["name", "geometry"]]
    kept = kept.set_geometry(kept.geometry.simplify(_detail(table)).set_precision(1e-6, mode="pointwise"))
    label: dict[str, Any] = {"on_each_feature": JsCode("geoplan.area")} if named else {}
    return folium.GeoJson(
        kept.to_json(drop_id=True),
        name=title,
        control=named,
        style_function=lambda feature: dict(look),
        interactive=False,
        **label,
    )


def _detail(table: gpd.GeoDataFrame) -> float:
    """Degrees that make no difference on a map of the table: a four-thousandth of its size."""
    west, south, east, north = table.total_bounds
    return float(max(east - west, north - south)) / 4000


def map_parts(drawn: folium.Map) -> tuple[str, str]:
    """Body markup and script of a map, element ids counted from one and the map called ``map_plan``."""
    figure = drawn.get_root()
    assert isinstance(figure, Figure)
    numbers = count(1)
    for element in _descendants(figure):
        element._id = f"{next(numbers)}"
    drawn._id = "plan"
    for child in figure._children.values():
        child.render()
    return figure.html.render(), figure.script.render()


def _descendants(element: Element) -> Iterable[Element]:
    for child in element._children.values():
        yield child
        yield from _descendants(child)
