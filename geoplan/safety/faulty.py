"""What is wrong with the safety tags of the streets: a row an element for mending, a fault a value for reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.facilities import NODE_TAGS, facility
from geoplan.safety.kinds import Kinds, kinds
from geoplan.safety.levels import edge_kinds
from geoplan.safety.segments import judge
from geoplan.safety.tags import Wrong
from layers.bundle import Streets
from layers.errors import Fault

SHOWN = 5
"""Ids named in one fault; the table has them all."""


def faulty_tags(streets: Streets) -> pd.DataFrame:
    """Elements with tags that cannot be understood or contradict one another.

    Returns
    -------
    pd.DataFrame
        ``code, osm_type`` (way, node)``, osm_id`` (str)``, tag, value``; one row an element and fault, sorted. Edges
        made of several ways are left out where they merely have the values of all of them.
    """
    edges, nodes = streets.edges, streets.nodes
    of_edges = edge_kinds(edges, np.zeros(len(edges), bool))
    of_nodes = kinds(nodes, NODE_TAGS)
    ways = _rows(of_edges, [judge(tags).wrong for tags in of_edges.tags], edges["osm_id"].to_numpy(object), "way")
    points = _rows(of_nodes, [facility(tags).wrong for tags in of_nodes.tags], nodes["osm_id"].to_numpy(), "node")
    found = pd.DataFrame([*ways, *points], columns=["code", "osm_type", "osm_id", "tag", "value"])
    merged = found["osm_id"].str.contains(";") & (found["code"] == "tag_several_values")
    return found[~merged].drop_duplicates().sort_values(list(found.columns), ignore_index=True)


def _rows(
    grouped: Kinds, wrong: Sequence[tuple[Wrong, ...]], osm_id: NDArray[np.object_] | NDArray[np.int64], kind: str
) -> list[tuple[str, str, str, str, str]]:
    bad = [k for k, faults in enumerate(wrong) if faults]
    rows = np.flatnonzero(np.isin(grouped.code, bad))
    return [
        (fault.code, kind, str(osm_id[row]), fault.tag, fault.value)
        for row in rows
        for fault in wrong[grouped.code[row]]
    ]


def tag_faults(streets: Streets, file: str = "") -> list[Fault]:
    """One warning a fault, tag and value, naming the first elements and counting all."""
    found = faulty_tags(streets).groupby(["code", "tag", "value"], sort=True)
    return [_told(key, group, file) for key, group in found]


def _told(key: tuple[str, str, str], group: pd.DataFrame, file: str) -> Fault:
    code, tag, value = key
    names = (group["osm_type"] + " " + group["osm_id"]).tolist()
    more = " …" if len(names) > SHOWN else ""
    place = {"tag": tag, "count": len(names), "osm_ids": ", ".join(names[:SHOWN]) + more}
    return Fault(code, "warning", file, column=tag, value=value, params=place)
