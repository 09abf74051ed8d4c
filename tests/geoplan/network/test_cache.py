"""Prepared networks kept on disk come back as they were; warming up compiles all that a run needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from numba.core.dispatcher import Dispatcher

from geoplan import reach
from geoplan.network import kernels, kernels_layout, kernels_pairs, snap_kernels
from geoplan.network.cache import cached, checksum, load, save, street_parts
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


def test_what_was_damaged_is_made_anew(tmp_path: Path) -> None:
    def make() -> Network:
        return reach.prepare(streets_of_a_cross())

    whole = cached(tmp_path, "abc", Network, make)
    (place,) = tmp_path.iterdir()
    file = max(place.glob("*.npy"), key=lambda path: path.stat().st_size)
    good = file.read_bytes()
    for damaged in (good[:-3], good[:-8] + b"\xff" * 8, b"", None):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        again = cached(tmp_path, "abc", Network, make)
        assert (again.graph.towards.packed == whole.graph.towards.packed).all()
        assert file.read_bytes() == good
    (place / "sums.json").write_text("[", encoding="utf-8")
    cached(tmp_path, "abc", Network, make)
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    found = cached(tmp_path / "cache", "abc", Network, lambda: reach.prepare(streets_of_a_cross()))
    assert len(found.edge_row)


def test_only_the_last_few_are_kept(tmp_path: Path) -> None:
    for name in "abcde":
        cached(tmp_path, name, Network, lambda: reach.prepare(streets_of_a_cross()))
    assert len(list(tmp_path.iterdir())) == 3 and any(path.name.endswith("-e") for path in tmp_path.iterdir())


def test_every_column_the_network_reads_counts_for_the_checksum() -> None:
    streets = streets_of_a_cross()
    known = {checksum(*street_parts(streets))}
    edges = streets.edges
    changes = [edges.assign(length_m=edges["length_m"] + 0.1), edges.assign(private=~edges["private"]),
               edges.assign(walk=False), edges.assign(u=edges["v"], v=edges["u"]), edges.iloc[1:],
               edges.assign(ferry_min=3.0), edges.set_geometry(edges.translate(0.1))]  # fmt: skip
    known |= {checksum(*street_parts(replace(streets, edges=changed))) for changed in changes}
    known.add(checksum(*street_parts(replace(streets, nodes=streets.nodes + 1.0))))
    barrier = streets.edges.iloc[:1][["geometry"]].assign(kind="wall")
    known.add(checksum(*street_parts(replace(streets, barriers=barrier))))
    known.add(checksum(*street_parts(replace(streets, openings=barrier.set_geometry(barrier.centroid)))))
    assert len(known) == len(changes) + 4
    assert checksum(*street_parts(streets_of_a_cross())) in known


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
