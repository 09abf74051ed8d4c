"""Rasters of a run as cloud-optimised GeoTIFF: which cell a pixel shows, and what the cells say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import MemoryFile

from geoplan.errors import PlanError
from geoplan.run import Run
from layers.bundle import STAGES, IndexRaster

INDEX = "cell_index"
COUNTS = ("residents", *(f"pupils_{stage}" for stage in STAGES))
MEASURES = tuple(f"walk_m_{stage}" for stage in STAGES)


def value_rasters(run: Run) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and picture of every value raster: residents and pupils per pixel, walking metres to the school assigned.

    A cell that covers several pixels is shared evenly among them, so that a raster of counts adds up to its table;
    NaN outside the cells and where nothing is known.
    """
    cells = run.tables["cells"]
    for name in (*COUNTS, *MEASURES):
        if name in cells.columns:
            yield name, _picture(cells[name], run.cell_index.cell, share=name in COUNTS)


def _picture(values: pd.Series[Any], cell: NDArray[np.int32], *, share: bool) -> NDArray[np.float32]:
    numbers = values.to_numpy(dtype=np.float64)
    inside = cell >= 0
    if share:
        pixels = np.bincount(cell[inside], minlength=len(numbers))
        numbers = numbers / np.maximum(pixels, 1)
    shown = np.full(cell.shape, np.nan, np.float32)
    shown[inside] = numbers[cell[inside]]
    return shown


def cog_bytes(values: NDArray[Any], index: IndexRaster, *, overviews: str) -> bytes:
    """One band as the bytes of a cloud-optimised GeoTIFF.

    Parameters
    ----------
    values
        int32 (nodata -1) or float32 (nodata NaN), the shape of the index raster.
    overviews
        How smaller pictures are made: ``NEAREST`` for row numbers, ``AVERAGE`` for measures, ``NONE`` for counts, for
        which no mean may stand.
    """
    nodata = -1 if np.issubdtype(values.dtype, np.integer) else float("nan")
    ways = {"OVERVIEWS": "NONE"} if overviews == "NONE" else {"OVERVIEW_RESAMPLING": overviews}
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            height=values.shape[0],
            width=values.shape[1],
            count=1,
            dtype=values.dtype.name,
            crs=rasterio.crs.CRS.from_wkt(index.crs.to_wkt()),
            transform=index.transform,
            nodata=nodata,
            compress="DEFLATE",
            **ways,
        ) as picture:
            picture.write(values, 1)
        return bytes(memory.read())


def write_rasters(run: Run, folder: Path) -> list[Path]:
    """Write the index raster and every value raster; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {INDEX: cog_bytes(run.cell_index.cell.astype(np.int32), run.cell_index, overviews="NEAREST")}
    for name, values in value_rasters(run):
        files[name] = cog_bytes(values, run.cell_index, overviews="NONE" if name in COUNTS else "AVERAGE")
    for name, content in files.items():
        (folder / f"{name}.tif").write_bytes(content)
    return [folder / f"{name}.tif" for name in files]


def read_index(folder: Path) -> IndexRaster:
    """The index raster of a run on disk."""
    path = folder / f"{INDEX}.tif"
    if not path.is_file():
        raise PlanError(
            f"the run is damaged: {path.name} is missing in {folder}; delete the run and compute it again"
        )
    with rasterio.open(path) as picture:
        return IndexRaster(picture.read(1), picture.transform, CRS.from_wkt(picture.crs.to_wkt()))
