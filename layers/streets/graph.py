"""Ways to a graph: nodes where ways meet, shape points merged into edges that keep their tags and length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from layers.streets.access import Access, ferry_minutes, shuts_feet
from layers.streets.osm import LOCAL, Nodes, Ways, public_id
from layers.streets.segments import Bools, Floats, Ints, Points, Segments, lengths_m, lines
from layers.streets.tables import Tags, table


@dataclass(frozen=True)
class Gates:
    """Barrier nodes on ways: how many were closed, made private, or left open because streets meet there."""

    closed: int
    private: int
    ignored: int


def build_graph(
    ways: Ways, access: Sequence[Access], found: Segments, points: Points, nodes: Nodes, crs: CRS
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, Gates]:
    """Nodes and edges as ``layers.bundle.Streets`` describes them, and what was done about gates.

    ``access`` has an entry for each way; ways nobody may use are left out.

    Nodes are the places where two pieces of way meet, the ends of ways, and crossings, signals, barriers and
    calming on a way. Loops are split at the shape point nearest their middle, so ``u != v`` everywhere; parallel
    edges stay. Rows follow OSM ids, not the order of the file.

    A public way through a gate that is shut to feet is cut there: the node appears twice. A private gate makes the
    two edges beside it private. Where more than two edges meet at the gate it is left open and counted.
    """
    kept = np.array([item.any for item in access], dtype=bool)
    osm_id = np.array(ways.osm_id, dtype=np.int64)
    found = _by_way_id(_drawn_once(found.of(kept[found.way]), osm_id), osm_id)
    tags_at = dict(zip(nodes.osm_id, nodes.tags, strict=True))
    walk = np.array([item.walk for item in access], dtype=bool)
    found, points, beside_gate, gates = _gates(found, points, tags_at, walk)
    metres = lengths_m(found, points)
    edge = _edges(found, points, metres, tags_at)
    table_ = _edge_table(found, edge, metres, beside_gate, access)
    table_["ferry_min"] = _ferry(table_, ways.tags, metres, found.way)
    edges = _with_tags(table_, ways)
    frame = gpd.GeoDataFrame(edges, geometry=lines(found, points, edge), crs=crs, copy=False)
    return (*_numbered(frame, points, tags_at), gates)


def _drawn_once(found: Segments, osm_id: Ints) -> Segments:
    """Without those outlines of squares (negative ids) that follow a way which is in the graph anyway."""
    low, high = np.minimum(found.a, found.b), np.maximum(found.a, found.b)
    pair = low * (int(high.max(initial=0)) + 1) + high
    outline = osm_id[found.way] < 0 if osm_id.size else np.empty(0, dtype=bool)
    return found.of(~(outline & np.isin(pair, pair[~outline])))


def _by_way_id(found: Segments, osm_id: Ints) -> Segments:
    order = np.argsort(osm_id[found.way], kind="stable")
    piece = found.piece[order]
    fresh = np.append(True, np.diff(piece) != 0)[: piece.size]
    return replace(found, a=found.a[order], b=found.b[order], way=found.way[order], piece=np.cumsum(fresh) - 1)


def _degree(found: Segments, n_points: int) -> Ints:
    return np.bincount(found.a, minlength=n_points) + np.bincount(found.b, minlength=n_points)


def _gates(
    found: Segments, points: Points, tags_at: Mapping[int, Tags], walk: Bools
) -> tuple[Segments, Points, Bools, Gates]:
    """Cut at closed gates (the second side gets a point of its own) and mark the segments beside private ones."""
    how = {osm_id: shuts_feet(tags) for osm_id, tags in tags_at.items() if "barrier" in tags}
    degree = _degree(found, points.osm_id.size)
    rows = {
        kind: _rows(points, [key for key, value in how.items() if value == kind]) for kind in ("closed", "private")
    }
    ignored = sum(int((degree[row] > 2).sum()) for row in rows.values())
    closed = rows["closed"][degree[rows["closed"]] == 2]
    private = rows["private"][degree[rows["private"]] == 2]
    beside = np.isin(found.a, private) | np.isin(found.b, private)
    found, points = _cut(found, points, closed)
    return found, points, beside & walk[found.way], Gates(closed.size, private.size, ignored)


def _rows(points: Points, osm_ids: Sequence[int]) -> Ints:
    wanted = np.array(sorted(osm_ids), dtype=np.int64)
    return np.flatnonzero(np.isin(points.osm_id, wanted))


def _cut(found: Segments, points: Points, closed: Ints) -> tuple[Segments, Points]:
    if closed.size == 0:
        return found, points
    a, b, piece_break = found.a.copy(), found.b.copy(), np.zeros(found.a.size, dtype=bool)
    fresh = points.osm_id.size + np.arange(closed.size)
    for old, new in zip(closed, fresh, strict=True):
        leaving = np.flatnonzero(a == old)
        side, at = (a, leaving[-1]) if leaving.size else (b, np.flatnonzero(b == old)[-1])
        side[at] = new
        if leaving.size:
            piece_break[at] = True
    piece = found.piece + np.cumsum(piece_break)
    rows = np.append(np.arange(points.osm_id.size), closed)
    wider = Points(points.osm_id[rows], points.lon[rows], points.lat[rows], points.x[rows], points.y[rows])
    return replace(found, a=a, b=b, piece=piece), wider


def _edges(found: Segments, points: Points, metres: Floats, tags_at: Mapping[int, Tags]) -> Ints:
    """Number of the edge each segment belongs to, (m,), ascending."""
    if found.a.size == 0:
        return np.empty(0, dtype=np.int64)
    first = np.append(True, np.diff(found.piece) != 0)
    last = np.append(first[1:], True)
    visits = np.bincount(found.a, minlength=points.osm_id.size)
    visits += np.bincount(found.b[last], minlength=points.osm_id.size)
    ends = np.zeros(points.osm_id.size, dtype=bool)
    ends[found.a[first]] = ends[found.b[last]] = True
    stays = (visits >= 2) | ends | np.isin(points.osm_id, _kept_ids(tags_at))
    starts = first | stays[found.a]
    starts[_loop_middles(found, starts, metres)] = True
    return np.cumsum(starts) - 1


def _kept_ids(tags_at: Mapping[int, Tags]) -> Ints:
    rules: Mapping[str, list[str]] = table("tags")["kept"]
    kept = [
        osm_id
        for osm_id, tags in tags_at.items()
        if any(key in tags and (values == ["*"] or tags[key] in values) for key, values in rules.items())
    ]
    return np.array(kept, dtype=np.int64)


def _loop_middles(found: Segments, starts: Bools, metres: Floats) -> Ints:
    """Segments at which edges that end where they began are split: the vertex nearest half the length."""
    begin = np.flatnonzero(starts)
    end = np.append(begin[1:], starts.size) - 1
    loops = (found.a[begin] == found.b[end]) & (end > begin)
    middles = []
    for s, t in zip(begin[loops], end[loops], strict=True):
        walked = np.cumsum(metres[s : t + 1])
        middles.append(s + 1 + int(np.argmin(np.abs(walked[:-1] - walked[-1] / 2))))
    return np.array(middles, dtype=np.int64)


def _edge_table(
    found: Segments, edge: Ints, metres: Floats, beside_gate: Bools, access: Sequence[Access]
) -> pd.DataFrame:
    begin = np.flatnonzero(np.diff(edge, prepend=-1))
    end = np.append(begin[1:], edge.size) - 1
    way = found.way[begin]
    flags = np.array(access, dtype=bool).reshape(-1, 4)[way]
    gated = np.logical_or.reduceat(beside_gate, begin) if begin.size else np.empty(0, dtype=bool)
    return pd.DataFrame(
        {
            "u": found.a[begin] if begin.size else begin,
            "v": found.b[end] if begin.size else begin,
            "way": way,
            "length_m": np.add.reduceat(metres, begin) if begin.size else np.empty(0),
            "walk": flags[:, 0],
            "private": flags[:, 1] | gated,
            "drive_forward": flags[:, 2],
            "drive_backward": flags[:, 3],
        }
    )


def _ferry(edges: pd.DataFrame, tags: Sequence[Tags], metres: Floats, way: Ints) -> Floats:
    """Minutes of the ferries: those of the whole way, shared by length; NaN elsewhere."""
    whole = np.bincount(way, weights=metres, minlength=len(tags))
    minutes = np.full(len(tags), np.nan)
    for row in np.unique(way):
        if "highway" not in tags[row] and whole[row] > 0:
            minutes[row] = ferry_minutes(tags[row], whole[row]) / whole[row]
    rows = edges["way"].to_numpy()
    return np.asarray(minutes[rows] * edges["length_m"].to_numpy())


def _with_tags(edges: pd.DataFrame, ways: Ways) -> pd.DataFrame:
    way = edges.pop("way").to_numpy()
    edges.insert(2, "osm_id", np.array([_edge_id(osm_id) for osm_id in ways.osm_id], dtype=object)[way])
    edges["osm_id"] = edges["osm_id"].astype(object)
    return pd.concat([edges, tag_columns(ways.tags, table("tags")["edge"], way)], axis=1)


def _edge_id(osm_id: int) -> str:
    return str(public_id(osm_id)) if osm_id >= 0 else f"r{public_id(-osm_id)}"


def tag_columns(tags: Sequence[Tags], keys: Sequence[str], rows: NDArray[np.int64]) -> pd.DataFrame:
    """A column of str or None (dtype object) for each key, one row for each of ``rows`` of ``tags``."""
    given: dict[str, NDArray[np.object_]] = {}
    wanted = set(keys)
    for row, item in enumerate(tags):
        for key in item.keys() & wanted:
            if key not in given:
                given[key] = np.empty(len(tags), dtype=object)
            given[key][row] = item[key]
    columns = {key: given[key][rows] if key in given else np.empty(len(rows), dtype=object) for key in keys}
    return pd.DataFrame(
        {key: pd.Series(column, dtype=object, copy=False) for key, column in columns.items()},
        index=pd.RangeIndex(len(rows)),
        copy=False,
    )


def _numbered(
    edges: gpd.GeoDataFrame, points: Points, tags_at: Mapping[int, Tags]
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    rows, inverse = np.unique(edges[["u", "v"]].to_numpy(), return_inverse=True)
    ends = inverse.reshape(-1, 2).astype(np.int32)
    edges["u"], edges["v"] = ends[:, 0], ends[:, 1]
    nodes = pd.DataFrame({"osm_id": _public(points.osm_id[rows]), "x": points.x[rows], "y": points.y[rows]})
    tags = [tags_at.get(int(osm_id), {}) for osm_id in points.osm_id[rows]]
    columns = tag_columns(tags, table("tags")["node"], np.arange(rows.size))
    signals = np.array([has_signals(item) for item in tags], dtype=bool)
    return pd.concat([nodes, columns], axis=1).assign(signals=signals), edges


def _public(osm_id: Ints) -> Ints:
    return np.where(osm_id >= LOCAL, LOCAL - osm_id, osm_id)


def has_signals(tags: Tags) -> bool:
    """Whether traffic lights stand at the node: on the carriageway or for those who cross."""
    values = (*tags.get("highway", "").split(";"), *tags.get("crossing", "").split(";"))
    return "traffic_signals" in values or tags.get("crossing:signals") == "yes"
