"""Layers in four formats, page by page: the same rows in each."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from flask.testing import FlaskClient
from shapely.geometry import LineString, Point, Polygon, box

from geoplan.run import Run
from maps import layerfiles, rowfiles

LAYERS = "/api/v1/plans/toytown/runs/latest/layers"


def frame(client: FlaskClient, address: str, folder: Path) -> pd.DataFrame:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    ending = address.split("?")[0].rsplit(".", 1)[1]
    file = folder / f"got.{ending}"
    file.write_bytes(answer.data)
    return gpd.read_parquet(file) if ending == "parquet" else gpd.read_file(file, layer=0)


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet"])
def test_every_format_holds_the_same_rows(client: FlaskClient, toytown: Run, tmp_path: Path, ending: str) -> None:
    for query in ("", "?limit=7&offset=90", "?limit=20&offset=90", "?limit=0"):
        got = frame(client, f"{LAYERS}/cells.{ending}{query}", tmp_path)
        wanted = toytown.tables["cells"].to_crs(4326)
        if query:
            limit, offset = (int(part.split("=")[1]) if "=" in part else 0 for part in f"{query}&".split("&")[:2])
            wanted = wanted.iloc[offset : offset + limit]
        assert len(got) == len(wanted)
        if len(wanted):
            assert list(got["cell_id"]) == list(wanted["cell_id"])
            assert got.geometry.geom_equals_exact(wanted.geometry.reset_index(drop=True), 2e-7).all()
            assert got["walk_m_primary"].tolist() == pytest.approx(wanted["walk_m_primary"].tolist(), nan_ok=True)
            assert got.crs.to_epsg() == 4326


def test_a_layer_without_places_comes_in_every_format(client: FlaskClient, toytown: Run) -> None:
    name = next(name for name, t in toytown.tables.items() if not isinstance(t, gpd.GeoDataFrame) and len(t))
    rows = len(toytown.tables[name])
    found = client.get(f"{LAYERS}/{name}.geojson").get_json()["features"]
    assert len(found) == rows and all(one["geometry"] is None for one in found)
    assert len(pd.read_parquet(io.BytesIO(client.get(f"{LAYERS}/{name}.parquet").data))) == rows
    assert client.get(f"{LAYERS}/{name}.gpkg").data.startswith(b"SQLite format 3")
    assert client.get(f"{LAYERS}/{name}.geojson?bbox=1,2,3,4").status_code == 400


def test_pages_lead_to_each_other_and_hold_everything_once(client: FlaskClient) -> None:
    address, seen, prevs = f"{LAYERS}/cells.geojson?limit=30&bbox=-180,-90,180,90", [], 0
    while address:
        answer = client.get(address)
        links = dict(reversed(part.strip("<").split(">; rel=")) for part in answer.headers.getlist("Link"))
        seen += [feature["id"] for feature in answer.get_json()["features"]]
        assert answer.headers["X-Total-Count"] == "100"
        prevs += '"prev"' in links
        address = links.get('"next"', "")
        assert "latest" not in address and (not address or "bbox=" in address)
    assert seen == list(range(100)) and prevs == 3


def test_whole_layers_have_no_pages(client: FlaskClient) -> None:
    assert "Link" not in client.get(f"{LAYERS}/cells.geojson").headers
    assert layerfiles.neighbours(100, None, 0) == {}
    assert layerfiles.neighbours(100, 10, 95) == {"prev": 85}
    assert layerfiles.neighbours(100, 10, 500) == {"prev": 90}
    assert layerfiles.neighbours(0, 10, 0) == {}


def test_links_are_not_made_of_what_the_query_says(client: FlaskClient) -> None:
    answer = client.get(f"{LAYERS}/cells.csv?limit=1&endpoint=x&_scheme=javascript&plan_id=other&a=%0d%0aX:1")
    assert answer.status_code == 200
    assert answer.headers["Link"].startswith("</api/v1/plans/toytown/runs/")


def test_geojson_follows_its_rules() -> None:
    clockwise = Polygon([(0, 0), (0, 1), (1, 1), (1, 0)], [[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)]])
    geometry = [clockwise, Point(1 / 3, 2 / 3), LineString([(0, 0), (1, 1)]), None]
    table = gpd.GeoDataFrame({"name": ["</script>", 'a"\u0000\n', None, "一"], "geometry": geometry}, crs=4326)
    table["n"] = [1.5, float("nan"), float("inf"), 2.0]
    table["count"] = pd.array([1, None, 2, 3], dtype="Int64")
    table["flag"] = [True, False, True, False]
    table["many"] = [("a", "b"), (), ("c",), ("d",)]
    found = json.loads(b"".join(rowfiles.geojson(table, "x", "en")))["features"]
    ring, hole = (Polygon(part) for part in found[0]["geometry"]["coordinates"])
    assert ring.exterior.is_ccw and not hole.exterior.is_ccw
    assert found[1]["geometry"]["coordinates"] == [0.3333333, 0.6666667] and found[3]["geometry"] is None
    assert found[0]["properties"] == {"name": "</script>", "n": 1.5, "count": 1, "flag": True, "many": "a;b"}
    assert found[1]["properties"]["n"] is None and found[2]["properties"]["n"] is None
    assert found[1]["properties"]["name"] == 'a"\u0000\n' and found[1]["properties"]["count"] is None


def test_pieces_join_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"=cmd{k}" if k % 2 else f"school {k}" for k in range(25)]
    table = gpd.GeoDataFrame({"name": names}, geometry=[box(k, 0, k + 1, 1) for k in range(25)], crs=4326)
    whole = [b"".join(write(table, "t", "en")) for write in (rowfiles.geojson, rowfiles.csv)]
    monkeypatch.setattr(rowfiles, "PIECE", 4)
    assert [b"".join(write(table, "t", "en")) for write in (rowfiles.geojson, rowfiles.csv)] == whole
    rows = list(csv.DictReader(io.StringIO(whole[1].decode("utf-8-sig"))))
    assert len(rows) == 25 and rows[1]["name"] == "'=cmd1" and rows[2]["name"] == "school 2"


def test_files_are_gone_once_they_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table = pd.DataFrame({"a": [1, 2]})
    assert b"".join(rowfiles.parquet(table, "t", "en")).startswith(b"PAR1")
    assert not list(tmp_path.iterdir())
