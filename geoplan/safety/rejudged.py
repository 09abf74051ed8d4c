"""Levels after a measure by the rules that judged the streets before: a measure is the tags it would carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.crossings import arm_kinds
from geoplan.safety.facilities import NODE_TAGS, cross, facility
from geoplan.safety.kinds import Kinds, kinds
from geoplan.safety.levels import edge_kinds
from geoplan.safety.measures import Judge, tags_of
from geoplan.safety.segments import judge
from geoplan.standards import table
from layers.bundle import Streets

I8 = NDArray[np.int8]
Tags = Mapping[str, Any]


def by_rules(streets: Streets, rural: NDArray[np.bool_], crossings: pd.DataFrame) -> Judge:
    """Highest levels after a set of measures, for :func:`geoplan.safety.measures.fixes`.

    Parameters
    ----------
    streets
        With the field survey's values, where there is one.
    rural
        bool per edge.
    crossings
        ``Crossings.table``: the arm that decides each element, and the node it is mapped at.

    Returns
    -------
    Judge
        Asks for elements with ``element``, their row in `geoplan.safety.elements.elements_table`, and ``kind``.
        Speed and lanes that are not known stay as they are at worst, so a fix holds whatever they are.
    """
    n_edges = len(streets.edges)
    walked, crossed = edge_kinds(streets.edges, rural), arm_kinds(streets.edges, rural)
    nodes = kinds(streets.nodes, NODE_TAGS)
    arm = crossings["arm_edge"].to_numpy(np.int64)
    here = _nodes(streets, crossings)

    def after(elements: pd.DataFrame, chosen: tuple[str, ...]) -> I8:
        row = elements["element"].to_numpy(np.int64)
        level = elements["level_high"].to_numpy(np.int8).copy()
        segment, crossing = ((elements["kind"] == kind).to_numpy() for kind in ("segment", "crossing"))
        level[segment] = _walked(walked, row[segment], chosen)
        at = row[crossing] - n_edges
        level[crossing] = _crossed(crossed.code[arm[at]], nodes.code[here[at]], (crossed, nodes), chosen)
        return level

    return after


def _walked(streets: Kinds, rows: NDArray[np.int64], chosen: tuple[str, ...]) -> I8:
    code, which = np.unique(streets.code[rows], return_inverse=True)
    levels = [judge(retagged(streets.tags[kind], chosen)).high for kind in code]
    return np.array(levels, dtype=np.int8)[which]


def _crossed(
    arm: NDArray[np.int32], node: NDArray[np.int32], known: tuple[Kinds, Kinds], chosen: tuple[str, ...]
) -> I8:
    arms, nodes = known
    pairs, which = np.unique(np.stack([arm, node]), axis=1, return_inverse=True)
    levels = [
        cross(arms.tags[one], facility(retagged(nodes.tags[other], chosen))).high for one, other in pairs.T.tolist()
    ]
    return np.array(levels, dtype=np.int8)[which.ravel()]


def retagged(tags: Tags, chosen: tuple[str, ...]) -> dict[str, Any]:
    """Tags with those of the measures; keys that refine or stand in for a new tag are dropped."""
    new = tags_of(chosen)
    stands_in: Mapping[str, list[str]] = table("retrofit_tags").extra["stands_in"]
    old = {key for tag in new for key in tags if key.startswith(f"{tag}:") or key in stands_in.get(tag, ())}
    return {**{key: value for key, value in tags.items() if key not in old}, **new}


def _nodes(streets: Streets, crossings: pd.DataFrame) -> NDArray[np.int64]:
    """Row of the node each element is mapped at, else of the node it is at."""
    row_of = {str(osm_id): row for row, osm_id in enumerate(streets.nodes["osm_id"])}
    pairs = zip(crossings["osm_id"].astype(str), crossings["node"], strict=True)
    return np.array([row_of.get(osm_id, node) for osm_id, node in pairs], dtype=np.int64)
