"""What the plan page is told about trying changes: addresses, kinds of school, colours, words."""

from __future__ import annotations

from typing import Any

from flask import url_for

from geoplan.errors import PlanError
from geoplan.reasons import known
from geoplan.scenario.saved import scenario_of
from layers.scenariofile import plain_step
from layers.schools.stages import STAGES_OF
from maps import story
from maps.language import speaker
from maps.people import may_change
from maps.safety.retrofits import measures_text
from maps.schools import kind_names
from maps.state import State
from maps.style import stage_names
from maps.whatif.answer import legend
from maps.whatif.asked import MOST_STEPS

BASE = "base"
MOST_WORKS = 10  # packages offered
LONGEST_LINK = 3000  # characters of the address that hold steps; servers refuse much longer ones


def page_data(state: State) -> dict[str, Any]:
    """What ``whatif.js`` is told."""
    plan_id, language = state.plan.plan_id, state.language
    return {
        "ask": f"{state.api_root()}/whatif?lang={language}",
        "save": url_for("whatif_api.save_scenario", plan_id=plan_id, lang=language) if may_change(plan_id) else "",
        "run": state.entry.run_id,
        "own": state.entry.scenario == BASE,
        "scenarios": url_for("whatif_api.scenarios", plan_id=plan_id),
        "plan_id": plan_id,
        "jobs": url_for("jobs.start_job", lang=language),
        "plan": state.address(run=None),
        "compare": url_for("compare.compare_page", plan_id=plan_id, lang=language, stage=state.stage),
        "kinds": kinds(state),
        "legend": legend(language),
        "most_steps": MOST_STEPS,
        "longest_link": LONGEST_LINK,
        "words": words(language),
        "years": [year for year in (state.run.summary.get("years") or ()) if isinstance(year, int)],
        "base_year": _base_year(state),
        "works": works(state),
    }


def _base_year(state: State) -> int | None:
    rows = story.stage_summary(state.run, state.stage).get("years") or ()
    return rows[0].get("year") if rows else None


def works(state: State) -> list[dict[str, Any]]:
    """The first packages of works on streets that the run proposes, each with its step as scenario files have it."""
    table = state.run.tables.get("retrofits")
    if table is None or not len(table):
        return []
    found = []
    for row in table.sort_values("rank").head(MOST_WORKS).to_dict("records"):
        try:
            scenario = scenario_of(state.run, "works", proposals=None, works=[int(row["rank"])])
        except PlanError:
            continue
        text = f"{int(row['rank'])}. {measures_text(row.get('measures'), state.language)}"
        name = {"name": measures_text(row.get("measures"), state.language)[:120]}
        found.append({"text": text, "step": {**plain_step(scenario.steps[0]), **name}})
    return found


def kinds(state: State) -> list[dict[str, Any]]:
    """Kinds of school that can be added: those that teach the stage looked at, with usual places by stage."""
    held, names, stages = story.stages(state.run), kind_names(state.language), stage_names(state.language)
    found = [
        {
            "kind": kind,
            "name": names[kind],
            "stages": [{"stage": one, "name": stages[one], "places": usual_places(state, one)} for one in taught],
        }
        for kind, taught in STAGES_OF.items()
        if state.stage in taught and kind in names and kind != "teaching_point" and set(taught) <= set(held)
    ]
    return sorted(found, key=lambda kind: len(kind["stages"]))


def usual_places(state: State, stage: str) -> int:
    """The median of the places of the run's schools, in tens; 0 where none is known."""
    schools = state.run.tables["schools"]
    median = known(float(schools[f"places_{stage}"].median())) if f"places_{stage}" in schools else None
    return 0 if median is None else round(median / 10) * 10


def words(language: str) -> dict[str, str]:
    """What the script says."""
    say = speaker(language)
    return {
        "new": say("New school"),
        "opens": say("Open %(name)s", name="{name}"),
        "closes": say("Close %(name)s", name="{name}"),
        "resizes": say("Resize %(name)s", name="{name}"),
        "remove": say("Remove this step"),
        "centre": say("Move to the centre of the map"),
        "places": say("places"),
        "close": say("Close this school"),
        "resize": say("Set places"),
        "counting": say("Counting what changes …"),
        "failed": say("This could not be counted. Is the service still running?"),
        "place": say("Click the map where the school is to stand."),
        "too_many": say("No more steps can be tried at once; save a scenario and run it."),
        "too_long": say("So many steps do not fit into a link; save them as a scenario instead."),
        "bad_link": say("The steps in this link cannot be read."),
        "copied": say("The link is copied."),
        "link": say("Copy this link:"),
        "builds": say("Build %(count)s dwellings: %(name)s", count="{count}", name="{name}"),
        "mends": say("Mend streets and crossings: %(name)s", name="{name}"),
        "converts": say("Convert %(name)s", name="{name}"),
        "dwellings": say("dwellings"),
        "ready": say("ready in"),
        "new_homes": say("New housing"),
        "corner": say(
            "Click the map for every corner, or move the map and press Enter. %(count)s corners.", count="{count}"
        ),
        "brings": say("%(pupils)s children, %(served)s with a place", pupils="{pupils}", served="{served}"),
        "bad_place": say("Latitude and longitude in degrees are expected."),
        "saved": say("Saved as %(name)s.", name="{name}"),
        "taken": say(
            "There is a scenario %(name)s with other steps, saved by %(person)s, %(at)s. Choose another name, or "
            "open it first.",
            name="{name}",
            person="{person}",
            at="{at}",
        ),
        "stale": say(
            "%(name)s is not the one you opened: %(person)s has changed it since, %(at)s. Open it again, or save "
            "yours under another name.",
            name="{name}",
            person="{person}",
            at="{at}",
        ),
        "gone": say("%(name)s is not there any more. Save yours under another name.", name="{name}"),
        "somebody": say("somebody outside these pages"),
        "steps": say("%(count)s steps", count="{count}"),
        "runs": say("computed"),
        "no_scenarios": say("No scenario is saved yet."),
        "unreadable": say("cannot be read"),
        "open": say("Open"),
        "compare": say("Compare"),
        "compute": say("Compute"),
        "rename": say("Rename"),
        "remove_scenario": say("Delete"),
        "sure": say("Delete the scenario %(name)s? Runs made with it stay.", name="{name}"),
        "new_title": say("New title of %(name)s", name="{name}"),
        "removed": say("%(name)s is deleted.", name="{name}"),
        "now": say("now"),
        "then": say("with the change"),
        "homes": say("%(shown)s of %(total)s homes that change are on the map.", shown="{shown}", total="{total}"),
        "all_homes": say("All %(total)s homes that change are on the map.", total="{total}"),
        "no_homes": say("No home changes."),
        "opened": say("opens"),
        "closed": say("closes"),
        "took": say("counted in %(seconds)s s", seconds="{seconds}"),
        "load": say("load"),
    }
