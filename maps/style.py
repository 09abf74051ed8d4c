"""Colours, class breaks and legends: one look for tiles, legends and the self-contained map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan import style as look
from geoplan.reasons import terms
from maps.language import speaker

CELL_LAYERS = ("population", "walk", "status", "nearest", "catchments")
PER_STAGE = ("walk", "status", "nearest", "catchments")
NEED = "need"  # cells by pupils without a place, of one year
PROPOSED = "proposed"  # cells by the proposed place they would go to

LOOK = look.style()
STATUS_COLOURS: dict[str, str] = {entry["value"]: entry["colour"] for entry in LOOK["status"]}
UNASSIGNED: str = LOOK["unknown"]
DISTANCE_RAMP = look.classes("walk").colours
WALK_BREAKS_M = look.classes("walk").breaks
PEOPLE_RAMP = look.classes("residents").colours
PEOPLE_BREAKS_HA = look.classes("residents").breaks
NEED_RAMP = look.classes(NEED).colours
NEED_BREAKS_HA = look.classes(NEED).breaks
PALE = 0.5  # share of white in catchment colours, so that streets and names stay readable


@dataclass(frozen=True)
class Swatch:
    """One colour of a legend and what it means."""

    colour: str
    label: str


@dataclass(frozen=True)
class Legend:
    """What the colours of a layer mean: ``ramp`` steps have their lower end as label, ``swatches`` stand alone."""

    layer: str
    title: str
    ramp: tuple[Swatch, ...] = ()
    swatches: tuple[Swatch, ...] = ()
    note: str = ""


def palette(colours: tuple[str, ...]) -> NDArray[np.uint8]:
    """Palette of shape (1 + colours, 4); class 0 is transparent."""
    rows = [(0, 0, 0, 0), *((*bytes.fromhex(colour[1:]), 255) for colour in colours)]
    return np.array(rows, dtype=np.uint8)


def account_colour(account: str) -> str:
    """Colour of an account; grey for those of whom it is not known whether they have a place."""
    return STATUS_COLOURS.get(account, UNASSIGNED)


def layer_colours(layer: str, limits_m: tuple[int, ...] = (), *, places_known: bool = True) -> tuple[str, ...]:
    """Colour of class 1, 2 … of a cell layer."""
    if layer in (NEED, "population"):
        return NEED_RAMP if layer == NEED else PEOPLE_RAMP
    if layer == "walk":
        return (*DISTANCE_RAMP, UNASSIGNED)
    if layer == "status":
        unknown = {} if places_known else {"in_reach_no_place": UNASSIGNED}
        return tuple((STATUS_COLOURS | unknown).values())
    if layer == "nearest":
        return (*look.ramp("distance", len(limits_m) + 1), UNASSIGNED)
    return catchment_colours()


def catchment_colours() -> tuple[str, ...]:
    """Colours that tell neighbouring catchments apart, paled."""
    colours = [np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) for colour in look.classes("catchments").colours]
    return tuple("#" + bytes((c * (1 - PALE) + 255 * PALE).astype(np.uint8)).hex() for c in colours)


def legends(language: str, limits_m: tuple[int, ...], *, known: Iterable[bool] = (True,)) -> dict[str, Legend]:
    """The legend of every cell layer, in words; ``known`` says of each stage shown whether its places are known."""
    say = speaker(language)
    titles = layer_titles(language)
    stated = tuple(known)
    unassigned = Swatch(UNASSIGNED, say("no place assigned") if any(stated) else say("places not known"))
    unreached = Swatch(UNASSIGNED, say("no way on foot, or off the network"))
    bands = layer_colours("nearest", limits_m)[:-1]
    made = (
        Legend("population", titles["population"], _ticks(PEOPLE_RAMP, PEOPLE_BREAKS_HA)),
        Legend(
            "walk", say("%(layer)s (m)", layer=titles["walk"]), _ticks(DISTANCE_RAMP, WALK_BREAKS_M), (unassigned,)
        ),
        Legend(
            "status",
            titles["status"],
            (),
            status_swatches(language, stated),
            say("A home has the colour of the group most of its children are in; some of them may be in another."),
        ),
        Legend(
            "nearest",
            say("%(layer)s (m)", layer=titles["nearest"]),
            _ticks(bands, (0, *limits_m)),
            (unreached,),
            say("Distance to the nearest school of the stage, whether it has a place or not."),
        ),
        Legend(
            "catchments",
            titles["catchments"],
            note=say("One colour is one school; neighbouring schools differ. Homes without a place have no colour."),
        ),
    )
    return {legend.layer: legend for legend in made}


def need_legend(language: str) -> Legend:
    """The legend of the need layer; the year stands beside its title."""
    say = speaker(language)
    said = say("Summed, not averaged: from afar a patch shows all pupils it covers, by its area.")
    return Legend(NEED, terms("layer", language)[NEED], _ticks(NEED_RAMP, NEED_BREAKS_HA), note=said)


def proposed_legend(language: str) -> Legend:
    """The legend of who would go to which proposed place."""
    say = speaker(language)
    said = say("One colour is one proposed place. Homes that would go elsewhere, or have no place, have no colour.")
    return Legend(PROPOSED, say("Who would go to the proposed places"), note=said)


def status_swatches(language: str, known: Iterable[bool] = (True,)) -> tuple[Swatch, ...]:
    """The accounts with their colours and names; those in reach are one where places are not known."""
    names, stated = status_names(language), set(known)
    shown = {
        "served": True in stated,
        "in_reach_no_place": True in stated,
        "in_reach_places_unknown": False in stated,
    }
    accounts = (*list(STATUS_COLOURS)[:2], "in_reach_places_unknown", *list(STATUS_COLOURS)[2:])
    return tuple(Swatch(account_colour(name), names[name]) for name in accounts if shown.get(name, True))


def status_names(language: str) -> dict[str, str]:
    """What each account is called."""
    return terms("account", language) | {"none": terms("status", language)["none"]}


def layer_titles(language: str) -> dict[str, str]:
    """Names of the cell layers, as layer control and legend show them."""
    names = terms("layer", language) | {"population": terms("layer", language)["residents"]}
    return {layer: names[layer] for layer in CELL_LAYERS}


def stage_names(language: str) -> dict[str, str]:
    """Names of the stages."""
    return terms("stage", language)


def children_name(stage: str, language: str) -> str:
    """What the children of a stage are called."""
    return terms("children", language)[stage]


def route_names(language: str) -> dict[str, str]:
    """What the three groups of routes are called."""
    return terms("route", language)


def route_colours() -> dict[str, str]:
    """The three fixed colours of routes."""
    found = look.classes("route")
    return dict(zip(found.values, found.colours, strict=True))


def script_words(language: str) -> dict[str, str]:
    """What the page's script says, from the same catalogue."""
    say = speaker(language)
    return {
        "zoom_in": say("Zoom in"),
        "zoom_out": say("Zoom out"),
        "close": say("Close"),
        "layers": say("Layers"),
        "school": say("School"),
        "load": say("load"),
        "loading": say("Looking up this home …"),
        "nobody": say("Nobody is counted here."),
        "failed": say("This could not be looked up. Is the service still running?"),
        "map": say("Map"),
    }


def _ticks(colours: Iterable[str], breaks: Iterable[float]) -> tuple[Swatch, ...]:
    """Steps of a ramp with their lower end; the unit stands in the title."""
    return tuple(Swatch(colour, f"{lower:g}") for colour, lower in zip(colours, breaks, strict=True))
