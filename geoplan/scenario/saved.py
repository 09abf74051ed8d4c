"""Proposals and works of a run as a scenario: what it proposes becomes steps, to be run, changed and compared."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import shapely

from geoplan.errors import PlanError
from geoplan.run import Run
from layers.scenariofile import Scenario, parse_scenario
from layers.schools.stages import GRADES, STAGES_OF

Step = dict[str, Any]


def scenario_of(run: Run, name: str, *, proposals: Collection[int] | None, works: Collection[int] | None) -> Scenario:
    """The steps a run proposes.

    Parameters
    ----------
    proposals, works
        Ranks of proposals (new, enlarged and converted schools) and of packages of works on streets to take; an
        empty collection takes all of them, None takes none.

    Raises
    ------
    PlanError
        Ranks the run does not have, and proposals that cannot be written as a step, each named.
    """
    reasons: list[str] = []
    steps = [] if proposals is None else _of_table(run, "proposals", proposals, reasons)
    steps += [] if works is None else _of_table(run, "retrofits", works, reasons)
    if not steps and not reasons:
        reasons.append("this run proposes nothing that could be a step")
    if reasons:
        raise PlanError("\n".join(reasons))
    title = {key: str(run.summary.get(key) or "") for key in ("title", "title_zh")}
    note = f"from run {run.run_id}"
    return parse_scenario({"name": name, **title, "note": note, "steps": steps}, name)


def ranks(text: str) -> tuple[int, ...] | None:
    """``1,3`` as numbers, ``all`` as no choice, nothing as None."""
    if not text.strip():
        return None
    if text.strip() == "all":
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise PlanError(f"{text!r} are no ranks: write whole numbers with commas between, or all") from None


def _of_table(run: Run, name: str, ranks: Collection[int], reasons: list[str]) -> list[Step]:
    table = run.tables.get(name)
    if table is None:
        reasons.append(f"this run has no table of {name}")
        return []
    missing = sorted(set(ranks) - set(table["rank"].astype(int)))
    reasons += [f"{name}: there is no rank {rank}" for rank in missing]
    kept = table[table["rank"].astype(int).isin(ranks)] if ranks else table
    steps = []
    for row in kept.sort_values("rank", kind="stable").to_dict("records"):
        try:
            steps.append(_works(row, run) if name == "retrofits" else _proposal(row, run))
        except PlanError as reason:
            reasons.append(f"{name} {int(row['rank'])}: {reason}")
    return steps


def _proposal(row: Mapping[Any, Any], run: Run) -> Step:
    stages = tuple(stage for stage in str(row["stage"]).split(";") if stage)
    year = {} if _empty(row.get("year")) else {"year": int(row["year"])}
    classes = _whole(row, "classes")
    if row["decision"] == "enlarge":
        step = {"action": "resize", "school_id": str(row["site_id"]), "stage": _only(stages)}
        return {**step, "plus_classes": classes, **year}
    if row["decision"] == "convert":
        before = _taught(run, str(row["site_id"]), stages) if _empty(row.get("takes")) else str(row["takes"])
        step = {"action": "convert", "school_id": str(row["site_id"]), "from": before, "to": _only(stages)}
        return {**step, "classes": classes, **year}
    kind = next((kind for kind, taught in STAGES_OF.items() if taught == stages), None)
    if kind is None:
        raise PlanError(f"there is no kind of school that teaches {', '.join(stages)}")
    sizes = {f"classes_{stage}": count for stage, count in _shared(row, stages, classes).items()}
    point = shapely.get_coordinates(row["geometry"])[0].round(7).tolist()
    school = {"id": f"new-{row['site_id']}", "name": str(row.get("name") or row["site_id"]), "stage": kind}
    return {"action": "open", **school, "lon": point[0], "lat": point[1], **sizes, **year}


def _shared(row: Mapping[Any, Any], stages: tuple[str, ...], classes: int) -> dict[str, int]:
    """Classes by stage: as the row says, else as many a grade in every grade of the school."""
    if len(stages) == 1:
        return {stages[0]: classes}
    told = row.get("classes_by_stage")
    if isinstance(told, str) and set(stages) <= set(by_stage := json.loads(told)):
        return {stage: int(by_stage[stage]) for stage in stages}
    grades = {stage: len(GRADES[stage]) for stage in stages}
    found = {stage: round(classes * count / sum(grades.values())) for stage, count in grades.items()}
    found[stages[-1]] += classes - sum(found.values())
    return found


def _taught(run: Run, school: str, to: tuple[str, ...]) -> str:
    """The stage a school gives classes from: the only one it teaches besides the new one."""
    schools = run.tables["schools"]
    rows = schools[schools["id"].astype(str) == school]
    taught = [stage for stage in (rows["stages"].iloc[0] if len(rows) else ()) if stage not in to]
    if len(taught) != 1:
        raise PlanError(
            f"{school} teaches {', '.join(taught) or 'nothing else'}: say by hand which stage gives classes"
        )
    return str(taught[0])


def _works(row: Mapping[Any, Any], run: Run) -> Step:
    """A package of works, element by element; points choose the stretches of ways."""
    names, measures = str(row["elements"]).split("; "), str(row["measures"]).split("; ")
    shape = row.get("geometry")
    points = shapely.get_coordinates(shape).round(7).tolist() if shape is not None else [None] * len(names)
    if not len(names) == len(measures) == len(points):
        raise PlanError("its elements, measures and points do not match")
    elements = []
    for name, built, point in zip(names, measures, points, strict=True):
        place = {} if point is None else {"lon": point[0], "lat": point[1]}
        elements.append({"osm_id": name, "measures": built.split(";"), **place})
    return {"action": "retrofit", "run": run.run_id, "rank": int(row["rank"]), "elements": elements}


def _only(stages: tuple[str, ...]) -> str:
    if len(stages) != 1:
        raise PlanError("it changes several stages at once: write a step for each by hand")
    return stages[0]


def _whole(row: Mapping[Any, Any], name: str) -> int:
    if _empty(row.get(name)):
        raise PlanError(f"its {name} are not known")
    return int(row[name])


def _empty(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
