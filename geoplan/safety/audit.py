"""The field survey: what people saw on the street, in place of what the map says or does not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.facilities import NODE_TAGS
from geoplan.safety.segments import EDGE_TAGS
from layers.bundle import Streets
from layers.errors import Fault
from layers.streets.graph import has_signals

FIXED = frozenset({"highway", "access", "foot", "route", "area", "name"})
"""Tags of ways that decided what the street is and who may use it, before any level."""


class _Entry(NamedTuple):
    row: int
    element: str
    osm_id: str
    tag: str
    value: str
    date: str


def audited(streets: Streets, audit: pd.DataFrame | None) -> Streets:
    """The streets with the survey's values in place of their tags."""
    return streets if audit is None or audit.empty else apply_audit(streets, audit)[0]


def apply_audit(streets: Streets, audit: pd.DataFrame, file: str = "") -> tuple[Streets, list[Fault]]:
    """Override tags by the survey.

    Parameters
    ----------
    audit
        ``osm_type`` (node, way, relation), ``osm_id``, ``tag``, ``value``, ``date`` (ISO); ``_row`` the row of the
        spreadsheet, counted where it is missing.
    file
        Name for the faults.

    Returns
    -------
    streets, faults
        Streets that share what did not change. The newest date wins. Two values of one date are a fault and make the
        tag unknown; ids that are not among the streets, tags that are not read or that decide who may walk are faults
        and change nothing. All of them are warnings, by row.
    """
    entries, faults = _newest(list(_entries(audit)), file)
    nodes, edges = streets.nodes.copy(deep=False), streets.edges.copy(deep=False)
    rows_of_way = _ways(edges["osm_id"].to_numpy(object), {one.osm_id for one in entries if one.element != "node"})
    rows_of_node = _nodes(
        nodes["osm_id"].to_numpy(np.int64), {one.osm_id for one in entries if one.element == "node"}
    )
    changed: dict[tuple[str, str], NDArray[np.object_]] = {}
    touched: set[int] = set()
    for one in entries:
        frame, rows = (nodes, rows_of_node) if one.element == "node" else (edges, rows_of_way)
        code = _refusal(one, frame, rows)
        if code:
            faults.append(_fault(code, one, file))
            continue
        kind = "node" if one.element == "node" else "way"
        values = changed.setdefault((kind, one.tag), _column(frame, one.tag))
        values[rows[one.osm_id]] = one.value or None
        touched |= set(rows[one.osm_id].tolist()) if kind == "node" else set()
    _write(nodes, edges, changed)
    _signals(nodes, touched)
    return replace(streets, nodes=nodes, edges=edges), sorted(faults, key=lambda fault: (fault.row or 0, fault.code))


def _entries(audit: pd.DataFrame) -> Iterator[_Entry]:
    rows = audit["_row"].to_numpy() if "_row" in audit else np.arange(len(audit)) + 2
    columns = (audit[name].astype(str) for name in ("osm_type", "osm_id", "tag", "value", "date"))
    for row, kind, osm_id, tag, value, date in zip(rows, *columns, strict=True):
        name = f"r{osm_id}" if kind == "relation" else osm_id
        yield _Entry(int(row), kind, name, tag.strip(), value.strip(), date.strip())


def _newest(entries: list[_Entry], file: str) -> tuple[list[_Entry], list[Fault]]:
    """One entry an element and tag, and the conflicts; a conflict leaves an entry without a value: unknown."""
    found: dict[tuple[str, str, str], _Entry] = {}
    faults = []
    for one in sorted(entries, key=lambda one: (one.element, one.osm_id, one.tag, one.date, one.value, one.row)):
        key = (one.element, one.osm_id, one.tag)
        before = found.get(key)
        if before is not None and before.date == one.date and before.value != one.value:
            faults.append(_fault("audit_conflict", one, file, other=before.row))
            one = one._replace(value="")
        found[key] = one
    return list(found.values()), faults


def _ways(osm_ids: NDArray[np.object_], wanted: set[str]) -> Mapping[str, NDArray[np.int64]]:
    """Rows of the edges of each way; an edge made of several ways (``1;2``) belongs to all of them."""
    codes, names = pd.factorize(osm_ids)
    of_code = {code: wanted.intersection(str(name).split(";")) for code, name in enumerate(names)}
    hits = [code for code, found in of_code.items() if found]
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(np.isin(codes, hits)):
        for name in of_code[codes[row]]:
            rows.setdefault(name, []).append(int(row))
    return {name: np.array(found, np.int64) for name, found in rows.items()}


def _nodes(osm_ids: NDArray[np.int64], wanted: set[str]) -> Mapping[str, NDArray[np.int64]]:
    numbers = np.array(sorted(int(name) for name in wanted if name.lstrip("-").isdigit()), np.int64)
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(np.isin(osm_ids, numbers)):
        rows.setdefault(str(osm_ids[row]), []).append(int(row))
    return {name: np.array(found, np.int64) for name, found in rows.items()}


def _refusal(one: _Entry, frame: pd.DataFrame, rows: Mapping[str, Any]) -> str:
    """Fault code that keeps an entry from being used; empty when it is used."""
    if one.element != "node" and one.tag in FIXED:
        return "audit_tag_fixed"
    if one.tag not in frame.columns and one.tag not in (NODE_TAGS if one.element == "node" else EDGE_TAGS):
        return "audit_tag_unknown"
    return "" if one.osm_id in rows else "audit_id_unknown"


def _column(frame: pd.DataFrame, tag: str) -> NDArray[np.object_]:
    if tag not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    return frame[tag].to_numpy(dtype=object, copy=True)


def _write(nodes: pd.DataFrame, edges: pd.DataFrame, changed: Mapping[tuple[str, str], NDArray[np.object_]]) -> None:
    for (kind, tag), values in changed.items():
        frame = nodes if kind == "node" else edges
        frame[tag] = pd.Series(values, index=frame.index, dtype=object)


def _signals(nodes: pd.DataFrame, touched: set[int]) -> None:
    """The flag again for surveyed nodes, from their tags."""
    if not touched or "signals" not in nodes.columns:
        return
    rows = sorted(touched)
    names = [name for name in ("highway", "crossing", "crossing:signals") if name in nodes.columns]
    flag = nodes["signals"].to_numpy(bool, copy=True)
    for row, values in zip(rows, nodes[names].iloc[rows].to_dict("records"), strict=True):
        flag[row] = has_signals({str(key): str(value) for key, value in values.items() if pd.notna(value)})
    nodes["signals"] = flag


def _fault(code: str, one: _Entry, file: str, **params: Any) -> Fault:
    place = {"element": one.element, "osm_id": one.osm_id.removeprefix("r"), "tag": one.tag, **params}
    return Fault(code, "warning", file, one.row, "osm_id" if code == "audit_id_unknown" else "tag", one.value, place)
