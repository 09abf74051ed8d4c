"""Levels as they would be with other tags: the same rules judge streets before and after a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geoplan.safety.crossings import crossing_elements
from geoplan.safety.levels import segment_levels
from geoplan.standards import Standards
from layers.bundle import Streets

Frame = TypeVar("Frame", bound=pd.DataFrame)
I8 = NDArray[np.int8]
NO_ROWS: tuple[int, ...] = ()


def built(
    streets: Streets, tags: Mapping[str, str], *, nodes: ArrayLike = NO_ROWS, edges: ArrayLike = NO_ROWS
) -> Streets:
    """The streets with ``tags`` on some rows of nodes and edges; what does not change is shared.

    Where a side or direction was tagged apart (``sidewalk:left``, ``maxspeed:forward``) it gives way to the tag of
    the whole.
    """
    return replace(streets, nodes=_tagged(streets.nodes, nodes, tags), edges=_tagged(streets.edges, edges, tags))


def _tagged(frame: Frame, rows: ArrayLike, tags: Mapping[str, str]) -> Frame:
    at = np.asarray(rows, np.int64)
    if at.size == 0:
        return frame
    found = frame.copy(deep=False)
    parts = [name for name in frame.columns if str(name).rpartition(":")[0] in tags and name not in tags]
    for name, value in [*((name, None) for name in parts), *tags.items()]:
        given = (
            frame[name].to_numpy(object, copy=True) if name in frame.columns else np.full(len(frame), None, object)
        )
        given[at] = value
        found[name] = pd.Series(given, index=frame.index, dtype=object)
    return found


def segments_built(
    streets: Streets, standards: Standards, tags: Mapping[str, str], *, rural: ArrayLike, edges: ArrayLike
) -> tuple[I8, I8]:
    """Best and worst level of some edges (rows, walkable) once they carry the tags."""
    rows = np.asarray(edges, np.int64)
    found = segment_levels(built(streets, tags, edges=rows), standards, rural=rural).loc[rows]
    return found["level_low"].to_numpy(np.int8), found["level_high"].to_numpy(np.int8)


def crossings_built(
    streets: Streets, standards: Standards, tags: Mapping[str, str], *, rural: ArrayLike, elements: pd.DataFrame
) -> tuple[I8, I8]:
    """Best and worst level of some elements (rows of ``Crossings.table``) once their nodes carry the tags.

    Elements keep their numbers: they depend on geometry and names only.
    """
    there = built(streets, tags, nodes=np.unique(elements["node"].to_numpy()))
    found = crossing_elements(there, standards, rural=rural).table.iloc[elements["element"].to_numpy()]
    return found["level_low"].to_numpy(np.int8), found["level_high"].to_numpy(np.int8)
