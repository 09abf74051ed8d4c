"""School classes and counts by verdict: sums close, and what is unknown never counts as good."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.reasons import terms
from geoplan.safety.classes import VERDICTS, before_and_after, pupils_by, school_classes
from geoplan.standards import table

ORDER = "ABCDE"


def routes(*rows: tuple[str, str | None, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["school", "verdict", "pupils"])


def checklist(**counts: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(counts, orient="index", columns=["gate_yes", "gate_no", "gate_unknown"])


def test_counts_close_and_pupils_without_a_route_are_told() -> None:
    found = pupils_by(
        routes(("S", "safe", 5), ("S", "unsafe", 2), ("T", "undetermined", 3), ("T", None, 4)), ["school"]
    )
    assert found.loc["S"].tolist() == [7, 7, 5, 0, 2, 0]
    assert found.loc["T"].tolist() == [7, 3, 0, 3, 0, 4]
    assert found.columns.tolist() == ["pupils", "pupils_routed", *VERDICTS, "not_routed"]


@pytest.mark.parametrize(
    ("safe", "undetermined", "unsafe", "expected"),
    [
        (96, 0, 4, "A"),
        (95, 0, 5, "A"),
        (90, 0, 10, "B"),
        (60, 0, 40, "C"),
        (50, 0, 50, "D"),
        (0, 0, 100, "E"),
        (50, 45, 5, "D–A"),
        (0, 100, 0, "E–A"),
    ],
)
def test_share_of_safe_routes_gives_the_class(safe: float, undetermined: float, unsafe: float, expected: str) -> None:
    walked = routes(("S", "safe", safe), ("S", "undetermined", undetermined), ("S", "unsafe", unsafe))
    assert school_classes(walked, checklist(S=(10, 0, 0)))["route_class"].tolist() == [expected]


@pytest.mark.parametrize(
    ("gate", "expected"), [((5, 5, 0), "A"), ((4, 6, 0), "B"), ((0, 2, 8), "B–A"), ((4, 5, 1), "B–A")]
)
def test_the_gate_lowers_the_class_by_one_at_most(gate: tuple[int, int, int], expected: str) -> None:
    assert school_classes(routes(("S", "safe", 10)), checklist(S=gate))["route_class"].tolist() == [expected]


def test_an_unknown_gate_is_no_good_gate_and_nobody_routed_has_no_class() -> None:
    found = school_classes(routes(("S", "safe", 10), ("T", None, 3)))
    assert found.loc["S", "route_class"] == "B–A" and found.loc["S", "gate_unknown"] == 10
    assert pd.isna(found.loc["T", "route_class"]) and pd.isna(found.loc["T", "class_low"])


@settings(max_examples=60, deadline=None)
@given(
    some.lists(
        some.tuples(
            some.sampled_from("STU"),
            some.sampled_from([*VERDICTS, None]),
            some.floats(0.01, 50),
            some.sampled_from("xy"),
        ),
        min_size=1,
        max_size=20,
    ),
    some.randoms(),
)
def test_low_is_never_better_than_high_and_rows_may_come_in_any_order(
    rows: list[tuple[str, str | None, float, str]], random: np.random.Generator
) -> None:
    walked = pd.DataFrame(rows, columns=["school", "verdict", "pupils", "area_id"])
    found = school_classes(walked)
    known = found[found["class_low"].notna()]
    assert all(
        ORDER.index(low) >= ORDER.index(high)
        for low, high in zip(known["class_low"], known["class_high"], strict=True)
    )
    mixed = walked.sample(frac=1, random_state=1)
    assert school_classes(mixed)["route_class"].astype(str).tolist() == found["route_class"].astype(str).tolist()
    whole, parts = pupils_by(walked), pupils_by(walked, ["area_id"])
    assert parts.sum().to_numpy() == pytest.approx(whole.iloc[0].to_numpy())
    assert whole["pupils"].iloc[0] == pytest.approx(walked["pupils"].sum())


def test_before_and_after_a_plan() -> None:
    walked = pd.DataFrame(
        {
            "school": ["S", "S", "T"],
            "pupils": [4.0, 6.0, 1.0],
            "verdict_before": ["unsafe", "undetermined", "safe"],
            "verdict_after": ["safe", "undetermined", "safe"],
        }
    )
    found = before_and_after(walked, ["school"])
    assert found.loc["S", ["safe_before", "safe_after", "unsafe_before", "unsafe_after"]].tolist() == [0, 4, 4, 0]
    assert before_and_after(walked)["pupils"].tolist() == [11]


def test_every_class_has_words() -> None:
    assert (
        list(terms("school_class", "zh")) == list(ORDER) == [row["class"] for row in table("school_class").records()]
    )
