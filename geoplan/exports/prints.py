"""Files of the printable map sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from geoplan.exports.document import Cover
from geoplan.exports.fonts import font_file
from geoplan.exports.orders import Job, Order


def sheets_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>-sheets-<language>.pdf`` with every sheet, and each sheet as a PNG."""
    from geoplan.exports import sheets

    cover = order.document.cover  # what cannot be made is told before anything is written
    font_file()
    prepared = cache(partial(sheets.scene, order.run))
    names = sheets.sheet_names(order.run)
    yield f"{order.name('sheets')}.pdf", lambda path: _pdf(prepared(), names, cover, order, path)
    for name in names:
        file = f"{order.name('map-' + name.replace(':', '-'))}.png"
        yield file, partial(_png, prepared, name, cover, order)


def _pdf(scene: Any, names: list[str], cover: Cover, order: Order, path: Path) -> None:
    from geoplan.exports import sheets

    path.write_bytes(sheets.sheets_pdf(scene, names, cover, order.language, paper=order.paper))


def _png(prepared: Callable[[], Any], name: str, cover: Cover, order: Order, path: Path) -> None:
    from geoplan.exports import sheets

    path.write_bytes(sheets.sheet_png(prepared(), name, cover, order.language, paper=order.paper))
