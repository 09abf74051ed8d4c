"""Schools as the map and the tables show them: rings sized by load, cards with numbers, the fullest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.reasons import known, terms
from geoplan.run import Run
from maps.kept import kept
from maps.language import metres, name_in, number, percent, speaker
from maps.story import serving

LEAST_RADIUS, MOST_RADIUS, FULL_RADIUS = 5.0, 13.0, 9.0  # px: empty, far over full, exactly full


@dataclass(frozen=True)
class Card:
    """A school's numbers in words: ``rows`` are (label, value)."""

    school_id: str
    name: str
    note: str
    rows: tuple[tuple[str, str], ...]
    assigned: str
    load: float | None
    load_text: str
    radius: float
    lon: float
    lat: float
    outside: bool


@kept
def cards(run: Run, stage: str, language: str) -> tuple[Card, ...]:
    """A card for every school that serves the stage, in table order."""
    schools = run.tables.get("schools")
    if not isinstance(schools, gpd.GeoDataFrame):
        return ()
    return tuple(_card(row, stage, language) for row in schools[serving(schools, stage)].to_dict("records"))


def fullest(found: tuple[Card, ...], count: int) -> tuple[Card, ...]:
    """The schools with the highest load; schools nobody is assigned to are left out."""
    loaded = [card for card in found if card.load]
    return tuple(sorted(loaded, key=lambda card: (-(card.load or 0.0), card.school_id))[:count])


def _card(school: Mapping[str, Any], stage: str, language: str) -> Card:
    say = speaker(language)
    load = known(school.get(f"load_{stage}"))
    outside = school.get("scope") == "outside"
    return Card(
        school_id=str(school["id"]),
        name=name_in(school, "id", language),
        note=_note(school, outside, language),
        rows=(
            (say("places"), _places(school, stage, language)),
            (say("children assigned"), number(school.get(f"pupils_assigned_{stage}"), language)),
            (say("nearest to"), number(school.get(f"pupils_nearest_{stage}"), language)),
            (say("within reach"), number(school.get(f"reach_pupils_{stage}"), language)),
            (say("load"), percent(load, language)),
            (say("mean walk"), metres(school.get(f"walk_m_{stage}"), language)),
            (say("enrolled, as reported"), number(school.get(f"enrolment_{stage}"), language)),
        ),
        assigned=number(school.get(f"pupils_assigned_{stage}"), language),
        load=load,
        load_text=percent(load, language),
        radius=ring_radius(load),
        lon=float(school["geometry"].x),
        lat=float(school["geometry"].y),
        outside=outside,
    )


def ring_radius(load: float | None) -> float:
    """Radius of a school's ring in pixels; schools without a known load have the smallest."""
    if load is None:
        return LEAST_RADIUS
    return round(min(LEAST_RADIUS + (FULL_RADIUS - LEAST_RADIUS) * load, MOST_RADIUS), 1)


def kind_names(language: str) -> dict[str, str]:
    """What each kind of school is called."""
    say = speaker(language)
    return {
        "kindergarten": say("Kindergarten"),
        "primary": say("Primary school"),
        "junior": say("Junior secondary school"),
        "senior": say("Senior secondary school"),
        "nine_year": say("Nine-year school"),
        "twelve_year": say("Twelve-year school"),
        "special": say("Special school"),
        "teaching_point": say("Teaching point"),
    }


def _note(school: Mapping[str, Any], outside: bool, language: str) -> str:
    say, kinds = speaker(language), kind_names(language)
    owners = {key: name for key, name in terms("ownership", language).items() if key in ("private", "purchased")}
    parts = (
        kinds.get(str(school.get("stage")), ""),
        owners.get(str(school.get("ownership")), ""),
        say("outside the region") if outside else "",
    )
    return " · ".join(part for part in parts if part)


def _places(school: Mapping[str, Any], stage: str, language: str) -> str:
    say = speaker(language)
    how = terms("places_source", language).get(str(school.get(f"places_source_{stage}")), "")
    if f"places_{stage}" in str(school.get("assumed") or "").split(";"):
        how = say("assumed")
    places = known(school.get(f"places_{stage}"))
    if places is None:
        return how or say("not known")
    return f"{number(places, language)} ({how})" if how else number(places, language)


def ring_features(found: tuple[Card, ...]) -> dict[str, Any]:
    """Schools as GeoJSON points with what the ring needs."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(card.lon, 6), round(card.lat, 6)]},
                "properties": {
                    "id": card.school_id,
                    "name": card.name,
                    "load": card.load_text,
                    "radius": card.radius,
                    "kind": _ring_kind(card),
                },
            }
            for card in found
        ],
    }


def _ring_kind(card: Card) -> str:
    if card.outside:
        return "outside"
    if card.load is None:
        return "unknown"
    return "over" if card.load > 1 else "known"


def card_data(found: tuple[Card, ...]) -> dict[str, Any]:
    """Cards as plain data for the page's script: labels once, then name, note and values by school id."""
    return {
        "labels": [label for label, _ in found[0].rows] if found else [],
        "schools": {card.school_id: [card.name, card.note, [value for _, value in card.rows]] for card in found},
    }


def gate_features(run: Run) -> dict[str, Any]:
    """Mapped gates as GeoJSON points; a gate that is only its school's own point is left out."""
    gates, schools = run.tables.get("gates"), run.tables.get("schools")
    if not isinstance(gates, gpd.GeoDataFrame) or not isinstance(schools, gpd.GeoDataFrame):
        return {"type": "FeatureCollection", "features": []}
    own = gates["school_id"].map(schools.set_index("id").geometry)
    mapped = gates[~gates.geometry.geom_equals_exact(gpd.GeoSeries(own, crs=gates.crs), 1e-7)]
    return _points(mapped)


def _points(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(point.x, 6), round(point.y, 6)]},
                "properties": {"id": str(school)},
            }
            for school, point in zip(table["school_id"], table.geometry, strict=True)
        ],
    }
