"""The embedded demo is small, sourced row by row, and never overwrites what the user changed."""

import csv

from layers.demo.embedded import DATA, write_demo
from layers.planfile import read_plan


def test_every_school_has_an_osm_id_a_source_and_its_assumptions_named() -> None:
    with (DATA / "schools.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {row["name"] for row in rows}
    assert {"Collège Charles III", "Lycée Albert-1er", "École des Révoires"} <= names
    assert not {name for name in names if "Danse" in name or "Bosio" in name}, (
        "dance and art academies are not schools"
    )
    for row in rows:
        assert row["osm_id"][0] in "nwr" and row["osm_id"][1:].isdigit()
        stated = {column for column in row if column.startswith("places_") and row[column]}
        assert stated and stated <= set(row["assumed"].split(";")), f"{row['id']}: places are assumed and must say so"
        assert row["source"]


def test_only_one_housing_project_states_its_dwellings() -> None:
    with (DATA / "housing.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stated = [row["id"] for row in rows if row["dwellings"]]
    assert stated == ["testimonio2"]
    assert all(row["status"] == "name_only" for row in rows if row["id"] not in stated)


def test_demo_data_stays_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 2_000_000


def test_writing_twice_keeps_the_users_changes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = write_demo(tmp_path)
    assert read_plan(plan).population.control_total == 38367
    changed = plan.read_text(encoding="utf-8").replace("38367", "39000")
    plan.write_text(changed, encoding="utf-8")
    assert read_plan(write_demo(tmp_path)).population.control_total == 39000
