"""Downloads against a stub server on this machine: resuming, checksums, faults, and places by Overpass."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pytest

from layers.errors import InputError, catalogue
from layers.online import LOG_FILE, Servers, download, fetch
from layers.overpass import boundary_query, places, streets_query
from layers.planfile import PlanFile
from layers.streets import read_streets
from tests.layers.toy_osm import BACK, EAST, METRIC, NORTH, osm_text, square

BODY = bytes(range(256)) * 4000  # a megabyte and two per cent
SHA = hashlib.sha256(BODY).hexdigest()
TOY = osm_text({1: (-100, 0), 2: (100, 0)}, {10: ([1, 2], {"highway": "residential"})})


class Stub(BaseHTTPRequestHandler):
    """Files by path; each rule of the test is a class attribute that is reset by the fixture."""

    protocol_version = "HTTP/1.1"
    breaks_at: list[int] = []  # noqa: RUF012  bytes after which the next answers break off
    busy = 0
    ranges = True
    tag = '"v1"'
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012
    answers: dict[str, bytes] = {}  # noqa: RUF012

    def log_message(self, *args):
        pass

    def do_GET(self):
        asked = self.headers.get("Range")
        Stub.seen.append((self.path, asked))
        body = self.body()
        if Stub.busy or body is None:
            self.send_error(503 if Stub.busy else 404)
            Stub.busy = max(Stub.busy - 1, 0)
            return
        begin = 0
        if asked and Stub.ranges and self.headers.get("If-Range") == Stub.tag:
            begin = int(asked.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        self.send_header("ETag", Stub.tag)
        self.end_headers()
        stop = Stub.breaks_at.pop(0) if Stub.breaks_at else len(body)
        self.wfile.write(body[begin:stop])
        if stop < len(body):
            self.close_connection = True

    def body(self):
        parts = urlsplit(self.path)
        if parts.path == "/api":
            query = parse_qs(parts.query)["data"][0]
            return next((value for key, value in Stub.answers.items() if key in query), b'{"elements": []}')
        return {"/big.bin": BODY, "/toy.osm": TOY.encode()}.get(parts.path)


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Stub.breaks_at, Stub.busy, Stub.ranges, Stub.tag, Stub.seen, Stub.answers = [], 0, True, '"v1"', [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def servers(site, tries=3):
    return Servers(overpass=f"{site}/api", tries=tries, wait_s=0.0, timeout_s=10.0)


def plan_of(root, **sections):
    given = {
        "plan": {"name": "toy"},
        "region": {"boundary": "boundary.geojson"},
        "population": {"raster": "people.tif"},
        "streets": {"osm": "streets.osm"},
        "schools": {"osm": True},
    }
    return PlanFile.model_validate({"root": root, **given, **sections})


def quiet(text):
    pass


def fault_of(call, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    (fault,) = caught.value.faults
    assert fault.message() and fault.remedy("zh")
    return fault


def test_download_whole(tmp_path, site):
    said = []
    path = download(f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site), say=said.append, sha256=SHA)
    assert path.read_bytes() == BODY
    assert sorted(item.name for item in tmp_path.iterdir()) == ["big.bin", LOG_FILE]
    log = json.loads((tmp_path / LOG_FILE).read_text())
    assert log["big.bin"]["sha256"] == SHA and log["big.bin"]["bytes"] == len(BODY)
    assert any("1.0 MB" in text for text in said)


def test_a_broken_transfer_is_resumed(tmp_path, site):
    Stub.breaks_at = [300_000, 700_000]
    path = download(f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site), say=quiet, sha256=SHA)
    assert path.read_bytes() == BODY
    assert [asked for _, asked in Stub.seen] == [None, "bytes=300000-", "bytes=700000-"]


def test_resumed_by_a_later_call(tmp_path, site):
    Stub.breaks_at = [300_000]
    fault = fault_of(download, f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site, 1), say=quiet)
    assert fault.code == "online_unreachable"
    assert not (tmp_path / "big.bin").exists()
    assert (tmp_path / "big.bin.part").stat().st_size == 300_000
    download(f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site, 1), say=quiet, sha256=SHA)
    assert Stub.seen[-1][1] == "bytes=300000-"


@pytest.mark.parametrize("change", ["no ranges", "new version"])
def test_begun_again_where_it_cannot_be_resumed(tmp_path, site, change):
    Stub.breaks_at = [300_000]
    fault_of(download, f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site, 1), say=quiet)
    Stub.ranges, Stub.tag = (False, '"v1"') if change == "no ranges" else (True, '"v2"')
    path = download(f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site), say=quiet)
    assert path.read_bytes() == BODY


def test_a_busy_server_is_asked_again(tmp_path, site):
    Stub.busy = 2
    assert download(f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site), say=quiet).exists()
    Stub.busy = 9
    fault = fault_of(download, f"{site}/big.bin", tmp_path / "again.bin", servers=servers(site), say=quiet)
    assert "503" in fault.message()


def test_what_is_not_there_is_asked_once(tmp_path, site):
    fault = fault_of(download, f"{site}/none.bin", tmp_path / "none.bin", servers=servers(site), say=quiet)
    assert "404" in fault.message()
    assert len(Stub.seen) == 1


def test_wrong_checksum_and_wrong_address(tmp_path, site):
    fault = fault_of(
        download, f"{site}/big.bin", tmp_path / "big.bin", servers=servers(site), say=quiet, sha256="0" * 64
    )
    assert (fault.code, fault.value) == ("online_checksum", SHA)
    assert [item.name for item in tmp_path.iterdir()] == []
    fault = fault_of(download, "file:///etc/hostname", tmp_path / "x", servers=servers(site), say=quiet)
    assert fault.code == "online_address"


def test_fetch_by_address_then_read(tmp_path, site):
    plan = plan_of(
        tmp_path,
        streets={"url": f"{site}/toy.osm"},
        population={"raster": "people.tif", "url": f"{site}/big.bin", "sha256": SHA},
    )
    faults = read_streets(plan, square(500), METRIC, 10.0)[2]
    assert [fault.code for fault in faults] == ["streets_not_fetched"]
    written = fetch(plan, quiet, servers=servers(site))
    assert [path.name for path in written] == ["toy.osm", "people.tif"]
    assert len(read_streets(plan, square(500), METRIC, 10.0)[0].edges) == 1
    assert fetch(plan, quiet, servers=servers(site)) == []
    (tmp_path / "people.tif").write_bytes(b"spoilt")
    assert [path.name for path in fetch(plan, quiet, servers=servers(site))] == ["people.tif"]


def relation(number, west_m, side_m, level="8"):
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    points = [BACK.transform(EAST + west_m + side_m * x, NORTH + side_m * y) for x, y in corners]
    halves = [points[:3], points[2:]]
    members = [
        {"type": "way", "role": "outer", "geometry": [{"lon": lon, "lat": lat} for lon, lat in half]}
        for half in halves
    ]
    return {"type": "relation", "id": number, "tags": {"name": "Toytown", "admin_level": level}, "members": members}


def answer(*relations):
    return json.dumps({"elements": list(relations)}).encode()


def test_a_place_by_name(tmp_path, site):
    """Boundary and streets of a place, the region and its twin of the same ground counted once."""
    Stub.answers = {"Toytown": answer(relation(7, -500, 1000), relation(9, -500, 1000, "6")), "out:xml": TOY.encode()}
    plan = plan_of(tmp_path, region={"place": "Toytown"}, streets={"place": "Toytown"})
    assert [path.name for path in fetch(plan, quiet, servers=servers(site))] == ["boundary.geojson", "streets.osm"]
    region = gpd.read_file(tmp_path / "boundary.geojson")
    assert region.name.tolist() == ["Toytown"]
    assert region.to_crs(METRIC).area.iloc[0] == pytest.approx(1e6, rel=1e-3)
    assert len(read_streets(plan, square(500), METRIC, 10.0)[0].edges) == 1
    query = parse_qs(urlsplit(Stub.seen[-1][0]).query)["data"][0]
    assert query.startswith("[out:xml]") and 'nwr["highway"]' in query
    assert not (tmp_path / "place.json").exists()


def test_names_that_do_not_settle_it(tmp_path, site):
    plan = plan_of(tmp_path, region={"place": "Toytown"})
    assert fault_of(fetch, plan, quiet, servers=servers(site)).code == "online_place_unknown"
    Stub.answers = {"Toytown": answer(relation(7, 0, 1000), relation(8, 9000, 1000))}
    fault = fault_of(fetch, plan, quiet, servers=servers(site))
    assert fault.code == "online_place_ambiguous"
    assert "relation/7" in fault.message() and "relation/8" in fault.message()


def test_too_large_for_overpass_and_unfinished_queries(tmp_path, site):
    Stub.answers = {"Toytown": answer(relation(7, 0, 80_000)), "out:xml": b"<osm><remark>timeout</remark></osm>"}
    plan = plan_of(tmp_path, streets={"place": "Toytown"})
    assert fault_of(fetch, plan, quiet, servers=servers(site)).code == "online_too_large"
    Stub.answers["Toytown"] = answer(relation(7, 0, 1000))
    assert fault_of(fetch, plan, quiet, servers=servers(site)).code == "online_unreachable"
    assert not (tmp_path / "streets.osm").exists()


def test_queries_are_quoted():
    assert '"name"="a\\"b\\\\"' in boundary_query('a"b\\')
    assert boundary_query("relation/12").endswith("relation(12);out geom;")
    assert "[bbox:2.000000,1.000000,4.000000,3.000000]" in streets_query((1, 2, 3, 4))


def test_a_hole_in_a_place():
    outer, inner = relation(1, 0, 1000), relation(2, 250, 500)
    for member in inner["members"]:
        outer["members"].append({**member, "role": "inner"})
    (found,) = places({"elements": [outer]})
    assert gpd.GeoSeries([found.shape], crs=4326).to_crs(METRIC).area.iloc[0] == pytest.approx(750_000, rel=0.001)


def test_every_online_fault_has_its_sentences():
    for code, entry in catalogue().items():
        if code.startswith("online_"):
            assert set(entry) == {"message_en", "remedy_en", "message_zh", "remedy_zh"}
