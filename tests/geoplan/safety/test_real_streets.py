"""Levels and crossings on real extracts: what must hold whatever is mapped there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS, Transformer

from geoplan.safety.beside import column, is_road
from geoplan.safety.crossings import Crossings, crossing_elements
from geoplan.safety.faulty import faulty_tags, tag_faults
from geoplan.safety.levels import completeness, segment_levels
from geoplan.standards import load
from layers.bundle import Streets
from layers.planfile import read_plan
from layers.streets import read_streets
from tests.conformance.plans import DATA

EXTRACTS = {  # file, CRS, and a box in degrees: west, south, east, north
    "monaco": ("monaco/streets.osm.pbf", 32632, (7.405, 43.72, 7.44, 43.752)),
    "beijing": ("beijing_tsinghua/streets.osm", 32650, (116.29, 39.98, 116.34, 40.02)),
    "porto_alegre": ("porto_alegre/streets.osm.pbf", 31982, (-51.25, -30.07, -51.19, -30.02)),
}
PLAN = """\
[plan]
name = "x"
[region]
boundary = "boundary.geojson"
[population]
raster = "population.tif"
year = 2020
[streets]
osm = "{}"
[schools]
osm = true
year = 2020
"""

DRAWN = ("footway", "cycleway")
Found = tuple[Streets, pd.DataFrame, Crossings]


@pytest.fixture(scope="module", params=sorted(EXTRACTS))
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    file, epsg, corners = EXTRACTS[request.param]
    if not (DATA / file).is_file():
        pytest.skip("needs the real extracts: set GEOPLAN_DATA to their folder")
    folder: Path = tmp_path_factory.mktemp(request.param)
    (folder / Path(file).name).symlink_to((DATA / file).resolve())
    (folder / "plan.toml").write_text(PLAN.format(Path(file).name), encoding="utf-8")
    crs = CRS.from_epsg(epsg)
    there = Transformer.from_crs(4326, crs, always_xy=True)
    region = shapely.transform(shapely.box(*corners), there.transform, interleaved=False)
    streets, _, _ = read_streets(read_plan(folder, files=False), region, crs, 0.0)
    rural, standards = np.zeros(len(streets.edges), bool), load("neutral")
    return (
        streets,
        segment_levels(streets, standards, rural=rural),
        crossing_elements(streets, standards, rural=rural),
    )


def test_every_walkable_street_has_bounds(found: Found) -> None:
    streets, levels, _ = found
    assert levels.index.tolist() == np.flatnonzero(streets.edges["walk"]).tolist() and len(levels) > 500
    assert (levels["level_low"] >= 1).all() and (levels["level_high"] <= 4).all()
    assert (levels["level_low"] <= levels["level_high"]).all()
    edges = streets.edges.loc[levels.index]
    pavement = (edges["footway"] == "sidewalk") & ~is_road(edges)
    assert (levels["level_high"][pavement] == 1).all()
    tunnel = is_road(edges) & (column(edges, "tunnel") == "yes")
    assert (levels["level_low"][tunnel] >= 2).all()
    guessed = is_road(edges) & (levels["known_maxspeed"] == 0).to_numpy()
    certain = levels[guessed & (levels["level_low"] == levels["level_high"]).to_numpy()]
    assert (certain["level_low"] == 2).all()  # only where dark or rough ground or a tunnel holds it there


def test_shares_known_are_shares(found: Found) -> None:
    streets, levels, crossings = found
    shares = completeness(levels, streets.edges["length_m"].to_numpy()[levels.index])
    assert set(shares) == {"maxspeed", "lanes", "sidewalk", "lit", "surface"}
    assert all(0 <= share <= 1 for share in shares.values())
    assert 0 < completeness(crossings.table, np.ones(len(crossings.table)))["crossing"] < 1


def test_elements_are_crossed_by_turns_and_turns_cross_elements(found: Found) -> None:
    streets, _, crossings = found
    table, turns = crossings.table, crossings.turns
    met = np.unique(np.concatenate([turns.left.ravel(), turns.right.ravel()]))
    assert met[met >= 0].tolist() == table["element"].tolist()
    ends = streets.edges[["u", "v"]].to_numpy()
    assert all((ends[edge] == turns.node[:, None]).any(axis=1).all() for edge in (turns.edge_in, turns.edge_out))
    walk = streets.edges["walk"].to_numpy(bool)
    assert walk[turns.edge_in].all() and walk[turns.edge_out].all() and (turns.edge_in < turns.edge_out).all()
    assert is_road(streets.edges)[table["arm_edge"]].all()
    for rows in (turns.left, turns.right):
        turn, _ = np.nonzero(rows >= 0)
        assert (table["node"].to_numpy()[rows[rows >= 0]] == turns.node[turn]).all()
    assert (turns.level_low <= turns.level_high).all() and (turns.level_high <= 4).all()


def test_mapped_crossings_are_mapped(found: Found) -> None:
    streets, _, crossings = found
    table, nodes = crossings.table, streets.nodes
    assert (table["level_low"] <= table["level_high"]).all() and table["level_low"].min() >= 1
    assert (table.loc[~table["mapped"], "osm_id"].str.contains("-")).all()
    bare = table["rule"] == "crossing_unmapped"
    assert (table.loc[bare, "level_low"] == 1).all() and not table.loc[bare, "mapped"].any()
    ways = streets.edges[
        [("crossing" in pair) for pair in zip(*(column(streets.edges, key) for key in DRAWN), strict=True)]
    ]
    tagged = set(nodes.loc[nodes["crossing"].notna() | (nodes["highway"].notna()) | nodes["signals"], "osm_id"])
    drawn = set(nodes["osm_id"].to_numpy()[np.unique(ways[["u", "v"]].to_numpy())]) if len(ways) else set()
    assert {int(one) for one in table.loc[table["mapped"], "osm_id"]} <= tagged | drawn


def test_odd_tags_are_told(found: Found) -> None:
    streets, _, _ = found
    faults = tag_faults(streets, "streets.osm")
    assert all(fault.severity == "warning" and fault.message("zh") for fault in faults)
    assert len(faulty_tags(streets)) >= len(faults)
