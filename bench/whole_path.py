"""From files to coverage, ours in a process of its own, against notebooks of osmnx, networkx and geopandas."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import osmium

from bench import Row, print_table
from bench.lattice_county import write_lattice
from bench.networks import SMALL
from layers.demo.county import write_county

GOAL = 100
"""Times faster than the published recipe, for a county; a search a school alone is no notebook anyone publishes."""
AGREE = {1000: 0.025, 2000: 0.015}
"""How far the shares may lie apart at a limit.

The notebooks snap schools and homes to the nearest street corner and walk no leg to it; we walk from the points on
all edges near them, legs included. Within 500 m that is a tenth of the people, so no agreement is asked for there.
"""
COLD_S, WARM_S, PEAK_MB = 60.0, 10.0, 4000.0
"""What a county of 266k nodes, 300k cells and 300 schools may take."""


def rows(small: bool) -> Iterator[Row]:
    """Porto Alegre where the extract is there, the generated county, and a lattice the size of a large county."""
    with tempfile.TemporaryDirectory() as folder:
        yield from porto_alegre(Path(folder) / "porto_alegre", small)
        side, schools, pixels = (SMALL, 60, 170) if small else (556, 300, 548)
        lattice = write_lattice(Path(folder) / "lattice", side=side, schools=schools, pixels=pixels)
        yield from lattice_county(lattice, small)
        if not small:
            yield from budget(write_county(Path(folder) / "qinghe").parent, "the generated county")


def porto_alegre(folder: Path, small: bool) -> Iterator[Row]:
    """194 schools, 10,000 cells, 30,000 edges of a real city."""
    from tests.conformance import plans

    if not plans.PORTO_ALEGRE.is_dir():
        print(f"Porto Alegre is left out: {plans.NEEDS_PORTO_ALEGRE}")
        return
    plans.porto_alegre(folder, "raster", areas=False)
    yield from against_notebooks(folder, "Porto Alegre", "primary", {"lengths": 1, "isochrones": 20 if small else 5})


def lattice_county(folder: Path, small: bool) -> Iterator[Row]:
    """The generated network as files; the notebooks' isochrones from some of the schools."""
    steps = {"lengths": 1, "isochrones": 10 if small else 30}
    yield from budget(folder, "the lattice")
    yield from against_notebooks(folder, "the lattice", None, steps, goal=None if small else GOAL)


def against_notebooks(
    folder: Path, name: str, stage: str | None, steps: dict[str, int], *, goal: float | None = None
) -> Iterator[Row]:
    """Ours against both ways of the notebook; shares are compared where one stage has all schools."""
    ours = in_process("bench.our_path", folder)
    streets = as_xml(folder / "streets.osm.pbf")
    for way, step in steps.items():
        theirs = in_process("bench.osmnx_notebook", way, folder, streets, step)
        note = shares_note(ours["shares"][stage], theirs["shares"]) if stage and step == 1 else ""
        note = note or (f"theirs from every {step}th school, scaled" if step > 1 else "")
        peer = f"osmnx notebook, {way}"
        asked = goal if way == "isochrones" else None
        yield Row(f"{name}, files to shares, warm", peer, ours["warm"], theirs["seconds"], asked, note=note)
        yield Row(f"{name}, files to shares, cold", peer, ours["cold"], theirs["seconds"], note="imports included")
        yield Row(f"{name}, peak of the process", peer, ours["peak_mb"], theirs["peak_mb"], unit="MB")


def shares_note(ours: dict[str, float], theirs: dict[str, float]) -> str:
    """Both shares by limit; an assertion where they should agree."""
    for limit, allowed in AGREE.items():
        apart = abs(ours[str(limit)] - theirs[str(limit)])
        assert apart <= allowed, f"{limit} m: {ours[str(limit)]:.3f} and {theirs[str(limit)]:.3f}"
    return "; ".join(f"{limit} m {ours[limit]:.1%} / {share:.1%}" for limit, share in theirs.items())


def budget(folder: Path, name: str) -> Iterator[Row]:
    """Ours against what may be taken."""
    ours = in_process("bench.our_path", folder)
    sizes = ", ".join(f"{count:,} {table}" for table, count in ours["sizes"].items())
    slowest = sorted(ours["steps"].items(), key=lambda step: -step[1])[:3]
    steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in slowest)
    yield Row(f"{name}, cold", "what it may take", ours["cold"], COLD_S, 1, note=sizes)
    yield Row(f"{name}, warm", "what it may take", ours["warm"], WARM_S, 1, note=steps)
    yield Row(f"{name}, peak of the process", "what it may take", ours["peak_mb"], PEAK_MB, 1, unit="MB")


def as_xml(extract: Path) -> Path:
    """The extract as .osm, which osmnx needs; not timed."""
    target = extract.with_suffix("")
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for item in osmium.FileProcessor(extract):
            writer.add(item)
    return target


def in_process(module: str, *arguments: object) -> dict[str, Any]:
    """What a module prints, from a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small lattice and few schools")
    print_table(rows(parser.parse_args().small))


if __name__ == "__main__":
    main()
