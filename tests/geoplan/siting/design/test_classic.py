"""The classic forms choose the sites, the county's model the sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoplan.reasons.siting import note_sentences
from geoplan.siting.design import CLASSIC, Task, chosen_design, classic_design, classic_instance
from tests.geoplan.siting.design.small_tasks import stage, town, with_limits


def _valley() -> Task:
    """Three hamlets in a row, none in reach of a school: x reaches the first two, y the last two."""
    pairs = [(0, 2, 4000), (1, 2, 1000), (1, 3, 3000), (2, 3, 1000)]
    return replace(town(), stages=(stage("primary", [[10, 10, 5]], pairs, [[0.0, 0.0]], 5.0),))


@pytest.mark.parametrize(
    ("model", "most", "sites", "objective"),
    [
        ("lscp", None, ["x", "y"], 2.0),
        ("mclp", 1, ["x"], 20.0),
        ("p_median", 2, ["x", "y"], 10 * 400.0 + 10 * 100.0 + 5 * 100.0),
        ("p_center", 2, ["x", "y"], 400.0),
    ],
)
def test_forms_by_name(model: str, most: int | None, sites: list[str], objective: float) -> None:
    found = classic_design(with_limits(_valley(), max_new=most), model)
    assert sorted(decision.site_id for decision in found.design.decisions) == sites
    assert found.solution.objective == pytest.approx(objective)
    assert found.design.notes[0].params == {"model": model, "stage": "primary", "year": 2027}


def test_schools_that_are_there_stay_open_and_are_not_counted() -> None:
    instance, places, units = classic_instance(with_limits(town(), max_new=1), "mclp", 0, 0)
    assert (instance.existing.tolist(), places.tolist(), instance.p) == ([0], [0, 2, 3], 1)
    assert units.tolist() == [0, 1, 2]
    assert np.asarray(instance.demand).tolist() == [10.0, 20.0, 5.0]


def test_a_form_without_solution_says_why_in_both_languages() -> None:
    found = chosen_design(with_limits(_valley(), max_new=1), "lscp")
    assert (found.status, found.decisions) == ("infeasible", ())
    assert [reason.code for reason in found.problems] == ["location_p_too_small"]
    rows = [{"code": reason.code, "params": reason.params} for reason in (*found.problems, *found.notes)]
    english, chinese = note_sentences(rows, "en"), note_sentences(rows, "zh")
    assert len(english) == len(chinese) == 2
    assert "fewest sites" in english[1]


def test_the_county_model_by_its_own_name_and_no_other() -> None:
    assert chosen_design(town(), "capacitated").decisions[0].site_id == "y"
    with pytest.raises(ValueError, match="known: lscp"):
        classic_instance(town(), "capacitated", 0, 0)
    assert set(CLASSIC) == {"lscp", "mclp", "p_median", "p_center"}
