"""One pass over an OSM file with pyosmium: the ways, tagged nodes and areas of a window, nothing else."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.filter import EntityFilter, KeyFilter
from osmium.osm import AREA, NODE, RELATION, WAY

SUFFIXES = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2", ".pbf", ".osm.xml")
WAY_KEYS = ("highway", "railway", "waterway", "barrier", "natural", "route", "power", "man_made")
NODE_KEYS = (
    "highway", "crossing", "barrier", "railway", "traffic_calming", "kerb", "entrance", "amenity", "office",
    "traffic_signals", "tactile_paving",
)  # fmt: skip
AREA_KEYS = ("building", "natural", "waterway", "leisure", "landuse", "amenity", "office", "highway")
LOCAL = 1 << 50  # above every id of the public map: where negative ids are kept while reading
UNKNOWN = 2147483647  # what libosmium gives for the coordinates of a node it has not seen
BATCH = 4096

Window = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass
class Ways:
    """Ways in file order, flat: way ``i`` has the nodes ``start[i]:start[i + 1]``; coordinates in 1e-7 degrees."""

    osm_id: list[int] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    start: array[int] = field(default_factory=lambda: array("q", [0]))
    ref: array[int] = field(default_factory=lambda: array("q"))
    lon: array[int] = field(default_factory=lambda: array("i"))
    lat: array[int] = field(default_factory=lambda: array("i"))

    def add(self, osm_id: int, tags: dict[str, str], refs: list[int], lons: list[int], lats: list[int]) -> None:
        """Append one way."""
        self.osm_id.append(osm_id)
        self.tags.append(tags)
        self.ref.extend(refs)
        self.lon.extend(lons)
        self.lat.extend(lats)
        self.start.append(len(self.ref))


@dataclass
class Nodes:
    """Tagged nodes; coordinates in degrees."""

    osm_id: list[int] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)


@dataclass
class Areas:
    """Closed ways and multipolygons: id such as ``w12`` or ``r7``, tags, polygon in degrees."""

    osm_id: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    polygon: list[shapely.Geometry] = field(default_factory=list)


@dataclass
class Extract:
    """What one file holds inside a window.

    ``box`` is the bounding box the file itself states; ``reach`` the box of every highway node in the file.
    ``highways`` counts highway ways in the whole file, ``blind`` those of them without one known node.
    """

    ways: Ways = field(default_factory=Ways)
    nodes: Nodes = field(default_factory=Nodes)
    areas: Areas = field(default_factory=Areas)
    box: Window | None = None
    reach: list[float] = field(default_factory=lambda: [np.inf, np.inf, -np.inf, -np.inf])
    highways: int = 0
    blind: int = 0
    objects: int = 0
    late_nodes: bool = False
    local: bool = False

    @property
    def untidy(self) -> bool:
        """Whether ways came before their nodes, or objects have negative ids, whose places libosmium forgets."""
        return self.local or self.late_nodes or (self.blind > 0 and self.blind == self.highways)


def read_extract(path: Path, window: Window) -> Extract:
    """Everything of use within ``window``; RuntimeError (from libosmium) when the file is broken.

    Nodes, ways and relations are streamed once with node locations kept beside, so memory follows the extract's
    node count (about 16 bytes a node) and the window's contents, never the text of the file. Files whose ways
    come before their nodes, as some Overpass queries write them, and files with objects drawn but not uploaded
    (negative ids, as JOSM saves them) go through a tidied temporary copy.
    """
    try:
        extract = _scan(path, window)
    except RuntimeError as error:
        if "out of order" not in str(error):
            raise
        extract = Extract(box=_stated_box(path), late_nodes=True)
    if not extract.untidy:
        return extract
    with TemporaryDirectory() as folder:
        tidied = _scan(_tidied(path, Path(folder)), window)
    return replace(tidied, box=extract.box)


def public_id(osm_id: int) -> int:
    """The id as the file has it: ids of objects that were never uploaded are negative there."""
    return LOCAL - osm_id if osm_id >= LOCAL else osm_id


def _local(osm_id: int) -> int:
    return osm_id if osm_id >= 0 else LOCAL - osm_id


def _tidied(path: Path, folder: Path) -> Path:
    """The same objects with positive ids, nodes before ways before relations, each by id."""
    named, target = folder / "named.osm.pbf", folder / "tidied.osm.pbf"
    with osmium.SimpleWriter(str(named)) as writer:
        for item in osmium.FileProcessor(str(path)):
            writer.add(_positive(item))
    reader = osmium.MergeInputReader()
    reader.add_file(str(named))
    with osmium.SimpleWriter(str(target)) as writer:
        reader.apply(writer)
    return target


def _positive(item: Any) -> Any:
    if item.is_node():
        return item if item.id >= 0 else item.replace(id=_local(item.id))
    if item.is_way():
        return item.replace(id=_local(item.id), nodes=[_local(ref.ref) for ref in item.nodes])
    members = [(member.type, _local(member.ref), member.role) for member in item.members]
    return item.replace(id=_local(item.id), members=members)


def _scan(path: Path, window: Window) -> Extract:
    extract = Extract(box=_stated_box(path))
    pending: list[tuple[str, dict[str, str], str]] = []
    wkb = osmium.geom.WKBFactory()
    seen: set[int] = set()
    for item in _objects(path):
        extract.objects += 1
        if item.is_node():
            _take_node(extract, item, window)
        elif item.is_way():
            if item.id not in seen:
                seen.add(item.id)
                _take_way(extract, item, window)
        else:
            _take_square(extract, item, window)
            _take_area(pending, item, wkb)
            if len(pending) >= BATCH:
                _keep_areas(extract, pending, window)
    _keep_areas(extract, pending, window)
    return extract


def _objects(path: Path) -> Iterator[Any]:
    processor = osmium.FileProcessor(str(path)).with_areas(KeyFilter(*AREA_KEYS))
    processor.with_filter(EntityFilter(NODE | WAY | AREA))
    for keys, entity in ((NODE_KEYS, NODE), (WAY_KEYS, WAY), (AREA_KEYS, AREA)):
        keep = KeyFilter(*keys)
        keep.enable_for(entity)
        processor.with_filter(keep)
    return iter(processor)


def _stated_box(path: Path) -> Window | None:
    with osmium.io.Reader(str(path), RELATION) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    return (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)


def _take_node(extract: Extract, node: osmium.osm.Node, window: Window) -> None:
    extract.late_nodes |= extract.highways > 0
    if not node.location.valid():
        return
    lon, lat = node.lon, node.lat
    if not (window[0] <= lon <= window[2] and window[1] <= lat <= window[3]):
        return
    extract.nodes.osm_id.append(node.id)
    extract.nodes.tags.append(dict(node.tags))
    extract.nodes.lon.append(lon)
    extract.nodes.lat.append(lat)


def _take_way(extract: Extract, way: osmium.osm.Way, window: Window) -> None:
    refs = list(way.nodes)
    extract.local |= way.id < 0 or any(ref.ref < 0 for ref in refs)
    places = [ref.location for ref in refs]
    lons, lats = [place.x for place in places], [place.y for place in places]
    tags = dict(way.tags)
    box = _box(lons, lats)
    if "highway" in tags:
        extract.highways += 1
        extract.blind += box is None
        _widen(extract.reach, box)
    if box is None or not _overlap(box, window):
        return
    extract.ways.add(way.id, tags, [ref.ref for ref in refs], lons, lats)


def _take_square(extract: Extract, area: osmium.osm.Area, window: Window) -> None:
    """The outline of a square mapped as a relation, as a way with the negative id of the relation."""
    if area.from_way() or "highway" not in area.tags:
        return
    for ring in area.outer_rings():
        refs = list(ring)
        places = [ref.location for ref in refs]
        lons, lats = [place.x for place in places], [place.y for place in places]
        box = _box(lons, lats)
        if box is not None and _overlap(box, window):
            tags = {**dict(area.tags), "area": "yes"}
            extract.ways.add(-area.orig_id(), tags, [ref.ref for ref in refs], lons, lats)


def _box(lons: list[int], lats: list[int]) -> Window | None:
    known = [x for x in lons if x != UNKNOWN]
    if not known:
        return None
    above = [y for y in lats if y != UNKNOWN]
    return (min(known) * 1e-7, min(above) * 1e-7, max(known) * 1e-7, max(above) * 1e-7)


def _widen(reach: list[float], box: Window | None) -> None:
    if box is not None:
        reach[:2] = min(reach[0], box[0]), min(reach[1], box[1])
        reach[2:] = max(reach[2], box[2]), max(reach[3], box[3])


def _overlap(one: Window, other: Window) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def _take_area(
    pending: list[tuple[str, dict[str, str], str]], area: osmium.osm.Area, wkb: osmium.geom.WKBFactory
) -> None:
    try:
        polygon = wkb.create_multipolygon(area)
    except RuntimeError:  # rings that do not close, from an extract cut inside a multipolygon
        return
    letter = "w" if area.from_way() else "r"
    pending.append((f"{letter}{public_id(area.orig_id())}", dict(area.tags), polygon))


def _keep_areas(extract: Extract, pending: list[tuple[str, dict[str, str], str]], window: Window) -> None:
    if not pending:
        return
    polygons: NDArray[np.object_] = shapely.from_wkb(np.array([item[2] for item in pending], dtype=object))
    west, south, east, north = shapely.bounds(polygons).T
    inside = (west <= window[2]) & (east >= window[0]) & (south <= window[3]) & (north >= window[1])
    for row in np.flatnonzero(inside):
        extract.areas.osm_id.append(pending[row][0])
        extract.areas.tags.append(pending[row][1])
        extract.areas.polygon.append(polygons[row])
    pending.clear()
