"""What the route safety page is made of, for a state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request, url_for

from geoplan import __version__
from geoplan.reasons import sentence
from geoplan.reasons.safety import VERDICTS
from geoplan.run import Run
from maps import coverage, scene, schools, style
from maps.kept import kept
from maps.language import number, speaker
from maps.safety import drawing, facts, retrofits, rows
from maps.safety.facts import class_span
from maps.safety.story import tell
from maps.schools import Card
from maps.state import State

WORKS = 20  # packages of works on the map
FILES = ("segments", "crossings", "survey", "osm_fixes", "retrofits", "gate_audit")


def context(state: State) -> dict[str, Any]:
    """Everything the template needs besides the state itself; NotFoundError where safety was not computed."""
    facts.require(state.run)
    run, stage, language = state.run, state.stage, state.language
    unmapped = rows.unmapped_count(run)
    return {
        "story": tell(run, stage, language),
        "worst": rows.worst_crossings(run, language),
        "unmapped": sentence("safety_unmapped", language, count=unmapped) if unmapped else "",
        "no_works": sentence("safety_no_works", language) if "retrofits" in run.tables else "",
        "no_bad_crossing": sentence("safety_no_bad_crossing", language),
        "survey": rows.survey_rows(run, language),
        "packages": retrofits.package_rows(run, language),
        "curve": retrofits.curve(run, language),
        "picture": {name: getattr(retrofits, name) for name in ("WIDTH", "HEIGHT", "LEFT", "RIGHT", "TOP", "BOTTOM")},
        "by_class": rows.school_rows(run, stage, language),
        "areas": rows.area_rows(run, stage, language),
        "gates": rows.gate_items(run, stage, language),
        "downloads": _downloads(state),
        "samples": drawing.legend(language, routes=facts.routes_known(run)),
    }


def _downloads(state: State) -> list[dict[str, str]]:
    say = speaker(state.language)
    names = {
        "segments": say("Streets with levels"),
        "crossings": say("Crossings with levels"),
        "survey": say("Survey list"),
        "osm_fixes": say("Corrections for OpenStreetMap"),
        "retrofits": say("Works"),
        "gate_audit": say("Gate checklist"),
    }
    root = state.api_root()
    return [
        {"name": names[name], "csv": f"{root}/layers/{name}.csv", "geojson": f"{root}/layers/{name}.geojson"}
        for name in FILES
        if name in state.run.tables
    ]


@kept
def cards(run: Run, stage: str, language: str) -> tuple[Card, ...]:
    """School cards that speak of routes: class, pupils by verdict, mean walk."""
    say = speaker(language)
    by_id = {str(row["id"]): row for row in facts.schools_of(run, stage).to_dict("records")}
    found = []
    for card in schools.cards(run, stage, language):
        school = by_id[card.school_id]
        route_class = class_span(school)
        texts = style.route_names(language)
        counts = tuple((texts[v], number(school.get(f"pupils_{v}_{stage}"), language)) for v in VERDICTS)
        kept = tuple(row for row in card.rows if row[0] in (say("children assigned"), say("mean walk")))
        told = ((say("Class of its routes"), route_class), *counts, *kept)
        found.append(replace(card, rows=told, load_text=route_class))
    return tuple(found)


def page_data(state: State, found: tuple[Card, ...]) -> dict[str, Any]:
    """What the page's script is told."""
    return {
        "stage": state.stage,
        "layer": state.layer,
        "bounds": None if state.view else scene.corners(state.run),
        "language": state.language,
        "school": request.args.get("school", ""),
        **schools.card_data(found),
        "words": style.script_words(state.language) | _words(state.language),
        "safety": _map_data(state),
    }


def _map_data(state: State) -> dict[str, Any]:
    """Addresses and looks of what the script draws; ``route`` is empty where routes cannot be asked for."""
    root, version = state.api_root(), __version__
    return {
        "style": drawing.browser_style(root, version),
        "pictures": {name: f"{root}/tiles/{name}/{{z}}/{{x}}/{{y}}.png?v={version}" for name in facts.LAYERS},
        "worker": url_for("static", filename="vendor/maplibre-gl-csp-worker.js"),
        "elements": f"{root}/elements",
        "cell": f"{root}/cell",
        "route": f"{root}/route" if facts.routes_known(state.run) else "",
        "gates": f"{root}/gates" if "gate_audit" in state.run.tables else "",
        "works": retrofits.places(state.run, WORKS),
        "verdicts": style.route_colours(),
    }


def _words(language: str) -> dict[str, str]:
    say = speaker(language)
    return {
        "load": say("class"),
        "streets": say("Streets by level"),
        "crossings": say("Crossings"),
        "works": say("Works"),
        "schools": say("Schools"),
        "gates": say("Gate checklist"),
        "looking": say("Looking up this place …"),
        "routing": say("Finding both routes to school; the first one takes a little longer …"),
    }


def plan_map(state: State, found: tuple[Card, ...], base: coverage.Tiles, extra: tuple[Any, ...]) -> Any:
    """The folium map: ground, outlines, gates and schools; streets and crossings come with the page's script."""
    sheets = coverage.Sheets(base=base, cells=(), shown="", extra=extra)
    view = coverage.parse_view(state.view)
    return coverage.coverage_map(
        state.run, state.stage, sheets, view=view, language=state.language, rings=schools.ring_features(found)
    )
