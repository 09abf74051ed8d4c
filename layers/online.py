"""The only module with network access: what plan.toml names as online comes into the plan folder.

Extracts by ``url`` first; Overpass only for a small place (its operators ask for that). Reading never uses the
network: it finds files, fetched or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from layers.boundary import lonlat_bounds, read_region
from layers.errors import Fault, InputError
from layers.overpass import Bounds, boundary_query, places, streets_query
from layers.planfile import PlanFile
from layers.streets import street_file

Say = Callable[[str], None]
BOUNDARY_FILE = "boundary.geojson"
LOG_FILE = "fetched.json"
CHUNK = 1 << 20
MARGIN_DEGREES = 0.03  # about 3 km: streets beyond the boundary are part of walks inside it
LARGEST_DEGREES2 = 0.25  # about 2,500 km²; beyond that an extract is kinder and faster
AGENT = "geoplan (school layout planning)"


@dataclass(frozen=True)
class Servers:
    """Where to ask, how often, and how long to wait between tries.

    ``overpass`` may be set by the environment variable ``GEOPLAN_OVERPASS``.
    """

    overpass: str = "https://overpass-api.de/api/interpreter"
    tries: int = 3
    wait_s: float = 5.0
    timeout_s: float = 60.0


def servers_from(environment: Mapping[str, str] = os.environ) -> Servers:
    """The servers the environment names."""
    return Servers(overpass=environment.get("GEOPLAN_OVERPASS", Servers.overpass))


def fetch(plan: PlanFile, say: Say, *, servers: Servers | None = None) -> list[Path]:
    """Download everything the plan names as online; files that are there already are kept.

    ``[region] place`` is looked up as an administrative boundary, ``[streets] url`` and ``[population] url`` are
    downloaded and, where ``sha256`` is given, checked; ``[streets] place`` without ``url`` asks Overpass for the
    streets, buildings, schools and ground of the region's bounding box and 3 km around it.

    Returns
    -------
    list of Path
        The files written by this call.

    Raises
    ------
    InputError
        When a server cannot be reached, a checksum differs, or a name is unknown or ambiguous.
    """
    servers = servers or servers_from()
    written = [_boundary(plan, servers, say), _streets(plan, servers, say), _population(plan, servers, say)]
    return [path for path in written if path is not None]


def download(url: str, target: Path, *, servers: Servers, say: Say, sha256: str | None = None) -> Path:
    """One file by http(s) into ``target``, whole or not at all.

    A broken transfer leaves ``target.part`` behind and is resumed from there (``Range``, guarded by the server's
    ETag or date); a server that cannot resume sends it again from the start.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError([Fault("online_address", value=url)])
    part = target.with_name(target.name + ".part")
    for attempt in range(1, servers.tries + 1):
        try:
            _transfer(url, part, servers, say)
            break
        except (URLError, HTTPException, OSError) as error:
            if attempt == servers.tries or (isinstance(error, HTTPError) and error.code < 500 and error.code != 429):
                raise InputError([Fault("online_unreachable", value=url, params={"why": _why(error)})]) from None
            say(f"{urlsplit(url).netloc}: {_why(error)}; {attempt + 1}/{servers.tries}")
            time.sleep(servers.wait_s * attempt)
    return _accept(url, part, target, sha256)


def _accept(url: str, part: Path, target: Path, sha256: str | None) -> Path:
    found = _checksum(part)
    _mark(part).unlink(missing_ok=True)
    if sha256 and found != sha256.lower():
        part.unlink()
        raise InputError([Fault("online_checksum", file=target.name, value=found, params={"expected": sha256})])
    part.replace(target)
    _log(target, url, found)
    return target


def _transfer(url: str, part: Path, servers: Servers, say: Say) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": AGENT}
    mark = _mark(part)
    if have and mark.exists():
        headers |= {"Range": f"bytes={have}-", "If-Range": mark.read_text(encoding="utf-8")}
    try:
        with urlopen(Request(url, headers=headers), timeout=servers.timeout_s) as answer:
            _store(answer, part, mark, have if answer.status == 206 else 0, say)
    except HTTPError as error:
        if error.code != 416:
            raise
        part.unlink(missing_ok=True)  # longer than the server's file: begin again at the next try
        raise URLError("the partial file does not fit") from None


def _store(answer: HTTPResponse, part: Path, mark: Path, have: int, say: Say) -> None:
    length = answer.headers.get("Content-Length")
    total = have + int(length) if length else None
    tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    if tag and not tag.startswith("W/"):
        mark.write_text(tag, encoding="utf-8")
    told = -1
    with part.open("ab" if have else "wb") as file:
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            have += len(chunk)
            share = 10 * have // total if total else -1
            if share != told:
                told = share
                say(f"{part.stem}: {have / 1e6:.1f} MB" + (f" / {total / 1e6:.1f} MB" if total else ""))
    if total is not None and have < total:
        raise URLError(f"broke off after {have} of {total} bytes")


def _mark(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _log(target: Path, url: str, sha256: str) -> None:
    """Keep where each file came from, beside the files."""
    log = target.parent / LOG_FILE
    known = json.loads(log.read_text(encoding="utf-8")) if log.exists() else {}
    entry = {
        "url": url,
        "sha256": sha256,
        "bytes": target.stat().st_size,
        "date": datetime.now(UTC).date().isoformat(),
    }
    log.write_text(json.dumps({**known, target.name: entry}, indent=1, sort_keys=True), encoding="utf-8")


def _why(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", None) or error or type(error).__name__)


def _named(plan: PlanFile, name: str | None, url: str) -> Path:
    return plan.path(name or PurePosixPath(urlsplit(url).path).name or "download")


def _missing(target: Path, say: Say, sha256: str | None = None) -> bool:
    """Whether the file must be fetched; a file that is there is kept, unless its checksum is stated and differs."""
    if not target.exists() or (sha256 and _checksum(target) != sha256.lower()):
        return True
    say(f"{target.name}: already there, kept")
    return False


def _population(plan: PlanFile, servers: Servers, say: Say) -> Path | None:
    section = plan.population
    if section.url is None:
        return None
    target = _named(plan, section.raster or section.grid, section.url)
    if not _missing(target, say, section.sha256):
        return None
    return download(section.url, target, servers=servers, say=say, sha256=section.sha256)


def _streets(plan: PlanFile, servers: Servers, say: Say) -> Path | None:
    section = plan.streets
    if section.url is not None:
        target = plan.path(street_file(plan) or "streets.osm.pbf")
        if not _missing(target, say, section.sha256):
            return None
        return download(section.url, target, servers=servers, say=say, sha256=section.sha256)
    target = plan.path(street_file(plan) or "")
    if section.place is None or not _missing(target, say):
        return None
    bounds = _bounds(plan, section.place, servers, say)
    if (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) > LARGEST_DEGREES2:
        raise InputError([Fault("online_too_large", value=section.place)])
    written = _ask(streets_query(bounds), target, servers, say)
    if "<remark>" in _tail(written):
        written.unlink()
        raise InputError([Fault("online_unreachable", value=servers.overpass, params={"why": "query not finished"})])
    return written


def _bounds(plan: PlanFile, place: str, servers: Servers, say: Say) -> Bounds:
    file = plan.path(plan.region.boundary or BOUNDARY_FILE)
    if file.exists():
        boundary, _, crs, _ = read_region(plan)
        west, south, east, north = lonlat_bounds(boundary, crs)
    else:
        west, south, east, north = _place(place, servers, say)[1].bounds
    return (west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES)


def _boundary(plan: PlanFile, servers: Servers, say: Say) -> Path | None:
    target = plan.path(plan.region.boundary or BOUNDARY_FILE)
    if plan.region.place is None or not _missing(target, say):
        return None
    name, shape = _place(plan.region.place, servers, say)
    frame = gpd.GeoDataFrame(
        {"name": [name], "source": ["© OpenStreetMap contributors, ODbL"]}, geometry=[shape], crs=4326
    )
    target.write_text(frame.to_json(drop_id=True, ensure_ascii=False), encoding="utf-8")
    _log(target, servers.overpass, _checksum(target))
    return target


def _place(place: str, servers: Servers, say: Say) -> tuple[str, BaseGeometry]:
    """The one administrative area of that name (or ``relation/123``) and its shape in degrees."""
    with TemporaryDirectory() as folder:
        answer = _ask(boundary_query(place), Path(folder) / "place.json", servers, say)
        found = places(json.loads(answer.read_text(encoding="utf-8")))
    if len(found) == 1:
        return found[0].name, found[0].shape
    code = "online_place_ambiguous" if found else "online_place_unknown"
    listed = ", ".join(f"relation/{item.relation} ({item.name}, admin_level {item.level})" for item in found[:8])
    raise InputError([Fault(code, value=place, params={"found": listed})])


def _ask(query: str, target: Path, servers: Servers, say: Say) -> Path:
    url = f"{servers.overpass}?{urlencode({'data': query})}"
    return download(url, target, servers=servers, say=say)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 2000, 0))
        return file.read().decode("utf-8", errors="replace")
