"""Levels of traffic stress along every walkable street: 1 fit for children alone … 4 not fit for children.

After the Pedestrian Level of Traffic Stress (Oregon APM ch. 14, TxDOT TSP manual): the worst characteristic of a
street governs. The figures stand in the tables ``segment_*`` and ``road_prior_*``. What the map does not tell gives
bounds: `level_low` is the best, `level_high` the worst over all that is unknown, within the plausible range of the
class. Ways closed to walking have no level: they are not there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geoplan.safety.audit import audited
from geoplan.safety.beside import has_pavement_beside
from geoplan.safety.kinds import Kinds, kinds
from geoplan.safety.segments import EDGE_TAGS, SAFETY_TAGS, judge
from geoplan.standards import Standards
from layers.bundle import Streets


def segment_levels(
    streets: Streets, standards: Standards, *, rural: ArrayLike, audit: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Level of every walkable edge.

    Parameters
    ----------
    streets
        Edges with their tags.
    standards
        The profile in force; its tables are those of all profiles.
    rural
        bool per edge, whether it lies outside towns.
    audit
        Field survey (see `geoplan.safety.audit`), which overrides the tags.

    Returns
    -------
    pd.DataFrame
        Index: rows of ``streets.edges`` that may be walked. ``level_low, level_high`` int8 1 … 4; ``rule`` a code
        with a sentence in `geoplan.reasons`; ``assumed`` the tags that were not known and mattered, ``used`` those
        that were read, joined by ``;``; ``known_<tag>`` int8 for maxspeed, lanes, sidewalk, lit, surface: 1 known, 0
        not known, -1 does not apply. All text is categorical.
    """
    edges = audited(streets, audit).edges
    grouped = edge_kinds(edges, np.asarray(rural, bool))
    found = grouped.each(judge)
    walk = np.flatnonzero(edges["walk"].to_numpy(bool))
    code = grouped.code[walk]
    known = np.array([one.known for one in found], np.int8).reshape(-1, len(SAFETY_TAGS))
    columns = {
        "level_low": np.array([one.low for one in found], np.int8)[code],
        "level_high": np.array([one.high for one in found], np.int8)[code],
        "rule": spread([one.rule for one in found], code),
        "assumed": spread([";".join(one.assumed) for one in found], code),
        "used": spread([";".join(one.used) for one in found], code),
        **{f"known_{tag}": known[code, k] for k, tag in enumerate(SAFETY_TAGS)},
    }
    return pd.DataFrame(columns, index=pd.Index(walk, name="edge"))


def edge_kinds(edges: pd.DataFrame, rural: NDArray[np.bool_]) -> Kinds:
    """Kinds of edges by every tag a level may rest on, setting, direction and pavements beside."""
    return kinds(
        edges,
        EDGE_TAGS,
        rural=rural,
        forward=edges["drive_forward"].to_numpy(bool),
        backward=edges["drive_backward"].to_numpy(bool),
        beside=has_pavement_beside(edges),
    )


def spread(texts: list[str], code: NDArray[np.int32]) -> pd.Categorical:
    """Text per row from text per kind, as a categorical with sorted categories."""
    names = sorted({texts[k] for k in np.unique(code)})
    place = {name: k for k, name in enumerate(names)}
    of_kind = np.array([place.get(text, -1) for text in texts], np.int32)
    return pd.Categorical.from_codes(of_kind[code] if names else code, categories=names)


def completeness(levels: pd.DataFrame, weight: ArrayLike) -> dict[str, float]:
    """Share of weight on edges whose tag is known, among those where it applies; NaN where it applies nowhere.

    Parameters
    ----------
    levels
        From `segment_levels`, or any table with ``known_<tag>`` columns (1, 0, -1), as crossing elements have.
    weight
        Per row: metres, pupil-metres, or pupils. Not negative.
    """
    amount = np.asarray(weight, float)
    shares = {}
    for name in levels.columns[levels.columns.str.startswith("known_")]:
        known = levels[name].to_numpy()
        base = float(amount[known >= 0].sum())
        shares[name.removeprefix("known_")] = float(amount[known == 1].sum()) / base if base > 0 else float("nan")
    return shares
