"""Runs side by side: the same region, the same cells, other schools, rules or years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geoplan.compare.cells import counted_cells, with_all_cells
from geoplan.compare.difference import cell_changes, difference
from geoplan.compare.differs import differing
from geoplan.compare.findings import findings, sentence
from geoplan.compare.rows import Row, cell_rows, named_schools, school_rows, stage_rows
from geoplan.errors import PlanError
from geoplan.identity import plain
from geoplan.run import Run
from layers.bundle import STAGES

__all__ = ["IncomparableError", "cell_changes", "compare", "difference", "sentence", "with_all_cells"]


class IncomparableError(PlanError):
    """Runs that cannot stand side by side: ``reason`` is region, cells or stages, ``differs`` names other inputs."""

    def __init__(self, message: str, reason: str, differs: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reason, self.differs = reason, tuple(differs)


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """Put runs of one region side by side; every difference is to the first.

    Returns
    -------
    dict
        Plain data: ``runs`` (id, scenario, ``actions``: how many steps, ``blocked``, schools ``opened, closed``, what
        differs from the first, ``whatif``: not a full run),
        ``rows`` (``section, stage, area_id, area, key, unit, values, changes``), ``schools``
        whose pupils, places or load change, ``cells`` that change their account, and ``findings`` (``code, params``)
        for `sentence`.

    Raises
    ------
    PlanError
        Fewer than two runs, another region or other cells, or no stage in common.
    """
    _comparable(runs)
    runs = with_all_cells(runs)
    stages = [stage for stage in STAGES if all(stage in run.summary["stages"] for run in runs)]
    if not stages:
        raise IncomparableError("these runs have no stage in common: nothing can be compared", "stages")
    rows = [row for stage in stages for row in stage_rows(stage, runs)]
    schools = [row for stage in stages for row in school_rows(stage, runs)]
    cells = [row for stage in stages for row in cell_rows(stage, runs)]
    first, heads = runs[0].summary, [_head(run, runs[0]) for run in runs]
    found = {
        **{key: first.get(key) for key in ("plan", "title", "title_zh")},
        "stages": stages,
        "runs": heads,
        "rows": rows,
        "schools": schools,
        "cells": cells,
        "findings": findings(runs, stages, rows, cells, heads),
    }
    return dict(plain(found))


def _comparable(runs: Sequence[Run]) -> None:
    if len(runs) < 2:
        raise PlanError("a comparison needs two runs or more")
    first = runs[0]
    ids = counted_cells(first)
    for run in runs[1:]:
        if _region(run) != _region(first):
            raise IncomparableError(
                f"{_named(run)} is of another region than {_named(first)}: only runs of one plan compare", "region"
            )
        theirs = counted_cells(run)
        if theirs != ids:
            differs = _differs(run, first)
            named = "".join(f"; other {name}" for name in differing(differs, "en"))
            raise IncomparableError(
                f"{_named(run)} and {_named(first)} have different cells ({len(theirs)} and {len(ids)}{named}): "
                "they were made from different population data; run the plan again for both",
                "cells",
                differs,
            )


def _region(run: Run) -> tuple[str, bytes]:
    boundary = (
        run.tables["boundary"].geometry.to_crs(4326).union_all().normalize() if "boundary" in run.tables else None
    )
    return str(run.summary.get("plan")), b"" if boundary is None else boundary.wkb


def _named(run: Run) -> str:
    return f"run {run.run_id} ({run.summary.get('title') or run.summary.get('plan')})"


def _head(run: Run, first: Run) -> Row:
    scenario = run.manifest.get("scenario")
    scenario = scenario if isinstance(scenario, Mapping) else {"name": scenario}
    name = str(scenario.get("name") or "base")
    return {
        "run_id": run.run_id,
        "created": run.manifest.get("created"),
        "scenario": name,
        "scenario_title": str(scenario.get("title") or name),
        "scenario_title_zh": str(scenario.get("title_zh") or scenario.get("title") or name),
        "actions": len(scenario.get("steps") or ()),
        "blocked": bool((run.summary.get("scenario") or {}).get("blocked")),
        "opened": _only_in(run, first),
        "closed": _only_in(first, run),
        "differs": _differs(run, first),
        "whatif": isinstance(run.manifest.get("whatif"), Mapping),
    }


def _only_in(run: Run, other: Run) -> list[Row]:
    """Schools that one run has and the other has not, by id."""
    here, there = named_schools(run), named_schools(other)
    return [{"id": school, "name": here[school]} for school in sorted(here.keys() - there.keys())]


def _differs(run: Run, first: Run) -> list[str]:
    """What else than the scenario is not the same: ``version``, ``standards``, ``settings``, roles of sources."""
    keys = [key for key in ("version", "standards", "settings", "plan") if _of(run, key) != _of(first, key)]
    ours, theirs = _checksums(run), _checksums(first)
    return [*keys, *sorted(role for role in ours.keys() | theirs.keys() if ours.get(role) != theirs.get(role))]


def _of(run: Run, key: str) -> Any:
    return plain(run.manifest.get(key))


def _checksums(run: Run) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source in plain(run.manifest.get("sources") or []):
        found.setdefault(str(source.get("role")), []).append(str(source.get("sha256")))
    return {role: sorted(sums) for role, sums in found.items() if role != "plan"}
