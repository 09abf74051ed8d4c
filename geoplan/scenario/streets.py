"""Works on streets and crossings as the tags they would carry, so that the same rules judge before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoplan.safety.measures import tags_of
from geoplan.safety.rejudged import retagged
from geoplan.standards import table
from layers.bundle import Streets
from layers.scenariofile import Element
from layers.streets.graph import has_signals

I64 = NDArray[np.int64]
FAR_M = 30.0
"""A stretch is taken to be meant by a point no farther from it than this."""


def retrofitted(streets: Streets, works: Sequence[tuple[Element, BaseGeometry | None]]) -> tuple[Streets, list[str]]:
    """The streets with the tags of what is built.

    Parameters
    ----------
    streets
        With the field survey's values: what is built counts after the survey.
    works
        Elements, each with the point that chooses a stretch of its way, where there is one.

    Returns
    -------
    streets, reasons
        Streets that share what did not change; and for every element that could not be found, or measure that is not
        known or not built on such a place, the reason.
    """
    kinds = {row["measure"]: row["kind"] for row in table("retrofit_measures").records()}
    nodes, edges = streets.nodes.copy(deep=False), streets.edges.copy(deep=False)
    built: dict[tuple[str, int], list[str]] = {}
    refused = []
    for element, point in works:
        where, rows = _rows(streets, element, point)
        wrong = _refusal(element, where, rows, kinds)
        refused += [wrong] if wrong else []
        for row in () if wrong else rows.tolist():
            built.setdefault((where, row), []).extend(element.measures)
    order = {name: at for at, name in enumerate(kinds)}
    for (where, row), names in sorted(built.items()):
        chosen = tuple(sorted(set(names), key=order.__getitem__))
        _retag(nodes if where == "crossing" else edges, row, chosen)
    _signal_flags(nodes, [row for where, row in built if where == "crossing"])
    return replace(streets, nodes=nodes, edges=edges), refused


def _rows(streets: Streets, element: Element, point: BaseGeometry | None) -> tuple[str, I64]:
    """``crossing`` and rows of nodes, or ``segment`` and rows of edges."""
    kinds = {row["measure"]: row["kind"] for row in table("retrofit_measures").records()}
    kind = kinds.get(element.measures[0], "")
    if kind == "crossing":
        node = element.osm_id.split("-")[0] if not element.osm_id.startswith("-") else element.osm_id
        return kind, np.flatnonzero(streets.nodes["osm_id"].astype(str).to_numpy() == node)
    ids = streets.edges["osm_id"].astype(str).to_numpy()
    rows = np.flatnonzero([element.osm_id == one or element.osm_id in one.split(";") for one in ids])
    if point is None or not len(rows):
        return kind, rows
    away = shapely.distance(streets.edges.geometry.to_numpy()[rows], point)
    return kind, rows[[int(np.argmin(away))]] if away.min() <= FAR_M else rows[:0]


def _refusal(element: Element, where: str, rows: I64, kinds: Mapping[str, str]) -> str:
    unknown = [name for name in element.measures if name not in kinds]
    if unknown:
        return f"there is no measure {', '.join(unknown)}; known: {', '.join(kinds)}"
    if any(kinds[name] != where for name in element.measures):
        return f"{element.osm_id}: measures of streets and of crossings cannot be mixed"
    what = "street" if where == "segment" else "crossing"
    return "" if len(rows) else f"there is no {what} {element.osm_id} among the streets"


def _retag(frame: pd.DataFrame, row: int, chosen: tuple[str, ...]) -> None:
    """Write the tags of the measures into one row; keys that stood for the old state become empty."""
    before = {str(key): value for key, value in frame.iloc[row].items() if isinstance(value, str)}
    after = retagged(before, chosen)
    for tag in before.keys() | tags_of(chosen).keys():
        if after.get(tag) != before.get(tag):
            frame[tag] = _with_value(frame, tag, row, after.get(tag))


def _with_value(frame: pd.DataFrame, tag: str, row: int, value: Any) -> pd.Series[Any]:
    held = frame[tag].to_numpy(dtype=object, copy=True) if tag in frame else np.full(len(frame), None, dtype=object)
    held[row] = value
    return pd.Series(held, index=frame.index, dtype=object)


def _signal_flags(nodes: pd.DataFrame, rows: Sequence[int]) -> None:
    """The flag again for crossings that were changed, from their tags."""
    if not rows or "signals" not in nodes:
        return
    names = [name for name in ("highway", "crossing", "crossing:signals") if name in nodes]
    flag = nodes["signals"].to_numpy(bool, copy=True)
    for row in rows:
        tags = {str(key): str(value) for key, value in nodes[names].iloc[row].items() if pd.notna(value)}
        flag[row] = has_signals(tags)
    nodes["signals"] = flag
