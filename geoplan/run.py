"""One computed run: what it was made from, what it found, and the tables behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.bundle import IndexRaster


@dataclass(frozen=True)
class Run:
    """A run in memory; ``geoplan.store`` writes and reads it.

    Parameters
    ----------
    run_id
        Hash of inputs, standards, scenario and code version: the same inputs give the same id.
    manifest
        Provenance: plan, scenario, standards edition, sources with checksum, seeds, timings.
    summary
        The accounts, as ``summary.json`` holds them.
    tables
        Name to (Geo)DataFrame in EPSG:4326; see docs/method for the columns.
    cell_index
        Which cell each pixel shows; row numbers into ``tables["cells"]``.
    """

    run_id: str
    manifest: Mapping[str, Any]
    summary: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    cell_index: IndexRaster
