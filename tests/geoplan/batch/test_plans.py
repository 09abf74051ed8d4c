"""Which plans are meant, what they rest on, and how long they will take."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoplan.batch.plans import fingerprint, input_files, list_plans, weight_bytes
from geoplan.batch.progress import remaining_s
from geoplan.batch.words import duration
from geoplan.batch.work import Outcome
from geoplan.errors import PlanError
from tests.geoplan.batch.towns import write_town

PARTS = ("coverage",)


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "plan.toml").write_text("[plan]\n", encoding="utf-8")
    return path


def keys(*paths: Path) -> list[str]:
    return [plan.key for plan in list_plans(paths)]


def test_plans_come_as_folders_files_folders_of_folders_and_lists(tmp_path: Path) -> None:
    east, west = folder(tmp_path / "all" / "east"), folder(tmp_path / "all" / "west")
    (tmp_path / "all" / "empty").mkdir()
    listed = tmp_path / "plans.txt"
    listed.write_text("\ufeffall/west  # first\n\n# none\nall/east/plan.toml\n", encoding="utf-8")
    assert keys(tmp_path / "all") == ["east", "west"]
    assert keys(west, east / "plan.toml") == ["west", "east"]
    assert keys(listed) == ["west", "east"]
    assert keys(listed, tmp_path / "all", west) == ["west", "east"]


def test_a_path_without_a_plan_is_listed_and_two_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "a" / "town"), folder(tmp_path / "b" / "town")
    gone = tmp_path / "gone"
    assert [(plan.key, plan.folder) for plan in list_plans([one, gone, two])] == [
        ("town", one),
        ("gone", gone),
        ("town-2", two),
    ]


def test_no_plan_and_an_unreadable_list_are_requests_that_cannot_be_met(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\xfd")
    for name in ("none.txt", "bytes.txt"):
        with pytest.raises(PlanError, match=name):
            list_plans([tmp_path / name])


def test_the_checksum_follows_inputs_parts_and_files_outside_not_what_we_made(tmp_path: Path) -> None:
    town = write_town(tmp_path / "town")
    first = fingerprint(town, PARTS)
    for made in ("runs/x/manifest.json", "cache/streets", "exports/a.csv", ".hidden/x", ".DS_Store"):
        (town / made).parent.mkdir(parents=True, exist_ok=True)
        (town / made).write_text("made")
    assert fingerprint(town, PARTS) == first
    assert fingerprint(town, ("safety", "coverage")) != first
    ages = (town / "ages.csv").rename(tmp_path / "ages.csv")
    plan = town / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8").replace('"ages.csv"', '"../ages.csv"'), encoding="utf-8")
    moved = fingerprint(town, PARTS)
    assert any(path.name == "ages.csv" for path in input_files(town))
    ages.write_text(ages.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert len({first, moved, fingerprint(town, PARTS)}) == 3


def test_a_folder_that_is_not_there_weighs_next_to_nothing(tmp_path: Path) -> None:
    assert weight_bytes(tmp_path / "gone") == 1
    assert fingerprint(tmp_path / "gone", PARTS) == fingerprint(tmp_path / "away", PARTS)


def done(key: str, seconds: float) -> Outcome:
    return Outcome(key, "done", seconds=seconds)


def test_the_time_left_is_measured_from_finished_plans() -> None:
    weights = {"a": 100, "b": 200, "c": 100, "d": 1}
    assert remaining_s(weights, {}, {"a": 3.0, "b": None}, 2) is None
    assert remaining_s(weights, {"d": Outcome("d", "data", seconds=0.1)}, {"a": None}, 1) is None
    finished = {"a": done("a", 10.0)}
    assert remaining_s(weights, finished, {"b": None, "c": None}, 1) == pytest.approx(30)
    assert remaining_s(weights, finished, {"b": 5.0, "c": None}, 1) == pytest.approx(25)
    assert remaining_s(weights, finished, {"b": None, "c": None}, 2) == pytest.approx(20)  # the longest one
    assert remaining_s(weights, finished, {"b": 99.0}, 2) == 0
    assert remaining_s(weights, finished, {}, 2) == 0


def test_durations_are_said_as_people_say_them() -> None:
    assert [duration(s, "en") for s in (0.2, 90, 600, 7200 * 3)] == ["1 s", "90 s", "10 min", "6 h"]
    assert duration(600, "zh") == "10 分钟"
