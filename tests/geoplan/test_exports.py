"""Exports open where they are meant to: spreadsheets, QGIS, web maps; and harm nothing that lies beside them."""

from __future__ import annotations

import csv
import errno
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from shapely.geometry import LineString, Polygon

from geoplan import store
from geoplan.errors import PlanError
from geoplan.exports import FORMATS, export, flat, names, qml, styles
from geoplan.run import Run
from tests.toytown import toytown_run


@pytest.fixture(scope="module")
def run() -> Run:
    return toytown_run()


@pytest.fixture(scope="module")
def gpkg(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(run, ["gpkg"], tmp_path_factory.mktemp("gpkg"), language="zh")[0]


def with_table(run: Run, name: str, table: pd.DataFrame) -> Run:
    return replace(run, tables={**run.tables, name: table})


def test_a_run_from_disk_exports_as_the_run_in_memory(run: Run, tmp_path: Path) -> None:
    again = store.read_run(store.write_run(run, tmp_path / "plan"))
    first = export(run, ["csv", "geojson"], tmp_path / "a")
    second = export(again, ["csv", "geojson"], tmp_path / "b")
    assert sorted(path.name for path in first) == sorted(path.name for path in second)
    for path in first:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_csv_opens_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    paths = export(run, ["csv"], tmp_path)
    named = {path.stem for path in paths}
    assert {"cells", "schools", "areas", "segments", "balance", "columns"} <= named
    assert not named & {"base_streets", "boundary"}
    assert (tmp_path / "schools.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "schools.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["S1", "S2", "S3"]
    assert rows[0]["places_primary"] == "270"
    assert rows[1]["places_primary"] == ""
    assert rows[2]["stages"] == "primary;junior"
    assert (float(rows[0]["lon"]), float(rows[0]["lat"])) == pytest.approx((6.5487983, 48.7291847), abs=1e-7)


def test_columns_are_explained_in_both_languages(run: Run, tmp_path: Path) -> None:
    export(run, ["csv"], tmp_path)
    table = pd.read_csv(tmp_path / "columns.csv").set_index(["table", "column"])
    assert table.loc[("cells", "pupils_primary"), "en"] == "pupils, primary"
    assert table.loc[("cells", "pupils_primary"), "zh"] == "学生数：小学"
    assert table.loc[("proposals", "load_2027"), "zh"] == "学位负荷：2027"
    unknown = [column for (_, column), row in table.iterrows() if row["zh"] == column]
    assert unknown == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\tx", "\r=1"])
def test_no_spreadsheet_runs_what_a_cell_says(run: Run, tmp_path: Path, text: str) -> None:
    table = run.tables["schools"].assign(name=[text, "Plain - name", "三小"])
    export(with_table(run, "schools", table), ["csv"], tmp_path)
    with (tmp_path / "schools.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [f"'{text}", "Plain - name", "三小"]


def test_negative_numbers_and_headers() -> None:
    table = flat.without_formulas(pd.DataFrame({"=x": ["a"], "change": [-1.5]}))
    assert list(table.columns) == ["'=x", "change"]
    assert table["change"].tolist() == [-1.5]


def test_geojson_follows_the_standard(run: Run, tmp_path: Path) -> None:
    paths = export(run, ["geojson"], tmp_path)
    assert {path.stem for path in paths} == {
        name for name, t in run.tables.items() if isinstance(t, gpd.GeoDataFrame)
    }
    for path in paths:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda text: pytest.fail(text))
        assert data["type"] == "FeatureCollection"
        assert "crs" not in data
    areas = json.loads((tmp_path / "areas.geojson").read_text(encoding="utf-8"))["features"]
    for feature in areas:
        (outer,) = feature["geometry"]["coordinates"]
        assert shapely.is_ccw(shapely.LinearRing(outer))
        assert all(len(str(value).split(".")[1]) <= 7 for pair in outer for value in pair)
        assert 6 < outer[0][0] < 7  # longitude comes first


def test_geojson_turns_metric_tables_into_degrees(run: Run, tmp_path: Path) -> None:
    export(with_table(run, "schools", run.tables["schools"].to_crs(32632)), ["geojson"], tmp_path)
    read = gpd.read_file(tmp_path / "schools.geojson")
    assert np.allclose(read.geometry.x, run.tables["schools"].geometry.x, atol=1e-7)


def test_gpkg_has_a_layer_a_table(run: Run, gpkg: Path) -> None:
    layers = dict(pyogrio.list_layers(gpkg))
    assert set(layers) == {*run.tables, "layer_styles"}
    assert layers["cells"] == "Point"
    assert layers["balance"] is None
    cells = pyogrio.read_dataframe(gpkg, layer="cells")
    assert cells.crs.to_epsg() == 4326
    assert cells["pupils_primary"].sum() == pytest.approx(144)
    assert pyogrio.read_info(gpkg, layer="cells")["layer_metadata"]["IDENTIFIER"] == "居住格网"


def test_gpkg_styles_are_what_qgis_looks_for(gpkg: Path) -> None:
    table = pyogrio.read_dataframe(gpkg, layer="layer_styles")
    expected = (
        "f_table_catalog f_table_schema f_table_name f_geometry_column styleName styleQML styleSLD useAsDefault"
    )
    assert list(table.columns) == [*expected.split(), "description", "owner", "ui", "update_time"]
    assert (table["f_table_catalog"] == "").all() and (table["f_table_schema"] == "").all()
    assert (table["f_geometry_column"] == "geom").all()
    assert table["styleName"].str.len().max() <= 30
    assert table.groupby("f_table_name")["useAsDefault"].sum().eq(1).all()
    assert not table.duplicated(["f_table_name", "styleName"]).any()
    for text in table["styleQML"]:
        assert text.startswith("<!DOCTYPE qgis")
        root = ET.fromstring(text)
        classes = root.findall(".//range") + root.findall(".//category") + root.findall(".//rule")
        symbols = {symbol.get("name") for symbol in root.findall("renderer-v2/symbols/symbol")}
        assert {each.get("symbol") for each in classes} <= symbols


def test_gpkg_styles_show_distance_account_and_load(gpkg: Path) -> None:
    table = pyogrio.read_dataframe(gpkg, layer="layer_styles")
    renderers = [
        ET.fromstring(text).find("renderer-v2") for text in table.loc[table["f_table_name"] == "cells", "styleQML"]
    ]
    kinds = [(root.get("type"), root.get("attr")) for root in renderers if root is not None]
    assert kinds[:2] == [("graduatedSymbol", "walk_m_primary"), ("categorizedSymbol", "status_primary")]
    values = {each.get("value") for each in renderers[1].findall(".//category")}  # type: ignore[union-attr]
    assert values == {"served", "in_reach_no_place", "out_of_reach", "off_network", "none"}
    schools = ET.fromstring(table.loc[table["f_table_name"] == "schools", "styleQML"].iloc[0])
    sizes = [float(prop.get("v", "")) for prop in schools.findall(".//layer/prop[@k='size']")]
    assert sizes[:5] == sorted(sizes[:5])
    assert schools.findall(".//rule")[-1].get("filter") == "ELSE"
    alias = schools.find(".//alias[@field='places_primary']")
    assert alias is not None and alias.get("name") == "学位数：小学"


def test_gpkg_says_what_columns_mean(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as database:
        found = database.execute(
            "SELECT title, description FROM gpkg_data_columns WHERE table_name='cells' AND column_name='residents'"
        ).fetchone()
        check = database.execute("PRAGMA integrity_check").fetchone()
    assert found == ("居住人口", "residents")
    assert check == ("ok",)


def test_gpkg_renames_columns_that_clash_with_its_own(run: Run, tmp_path: Path) -> None:
    table = run.tables["gates"].assign(FID=["a", "b", "c", "d"], fid_=1, Geom="x", School_ID="y")
    path = export(with_table(run, "gates", table), ["gpkg"], tmp_path)[0]
    read = pyogrio.read_dataframe(path, layer="gates")
    assert read["FID_"].tolist() == ["a", "b", "c", "d"]
    assert set(read.columns) == {"school_id", "FID_", "fid__", "Geom_", "School_ID_", "geometry"}


def test_gpkg_separates_areas_from_lines(run: Run, tmp_path: Path) -> None:
    mixed = gpd.GeoDataFrame(
        {"kind": ["water", "water"]},
        geometry=[Polygon([(6, 48), (6.1, 48), (6, 48.1)]), LineString([(6, 48), (7, 48)])],
        crs=4326,
    )
    path = export(with_table(run, "base_ground", mixed), ["gpkg"], tmp_path)[0]
    layers = dict(pyogrio.list_layers(path))
    assert layers["base_ground"] == "Polygon"
    assert layers["base_ground_lines"] == "LineString"


def test_gpkg_takes_empty_tables(run: Run, tmp_path: Path) -> None:
    empty = replace(run, tables={name: table.iloc[:0] for name, table in run.tables.items()})
    path = export(empty, ["gpkg", "csv", "geojson"], tmp_path)[0]
    assert set(dict(pyogrio.list_layers(path))) == {*run.tables, "layer_styles"}


def test_cog_opens_as_a_raster(run: Run, tmp_path: Path) -> None:
    paths = export(run, ["cog"], tmp_path)
    assert [path.name for path in paths][:2] == ["cell_index.tif", "residents.tif"]
    with rasterio.open(tmp_path / "residents.tif") as picture:
        assert picture.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert np.nansum(picture.read(1)) == pytest.approx(2400)


@pytest.mark.parametrize("formats", [["dwg"], ["csv", "dwg"], []])
def test_other_formats_are_refused_with_those_there_are(run: Run, tmp_path: Path, formats: list[str]) -> None:
    with pytest.raises(PlanError, match="csv, geojson, gpkg, cog"):
        export(run, formats, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PlanError, match="en, zh"):
        export(run, ["csv"], tmp_path, language="fr")


def test_inputs_are_never_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("id,name\n")
    with pytest.raises(PlanError, match=r"schools\.csv"):
        export(run, ["csv"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["schools.csv"]
    assert (tmp_path / "schools.csv").read_text() == "id,name\n"
    with pytest.raises(PlanError, match="is a file"):
        export(run, ["csv"], tmp_path / "schools.csv")


def test_an_earlier_export_is_replaced(run: Run, tmp_path: Path) -> None:
    export(run, ["csv"], tmp_path)
    export(run, ["cog"], tmp_path)
    (tmp_path / "cells.csv").write_text("old")
    export(run, ["csv"], tmp_path)
    assert len((tmp_path / "cells.csv").read_text(encoding="utf-8")) > 1000
    listed = json.loads((tmp_path / "exports.json").read_text(encoding="utf-8"))
    assert listed["run_id"] == run.run_id
    assert {"cells.csv", "cell_index.tif"} <= set(listed["files"])
    assert listed["title_zh"] == "玩具镇"


def test_a_foreign_list_of_exports_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "exports.json").write_text("[]")
    with pytest.raises(PlanError, match=r"exports\.json"):
        export(run, ["csv"], tmp_path)


def test_a_broken_export_keeps_the_old_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = export(run, ["gpkg"], tmp_path)
    before = path.read_bytes()

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pyogrio, "write_dataframe", full)
    with pytest.raises(PlanError, match="disk is full"):
        export(run, ["gpkg"], tmp_path)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["exports.json", path.name]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_style_is_well_formed(run: Run, language: str) -> None:
    for name, table in run.tables.items():
        for style in styles.styles(name, list(table.columns), language):
            assert ET.fromstring(style.qml).tag == "qgis"
    assert styles.styles("unheard_of", [], language) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_candidates_have_their_verdicts_colour_and_proposals_say_which_are_recommended(language: str) -> None:
    (verdicts,) = styles.styles("candidates", ["site_id", "verdict"], language)
    found = {category.get("value") for category in ET.fromstring(verdicts.qml).iter("category")}
    assert found == {"pass", "conditional", "fail", "unknown"}
    (two,) = styles.styles("proposals", ["rank", "recommended"], language)
    assert len(list(ET.fromstring(two.qml).iter("rule"))) >= 2
    assert len(styles.styles("proposals", ["rank"], language)) == 1


def test_colours_as_qgis_writes_them() -> None:
    assert qml.rgba("#2b6cb0") == "43,108,176,255"
    assert set(FORMATS) >= {"csv", "geojson", "gpkg", "cog"}


def test_unknown_columns_keep_their_name() -> None:
    assert names.column_title("my_column", "zh") == "my_column"
    assert names.column_title("places_kindergarten", "zh") == "学位数：幼儿园"
    assert names.column_title("pupils_primary_2027", "en") == "pupils, primary, 2027"
    assert names.table_title("mine", "en") == "mine"


def test_every_table_of_new_places_and_every_column_of_theirs_has_a_name(run: Run) -> None:
    new = ("candidates", "demand_steps", "housing_need", "land_ledger", "milestones", "places_balance", "proposals")
    assert {name for name in {*run.tables, *new} if names.table_title(name, "zh") == name} == set()
    held = {str(column) for name in set(new) & set(run.tables) for column in run.tables[name].columns} - {"geometry"}
    assert held and {column for column in held if names.column_title(column, "zh") == column} == set()


@pytest.mark.parametrize("lead", [*"=+-@\t\r\n", "＝", "＋", "－", "＠"])
def test_no_text_of_any_kind_is_a_formula(lead: str) -> None:
    evil = f"{lead}cmd|calc!A0"
    table = pd.DataFrame(
        {
            "text": [evil, "plain"],
            "kind": pd.Categorical([evil, "plain"]),
            "ids": [(evil, evil), ("plain", evil)],
            evil: ["a", None],
            "number": [-1.5, 2.0],
            "flag": [True, False],
        }
    )
    safe = flat.without_formulas(flat.flat(table))
    assert list(safe["text"]) == list(safe["kind"]) == [f"'{evil}", "plain"]
    assert list(safe["ids"]) == [f"'{evil};'{evil}", f"plain;'{evil}"]
    assert f"'{evil}" in safe.columns and list(safe["number"]) == [-1.5, 2.0] and list(safe["flag"]) == [True, False]


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    made_run = toytown_run()
    evil = "=cmd|calc!A0"
    renamed = {name: _with_evil(table, evil) for name, table in made_run.tables.items()}
    for file in export(replace(made_run, tables=renamed), ["csv"], tmp_path):
        with file.open(encoding="utf-8-sig", newline="") as text:
            cells = [cell for row in csv.reader(text) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=") or ";=" in cell]
        assert file.name == "columns.csv" or any(cell == f"'{evil}" for cell in cells)


def _with_evil(table: pd.DataFrame, evil: str) -> pd.DataFrame:
    """The table with every column of text, and one more, full of formulas."""
    texts = [name for name in table.columns if table[name].dtype == object or table[name].dtype == "str"]
    return table.assign(**dict.fromkeys(texts, evil), **{evil: [(evil, evil)] * len(table)})
