"""QGIS styles (QML) from the palettes of ``geoplan/style.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from geoplan.exports.names import column_title
from geoplan.style import style

HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
VERSION = "3.16.0-Hannover"
METRES = "RenderMetersInMapUnits"


@dataclass(frozen=True)
class Symbol:
    """How one class is drawn: ``kind`` marker, line or fill; ``layer`` QGIS's symbol layer; ``options`` its settings.

    ``size_field`` names a column with the size in metres on the ground.
    """

    kind: str
    layer: str
    options: dict[str, str]
    size_field: str = ""


@dataclass(frozen=True)
class Class:
    """One class of a legend: ``test`` is a value, a pair of bounds, or a filter expression, by renderer."""

    symbol: Symbol
    label: str
    test: Any = ""


def rgba(colour: str, alpha: int = 255) -> str:
    """``#2b6cb0`` as QGIS writes it: ``43,108,176,255``."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},{alpha}"


def square(colour: str, size_field: str) -> Symbol:
    """A square without outline as large on the ground as its cell."""
    options = {"name": "square", "color": rgba(colour), "outline_style": "no", "size": "100", "size_unit": METRES}
    return Symbol("marker", "SimpleMarker", options, size_field)


def ring(colour: str, size_mm: float) -> Symbol:
    """A white disc with a coloured rim."""
    options = {
        "name": "circle",
        "color": rgba(style()["paper"]),
        "outline_color": rgba(colour),
        "outline_width": "0.7",
    }
    return Symbol("marker", "SimpleMarker", {**options, "size": f"{size_mm:g}", "size_unit": "MM"})


def line(colour: str, width_mm: float) -> Symbol:
    """A line with round ends."""
    options = {"line_color": rgba(colour), "line_width": f"{width_mm:g}", "line_style": "solid", "capstyle": "round"}
    return Symbol("line", "SimpleLine", {**options, "joinstyle": "round", "line_width_unit": "MM"})


def fill(colour: str, rim: str = "", alpha: int = 255) -> Symbol:
    """A plain area; `alpha` 0 leaves only the rim."""
    options = {"color": rgba(colour, alpha), "style": "solid" if alpha else "no"}
    outline = {"outline_color": rgba(rim), "outline_width": "0.4"} if rim else {"outline_style": "no"}
    return Symbol("fill", "SimpleFill", {**options, **outline})


def single(symbol: Symbol) -> ET.Element:
    """A renderer that draws every feature alike."""
    return _renderer("singleSymbol", [Class(symbol, "")])


def categorised(column: str, classes: Sequence[Class]) -> ET.Element:
    """A renderer by value; the empty value stands for all others."""
    root = _renderer("categorizedSymbol", classes, attr=column)
    listed = ET.SubElement(root, "categories")
    for k, each in enumerate(classes):
        attributes = {"value": str(each.test), "symbol": str(k), "label": each.label, "render": "true"}
        ET.SubElement(listed, "category", {**attributes, "type": "string"})
    return root


def graduated(column: str, classes: Sequence[Class]) -> ET.Element:
    """A renderer by ranges; each class tests ``(lower, upper)``."""
    root = _renderer("graduatedSymbol", classes, attr=column, graduatedMethod="GraduatedColor")
    listed = ET.SubElement(root, "ranges")
    for k, each in enumerate(classes):
        lower, upper = each.test
        bounds = {"lower": f"{lower:.6f}", "upper": f"{upper:.6f}"}
        ET.SubElement(listed, "range", {**bounds, "symbol": str(k), "label": each.label, "render": "true"})
    return root


def ruled(classes: Sequence[Class]) -> ET.Element:
    """A renderer by filter expressions; ``ELSE`` takes what no other rule took."""
    root = _renderer("RuleRenderer", classes)
    listed = ET.SubElement(root, "rules", {"key": "rules"})
    for k, each in enumerate(classes):
        ET.SubElement(listed, "rule", {"key": f"rule{k}", "symbol": str(k), "filter": each.test, "label": each.label})
    return root


def _renderer(kind: str, classes: Sequence[Class], **attributes: str) -> ET.Element:
    common = {"type": kind, "symbollevels": "0", "enableorderby": "0", "forceraster": "0", "referencescale": "-1"}
    root = ET.Element("renderer-v2", {**common, **attributes})
    symbols = ET.SubElement(root, "symbols")
    for k, each in enumerate(classes):
        symbols.append(_symbol(each.symbol, str(k)))
    return root


def _symbol(symbol: Symbol, name: str) -> ET.Element:
    root = ET.Element(
        "symbol", {"type": symbol.kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    )
    layer = ET.SubElement(root, "layer", {"class": symbol.layer, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for key, value in symbol.options.items():
        _text(options, key, value)
    for key, value in symbol.options.items():  # QGIS before 3.18 reads these
        ET.SubElement(layer, "prop", {"k": key, "v": value})
    if symbol.size_field:
        layer.append(_sized_by(symbol.size_field))
    return root


def _sized_by(column: str) -> ET.Element:
    """The size taken from a column; 100 where the column is empty or nought."""
    root = ET.Element("data_defined_properties")
    outer = ET.SubElement(root, "Option", {"type": "Map"})
    _text(outer, "name", "")
    size = ET.SubElement(ET.SubElement(outer, "Option", {"type": "Map", "name": "properties"}), "Option")
    size.attrib.update({"type": "Map", "name": "size"})
    ET.SubElement(size, "Option", {"type": "bool", "name": "active", "value": "true"})
    _text(size, "expression", f'coalesce(nullif("{column}", 0), 100)')
    ET.SubElement(size, "Option", {"type": "int", "name": "type", "value": "3"})
    _text(outer, "type", "collection")
    return root


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, "Option", {"type": "QString", "name": name, "value": value})


def document(renderer: ET.Element, columns: Sequence[str], language: str, label_column: str = "") -> str:
    """A whole QML file: the renderer, readable column names, and labels from `label_column` if any."""
    parts = "Symbology|Labeling|Fields" if label_column else "Symbology|Fields"
    root = ET.Element(
        "qgis", {"version": VERSION, "styleCategories": parts, "labelsEnabled": str(int(bool(label_column)))}
    )
    root.append(renderer)
    if label_column:
        root.append(_labels(label_column))
    aliases = ET.SubElement(root, "aliases")
    for k, column in enumerate(columns):
        ET.SubElement(aliases, "alias", {"field": column, "name": column_title(column, language), "index": str(k)})
    ET.indent(root, " ")
    return HEAD + ET.tostring(root, encoding="unicode")


def _labels(column: str) -> ET.Element:
    """Labels beside their point, or about the middle of their area."""
    root = ET.Element("labeling", {"type": "simple"})
    settings = ET.SubElement(root, "settings", {"calloutType": "simple"})
    ink, paper = rgba(style()["ink"]), rgba(style()["paper"])
    text = ET.SubElement(settings, "text-style", {"fieldName": column, "isExpression": "0", "fontSize": "8"})
    text.attrib.update({"textColor": ink, "fontSizeUnit": "Point", "textOpacity": "1"})
    buffer = {
        "bufferDraw": "1",
        "bufferSize": "0.8",
        "bufferSizeUnits": "MM",
        "bufferColor": paper,
        "bufferOpacity": "1",
    }
    ET.SubElement(text, "text-buffer", buffer)
    ET.SubElement(settings, "placement", {"placement": "0", "dist": "1", "distUnits": "MM"})
    ET.SubElement(settings, "rendering", {"scaleVisibility": "0", "obstacle": "1"})
    return root
