"""Colours, class breaks and legends: one look for tiles, legends and the self-contained map."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.reasons import terms
from maps.language import metres, number, speaker

CELL_LAYERS = ("population", "walk", "status", "nearest", "catchments")
PER_STAGE = ("walk", "status", "nearest", "catchments")

LOOK: dict[str, Any] = tomllib.loads(files("geoplan").joinpath("style.toml").read_text(encoding="utf-8"))
STATUS_COLOURS: dict[str, str] = {entry["value"]: entry["colour"] for entry in LOOK["status"]}
UNASSIGNED: str = LOOK["unknown"]
DISTANCE_RAMP: tuple[str, ...] = tuple(LOOK["distance"]["colours"])
PEOPLE_RAMP: tuple[str, ...] = tuple(LOOK["people"]["colours"])
WALK_BREAKS_M: tuple[float, ...] = tuple(LOOK["distance"]["breaks_m"])
PEOPLE_BREAKS_HA: tuple[float, ...] = tuple(LOOK["people"]["breaks_ha"])
CATCHMENT_COLOURS = (
    "#8dbbd8", "#f0c987", "#9cc9a5", "#c9b1d9", "#e5a79b", "#b9b983", "#86c5c3", "#d9b48f", "#a9b4c9", "#d6d08c",
)  # fmt: skip


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


def layer_colours(layer: str, limits_m: tuple[int, ...] = ()) -> tuple[str, ...]:
    """Colour of class 1, 2 … of a cell layer."""
    if layer == "population":
        return PEOPLE_RAMP
    if layer == "walk":
        return (*DISTANCE_RAMP, UNASSIGNED)
    if layer == "status":
        return tuple(STATUS_COLOURS.values())
    if layer == "nearest":
        return (*ramp(len(limits_m) + 1), UNASSIGNED)
    return CATCHMENT_COLOURS


def ramp(steps: int) -> tuple[str, ...]:
    """``steps`` colours spread evenly over the distance ramp."""
    stops = np.array([tuple(bytes.fromhex(colour[1:])) for colour in DISTANCE_RAMP], dtype=float)
    at = np.linspace(0, len(stops) - 1, steps)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), stops[:, band]) for band in range(3)], axis=1)
    return tuple("#" + bytes(row).hex() for row in mixed.round().astype(np.uint8))


def legends(language: str, limits_m: tuple[int, ...]) -> dict[str, Legend]:
    """The legend of every cell layer, in words."""
    say = speaker(language)
    unassigned = Swatch(UNASSIGNED, say("no place assigned"))
    unreached = Swatch(UNASSIGNED, say("no way on foot, or off the network"))
    bands = zip(layer_colours("nearest", limits_m), (0, *limits_m), strict=False)
    return {
        "population": Legend(
            "population",
            layer_titles(language)["population"],
            tuple(Swatch(c, number(b, language)) for c, b in zip(PEOPLE_RAMP, PEOPLE_BREAKS_HA, strict=True)),
        ),
        "walk": Legend(
            "walk",
            layer_titles(language)["walk"],
            tuple(Swatch(c, _tick(b, language)) for c, b in zip(DISTANCE_RAMP, WALK_BREAKS_M, strict=True)),
            (unassigned,),
        ),
        "status": Legend("status", layer_titles(language)["status"], (), status_swatches(language)),
        "nearest": Legend(
            "nearest",
            layer_titles(language)["nearest"],
            tuple(Swatch(c, _tick(b, language)) for c, b in bands),
            (unreached,),
            say("Distance to the nearest school of the stage, whether it has a place or not."),
        ),
        "catchments": Legend(
            "catchments",
            layer_titles(language)["catchments"],
            note=say("One colour is one school; neighbouring schools differ. Homes without a place have no colour."),
        ),
    }


def status_swatches(language: str) -> tuple[Swatch, ...]:
    """The four accounts with their colours and names."""
    names = status_names(language)
    return tuple(Swatch(colour, names[status]) for status, colour in STATUS_COLOURS.items())


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


def as_data(legend: Legend) -> dict[str, Any]:
    """A legend as plain data for the page's script."""
    return {
        "title": legend.title,
        "ramp": [[s.colour, s.label] for s in legend.ramp],
        "swatches": [[s.colour, s.label] for s in legend.swatches],
        "note": legend.note,
    }


def _tick(distance_m: float, language: str) -> str:
    if distance_m < 1000:
        return number(distance_m, language)
    return metres(distance_m, language) if distance_m >= 10_000 else number(distance_m / 1000, language, 1) + "k"
