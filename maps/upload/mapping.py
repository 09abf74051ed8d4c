"""Which column of a file is which column of a table: the form's rows, and what a person chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from layers.aliases import PLACES, canonical
from layers.datum import DATUMS
from layers.incoming.look import Sheet
from layers.incoming.roles import matched, roles
from layers.schema import Column, Contract, contract
from layers.tables.places import read_crs
from maps.language import Say, speaker
from maps.upload.record import Item

CHOSEN, SAME = "column-", "value-"
"""Fields of the form: this and the name of a column; one heading, or one value for every row."""


def table_of(item: Item) -> Contract | None:
    """The contract a data set is read under; None where it is no table or not used."""
    role = roles().get(item.role)
    return contract(role.table) if role and role.table and item.table else None


def current(item: Item) -> dict[str, str]:
    """Heading by column as the plan reads it now: what was said, else what the alias tables find."""
    table, sheet = table_of(item), item.table
    if table is None or sheet is None:
        return {}
    named = set(item.columns.values())
    found = {name: head for name, head in matched(sheet.columns, table).items() if head not in named}
    return {name: head for name, head in {**found, **item.columns}.items() if head}


def with_columns(item: Item, form: Mapping[str, str]) -> Item:
    """The data set with columns, values, datum and CRS as a form says; what is no answer changes nothing."""
    table, sheet = table_of(item), item.table
    if table is None or sheet is None:
        return item
    chosen = {
        key[len(CHOSEN) :]: head
        for key, head in form.items()
        if key.startswith(CHOSEN) and (head == "" or head in sheet.columns)
    }
    known = {column.name for column in _columns(table, sheet)}
    columns = {**current(item), **{name: head for name, head in chosen.items() if name in known}}
    datum = form.get("datum", item.datum)
    crs = form["crs"].strip()[:40] if "crs" in form else item.crs
    return replace(
        item,
        columns=_told(columns, table, sheet),
        values=_values(form, columns, known - {*PLACES, "id"}) if chosen else item.values,
        datum=datum if datum in DATUMS else None,
        crs=crs or None,
        confirmed=item.confirmed or "datum" in form,
    )


def crs_fault(item: Item, language: str) -> str:
    """Why the CRS said is none; empty where it is one, or none was said."""
    if not item.crs:
        return ""
    faults = read_crs(item.crs, item.name, "crs")[1]
    return faults[0].remedy(language) if faults else ""


def _values(form: Mapping[str, str], columns: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """Values said for every row, of columns no heading serves for."""
    said = {key[len(SAME) :]: text.strip()[:200] for key, text in form.items() if key.startswith(SAME)}
    return {name: text for name, text in said.items() if text and name in known and not columns.get(name)}


def _told(columns: Mapping[str, str], table: Contract, sheet: Sheet) -> dict[str, str]:
    """What plan.toml must say: headings the alias tables would not find, or not for all they serve for."""
    by_alias: dict[str, list[str]] = {}
    for head in sheet.columns:
        by_alias.setdefault(canonical(head, table) or "", []).append(head)
    shared = {head for head in columns.values() if head and list(columns.values()).count(head) > 1}
    return {
        name: head
        for name, head in columns.items()
        if head in shared or (by_alias.get(name) != [head] if head else name in by_alias)
    }


def _columns(table: Contract, sheet: Sheet) -> list[Column]:
    """Columns of a table that can be chosen; families by stage written out, places where the file has none."""
    places = () if sheet.geometry or not table.geometry else PLACES
    written = [replace(column, name=name) for column in table.columns for name in column.names() if "<" not in name]
    return [*written, *(Column(name, "text" if name == "wkt" else "number") for name in places)]


def form_rows(item: Item, language: str) -> list[dict[str, Any]]:
    """The rows of the form: required columns, then those found, then the rest."""
    table, sheet = table_of(item), item.table
    if table is None or sheet is None:
        return []
    found, say = current(item), speaker(language)
    rows = [_row(column, found, item, language, say) for column in _columns(table, sheet)]
    return sorted(rows, key=lambda row: (not row["required"], not (row["heading"] or row["value"])))


def _row(column: Column, found: Mapping[str, str], item: Item, language: str, say: Say) -> dict[str, Any]:
    heading, value = found.get(column.name, ""), item.values.get(column.name, "")
    sheet = item.table
    doc = column.doc_zh if language == "zh" else column.doc
    return {
        "name": column.name,
        "doc": doc or place_names(say).get(column.name, ""),
        "unit": column.unit,
        "required": column.required,
        "shown": column.required or bool(heading or value),
        "value": value,
        "fillable": column.name not in (*PLACES, "id"),
        "heading": heading,
        "samples": sheet.samples.get(heading, []) if sheet else [],
        "allowed": list(column.allowed),
    }


def place_names(say: Say) -> dict[str, str]:
    """What columns of places are."""
    return {
        "lon": say("longitude, degrees"),
        "lat": say("latitude, degrees"),
        "x": say("easting, in the coordinate system below"),
        "y": say("northing, in the coordinate system below"),
        "wkt": say("geometry as text (WKT)"),
    }


def unused(item: Item) -> list[str]:
    """Headings that serve for no column."""
    sheet = item.table
    taken = set(current(item).values())
    return [head for head in sheet.columns if head not in taken] if sheet else []
