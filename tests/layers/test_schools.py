"""Schools: places by stage, splits, gates, scope; and what is wrong with a list, all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.bundle import STAGES
from layers.errors import Fault, InputError
from layers.schools import read_schools
from layers.schools.quantities import QUANTITIES, parse_split
from layers.schools.stages import STAGES_OF, stages_of
from tests.layers.planfolder import METRIC, REGION, X, Y, cells, codes, plan_of

Read = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Fault]]


def _read(folder: Path, rows: list[dict[str, Any]], **section: Any) -> Read:
    table = pd.DataFrame([{"name": "s", **row} for row in rows])
    for number, axis, start in ((1000.0, "x", X), (500.0, "y", Y)):
        spread = start + number + 300.0 * np.arange(len(table))
        table[axis] = table[axis].where(table[axis].notna(), spread) if axis in table else spread
    table.to_csv(folder / "schools.csv", index=False)
    plan = plan_of(folder, schools={"table": "schools.csv", "crs": "EPSG:4547", **section})
    return read_schools(plan, METRIC, None, boundary=REGION)


def _places(schools: gpd.GeoDataFrame, number: int = 0, quantity: str = "places") -> dict[str, float]:
    row = schools.iloc[number]
    return {stage: row[f"{quantity}_{stage}"] for stage in STAGES if np.isfinite(row[f"{quantity}_{stage}"])}


def test_every_column_others_rely_on_is_there(tmp_path: Path) -> None:
    schools, gates, faults = _read(tmp_path, [{"id": "a", "stage": "primary", "places": 300, "extra": "kept"}])
    assert faults == []
    assert schools["stages"].iloc[0] == ("primary",) and schools["assumed"].iloc[0] == ""
    for quantity in QUANTITIES:
        for stage in STAGES:
            assert schools[f"{quantity}_{stage}"].dtype == np.float64
    for name in ("shifts", "opened", "closes", "pupils_from_outside", "beds", "boarders", "site_m2"):
        assert schools[name].dtype == np.float64
    for name in ("ownership", "setting", "campus_of", "group", "source"):
        assert schools[name].iloc[0] is None
    assert schools["extra"].iloc[0] == "kept" and schools.crs == METRIC
    assert gates["school_id"].tolist() == ["a"] and gates.geometry.iloc[0].equals(schools.geometry.iloc[0])


@pytest.mark.parametrize("stage", STAGES_OF)
def test_stages_of_every_kind(tmp_path: Path, stage: str) -> None:
    schools, _, _ = _read(tmp_path, [{"id": "a", "stage": stage}])
    assert schools["stages"].iloc[0] == stages_of(stage)
    assert list(stages_of(stage)) == [name for name in STAGES if name in stages_of(stage)]


def test_a_nine_year_school(tmp_path: Path) -> None:
    """Case 1 of the method: six primary and three junior classes, places by stage."""
    row = {"id": "n", "stage": "nine_year", "places_primary": 270, "places_junior": 150}
    row |= {"classes_primary": 6, "classes_junior": 3}
    schools, _, faults = _read(tmp_path, [row])
    assert faults == []
    assert _places(schools) == {"primary": 270, "junior": 150}
    assert _places(schools, quantity="classes") == {"primary": 6, "junior": 3}


@pytest.mark.parametrize(
    ("row", "places", "assumed", "found"),
    [
        ({"stage": "junior", "places": 900}, {"junior": 900}, "", []),
        ({"stage": "teaching_point", "places": 60}, {"primary": 60}, "", []),
        ({"stage": "nine_year", "places": 900}, {}, "", ["split_missing"]),
        (
            {"stage": "nine_year", "places": 900, "split": "0.6,0.4"},
            {"primary": 540, "junior": 360},
            "places_junior;places_primary",
            [],
        ),
        ({"stage": "nine_year", "places": 900, "places_primary": 540}, {"primary": 540, "junior": 360}, "", []),
        ({"stage": "nine_year", "places": 500, "places_primary": 540}, {"primary": 540}, "", ["total_differs"]),
        ({"stage": "nine_year", "places": 900, "split": "0.6,0.6"}, {}, "", ["split_wrong", "split_missing"]),
        ({"stage": "primary", "places_junior": 100, "places": 5}, {"primary": 5}, "", ["stage_not_taught"]),
        ({"stage": "primary", "places_junior": 0, "places": 5}, {"primary": 5}, "", []),
        ({"stage": "special", "places": 120}, {}, "", []),
        ({"stage": "nine_year", "places": 0}, {"primary": 0, "junior": 0}, "", []),
    ],
)  # fmt: skip
def test_a_total_goes_where_it_can_go_without_guessing(
    tmp_path: Path, row: dict[str, Any], places: dict[str, float], assumed: str, found: list[str]
) -> None:
    schools, _, faults = _read(tmp_path, [{"id": "a", **row}])
    assert codes(faults) == found
    assert all(fault.row == 2 for fault in faults if fault.severity == "error")
    assert _places(schools) == pytest.approx(places)
    assert schools["assumed"].iloc[0] == assumed


def test_totals_that_do_not_add_up_are_said(tmp_path: Path) -> None:
    row = {"id": "a", "stage": "nine_year", "places": 900, "places_primary": 500, "places_junior": 300}
    schools, _, faults = _read(tmp_path, [row])
    assert codes(faults, "warning") == ["total_differs"] and faults[0].params["sum"] == "800"
    assert _places(schools) == {"primary": 500, "junior": 300}


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("0.6,0.4", (0.6, 0.4)), ("0.6;0.4", (0.6, 0.4)), ("60%,40%", (0.6, 0.4)), ("60，40", (0.6, 0.4)),
        ("primary:0.6;junior:0.4", (0.6, 0.4)), ("junior:0.4, primary:0.6", (0.6, 0.4)),
        ("小学：0.6；初中：0.4", (0.6, 0.4)), ("1,0", (1.0, 0.0)), ("0.6", None), ("0.6,0.3", None),
        ("0.6,0.4,0", None), ("senior:0.6;junior:0.4", None), ("a,b", None), ("1.5,-0.5", None), ("", None),
    ],
)  # fmt: skip
def test_splits(text: str, shares: tuple[float, float] | None) -> None:
    found = parse_split(text, ("primary", "junior"))
    assert found == (None if shares is None else pytest.approx(dict(zip(("primary", "junior"), shares, strict=True))))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5000), st.lists(st.integers(1, 50), min_size=3, max_size=3))
def test_a_split_keeps_the_total(total: int, weights: list[int]) -> None:
    shares = parse_split(",".join(repr(weight / sum(weights)) for weight in weights), ("primary", "junior", "senior"))
    assert shares is not None and abs(sum(total * share for share in shares.values()) - total) < 1e-9 * total


def test_enrolment_from_grades(tmp_path: Path) -> None:
    grades = {f"grade_{grade}": 10 * grade for grade in range(1, 10)}
    rows = [
        {"id": "a", "stage": "primary", "places": 1, **grades},
        {"id": "b", "stage": "nine_year", "places_primary": 1, "places_junior": 1, **grades},
        {"id": "c", "stage": "teaching_point", "places": 1, "grade_1": 5, "grade_2": 6},
        {"id": "d", "stage": "primary", "places": 1, "grade_1": 5},
    ]
    schools, _, _ = _read(tmp_path, rows)
    assert [_places(schools, number, "enrolment") for number in range(4)] == [
        {"primary": 210}, {"primary": 210, "junior": 240}, {"primary": 11}, {},
    ]  # fmt: skip
    assert schools["assumed"].tolist() == ["", "enrolment_junior;enrolment_primary", "", ""]


def test_what_the_table_calls_assumed(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "stage": "primary", "places": 1, "assumed": "stage; 学位数"},
        {"id": "b", "stage": "primary", "places": 1, "places_assumed": "yes"},
        {"id": "c", "stage": "nine_year", "places_primary": 1, "places_junior": 1, "assumed": "places"},
    ]
    schools, _, faults = _read(tmp_path, rows)
    assert faults == []
    assert schools["assumed"].tolist() == ["places_primary;stage", "places_primary", "places_junior;places_primary"]


def test_places_that_are_not_given_are_warned_of_once_a_school(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "stage": "nine_year", "classes_primary": 6, "classrooms_junior": 3},
        {"id": "b", "stage": "primary", "classes": 6, "enrolment": 250},
        {"id": "c", "stage": "special"},
    ]
    _, _, faults = _read(tmp_path, rows)
    assert codes(faults) == [] and codes(faults, "warning") == ["places_unknown"] * 2
    assert [fault.value for fault in faults] == [
        "primary: classes; junior: classrooms",
        "primary: classes, enrolment",
    ]


def test_every_fault_at_once(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "stage": "primary", "places": 100},
        {"id": "a", "stage": "college", "places": -5},
        {"id": None, "stage": "nine_year", "places": 300},
        {"id": "d", "stage": "junior", "places": 300, "opened": 2020, "closes": 2019},
        {"id": "e", "stage": "junior", "places": 300, "x": "far"},
    ]
    schools, gates, faults = _read(tmp_path, rows)
    assert {(code, row) for code, row, _ in cells(faults)} == {
        ("key_twice", 3), ("value_allowed", 3), ("value_minimum", 3), ("value_missing", 4), ("split_missing", 4),
        ("school_closes_first", 5), ("value_number", 6),
    }  # fmt: skip
    assert schools["id"].tolist() == ["a", "d"] == gates["school_id"].tolist()


def test_one_spot_and_campuses(tmp_path: Path) -> None:
    spot = {"x": X + 100, "y": Y + 100}
    rows = [
        {"id": "a", "stage": "primary", "places": 1, **spot},
        {"id": "b", "stage": "junior", "places": 1, **spot},
        {"id": "c", "stage": "junior", "places": 1, "campus_of": "a", **spot},
    ]
    _, _, faults = _read(tmp_path, rows)
    assert [(fault.code, fault.row, fault.value) for fault in faults] == [("schools_one_spot", 3, "a / b / c")]
    assert faults[0].message().startswith("3 schools")


def test_scope_by_position_unless_said(tmp_path: Path) -> None:
    rows = [
        {"id": "in", "stage": "primary", "places": 1, "scope": None},
        {"id": "out", "stage": "primary", "places": 1, "x": X - 300},
        {"id": "said", "stage": "primary", "places": 1, "scope": "区域外"},
        {"id": "wrong", "stage": "primary", "places": 1, "x": X - 3000, "scope": "inside"},
    ]
    schools, _, faults = _read(tmp_path, rows)
    assert schools.set_index("id")["scope"].to_dict() == {
        "in": "inside", "out": "outside", "said": "outside", "wrong": "inside",
    }  # fmt: skip
    assert [(fault.code, fault.row, fault.params["kilometres"]) for fault in faults] == [("school_far", 5, "3.0")]


def test_schools_drawn_as_grounds(tmp_path: Path) -> None:
    corners = [(0, 0), (90, 0), (90, 90), (60, 90), (60, 30), (0, 30)]
    ring = shapely.Polygon([(X + east, Y + north) for east, north in corners]).wkt
    pd.DataFrame([{"id": "a", "name": "s", "stage": "primary", "places": 1, "wkt": ring}]).to_csv(
        tmp_path / "s.csv"
    )  # with pandas' nameless index column
    plan = plan_of(tmp_path, schools={"table": "s.csv", "crs": "EPSG:4547"})
    schools, _, faults = read_schools(plan, METRIC, None, boundary=REGION)
    assert codes(faults) == [] and codes(faults, "warning") == ["header_empty"]
    assert shapely.from_wkt(ring).contains(schools.geometry.iloc[0])


def test_gates(tmp_path: Path) -> None:
    lines = [
        "学校编号,x,y",
        f"a,{X + 1010},{Y + 500}",
        f"a,{X + 990},{Y + 500}",
        f"zz,{X},{Y}",
        f"b,{X + 9000},{Y + 800}",
    ]
    (tmp_path / "gates.csv").write_text("\n".join(lines), encoding="utf-8")
    rows = [{"id": name, "stage": "primary", "places": 1} for name in "abc"]
    schools, gates, faults = _read(tmp_path, rows, gates="gates.csv")
    assert [(fault.code, fault.severity, fault.row, fault.value) for fault in faults] == [
        ("gate_school_unknown", "error", 4, "zz"),
        ("gate_far", "warning", None, "b"),
    ]
    assert gates["school_id"].tolist() == ["a", "a", "b", "c"] and gates.geometry.x.iloc[0] == pytest.approx(X + 990)
    assert gates.geometry.iloc[3].equals(schools.geometry.iloc[2])


def test_gates_written_into_the_list(tmp_path: Path) -> None:
    two = f"{X + 1000} {Y + 510}; {X + 1000}, {Y + 490}"
    rows = [
        {"id": "a", "stage": "primary", "places": 1, "gates": two},
        {"id": "b", "stage": "primary", "places": 1, "gates": "north"},
    ]
    _, gates, faults = _read(tmp_path, rows)
    assert cells(faults) == {("gate_unreadable", 3, "gates")}
    assert gates["school_id"].tolist() == ["a", "a", "b"]
    np.testing.assert_allclose(gates.geometry.y, [Y + 490, Y + 510, Y + 800], atol=1e-3)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)))
def test_row_order_changes_nothing(tmp_path: Path, order: list[int]) -> None:
    kinds = ["primary", "nine_year", "junior", "special", "twelve_year"]
    rows = [
        {
            "id": f"s{number}",
            "stage": kind,
            "places": 100 * number,
            "split": "0.5,0.3,0.2" if number == 4 else "0.6,0.4",
        }
        | {"x": X + 700 * number, "y": Y + 700}
        for number, kind in enumerate(kinds)
    ]
    schools, gates, faults = _read(tmp_path, [rows[number] for number in order])
    again, same, _ = _read(tmp_path, rows)
    pd.testing.assert_frame_equal(pd.DataFrame(schools), pd.DataFrame(again))
    pd.testing.assert_frame_equal(pd.DataFrame(gates), pd.DataFrame(same))
    assert codes(faults) == []


def _mapped() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "osm_id": ["n2", "n1", "w3", "w4"],
            "name": ["B", None, "C", "D"],
            "stage": ["junior", "primary", None, "nine_year"],
            "tags": [{"capacity": "240"}, {"operator:type": "private"}, {}, {"capacity": "900"}],
        },
        geometry=gpd.points_from_xy([X + 100, X + 400, X + 700, X - 900], [Y + 100] * 4),
        crs=METRIC,
    )


def test_schools_from_the_street_file(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, schools={"table": None, "osm": True})
    schools, gates, faults = read_schools(plan, METRIC, _mapped(), boundary=REGION)
    assert schools["id"].tolist() == ["n1", "n2", "w4"] and schools["name"].tolist() == ["n1", "B", "D"]
    assert schools["assumed"].tolist() == ["stage", "places_junior;stage", "stage"]
    assert schools["ownership"].tolist() == ["private", None, None]
    assert schools["scope"].tolist() == ["inside", "inside", "outside"]
    assert _places(schools, 1) == {"junior": 240} and _places(schools, 2) == {}
    assert codes(faults) == [] and codes(faults, "warning") == ["osm_stage_unknown", "osm_places_unknown"]
    assert len(gates) == 3


@pytest.mark.parametrize(
    ("section", "mapped", "found"),
    [
        ({"table": None}, None, ["schools_none"]),
        ({"table": None, "osm": True}, None, ["osm_no_schools"]),
        ({"table": None, "osm": True}, _mapped().iloc[2:3], ["osm_stage_unknown", "osm_no_schools"]),
        ({"table": "none.csv"}, None, ["table_missing"]),
        ({"table": "none.csv", "crs": "EPSG:nowhere"}, None, ["crs_unknown", "table_missing"]),
    ],
)
def test_what_stops_schools(
    tmp_path: Path, section: dict[str, Any], mapped: gpd.GeoDataFrame | None, found: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        read_schools(plan_of(tmp_path, schools=section), METRIC, mapped, boundary=REGION)
    assert [fault.code for fault in error.value.faults] == found
