"""The proposal as a Word document, from a template that can be replaced; the same run gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from geoplan.exports.document.parts import Document
from geoplan.exports.document.words import catalogue, title
from geoplan.exports.docx_blocks import Builder
from geoplan.exports.docx_template import opened
from geoplan.exports.fonts import font_file
from geoplan.exports.orders import Job, Order
from geoplan.exports.pinned import moment, pinned


def docx_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>-proposal-<language>.docx``.

    Raises
    ------
    PlanError
        The template of the order is no Word document or lacks placeholders: every fault at once, before anything is
        written.
    """
    own = None if order.template is None else order.template.read_bytes()
    if own is not None:
        opened(own, order.template)
    made = order.document  # what cannot be made is told before anything is written
    font_file()
    yield f"{order.name('proposal')}.docx", lambda path: _write(made, order.picture, own, path)


def _write(made: Document, draw: Callable[[str], bytes], template: bytes | None, path: Path) -> None:
    path.write_bytes(word_document(made, draw, template=template))


def word_document(made: Document, draw: Callable[[str], bytes], *, template: bytes | None = None) -> bytes:
    """The bytes of the Word document; ``draw`` makes the picture of a map by its name."""
    holder = opened(template if template is not None else own_template())
    holder.render(_context(made, Builder(holder.docx, made.language, draw)), autoescape=True)
    _properties(holder.docx, made)
    out = io.BytesIO()
    holder.save(out)
    return pinned(out.getvalue(), made.created)


def own_template() -> bytes:
    """The template that comes with geoplan."""
    return files("geoplan.exports").joinpath("templates", "proposal.docx").read_bytes()


def _context(made: Document, builder: Builder) -> dict[str, Any]:
    """What a template may name: docs/documents.md lists it."""
    cover = made.cover
    bodies = {section.key: builder.section(section) for section in made.sections}
    return {
        "title": cover.title,
        "region": cover.region,
        "date": cover.date,
        "notice": cover.notice,
        "draft": cover.draft,
        "draft_word": catalogue()["cover"]["draft"][made.language],
        "run_id": made.run_id,
        "run_line": cover.run_line,
        "credit": cover.credit,
        "facts": [{"name": name, "value": value} for name, value in cover.facts],
        "contents_word": title("contents", made.language),
        "contents": builder.contents(made.sections),
        "headings": {section.key: section.title for section in made.sections},
        **bodies,
    }


def _properties(document: Any, made: Document) -> None:
    properties = document.core_properties
    properties.title = f"{made.cover.region}: {made.cover.title}"
    properties.author = properties.last_modified_by = "geoplan"
    properties.subject, properties.language = made.cover.run_line, {"en": "en-GB", "zh": "zh-CN"}[made.language]
    properties.created = properties.modified = moment(made.created).replace(tzinfo=None)
    properties.revision = 1
