"""The proposal as a PDF, typeset with its fonts embedded; the same run gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from geoplan.exports.document.parts import Document, Picture, Placed, Table, Text, placed
from geoplan.exports.document.words import catalogue, title
from geoplan.exports.fonts import font_family, font_file
from geoplan.exports.orders import Job, Order
from geoplan.exports.pinned import moment
from geoplan.style import style

MAIN = "proposal.typ"
Draw = Callable[[str], bytes]  # a sheet's name to its picture


def pdf_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>-proposal-<language>.pdf``."""
    made = order.document  # what cannot be made is told before anything is written
    font_file()
    yield f"{order.name('proposal')}.pdf", partial(_write, made, order.picture)


def _write(made: Document, draw: Draw, path: Path) -> None:
    path.write_bytes(typeset(made, draw))


def typeset(made: Document, draw: Draw) -> bytes:
    """The bytes of the PDF.

    Raises
    ------
    PlanError
        No font with Chinese letters is there.
    """
    import typst

    pictures: dict[str, bytes] = {}
    data = json.dumps(_data(made, pictures, draw), ensure_ascii=False).encode()
    main = files("geoplan.exports").joinpath("templates", MAIN).read_bytes()
    with TemporaryDirectory(prefix="geoplan-") as folder:
        for name, content in {MAIN: main, "document.json": data, **pictures}.items():
            (Path(folder) / name).write_bytes(content)
        return typst.compile(
            Path(folder) / MAIN,
            root=Path(folder),
            font_paths=[font_file().parent],
            ignore_system_fonts=True,
            timestamp=int(moment(made.created).timestamp()),
        )


def _data(made: Document, pictures: dict[str, bytes], draw: Draw) -> dict[str, Any]:
    when = moment(made.created)
    cover = made.cover
    return {
        "language": made.language,
        "font": font_family(),
        "created": {key: getattr(when, key) for key in ("year", "month", "day", "hour", "minute", "second")},
        "look": look(),
        "words": {
            "draft": catalogue()["cover"]["draft"][made.language],
            "contents": title("contents", made.language),
        },
        "cover": {
            "title": cover.title, "region": cover.region, "date": cover.date, "notice": cover.notice,
            "draft": cover.draft, "run_line": cover.run_line, "facts": cover.facts,
        },
        "sections": [
            {
                "title": section.title,
                "blocks": [_block(part, pictures, draw) for part in placed(section)],
            }
            for section in made.sections
        ],
    }  # fmt: skip


def look() -> Mapping[str, str]:
    """Colours of documents, those of the pages."""
    tokens = style()["tokens"]
    return {
        "ink": tokens["ink"], "quiet": tokens["ink-2"], "line": tokens["line"], "accent": tokens["accent"],
        "wash": tokens["accent-wash"], "alarm": tokens["outreach"], "amber": tokens["noplace"],
    }  # fmt: skip


def _block(part: Placed, pictures: dict[str, bytes], draw: Draw) -> dict[str, Any]:
    block = part.block
    if isinstance(block, Text):
        return {"kind": "text", "tone": block.tone, "text": block.text, "sticky": part.sticky}
    if isinstance(block, Table):
        heads = [{"title": head.title, "numeric": head.numeric, "width": head.width} for head in block.columns]
        rows = [[cell.text for cell in row] for row in block.rows]
        return {"kind": "table", "title": part.title, "columns": heads, "rows": rows}
    return {"kind": "picture", "file": _picture(block, pictures, draw), "caption": block.caption}


def _picture(block: Picture, pictures: dict[str, bytes], draw: Draw) -> str:
    name = f"{block.sheet.replace(':', '-')}.png"
    if name not in pictures:
        pictures[name] = draw(block.sheet)
    return name
