"""Proposals and works become steps that can be run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely import MultiPoint, Point

from geoplan.errors import PlanError
from geoplan.plan import make_run
from geoplan.run import Run
from geoplan.safety.levels import segment_levels
from geoplan.scenario import applied
from geoplan.scenario.saved import ranks, scenario_of
from geoplan.settings import plan_standards
from layers.errors import InputError
from layers.scenariofile import ConvertStep, OpenStep, ResizeStep, RetrofitStep, read_scenario, write_scenario
from tests.toytown import at, toytown, toytown_run


def lonlat(east: float, north: float) -> Point:
    return gpd.GeoSeries([Point(at(east, north))], crs="EPSG:32632").to_crs(4326).iloc[0]


def proposing(**tables: Any) -> Run:
    run = toytown_run()
    return replace(run, tables={**run.tables, **tables})


@pytest.fixture(scope="module")
def proposed() -> Run:
    columns = ["rank", "site_id", "name", "stage", "decision", "classes", "year"]
    rows = [
        (1, "P1", "East", "primary;junior", "build", 27, 2027.0),
        (2, "S1", "East Primary", "primary", "enlarge", 3, np.nan),
        (3, "S2", "River", "primary", "convert", 1, np.nan),
        (4, "S3", "Bridge", "senior", "convert", 1, np.nan),
    ]
    points = [lonlat(150, 50), lonlat(750, 250), lonlat(150, 450), lonlat(550, 750)]
    return proposing(proposals=gpd.GeoDataFrame(rows, columns=columns, geometry=points, crs=4326))


def test_proposals_are_steps_that_can_be_taken(proposed: Run) -> None:
    found = scenario_of(proposed, "east", proposals=(1, 2, 3), works=None)
    build, enlarge, convert = found.steps
    assert isinstance(build, OpenStep) and (build.stage, build.year) == ("nine_year", 2027)
    assert build.columns == {"classes_primary": 18, "classes_junior": 9}, "every grade has as many classes"
    assert isinstance(enlarge, ResizeStep) and (enlarge.stage, enlarge.plus_classes, enlarge.year) == (
        "primary",
        3,
        None,
    )
    assert isinstance(convert, ConvertStep) and (convert.of, convert.to, convert.classes) == ("junior", "primary", 1)
    schools = applied(toytown(), found).schools.set_index("id")
    assert schools.loc["new-P1", "places_primary"] == 18 * 45
    assert schools.loc["new-P1"].geometry.distance(Point(at(150, 50))) < 0.1
    assert schools.loc["S1", "classes_primary"] == 9 and schools.loc["S2", "classes_primary"] == 1


def test_what_cannot_be_a_step_is_named(proposed: Run) -> None:
    with pytest.raises(PlanError) as error:
        scenario_of(proposed, "all", proposals=(4, 7), works=(9,))
    assert str(error.value).splitlines() == [
        "proposals: there is no rank 7",
        "proposals 4: S3 teaches primary, junior: say by hand which stage gives classes",
        "retrofits: there is no rank 9",
    ]
    with pytest.raises(PlanError, match="proposes nothing"):
        scenario_of(proposed, "none", proposals=None, works=None)


def test_works_of_a_run_are_judged_as_built() -> None:
    """Each element keeps its own measures, and its point chooses the stretch of the way."""
    points = [lonlat(350, 500), lonlat(450, 500), lonlat(800, 200)]
    row = {"rank": 1, "elements": "1050; 1050; 99999-7", "measures": "sidewalk;lighting; sidewalk; zebra"}
    table = gpd.GeoDataFrame([row], geometry=[MultiPoint(points)], crs=4326)
    (step,) = scenario_of(proposing(retrofits=table), "works", proposals=None, works=()).steps
    assert isinstance(step, RetrofitStep) and (step.rank, step.run) == (1, "0123456789ab")
    assert [one.measures for one in step.elements] == [("sidewalk", "lighting"), ("sidewalk",), ("zebra",)]
    town = toytown()
    with pytest.raises(PlanError, match="no crossing 99999-7"):
        applied(town, scenario_of(proposing(retrofits=table), "works", proposals=None, works=()))
    table = table.assign(elements="1050; 1050", measures="sidewalk;lighting; sidewalk").set_geometry(
        [MultiPoint(points[:2])]
    )
    after = applied(town, scenario_of(proposing(retrofits=table.set_crs(4326)), "works", proposals=None, works=()))
    standards, rural = plan_standards(town.plan), np.zeros(len(town.streets.edges), bool)
    old, new = (segment_levels(one.streets, standards, rural=rural)["level_high"] for one in (town, after))
    assert (old != new).sum() == 2


def test_packages_of_a_run_make_the_routes_safe_they_promise() -> None:
    """Toytown with every tag known: the lane of the compound lacks a pavement, and two packages of works mend it."""
    town = toytown()
    edges = town.streets.edges
    known = {"maxspeed": "50", "lanes": "2", "sidewalk": "no", "lit": "no"}
    edges = edges.assign(**{tag: edges[tag].where(edges[tag].notna(), value) for tag, value in known.items()})
    town = replace(town, streets=replace(town.streets, edges=edges))
    base = make_run(town, parts=("coverage", "safety"))
    packages = base.tables["retrofits"]
    assert len(packages) == 2 and set(packages["elements"]) == {"3001"}
    for taken in (1, 2):
        works = tuple(packages["rank"].astype(int).iloc[:taken])
        built = make_run(
            town, scenario=scenario_of(base, "works", proposals=None, works=works), parts=("coverage", "safety")
        )
        gained = built.summary["safety"]["safe"] - base.summary["safety"]["safe"]
        assert gained == pytest.approx(packages["pupils_total"].iloc[taken - 1])
        assert built.summary["stages"] == base.summary["stages"]


def test_ranks_are_numbers_or_all() -> None:
    assert (ranks(""), ranks("all"), ranks("1, 3")) == (None, (), (1, 3))
    with pytest.raises(PlanError, match="no ranks"):
        ranks("one")


def test_a_scenario_is_written_once(proposed: Run, tmp_path: Path) -> None:
    found = scenario_of(proposed, "east", proposals=(1, 2), works=None)
    path = write_scenario(found, tmp_path / "scenarios")
    assert read_scenario(path) == found
    with pytest.raises(InputError) as error:
        write_scenario(found, tmp_path / "scenarios")
    assert [fault.code for fault in error.value.faults] == ["scenario_exists"]
