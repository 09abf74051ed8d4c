"""Places, classrooms, classes and enrolment by stage; a total of several stages needs a stated split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from layers.aliases import canonical, stage_name
from layers.bundle import STAGES
from layers.check import is_missing
from layers.errors import Fault
from layers.schema import contract
from layers.schools.stages import GRADES, stages_of
from layers.tables.named import Named

QUANTITIES = ("places", "classrooms", "classes", "enrolment")
SUM_TOLERANCE = 1e-3
_LISTS = re.compile(r"[;；,，、]")

Row = Mapping[str, Any]


@dataclass
class _School:
    """One row while it is being read: what is known by column name, which of it is assumed."""

    row: Row
    stages: tuple[str, ...]
    known: dict[str, float] = field(default_factory=dict)
    assumed: set[str] = field(default_factory=set)
    faults: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def number(self, name: str) -> float | None:
        value = self.row.get(name)
        return None if value is None or not np.isfinite(value) else float(value)


def by_stage(named: Named) -> tuple[pd.DataFrame, list[Fault]]:
    """Columns ``<quantity>_<stage>`` (float64, NaN unknown) and ``assumed`` of every school, and their faults.

    A plain ``places`` goes to the one stage of the school, or to the one stage whose own column is empty; with
    several empty ones ``split`` must say how. What comes from a split, and enrolment added up from grades of a
    school with several stages, is assumed.
    """
    assert named.table is not None
    columns = [f"{quantity}_{stage}" for quantity in QUANTITIES for stage in STAGES]
    found: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for record, row in enumerate(named.table.to_dict("records")):
        school = _read({str(name): value for name, value in row.items()})
        faults += [named.fault(code, record, **params) for code, params in school.faults]
        found.append({**school.known, "assumed": ";".join(sorted(school.assumed))})
    table = pd.DataFrame(found, columns=[*columns, "assumed"], index=named.table.index)
    return table.astype({**dict.fromkeys(columns, np.float64), "assumed": object}), faults


def _read(row: Row) -> _School:
    school = _School(row, stages_of(row.get("stage")))
    shares = _shares(school)
    for quantity in QUANTITIES:
        _own(school, quantity)
        _total(school, quantity, shares)
    _enrolment_of_grades(school)
    school.assumed |= _stated_assumed(school)
    if school.stages:
        _unknown_places(school)
    return school


def _own(school: _School, quantity: str) -> None:
    """Columns by stage; pupils of a stage the school does not teach are a fault."""
    for stage in STAGES:
        name = f"{quantity}_{stage}"
        value = school.number(name)
        if value is None:
            continue
        if stage in school.stages:
            school.known[name] = value
        elif value > 0 and school.row.get("stage"):
            kind = str(school.row["stage"])
            school.faults.append(("stage_not_taught", {"column": name, "value": f"{value:g}", "kind": kind}))


def _total(school: _School, quantity: str, shares: Mapping[str, float] | None) -> None:
    """A plain total goes where it can go without guessing, else along the split."""
    total = school.number(quantity)
    if total is None or not school.stages:
        return
    names = [f"{quantity}_{stage}" for stage in school.stages]
    empty = [name for name in names if name not in school.known]
    rest = total - sum(school.known.get(name, 0.0) for name in names)
    if (not empty and abs(rest) > 0.5) or rest < -0.5:
        params = {"column": quantity, "value": f"{total:g}", "sum": f"{total - rest:g}"}
        school.faults.append(("total_differs", {**params, "severity": "error" if empty else "warning"}))
    elif len(empty) == 1 or (empty and total == 0):
        school.known |= dict.fromkeys(empty, max(rest, 0.0))
    elif empty and len(empty) == len(names) and shares:
        school.known |= {f"{quantity}_{stage}": total * share for stage, share in shares.items()}
        school.assumed |= set(names)
    elif empty:
        params = {"column": quantity, "value": f"{total:g}", "stages": ", ".join(school.stages)}
        school.faults.append(("split_missing", params))


def _shares(school: _School) -> dict[str, float] | None:
    """The split as shares of the school's stages; a fault where it cannot be understood."""
    text = school.row.get("split")
    if is_missing(text) or len(school.stages) < 2:
        return None
    shares = parse_split(str(text), school.stages)
    if shares is None:
        school.faults.append(
            ("split_wrong", {"column": "split", "value": str(text), "stages": ", ".join(school.stages)})
        )
    return shares


def parse_split(text: str, stages: tuple[str, ...]) -> dict[str, float] | None:
    """Shares from ``0.6,0.4`` (order of grades) or ``primary:0.6;junior:0.4``; None where they do not add up."""
    parts = [part.strip() for part in _LISTS.split(text) if part.strip()]
    named = [re.split(r"[:：=]", part, maxsplit=1) for part in parts]
    try:
        if all(len(pair) == 2 for pair in named):
            shares = {stage_name(pair[0]) or pair[0].strip(): _share(pair[1]) for pair in named}
        else:
            shares = dict(zip(stages, map(_share, parts), strict=True))
    except ValueError:
        return None
    total = sum(shares.values())
    scale = 100.0 if abs(total - 100.0) <= 100 * SUM_TOLERANCE else 1.0
    fits = set(shares) == set(stages) and len(shares) == len(parts) and min(shares.values(), default=-1.0) >= 0
    if not fits or abs(total / scale - 1.0) > SUM_TOLERANCE:
        return None
    return {stage: shares[stage] / total for stage in stages}


def _share(text: str) -> float:
    return float(text.strip().removesuffix("%").strip())


def _enrolment_of_grades(school: _School) -> None:
    for stage in school.stages:
        name = f"enrolment_{stage}"
        if name in school.known or stage not in GRADES:
            continue
        counts = [school.number(f"grade_{grade}") for grade in GRADES[stage]]
        known = [count for count in counts if count is not None]
        enough = known if school.row.get("stage") == "teaching_point" else len(known) == len(counts)
        if enough:
            school.known[name] = float(sum(known))
            school.assumed |= {name} if len(school.stages) > 1 else set()


def _stated_assumed(school: _School) -> set[str]:
    """Columns the table itself says are assumed, under canonical names; plain ones by stage."""
    listed = [] if is_missing(school.row.get("assumed")) else _LISTS.split(str(school.row["assumed"]))
    flagged = [
        name.removesuffix("_assumed")
        for name, value in school.row.items()
        if name.endswith("_assumed") and str(value).strip().casefold() in {"yes", "true", "1", "1.0", "是", "y"}
    ]
    return {name for given in (*listed, *flagged) for name in _spread(given.strip(), school.stages)}


def _spread(given: str, stages: tuple[str, ...]) -> Iterable[str]:
    name = canonical(given, contract("schools")) or given
    if name in QUANTITIES and stages:
        return [f"{name}_{stage}" for stage in stages]
    return [name] if name else []


def _unknown_places(school: _School) -> None:
    """One warning a school: the stages without places, and what stands in for each."""
    lacking = [stage for stage in school.stages if f"places_{stage}" not in school.known]
    if lacking and not any(code == "split_missing" for code, _ in school.faults):
        given = "; ".join(f"{stage}: {_stand_in(school, stage)}" for stage in lacking)
        school.faults.append(("places_unknown", {"severity": "warning", "column": "places", "value": given}))


def _stand_in(school: _School, stage: str) -> str:
    others = [quantity for quantity in QUANTITIES[1:] if f"{quantity}_{stage}" in school.known]
    return ", ".join(others) or "-"
