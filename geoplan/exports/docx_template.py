"""Word templates of the proposal: what they must and may name, and every fault of one that does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geoplan.errors import PlanError

MUST = frozenset(
    {"title", "region", "date", "run_line", "notice", "draft", "summary", "proposals", "care", "reconciliation",
     "data", "standards"}
)  # fmt: skip
MAY = frozenset(
    {"draft_word", "run_id", "credit", "facts", "contents", "contents_word", "headings", "need", "effect", "safety",
     "appendix"}
)  # fmt: skip
BLOCKS = ("contents", "summary", "need", "proposals", "effect", "safety", "care", "reconciliation", "data",
          "standards", "appendix")  # fmt: skip


def opened(template: bytes, file: Path | None = None) -> Any:
    """A template ready to be filled.

    Raises
    ------
    PlanError
        Every fault: no Word document, a tag that cannot be read, a placeholder that is missing or unknown.
    """
    from docxtpl import DocxTemplate

    name = f"{file}: " if file else ""
    if not _is_word(template):
        raise PlanError(f"{name}not a Word document (.docx); save it as one")
    holder = DocxTemplate(io.BytesIO(template))
    try:
        held = holder.get_undeclared_template_variables()
    except Exception as error:
        raise PlanError(f"{name}a tag cannot be read: {error}") from error
    faults = list(_faults(frozenset(held), _text(template)))
    if faults:
        raise PlanError("\n".join(f"{name}{fault}" for fault in faults))
    holder.init_docx()
    return holder


def _is_word(content: bytes) -> bool:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return "word/document.xml" in package.namelist()


def _text(template: bytes) -> str:
    """The text of the body, for tags that stand alone in a paragraph."""
    with zipfile.ZipFile(io.BytesIO(template)) as package:
        return package.read("word/document.xml").decode("utf-8", errors="replace")


def _faults(held: frozenset[str], text: str) -> Iterator[str]:
    for missing in sorted(MUST - held):
        yield f"the placeholder {_tag(missing)} is missing"
    for unknown in sorted(held - MUST - MAY):
        yield f"the placeholder {_tag(unknown)} is not known; there are: {', '.join(sorted(MUST | MAY))}"
    for block in BLOCKS:
        if block in held and "{{p " not in text:
            yield f"chapters stand in a paragraph of their own, written {_tag(block)}"
            return


def _tag(name: str) -> str:
    return f"{{{{p {name} }}}}" if name in BLOCKS else f"{{{{ {name} }}}}"
