"""Printable map sheets: title, map, legend in words, scale bar, north arrow, date, sources, run id.

The same maps stand in the documents as figures. Nothing here asks a network; the same run gives the same bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from geoplan.exports.document import Cover
from geoplan.exports.document.words import phrase
from geoplan.exports.pinned import moment
from geoplan.exports.sheets.drawing import draw
from geoplan.exports.sheets.furniture import Column
from geoplan.exports.sheets.layers import Layer, sheet_names
from geoplan.exports.sheets.listing import legend
from geoplan.exports.sheets.scene import Scene, scene
from geoplan.style import style

__all__ = ["PAPERS_MM", "Scene", "figure_png", "scene", "sheet", "sheet_names", "sheet_png", "sheets_pdf"]

PAPERS_MM = {"a4": (297.0, 210.0), "a3": (420.0, 297.0)}
FIGURE_MM = (170.0, 104.0)
FIGURE_DPI, SHEET_DPI = 170, 150
MARGIN_MM, PANEL_MM, HEAD_MM = 10.0, 62.0, 20.0


def sheet(made: Scene, name: str, cover: Cover, language: str, *, paper: str = "a4") -> Figure:
    """One printable sheet, landscape."""
    wide, high = PAPERS_MM[paper]
    figure = _page((wide, high))
    frame = (MARGIN_MM, MARGIN_MM, wide - 2 * MARGIN_MM - PANEL_MM - 4, high - 2 * MARGIN_MM - HEAD_MM)
    shown = draw(_axes(figure, frame), made, name, language)
    head = Column(figure, MARGIN_MM, MARGIN_MM - 1, wide - 2 * MARGIN_MM)
    head.text(shown.title, 17, gap_mm=0.4)
    joint = "：" if language == "zh" else ": "
    subtitle = f"{cover.region} · {cover.title}"
    head.text(subtitle, 9, style()["tokens"]["ink-2"], gap_mm=0.0)
    _panel(figure, made, name, shown, (cover, language, joint))
    return figure


def _panel(figure: Figure, made: Scene, name: str, shown: Layer, said: tuple[Cover, str, str]) -> None:
    cover, language, joint = said
    wide, high = (inches * 25.4 for inches in figure.get_size_inches())
    column = Column(figure, wide - MARGIN_MM - PANEL_MM, MARGIN_MM + HEAD_MM, PANEL_MM)
    if cover.draft:
        column.text(phrase("draft_sheet", language), 13, style()["load"]["over"])
    legend(column, made.run, name, shown, language)
    quiet = style()["tokens"]["ink-2"]
    foot = Column(figure, wide - MARGIN_MM - PANEL_MM, max(column.at + 4, high - MARGIN_MM - 46), PANEL_MM)
    for text in (cover.notice, *(f"{key}{joint}{value}" for key, value in cover.facts), cover.date):
        if text:
            foot.text(text, 6.2, style()["load"]["over"] if text == cover.notice else quiet, gap_mm=0.5)


def figure_png(made: Scene, name: str, language: str) -> bytes:
    """A map as a figure of a document: legend beside it, no title; a small PNG."""
    figure = _page(FIGURE_MM)
    wide, high = FIGURE_MM
    shown = draw(_axes(figure, (0.3, 0.3, wide - 46, high - 0.6)), made, name, language)
    legend(Column(figure, wide - 42, 2.0, 42), made.run, name, shown, language, named=False)
    return _png(figure, FIGURE_DPI)


def sheet_png(made: Scene, name: str, cover: Cover, language: str, *, paper: str = "a4") -> bytes:
    """A printable sheet as a PNG."""
    return _png(sheet(made, name, cover, language, paper=paper), SHEET_DPI)


def sheets_pdf(made: Scene, names: Sequence[str], cover: Cover, language: str, *, paper: str = "a4") -> bytes:
    """All sheets as one PDF, a page each."""
    out = io.BytesIO()
    when = moment(str(made.run.manifest.get("created") or ""))
    told = {"Title": f"{cover.region}: {cover.title}", "Creator": "geoplan", "CreationDate": when, "ModDate": when}
    with _quiet(), PdfPages(out, metadata=told) as pages:
        for name in names:
            pages.savefig(sheet(made, name, cover, language, paper=paper))
    return out.getvalue()


def _page(size_mm: tuple[float, float]) -> Figure:
    figure = Figure(figsize=(size_mm[0] / 25.4, size_mm[1] / 25.4), dpi=SHEET_DPI, facecolor=style()["paper"])
    FigureCanvasAgg(figure)
    return figure


def _axes(figure: Figure, frame_mm: tuple[float, float, float, float]) -> Any:
    """Axes in a frame (left, bottom, width, height) of millimetres."""
    wide, high = (inches * 25.4 for inches in figure.get_size_inches())
    left, bottom, width, height = frame_mm
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    for side in axes.spines.values():
        side.set(color=style()["tokens"]["line"], linewidth=0.8)
    return axes


def _png(figure: Figure, dpi: int) -> bytes:
    out = io.BytesIO()
    with _quiet():
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": "geoplan"})
    return out.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """A rare letter the font lacks is drawn as a box, without a word to the terminal."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield
