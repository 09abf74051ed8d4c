"""Route safety of a whole plan: levels, routes to the enrolled schools, exposure, works, classes and lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.coverage import StageCoverage
from geoplan.safety.audit import audited
from geoplan.safety.beside import is_road
from geoplan.safety.classes import VERDICTS, pupils_by, school_classes
from geoplan.safety.costs import route_rules
from geoplan.safety.crossings import Crossings, arm_kinds, crossing_elements
from geoplan.safety.elements import elements_table, failing_uses
from geoplan.safety.exposure import Exposure, exposure
from geoplan.safety.facilities import NOTHING, cross
from geoplan.safety.faulty import tag_faults
from geoplan.safety.gates import by_school, gate_audit
from geoplan.safety.legs import FRONT_M, Doors, Legs, doors_of, join_gates, join_homes
from geoplan.safety.levels import completeness, segment_levels
from geoplan.safety.lists import survey_list
from geoplan.safety.needs import Uses
from geoplan.safety.osm_list import fix_list, missing_tags, wrong_tags
from geoplan.safety.rejudged import by_rules
from geoplan.safety.retrofits import Funds, Retrofits, plan_retrofits
from geoplan.safety.routes import Routes, safe_routes
from geoplan.safety.turns import Turns, build_turns, pack
from geoplan.settings import by_setting, setting_of_cells, setting_of_schools, snap_limits_m
from geoplan.situation import Situation
from layers.bundle import Layers, Streets
from layers.errors import Fault


@dataclass(frozen=True)
class Streetscape:
    """Judged streets, ready for searches: the same for every route asked for later.

    ``levels``: per walkable row of ``Streets.edges``. ``homes, doors``: legs of cells and of school gates.
    """

    rural: NDArray[np.bool_]
    levels: pd.DataFrame
    crossings: Crossings
    turns: Turns
    homes: Legs
    doors: Doors


@dataclass(frozen=True)
class CountySafety:
    """What a run keeps: metric tables, columns for schools (by row) and areas (by id), the summary, odd tags."""

    tables: dict[str, pd.DataFrame]
    schools: pd.DataFrame
    areas: pd.DataFrame
    summary: dict[str, Any]
    faults: tuple[Fault, ...]


def streetscape(layers: Layers, situation: Situation) -> Streetscape:
    """Judge every street and crossing, and join homes and gates to them."""
    streets, network, standards = layers.streets, situation.network, situation.standards
    audit = layers.tables.get("audit")
    rural = rural_edges(layers)
    levels = segment_levels(streets, standards, rural=rural, audit=audit)
    crossings = crossing_elements(streets, standards, rural=rural, audit=audit)
    low, high = (_per_edge(levels, name, len(streets.edges)) for name in ("level_low", "level_high"))
    met = tuple(crossings.table[name].to_numpy(np.int8) for name in ("level_low", "level_high"))
    turns = build_turns(network, (low, high), crossings.turns, (met[0], met[1]))
    across = _crossing_of_edges(streets.edges, rural)[network.edge_row]
    limits = snap_limits_m(layers.plan, standards)
    setting = setting_of_cells(layers, situation.cells)
    owner = pd.Series(np.arange(len(layers.schools)), index=layers.schools["id"].to_numpy())
    school = owner.reindex(layers.gates["school_id"]).to_numpy(np.int64)
    points = np.column_stack([layers.gates.geometry.x, layers.gates.geometry.y])
    along = turns.edge_level
    gates = join_gates(network, points, by_setting(limits, setting_of_schools(layers)[school]), across, along)
    xy, side_m = situation.cells.table[["x", "y"]].to_numpy(float), situation.cells.table["side_m"].to_numpy(float)
    front_m = np.maximum(FRONT_M, side_m / 2)
    homes = join_homes(network, xy, by_setting(limits, setting), across, along, gates, front_m=front_m)
    doors = doors_of(gates, school, len(layers.schools), turns, route_rules(standards))
    return Streetscape(rural, levels, crossings, turns, homes, doors)


def rural_edges(layers: Layers) -> NDArray[np.bool_]:
    """Whether the middle of each edge lies in a rural sub-area; the region's setting outside all of them."""
    middle = shapely.line_interpolate_point(layers.streets.edges.geometry.to_numpy(), 0.5, normalized=True)
    found = np.full(len(middle), layers.plan.region.setting == "rural")
    setting = layers.areas["setting"].to_numpy(object)
    edge, area = shapely.STRtree(layers.areas.geometry.to_numpy()).query(middle, predicate="intersects")
    found[edge] = setting[area] == "rural"
    return found


def _per_edge(levels: pd.DataFrame, name: str, size: int) -> NDArray[np.int8]:
    found = np.ones(size, np.int8)
    found[levels.index.to_numpy()] = levels[name].to_numpy(np.int8)
    return found


def _crossing_of_edges(edges: pd.DataFrame, rural: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Packed level of crossing each edge where nothing is mapped; 0 where it carries no vehicles."""
    arms = arm_kinds(edges, rural)
    found = [cross(tags, NOTHING) for tags in arms.tags]
    level = np.array([pack(one.low, one.high) for one in found], np.uint8)[arms.code]
    return np.where(is_road(edges), level, 0).astype(np.uint8)


def county_safety(
    layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage], *, scape: Streetscape | None = None
) -> CountySafety:
    """Routes of all pupils with a place on foot, and everything that follows from them."""
    scape = scape or streetscape(layers, situation)
    walks = _walks(stages)
    pairs = walks.groupby(["cell", "school"], sort=True)["pupils"].sum().reset_index()
    routes = safe_routes(
        scape.turns, scape.homes, scape.doors, route_rules(situation.standards),
        (pairs["cell"].to_numpy(), pairs["school"].to_numpy()),
    )  # fmt: skip
    pairs = pairs.assign(verdict=routes.safest.verdict, price_m=routes.price_dm / 10.0)
    seen = exposure(scape.turns, scape.homes, scape.doors, routes.safest, pairs["pupils"].to_numpy())
    streets = audited(layers.streets, layers.tables.get("audit"))
    elements = elements_table(streets, scape.levels, scape.crossings.table)
    edge_row = situation.network.edge_row
    uses = failing_uses(scape.turns, routes.safest, (scape.homes, scape.doors), edge_row, elements)
    judge = by_rules(streets, scape.rural, scape.crossings.table)
    works = plan_retrofits(pairs, uses, elements, Funds(costs=layers.tables.get("costs")), judge=judge)
    told = walks.merge(pairs[["cell", "school", "verdict"]], on=["cell", "school"])
    told["area_id"] = situation.cells.table["area_id"].to_numpy()[told["cell"]]
    audit = gate_audit(streets, layers.gates, layers.schools, situation.standards, rural=scape.rural)
    tables = _tables(layers, situation, scape, seen)
    tables |= _lists(pairs, uses, elements, works) | {"gate_audit": audit}
    tables["osm_fixes"] = _osm_fixes(streets, elements, edge_row, seen, scape.crossings.table)
    return CountySafety(
        tables=tables,
        schools=_schools(layers, told, by_school(audit)),
        areas=_wide(pupils_by(told, ["area_id", "stage"])),
        summary=_summary(told, pairs, routes, works, _known(scape, seen, situation)),
        faults=tuple(tag_faults(streets, layers.plan.streets.osm or "")),
    )


def _walks(stages: Mapping[str, StageCoverage]) -> pd.DataFrame:
    """``cell, school`` (rows), ``stage, pupils`` of everyone enrolled on foot."""
    parts = []
    for stage, found in stages.items():
        flows = found.flows[found.flows["way"] == "walk"]
        parts.append(flows.groupby(["cell", "school"])["pupils"].sum().reset_index().assign(stage=stage))
    return pd.concat(parts, ignore_index=True)


def _tables(layers: Layers, situation: Situation, scape: Streetscape, seen: Exposure) -> dict[str, pd.DataFrame]:
    rows = situation.network.edge_row
    edges, levels = layers.streets.edges.iloc[rows], scape.levels.loc[rows]
    columns = {name: edges[name].to_numpy() for name in ("osm_id", "length_m", "name", "highway")}
    columns |= {name: levels[name].to_numpy() for name in ("level_low", "level_high")}
    columns |= {name: levels[name].astype(object).to_numpy() for name in ("rule", "assumed", "used")}
    columns |= {"pupils_per_day": seen.edge_pupils, "edge": rows}
    segments = gpd.GeoDataFrame(columns, geometry=edges.geometry.to_numpy(), crs=layers.crs)
    table = scape.crossings.table
    kept = ["element", "osm_id", "mapped", "level_low", "level_high", "rule", "assumed", "used", "name", "highway"]
    crossings = table[[*kept, "geometry"]].assign(pupils_per_day=seen.crossing_pupils)
    for name in ("rule", "assumed", "used"):
        crossings[name] = crossings[name].astype(object)
    return {"segments": segments, "crossings": crossings}


def _lists(pairs: pd.DataFrame, uses: Uses, elements: gpd.GeoDataFrame, works: Retrofits) -> dict[str, pd.DataFrame]:
    survey = survey_list(pairs, uses, elements, whole_ways=False)
    row = survey["element"].to_numpy(np.int64)
    crossing = (survey["kind"] == "crossing").to_numpy()
    first = int((elements["kind"] == "segment").sum())
    survey = survey.assign(
        tags=survey["look_for"],
        edge=np.where(survey["kind"] == "segment", row, -1),
        element=np.where(crossing, row - first, -1),
    )
    survey = gpd.GeoDataFrame(survey, geometry=elements.geometry.to_numpy()[row], crs=elements.crs)
    survey = survey[survey.geometry.notna()]
    return {"survey": survey, "retrofits": works.table, "retrofit_curve": works.curve}


def _osm_fixes(
    streets: Streets, elements: pd.DataFrame, edge_row: NDArray[np.int32], seen: Exposure, crossings: pd.DataFrame
) -> pd.DataFrame:
    """What to put right in OpenStreetMap, what most pupils meet first."""
    walked = np.zeros(len(streets.edges))
    walked[edge_row] = seen.edge_pupils
    met = np.zeros(len(streets.nodes))
    np.maximum.at(met, crossings["node"].to_numpy(), seen.crossing_pupils)
    pupils = np.concatenate([walked, seen.crossing_pupils, np.zeros(len(elements) - len(walked) - len(crossings))])
    return fix_list(missing_tags(elements, pupils), wrong_tags(streets, walked, met))


def _schools(layers: Layers, told: pd.DataFrame, checklist: pd.DataFrame) -> pd.DataFrame:
    """By row of schools: class read low and high, checklist answers, pupils by verdict and stage."""
    ids = layers.schools["id"].astype(str).to_numpy()
    named = told.assign(school_id=ids[told["school"].to_numpy()])
    classes = school_classes(named, checklist, by="school_id")[["class_low", "class_high", "route_class"]]
    classes = classes.rename(columns={"class_low": "route_class_low", "class_high": "route_class_high"})
    wide = _wide(pupils_by(named, ["school_id", "stage"]))
    found = classes.join(wide, how="outer").join(checklist, how="outer").reindex(ids)
    return found.reset_index(drop=True)


def _wide(counts: pd.DataFrame) -> pd.DataFrame:
    """``pupils_<verdict>_<stage>`` columns from counts by (key, stage)."""
    key = counts.index.names[0]
    wide = counts.reset_index().pivot_table(index=key, columns="stage", values=list(VERDICTS), fill_value=0.0)
    wide.columns = [f"pupils_{verdict}_{stage}" for verdict, stage in wide.columns]
    return wide


def _known(scape: Streetscape, seen: Exposure, situation: Situation) -> dict[str, float]:
    """Share of pupil-metres (crossings: pupils) with each tag known."""
    along = completeness(scape.levels.loc[situation.network.edge_row], seen.edge_pupil_m)
    return along | completeness(scape.crossings.table, seen.crossing_pupils)


def _summary(
    told: pd.DataFrame, pairs: pd.DataFrame, routes: Routes, works: Retrofits, known: Mapping[str, float]
) -> dict[str, Any]:
    whole = pupils_by(told).iloc[0]
    walked = pairs["price_m"] >= 0
    pupils = pairs.loc[walked, "pupils"].to_numpy()
    price = pairs.loc[walked, "price_m"].to_numpy()
    by_stage = pupils_by(told, ["stage"])
    return {
        "pupils_routed": float(whole["pupils_routed"]),
        **{verdict: float(whole[verdict]) for verdict in VERDICTS},
        "detour_m": float(np.average(price, weights=pupils)) if pupils.sum() else None,
        "tag_completeness": dict(known),
        "retrofits": works.table.drop(columns="geometry", errors="ignore").head(20).to_dict("records"),
        "budget": works.summary,
        "stages": {
            str(stage): {"pupils_routed": float(row["pupils_routed"]), **{v: float(row[v]) for v in VERDICTS}}
            for stage, row in by_stage.iterrows()
        },
    }
