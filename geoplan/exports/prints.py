"""Files of the printable map sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from geoplan.exports.orders import Job, Order


def sheets_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>-sheets-<language>.pdf`` with every sheet, and each sheet as a PNG."""
    from geoplan.exports import sheets

    prepared = cache(partial(sheets.scene, order.run))
    names = sheets.sheet_names(order.run)
    yield f"{order.name('sheets')}.pdf", partial(_pdf, order, names, prepared)
    for name in names:
        yield f"{order.name('map-' + name.replace(':', '-'))}.png", partial(_png, order, name, prepared)


def _pdf(order: Order, names: list[str], prepared: Callable[[], Any], path: Path) -> None:
    from geoplan.exports import sheets

    cover = order.document.cover
    path.write_bytes(sheets.sheets_pdf(prepared(), names, cover, order.language, paper=order.paper))


def _png(order: Order, name: str, prepared: Callable[[], Any], path: Path) -> None:
    from geoplan.exports import sheets

    cover = order.document.cover
    path.write_bytes(sheets.sheet_png(prepared(), name, cover, order.language, paper=order.paper))
