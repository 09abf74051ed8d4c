"""Real extracts. Objects are counted as other tools count them; lengths and node counts pin what the rules give."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from layers.streets import read_streets
from tests.layers.toy_osm import plan_for

DATA = Path(os.environ.get("GEOPLAN_DATA", "../shared/data"))


def extract(name, file, crs, region):
    if not (DATA / name / file).exists():
        pytest.skip(f"no extract {name} under GEOPLAN_DATA")
    return read_streets(plan_for(DATA / name, file), region, CRS(crs), 500.0)


def degrees_box(crs, *bounds):
    return gpd.GeoSeries([shapely.box(*bounds)], crs=4326).to_crs(crs).iloc[0]


def sound(streets):
    """What every graph must be: ends in order, nothing without length, ground metres beside the map's."""
    nodes, edges = streets.nodes, streets.edges
    assert (edges.u != edges.v).all() and (edges.length_m > 0).all()
    assert (edges.walk | edges.drive_forward | edges.drive_backward).all()
    assert (edges.length / edges.length_m).between(0.999, 1.001).all()
    xy = nodes[["x", "y"]].to_numpy()
    assert np.allclose(shapely.get_coordinates(shapely.get_point(edges.geometry, 0)), xy[edges.u])
    assert np.allclose(shapely.get_coordinates(shapely.get_point(edges.geometry, -1)), xy[edges.v])
    assert np.unique(edges[["u", "v"]]).tolist() == list(range(len(nodes)))
    return True


def km(edges, chosen):
    return edges.length_m[chosen].sum() / 1000


def test_monaco():
    region = degrees_box(32632, 7.40, 43.72, 7.45, 43.76)
    streets, around, faults = extract("monaco", "streets.osm.pbf", 32632, region)
    assert sound(streets)
    edges = streets.edges
    # Ways in use without foot=no are 122.9 km; road tunnels without a pavement and access=no are not walked,
    # platforms and the private ways are in both.
    assert km(edges, edges.walk & (edges["area"] != "yes")) == pytest.approx(121.9, abs=0.1)
    assert (around.schools.tags.map(lambda tags: tags.get("amenity")) == "school").sum() == 10
    # 1,256 ways and 30 relations carry building=*; two multipolygons do not close and one is of type=site.
    assert len(around.buildings) == 1283
    assert around.buildings.levels.notna().sum() >= 462
    assert streets.nodes.highway.eq("crossing").sum() == 517  # of 520; three stand on no way of the graph
    assert around.ground.kind.eq("construction").sum() == 13
    assert around.ground.kind.eq("sea").sum() == 1
    assert "error" not in {fault.severity for fault in faults}


def test_porto_alegre():
    region = degrees_box(31982, -51.28, -30.12, -51.10, -29.95)
    streets, _, _ = extract("porto_alegre", "streets.osm.pbf", 31982, region)
    assert sound(streets)
    assert streets.nodes.highway.eq("crossing").sum() == 1022  # of 1034
    assert streets.nodes.highway.str.contains("traffic_signals", na=False).sum() == 1652  # of 1664
    assert km(streets.edges, streets.edges.walk) == pytest.approx(1906, abs=2)


def test_beijing():
    region = degrees_box(32650, 116.30, 39.98, 116.34, 40.02)
    streets, around, _ = extract("beijing_tsinghua", "streets.osm", 32650, region)
    assert sound(streets)
    assert (around.schools.tags.map(lambda tags: tags.get("amenity")) == "school").sum() == 8
    assert len(around.buildings) == 521
    stages = around.schools.dropna(subset=["name"]).set_index("name").stage
    assert stages["清华附小"] == "primary"
    assert stages["清华附中"] == "junior"


def test_the_largest_part_holds_nearly_everything():
    region = degrees_box(31982, -51.28, -30.12, -51.10, -29.95)
    streets, _, faults = extract("porto_alegre", "streets.osm.pbf", 31982, region)
    walk = streets.edges[streets.edges.walk]
    links = coo_matrix((np.ones(len(walk)), (walk.u, walk.v)), shape=(len(streets.nodes),) * 2)
    label = connected_components(links, directed=False)[1]
    by_part = np.bincount(label[walk.u], weights=walk.length_m)
    told = next(dict(fault.params) for fault in faults if fault.code == "streets_parts")
    assert told == {"parts": int((by_part > 0).sum()), "percent": f"{100 * by_part.max() / by_part.sum():.1f}"}
    assert by_part.max() / by_part.sum() > 0.98
