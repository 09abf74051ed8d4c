"""What planners really bring: broken files end with every fault named, in one go, and leave no run behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS

from geoplan.__main__ import EXIT_DATA, main
from tests.toytown import EAST, NORTH, write_toytown

Found = list[dict[str, Any]]
METRIC = CRS.from_epsg(32632)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return write_toytown(tmp_path / "town")


def plan(town: Path, old: str, new: str) -> None:
    """Change plan.toml."""
    file = town / "plan.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def table(town: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a table."""
    change(pd.read_csv(town / name)).to_csv(town / name, index=False)


def pbf(town: Path) -> Path:
    """The street file as pbf, and the plan naming it."""
    path = town / "streets.osm.pbf"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for item in osmium.FileProcessor(town / "streets.osm"):
            writer.add(item)
    plan(town, '"streets.osm"', '"streets.osm.pbf"')
    return path


def raster(town: Path, values: np.ndarray[Any, Any], *, crs: CRS | None = METRIC) -> None:
    """Residents on ten by ten pixels instead of the grid; NoData is -1."""
    shape = {"driver": "GTiff", "count": 1, "height": 10, "width": 10, "dtype": "float32", "nodata": -1.0}
    grid = Affine(100.0, 0.0, EAST, 0.0, -100.0, NORTH + 1000.0)
    with rasterio.open(town / "population.tif", "w", **shape, crs=crs, transform=grid) as out:
        out.write(values.astype("float32"), 1)
    plan(town, 'grid = "cells.csv"', 'raster = "population.tif"')


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON on stdout, empty where there is none."""
    code = 0
    try:
        main([*arguments, "--json"])
    except SystemExit as stop:
        code = int(stop.code or 0)
    text = capsys.readouterr().out
    return code, json.loads(text) if text else {}


def refused(town: Path, capsys: pytest.CaptureFixture[str]) -> Found:
    """The errors `check` names; `run` refuses the plan too and leaves nothing."""
    code, found = call(capsys, "check", str(town))
    assert code == EXIT_DATA
    assert call(capsys, "run", str(town))[0] == EXIT_DATA
    assert not list(town.glob("runs/*"))
    errors = [fault for fault in found["faults"] if fault["severity"] == "error"]
    assert all(fault["message"] and fault["remedy"] and fault["file"] for fault in errors)
    return errors


def one(errors: Found, code: str) -> dict[str, Any]:
    assert [fault["code"] for fault in errors] == [code]
    return errors[0]


def taken(town: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The summary of a run that is made."""
    code, _ = call(capsys, "check", str(town))
    assert code == 0
    code, found = call(capsys, "run", str(town), "--only", "coverage,safety")
    assert code == 0
    assert Path(found["path"]).is_dir()
    for stage in found["summary"]["stages"].values():
        assert sum(stage["accounts"].values()) == pytest.approx(stage["pupils"], abs=1e-6)
    return found["summary"]


def place(fault: dict[str, Any]) -> tuple[Any, ...]:
    return fault["file"], fault["row"], fault["column"], fault["value"]


@pytest.mark.parametrize("kept", [0.66, 0.02], ids=["two thirds", "no more than a head"])
def test_a_street_file_cut_off(town: Path, capsys: pytest.CaptureFixture[str], kept: float) -> None:
    path = pbf(town)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    fault = one(refused(town, capsys), "streets_unreadable")
    assert fault["file"] == "streets.osm.pbf" and "EOF" in fault["value"]


@pytest.mark.parametrize("text", ["minutes of a meeting\n" * 40, "<html><body>404 not found</body></html>"])
def test_a_text_called_pbf(town: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    pbf(town).write_text(text, encoding="utf-8")
    assert one(refused(town, capsys), "streets_unreadable")["file"] == "streets.osm.pbf"


def test_an_empty_street_file(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pbf(town).write_bytes(b"")
    assert one(refused(town, capsys), "streets_empty")["file"] == "streets.osm.pbf"


def moved(town: Path, degrees: float) -> None:
    """The streets, farther south."""
    file = town / "streets.osm"
    text = re.sub(r'lat="([\d.]+)"', lambda lat: f'lat="{float(lat[1]) - degrees:.9f}"', file.read_text("utf-8"))
    file.write_text(text, encoding="utf-8")


def test_streets_of_another_place(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved(town, 3.0)
    fault = one(refused(town, capsys), "streets_outside")
    assert fault["file"] == "streets.osm" and "45.7" in fault["value"]


def test_streets_of_half_the_region_are_taken_with_a_warning(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved(town, 0.006)
    summary = taken(town, capsys)
    told = [fault for fault in summary["warnings"] if fault["code"] == "doctor_ways_sparse"]
    assert [(fault["severity"], fault["value"]) for fault in told] == [("warning", "North")]
    assert summary["stages"]["primary"]["accounts"]["off_network"] == pytest.approx(12.0)


def test_a_raster_without_a_reference_system(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raster(town, np.full((10, 10), 24.0), crs=None)
    assert one(refused(town, capsys), "population_no_crs")["file"] == "population.tif"


def test_a_raster_of_nothing_but_nodata(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raster(town, np.full((10, 10), -1.0))
    assert one(refused(town, capsys), "population_all_nodata")["value"] == "100"


def test_a_raster_that_is_none_and_no_path_of_the_machine(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raster(town, np.zeros((10, 10)))
    (town / "population.tif").write_text("no raster", encoding="utf-8")
    fault = one(refused(town, capsys), "population_unreadable")
    assert str(town) not in fault["message"] + fault["value"]


@pytest.mark.parametrize("source", ["raster", "grid"])
def test_nobody_lives_here(town: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    if source == "raster":
        raster(town, np.zeros((10, 10)))
    else:
        table(town, "cells.csv", lambda cells: cells.assign(residents=0))
    assert one(refused(town, capsys), "population_nobody")["file"] in {"population.tif", "cells.csv"}


@pytest.mark.parametrize("name", ["schools.csv", "cells.csv"])
def test_longitude_and_latitude_exchanged(town: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """One fault for the table, none for the gates of its schools."""
    table(town, name, lambda rows: rows.rename(columns={"lon": "lat", "lat": "lon"}))
    fault = one(refused(town, capsys), "lonlat_swapped")
    assert fault["file"] == name and fault["value"].startswith("48.72")


def test_an_unknown_stage(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(town, "schools.csv", lambda rows: rows.assign(stage=["primary", "college", "nine_year"]))
    fault = one(refused(town, capsys), "value_allowed")
    assert place(fault) == ("schools.csv", 3, "stage", "college")
    assert "nine_year" in fault["remedy"]


def test_fewer_places_than_none(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(town, "schools.csv", lambda rows: rows.assign(places_primary=["-5", "", "20"]))
    assert place(one(refused(town, capsys), "value_minimum")) == ("schools.csv", 2, "places_primary", "-5")


def test_one_id_twice(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate of the school whose id was overwritten has lost its school: that is said too."""
    table(town, "schools.csv", lambda rows: rows.assign(id=["S1", "S1", "S3"]))
    errors = refused(town, capsys)
    assert [fault["code"] for fault in errors] == ["key_twice", "gate_school_unknown"]
    assert place(errors[0]) == ("schools.csv", 3, "id", "S1")
    assert place(errors[1]) == ("gates.csv", 4, "school_id", "S2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type": "FeatureCollection", "features": []}', "table_empty"),
        ('{"type": "Feature", "properties": {}, "geometry": null}', "geometry_missing"),
        ('{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [6.5, 48.7]}}',
         "geometry_kind"),
        ("", "table_unreadable"),
    ],
)  # fmt: skip
def test_a_boundary_around_nothing(town: Path, capsys: pytest.CaptureFixture[str], text: str, code: str) -> None:
    (town / "boundary.geojson").write_text(text, encoding="utf-8")
    assert one(refused(town, capsys), code)["file"] == "boundary.geojson"


def workbook(town: Path, headings: list[list[str | None]], merged: str) -> None:
    """The schools as Excel, below headings of which some are merged."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    columns = ["id", "name", "stage", "places_primary", "places_junior", "lon", "lat"]
    for row in [*headings, *pd.read_csv(town / "schools.csv")[columns].to_numpy().tolist()]:
        sheet.append(row)
    sheet.merge_cells(merged)
    book.save(town / "schools.xlsx")
    plan(town, '"schools.csv"', '"schools.xlsx"')


@pytest.mark.parametrize(
    ("headings", "merged"),
    [
        ([["id", "name", "stage", "places", None, "lon", "lat"], [None, None, None, "primary", "junior", None, None]],
         "D1:E1"),
        ([["Schools of Toytown"], ["id", "name", "stage", "places_primary", "places_junior", "lon", "lat"]], "A1:G1"),
    ],
    ids=["two stages under one heading", "title above the headings"],
)  # fmt: skip
def test_merged_headings(
    town: Path, capsys: pytest.CaptureFixture[str], headings: list[list[str | None]], merged: str
) -> None:
    workbook(town, headings, merged)
    assert place(one(refused(town, capsys), "header_merged")) == ("schools.xlsx", None, None, merged)


def test_every_fault_of_every_file_at_once(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stages, ids, places = ["primary", "college", "nine_year"], ["S1", "S1", "S3"], ["-5", "", "many"]
    table(town, "schools.csv", lambda rows: rows.assign(stage=stages, id=ids, places_primary=places))
    table(town, "cells.csv", lambda rows: rows.assign(residents=["?", *rows["residents"][1:]]))
    table(town, "ages.csv", lambda rows: rows.assign(residents=[-1, *rows["residents"][1:]]))
    (town / "streets.osm").write_text("no streets", encoding="utf-8")
    assert {place(fault)[:3] for fault in refused(town, capsys)} >= {
        ("streets.osm", None, None),
        ("schools.csv", 3, "stage"),
        ("schools.csv", 3, "id"),
        ("schools.csv", 2, "places_primary"),
        ("schools.csv", 4, "places_primary"),
        ("cells.csv", 2, "residents"),
        ("ages.csv", 2, "residents"),
    }


def test_tables_are_checked_although_the_region_is_unknown(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "boundary.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    table(town, "schools.csv", lambda rows: rows.assign(stage=["primary", "college", "nine_year"]))
    table(town, "ages.csv", lambda rows: rows.assign(residents=[-1, *rows["residents"][1:]]))
    assert [place(fault)[:3] for fault in refused(town, capsys)] == [
        ("boundary.geojson", None, None),
        ("schools.csv", 3, "stage"),
        ("ages.csv", 2, "residents"),
    ]


def test_missing_files_are_all_named(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("boundary.geojson", "cells.csv", "streets.osm", "schools.csv"):
        (town / name).unlink()
    found = {(fault["column"], fault["value"]) for fault in refused(town, capsys)}
    assert found == {
        ("region.boundary", "boundary.geojson"),
        ("population.grid", "cells.csv"),
        ("streets.osm", "streets.osm"),
        ("schools.table", "schools.csv"),
    }


def test_no_school_of_a_stage_is_a_result(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(town, "schools.csv", lambda rows: rows[rows["stage"] == "primary"])
    table(town, "gates.csv", lambda rows: rows[rows["school_id"] == "S1"])
    junior = taken(town, capsys)["stages"]["junior"]
    assert junior["accounts"] == {"served": 0, "in_reach_no_place": 0, "out_of_reach": 72, "off_network": 0}
    assert junior["radius_share"] == junior["walk_share"] == 0


def shattered(town: Path) -> int:
    """Every street between two corners on its own: no way meets another. How many there are."""
    text = (town / "streets.osm").read_text(encoding="utf-8")
    at = dict(re.findall(r'<node id="(\d+)"[^>]*?(lat="[\d.]+" lon="[\d.]+")', text))
    nodes, ways = [], []
    for body in re.findall(r"<way [^>]*>(.*?)</way>", text):
        refs, tags = re.findall(r'ref="(\d+)"', body), "".join(re.findall(r"<tag[^>]*/>", body))
        for ends in pairwise(refs) if "highway" in tags else ():
            ids = [len(nodes) + 1, len(nodes) + 2]
            nodes += [f'<node id="{k}" version="1" {at[end]}/>' for k, end in zip(ids, ends, strict=True)]
            refs_of = "".join(f'<nd ref="{k}"/>' for k in ids)
            ways.append(f'<way id="{len(ways) + 1}" version="1">{refs_of}{tags}</way>')
    body = "\n".join([*nodes, *ways])
    (town / "streets.osm").write_text(f'<?xml version="1.0"?>\n<osm version="0.6">\n{body}\n</osm>', "utf-8")
    return len(ways)


def test_streets_in_hundreds_of_pieces(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Homes and gates join every piece in reach, so near schools are found; pieces and their schools are named."""
    pieces = shattered(town)
    summary = taken(town, capsys)
    told = {fault["code"]: fault for fault in summary["warnings"]}
    assert f"{pieces - 1} parts" in told["doctor_parts"]["message"]
    assert "doctor_school_isolated" in told
    assert summary["stages"]["primary"]["accounts"]["served"] > 0


def test_the_table_of_faults_on_the_terminal(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json: exit 2, the place in words, no traceback; a second call after mending runs."""
    table(town, "schools.csv", lambda rows: rows.assign(stage=["primary", "college", "nine_year"]))
    with pytest.raises(SystemExit) as stop:
        main(["run", str(town)])
    assert stop.value.code == EXIT_DATA
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "schools.csv" in said and "row 3" in said and "Traceback" not in said
    table(town, "schools.csv", lambda rows: rows.assign(stage=["primary", "junior", "nine_year"]))
    taken(town, capsys)
