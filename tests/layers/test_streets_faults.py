"""Street files that cannot be used, or only in part, and what the user is told."""

import bz2
import gzip

import osmium
import pytest
import shapely

from layers.errors import catalogue
from layers.streets import read_streets
from tests.layers.toy_osm import EAST, METRIC, NORTH, osm_text, plan_for, read_toy, square

STREET = {"highway": "residential"}
NODES = {1: (-100, 0), 2: (0, 0), 3: (100, 0)}
TOY = osm_text(NODES, {10: ([1, 2, 3], STREET)})


def read(folder, file, half_m=1000.0, **streets):
    return read_streets(plan_for(folder, file, **streets), square(half_m), METRIC, 100.0)


def codes(faults, severity="error"):
    return [fault.code for fault in faults if fault.severity == severity]


def as_pbf(folder, name="toy.osm.pbf"):
    (folder / "source.osm").write_text(TOY, encoding="utf-8")
    with osmium.SimpleWriter(str(folder / name)) as writer:
        for item in osmium.FileProcessor(str(folder / "source.osm")):
            writer.add(item)
    return folder / name


def test_every_packing_reads_the_same(tmp_path):
    (tmp_path / "toy.osm").write_text(TOY, encoding="utf-8")
    (tmp_path / "toy.osm.gz").write_bytes(gzip.compress(TOY.encode()))
    (tmp_path / "toy.osm.bz2").write_bytes(bz2.compress(TOY.encode()))
    as_pbf(tmp_path)
    read_all = [read(tmp_path, f"toy.osm{end}")[0].edges for end in ("", ".gz", ".bz2", ".pbf")]
    assert all(len(edges) == 1 for edges in read_all)
    assert all(edges.geom_equals(read_all[0]).all() for edges in read_all)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.osm", b"<html><body>504 Gateway Timeout</body></html>"),
        ("cut.osm", TOY.encode()[:300]),
        ("cut.osm.gz", gzip.compress(TOY.encode(), mtime=0)[:-20]),
        ("cut.osm.bz2", bz2.compress(TOY.encode())[:-20]),
        ("not.osm.pbf", b"this is no protocol buffer at all"),
        ("not.osm.gz", b"plain text"),
        ("not.graphml", b"<graphml><graph>"),
        ("other.graphml", b"id,name\n1,a\n"),
    ],
)
def test_damaged_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    streets, surroundings, faults = read(tmp_path, name)
    assert codes(faults) == ["streets_unreadable"]
    assert faults[0].value
    assert len(streets.edges) == len(surroundings.buildings) == 0


def test_a_pbf_cut_off(tmp_path):
    path = as_pbf(tmp_path)
    path.write_bytes(path.read_bytes()[:-15])
    assert codes(read(tmp_path, "toy.osm.pbf")[2]) == ["streets_unreadable"]


def test_missing_empty_unknown_and_not_named(tmp_path):
    (tmp_path / "empty.osm.pbf").touch()
    (tmp_path / "streets.shp").touch()
    assert codes(read(tmp_path, "nowhere.osm.pbf")[2]) == ["streets_missing"]
    assert codes(read(tmp_path, "empty.osm.pbf")[2]) == ["streets_empty"]
    assert codes(read(tmp_path, "streets.shp")[2]) == ["streets_format"]
    assert codes(read(tmp_path, None)[2]) == ["streets_not_given"]
    assert codes(read(tmp_path, None, place="Monaco")[2]) == ["streets_not_fetched"]


def test_no_streets_or_none_to_walk(tmp_path):
    assert codes(read_toy(tmp_path, NODES, {10: ([1, 2], {"waterway": "river"})})[2]) == ["streets_none"]
    assert codes(read_toy(tmp_path, NODES, {10: ([1, 2], {"highway": "motorway"})})[2]) == ["streets_no_walk"]


def test_an_extract_of_elsewhere(tmp_path):
    far = {1: (50_000, 0), 2: (50_100, 0)}
    streets, _, faults = read_toy(tmp_path, far, {10: ([1, 2], STREET)})
    assert codes(faults) == ["streets_outside"]
    assert "117" in faults[0].message()
    assert list(streets.edges.columns[:3]) == ["u", "v", "osm_id"]
    assert streets.edges.crs == METRIC


def test_an_extract_of_half_the_region(tmp_path):
    """Region 12 km wide; streets in its western 5 km: what is farther than 1 km from them is 6/12 of the area."""
    nodes = {
        1: (-6000, -6000),
        2: (-1000, -6000),
        3: (-1000, 6000),
        4: (-6000, 6000),
        5: (-3500, -6000),
        6: (-3500, 6000),
    }
    ways = {10: ([1, 2, 3, 4, 1], STREET), 11: ([5, 6], STREET)}
    _, _, faults = read_toy(tmp_path, nodes, ways, half_m=6000)
    assert codes(faults, "warning") == ["streets_partly"]
    told = {fault.code: fault.params for fault in faults}
    assert 48 <= float(told["streets_partly"]["percent"]) <= 52
    assert 1 <= float(told["streets_sparse"]["percent"]) <= 12  # two strips 500 m wide between the long streets


def test_own_barriers_and_openings(tmp_path):
    import geopandas as gpd

    shapes = [
        shapely.LineString([(EAST, NORTH), (EAST + 50, NORTH)]),
        shapely.box(EAST, NORTH, EAST + 10, NORTH + 10),
        shapely.Point(EAST + 5, NORTH),
        shapely.LineString([(EAST + 9000, NORTH), (EAST + 9050, NORTH)]),
    ]
    given = gpd.GeoDataFrame({"kind": ["rail", "hole", None, "wall"]}, geometry=shapes, crs=METRIC)
    given.to_crs(4326).to_file(tmp_path / "walls.gpkg")
    streets, _, faults = read_toy(tmp_path, NODES, {10: ([1, 2, 3], STREET)}, barriers="walls.gpkg")
    assert streets.barriers.kind.tolist() == ["rail", "wall"]
    assert streets.openings.kind.tolist() == ["gate"]
    assert not codes(faults)


def test_own_barriers_that_cannot_be_read(tmp_path):
    ways = {10: ([1, 2, 3], STREET)}
    (tmp_path / "bad.gpkg").write_text("no geopackage")
    (tmp_path / "bare.csv").write_text("a,b\n1,2\n")
    (tmp_path / "walls.vrt").write_text("<OGRVRTDataSource/>")
    expected = {
        "none.gpkg": "streets_barriers_missing",
        "bad.gpkg": "table_unreadable",
        "bare.csv": "geometry_columns",
        "walls.vrt": "table_format",
    }
    for name, code in expected.items():
        faults = read_toy(tmp_path, NODES, ways, barriers=name)[2]
        assert codes(faults) == [code], name


def test_every_fault_has_its_sentences():
    for code, entry in catalogue().items():
        if code.startswith("streets_"):
            assert set(entry) == {"message_en", "remedy_en", "message_zh", "remedy_zh"}
