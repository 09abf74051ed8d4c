"""New places on the map: proposals by number, candidates by verdict, new housing, and the legend in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import folium
import geopandas as gpd
from folium.utilities import JsCode
from shapely.geometry import mapping

from geoplan.errors import NotFoundError
from geoplan.reasons import area, terms
from geoplan.reasons.siting import VERDICTS, proposal_name
from geoplan.run import Run
from maps.kept import kept
from maps.language import speaker
from maps.siting import facts
from maps.siting.housing import HousingRow
from maps.siting.proposals import CheckRow, ProposalCard, card, check_rows, verdict_colours
from maps.siting.told import low_load

MOST = 600  # candidates on the map; chosen ones, then plots and given sites come first
OUTLINED = ("education_plot", "site")


@dataclass(frozen=True)
class Sample:
    """A mark of the legend and what it means; ``shape`` names the mark."""

    shape: str
    label: str


@kept
def candidate_marks(run: Run, language: str) -> list[dict[str, Any]]:
    """Candidates for the map: place, verdict, name."""
    table = run.tables.get("candidates")
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        return []
    chosen = table["chosen"].astype(bool) if "chosen" in table else False
    order = table.assign(_chosen=chosen, _area=table["kind"].eq("search_area"))
    first = order.sort_values(["_chosen", "_area", "site_id"], ascending=[False, True, True]).head(MOST)
    return [_mark(row, language) for row in first.to_dict("records")]


def _mark(row: dict[Any, Any], language: str) -> dict[str, Any]:
    verdict = str(row.get("verdict"))
    verdict = verdict if verdict in VERDICTS else "unknown"
    point = row["geometry"].representative_point()
    return {
        "id": str(row["site_id"]),
        "name": proposal_name(row, language),
        "verdict": verdict,
        "word": terms("verdict", language)[verdict],
        "kind": terms("site_kind", language).get(str(row.get("kind")), ""),
        "lat": round(point.y, 6),
        "lon": round(point.x, 6),
    }


@kept
def outlines(run: Run) -> dict[str, Any]:
    """Reserved plots and given sites as GeoJSON, so that their land can be seen; search areas have none."""
    table = run.tables.get("candidates")
    features = []
    if isinstance(table, gpd.GeoDataFrame) and len(table):
        land = table[table["kind"].isin(OUTLINED) & table.geom_type.isin(("Polygon", "MultiPolygon"))].head(MOST)
        shapes = land.geometry.simplify(1e-6).set_precision(1e-6, mode="pointwise")
        for site, shape in zip(land["site_id"], shapes, strict=True):
            features.append({"type": "Feature", "geometry": mapping(shape), "properties": {"id": str(site)}})
    return {"type": "FeatureCollection", "features": features}


def proposal_marks(found: tuple[ProposalCard, ...]) -> list[dict[str, Any]]:
    """Numbered marks of proposals."""
    return [
        {"rank": card.rank, "name": card.name, "recommended": card.recommended, "lat": card.lat, "lon": card.lon}
        for card in found
        if card.lat is not None
    ]


def proposal_layers(run: Run, language: str) -> list[folium.GeoJson]:
    """Proposals of all stages as one folium layer for the map file; none where the run has none."""
    limit = low_load(run)
    found = [card(row, language, limit) for row in facts.proposals(run, language=language)]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "rank": one.rank,
                "name": one.name,
                "said": one.sentences[0],
                "weak": not one.recommended,
            },
        }
        for one in found
        if one.lat is not None
    ]
    if not features:
        return []
    collection = {"type": "FeatureCollection", "features": features}
    marker = JsCode("geoplan.numbered")
    return [folium.GeoJson(collection, name=speaker(language)("Proposals"), point_to_layer=marker, embed=True)]


def housing_marks(found: tuple[HousingRow, ...]) -> list[dict[str, Any]]:
    """Marks of new housing; its status is said when one asks."""
    return [
        {
            "id": row.housing_id,
            "name": row.name,
            "unmet": row.status == "unmet",
            "status": row.status_word,
            "lat": row.lat,
            "lon": row.lon,
        }
        for row in found
        if row.lat is not None
    ]


@kept
def legend(run: Run, language: str) -> tuple[Sample, ...]:
    """What the marks mean, those the run holds."""
    say, verdicts = speaker(language), terms("verdict", language)
    samples = []
    if len(facts.proposals(run)):
        samples += [Sample("number", say("proposal, by rank")), Sample("number-weak", say("shown, not recommended"))]
    if len(facts.records(run, "candidates")):
        samples += [Sample(f"site-{verdict}", say("site: %(word)s", word=verdicts[verdict])) for verdict in VERDICTS]
    if len(facts.records(run, "housing_need")):
        samples += [
            Sample("home", say("new housing project")),
            Sample("home-unmet", say("new housing, obligation not met")),
        ]
    return tuple(samples)


def candidate(run: Run, site_id: str, language: str) -> dict[str, Any]:
    """One candidate: values for programs, a card and its checks for people; NotFoundError for an unknown one."""
    found = next((row for row in facts.records(run, "candidates") if str(row["site_id"]) == site_id), None)
    if found is None:
        raise NotFoundError(f"the run has no candidate {site_id!r}")
    point = found["geometry"].representative_point()
    mark = _mark(found, language)
    return {
        "site_id": site_id,
        "kind": found.get("kind"),
        "verdict": mark["verdict"],
        "area_m2": found.get("area_m2"),
        "buildable_m2": found.get("buildable_m2"),
        "lon": round(point.x, 6),
        "lat": round(point.y, 6),
        "card": {
            "name": mark["name"],
            "colour": verdict_colours()[mark["verdict"]],
            "note": terms("site_kind", language).get(str(found.get("kind")), ""),
            "rows": _rows(found, mark["word"], language),
        },
        "checks": [_plain(check) for check in check_rows(found, language)],
    }


def _rows(found: dict[str, Any], verdict: str, language: str) -> list[tuple[str, str]]:
    say = speaker(language)
    return [
        (say("siting checks"), verdict),
        (say("land"), area(found.get("area_m2"), language)),
        (say("of it to build on"), area(found.get("buildable_m2"), language)),
    ]


def _plain(check: CheckRow) -> dict[str, str]:
    return {"verdict": check.verdict, "word": check.word, "name": check.name, "text": check.text}
