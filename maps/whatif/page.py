"""What the plan page is told about trying changes: addresses, kinds of school, colours, words."""

from __future__ import annotations

from typing import Any

from flask import url_for

from geoplan.reasons import known
from layers.schools.stages import STAGES_OF
from maps import story
from maps.language import speaker
from maps.people import may_change
from maps.schools import kind_names
from maps.state import State
from maps.style import stage_names
from maps.whatif.answer import legend
from maps.whatif.asked import MOST_STEPS

BASE = "base"
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
    }


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
