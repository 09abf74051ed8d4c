"""plan.toml: every fault of keys, sources and files in one reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layers.errors import Fault, InputError
from layers.planfile import PlanFile, outside_notes, read_plan
from layers.plannames import ENDINGS, FILES, RASTERS, STREETS, TABLES
from layers.population.window import DRIVERS
from layers.streets.osm import SUFFIXES
from layers.tables import EXTENSIONS

GOOD = """
[plan]
name = "square"
[region]
boundary = "boundary.geojson"
[population]
raster = "population.tif"
[streets]
osm = "streets.osm.pbf"
[schools]
table = "schools.csv"
"""
NAMES = ("boundary.geojson", "population.tif", "streets.osm.pbf", "schools.csv")


def _write(folder: Path, text: str, names: tuple[str, ...] = NAMES) -> Path:
    for name in names:
        (folder / name).touch()
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder


def _faults(folder: Path, **options: object) -> list[Fault]:
    with pytest.raises(InputError) as error:
        read_plan(folder, **options)  # type: ignore[arg-type]
    return list(error.value.faults)


def test_a_plan_is_read_from_its_file_or_folder(tmp_path: Path) -> None:
    folder = _write(tmp_path, GOOD)
    plan = read_plan(folder)
    assert plan == read_plan(folder / "plan.toml")
    assert plan.path("schools.csv") == tmp_path.resolve() / "schools.csv"
    assert plan.plan.years == (2025, 2027, 2035) and plan.housing is None


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    folder = _write(tmp_path, "")
    (folder / "plan.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_plan(folder).plan.name == "square"


def test_every_fault_at_once(tmp_path: Path) -> None:
    text = """
root = "/"
[plan]
name = "No Spaces!"
colour = "red"
years = ["soon"]
[region]
setting = "moon"
[population]
year = 2024
control_total = -1
[streets]
elevation = "dem.tif"
[schools]
gates = "https://example.org/gates.csv"
[housing]
table = "housing.csv"
[coverage]
stages = ["university"]
"""
    faults = _faults(_write(tmp_path, text, ()))
    found = sorted((fault.code, fault.column) for fault in faults)
    assert found == [
        ("plan_file_missing", "housing.table"),
        ("plan_file_missing", "streets.elevation"),
        ("plan_key", "coverage.stages.0"),
        ("plan_key", "plan.colour"),
        ("plan_key", "plan.name"),
        ("plan_key", "plan.years.0"),
        ("plan_key", "population.control_total"),
        ("plan_key", "region.setting"),
        ("plan_key", "root"),
        ("plan_path", "schools.gates"),
        ("population_no_source", "population"),
        ("region_none", "region"),
        ("schools_none", "schools"),
        ("streets_not_given", "streets"),
    ]
    assert all(fault.message(language) and fault.remedy(language) for fault in faults for language in ("en", "zh"))
    assert "未知的键" in next(fault for fault in faults if fault.column == "plan.colour").message("zh")


def test_sections_that_are_missing(tmp_path: Path) -> None:
    faults = _faults(_write(tmp_path, '[plan]\nname = "a"\n'))
    assert {(fault.code, fault.column) for fault in faults} == {
        ("plan_key", name) for name in ("region", "population", "streets", "schools")
    }


def test_files_may_be_missing_where_they_can_be_fetched(tmp_path: Path) -> None:
    text = GOOD.replace('boundary = "boundary.geojson"', 'place = "Square"')
    text = text.replace('osm = "streets.osm.pbf"', 'osm = "streets.osm.pbf"\nurl = "https://example.org/s.osm.pbf"')
    folder = _write(tmp_path, text, ("schools.csv",))
    assert [(fault.code, fault.column) for fault in _faults(folder)] == [("plan_file_missing", "population.raster")]
    assert read_plan(folder, files=False).region.place == "Square"


def test_files_kept_inside_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").touch()
    (tmp_path / "plan").mkdir()
    folder = _write(tmp_path / "plan", GOOD.replace("schools.csv", "../secret.csv"))
    assert read_plan(folder).schools.table == "../secret.csv"
    assert [(fault.code, fault.column) for fault in _faults(folder, inside=folder)] == [
        ("plan_path", "schools.table")
    ]
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    linked = _write(folder, GOOD.replace("schools.csv", "link.csv"))
    assert [fault.code for fault in _faults(linked, inside=folder)] == ["plan_path"]


@pytest.mark.parametrize(
    "name", ["/vsicurl/http://example.org/a.csv", "http://example.org/a.csv", "/VSIZIP/a.zip", " "]
)
def test_names_that_are_no_local_files(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path, GOOD.replace("schools.csv", name))
    assert "plan_path" in [fault.code for fault in _faults(folder)]


def test_files_that_are_no_plan(tmp_path: Path) -> None:
    assert [fault.code for fault in _faults(tmp_path)] == ["plan_missing"]
    assert [fault.code for fault in _faults(_write(tmp_path, "[plan\n"))] == ["plan_unreadable"]
    (tmp_path / "plan.toml").write_bytes("title = '县'".encode("gb18030"))
    assert [fault.code for fault in _faults(tmp_path)] == ["plan_unreadable"]


def test_every_file_key_is_a_key_of_the_plan() -> None:
    for key, online in FILES.items():
        for name in (key, *online):
            section, field = name.split(".")
            annotation = str(PlanFile.model_fields[section].annotation)
            kind = PlanFile.model_fields[section].annotation
            model = next(part for part in (kind, *getattr(kind, "__args__", ())) if hasattr(part, "model_fields"))
            assert field in model.model_fields, annotation


def test_a_file_outside_the_folder_is_taken_with_a_note(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (tmp_path / "schools.csv").touch()
    for name in ("../schools.csv", str(tmp_path / "schools.csv"), "./../schools.csv"):
        plan = read_plan(_write(folder, GOOD.replace("schools.csv", name)))
        notes = outside_notes(plan)
        assert [(note.code, note.severity, note.column) for note in notes] == [
            ("plan_outside", "note", "schools.table")
        ]
    assert not outside_notes(read_plan(_write(folder, GOOD)))


@pytest.mark.parametrize("ending", ["passwd", "private.key", "strange.tif.txt.xyz"])
@pytest.mark.parametrize("key", sorted(FILES))
def test_no_file_outside_the_folder_with_a_strange_ending_is_ever_named(
    tmp_path: Path, key: str, ending: str
) -> None:
    section, _, name = key.partition(".")
    text = re.sub(rf"^{name} = .*$", "", GOOD, flags=re.MULTILINE) if f"[{section}]" in GOOD else GOOD
    head = f"[{section}]\n"
    line = f'{name} = "../../../etc/{ending}"\n'
    text = text.replace(head, head + line) if head in text else text + head + line
    found = [(fault.code, fault.column) for fault in _faults(_write(tmp_path, text))]
    assert ("plan_ending", key) in found and ("plan_file_missing", key) not in found


def test_endings_are_those_of_the_readers() -> None:
    assert set(TABLES) == set(EXTENSIONS) and set(RASTERS) == set(DRIVERS)
    assert set(STREETS) == {*SUFFIXES, ".graphml"} and set(ENDINGS) <= set(FILES)


def test_a_key_takes_only_its_own_kind_from_outside(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (tmp_path / "notes.txt").touch()
    faults = _faults(_write(folder, GOOD.replace("streets.osm.pbf", "../notes.txt")))
    assert [(fault.code, fault.column) for fault in faults] == [("plan_ending", "streets.osm")]


@pytest.mark.parametrize(
    ("phases", "why"), [('{ "soon" = 5 }', "four digits"), ('{ "2027" = 5, "2035" = 3 }', "add up over the years")]
)
def test_phase_budgets_are_money_by_year_that_adds_up(tmp_path: Path, phases: str, why: str) -> None:
    (fault,) = _faults(_write(tmp_path, f"{GOOD}\n[siting]\nphase_budgets = {phases}\n"))
    assert (fault.column, fault.code) == ("siting.phase_budgets", "plan_key")
    assert why in fault.params["why"]


def test_the_siting_of_a_plan(tmp_path: Path) -> None:
    text = '\n[siting]\nstages = ["primary"]\nforce = ["P1"]\nphase_budgets = { "2027" = 5e7, "2035" = 9e7 }\n'
    section = read_plan(_write(tmp_path, GOOD + text)).siting
    assert (section.stages, section.force, section.phase_budgets["2035"]) == (("primary",), ("P1",), 9e7)
