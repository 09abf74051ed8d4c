"""What a page shows, as its address says it: plan, run, stage, limit, layer, view, language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for
from flask_babel import get_locale

from geoplan.run import Run
from geoplan.store import RunEntry
from maps import coverage, story, style, workspace
from maps.language import day, metres, speaker
from maps.safety.facts import present
from maps.siting import facts as siting
from maps.workspace import PlanEntry


@dataclass(frozen=True)
class State:
    """The state of a plan's page."""

    plan: PlanEntry
    entry: RunEntry
    run: Run
    stage: str
    limit_m: int | None  # None: the rule of each pupil
    layer: str
    view: str
    language: str
    year: int | None = None  # of the places counted; None where the run counts no years

    @property
    def has_safety(self) -> bool:
        """Whether route safety was computed in the run."""
        return present(self.run)

    @property
    def has_siting(self) -> bool:
        """Whether the run counts places of coming years or proposes new ones."""
        return siting.present(self.run)

    def address(self, endpoint: str = "pages.plan_page", **changes: Any) -> str:
        """The address of a page in this state, with some of it changed; None leaves a part out."""
        query: dict[str, Any] = {
            "stage": self.stage,
            "limit": self.limit_m,
            "layer": self.layer,
            "lang": self.language,
        }
        if self.entry is not self.plan.runs[0]:
            query["run"] = self.entry.run_id
        if self.view:
            query["view"] = self.view
        if self.year and request.args.get("year"):
            query["year"] = self.year
        return url_for(endpoint, plan_id=self.plan.plan_id, **(query | changes))

    def api_root(self) -> str:
        """Where the API holds this run."""
        return url_for("api.run_root", plan_id=self.plan.plan_id, run_id=self.entry.run_id)


def workspace_folder() -> Path:
    """The folder of plan folders this application shows."""
    return Path(current_app.config["WORKSPACE"])


def request_language() -> str:
    """``en`` or ``zh`` for the request being answered."""
    return str(get_locale().language)


def read_state(plan_id: str) -> State:
    """The state named by the request; NotFoundError for what is not there, defaults for what is not said."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    entry = workspace.find_run(plan, request.args.get("run", workspace.LATEST))
    run = workspace.open_run(entry.path)
    stage = request.args.get("stage") or story.first_stage(run)
    story.stage_summary(run, stage)
    asked = request.args.get("limit", type=int)
    layer = request.args.get("layer", "")
    view = request.args.get("view", "")
    return State(
        plan=plan,
        entry=entry,
        run=run,
        stage=stage,
        limit_m=asked if asked in story.limits_m(run, stage) else None,
        layer=layer if layer in style.CELL_LAYERS else story.first_layer(run, stage),
        view=view if coverage.parse_view(view) else "",
        language=request_language(),
        year=_year(run, stage),
    )


def _year(run: Run, stage: str) -> int | None:
    """The year asked for where the run counts it, else its worst one."""
    counted = siting.years(run, stage)
    asked = request.args.get("year", type=int)
    return asked if asked in counted else siting.worst_year(run, stage)


def stage_links(state: State, endpoint: str = "pages.plan_page") -> list[dict[str, Any]]:
    """The same page for each stage of the run."""
    names = style.stage_names(state.language)
    return [
        {
            "name": names[stage],
            "href": state.address(endpoint, stage=stage, limit=None),
            "current": stage == state.stage,
        }
        for stage in story.stages(state.run)
    ]


def limit_links(state: State) -> list[dict[str, Any]]:
    """The plan page for each limit the run was counted for."""
    say = speaker(state.language)
    texts: dict[int | None, str] = {None: say("Own rule")}
    texts |= {limit: metres(limit, state.language) for limit in story.limits_m(state.run, state.stage)}
    return [
        {"text": text, "href": state.address(limit=limit), "current": limit == state.limit_m}
        for limit, text in texts.items()
    ]


def language_links() -> list[dict[str, Any]]:
    """The page being answered, in each language."""
    query = request.args.to_dict()
    return [
        {
            "code": code,
            "name": name,
            "href": f"{request.path}?{urlencode({**query, 'lang': code})}",
            "current": code == request_language(),
        }
        for code, name in (("en", "English"), ("zh", "中文"))
    ]


def run_links(state: State) -> list[dict[str, Any]]:
    """The data page of each run of the plan, newest first."""
    return [
        {
            "id": entry.run_id,
            "created": day(entry.created, state.language),
            "scenario": entry.scenario,
            "href": state.address("pages.data_page", run=entry.run_id),
            "current": entry is state.entry,
        }
        for entry in state.plan.runs
    ]
