"""Hand-made OSM files in metres: a point (0, 0) of the toy lies at 450 km east, 4430 km north of EPSG:32650."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import shapely
from pyproj import CRS, Transformer

from layers.bundle import Streets, Surroundings
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.streets import read_streets

METRIC = CRS(32650)
EAST, NORTH = 450_000.0, 4_430_000.0
BACK = Transformer.from_crs(METRIC, 4326, always_xy=True)

Node = tuple[float, float] | tuple[float, float, Mapping[str, str]]
Way = tuple[Sequence[int], Mapping[str, str]]
Relation = tuple[Sequence[tuple[str, int, str]], Mapping[str, str]]


def osm_text(
    nodes: Mapping[int, Node],
    ways: Mapping[int, Way],
    relations: Mapping[int, Relation] | None = None,
    *,
    box: tuple[float, float, float, float] | None = None,
    ways_first: bool = False,
) -> str:
    """The XML of a toy town; ``box`` (metres) is written as the bounds of the file."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    if box:
        west, south = BACK.transform(EAST + box[0], NORTH + box[1])
        east, north = BACK.transform(EAST + box[2], NORTH + box[3])
        parts.append(f'<bounds minlat="{south}" minlon="{west}" maxlat="{north}" maxlon="{east}"/>')
    node_parts = [_node(key, value) for key, value in sorted(nodes.items())]
    way_parts = [_way(key, refs, tags) for key, (refs, tags) in sorted(ways.items())]
    parts += way_parts + node_parts if ways_first else node_parts + way_parts
    for key, (members, tags) in sorted((relations or {}).items()):
        inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        parts.append(f'<relation id="{key}" version="1">{inner}{_tags(tags)}</relation>')
    return "\n".join([*parts, "</osm>"])


def _node(key: int, value: Node) -> str:
    lon, lat = BACK.transform(EAST + value[0], NORTH + value[1])
    tags = value[2] if len(value) == 3 else {}
    return f'<node id="{key}" version="1" lat="{lat:.7f}" lon="{lon:.7f}">{_tags(tags)}</node>'


def _way(key: int, refs: Sequence[int], tags: Mapping[str, str]) -> str:
    inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{key}" version="1">{inner}{_tags(tags)}</way>'


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def plan_for(root: Path, file: str | None = "toy.osm", **streets: object) -> PlanFile:
    """A plan that names only its street file."""
    return PlanFile.model_validate(
        {
            "root": root,
            "plan": {"name": "toy"},
            "region": {"boundary": "boundary.geojson"},
            "population": {"buildings": True},
            "streets": {"osm": file, **streets},
            "schools": {"osm": True},
        }
    )


def square(half_m: float) -> shapely.Polygon:
    """The region of a toy town: a square around its origin."""
    return shapely.box(EAST - half_m, NORTH - half_m, EAST + half_m, NORTH + half_m)


def read_toy(
    folder: Path,
    nodes: Mapping[int, Node],
    ways: Mapping[int, Way],
    relations: Mapping[int, Relation] | None = None,
    *,
    half_m: float = 1000.0,
    buffer_m: float = 100.0,
    box: tuple[float, float, float, float] | None = None,
    **streets: object,
) -> tuple[Streets, Surroundings, list[Fault]]:
    """Write a toy town to ``folder`` and read it."""
    (folder / "toy.osm").write_text(osm_text(nodes, ways, relations, box=box), encoding="utf-8")
    return read_streets(plan_for(folder, **streets), square(half_m), METRIC, buffer_m)
