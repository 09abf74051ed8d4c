"""The command line door: languages, JSON on errors, exit codes, interruption, full disks."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import geoplan.__main__ as door
import geoplan.plan
from geoplan.__main__ import EXIT_DATA, EXIT_INTERRUPTED, EXIT_REQUEST, main
from geoplan.plan import make_run, read_layers
from geoplan.report import MOST, fault_table, fault_verdict, norm_table
from geoplan.standards import load, norm_rows
from layers.errors import Fault
from layers.planfile import plan_language
from tests.toytown import write_toytown

PARTS = ("coverage", "safety")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(door, "err", Console(stderr=True, width=200))
    monkeypatch.setattr(door, "out", Console(width=200))
    return write_toytown(tmp_path / "town")


def changed(town: Path, old: str, new: str) -> Path:
    file = town / "plan.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return town


def chinese(town: Path) -> Path:
    return changed(town, "[plan]\n", '[plan]\nlanguage = "zh"\n')


def code(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def test_the_language_of_a_plan_is_known_although_the_plan_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    assert plan_language(tmp_path) == "en"
    texts = {
        '[plan]\nlanguage = "zh"\nnonsense = 1': "zh",
        '[plan]\nlanguage = "zh"\nname = oops': "zh",
        '[plan]\nlanguage = "fr"': "en",
        "plan = 3": "en",
        "": "en",
    }
    for text, language in texts.items():
        file.write_text(text, encoding="utf-8")
        assert plan_language(tmp_path) == plan_language(file) == language


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("asked", ["plan", "option"])
def test_faults_are_told_in_the_language(
    town: Path, capsys: pytest.CaptureFixture[str], command: str, asked: str
) -> None:
    changed(town, "[plan]\n", '[plan]\ncolour = "red"\n')
    extra = ["--language", "zh"] if asked == "option" else []
    if asked == "plan":
        chinese(town)
    assert code(command, town, *extra) == EXIT_DATA
    said = "".join(capsys.readouterr())
    assert "未知的键" in said and "错误 1 项" in said and "plan.colour 列" in said
    assert "column" not in said and "errors" not in said and "Extra inputs" not in said


def test_steps_are_told_in_the_language(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chinese(town)
    (town / "streets.osm").write_text("", encoding="utf-8")
    assert code("run", town) == EXIT_DATA
    assert "读取道路" in capsys.readouterr().err


def test_errors_are_one_object_on_stdout(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(town, "[plan]\n", '[plan]\ncolour = "red"\n')
    assert code("run", town, "--json") == EXIT_DATA
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "data"
    assert [(fault["code"], fault["column"]) for fault in error["faults"]] == [("plan_key", "plan.colour")]


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_bad_override_is_one_object_on_stdout(town: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    with (town / "plan.toml").open("a", encoding="utf-8") as file:
        file.write('\n[standards.override]\n"cn.no.such" = 3\n')
    assert code(command, town, "--json") == EXIT_REQUEST
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "request" and "cn.no.such" in error["faults"][0]["message"]


@pytest.mark.parametrize(
    "arguments",
    [("compare", "nowhere", "--json"), ("standards", "nowhere", "--json"), ("run", "--json"), ("nothing", "--json")],
)
def test_requests_that_cannot_be_met_are_one_object_too(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert code(*arguments) == EXIT_REQUEST
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["error"]["kind"] == "request" and found["error"]["faults"][0]["message"]


@pytest.mark.parametrize(("language", "said"), [("en", "interrupted"), ("zh", "已中断")])
def test_an_interrupted_command_says_so(
    town: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: str,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(geoplan.plan, "read_layers", interrupted)
    assert code("run", town, "--language", language) == EXIT_INTERRUPTED
    assert said in capsys.readouterr().err


def test_free_space_is_named_only_where_the_disk_is_full(
    town: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> Any:
        asked.append(Path(path))
        return shutil._ntuple_diskusage(0, 0, 7_000_000)

    monkeypatch.setattr("geoplan.report.shutil.disk_usage", usage)
    for number, free in ((errno.EACCES, False), (errno.ENOSPC, True)):

        def refused(*_: object, number: int = number, **__: object) -> None:
            raise OSError(number, "no", str(town / "runs" / "x" / "map.html"))

        monkeypatch.setattr(geoplan.plan, "read_layers", refused)
        assert code("run", town) == EXIT_REQUEST
        said = capsys.readouterr().err
        assert "map.html" in said and ("7 MB free" in said) is free
    assert asked == [town]


def shown(faults: list[Fault], language: str = "en", width: int = 160) -> str:
    console = Console(width=width)
    with console.capture() as found:
        console.print(fault_table(faults, language))
        console.print(fault_verdict(faults, language))
    return found.get()


def test_one_warning_is_not_warnings() -> None:
    text = shown([Fault("region_none", "warning")])
    assert "0 errors, 1 warning, 0 notes." in text


def test_a_fault_without_a_file_has_no_bare_colon_and_a_value_is_said_once() -> None:
    assert Fault("region_none").place() == ""
    fault = Fault("schools_one_spot", "warning", "a.csv", 3, value="S1 / S2", params={"count": 2})
    assert fault.shown().count("S1 / S2") == 1 and "(" not in fault.shown()
    assert fault.place("zh") == "a.csv，第 3 行"


def test_stages_are_words_in_chinese() -> None:
    split = Fault("split_missing", column="places", params={"stages": "primary, junior"})
    assert "小学" in split.message("zh") and "junior" not in split.message("zh")
    unknown = Fault("places_unknown", column="places", value="primary: classrooms; junior: -")
    assert "小学: 教室数; 初中: -" in unknown.shown("zh") and "primary" not in unknown.shown("zh")
    assert "高中" in Fault("doctor_no_school", "note", value="senior").shown("zh")
    assert "nine-year" in Fault("stage_not_taught", column="x", params={"kind": "nine_year"}).message()


def test_the_terminal_shows_twenty_of_a_kind_and_how_many_more() -> None:
    faults = [Fault("value_number", file="a.csv", row=row, column="places", value="many") for row in range(2, 47)]
    text = shown([*faults, Fault("region_none")])
    assert "row 21," in text and "row 23," not in text and "and 25 more" in text
    assert "46 errors" in text and "nothing says where the region is" in text
    assert MOST == 20


def test_norms_can_be_read_at_eighty_columns() -> None:
    rows = norm_rows(load("cn"))
    console = Console(width=80)
    with console.capture() as found:
        console.print(norm_table(rows, "zh"))
    lines = found.get().splitlines()
    assert max(map(len, lines)) <= 80 and "标准" in lines[1] and "confidence" not in found.get()
    assert sum("cn.circle15.walk" in line for line in lines) == 1


def test_a_run_with_a_cache_equals_one_without(town: Path) -> None:
    layers = read_layers(town)
    plain = make_run(layers, parts=PARTS)
    for _ in range(2):
        kept = make_run(layers, parts=PARTS, cache=town / "cache")
        assert kept.run_id == plain.run_id and kept.summary == plain.summary
        assert all(table.equals(kept.tables[name]) for name, table in plain.tables.items())
    names = {path.name.partition("-")[0] for path in (town / "cache").iterdir()}
    assert {"network", "homes"} <= names


def test_a_scenario_is_run_and_compared_on_the_command_line(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (town / "scenarios").mkdir()
    text = 'name = "less"\ntitle = "Less"\n[[steps]]\naction = "close"\nschool_id = "S2"\n'
    (town / "scenarios" / "less.toml").write_text(text, encoding="utf-8")
    for arguments in ([], ["--scenario", "less"]):
        main(["run", str(town), "--only", "coverage", *arguments])
    said = "".join(capsys.readouterr())
    assert "What-if: Less" in said and "Closing River Junior School moves" in said
    runs = sorted(
        (town / "runs").iterdir(), key=lambda path: json.loads((path / "manifest.json").read_text())["created"]
    )
    page, layer = tmp_path / "difference.html", tmp_path / "difference.gpkg"
    main(["compare", *map(str, runs), "--map", str(page), "--out", str(layer)])
    assert "closes 1 (River Junior School)" in "".join(capsys.readouterr()).replace("\n", " ")
    assert page.read_bytes().startswith(b"<!doctype html>") and layer.stat().st_size > 0
    assert code("run", town, "--scenario", "none") == EXIT_DATA
    assert code("scenario", runs[0], "--name", "works", "--works", "1") == EXIT_REQUEST
