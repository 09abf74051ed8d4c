"""What the page of a comparison is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for

from geoplan.compare import sentence
from geoplan.reasons.figures import known
from geoplan.store import RunEntry
from maps import style
from maps.compare import drawing, homes
from maps.compare.actions import actions, plan_costs
from maps.compare.alternatives import BASE, LETTERS, Alternative, base_entry
from maps.compare.beside import Beside, asked_for, beside, cautions, refusal
from maps.compare.figures import figure_rows
from maps.language import day, number, percent, speaker
from maps.people import may_change
from maps.state import State
from maps.whatif import saved
from maps.workspace import PlanEntry

MOST_RUNS = 40  # offered in the chooser
MOST_SCHOOLS = 40
SAME = ("served_same",)


def context(state: State) -> dict[str, Any]:
    """Everything the template needs besides the state itself."""
    plan, language = state.plan, state.language
    asked, on = asked_for(plan), request.args.get("on", "")
    told = beside(plan, asked, on)
    stage = state.stage if not told.found or state.stage in told.found["stages"] else told.found["stages"][0]
    shared = {
        "asked": asked,
        "on": on,
        "stage": stage,
        "choosers": choosers(plan, asked, on, language),
        "missing": [one for one in told.choices if one.found is None],
        "refused": refusal(told.refused, language) if told.refused else "",
        "titles": {one.letter: title(one, language) for one in told.ready},
    }
    return shared | (_compared(state, told, stage, on) if told.found else {})


def _compared(state: State, told: Beside, stage: str, on: str) -> dict[str, Any]:
    language, plan_id = state.language, state.plan.plan_id
    costs = plan_costs(state.plan)
    done = [actions(one, told.ready[0], costs, language) for one in told.ready]
    moved = [homes.changes(told.runs[0], run, stage) for run in told.runs[1:]]
    layers = drawing.layers(told.runs, stage)
    shown = {
        "stage": stage,
        "layer": state.layer if state.layer in layers else "walk",
        "view": state.view,
        "language": language,
    }
    lead, findings = said(told, stage, language)
    names = style.layer_titles(language)
    return {
        "told": told,
        "lead": lead,
        "findings": findings,
        "cautions": cautions(told.found, told.ready, language),
        "figures": figure_rows(told.found, stage, done, language),
        "actions": list(zip(told.ready, done, strict=True)),
        "homes": [
            (one, homes.home_rows((told.runs[0], run), part, stage, language), part)
            for one, run, part in zip(told.ready[1:], told.runs[1:], moved, strict=True)
        ],
        "schools": school_rows(told.found, stage, language),
        "stages": stage_links(told, stage, language),
        "layers": [(name, names[name], address(layer=name)) for name in layers],
        "legends": drawing.legends(told.runs, stage, language),
        "page_data": drawing.page_data(told, moved, plan_id, on, shown),
        "downloads": downloads(plan_id, told),
        "computable": [one for one in told.ready if one.whatif and one.spec.startswith("scenario:")]
        if may_change(plan_id)
        else [],
    }


def address(**changes: Any) -> str:
    """The page of the request with some of its address changed."""
    query: dict[str, Any] = {**request.args.to_dict(), **changes}
    return url_for("compare.compare_page", **(request.view_args or {}), **query)


def said(told: Beside, stage: str, language: str) -> tuple[str, list[str]]:
    """The finding first: places of the alternative that serves most; then everything else, stage looked at first."""
    lines = []
    for finding in told.found["findings"]:
        if finding["code"] == "inputs_differ":
            continue
        letter = told.ready[finding["run"]].letter.upper()
        text = f"{letter} · {sentence(finding, language)}"
        lines.append((finding["code"].startswith("served"), finding["params"].get("stage"), finding, text))
    first = [(finding["params"]["after"], text) for served, of, finding, text in lines if served and of == stage]
    if not first:
        say = speaker(language)
        return say("Alternatives side by side"), [text for *_, text in lines]
    lead = max(first, key=lambda one: one[0])[1]
    later = [text for _, of, finding, text in lines if finding["code"].startswith("need_") and of == stage]
    if later and all(finding["code"] in SAME for served, of, finding, _ in lines if served and of == stage):
        lead = later[0]  # nothing changes now, something later
    ordered = sorted(lines, key=lambda line: line[1] not in (stage, None))
    return lead, [text for *_, text in ordered if text != lead]


def title(one: Alternative, language: str) -> str:
    """What an alternative is called."""
    scenario = one.scenario
    if not scenario.steps:
        say = speaker(language)
        return say("As planned")
    pair = (scenario.title_zh, scenario.title) if language == "zh" else (scenario.title, scenario.title_zh)
    return next((text for text in pair if text), scenario.name)


def choosers(plan: PlanEntry, asked: Mapping[str, str], on: str, language: str) -> list[dict[str, Any]]:
    """A select for every alternative asked for, and an empty one to add another."""
    offered = offers(plan, language)
    letters = [letter for letter in LETTERS if letter in asked]
    free = next((letter for letter in LETTERS if letter not in asked), None)
    found = []
    for letter in [*letters, *([free] if free else [])]:
        spec = asked.get(letter, "")
        own = [] if any(value == spec for value, _ in offered) or not spec else [(spec, _own(spec, language))]
        found.append({"letter": letter, "spec": spec, "offers": [*own, *offered], "new": letter == free})
    return found


def offers(plan: PlanEntry, language: str) -> list[tuple[str, str]]:
    """What can be compared: the plan as it is, saved scenarios, runs."""
    say, found = speaker(language), []
    if plan.runs:
        found.append((BASE, say("As planned")))
    for row in saved.listed(plan):
        if row["readable"] and row["steps"]:
            pair = (row["title_zh"], row["title"]) if language == "zh" else (row["title"], row["title_zh"])
            name = next((text for text in pair if text), row["name"])
            found.append((f"scenario:{row['name']}", say("Scenario %(name)s", name=name)))
    newest = base_entry(plan).run_id if plan.runs else ""
    runs = [entry for entry in plan.runs if entry.run_id != newest][:MOST_RUNS]
    return [*found, *((f"run:{entry.run_id}", _run_name(entry, language)) for entry in runs)]


def _run_name(entry: RunEntry, language: str) -> str:
    say = speaker(language)
    parts = (say("Run %(run)s", run=entry.run_id), day(entry.created, language), entry.scenario)
    return " · ".join(part for part in parts if part != BASE)


def _own(spec: str, language: str) -> str:
    say = speaker(language)
    if spec.startswith("steps:"):
        return say("Steps tried on the map")
    return say("Run %(run)s", run=spec.partition(":")[2]) if spec.startswith("run:") else spec[:60]


def stage_links(told: Beside, stage: str, language: str) -> list[dict[str, Any]]:
    """The same page for each stage that all alternatives hold."""
    names = style.stage_names(language)
    return [{"name": names[one], "href": address(stage=one), "current": one == stage} for one in told.found["stages"]]


def school_rows(found: Mapping[str, Any], stage: str, language: str) -> list[dict[str, Any]]:
    """Schools whose pupils, places or load change, largest change first."""
    rows = []
    for row in found["schools"]:
        if row["stage"] == stage:
            values = zip(row["there"], row["places"], row["pupils"], row["load"], strict=True)
            rows.append({"name": row["name"], "texts": [_school(*value, language) for value in values]})
    return rows[:MOST_SCHOOLS]


def _school(there: bool, places: float | None, pupils: float | None, load: float | None, language: str) -> str:
    if not there:
        say = speaker(language)
        return say("not there")
    text = f"{number(pupils, language)} / {number(places, language)}"
    return text if known(load) is None else f"{text} ({percent(load, language)})"


def downloads(plan_id: str, told: Beside) -> list[tuple[str, str, str]]:
    """Letter of a later alternative, and its difference to the first as CSV and GeoJSON."""
    first, found = told.ready[0], []
    on = {"on": request.args["on"]} if request.args.get("on") else {}
    for one in told.ready[1:]:
        pair: dict[str, Any] = {"a": first.spec, "b": one.spec, **on}
        csv, geojson = (
            url_for("compare_api.difference_file", plan_id=plan_id, ending=ending, **pair)
            for ending in ("csv", "geojson")
        )
        found.append((one.letter, csv, geojson))
    return found
