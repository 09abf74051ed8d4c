"""What a run knows about route safety, for one stage where it tells stages apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.errors import NotFoundError
from geoplan.reasons import known
from geoplan.reasons.safety import VERDICTS
from geoplan.run import Run
from maps.story import serving, stages

LAYERS = ("segments", "crossings")


@dataclass(frozen=True)
class Facts:
    """The figures of ``safety`` in the summary, and the stage they are of; None when of all stages together."""

    figures: Mapping[str, Any]
    stage: str | None


def present(run: Run) -> bool:
    """Whether route safety was computed in the run."""
    return bool(run.summary.get("safety")) or "segments" in run.tables


def routes_known(run: Run) -> bool:
    """Whether routes of single homes can be asked for: streets by row of the plan's own edges are in the run."""
    return "edge" in run.tables.get("segments", pd.DataFrame())


def require(run: Run) -> None:
    """NotFoundError where route safety was not computed, with what to do."""
    if not present(run):
        raise NotFoundError(
            "route safety was not computed in this run; python -m geoplan run PLAN --only coverage,safety computes it"
        )


def facts(run: Run, stage: str) -> Facts:
    """Figures of the stage: its part of the summary, else the sums over its schools, else those of all stages."""
    whole = dict(run.summary.get("safety") or {})
    own = (whole.get("stages") or {}).get(stage) or _of_schools(run, stage)
    if own is None:
        return Facts(whole, stage if stages(run) == (stage,) else None)
    shared = {key: value for key, value in whole.items() if key in ("tag_completeness", "retrofits")}
    return Facts({**shared, **own}, stage)


def _of_schools(run: Run, stage: str) -> dict[str, float] | None:
    columns = [f"pupils_{verdict}_{stage}" for verdict in VERDICTS]
    schools = run.tables.get("schools")
    if schools is None or not set(columns) <= set(schools.columns):
        return None
    return {verdict: float(schools[column].sum()) for verdict, column in zip(VERDICTS, columns, strict=True)}


def schools_of(run: Run, stage: str) -> pd.DataFrame:
    """Schools that serve the stage."""
    schools = run.tables.get("schools")
    return pd.DataFrame() if schools is None else schools[serving(schools, stage)]


def span(low: object, high: object) -> str:
    """A range as it is shown: ``3``, ``B–D``, an en dash alone when nothing is known."""
    ends = [_end(value) for value in (low, high)]
    if not any(ends):
        return "–"
    first, last = (end or "?" for end in ends)
    return first if first == last else f"{first}–{last}"


def class_span(school: Mapping[Any, Any]) -> str:
    """The class of a school's routes, best to worst while it is not certain: ``B–D``."""
    ends = sorted(filter(None, (_end(school.get(f"route_class_{end}")) for end in ("low", "high"))))
    return span(ends[0], ends[-1]) if ends else span(None, None)


def _end(value: object) -> str:
    if isinstance(value, str):
        return value
    number = known(value)
    return "" if number is None else f"{number:.0f}"


def listed(joined: object) -> tuple[str, ...]:
    """Parts of a ``;``-joined text; none when it is missing."""
    return tuple(part.strip() for part in joined.split(";") if part.strip()) if isinstance(joined, str) else ()
