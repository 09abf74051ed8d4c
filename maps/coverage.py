"""The coverage map: a run as a folium map whose parts go into our own page.

Folium builds the Leaflet script; its page, its style sheets and its addresses of other people's servers are not used.
Element ids come from a counter, so that the same run gives the same page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import folium
import geopandas as gpd
from branca.element import Element, Figure
from folium.map import Layer
from folium.plugins import Fullscreen
from folium.utilities import JsCode

from geoplan.run import Run
from maps import schools
from maps.language import Say, speaker

folium.Map.default_js = []
folium.Map.default_css = []
Fullscreen.default_js = []
Fullscreen.default_css = []

MAX_ZOOM = 19
AREA_LABELS = 40  # more sub-areas than this stay without their names
ATTRIBUTION = "© OpenStreetMap contributors (ODbL)"


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
    run: Run, stages: Sequence[str], sheets: Sheets, *, view: View | None = None, language: str = "en"
) -> folium.Map:
    """The map of a run.

    Parameters
    ----------
    stages
        Stages whose schools are on the map; the first is shown.
    view
        Where the map opens; the whole region when None.
    """
    say = speaker(language)
    drawn = _empty_map(view, say)
    _raster(sheets.base, overlay=True, control=False, show=True, order=1).add_to(drawn)
    for layer in sheets.extra:
        layer.add_to(drawn)
    for tiles in sheets.cells:
        _raster(tiles, overlay=False, control=True, show=tiles.name == sheets.shown, order=10).add_to(drawn)
    for vector in _vectors(run, stages, say):
        vector.add_to(drawn)
    narrow: Any = JsCode("window.innerWidth < 900")
    folium.LayerControl(collapsed=narrow, autoZIndex=False, position="topright").add_to(drawn)
    if view is None:
        west, south, east, north = _bounds(run)
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
    drawn.options |= {"max_zoom": MAX_ZOOM, "min_zoom": 3}
    full = Fullscreen(  # type: ignore[no-untyped-call]
        position="topleft", title=say("Full screen"), title_cancel=say("Leave full screen")
    )
    full.add_to(drawn)
    return drawn


def _raster(tiles: Tiles, *, overlay: bool, control: bool, show: bool, order: int) -> Layer:
    look: dict[str, Any] = {"class_name": "cells" if order > 1 else "ground", "z_index": order}
    if tiles.bounds is None:
        return folium.TileLayer(
            tiles.address,
            attr=ATTRIBUTION,
            name=tiles.title,
            overlay=overlay,
            control=control,
            show=show,
            max_zoom=MAX_ZOOM,
            key=tiles.name,
            **look,
        )
    west, south, east, north = tiles.bounds
    return folium.raster_layers.ImageOverlay(
        tiles.address,
        bounds=[[south, west], [north, east]],
        name=tiles.title,
        overlay=overlay,
        control=control,
        show=show,
        pane="tilePane",
        key=tiles.name,
        attribution=ATTRIBUTION,
        **look,
    )


def _vectors(run: Run, stages: Sequence[str], say: Say) -> Iterable[Layer]:
    for name, title, look in (
        ("areas", say("Sub-areas"), {"color": "#5c6975", "weight": 1, "dashArray": "4 3", "fill": False}),
        ("boundary", say("Boundary"), {"color": "#3b4753", "weight": 1.6, "fill": False}),
    ):
        table = run.tables.get(name)
        if isinstance(table, gpd.GeoDataFrame) and len(table) > (name == "areas"):
            yield _outline(table, title, look, named=name == "areas" and len(table) <= AREA_LABELS)
    gates = schools.gate_features(run)
    if gates["features"]:
        yield folium.GeoJson(
            gates, name=say("School gates"), point_to_layer=JsCode("geoplan.gate"), show=True, embed=True
        )
    for k, stage in enumerate(stages):
        yield school_layer(run, stage, title=say("Schools"), show=k == 0)


def school_layer(run: Run, stage: str, *, title: str, show: bool) -> folium.GeoJson:
    """The rings of a stage's schools."""
    rings = schools.ring_features(schools.cards(run, stage, "en"))
    return folium.GeoJson(rings, name=title, point_to_layer=JsCode("geoplan.ring"), show=show, stage=stage)


def _outline(table: gpd.GeoDataFrame, title: str, look: Mapping[str, Any], *, named: bool) -> folium.GeoJson:
    kept = table[["name", "geometry"]] if "name" in table else table[["geometry"]].assign(name="")
    label: dict[str, Any] = {"on_each_feature": JsCode("geoplan.area")} if named else {}
    return folium.GeoJson(
        kept.to_json(drop_id=True),
        name=title,
        control=named,
        style_function=lambda feature: dict(look),
        interactive=False,
        **label,
    )


def _bounds(run: Run) -> tuple[float, float, float, float]:
    for name in ("boundary", "areas", "cells"):
        table = run.tables.get(name)
        if isinstance(table, gpd.GeoDataFrame) and len(table):
            west, south, east, north = table.total_bounds.tolist()
            return west, south, east, north
    return -10.0, -10.0, 10.0, 10.0


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
