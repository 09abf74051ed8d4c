"""Rows of the tables beside the map: sub-areas, homes without a place, sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from geoplan.reasons import known
from geoplan.run import Run
from maps.kept import kept
from maps.landmarks import place_names
from maps.language import metres, name_in, number, percent, speaker
from maps.siting.facts import pupils_of, unserved
from maps.story import places_known
from maps.style import account_colour, status_names

WORST = 8


@dataclass(frozen=True)
class AreaRow:
    """A sub-area: pupils of the stage, those with a place, and the shares within the rule, both ways."""

    area_id: str
    name: str
    pupils: str
    served: str
    radius_share: str
    walk_share: str
    places: str


@dataclass(frozen=True)
class HomeRow:
    """A cell whose pupils lack a place in reach: where it is, how many, and why."""

    cell_id: str
    lat: float
    lon: float
    pupils: str
    status: str
    nearest: str
    place: str


@kept
def area_rows(run: Run, stage: str, language: str) -> tuple[AreaRow, ...]:
    """Sub-areas in table order; none when the plan has only the region itself."""
    areas = run.tables.get("areas")
    if areas is None or len(areas) < 2 or f"pupils_{stage}" not in areas:
        return ()
    stated = places_known(run, stage)
    return tuple(
        _area(row, stage, language, stated=stated) for row in areas.drop(columns="geometry").to_dict("records")
    )


def _area(row: dict[Any, Any], stage: str, language: str, *, stated: bool) -> AreaRow:
    pupils, served = known(row.get(f"pupils_{stage}")), known(row.get(f"served_{stage}")) if stated else None
    return AreaRow(
        area_id=str(row["area_id"]),
        name=name_in(row, "area_id", language),
        pupils=number(pupils, language),
        served=percent(served / pupils if pupils and served is not None else None, language),
        radius_share=percent(row.get(f"radius_share_{stage}"), language),
        walk_share=percent(row.get(f"walk_share_{stage}"), language),
        places=number(row.get(f"places_{stage}"), language),
    )


@kept
def worst_homes(run: Run, stage: str, language: str) -> tuple[HomeRow, ...]:
    """The cells with most pupils lacking a place in reach, or a school in reach where places are not known."""
    cells = run.tables.get("cells")
    if not isinstance(cells, gpd.GeoDataFrame) or f"served_{stage}" not in cells:
        return ()
    reached = cells[f"served_{stage}"]
    if not places_known(run, stage):
        reached = reached + cells[f"no_place_{stage}"]
    lacking = cells[f"pupils_{stage}"] - reached
    worst = cells.assign(lacking=lacking).nlargest(WORST, "lacking")
    names = area_names(run, language)
    statuses = status_names(language)
    rows = worst[worst["lacking"] > 0].to_dict("records")
    points = [(round(row["geometry"].y, 6), round(row["geometry"].x, 6)) for row in rows]
    places = place_names(run, points, [names.get(str(row.get("area_id")), "") for row in rows], language)
    return tuple(
        HomeRow(
            cell_id=str(row["cell_id"]),
            lat=lat,
            lon=lon,
            pupils=number(row["lacking"], language, 1),
            status=statuses.get(str(row[f"status_{stage}"]), ""),
            nearest=metres(row.get(f"nearest_m_{stage}"), language),
            place=place,
        )
        for row, (lat, lon), place in zip(rows, points, places, strict=True)
    )


def area_names(run: Run, language: str) -> dict[str, str]:
    """Names of the sub-areas by id."""
    areas = run.tables.get("areas")
    if areas is None or "name" not in areas:
        return {}
    rows = areas[[name for name in ("area_id", "name", "name_en") if name in areas]].to_dict("records")
    return {str(row["area_id"]): name_in(row, "area_id", language) for row in rows}


def source_rows(run: Run) -> tuple[dict[str, Any], ...]:
    """Input files with role, year, licence and checksum, as the manifest lists them."""
    return tuple(dict(source) for source in run.manifest.get("sources", []))


def cell_card(run: Run, row: int, stage: str, language: str, *, year: int | None = None) -> dict[str, Any]:
    """One cell's numbers: raw values for programs, labelled rows for people; with ``year`` those of that year too."""
    say = speaker(language)
    cells = run.tables["cells"]
    cell = cells.iloc[row]
    status = shown = str(cell.get(f"status_{stage}"))
    if status == "in_reach_no_place" and not places_known(run, stage):
        shown = "in_reach_places_unknown"
    school = cell.get(f"school_{stage}")
    rows: tuple[tuple[str, str], ...] = (
        (say("residents"), number(cell["residents"], language, 1)),
        (say("pupils of the stage"), number(cell.get(f"pupils_{stage}"), language, 1)),
        (say("assigned school"), school_name(run, school, language)),
        (say("walk to it"), metres(cell.get(f"walk_m_{stage}"), language)),
        (say("walk to the nearest"), metres(cell.get(f"nearest_m_{stage}"), language)),
        (say("straight line"), metres(cell.get(f"straight_m_{stage}"), language)),
    )
    ahead = {} if year is None else _ahead(run, row, stage, year)
    if ahead:
        rows = (
            *rows,
            (say("pupils in %(year)s", year=year), number(ahead["pupils_year"], language, 1)),
            (say("of them without a place in reach"), number(ahead["unserved"], language, 1)),
        )
    return {
        "cell_id": str(cell["cell_id"]),
        "lon": round(cell.geometry.x, 6),
        "lat": round(cell.geometry.y, 6),
        "area_id": cell.get("area_id"),
        "residents": known(cell["residents"]),
        "stage": stage,
        "pupils": known(cell.get(f"pupils_{stage}")),
        "school_id": school if isinstance(school, str) else None,
        **{key: known(cell.get(f"{key}_{stage}")) for key in ("walk_m", "nearest_m", "straight_m")},
        "status": status,
        "card": {
            "name": status_names(language).get(shown, shown),
            "colour": account_colour(shown) if shown != "none" else "",
            "note": area_names(run, language).get(str(cell.get("area_id")), ""),
            "rows": rows,
        },
        **ahead,
    }


def _ahead(run: Run, row: int, stage: str, year: int) -> dict[str, Any]:
    """Pupils of a cell in a year, and those of them without a place in reach."""
    amounts = pupils_of(run, stage, year)[row], unserved(run, stage, year)[row]
    return {"year": year, "pupils_year": float(amounts[0]), "unserved": float(amounts[1])}


def school_name(run: Run, school_id: object, language: str) -> str:
    """The name of a school; an en dash when there is none."""
    schools = run.tables.get("schools")
    if not isinstance(school_id, str) or schools is None:
        return number(None, language)
    found = schools[schools["id"] == school_id]
    return name_in(found.iloc[0].to_dict(), "id", language) if len(found) else school_id
