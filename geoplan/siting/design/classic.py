"""The classic forms for a county: they choose the sites for one stage and year, the county's model sizes them.

Covering and median forms know neither sizes nor money. Which sites they open is taken over as forced sites of the
task, and no others may be built on; classes, enlargements, cost, loads and gains are then those of the county's own
model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.design.outcome import Design, Reason
from geoplan.siting.design.solve import design
from geoplan.siting.design.task import F64, I64, Limits, Task
from geoplan.siting.location import Instance, Pairs, Solution, locate

CLASSIC = ("lscp", "mclp", "p_median", "p_center")


@dataclass(frozen=True)
class Classic:
    """What a classic form answers for a county.

    Parameters
    ----------
    design
        The county's model with the sites of the classic form.
    solution
        The classic form's own answer; rows of ``places`` and ``units``.
    stage, year
        Position in the task.
    places
        Numbers of the places the form knows: schools with places in that year, then candidates for the stage.
    units
        Units with pupils in that year and a place in reach, in the order of the instance.
    """

    design: Design
    solution: Solution
    stage: int
    year: int
    places: I64
    units: I64


def chosen_design(task: Task, model: str) -> Design:
    """The design a plan asks for by name: ``capacitated`` is the county's own model."""
    return design(task) if model == "capacitated" else classic_design(task, model).design


def classic_design(task: Task, model: str) -> Classic:
    """Sites by a classic form for the stage and year short of most places, sizes and figures by the county's model.

    Where the form has no solution the design is infeasible, and the form's reasons are its problems.
    """
    stage, year = neediest(task)
    instance, places, units = classic_instance(task, model, stage, year)
    found = locate(instance)
    said = Reason("classic_form", {"model": model, "stage": task.stage_ids[stage], "year": task.years[year]})
    if found.status in ("infeasible", "unknown"):
        made = design(replace(task, options=(), limits=Limits()))
        why = tuple(Reason(reason.code, reason.params) for reason in found.reasons)
        made = replace(made, status="infeasible", problems=why, notes=(said,), marginal=())
        return Classic(made, found, stage, year, places, units)
    opened = {task.place_id[places[site]] for site in found.open if places[site] >= task.existing}
    made = design(_with_sites(task, {*task.limits.force, *opened}))
    return Classic(replace(made, notes=(said, *made.notes)), found, stage, year, places, units)


def _with_sites(task: Task, sites: set[str]) -> Task:
    """The task with these sites built on and no others."""
    limits = replace(task.limits, force=tuple(sorted(sites)), max_new=len(sites), worth=None)
    options = tuple(one for one in task.options if one.kind != "build" or task.place_id[one.place] in sites)
    return replace(task, limits=limits, options=options)


def classic_instance(task: Task, model: str, stage: int, year: int) -> tuple[Instance, I64, I64]:
    """One stage and year as a bare location model, with the places and units behind its rows.

    Schools that have places in that year are there already; candidates may be opened for the stage. Units without
    pupils, or with no place in reach at all, are left out.

    Raises
    ------
    ValueError
        A model that is none of `CLASSIC`.
    """
    if model not in CLASSIC:
        raise ValueError(f"unknown classic form {model!r}; known: {', '.join(CLASSIC)}")
    demand = task.stages[stage]
    existing, candidates = _existing(task, stage, year), _candidates(task, stage, year)
    places = np.concatenate([existing, candidates])
    row = np.full(len(task.place_id), -1)
    row[places] = np.arange(len(places))
    kept = (row[demand.place] >= 0) & (demand.pupils[year][demand.unit] > 0)
    units = np.unique(np.asarray(demand.unit)[kept]).astype(np.int64)
    pairs = Pairs(
        np.searchsorted(units, np.asarray(demand.unit)[kept]).astype(np.int64),
        row[np.asarray(demand.place)[kept]].astype(np.int64),
        np.asarray(demand.cost_dm)[kept] / 10.0,
    )
    instance = Instance(
        model=model,
        demand=demand.pupils[year][units],
        n_sites=len(places),
        pairs=pairs,
        existing=np.arange(len(existing)),
        p=_most_new(task, len(candidates)),
        time_limit_s=task.effort.time_limit_s,
    )
    return instance, places, units


def neediest(task: Task) -> tuple[int, int]:
    """Stage and year with most pupils beyond the places there are; the later year and the earlier stage on a tie."""
    short = np.array([_short(stage.pupils, stage.places) for stage in task.stages])
    latest = short[:, ::-1]
    stage, back = np.unravel_index(int(np.argmax(latest)), latest.shape)
    return int(stage), len(task.years) - 1 - int(back)


def _short(pupils: F64, places: F64) -> F64:
    return pupils.sum(axis=1) - np.nan_to_num(places, nan=0.0, posinf=1e12).sum(axis=1)


def _existing(task: Task, stage: int, year: int) -> I64:
    places = np.nan_to_num(task.stages[stage].places[year], nan=0.0, posinf=np.inf)
    return np.flatnonzero(places > 0)


def _candidates(task: Task, stage: int, year: int) -> I64:
    """Candidates that can hold a school of the stage in that year."""
    name, at = task.stages[stage].stage, task.years[year]
    able = {
        option.place
        for option in task.options
        if option.kind == "build"
        and name in option.stages
        and (option.ready is None or option.ready <= at)
        and task.place_id[option.place] not in task.limits.forbid
    }
    return np.array(sorted(able), np.int64)


def _most_new(task: Task, candidates: int) -> int | None:
    return candidates if task.limits.max_new is None else min(task.limits.max_new, candidates)
