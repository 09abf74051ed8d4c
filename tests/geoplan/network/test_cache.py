"""Prepared networks kept on disk come back as they were; warming up compiles all that a run needs."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from numba.core.dispatcher import Dispatcher

from geoplan import reach
from geoplan.network import kernels, kernels_layout, kernels_pairs, snap_kernels
from geoplan.network.cache import cached, load, save
from geoplan.network.join import Homes, Network
from tests.geoplan.test_reach import a_case, network_of, streets_of_a_cross


def test_a_network_and_its_homes_come_back_from_disk(tmp_path: Path) -> None:
    place, lines, homes, schools = a_case(5)
    network = network_of(place, lines)
    joined = reach.attach_homes(network, homes, 70.0)
    save(tmp_path / "network", network)
    save(tmp_path / "homes", joined)
    again, back = load(tmp_path / "network", Network), load(tmp_path / "homes", Homes)
    gates = reach.attach_gates(network, schools, np.arange(6), 70.0)
    one, two = reach.walk_pairs(network, joined, gates, 9000), reach.walk_pairs(again, back, gates, 9000)
    assert len(one.cell) > 0
    for name in ("cell", "school", "dist_dm", "off_network"):
        assert (getattr(one, name) == getattr(two, name)).all()
    more = reach.attach_homes(again, homes, 70.0)
    assert (more.home == joined.home).all()
    assert (more.cost_dm == joined.cost_dm).all()


def test_kept_under_a_checksum_and_made_once(tmp_path: Path) -> None:
    made = []

    def make() -> Network:
        made.append(1)
        return reach.prepare(streets_of_a_cross())

    first = cached(tmp_path / "cache", "abc", Network, make)
    second = cached(tmp_path / "cache", "abc", Network, make)
    cached(tmp_path / "cache", "abd", Network, make)
    assert len(made) == 2
    assert (first.graph.towards.packed == second.graph.towards.packed).all()
    assert not [path for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")]


def compiled(module: ModuleType) -> dict[str, int]:
    return {name: len(one.signatures) for name, one in vars(module).items() if isinstance(one, Dispatcher)}


def test_warming_up_compiles_all_that_a_run_needs(tmp_path: Path) -> None:
    assert reach.warm() > 0
    modules = (kernels, kernels_layout, kernels_pairs, snap_kernels)
    before = [compiled(module) for module in modules]
    network = cached(tmp_path, "x", Network, lambda: reach.prepare(streets_of_a_cross()))
    cells = pd.DataFrame({"x": [50.0, 90.0], "y": [-20.0, -20.0], "snap_m": [30.0, 30.0]})
    homes = reach.attach_homes(network, cells[["x", "y"]].to_numpy(), cells["snap_m"].to_numpy())
    gates = reach.attach_gates(network, [(-100, 0)], [0], 30)
    reach.walk_pairs(network, homes, gates, 3000)
    reach.nearest_distance(network, homes, gates, schools=[0])
    assert [compiled(module) for module in modules] == before
