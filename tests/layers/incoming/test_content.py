"""What files are by their bytes; those that point elsewhere, or are not what they say, stay out."""

from __future__ import annotations

import bz2
import gzip
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from openpyxl import Workbook
from shapely import Point

from layers.incoming.content import refused
from layers.incoming.names import ending, leads_out, plain, unlike
from tests.layers.incoming.archives import zipped

VRT = b'<VRTDataset rasterXSize="1"><SourceFilename>/vsicurl/http://10.0.0.1/x.tif</SourceFilename></VRTDataset>'
OSM = b'<?xml version="1.0"?>\n<osm version="0.6"></osm>'
BOMB = b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aa">]>\n<osm>&a;</osm>'


def code(tmp_path: Path, name: str, data: bytes) -> str | None:
    path = tmp_path / name
    path.write_bytes(data)
    fault = refused(path, name)
    if fault is not None:
        assert fault.file == name and fault.message("zh") != fault.message("en") and fault.remedy("zh")
    return fault and fault.code


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.csv", b"id,name\n1,x\n", None),
        ("a.csv", "编号,名称\n1,甲\n".encode("gb18030"), None),
        ("a.geojson", b' {"type": "FeatureCollection"}', None),
        ("a.osm", OSM, None),
        ("a.osm.gz", gzip.compress(OSM, mtime=0), None),
        ("a.osm.bz2", bz2.compress(OSM), None),
        ("a.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18", None),
        ("a.prj", b"", None),
        ("a.exe", b"MZ", "incoming_ending"),
        ("a.vrt", VRT, "incoming_ending"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "incoming_ending"),
        ("noending", b"x", "incoming_ending"),
        ("a.csv", b"", "incoming_empty"),
        ("a.tif", VRT, "incoming_elsewhere"),
        ("a.csv", VRT, "incoming_elsewhere"),
        ("a.geojson", b"<OGRVRTDataSource><SrcDataSource>x</SrcDataSource></OGRVRTDataSource>", "incoming_elsewhere"),
        ("a.tif", b"II*\x00" + b"\x00" * 90 + b"/vsicurl/http://10.0.0.1/x.tif", "incoming_elsewhere"),
        ("a.tif", b"id,name\n", "incoming_content"),
        ("a.csv", b"\x7fELF\x00\x00", "incoming_content"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0 an old workbook", "incoming_content"),
        ("a.xlsx", zipped({"a.csv": b"x"}), "incoming_content"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\x00" * 100, "incoming_broken"),
        ("a.gpkg", b"PK\x03\x04", "incoming_content"),
        ("a.shp", b"SQLite format 3\x00", "incoming_content"),
        ("a.osm.pbf", OSM, "incoming_content"),
        ("a.osm.gz", gzip.compress(b"x" * 100, mtime=0), "incoming_content"),
        ("a.osm.gz", b"\x1f\x8b broken", "incoming_content"),
        ("a.osm", BOMB, "incoming_entities"),
        ("a.osm.gz", gzip.compress(BOMB, mtime=0), "incoming_entities"),
        ("a.graphml", b"<!DOCTYPE x><graphml/>", "incoming_entities"),
        ("a.osm", OSM + b" " * 3_000_000 + b"<!ENTITY x>", "incoming_entities"),
    ],
)
def test_files(tmp_path: Path, name: str, data: bytes, wanted: str | None) -> None:
    assert code(tmp_path, name, data) == wanted


def test_a_workbook_and_one_with_entities(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["id", "name"])
    book.save(tmp_path / "a.xlsx")
    assert refused(tmp_path / "a.xlsx", "a.xlsx") is None
    evil = {"[Content_Types].xml": b"<Types/>", "xl/sheet.xml": b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'}
    assert code(tmp_path, "b.xlsx", zipped(evil)) == "incoming_entities"


def test_a_geopackage_and_those_that_reach_beyond(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"id": [1]}, geometry=[Point(1, 2)], crs=4326).to_file(path, driver="GPKG")
    assert refused(path, "a.gpkg") is None, "the index of a layer is a virtual table, and stays"
    for statement in (
        "CREATE VIEW v AS SELECT load_extension('x')",
        "CREATE VIEW v AS SELECT * FROM a WHERE '/vsicurl/http://10.0.0.1/x' != ''",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT gdal_get_pixel_value('x'); END",
    ):
        copy = tmp_path / "b.gpkg"
        copy.write_bytes(path.read_bytes())
        with sqlite3.connect(copy) as database:
            database.execute(statement)
        database.close()
        assert refused(copy, "b.gpkg").code == "incoming_elsewhere", statement  # type: ignore[union-attr]
    foreign = sqlite3.connect(copy)
    foreign.execute("PRAGMA writable_schema=ON")
    sql = "CREATE VIRTUAL TABLE w USING VirtualOGR('/vsicurl/http://10.0.0.1/x.shp')"
    foreign.execute("INSERT INTO sqlite_master VALUES ('table', 'w', 'w', 0, ?)", [sql])
    foreign.commit()
    foreign.close()
    assert refused(copy, "b.gpkg").code == "incoming_elsewhere"  # type: ignore[union-attr]


def test_a_real_raster(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", width=3, height=3, count=1, dtype="float32") as raster:
        raster.write(np.ones((3, 3), np.float32), 1)
    assert refused(path, "a.tif") is None


def test_names() -> None:
    assert [ending(name) for name in ("A.OSM.PBF", "x.shp.xml", "y.TIF", "z.rar", "none")] == [
        ".osm.pbf", ".shp.xml", ".tif", ".rar", "",
    ]  # fmt: skip
    assert plain("../学校 (新).SHP") == "学校_新.shp" and plain("...") == "file" and plain(".csv") == "csv"
    assert len(plain("学" * 300 + ".csv").encode()) <= 120 and plain("学" * 300 + ".csv").endswith("学.csv")
    assert unlike("a.osm.pbf", ["A.osm.pbf", "a-2.osm.pbf"]) == "a-3.osm.pbf"
    assert leads_out("a/../b") and leads_out("D:x") and not leads_out("a/b..c.csv")
