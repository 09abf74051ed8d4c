"""What the page of new places is made of, for a state."""

from __future__ import annotations

from typing import Any

from flask import request

from geoplan import __version__
from geoplan.reasons.siting import money_unit
from geoplan.run import Run
from maps import coverage, scene, schools, story, style
from maps.language import speaker
from maps.schools import Card
from maps.siting import curve, drawing, facts, housing, proposals
from maps.siting.story import tell, year_view
from maps.siting.told import search_text
from maps.state import State

LAYERS = ("population", "status")  # beside those of new places
FILES = ("proposals", "candidates", "housing_need", "places_balance", "milestones")


def context(state: State) -> dict[str, Any]:
    """Everything the template needs besides the state itself; NotFoundError where nothing was computed."""
    facts.require(state.run)
    run, stage, language = state.run, state.stage, state.language
    cards = proposals.cards(run, stage, language)
    unit = money_unit(facts.proposals(run))
    return {
        "story": tell(run, stage, language),
        "view": view(state),
        "years": year_links(state),
        "proposals": cards,
        "others": len(facts.proposals(run)) - len(cards),
        "curve": curve.curve(run, language, unit) if facts.planned(run, stage) else None,
        "search": search_text(run, language),
        "picture": {name: getattr(curve, name) for name in ("WIDTH", "HEIGHT", "LEFT", "RIGHT", "TOP", "BOTTOM")},
        "bar": {"width": proposals.BAR_WIDTH, "height": proposals.BARS_HEIGHT},
        "housing": housing.housing_rows(run, stage, language),
        "candidates": drawing.candidate_marks(run, language),
        "downloads": _downloads(state),
        "legends": legends(run, stage, language),
        "samples": drawing.legend(run, language),
        "shown": shown_layer(state),
    }


def view(state: State) -> Any:
    """What changes with the year; None where the run counts no years."""
    return year_view(state.run, state.stage, state.year, state.language) if state.year else None


def part(state: State) -> Any:
    """The same for exactly the year asked for; NotFoundError where the run does not count it."""
    year = facts.year_of(state.run, state.stage, request.args.get("year", type=int))
    return year_view(state.run, state.stage, year, state.language)


def year_links(state: State) -> list[dict[str, Any]]:
    """The page for each year counted, the base year first."""
    return [
        {"year": year, "href": state.address("pages.siting_page", year=year), "current": year == state.year}
        for year in facts.years(state.run, state.stage)
    ]


def legends(run: Run, stage: str, language: str) -> dict[str, style.Legend]:
    """Legends of the layers of this page."""
    held = style.legends(language, story.limits_m(run, stage), known=[story.places_known(run, stage)])
    own = {}
    if facts.years(run, stage):
        own[style.NEED] = style.need_legend(language)
    if f"site_{stage}" in run.tables["cells"] and facts.proposals(run, stage):
        own[style.PROPOSED] = style.proposed_legend(language)
    return own | {name: held[name] for name in LAYERS}


def shown_layer(state: State) -> str:
    """The layer asked for where this page has it, else need."""
    asked, held = request.args.get("layer", ""), _titles(state)
    return asked if asked in held else next(iter(held))


def _titles(state: State) -> dict[str, str]:
    """Names of the cell layers of this page: need where the run counts years, catchments where it has them."""
    return {name: legend.title for name, legend in legends(state.run, state.stage, state.language).items()}


def _downloads(state: State) -> list[dict[str, str]]:
    say = speaker(state.language)
    names = {
        "proposals": say("Proposals"),
        "candidates": say("Candidate sites"),
        "housing_need": say("New housing"),
        "places_balance": say("Places by sub-area and year"),
        "milestones": say("Accounts by year"),
    }
    root = state.api_root()
    return [
        {"name": names[name], "csv": f"{root}/layers/{name}.csv", "geojson": f"{root}/layers/{name}.geojson"}
        for name in FILES
        if name in state.run.tables
    ]


def page_data(state: State, found: tuple[Card, ...], told: dict[str, Any]) -> dict[str, Any]:
    """What the page's script is told."""
    root = state.api_root()
    return {
        "stage": state.stage,
        "layer": told["shown"],
        "bounds": None if state.view else scene.corners(state.run),
        "language": state.language,
        "cell": f"{root}/cell",
        "school": request.args.get("school", ""),
        **schools.card_data(found),
        "words": style.script_words(state.language) | _words(state.language),
        "siting": {
            "year": state.year,
            "years": [link["year"] for link in told["years"]],
            "part": state.address("pages.siting_year", year=None),
            "layers": [{"key": key, "title": title} for key, title in _titles(state).items()],
            "need": _tiles(state, style.NEED, "{year}"),
            "proposal": request.args.get("proposal", ""),
            "proposals": drawing.proposal_marks(told["proposals"]),
            "candidates": told["candidates"],
            "outlines": drawing.outlines(state.run),
            "candidate": f"{root}/candidates",
            "housing": drawing.housing_marks(told["housing"]),
        },
    }


def _words(language: str) -> dict[str, str]:
    say = speaker(language)
    return {
        "proposals": say("Proposals"),
        "proposal": say("Proposal"),
        "candidates": say("Candidate sites"),
        "housing": say("New housing"),
        "schools": say("Schools"),
        "checks": say("Siting checks"),
        "looking": say("Looking up this place …"),
        "counting": say("Fetching the figures of %(year)s …", year="{year}"),
        "year_failed": say(
            "The figures of %(year)s could not be fetched. Is the service still running?", year="{year}"
        ),
    }


def _tiles(state: State, name: str, year: object) -> str:
    query = f"stage={state.stage}&v={__version__}" + (f"&year={year}" if name == style.NEED else "")
    return f"{state.api_root()}/tiles/{name}/{{z}}/{{x}}/{{y}}.png?{query}"


def plan_map(state: State, found: tuple[Card, ...], base: coverage.Tiles, extra: tuple[Any, ...]) -> Any:
    """The folium map: ground, need and other cell layers, outlines, schools; marks come with the page's script."""
    titles = _titles(state)
    sheets = coverage.Sheets(
        base=base,
        cells=[coverage.Tiles(name, title, _tiles(state, name, state.year)) for name, title in titles.items()],
        shown=shown_layer(state),
        extra=extra,
    )
    view = coverage.parse_view(state.view)
    return coverage.coverage_map(
        state.run,
        state.stage,
        sheets,
        view=view,
        language=state.language,
        rings=schools.ring_features(found),
        control=False,
    )
