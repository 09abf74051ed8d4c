"""Which class a cell shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.run import Run
from layers.bundle import IndexRaster
from maps import style
from maps.cells import catchment_classes, colour_graph, nearest_classes, neighbours, status_classes, walk_classes


def test_limits_are_inclusive_and_the_unassigned_are_marked() -> None:
    cells = pd.DataFrame(
        {
            "residents": 1.0,
            "pupils_primary": [1, 1, 1, 1, 0],
            "walk_m_primary": [0, 150, 150.1, np.nan, np.nan],
            "nearest_m_primary": [300, 300.1, 500, np.nan, 9000],
        }
    )
    assert walk_classes(cells, "primary").tolist() == [1, 1, 2, len(style.DISTANCE_RAMP) + 1, 0]
    assert nearest_classes(cells, "primary", (300, 500)).tolist() == [1, 2, 2, 4, 3]
    assert len(style.layer_colours("nearest", (300, 500))) == 4


def test_status_follows_the_order_of_the_palette() -> None:
    cells = pd.DataFrame({"status_primary": ["served", "off_network", "none", "in_reach_no_place", "out_of_reach"]})
    assert status_classes(cells, "primary").tolist() == [1, 4, 0, 2, 3]


def test_touching_catchments_differ(toytown: Run) -> None:
    index = IndexRaster(np.array([[0, 1, 2]], np.int32), toytown.cell_index.transform, toytown.cell_index.crs)
    cells = pd.DataFrame({"school_primary": ["A", "B", None]})
    first, second, nobody = catchment_classes(cells, "primary", index).tolist()
    assert first != second and nobody == 0


def test_neighbours_are_each_named_once() -> None:
    index = np.array([[0, 1], [0, 2]], np.int32)
    assert neighbours(index, np.array([5, 3, -1])).tolist() == [[3, 5]]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_a_graph_of_few_neighbours_is_coloured_without_clash(nodes: int, seed: int) -> None:
    pairs = np.random.default_rng(seed).integers(0, nodes, (nodes, 2))
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    colour = colour_graph(nodes, pairs, 12)
    assert all(colour[a] != colour[b] for a, b in pairs)
    assert colour.min() >= 0
