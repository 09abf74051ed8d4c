"""The cells that change between runs as a GeoPackage, a layer for each later run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyogrio

from geoplan.compare import difference
from geoplan.exports.flat import flat
from geoplan.run import Run
from geoplan.store import aside_file


def write_differences(runs: Sequence[Run], stages: Sequence[str], path: Path) -> Path:
    """Write one layer ``difference_<run id>`` per run after the first; the file is there whole or not at all."""
    with aside_file(path) as aside:
        for run in runs[1:]:
            table = flat(difference(runs[0], run, list(stages)))
            name = f"difference_{run.run_id}"
            pyogrio.write_dataframe(table, aside, layer=name, driver="GPKG", append=aside.exists())
    return path
