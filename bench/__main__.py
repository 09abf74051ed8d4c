"""``python -m bench [--small]``: every comparison, one table."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Iterator

import bench
from bench import Row, print_table
from geoplan.reach import warm


def every_row(small: bool) -> Iterator[Row]:
    """Rows of all modules of this package that measure, by name."""
    for found in sorted(pkgutil.iter_modules(bench.__path__), key=lambda module: module.name):
        if found.name == "__main__":
            continue
        try:
            module = importlib.import_module(f"bench.{found.name}")
            if hasattr(module, "rows"):
                yield from module.rows(small)
        except ModuleNotFoundError as missing:
            print(f"{missing.name} is not installed: bench.{found.name} stops; pip install -r requirements-bench.txt")


def main() -> None:
    """Print the table and what fell short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="small inputs: a check that everything runs")
    small = parser.parse_args().small
    print(f"network kernels compiled or loaded in {warm():.1f} s (not counted below)")
    shown = print_table(every_row(small))
    missed = [f"{row.work} against {row.peer}" for row in shown if "NOT" in row.verdict]
    print(f"{len(shown)} comparisons, goals not met: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
