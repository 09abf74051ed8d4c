"""The tables of docs/data-preparation.md, made from the contracts the readers check against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from layers.planfile import PlanFile, Section, TableReading
from layers.schema import contract, contracts, doc_rows

START, END = "<!-- generated: keys and tables -->", "<!-- end of generated part -->"


def document() -> str:
    """Markdown: every key of plan.toml, then every input table with its columns."""
    return "\n".join([START, *_keys(), "", "## Input tables", *_tables(), END])


def _keys() -> Iterator[str]:
    yield "## Keys of plan.toml"
    yield "| key | type | default | what it says |"
    yield "|---|---|---|---|"
    for section, kind in sections():
        for key, field in kind.model_fields.items():
            value = _plain(field.get_default(call_default_factory=True))
            default = "**required**" if field.is_required() else f"`{value}`"
            yield f"| `{section}.{key}` | {_type(field.annotation)} | {default} | {field.description or ''} |"


def sections() -> Iterator[tuple[str, type[Section]]]:
    """The tables of plan.toml with their models."""
    for name, field in PlanFile.model_fields.items():
        if name == "tables":
            yield "tables.<name>", TableReading
            continue
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, Section):
                yield name, kind


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and value:
        return ", ".join(str(item) for item in value)
    return "none" if value is None else "empty" if value in ("", {}, ()) else str(value).lower()


def _type(annotation: Any) -> str:
    text = str(annotation).replace("typing.", "").replace("<class '", "").replace("'>", "")
    text = text.replace("Literal", "").replace(" | None", "").replace("Optional", "").replace("NoneType", "none")
    text = text.replace("|", "or")
    return text.strip("[]") if text.startswith("[") else text


def _tables() -> Iterator[str]:
    for name in contracts():
        table = contract(name)
        yield f"### {name}"
        shape = f" Geometry: {', '.join(table.geometry)}." if table.geometry else ""
        yield f"{table.doc} {table.doc_zh}{shape}"
        yield ""
        yield "| column | kind | unit | required | values | what it says |"
        yield "|---|---|---|:-:|---|---|"
        for row in doc_rows(name):
            cells = (f"`{row['column']}`", row["kind"], row["unit"], row["required"], row["values"], row["doc"])
            yield f"| {' | '.join(cells)} |"
        yield ""
