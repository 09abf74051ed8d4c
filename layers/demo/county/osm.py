"""An OSM file in the making: nodes, ways, and the writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
from pyproj import Transformer

from layers.demo.county.terrain import CRS

Tags = Mapping[str, str]


@dataclass
class OsmDraft:
    """Nodes with metric coordinates and tags, ways with node numbers and tags; ids are the order of creation."""

    xy: list[tuple[float, float]] = field(default_factory=list)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    ways: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)

    def node(self, x: float, y: float, tags: Tags | None = None) -> int:
        """Add a node and hand back its number."""
        self.xy.append((x, y))
        if tags:
            self.node_tags[len(self.xy) - 1] = dict(tags)
        return len(self.xy) - 1

    def tag(self, node: int, tags: Tags) -> None:
        """Add tags to a node that exists."""
        self.node_tags.setdefault(node, {}).update(tags)

    def way(self, nodes: Sequence[int], tags: Tags) -> None:
        """Add a way through nodes that exist."""
        self.ways.append((list(nodes), dict(tags)))

    def ring(self, corners: Sequence[tuple[float, float]], tags: Tags) -> None:
        """Add a closed way with corners of its own."""
        first = [self.node(x, y) for x, y in corners]
        self.way([*first, first[0]], tags)

    def line(self, points: Sequence[tuple[float, float]], tags: Tags) -> None:
        """Add an open way with points of its own."""
        self.way([self.node(x, y) for x, y in points], tags)


def write_osm(draft: OsmDraft, path: Path) -> None:
    """Write the draft as ``.osm.pbf``; ids start at 1, longitude and latitude rounded to 1e-7 degrees."""
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(*np.array(draft.xy).T)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, place in enumerate(np.column_stack([lon, lat]).round(7).tolist()):
            tags = draft.node_tags.get(number, {})
            writer.add_node(osmium.osm.mutable.Node(id=number + 1, version=1, location=tuple(place), tags=tags))
        for number, (nodes, tags) in enumerate(draft.ways):
            refs = [node + 1 for node in nodes]
            writer.add_way(osmium.osm.mutable.Way(id=number + 1, version=1, nodes=refs, tags=tags))
