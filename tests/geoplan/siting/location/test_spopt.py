"""San Francisco against spopt: 205 places of demand, 16 sites, distances along streets.

Data: pysal/spopt, BSD-3. The folder with the tables is named by GEOPLAN_ORACLES.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoplan.siting.location import Instance, Pairs, locate
from tests.geoplan.siting.location.by_hand import shuffled

ROOT = Path(__file__).resolve().parents[4]
FOLDER = Path(os.environ.get("GEOPLAN_ORACLES", ROOT.parent / "shared" / "oracles")) / "spopt_sf"
PEOPLE = 955_113
ASKED = {
    "lscp 5000": ({"model": "lscp", "limit": 5000.0}, 8),
    "lscp 8000": ({"model": "lscp", "limit": 8000.0}, 3),
    "mclp": ({"model": "mclp", "limit": 5000.0, "p": 4}, 875_247),
    "p_median": ({"model": "p_median", "p": 4}, 2_848_268_129.7145),
    "p_center": ({"model": "p_center", "p": 4}, 7403.063811),
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no reference tables in {FOLDER}: name their folder in GEOPLAN_ORACLES"
)


@pytest.fixture(scope="module")
def tables() -> tuple[pd.Series, pd.DataFrame]:
    """People by name of the tract, and distances by name of the tract and of the store."""
    file = FOLDER / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    walked = pd.read_csv(file, dtype={"DestinationName": str})
    tracts = pd.read_csv(FOLDER / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str})
    distance = walked.pivot_table(index="DestinationName", columns="name", values="distance")
    return tracts.set_index("NAME")["POP2000"], distance


def asked(tables: tuple[pd.Series, pd.DataFrame], **more: object) -> Instance:
    people, walked = tables
    distance = walked.loc[people.index].to_numpy()
    unit, site = np.divmod(np.arange(distance.size), distance.shape[1])
    pairs = Pairs(unit, site, distance.ravel())
    return Instance(demand=people.to_numpy(float), n_sites=distance.shape[1], pairs=pairs, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ASKED)
def test_objectives_are_those_of_spopt_in_any_order_of_rows(
    tables: tuple[pd.Series, pd.DataFrame], name: str
) -> None:
    question, expected = ASKED[name]
    first = asked(tables, **question)
    assert first.demand.sum() == PEOPLE and len(first.pairs.cost) == 205 * 16
    for given in (first, shuffled(first, 1)[0], shuffled(first, 2)[0]):
        found = locate(given)
        assert found.status == "optimal" and found.objective == pytest.approx(expected, rel=1e-11, abs=1e-6)


def test_the_mean_distance_and_the_share_of_people(tables: tuple[pd.Series, pd.DataFrame]) -> None:
    median = locate(asked(tables, model="p_median", p=4))
    assert median.objective / PEOPLE == pytest.approx(2982.12685799, rel=1e-9)
    covered = locate(asked(tables, model="mclp", p=4, limit=5000.0))
    assert covered.objective / PEOPLE == pytest.approx(0.91638057, abs=1e-8)
    assert covered.amount.sum() == covered.objective
