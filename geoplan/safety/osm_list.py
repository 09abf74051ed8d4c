"""The OSM fix list: tags that contradict one another, values nobody knows, and tags missing where pupils walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.faulty import faulty_tags
from geoplan.safety.lists import described, ranked
from layers.bundle import Streets

F64 = NDArray[np.float64]
TAGGED_AS = {"separation": "verge"}  # what a level needs to know, by the tag that would tell it
FIX = ("rank", "osm_type", "osm_id", "problem", "tag", "value", "pupils")


def wrong_tags(streets: Streets, walked: F64, crossed: F64) -> pd.DataFrame:
    """Tags that cannot be understood or contradict one another, a row each.

    Parameters
    ----------
    walked, crossed
        float64: pupils per row of the edges and of the nodes; the most pupils on any edge of a way count.

    Returns
    -------
    pandas.DataFrame
        ``osm_type, osm_id, problem, tag, value, pupils``.
    """
    found = faulty_tags(streets).rename(columns={"code": "problem"})
    met = {
        "way": _most(streets.edges["osm_id"].astype(str).to_numpy(object), walked),
        "node": _most(streets.nodes["osm_id"].astype(str).to_numpy(object), crossed),
    }
    pairs = zip(found["osm_type"], found["osm_id"], strict=True)
    return found.assign(pupils=np.array([met[kind].get(name, 0.0) for kind, name in pairs], dtype=np.float64))[
        list(FIX[1:])
    ].reset_index(drop=True)


def _most(names: NDArray[np.object_], pupils: F64) -> Mapping[str, float]:
    return {str(name): float(most) for name, most in pd.Series(pupils).groupby(names).max().items() if most > 0}


def missing_tags(elements: pd.DataFrame, pupils: F64) -> pd.DataFrame:
    """Tags that are not there and that a level needed, a row each, on elements somebody walks past.

    Parameters
    ----------
    elements
        ``kind, osm_id, assumed`` and, for crossings, ``mapped`` and ``road_id`` (OSM id of the way crossed, to which
        its speed and lanes belong). A crossing that is not mapped has the problem ``crossing_missing``.
    pupils
        float64 per element.
    """
    walked = np.flatnonzero(pupils > 0)
    part = described(elements, walked)
    part["assumed"] = elements["assumed"].astype("object").fillna("").to_numpy(object)[walked]
    part["road_id"] = elements["road_id"].to_numpy(object)[walked] if "road_id" in elements else None
    told = zip(part.to_dict("records"), pupils[walked], strict=True)
    rows = [(*missing, "", many) for record, many in told for missing in _missing(record)]
    return pd.DataFrame(rows, columns=list(FIX[1:]))


def _missing(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Type, id, problem and tag of what is missing at an element."""
    tags = [TAGGED_AS.get(tag, tag) for tag in str(record["assumed"]).split(";") if tag]
    if record["kind"] == "segment":
        yield from (("way", record["osm_id"], "tag_missing", tag) for tag in tags)
        return
    node = str(record["osm_id"]).partition("-")[0]  # node-way where no crossing is mapped
    if not record["mapped"]:
        yield "node", node, "crossing_missing", "crossing"
    own = [tag for tag in tags if tag.startswith("crossing")]
    yield from (("node", node, "tag_missing", tag) for tag in own if record["mapped"])
    if isinstance(record["road_id"], str):
        yield from (("way", record["road_id"], "tag_missing", tag) for tag in tags if tag not in own)


def fix_list(*parts_: pd.DataFrame) -> pd.DataFrame:
    """The lists of faults as one: a row per element, problem and tag, what most pupils meet first.

    Among what as many pupils meet, contradictions and wrong values come first, then crossings, then missing tags.
    """
    given = [part for part in parts_ if len(part)]
    if not given:
        return pd.DataFrame(columns=list(FIX))
    together = pd.concat(given, ignore_index=True)
    keys = ["osm_type", "osm_id", "problem", "tag", "value"]
    once = together.groupby(keys, as_index=False, sort=True)["pupils"].max()
    once["weight"] = once["problem"].map({"crossing_missing": 1, "tag_missing": 2}).fillna(0)
    return ranked(once, ["pupils", "weight"], [False, True], FIX)
