"""The table of contents of the method: from a plan's files to a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan import __version__
from geoplan.coverage import StageCoverage, StageInput, stage_coverage
from geoplan.demand.outlook import outlook_summary
from geoplan.doctor import examine
from geoplan.identity import run_identity
from geoplan.milestones import Milestones, make_milestones
from geoplan.published import in_degrees, published
from geoplan.run import Run
from geoplan.safety.county import CountySafety, county_safety
from geoplan.scenario import Scenario, applied, identity_of
from geoplan.scenario.effects import effects
from geoplan.settings import plan_standards
from geoplan.siting.part import SitingPart, siting_part
from geoplan.siting.yearly import yearly_inputs
from geoplan.situation import (
    Say,
    Situation,
    longest_limit_m,
    plan_stages,
    resolution,
    take_stock,
    unreached_homes,
)
from geoplan.stage_inputs import stage_input
from layers.bundle import Layers
from layers.errors import Fault
from layers.planfile import read_plan
from layers.population import resolution_fault
from layers.read import read

SILENT: Say = lambda step: None  # noqa: E731
PARTS = ("coverage", "safety", "siting")


def read_layers(path: Path, *, say: Say = SILENT) -> Layers:
    """Read a plan folder (or its plan.toml) with a buffer of the longest limit in use.

    Raises
    ------
    InputError
        Every fault of every file.
    PlanError
        Unknown profile, stage, norm or date.
    """
    plan = read_plan(path)
    standards = plan_standards(plan)
    buffer_m = longest_limit_m(plan, standards, plan_stages(plan, standards))
    return read(plan, buffer_m=buffer_m, say=say)


def make_run(
    layers: Layers,
    *,
    scenario: Scenario | None = None,
    say: Say = SILENT,
    parts: Collection[str] = PARTS,
    cache: Path | None = None,
) -> Run:
    """Compute a plan: demand, reach, places, enrolment, accounts, stage by stage.

    Parameters
    ----------
    layers
        From :func:`read_layers`; nothing else is read.
    scenario
        A what-if: its steps change schools, housing or streets before anything is computed.
    say
        Called with the key of each step.
    parts
        What to compute: coverage is always there, ``safety`` adds the routes, ``siting`` new housing, the
        balance of places and where new ones go.
    cache
        A folder to keep the walking network in between runs; the run is the same with and without.

    Returns
    -------
    Run
        The same for the same layers: no clock, no chance, any order of rows. Timings stand in the manifest only.

    Raises
    ------
    PlanError
        A scenario with steps that cannot be done, each named.
    """
    clock = _Clock(say)
    given, layers = layers, layers if scenario is None else applied(layers, scenario)
    situation = take_stock(layers, say=clock, cache=cache)
    inputs = {stage: stage_input(layers, situation, stage) for stage in situation.stages}
    stages = {stage: _stage(given_of_stage, clock) for stage, given_of_stage in inputs.items()}
    ahead = make_milestones(layers, situation, {name: (inputs[name], stages[name]) for name in stages}, say=clock)
    safety = _safety(layers, situation, stages, clock) if "safety" in parts else None
    siting = _siting(layers, situation, inputs, ahead, clock) if "siting" in parts else SitingPart()
    clock("publish")
    ahead = replace(ahead, cells=pd.concat([ahead.cells, siting.cells], axis=1))
    tables = published(layers, situation, stages, safety, ahead) | in_degrees(siting.tables)
    faults = [*_warnings(layers, situation, stages), *(safety.faults if safety else ()), *siting.faults]
    run_id = _identity(layers, situation, parts, scenario)
    what_if = {} if scenario is None else {"scenario": effects(given, scenario, (layers, situation, stages), _count)}
    return Run(
        run_id=run_id,
        manifest=_manifest(layers, situation, run_id, clock.done()) | {"scenario": identity_of(scenario)},
        summary=_summary(layers, situation, stages, run_id, faults, ahead)
        | _safety_summary(safety)
        | siting.summary
        | what_if,
        tables=tables,
        cell_index=situation.cells.index,
    )


class _Clock:
    """Passes steps on and keeps how long each took."""

    def __init__(self, say: Say) -> None:
        self._say, self._began, self._step = say, time.perf_counter(), ""
        self._seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        self._stop()
        self._step = step
        self._say(step)

    def done(self) -> dict[str, float]:
        """Seconds by step."""
        self._stop()
        return {step: round(seconds, 3) for step, seconds in self._seconds.items()}

    def _stop(self) -> None:
        now = time.perf_counter()
        if self._step:
            self._seconds[self._step] = now - self._began
        self._began = now


def _stage(given: StageInput, say: Callable[[str], None]) -> StageCoverage:
    say(f"coverage:{given.stage}")
    return stage_coverage(given)


def _count(layers: Layers, situation: Situation) -> dict[str, StageCoverage]:
    """Every stage of other layers, such as the plan before a what-if."""
    return {stage: stage_coverage(stage_input(layers, situation, stage)) for stage in situation.stages}


def _safety(
    layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage], say: Callable[[str], None]
) -> CountySafety:
    say("safety")
    return county_safety(layers, situation, stages)


def _siting(
    layers: Layers,
    situation: Situation,
    inputs: Mapping[str, StageInput],
    ahead: Milestones,
    say: Callable[[str], None],
) -> SitingPart:
    say("siting")
    return siting_part(layers, situation, yearly_inputs(layers, situation, inputs), ahead.cells)


def _safety_summary(safety: CountySafety | None) -> dict[str, Any]:
    return {} if safety is None else {"safety": safety.summary}


def _warnings(layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage]) -> list[Fault]:
    coarse = resolution_fault(situation.cells)
    found = [fault for stage in stages.values() for fault in stage.faults]
    ahead = [*situation.outlook.faults, *unreached_homes(situation)]
    return [*layers.faults, *examine(layers), *([coarse] if coarse else []), *ahead, *found]


def _identity(layers: Layers, situation: Situation, parts: Collection[str], scenario: Scenario | None) -> str:
    settings = layers.plan.model_dump(mode="json", exclude={"root", "standards"}) | {"parts": sorted(parts)}
    if not settings["tables"]:
        del settings["tables"]  # a plan that says nothing of them keeps the id of its runs
    edition = {"edition": situation.standards.edition, "checksum": situation.standards.checksum}
    return run_identity(layers.sources, edition, identity_of(scenario) if scenario else None, __version__, settings)


def _manifest(layers: Layers, situation: Situation, run_id: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    standards = situation.standards
    return {
        "run_id": run_id,
        "version": __version__,
        "plan": layers.plan.model_dump(mode="json", exclude={"root"}),
        "standards": {"profile": standards.profile, "edition": standards.edition, "checksum": standards.checksum},
        "sources": [asdict(source) for source in layers.sources],
        "seeds": {},
        "timings": {"seconds": dict(seconds)},
    }


def _summary(
    layers: Layers,
    situation: Situation,
    stages: Mapping[str, StageCoverage],
    run_id: str,
    faults: list[Fault],
    ahead: Milestones,
) -> dict[str, Any]:
    section, standards = layers.plan.plan, situation.standards
    shared = {
        "modelled": situation.cells.modelled,
        "resolution": resolution(situation.cells),
    }
    return {
        "plan": section.name,
        "title": section.title or section.name,
        "title_zh": section.title_zh or section.title or section.name,
        "notice": section.notice,
        "notice_zh": section.notice_zh or section.notice,
        "credit": layers.plan.streets.credit,
        "credit_zh": layers.plan.streets.credit_zh or layers.plan.streets.credit,
        "profile": standards.profile,
        "standards": {"edition": standards.edition, "on": standards.on.isoformat(), "checksum": standards.checksum},
        "run_id": run_id,
        "version": __version__,
        "years": list(situation.outlook.years[1:] or section.years),
        "population_year": layers.plan.population.year,
        "school_year": layers.plan.schools.year,
        "crs": layers.crs.to_string(),
        "edge_kind": "open" if layers.plan.region.cross_border else "closed",
        "warnings": [_told(fault) for fault in faults],
        "demand": [step._asdict() for step in situation.demand.steps],
        "outlook": outlook_summary(situation.outlook),
        "stages": {
            stage: {
                **shared,
                "assumptions": _assumptions(situation, stage),
                "schools_outside": _outside(layers, stage),
                **found.summary,
                "years": ahead.of_stage(stage),
            }
            for stage, found in stages.items()
        },
    }


def _assumptions(situation: Situation, stage: str) -> dict[str, dict[str, Any]]:
    """What was assumed about demand, without the participation of other stages."""
    demand, others = situation.demand, {f"participation_{other}" for other in situation.stages if other != stage}
    return {code: dict(demand.params[code]) for code in demand.assumptions if code not in others}


def _outside(layers: Layers, stage: str) -> int:
    """Schools of a stage that are listed beyond the boundary."""
    beyond = layers.schools["scope"] == "outside"
    return int(sum(stage in stages for stages in layers.schools.loc[beyond, "stages"]))


def _told(fault: Fault) -> dict[str, Any]:
    chinese = {"message_zh": fault.message("zh"), "remedy_zh": fault.remedy("zh")}
    return {**fault.as_dict("en"), **chinese}
