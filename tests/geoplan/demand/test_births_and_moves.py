"""Births and moves as given: per area, registered or expected, with gaps said and impossible ones refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from geoplan.demand.outlook import Outlook, pupils_in, residents_in, stage_pupils
from layers.errors import InputError
from tests.geoplan.demand.town import ahead, births


def by_cell(found: Outlook, year: int, stage: str = "kindergarten", variant: str = "mid") -> list[float]:
    """Pupils of a stage in every cell."""
    return pupils_in(found, year, variant, stage=stage).groupby("cell")["pupils"].sum().tolist()


def movers(**columns: Any) -> pd.DataFrame:
    """A migration table."""
    return pd.DataFrame(columns)


def codes(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [fault.code for fault in error.value.faults]


def test_without_births_the_youngest_ages_stand_in() -> None:
    """Ages 0 to 4 hold 5, 6, 7, 8, 9 children, 7 on average; low and high by the profile's shares of it."""
    ages = {f"age_{age}": [5.0 + age] for age in range(19)}
    found = ahead([100.0], ages=ages)
    assert by_cell(found, 2035) == pytest.approx([21.0])
    assert by_cell(found, 2035, variant="low") == pytest.approx([21.0 * 0.85])
    assert by_cell(found, 2035, variant="high") == pytest.approx([21.0 * 1.15])
    assert found.params["births_assumed"] == {"year": 2024, "low": 0.85, "high": 1.15}
    assert found.faults == ()


def test_years_that_are_missing_take_the_nearest_and_are_said() -> None:
    """2025: 10, 2027: 20, nothing after: 2026 lies between, 2028 to 2032 take 20 with the wider spread."""
    table = pd.DataFrame({"year": [2025.0, 2027.0], "births": [10.0, 20.0], "low": [9.0, 18.0], "high": [11.0, 22.0]})
    found = ahead([100.0], tables={"births": table})
    assert by_cell(found, 2030) == pytest.approx([10 + 15 + 20])
    assert by_cell(found, 2035, variant="low") == pytest.approx([3 * 20 * 0.85])
    [fault] = found.faults
    assert (fault.code, fault.severity, fault.value) == ("demand_births_missing", "warning", "2026, 2028-2032")
    assert found.params["births_held"]["years"] == "2026, 2028-2032"


def test_births_of_a_sub_area_are_its_own_and_the_rest_is_shared() -> None:
    """30 births in the region, 12 of them in a; b and c share 18 as their children under five do, one to two."""
    table = births(*[30.0] * 11, *[12.0] * 11, area_id=[None] * 11 + ["a"] * 11)
    table["year"] = [*range(2025, 2036), *range(2025, 2036)]
    ages = {f"age_{age}": [5.0, 1.0, 2.0] for age in range(19)}
    found = ahead([1.0, 1.0, 1.0], of=["a", "b", "c"], ages=ages, tables={"births": table})
    assert by_cell(found, 2030) == pytest.approx([36.0, 18.0, 36.0])


def test_areas_nobody_speaks_of_keep_their_youngest() -> None:
    table = births(*[12.0] * 11, area_id=["a"] * 11)
    found = ahead([1.0, 1.0], of=["a", "b"], tables={"births": table})
    assert by_cell(found, 2030) == pytest.approx([36.0, 30.0])
    assert found.params["births_partly_assumed"]["areas"] == 1


def test_registered_births_have_one_reading() -> None:
    table = births(*[10.0] * 11, registered=[9.0] * 3 + [np.nan] * 8, low=[5.0] * 11)
    found = ahead([100.0], tables={"births": table})
    assert by_cell(found, 2030, variant="low") == pytest.approx([30.0])  # births of 2025 to 2027
    assert by_cell(found, 2031, variant="low") == pytest.approx([25.0])


def test_births_where_nobody_lives_are_refused() -> None:
    table = births(12.0, area_id=["b"])
    ages = {f"age_{age}": [1.0, 0.0] for age in range(19)}
    with pytest.raises(InputError) as error:
        ahead([10.0, 0.0], of=["a", "b"], ages=ages, tables={"births": table})
    assert codes(error) == ["demand_births_empty"]


def test_movers_are_like_those_who_live_there() -> None:
    """100 residents, 10 of every age; 20 move in during 2026: a fifth more of everybody, also of later years."""
    found = ahead(
        [60.0, 40.0],
        ages={f"age_{a}": [3.0, 2.0] for a in range(19)},
        tables=dict(migration=movers(year=[2026.0], net=[20.0]), births=births(*[5.0] * 11)),
    )
    assert residents_in(found, 2025).tolist() == [60.0, 40.0]
    assert residents_in(found, 2027).tolist() == pytest.approx([72.0, 48.0])
    assert by_cell(found, 2027, "primary") == pytest.approx([6 * 3.6, 6 * 2.4])
    assert stage_pupils(found, "kindergarten", 2035) == pytest.approx(
        15.0
    )  # born later: the table of births says how many
    assert found.params["migration_ends"] == {"year": 2026}


def test_a_group_moves_alone_and_in_its_area() -> None:
    """In a 6 of the 60 children of six to eleven leave in 2025; b stays as it is."""
    moves = movers(year=[2025.0], rate=[-0.1], age_from=[6.0], age_to=[11.0], area_id=["a"])
    found = ahead([200.0, 200.0], of=["a", "b"], tables={"migration": moves, "births": births(*[10.0] * 11)})
    assert by_cell(found, 2025, "primary") == pytest.approx([54.0, 60.0])
    assert by_cell(found, 2027, "primary") == pytest.approx([56.0, 60.0])  # two of six years of age are new
    assert residents_in(found, 2027).tolist() == pytest.approx([194.0, 200.0])


def test_the_region_leaves_out_areas_with_rows_of_their_own() -> None:
    """30 move in, 10 of them to a: 20 to b and c, as their residents are, one to three."""
    moves = movers(year=[2025.0, 2025.0], net=[30.0, 10.0], area_id=[None, "a"])
    ages = {f"age_{age}": [1.0, 1.0, 3.0] for age in range(19)}
    found = ahead([100.0, 100.0, 300.0], of=["a", "b", "c"], ages=ages, tables={"migration": moves})
    assert residents_in(found, 2025).tolist() == pytest.approx([110.0, 105.0, 315.0])


@pytest.mark.parametrize("net", [-101.0, -1e6])
def test_more_cannot_leave_than_there_are(net: float) -> None:
    moves = movers(year=[2025.0], net=[net], age_from=[0.0], age_to=[9.0])
    with pytest.raises(InputError) as error:
        ahead([200.0], tables={"migration": moves})
    assert codes(error) == ["demand_migration_size"]


def test_nobody_moves_in_among_nobody() -> None:
    ages = {f"age_{age}": [1.0, 0.0] for age in range(19)}
    with pytest.raises(InputError):
        ahead(
            [10.0, 0.0],
            of=["a", "b"],
            ages=ages,
            tables={"migration": movers(year=[2025.0], net=[5.0], area_id=["b"])},
        )
