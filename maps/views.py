"""The pages: counties, one plan, its data."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from geoplan import __version__
from maps import assets, coverage, datapage, scene, schools, story, style, tables, workspace
from maps.edit.stale import run_of_other_settings
from maps.grounds import configured, ground_layers
from maps.kept import once
from maps.language import day, speaker
from maps.people import may_change, visible
from maps.safety import page as safety
from maps.siting import page as siting
from maps.siting.story import milestone_rows
from maps.standalone import standalone
from maps.state import (
    State,
    language_links,
    limit_links,
    read_state,
    request_language,
    run_links,
    stage_links,
    workspace_folder,
)
from maps.whatif import page as whatif
from maps.workspace import PlanEntry

pages = Blueprint("pages", __name__)

TILE = "{z}/{x}/{y}.png"
FULLEST = 5


@pages.get("/")
def counties() -> str:
    """The plans of the workspace with their latest run."""
    language = request_language()
    found = [_county(plan, language) for plan in visible(workspace.list_plans(workspace_folder()))]
    return render_template(
        "counties.html", counties=found, folder=workspace_folder().name, languages=language_links()
    )


def _county(plan: PlanEntry, language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": plan.plan_id,
        "title": story.local_text(plan.texts, "title", language),
        "notice": story.local_text(plan.texts, "notice", language),
        "fault": plan.fault,
        "changeable": may_change(plan.plan_id),
    }
    if not plan.runs:
        return shown
    newest = plan.runs[0]
    run = workspace.open_run(newest.path)
    shown |= {"created": day(newest.created, language), "run_id": newest.run_id}
    stage = story.first_stage(run)
    if stage:
        shown["stage"] = style.stage_names(language)[stage]
        shown["headline"] = story.headline(story.stage_summary(run, stage), stage, language)
    return shown


@pages.get("/plans/<plan_id>", strict_slashes=False)
def plan_page(plan_id: str) -> str:
    """The plan page: story and map."""
    state = read_state(plan_id)
    found = schools.cards(state.run, state.stage, state.language)
    legends = style.legends(
        state.language,
        story.limits_m(state.run, state.stage),
        known=[story.places_known(state.run, state.stage)],
    )
    body, script = _map_parts("coverage", state, lambda: _map(state), state.layer)
    return render_template(
        "plan.html",
        state=state,
        story=story.tell(state.run, state.stage, state.language, limit_m=state.limit_m),
        fullest=schools.fullest(found, FULLEST),
        areas=tables.area_rows(state.run, state.stage, state.language),
        homes=tables.worst_homes(state.run, state.stage, state.language),
        milestones=milestone_rows(state.run, state.stage, state.language),
        sources=tables.source_rows(state.run),
        stages=stage_links(state),
        limits=limit_links(state),
        languages=language_links(),
        downloads=_downloads(state),
        legends=legends,
        created=day(state.entry.created, state.language),
        lacking=assets.remedy(),
        map_body=body,
        map_script=script,
        page_data={
            "stage": state.stage,
            "layer": state.layer,
            "bounds": None if state.view else scene.corners(state.run),
            "language": state.language,
            "cell": f"{state.api_root()}/cell",
            "school": request.args.get("school", ""),
            **schools.card_data(found),
            "words": style.script_words(state.language),
            "whatif": whatif.page_data(state),
        },
    )


def _map(state: State) -> Any:
    address = f"{state.api_root()}/tiles"
    query = f"stage={state.stage}&v={__version__}"
    sheets = coverage.Sheets(
        base=_ground(state),
        cells=[
            coverage.Tiles(name, title, f"{address}/{name}/{TILE}?{query}")
            for name, title in style.layer_titles(state.language).items()
        ],
        shown=state.layer,
        extra=tuple(ground_layers()),
    )
    view = coverage.parse_view(state.view)
    return coverage.coverage_map(state.run, state.stage, sheets, view=view, language=state.language)


def _downloads(state: State) -> list[dict[str, str]]:
    say = speaker(state.language)
    names = {"cells": say("Homes (cells)"), "schools": say("Schools"), "areas": say("Sub-areas")}
    root = state.api_root()
    return [
        {"name": title, "csv": f"{root}/layers/{name}.csv", "geojson": f"{root}/layers/{name}.geojson"}
        for name, title in names.items()
        if name in state.run.tables
    ]


@pages.get("/plans/<plan_id>/safety")
def safety_page(plan_id: str) -> str:
    """Route safety: story and map of segments, crossings and routes."""
    state = read_state(plan_id)
    told = safety.context(state)
    found = safety.cards(state.run, state.stage, state.language)

    def draw() -> Any:
        return safety.plan_map(state, found, _ground(state), tuple(ground_layers()))

    return _panel("safety", state, told, draw, safety.page_data(state, found))


@pages.get("/plans/<plan_id>/siting")
def siting_page(plan_id: str) -> str:
    """New places: story and map of need by year, proposals, candidates, new housing."""
    state = read_state(plan_id)
    told = siting.context(state)
    found = schools.cards(state.run, state.stage, state.language)

    def draw() -> Any:
        return siting.plan_map(state, found, _ground(state), tuple(ground_layers()))

    return _panel("siting", state, told, draw, siting.page_data(state, found, told))


def _map_parts(name: str, state: State, draw: Callable[[], Any], shown: str) -> tuple[str, str]:
    """Body and script of a panel's map, drawn once for everybody who opens it at its own place."""
    if state.view:
        return coverage.map_parts(draw())
    key = (name, state.api_root(), state.stage, state.language, state.year, shown, tuple(configured()))
    return once(state.run, key, lambda: coverage.map_parts(draw()))


def _panel(name: str, state: State, told: dict[str, Any], draw: Callable[[], Any], page_data: dict[str, Any]) -> str:
    """A panel of a plan with its own story, folium map and data for the script: ``<name>.html``, ``<name>_page``."""
    body, script = _map_parts(name, state, draw, told.get("shown", ""))
    return render_template(
        f"{name}.html",
        state=state,
        **told,
        sources=tables.source_rows(state.run),
        stages=stage_links(state, f"pages.{name}_page"),
        languages=language_links(),
        created=day(state.entry.created, state.language),
        lacking=assets.remedy(),
        map_body=body,
        map_script=script,
        page_data=page_data,
    )


@pages.get("/plans/<plan_id>/siting/year")
def siting_year(plan_id: str) -> str:
    """The part of the page of new places that changes with the year."""
    state = read_state(plan_id)
    return render_template("_siting_year.html", view=siting.part(state))


def _ground(state: State) -> coverage.Tiles:
    return coverage.Tiles("base", "", f"{state.api_root()}/tiles/base/{TILE}?v={__version__}")


@pages.get("/plans/<plan_id>/data")
def data_page(plan_id: str) -> str:
    """What the figures rest on: warnings, sources, standards, all schools."""
    state = read_state(plan_id)
    return render_template(
        "data.html",
        state=state,
        story=story.tell(state.run, state.stage, state.language, limit_m=state.limit_m),
        documents=datapage.document_links(state.api_root()),
        faults=datapage.fault_rows(state.run, state.language),
        sources=tables.source_rows(state.run),
        standards=datapage.standard_rows(state.run),
        severities=datapage.severities(state.language),
        roles=datapage.role_names(state.language),
        words=datapage.standard_words(state.language),
        cards=schools.cards(state.run, state.stage, state.language),
        stages=stage_links(state, "pages.data_page"),
        runs=run_links(state),
        formats=datapage.export_formats(state.language),
        changeable=may_change(plan_id),
        stale=run_of_other_settings(state.plan),
        languages=language_links(),
    )


@pages.get("/plans/<plan_id>/map.html")
def map_file(plan_id: str) -> AnyResponse:
    """The self-contained map as a download."""
    state = read_state(plan_id)
    name = f"{state.plan.plan_id}-{state.entry.run_id}-{state.language}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return Response(standalone(state.run, state.language), mimetype="text/html", headers=headers)


@pages.get("/plans/<plan_id>/thumbnail.png")
def plan_thumbnail(plan_id: str) -> AnyResponse:
    """A small picture of a run: walking distances on the base map."""
    state = read_state(plan_id)
    out = io.BytesIO()
    scene.thumbnail(scene.open_scene(state.entry.path), state.stage).save(out, "PNG")
    response = Response(out.getvalue(), mimetype="image/png", headers={"Cache-Control": "private, no-cache"})
    response.set_etag(f"{state.entry.run_id}-{state.stage}-{__version__}")
    return response.make_conditional(request)
