"""Instances from JSON: every fault at once, each with its place; and the command from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geoplan.__main__ import EXIT_DATA, EXIT_REQUEST, main
from geoplan.siting.location import instance_of, locate, read_instance
from layers.errors import InputError

GOOD: dict[str, Any] = {"model": "mclp", "demand": [3, 1], "pairs": [[0, 0, 2.5], [1, 1, 4]], "p": 1}
POINTS: dict[str, Any] = {"demand": [[0, 0], [3, 4]], "sites": [[0, 0], [3, 4], [9, 9]]}


def faults(**changes: Any) -> list[tuple[str, str | None]]:
    """Codes and places of a good instance with some keys changed (None: taken out)."""
    given = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(InputError) as error:
        instance_of(given, "asked.json")
    found = error.value.faults
    assert all(one.file == "asked.json" for one in found)
    for one in found:
        for language in ("en", "zh"):
            assert "{" not in one.message(language).replace("{{", "") and one.remedy(language)
    return [(one.code, one.column) for one in found]


def test_a_good_instance_is_read_as_it_stands() -> None:
    given = instance_of({**GOOD, "capacity": [5, 6], "existing": [1], "limit": 3, "time_limit_s": 5})
    assert given.n_sites == 2 and given.pairs.cost.tolist() == [2.5, 4.0] and given.pairs.site.tolist() == [0, 1]
    assert given.capacity is not None and given.capacity.tolist() == [5.0, 6.0] and given.existing.tolist() == [1]
    assert (given.limit, given.p, given.time_limit_s, given.single_source) == (3.0, 1, 5.0, False)


def test_points_become_pairs_within_the_limit() -> None:
    given = instance_of({**GOOD, "pairs": None, "points": POINTS, "limit": 5})
    assert sorted(zip(given.pairs.unit, given.pairs.site, given.pairs.cost, strict=True)) == [
        (0, 0, 0.0),
        (0, 1, 5.0),
        (1, 0, 5.0),
        (1, 1, 0.0),
    ]
    assert given.n_sites == 3
    assert len(instance_of({**GOOD, "pairs": None, "points": POINTS}).pairs.cost) == 6


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"colour": "red"}, [("location_key", "colour")]),
        ({"model": "p_media"}, [("location_model", "model")]),
        ({"model": None}, [("location_missing", "model")]),
        ({"model": ["mclp"]}, [("location_model", "model")]),
        ({"demand": None}, [("location_missing", "demand")]),
        ({"demand": []}, [("location_empty", "demand")]),
        ({"demand": 7}, [("location_list", "demand")]),
        ({"demand": [3, -1]}, [("location_number", "demand[1]")]),
        ({"demand": [float("nan"), 1]}, [("location_number", "demand[0]")]),
        ({"demand": [float("inf"), True]}, [("location_number", "demand[0]"), ("location_number", "demand[1]")]),
        ({"demand": ["3", 10**400]}, [("location_number", "demand[0]"), ("location_number", "demand[1]")]),
        ({"pairs": None}, [("location_pairs_or_points", "pairs")]),
        ({"points": POINTS}, [("location_pairs_or_points", "pairs")]),
        ({"pairs": [[0, 0, -1], [0, 1]]}, [("location_pair", "pairs[0]"), ("location_pair", "pairs[1]")]),
        ({"pairs": [[0.5, 0, 1], [0, True, 1], 3]}, [("location_pair", f"pairs[{at}]") for at in range(3)]),
        ({"pairs": [[0, 0, float("nan")]]}, [("location_pair", "pairs[0]")]),
        ({"pairs": [[2, 0, 1], [0, 0, 1]]}, [("location_row", "pairs[0][0]")]),
        ({"pairs": [[0, 2, 1]], "capacity": [1, 1]}, [("location_row", "pairs[0][1]")]),
        ({"pairs": [[0, 0, 1], [1, 0, 1], [0, 0, 2]]}, [("location_twice", "pairs[2]")]),
        ({"p": None}, [("location_p_missing", "p")]),
        ({"p": -1}, [("location_whole", "p")]),
        ({"p": 1.5}, [("location_whole", "p")]),
        ({"limit": -1}, [("location_number", "limit")]),
        ({"time_limit_s": 0}, [("location_time_limit", "time_limit_s")]),
        ({"single_source": "yes"}, [("location_bool", "single_source")]),
        ({"capacity": [1, None]}, [("location_number", "capacity[1]")]),
        ({"capacity": [1, 2], "opening_cost": [1]}, [("location_length", "opening_cost")]),
        (
            {"existing": [0, 5, 0], "capacity": [1, 1]},
            [("location_row", "existing[1]"), ("location_twice", "existing[2]")],
        ),
        ({"existing": [0.0]}, [("location_whole", "existing[0]")]),
        ({"pairs": None, "points": {"demand": [[0, 0]]}}, [("location_points", "points")]),
        ({"pairs": None, "points": {"demand": [[0, 0]], "sites": []}}, [("location_length", "points.demand")]),
        (
            {"pairs": None, "points": {"demand": [[0, 0], [1, "a"]], "sites": [[1]]}},
            [("location_point", "points.demand[1]"), ("location_point", "points.sites[0]")],
        ),
        ({"pairs": None, "points": POINTS, "capacity": [1]}, [("location_length", "capacity")]),
    ],
)
def test_every_fault_has_its_place(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(**changes) == expected


def test_all_faults_come_at_once() -> None:
    found = faults(colour=1, model="x", demand=[-1, 2], limit="far", time_limit_s=-1, existing=[-3])
    assert {code for code, _ in found} == {
        "location_key",
        "location_model",
        "location_number",
        "location_time_limit",
        "location_whole",
    }
    assert len(found) == 6


def test_more_pairs_than_can_be_held_ask_for_a_limit() -> None:
    points = {"demand": [[0, 0]] * 6000, "sites": [[0, 0]] * 6000}
    asked = {"model": "mclp", "demand": [1] * 6000, "points": points, "p": 1}
    with pytest.raises(InputError) as error:
        instance_of(asked)
    assert [fault.code for fault in error.value.faults] == ["location_too_many_pairs"]
    far = {"demand": [[k, 0] for k in range(6000)], "sites": [[k, 0] for k in range(6000)]}
    assert len(instance_of({**asked, "points": far, "limit": 1}).pairs.cost) == 17_998


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "[" * 100_000])
def test_text_that_is_no_json(text: str) -> None:
    with pytest.raises(InputError) as error:
        read_instance(text)
    assert [fault.code for fault in error.value.faults] == ["location_json"]


@pytest.mark.parametrize("given", [[], 3, None, "mclp"])
def test_json_that_is_no_instance(given: object) -> None:
    with pytest.raises(InputError) as error:
        instance_of(given)
    assert [fault.code for fault in error.value.faults] == ["location_object"]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code = 0
    try:
        main(["locate", *map(str, arguments)])
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr().out
    return code, json.loads(said) if said else None


def write(folder: Path, given: Any) -> Path:
    file = folder / "asked.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
    return file


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, write(tmp_path, {**GOOD, "p": 2, "limit": 3}))
    assert code == 0
    assert found.pop("seconds") >= 0
    assert found == {
        "open": [0],
        "assign": [[0, 0, 3.0]],
        "objective": 3.0,
        "bound": 3.0,
        "gap": 0.0,
        "status": "optimal",
        "unreachable": [1],
        "reasons": [],
        "unused": [],
    }


def test_infeasible_is_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, {**GOOD, "model": "p_median", "limit": 3})
    for language, words in (("en", "have no site in reach"), ("zh", "没有任何站点")):
        code, found = run(capsys, file, "--language", language)
        assert (code, found["status"], found["objective"]) == (0, "infeasible", None)
        assert found["reasons"][0]["params"] == {"units": [1], "count": 1}
        assert words in found["reasons"][0]["message"]


def test_bad_data_and_bad_requests_have_their_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run(capsys, write(tmp_path, {**GOOD, "p": None, "q": 1}), "--language", "zh")
    assert code == EXIT_DATA and found["error"]["kind"] == "data"
    assert [fault["code"] for fault in found["error"]["faults"]] == ["location_key", "location_p_missing"]
    assert "需要 p" in found["error"]["faults"][1]["message"]
    assert run(capsys, write(tmp_path, "nonsense"))[0] == EXIT_DATA
    code, found = run(capsys, tmp_path / "nowhere.json")
    assert code == EXIT_DATA and found["error"]["faults"][0]["code"] == "location_unreadable"
    assert run(capsys)[0] == EXIT_REQUEST
    (tmp_path / "asked.json").write_bytes(b"\xff\xfe\x00")
    assert run(capsys, tmp_path / "asked.json")[0] == EXIT_DATA


def test_points_and_pairs_give_the_same_answer() -> None:
    by_points = instance_of({**GOOD, "model": "p_median", "pairs": None, "points": POINTS})
    pairs = [[int(i), int(j), float(c)] for i, j, c in zip(*_columns(by_points), strict=True)]
    by_pairs = instance_of({**GOOD, "model": "p_median", "pairs": pairs})
    assert locate(by_points).objective == locate(by_pairs).objective == 5.0


def _columns(given: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return given.pairs.unit, given.pairs.site, given.pairs.cost
