"""The maps of a comparison: the same layers, view and colours for every alternative, and homes that change."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import url_for

from geoplan import __version__
from geoplan.demand.newhomes import PREFIX
from geoplan.run import Run
from layers.scenariofile import HousingStep
from maps import scene, schools, story, style
from maps.compare.alternatives import Alternative
from maps.compare.beside import Beside
from maps.compare.homes import drawn
from maps.language import speaker
from maps.whatif.answer import legend

LAYERS = ("walk", "status", "nearest", "population")
TILE = "{z}/{x}/{y}.png"


def layers(runs: tuple[Run, ...], stage: str) -> tuple[str, ...]:
    """Layers that mean the same in every run: distances to the nearest school only where limits are the same."""
    same = len({story.limits_m(run, stage) for run in runs}) == 1
    return tuple(layer for layer in LAYERS if same or layer != "nearest")


def map_data(one: Alternative, head: dict[str, Any], place: tuple[str, str], shown: dict[str, Any]) -> dict[str, Any]:
    """One map: addresses of its tiles, its schools, those that open; ``place`` is plan and run that steps are on."""
    (plan_id, on), stage = place, shown["stage"]
    root = url_for("api.run_root", plan_id=plan_id, run_id=one.path.name)
    query = {"stage": stage, "v": __version__}
    tiles = f"{root}/tiles"
    if one.whatif:
        query |= {"of": one.spec, "w": one.run.run_id} | ({"on": on} if on else {})
        tiles = f"/api/v1/plans/{plan_id}/compare/tiles"
    found = schools.cards(one.run, stage, shown["language"])
    return {
        "letter": one.letter,
        "base": f"{root}/tiles/base/{TILE}?v={__version__}",
        "tiles": {layer: f"{tiles}/{layer}/{TILE}?{urlencode(query)}" for layer in LAYERS},
        "schools": schools.ring_features(found)["features"],
        "opened": [school["id"] for school in head["opened"]],
        "built": [],
    }


def page_data(told: Beside, moved: list[Any], plan_id: str, on: str, shown: dict[str, Any]) -> dict[str, Any]:
    """What ``compare.js`` is told; ``shown`` holds stage, layer, view, language."""
    language = shown["language"]
    maps = [
        map_data(one, head, (plan_id, on), shown) for one, head in zip(told.ready, told.found["runs"], strict=True)
    ]
    for data, one, part in zip(maps[1:], told.ready[1:], moved, strict=True):
        data["homes"] = drawn(told.runs[0], part)
        data["built"] = _built(one, told.ready[0])
    first = told.runs[0]
    gone = {school["id"] for head in told.found["runs"] for school in head["closed"]}
    table = first.tables["schools"]
    return {
        **shown,
        "bounds": scene.corners(first),
        "maps": maps,
        "closed": [_closed(told, row, gone) for row in table.to_dict("records") if str(row["id"]) in gone],
        "change": [{**one, "hollow": one["kind"] == "lost"} for one in legend(language)],
        "credit": story.local_text(first.summary, "credit", language) or "© OpenStreetMap contributors (ODbL)",
        "words": words(language),
    }


def _built(one: Alternative, first: Alternative) -> list[dict[str, Any]]:
    """New housing of an alternative that the first has not."""
    cells = one.run.tables["cells"]
    ids = cells["cell_id"].astype(str)
    mine = cells[ids.str.startswith(PREFIX) & ~ids.isin(first.run.tables["cells"]["cell_id"].astype(str))]
    names = {
        step.id: str(step.columns.get("name") or step.id)
        for step in one.scenario.steps
        if isinstance(step, HousingStep)
    }
    rows = zip(mine["cell_id"].astype(str).str.removeprefix(PREFIX), mine.geometry, strict=True)
    return [{"name": names.get(name, name), "lat": round(p.y, 6), "lon": round(p.x, 6)} for name, p in rows]


def _closed(told: Beside, row: dict[Any, Any], gone: set[str]) -> dict[str, Any]:
    """A school of the first alternative that is not in some of the others."""
    ids = [{school["id"] for school in head["closed"]} for head in told.found["runs"]]
    letters = [one.letter for one, closed in zip(told.ready, ids, strict=True) if str(row["id"]) in closed]
    point = row["geometry"]
    return {"name": str(row["name"]), "lat": round(point.y, 6), "lon": round(point.x, 6), "letters": letters}


def words(language: str) -> dict[str, str]:
    """What the script says."""
    say = speaker(language)
    return style.script_words(language) | {
        "of": say("Map of %(letter)s", letter="{letter}"),
        "built": say("new housing"),
        "opened": say("opens"),
        "closed": say("closes"),
    }


def legends(runs: tuple[Run, ...], stage: str, language: str) -> dict[str, style.Legend]:
    """The legends of the layers, one for all maps."""
    known = [story.places_known(run, stage) for run in runs]
    every = style.legends(language, story.limits_m(runs[0], stage), known=known)
    return {name: every[name] for name in layers(runs, stage)}
