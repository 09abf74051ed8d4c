"""Demand: children counted by age are the children placed in cells, whatever the source of ages."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as some
from pyproj import CRS
from shapely.geometry import box

from geoplan import standards as st
from geoplan.demand import Demand, pupils, single_years, sprague
from geoplan.demand.groups import columns_by_age
from geoplan.demand.years import smoothed
from geoplan.errors import NotFoundError
from layers.bundle import Cells, IndexRaster
from layers.errors import InputError

STAGES = ("kindergarten", "primary", "junior", "senior")
FIVE_YEAR = ((0, 4), (5, 9), (10, 14), (15, 19))


def cells(residents: list[float], *, areas: list[str] | None = None, modelled: bool = False, **ages: Any) -> Cells:
    """Cells with residents and any age columns."""
    count = len(residents)
    table = pd.DataFrame(
        {
            "cell_id": [f"c{row}" for row in range(count)],
            "x": np.arange(count, dtype=float),
            "y": 0.0,
            "residents": np.asarray(residents, dtype=float),
            "area_id": areas or ["a"] * count,
            "side_m": 100.0,
            **ages,
        }
    )
    index = IndexRaster(np.arange(count, dtype=np.int32)[None, :], Affine.identity(), CRS.from_epsg(32632))
    return Cells(table=table, index=index, kind="grid", modelled=modelled)


def areas(*ids: str) -> gpd.GeoDataFrame:
    """Sub-areas side by side."""
    shapes = [box(row, 0, row + 1, 1) for row in range(len(ids))]
    return gpd.GeoDataFrame({"area_id": list(ids), "setting": "town"}, geometry=shapes, crs=32632)


def run(some_cells: Cells, ages: pd.DataFrame | None = None, **options: Any) -> Demand:
    """Demand of all stages in the neutral profile."""
    tables = {} if ages is None else {"ages": ages}
    standards = options.pop("standards", None) or st.load("neutral")
    found = areas(*sorted(set(some_cells.table["area_id"])))
    return pupils(some_cells, found, tables, standards, options.pop("stages", STAGES), **options)


def total(demand: Demand, stage: str) -> float:
    """Pupils of a stage."""
    return float(demand.units.loc[demand.units["stage"] == stage, "pupils"].sum())


# --- Sprague


@pytest.mark.parametrize("panels", [4, 5, 6, 9])
def test_sprague_keeps_every_group(panels: int) -> None:
    matrix = sprague(panels)
    sums = matrix.reshape(panels, 5, panels).sum(axis=1)
    np.testing.assert_allclose(sums, np.eye(panels), atol=1e-12)


@pytest.mark.parametrize("panels", [4, 5, 7])
@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_sprague_is_exact_on_polynomials(panels: int, power: int) -> None:
    """Where the population is a polynomial of age up to the third degree, the single years are its own integrals."""
    edges = np.arange(5 * panels + 1, dtype=float) ** (power + 1) / (power + 1)
    years = np.diff(edges)
    groups = years.reshape(panels, 5).sum(axis=1)
    np.testing.assert_allclose(sprague(panels) @ groups, years, rtol=1e-9, atol=1e-9)


def test_single_years_are_given_back_and_ages_in_no_group_are_unknown() -> None:
    years = single_years(np.array([[3.0, 4.0]]), ((6, 6), (7, 7)), 8)[0]
    assert years[6:8].tolist() == [3.0, 4.0]
    assert np.isnan(years[[0, 5, 8]]).all()


def test_fewer_than_four_panels_spread_evenly() -> None:
    years = single_years(np.array([[50.0, 100.0]]), ((5, 9), (10, 14)), 14)[0]
    assert years[5:].tolist() == [10.0] * 5 + [20.0] * 5
    assert not smoothed(((5, 9), (10, 14)), 14)
    assert smoothed(FIVE_YEAR, 14)


def test_worldpop_groups_keep_the_newborn_apart() -> None:
    """0 and 1-4 make one panel for Sprague, and keep their own totals."""
    groups = ((0, 0), (1, 4), *FIVE_YEAR[1:])
    years = single_years(np.array([[9.0, 41.0, 60.0, 70.0, 80.0]]), groups, 19)[0]
    assert years[0] == 9.0
    assert years[1:5].sum() == pytest.approx(41.0, abs=1e-12)
    assert years[5:10].sum() == pytest.approx(60.0, abs=1e-12)
    assert (np.diff(years[5:15]) > 0).all()  # growing groups give growing years


@settings(max_examples=60, deadline=None)
@given(some.lists(some.lists(some.floats(0, 1e5), min_size=4, max_size=4), min_size=1, max_size=5))
def test_groups_keep_their_total_and_no_year_is_negative(counts: list[list[float]]) -> None:
    given_counts = np.array(counts)
    years = single_years(given_counts, FIVE_YEAR, 19)
    assert (years >= 0).all()
    sums = years.reshape(len(counts), 4, 5).sum(axis=2)
    np.testing.assert_allclose(sums, given_counts, rtol=1e-9, atol=1e-9)


def test_older_groups_change_nothing_for_children() -> None:
    """Groups far beyond school age are left aside; what is left is what all of them give."""
    rng = np.random.default_rng(3)
    bounds = [(0, 0), (1, 4), *((age, age + 4) for age in range(5, 80, 5)), (80, 120)]
    counts = rng.uniform(0, 100, (4, len(bounds)))
    names = [f"age_{first}_{last}" if last > first else f"age_{first}" for first, last in bounds]
    found = columns_by_age(pd.DataFrame(counts, columns=names), 18)
    assert found is not None and found[1]
    np.testing.assert_allclose(found[0], single_years(counts, bounds, 18), rtol=1e-12)


# --- Pupils


def test_single_years_in_cells_add_up_to_stages() -> None:
    ages = {f"age_{age}": [1.0, 2.0] for age in range(19)}
    demand = run(cells([100.0, 200.0], **ages))
    assert total(demand, "kindergarten") == 3 * 3.0
    assert total(demand, "primary") == 6 * 3.0
    by_band = demand.units.groupby(["stage", "band"])["pupils"].sum()
    assert by_band["primary", "g1_3"] == 9.0
    assert demand.share_assumed == 0.0
    assert demand.assumptions == ()


def test_every_cell_stands_once_per_stage_and_band_in_order() -> None:
    demand = run(cells([10.0, 0.0, 30.0]))
    assert len(demand.units) == 3 * len(st.load("neutral").bands)
    assert demand.units["cell"].dtype == np.int32
    assert demand.units["cell"].tolist()[:6] == [0, 1, 2, 0, 1, 2]
    assert demand.units["stage"].drop_duplicates().tolist() == list(STAGES)


def test_without_ages_the_profile_stands_in_and_says_so() -> None:
    """Ten of a thousand residents in every year of age: 1000 residents have 60 children of primary age."""
    demand = run(cells([400.0, 600.0], modelled=True))
    assert total(demand, "primary") == pytest.approx(60.0, abs=1e-9)
    assert demand.share_assumed == 1.0
    assert demand.assumptions == ("residents_modelled", "ages_assumed")
    assert demand.params["ages_assumed"]["confidence"] == "assumption"


def test_births_count_the_youngest_where_no_ages_are_given() -> None:
    """Births of 2019 and 2020 are the ages 4 and 3; 2017 stands alone beyond a gap: age 5 and older are assumed."""
    births = pd.DataFrame({"year": [2023, 2022, 2021, 2020, 2019, 2017, 2025], "births": [12, 20, 30, 40, 50, 9, 99]})
    place, town = cells([600.0, 400.0]), areas("a")
    found = pupils(place, town, {"births": births}, st.load("neutral"), STAGES, population_year=2023)
    by_age = found.by_age[found.by_age["stage"] == "kindergarten"].set_index("age")["residents"]
    assert by_age.to_dict() == pytest.approx({3: 40.0, 4: 50.0, 5: 10.0})
    assert {"ages_from_births", "ages_partly_assumed"} <= set(found.assumptions)
    counted = pupils(
        place,
        town,
        {"births": births, "ages": pd.DataFrame({"age": range(19), "residents": 7.0})},
        st.load("neutral"),
        STAGES,
        population_year=2023,
    )
    assert total(counted, "kindergarten") == 21.0 and "ages_from_births" not in counted.assumptions


def test_a_region_table_is_spread_by_residents() -> None:
    ages = pd.DataFrame({"age": range(19), "residents": 10.0})
    demand = run(cells([300.0, 100.0]), ages)
    primary = demand.units[(demand.units["stage"] == "primary") & (demand.units["band"] == "g1_3")]
    assert primary["pupils"].tolist() == [22.5, 7.5]  # 3 years x 10, three to one
    assert demand.share_assumed == 0.0


def test_a_sub_area_table_binds_its_own_cells_and_the_region_the_rest() -> None:
    rows = [(age, "a", 1.0) for age in range(19)] + [(age, None, 5.0) for age in range(19)]
    ages = pd.DataFrame(rows, columns=["age", "area_id", "residents"])
    demand = run(cells([10.0, 20.0, 20.0], areas=["a", "b", "b"]), ages)
    primary = demand.units[demand.units["stage"] == "primary"].groupby("cell")["pupils"].sum()
    assert primary.tolist() == [6.0, 12.0, 12.0]  # a: 6 x 1; b: 6 x (5 - 1), halves


def test_an_area_the_table_leaves_out_uses_the_profile() -> None:
    ages = pd.DataFrame({"age": range(19), "area_id": "a", "residents": 4.0})
    demand = run(cells([100.0, 1000.0], areas=["a", "b"]), ages, stages=("primary",))
    assert demand.units.groupby("cell")["pupils"].sum().tolist() == pytest.approx([24.0, 60.0], abs=1e-9)
    assert demand.share_assumed == pytest.approx(60 / 84)
    assert demand.assumptions == ("ages_partly_assumed",)


def test_cells_say_where_and_the_table_says_how_many() -> None:
    ages_in_cells = {f"age_{age}": [3.0, 1.0] for age in range(19)}
    table = pd.DataFrame({"age": range(19), "residents": 8.0})
    demand = run(cells([100.0, 100.0], **ages_in_cells), table, stages=("junior",))
    assert demand.units["pupils"].tolist() == [18.0, 6.0]  # 3 years x 8 children, three to one


@settings(max_examples=40, deadline=None)
@given(
    residents=some.lists(some.floats(0, 1e4), min_size=1, max_size=8),
    groups=some.lists(some.floats(0, 1e5), min_size=4, max_size=4),
)
def test_sums_over_cells_are_the_table_by_age(residents: list[float], groups: list[float]) -> None:
    residents = [*residents, 1.0]
    table = pd.DataFrame({"age_from": [0, 5, 10, 15], "age_to": [4, 9, 14, 19], "residents": groups})
    demand = run(cells(residents), table)
    years = single_years(np.array([groups]), FIVE_YEAR, 19)[0]
    for row in demand.by_age.itertuples():
        assert row.residents == pytest.approx(years[row.age], rel=1e-9, abs=1e-9)
    assert demand.units["pupils"].sum() == pytest.approx(demand.by_age["residents"].sum(), rel=1e-9, abs=1e-9)
    assert (demand.units["pupils"] >= 0).all()


def test_the_order_of_cells_and_rows_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    columns = {f"age_{low}_{low + 4}": rng.random(30) * 50 for low in (0, 5, 10, 15)}
    residents = rng.random(30) * 1000
    ages = pd.DataFrame({"age_from": [0, 5, 10, 15], "age_to": [4, 9, 14, 19], "residents": [50.0, 60.0, 70.0, 80.0]})
    straight = run(cells(list(residents), **columns), ages)
    order = rng.permutation(30)
    mixed_columns = {name: column[order] for name, column in columns.items()}
    mixed = run(cells(list(residents[order]), **mixed_columns), ages.iloc[::-1])
    for stage in STAGES:
        one = straight.units[straight.units["stage"] == stage].groupby("cell")["pupils"].sum()
        two = mixed.units[mixed.units["stage"] == stage].groupby("cell")["pupils"].sum()
        np.testing.assert_allclose(one.to_numpy()[order], two.to_numpy(), rtol=1e-9)


def test_entry_in_september_takes_two_thirds_of_a_birth_year() -> None:
    """Counted by birth year at the end of the year: a third of the six-year-olds wait, a third of the sevens join."""
    ages = pd.DataFrame({"age": range(19), "residents": [float(age) for age in range(19)]})
    standards = st.load("neutral", override={"plan.entry.ages_at": "year_end"})
    demand = run(cells([100.0]), ages, standards=standards, stages=("primary",))
    by_age = demand.by_age.set_index("age")["residents"]
    assert by_age[6] == pytest.approx(2 / 3 * 6 + 1 / 3 * 7, abs=1e-12)
    assert total(demand, "primary") == pytest.approx(sum(range(6, 12)) + 6 / 3, abs=1e-9)
    assert demand.share_assumed == 0.0


def test_participation_is_a_step_with_its_source() -> None:
    standards = st.load("neutral", override={"plan.participation.senior": 0.5})
    demand = run(cells([1000.0]), standards=standards)
    assert total(demand, "senior") == pytest.approx(15.0, abs=1e-9)
    assert demand.params["participation_senior"] == {"share": 0.5, "source": "county"}
    steps = {step.name: step for step in demand.steps}
    assert steps["pupils_senior"].factor == 0.5
    assert [step.name for step in demand.steps][:4] == [
        "residents",
        "school_age",
        "of_age_kindergarten",
        "pupils_kindergarten",
    ]
    assert steps["of_age_primary"].factor == pytest.approx(0.06)


def test_years_that_differ_are_said() -> None:
    rows = [(age, year, 10.0 * (year - 2019)) for age in range(19) for year in (2020, 2024)]
    ages = pd.DataFrame(rows, columns=["age", "year", "residents"])
    demand = run(cells([1000.0]), ages, population_year=2023, school_year=2025)
    assert total(demand, "primary") == pytest.approx(300.0)  # the table of 2024 is nearer to 2023
    assert demand.params["aged_to_schools"] == {"population_year": 2023, "school_year": 2025}
    assert demand.params["ages_year_differs"] == {"ages_year": 2024, "population_year": 2023}


def test_a_complete_table_that_disagrees_with_the_cells_is_said() -> None:
    ages = pd.DataFrame({"age_from": [*range(0, 80, 5), 80], "age_to": [*range(4, 80, 5), None], "residents": 100.0})
    demand = run(cells([1000.0]), ages)
    assert demand.params["ages_total_differs"] == {"ages_total": 1700.0, "residents": 1000.0}
    assert total(demand, "kindergarten") == pytest.approx(60.0, abs=1e-9)


def test_china_without_ages_uses_the_census_structure() -> None:
    demand = run(cells([1_000_000.0]), standards=st.load("cn"))
    assert 60_000 < total(demand, "primary") < 90_000
    assert "participation_kindergarten" in demand.assumptions


def test_no_residents_is_no_demand() -> None:
    demand = run(cells([0.0, 0.0]))
    assert demand.units["pupils"].sum() == 0.0
    assert demand.share_assumed == 0.0


# --- Faults


def codes(caught: pytest.ExceptionInfo[InputError]) -> list[str]:
    """Fault codes, and a sentence in each language for every one."""
    for fault in caught.value.faults:
        assert fault.message("en") and fault.message("zh") and fault.remedy("en") and fault.remedy("zh")
    return [fault.code for fault in caught.value.faults]


def test_groups_named_by_their_first_age_alone_are_caught() -> None:
    """age_5 is the fives, not five to nine: the gap is told instead of filled."""
    columns = {f"age_{age}": [1.0] for age in (0, 1, 5, 10, 15)}
    with pytest.raises(InputError) as caught:
        run(cells([10.0], **columns))
    assert codes(caught) == ["demand_ages_gap"] * 3
    assert caught.value.faults[0].column == "age_5"


def test_all_faults_of_the_table_come_at_once() -> None:
    ages = pd.DataFrame(
        {
            "age_from": [0, 5, 5],
            "age_to": [4, 9, 9],
            "residents": [10.0, -1.0, np.nan],
            "area_id": ["a", "nowhere", "a"],
            "_row": [2, 3, 4],
        }
    )
    with pytest.raises(InputError) as caught:
        run(cells([10.0]), ages)
    assert codes(caught) == ["demand_area_unknown", "demand_ages_value", "demand_ages_value"]
    assert [fault.row for fault in caught.value.faults] == [3, 3, 4]


def test_overlapping_groups_and_children_without_residents() -> None:
    overlap = pd.DataFrame({"age_from": [0, 4], "age_to": [4, 9], "residents": [10.0, 10.0]})
    with pytest.raises(InputError) as caught:
        run(cells([10.0]), overlap)
    assert codes(caught) == ["demand_ages_overlap"]
    empty = pd.DataFrame({"age": range(19), "residents": 1.0, "area_id": "b"})
    with pytest.raises(InputError) as caught:
        run(cells([10.0, 0.0], areas=["a", "b"]), empty)
    assert codes(caught) == ["demand_area_empty"]


def test_an_unknown_stage_is_a_fault_of_the_request() -> None:
    with pytest.raises(NotFoundError, match="college"):
        run(cells([10.0]), stages=("college",))
