"""The command: exit codes, one object on stdout, faults of the request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoplan.__main__ import EXIT_DATA, EXIT_REQUEST, main
from geoplan.batch.command import exit_code
from geoplan.batch.ledger import Entry
from geoplan.batch.work import Outcome, State
from tests.geoplan.batch.towns import write_broken, write_town


def code(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def test_the_worst_that_went_wrong_gives_the_exit_code() -> None:
    def found(*states: State) -> int:
        return exit_code({str(k): Entry(Path(), "", Outcome(str(k), state)) for k, state in enumerate(states)})

    assert [found(), found("done"), found("done", "data"), found("request"), found("data", "failed")] == [
        0,
        0,
        2,
        3,
        1,
    ]


def test_requests_that_cannot_be_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = write_town(tmp_path / "town")
    assert code("batch", town, "--only", "magic") == EXIT_REQUEST
    (tmp_path / "none.txt").write_text("", encoding="utf-8")
    assert code("batch", tmp_path / "none.txt") == EXIT_REQUEST
    assert "magic" in capsys.readouterr().err


def test_a_batch_with_a_bad_county_ends_with_2_and_all_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_town(tmp_path / "all" / "east")
    write_broken(tmp_path / "all" / "south")
    assert code("batch", "all", "--workers", 1, "--only", "coverage", "--json", "--language", "zh") == EXIT_DATA
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [(row["plan"], row["state"], row["rank"]) for row in found["counties"]] == [
        ("east", "done", 1),
        ("south", "data", None),
    ]
    run = Path(found["counties"][0]["run"])
    assert run.parent == tmp_path / "all" / "east" / "runs" and (run / "map.html").is_file()
    assert all((tmp_path / file).is_file() for file in found["files"])
    assert {fault["plan"] for fault in found["faults"]} == {"south"}
    assert "数据有误" in said.err
    assert code("batch", "all", "--workers", 1, "--only", "coverage", "--resume") == EXIT_DATA
    again = capsys.readouterr()
    assert "skipped 1" in again.err and "schools.csv" in again.out.replace("\n", "")
