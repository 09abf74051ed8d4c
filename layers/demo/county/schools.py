"""Invented schools with places, classes, enrolment, beds and the seven indicators; some crowded, some half empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from layers.demo.county.osm import OsmDraft
from layers.demo.county.people import ages
from layers.demo.county.streets import Grid
from layers.demo.county.terrain import RESIDENTS, SEED, Land, Settlement

AGES = {"kindergarten": (3, 5), "primary": (6, 11), "junior": (12, 14), "senior": (15, 17)}
CLASS_SIZE = {"kindergarten": 30, "primary": 45, "junior": 50, "senior": 50}
STAGE_ZH = {"kindergarten": "幼儿园", "primary": "小学", "junior": "初级中学", "senior": "高级中学"}
NOT_IN_OSM = 9  # every ninth school is missing in the street file, as in real extracts

Row = dict[str, Any]


def schools(land: Land, draft: OsmDraft, grids: dict[str, Grid]) -> pd.DataFrame:
    """The school table, one row a school, placed beside streets; most of them also go into the street file."""
    rng = np.random.default_rng(SEED + 4)
    rows: list[Row] = []
    for place in land.settlements:
        rows += [_finish(row, rng) for row in _place_schools(place, draft, dict(grids[place.key]), rng)]
    table = pd.DataFrame(rows)
    table.insert(0, "id", [f"S{number + 1:03d}" for number in range(len(table))])
    _into_osm(table, draft)
    return table


def _share(stage: str) -> float:
    table = ages()
    low, high = AGES[stage]
    inside = table["age"].between(low, high)
    return float(table.loc[inside, "residents"].sum() / table["residents"].sum())


def _place_schools(place: Settlement, draft: OsmDraft, grid: Grid, rng: np.random.Generator) -> Iterator[Row]:
    if place.kind == "seat":
        yield from _seat(place, draft, grid, rng)
    elif place.kind == "town":
        yield from _town(place, draft, grid, rng)
    elif place.residents > 950:
        if place.residents > 1_150:
            yield _row(
                place,
                "kindergarten",
                1,
                draft,
                grid,
                rng,
                places=_rounded(place.residents * 0.08, "kindergarten", 1.0),
            )
        yield _row(place, "primary", 1, draft, grid, rng, places=_rounded(place.residents * 0.17, "primary", 1.0))
    elif place.residents > 700 and rng.random() < 0.75:
        yield _row(place, "teaching_point", 1, draft, grid, rng, places=90.0)


def _seat(place: Settlement, draft: OsmDraft, grid: Grid, rng: np.random.Generator) -> Iterator[Row]:
    for stage, count in (("kindergarten", 30), ("primary", 19), ("junior", 8), ("senior", 8)):
        for number in range(1, count + 1):
            residents = RESIDENTS * 0.8 if stage == "senior" else place.residents
            served = residents * _share(stage) / count * rng.uniform(0.72, 1.12)
            row = _row(place, stage, number, draft, grid, rng, places=_rounded(served, stage, 0.93))
            yield {**row, "ownership": "private" if stage == "kindergarten" and number % 4 == 0 else "public"}
    nine = _row(place, "nine_year", 1, draft, grid, rng, places=0.0)
    yield {**nine, "places_primary": 1080.0, "places_junior": 600.0, "places": np.nan}
    special = _row(place, "special", 1, draft, grid, rng, places=120.0)
    yield {**special, "name": "青禾县特殊教育学校", "name_en": "Special School"}


def _town(place: Settlement, draft: OsmDraft, grid: Grid, rng: np.random.Generator) -> Iterator[Row]:
    big = place.residents > 6_000
    for number in range(1, 4 if big else 2):
        yield _row(place, "kindergarten", number, draft, grid, rng, places=240.0 if big else 150.0)
    if big:
        for number in (1, 2):
            yield _row(
                place, "primary", number, draft, grid, rng, places=_rounded(place.residents * 0.062, "primary", 1.0)
            )
        junior = _row(place, "junior", 1, draft, grid, rng, places=_rounded(place.residents * 0.09, "junior", 1.0))
        yield {**junior, "beds": 400.0, "boarders": 350.0}
    else:
        nine = _row(place, "nine_year", 1, draft, grid, rng, places=0.0)
        yield {
            **nine,
            "places_primary": 540.0,
            "places_junior": 300.0,
            "places": np.nan,
            "beds": 180.0,
            "boarders": 150.0,
        }


def _rounded(pupils: float, stage: str, factor: float) -> float:
    """Places in whole classes, at least one class."""
    size = CLASS_SIZE[stage]
    return float(max(round(pupils * factor / size), 1) * size)


def _row(
    place: Settlement,
    stage: str,
    number: int,
    draft: OsmDraft,
    grid: Grid,
    rng: np.random.Generator,
    *,
    places: float,
) -> Row:
    corner = list(grid)[int(rng.integers(len(grid)))]
    x, y = np.array(draft.xy[grid.pop(corner)]) + rng.uniform(18, 32, 2)
    base = place.name_zh.replace("县城", "青禾")
    kind = {"nine_year": "九年一贯制学校", "teaching_point": "教学点", "special": "特殊教育学校"}.get(
        stage
    ) or STAGE_ZH[stage]
    label = "" if number == 1 and place.kind != "seat" else f"第{_chinese(number)}"
    english = {"nine_year": "Nine-year School", "teaching_point": "Teaching Point"}.get(stage, stage.title())
    return {
        "name": f"{base}{label}{kind}",
        "name_en": f"{place.name_en} {english} {number}",
        "stage": stage,
        "x": float(x),
        "y": float(y),
        "places": places,
        "places_primary": np.nan,
        "places_junior": np.nan,
        "ownership": "public",
        "setting": "rural" if place.kind == "village" else "town",
        "beds": 0.0,
        "boarders": 0.0,
        "source": "invented",
    }


def _chinese(number: int) -> str:
    """1 to 99 in Chinese numerals."""
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    lead = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return lead + (digits[ones] if ones else "")


def _finish(row: Row, rng: np.random.Generator) -> Row:
    """Classes, enrolment, land and the seven indicators, around the thresholds so that some fail."""
    split = row["stage"] == "nine_year"
    places = row["places_primary"] + row["places_junior"] if split else row["places"]
    use = rng.uniform(0.55, 1.12) if row["setting"] == "town" else rng.uniform(0.25, 0.85)
    enrolled = float(round(places * use))
    stages = ("primary", "junior") if split else ()
    per_stage = {f"enrolment_{s}": float(round(row[f"places_{s}"] * use)) for s in stages}
    classes = {f"classes_{s}": float(round(row[f"places_{s}"] / CLASS_SIZE[s])) for s in stages}
    size = CLASS_SIZE.get(row["stage"], 45)
    return {
        **row,
        **per_stage,
        **classes,
        "enrolment": np.nan if split else enrolled,
        "classes": np.nan if split else float(max(round(places / size), 1)),
        "site_m2": float(round(places * rng.uniform(12, 26))),
        "group": f"G{int(rng.integers(1, 9))}" if row["setting"] == "town" else None,
        "teachers_qualified": float(round(enrolled / 100 * rng.uniform(3.6, 6.0), 1)),
        "teachers_backbone": float(round(enrolled / 100 * rng.uniform(0.7, 1.5), 1)),
        "teachers_pe_arts": float(round(enrolled / 100 * rng.uniform(0.6, 1.3), 1)),
        "teaching_m2": float(round(enrolled * rng.uniform(3.8, 7.0))),
        "sport_m2": float(round(enrolled * rng.uniform(6.0, 12.0))),
        "equipment_yuan": float(round(enrolled * rng.uniform(1_500, 3_600))),
        "multimedia_rooms": float(round(enrolled / 100 * rng.uniform(1.8, 3.4), 1)),
    }


def _into_osm(table: pd.DataFrame, draft: OsmDraft) -> None:
    for number, row in enumerate(table.to_dict("records")):
        if number % NOT_IN_OSM:
            kind = "kindergarten" if row["stage"] == "kindergarten" else "school"
            draft.node(row["x"], row["y"], {"amenity": kind, "name": row["name"], "name:en": row["name_en"]})
