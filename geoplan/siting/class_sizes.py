"""Sizes of classes and schools as they are: bands of class size, classes that lack, schools beyond the cap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Norm, Standards, speaking_of
from layers.schools.stages import stages_of

F64 = NDArray[np.float64]
WITHIN, ABOVE, UNKNOWN = "within", "above", "unknown"
LARGE = ("large", "super_large")
"""Names of the bands that norms of topic ``class_band`` open, smallest first (大班额, 超大班额 in China)."""


def class_sizes(schools: pd.DataFrame, standards: Standards, stages: Sequence[str]) -> pd.DataFrame:
    """One row a school and stage it teaches, by id and in the order of stages.

    The band is that of the largest class if pupils are spread as evenly as can be: pupils per class, rounded up.
    A school's size is that of the institution: all its campuses (``campus_of``) and, where a cap is set for its
    kind (nine-year schools), all its stages; else the stage alone.

    Parameters
    ----------
    schools
        ``id, stage, stages`` and, where known, ``enrolment_<stage>, classes_<stage>, campus_of, scope``. Schools
        outside the region are left out.

    Returns
    -------
    DataFrame
        ``school_id, stage, enrolment, classes, pupils_per_class, band`` (``within`` the cap, ``above`` it, ``large``,
        ``super_large`` by the profile's bands, ``unknown``), ``class_cap, extra_classes`` (classes more that would
        keep the cap), ``institution, institution_pupils, cap, oversized`` (yes, no, unknown; none without a cap).
    """
    inside = schools[schools["scope"] != "outside"] if "scope" in schools else schools
    parts = [_stage(inside, standards, stage) for stage in stages]
    return pd.concat(parts).sort_values("school_id", kind="stable").reset_index(drop=True)


def class_cap(standards: Standards, stage: str) -> Norm | None:
    """Most pupils of a class: the nearest norm of class size that is an upper bound; None where there is none."""
    return next((norm for norm in speaking_of(standards, "class_size", stage) if norm.relation == "le"), None)


def class_band(largest: float, cap: float | None, opens: Sequence[float]) -> str:
    """Band of a class: ``opens`` are the sizes from which a class is large, and super large."""
    if np.isnan(largest):
        return UNKNOWN
    reached = [name for name, size in zip(LARGE, opens, strict=False) if largest >= size]
    if reached:
        return reached[-1]
    if cap is None:
        return UNKNOWN
    return WITHIN if largest <= cap else ABOVE


def _stage(schools: pd.DataFrame, standards: Standards, stage: str) -> pd.DataFrame:
    teaches = np.array([stage in taught for taught in schools["stages"]], bool)
    mine = schools[teaches]
    pupils, classes = _numbers(mine, f"enrolment_{stage}"), _numbers(mine, f"classes_{stage}")
    norm = class_cap(standards, stage)
    cap = None if norm is None else float(str(norm.value))
    opens = sorted(float(str(band.value)) for band in speaking_of(standards, "class_band", stage))
    mean = np.divide(pupils, classes, out=np.full(len(mine), np.nan), where=classes > 0)
    lacking = np.full(len(mine), np.nan) if cap is None else np.maximum(np.ceil(pupils / cap) - classes, 0.0)
    table = pd.DataFrame(
        {
            "school_id": mine["id"].astype(str).to_numpy(),
            "stage": np.full(len(mine), stage, dtype=object),
            "enrolment": pupils,
            "classes": classes,
            "pupils_per_class": mean,
            "band": np.array([class_band(float(np.ceil(size)), cap, opens) for size in mean], dtype=object),
            "class_cap": np.full(len(mine), np.nan if cap is None else cap),
            "extra_classes": lacking,
        }
    )
    return pd.concat([table, _institutions(schools, mine, standards, stage)], axis=1)


def _institutions(schools: pd.DataFrame, mine: pd.DataFrame, standards: Standards, stage: str) -> pd.DataFrame:
    """Size of the institution each school belongs to, against the cap of its kind or of the stage."""
    owner = _owner(schools)
    kind_of = dict(zip(schools["id"].astype(str), schools["stage"], strict=True))
    own = pd.Series(_numbers(schools, f"enrolment_{stage}"), index=owner)
    rows = []
    for name in _owner(mine):
        kind = str(kind_of.get(name) or "")
        several = len(stages_of(kind)) > 1
        norms = speaking_of(standards, "school_size", kind) if several else ()
        whole = bool(norms)
        norms = norms or speaking_of(standards, "school_size", stage)
        members = schools[owner == name]
        pupils = _pupils(members, kind) if whole else float(own[[name]].sum(skipna=False))
        cap = float(str(norms[0].value)) if norms else float("nan")
        rows.append((name, pupils, cap, _beyond(pupils, cap)))
    return pd.DataFrame(rows, columns=["institution", "institution_pupils", "cap", "oversized"])


def _pupils(members: pd.DataFrame, kind: str) -> float:
    """Pupils of all stages of an institution; NaN where one is not known."""
    taught = stages_of(kind)
    parts = [
        _numbers(members, f"enrolment_{stage}")[[stage in each for each in members["stages"]]] for stage in taught
    ]
    return float(np.concatenate(parts).sum()) if parts else float("nan")


def _beyond(pupils: float, cap: float) -> str:
    if np.isnan(cap):
        return "none"
    return UNKNOWN if np.isnan(pupils) else ("yes" if pupils > cap else "no")


def _owner(schools: pd.DataFrame) -> NDArray[np.object_]:
    """The institution of each campus: ``campus_of`` where stated, else the school itself."""
    own = schools["id"].astype(str)
    if "campus_of" not in schools:
        return own.to_numpy(dtype=object)
    return schools["campus_of"].where(schools["campus_of"].notna(), own).astype(str).to_numpy(dtype=object)


def _numbers(table: pd.DataFrame, column: str) -> F64:
    if column not in table:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(dtype=np.float64, na_value=np.nan)
