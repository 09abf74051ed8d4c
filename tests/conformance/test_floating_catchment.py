"""Floating catchments against other programs: accessibility (R) and access 1.1.10 (Python).

Data: Belo Horizonte, ipeaGIT/accessibility, MIT licence. The folder with the tables is named by GEOPLAN_ORACLES.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoplan.catchment import Ways, enhanced_two_step, two_step

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GEOPLAN_ORACLES", ROOT.parent / "shared" / "oracles")) / "floating_catchment"
FIVE = [f"89a88cdb{rest}" for rest in ("57bffff", "597ffff", "5b3ffff", "5cfffff")] + ["89a88cd909bffff"]

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no reference tables in {FOLDER}: name their folder in GEOPLAN_ORACLES"
)


@pytest.fixture(scope="module")
def land() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "land_use_data.csv").set_index("id")


@pytest.fixture(scope="module")
def travel() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "travel_matrix.csv.gz")


@pytest.fixture(scope="module")
def theirs() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "pysal_access_1.1.10_outputs.csv").set_index("id")


def ways(travel: pd.DataFrame, land: pd.DataFrame) -> Ways:
    home, school = land.index.get_indexer(travel["from_id"]), land.index.get_indexer(travel["to_id"])
    return Ways(home, school, travel["travel_time"].to_numpy(float))


def column(land: pd.DataFrame, name: str) -> np.ndarray:
    return land[name].to_numpy(float)


def test_two_steps_between_five_hexagons(travel, land):
    few = land.loc[FIVE]
    part = travel[travel["from_id"].isin(FIVE) & travel["to_id"].isin(FIVE)]
    access = two_step(ways(part, few), column(few, "population"), column(few, "jobs"), limit=45)
    assert access.round(4).tolist() == [0.0152, 0.1491, 0.1491, 0.1068, 0]


def test_two_steps_equal_the_second_program_everywhere(travel, land, theirs):
    access = two_step(ways(travel, land), column(land, "population"), column(land, "schools"), limit=30)
    expected = theirs["2sfca30_schools"].reindex(land.index).fillna(0).to_numpy()
    np.testing.assert_allclose(access, expected, rtol=1e-9, atol=1e-15)


def test_zones_equal_the_second_program_everywhere(travel, land, theirs):
    people, schools = column(land, "population"), column(land, "schools")
    access = enhanced_two_step(ways(travel, land), people, schools, limits=[10, 20, 30], weights=[1.0, 0.68, 0.22])
    expected = theirs["e2sfca_schools"].reindex(land.index).fillna(0).to_numpy()
    np.testing.assert_allclose(access, expected, rtol=1e-9, atol=1e-15)


def test_people_times_access_is_all_the_schools(travel, land):
    pairs, people, schools = ways(travel, land), column(land, "population"), column(land, "schools")
    for limit in (30.0, 45.0, 60.0):
        reached = np.isin(np.arange(len(land)), pairs.school[(pairs.cost <= limit) & (people[pairs.home] > 0)])
        access = two_step(pairs, people, schools, limit=limit)
        assert (people * access).sum() == pytest.approx(schools[reached].sum())
        assert schools[reached].sum() == 184


def test_people_within_minutes_of_a_school(travel, land):
    people, near = column(land, "population"), travel[land["schools"].loc[travel["to_id"]].to_numpy() > 0]
    least = near.groupby("from_id")["travel_time"].min().reindex(land.index)
    shares = [100 * people[(least <= limit).to_numpy()].sum() / people.sum() for limit in (10, 15, 20, 30)]
    assert np.round(shares, 3).tolist() == [69.346, 92.390, 97.364, 99.724]
