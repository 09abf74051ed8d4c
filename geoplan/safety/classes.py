"""School classes A to E, and pupils on safe, undetermined and unsafe routes by school, stage and sub-area.

The scale is our own (table ``school_class``): the share of routed pupils on safe routes, one class lower where fewer
than half of the gate checklist is met. It is read twice: ``class_low`` takes all that is unknown as bad,
``class_high`` as good; where they differ both are shown, so that unknown never counts as good. It ranks priorities;
it is not the probability of a crash.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import table

VERDICTS = ("safe", "undetermined", "unsafe")
F64 = NDArray[np.float64]


def pupils_by(routes: pd.DataFrame, by: Sequence[str] = (), *, verdict: str = "verdict") -> pd.DataFrame:
    """Pupils by verdict.

    Parameters
    ----------
    routes
        One row a route: ``pupils``, the verdict column, and the columns of ``by`` (school, stage, area_id …). A
        missing verdict is a pair without a route.
    by
        Columns to group by; one row for all when empty.

    Returns
    -------
    pandas.DataFrame
        Index ``by``, sorted: ``pupils, pupils_routed, safe, undetermined, unsafe, not_routed``. The three verdicts
        add up to the routed, and with ``not_routed`` to the pupils.
    """
    amount = routes["pupils"].to_numpy(np.float64)
    said = routes[verdict].astype(object).to_numpy()
    parts = pd.DataFrame({name: np.where(said == name, amount, 0.0) for name in VERDICTS}, index=routes.index)
    parts["not_routed"] = np.where(np.isin(said, VERDICTS), 0.0, amount)
    keys = [routes[name] for name in by]
    found = parts.groupby(keys, sort=True, observed=True).sum() if by else parts.sum().to_frame().T
    found.insert(0, "pupils_routed", found[list(VERDICTS)].sum(axis=1))
    found.insert(0, "pupils", found["pupils_routed"] + found["not_routed"])
    return found


def before_and_after(routes: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Pupils by verdict before and after a plan: ``safe_before, safe_after`` and so on.

    ``routes`` holds ``verdict_before, verdict_after`` of :func:`geoplan.safety.retrofits.plan_retrofits`.
    """
    one, two = (pupils_by(routes, by, verdict=f"verdict_{when}") for when in ("before", "after"))
    sides = {
        f"{name}_{when}": counts[name] for name in VERDICTS for when, counts in (("before", one), ("after", two))
    }
    return pd.DataFrame({"pupils": one["pupils"], **sides})


def school_classes(
    routes: pd.DataFrame, checklist: pd.DataFrame | None = None, *, by: str = "school"
) -> pd.DataFrame:
    """Class of every school that pupils walk to.

    Parameters
    ----------
    routes
        One row a route: ``pupils, verdict`` and the column ``by``.
    checklist
        :func:`geoplan.safety.gates.by_school`, index the values of ``by``; a school without a row, or all when None,
        has a checklist of which nothing is known.

    Returns
    -------
    pandas.DataFrame
        Index ``by``: the columns of :func:`pupils_by`, ``gate_yes, gate_no, gate_unknown``, ``class_low, class_high``
        (letters; missing where no pupil is routed) and ``route_class``: the one letter, or both where they differ
        (``D–B``, the worse first).
    """
    found = pupils_by(routes, [by])
    items = len(table("gate_items").rows)
    none = {"gate_yes": 0, "gate_no": 0, "gate_unknown": items}
    for name, value in none.items():
        given = None if checklist is None else checklist[name].reindex(found.index)
        found[name] = value if given is None else given.fillna(value).astype(np.int64)
    routed = found["pupils_routed"].to_numpy(np.float64)
    met = found["gate_yes"].to_numpy(np.int64)
    found["class_low"] = _letters(found["safe"].to_numpy(np.float64), routed, met)
    possible = found["safe"] + found["undetermined"]
    found["class_high"] = _letters(
        possible.to_numpy(np.float64), routed, met + found["gate_unknown"].to_numpy(np.int64)
    )
    pairs = zip(found["class_low"], found["class_high"], strict=True)
    found["route_class"] = [low if low == high or pd.isna(low) else f"{low}–{high}" for low, high in pairs]
    return found


def _letters(safe: F64, routed: F64, met: NDArray[np.int64]) -> NDArray[np.object_]:
    """Class by the share of pupils, one lower where too few items of the checklist are met."""
    scale = table("school_class")
    letters = [row["class"] for row in scale.records()]
    floors = np.array([row["share_from"] for row in scale.records()])
    share = np.divide(safe, routed, out=np.full(routed.size, np.nan), where=routed > 0)
    place = (share[:, None] < floors[None, :] - 1e-9).sum(axis=1)
    place = np.minimum(place + (met < int(scale.extra["gate_items_met"])), len(letters) - 1)
    return np.array(
        [letters[at] if known else None for at, known in zip(place, routed > 0, strict=True)], dtype=object
    )
