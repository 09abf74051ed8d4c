"""Sub-points of coarse cells: a lattice over each cell, which sub-points lie in it, which sub-point a pixel shows."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.bundle import Cells, IndexRaster
from layers.population.pixels import Floats, Rows, divided, pixel_of, place

BLOCK_PIXELS = 2_000_000

NOMINAL = 1.01
"""A side counts as fine enough up to this factor: a pixel of 100 m measures 99.96 to 100.1 m on the ground."""


@dataclass(frozen=True)
class Lattices:
    """One lattice per cell, in the CRS of the index raster; cells fine enough have a single sub-point.

    Parameters
    ----------
    k
        Least number of divisions of a side, 1 where a cell is fine enough.
    left, top, dx, dy
        North-west corner of the lattice and its steps (all positive).
    nx, ny
        Columns and rows.
    first
        Number of the first sub-point of each cell and, last, of all: sub-points count row by row.
    """

    k: Rows
    left: Floats
    top: Floats
    dx: Floats
    dy: Floats
    nx: Rows
    ny: Rows
    first: Rows

    def parent(self) -> Rows:
        """Cell of every sub-point."""
        return np.repeat(np.arange(len(self.k)), np.diff(self.first))


@dataclass(frozen=True)
class SubPoints:
    """All sub-points of all lattices.

    Parameters
    ----------
    parent, row, column
        Cell and place in its lattice.
    x, y
        Where it lies, CRS of the index raster.
    inside
        False where it lies outside the part of the cell that a border left.
    """

    parent: Rows
    row: Rows
    column: Rows
    x: Floats
    y: Floats
    inside: NDArray[np.bool_]


def divisions(side_m: Floats, max_side_m: float, *, together: bool) -> Floats:
    """Divisions of each cell's side; the same for all coarse cells when they share a raster grid (``together``)."""
    k = np.maximum(np.ceil(side_m / (max_side_m * NOMINAL)), 1.0)
    return np.where(k > 1, k.max(initial=1.0), 1.0) if together else k


def make_lattices(cells: Cells, max_side_m: float, own_x: Floats, own_y: Floats) -> Lattices:
    """Lay a lattice over every cell.

    Parameters
    ----------
    cells, max_side_m
        As for ``refine``.
    own_x, own_y
        The cells' points in the CRS of the index raster.
    """
    side_m = cells.table["side_m"].to_numpy(dtype=np.float64)
    k = divisions(side_m, max_side_m, together=cells.kind == "raster").astype(np.int64)
    if cells.kind == "raster":
        left, top, width, height = _pixels(cells, own_x, own_y)
        nx, ny = k, k
        dx, dy = width / k, height / k
    else:
        dx = dy = np.where(k > 1, side_m / k, 1.0)
        left, top, width, height = _squares(cells, own_x, own_y, side_m)
        nx, ny = (np.where(k > 1, np.ceil(span / dx - 1e-6), 1).astype(np.int64) for span in (width, height))
    first = np.concatenate([[0], np.cumsum(nx * ny)])
    return Lattices(k, left, top, dx, dy, nx, ny, first)


def _pixels(cells: Cells, own_x: Floats, own_y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Corner and size of the pixel each cell lies in."""
    column, row = pixel_of(cells.index.transform, *_anchors(cells, own_x, own_y))
    left, top = place(cells.index.transform, column, row)
    size = np.ones(len(left))
    return left, top, size * cells.index.transform.a, size * -cells.index.transform.e


def _anchors(cells: Cells, own_x: Floats, own_y: Floats) -> tuple[Floats, Floats]:
    """A point well inside each cell's pixel: the middle of its part's bounds, else its own point."""
    x, y = own_x.copy(), own_y.copy()
    if cells.parts is not None and len(cells.parts):
        bounds = shapely.bounds(cells.parts.to_numpy())
        x[cells.parts.index], y[cells.parts.index] = (
            (bounds[:, 0] + bounds[:, 2]) / 2,
            (bounds[:, 1] + bounds[:, 3]) / 2,
        )
    return x, y


def _squares(cells: Cells, own_x: Floats, own_y: Floats, side_m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Corner and size of each cell's polygon bounds, or of the square of its side about its point."""
    left, top, width, height = own_x - side_m / 2, own_y + side_m / 2, side_m.copy(), side_m.copy()
    if cells.parts is not None and len(cells.parts):
        west, south, east, north = shapely.bounds(cells.parts.to_numpy()).T
        rows = cells.parts.index
        left[rows], top[rows], width[rows], height[rows] = west, north, east - west, north - south
    return left, top, width, height


def sub_points(cells: Cells, lattices: Lattices, own_x: Floats, own_y: Floats) -> SubPoints:
    """Every sub-point; a cell of which none lies in its part keeps its own point at the place where that falls."""
    parent = lattices.parent()
    local = np.arange(len(parent)) - lattices.first[parent]
    row, column = np.divmod(local, lattices.nx[parent])
    x = lattices.left[parent] + (column + 0.5) * lattices.dx[parent]
    y = lattices.top[parent] - (row + 0.5) * lattices.dy[parent]
    whole = lattices.k[parent] == 1
    x[whole], y[whole] = own_x[parent[whole]], own_y[parent[whole]]
    inside = np.ones(len(parent), dtype=bool)
    if cells.parts is not None and len(cells.parts):
        _keep_inside(cells.parts, lattices, x, y, inside)
        lost = cells.parts.index[np.add.reduceat(inside, lattices.first[:-1])[cells.parts.index] == 0].to_numpy()
        home = _sub_number(lattices, lost, own_x[lost], own_y[lost])
        x[home], y[home], inside[home] = own_x[lost], own_y[lost], True
    return SubPoints(parent, row, column, x, y, inside)


def _keep_inside(parts: gpd.GeoSeries, lattices: Lattices, x: Floats, y: Floats, inside: NDArray[np.bool_]) -> None:
    shapes = np.empty(len(lattices.k), dtype=object)
    shapes[parts.index] = parts.to_numpy()
    bounded = np.zeros(len(lattices.k), dtype=bool)
    bounded[parts.index] = lattices.k[parts.index] > 1
    parent = lattices.parent()
    rows = np.flatnonzero(bounded[parent])
    shapely.prepare(shapes[bounded])
    inside[rows] = shapely.intersects_xy(shapes[parent[rows]], x[rows], y[rows])


def _sub_number(lattices: Lattices, parent: Rows, x: Floats, y: Floats) -> Rows:
    """Number of the sub-point whose square of the parent's lattice holds each point, or the nearest square."""
    column = np.floor((x - lattices.left[parent]) / lattices.dx[parent]).astype(np.int64)
    row = np.floor((lattices.top[parent] - y) / lattices.dy[parent]).astype(np.int64)
    column, row = np.clip(column, 0, lattices.nx[parent] - 1), np.clip(row, 0, lattices.ny[parent] - 1)
    return np.asarray(lattices.first[parent] + row * lattices.nx[parent] + column, dtype=np.int64)


def finer(index: IndexRaster, factor: int) -> IndexRaster:
    """The same picture with every pixel divided into factor x factor."""
    cell = np.repeat(np.repeat(index.cell, factor, axis=0), factor, axis=1)
    return IndexRaster(cell, divided(index.transform, factor), index.crs)


def sub_index(cells: Cells, lattices: Lattices, points: SubPoints) -> IndexRaster:
    """The index raster, fine enough for the lattices, with the number of a sub-point in each pixel."""
    if cells.kind == "raster":
        fine = finer(cells.index, int(lattices.k.max()))
    else:
        step = float(lattices.dx[lattices.k > 1].min())
        fine = finer(cells.index, max(1, int(np.ceil(cells.index.transform.a / step - 1e-9))))
    _number(fine, lattices)
    if cells.kind == "raster":
        _own_parts(fine, cells, lattices, points)
    else:
        stand_in = _stand_ins(lattices, points)
        shown = fine.cell >= 0
        fine.cell[shown] = stand_in[fine.cell[shown]]
    return fine


def _number(fine: IndexRaster, lattices: Lattices) -> None:
    """Replace cell rows by sub-point numbers, in place, some rows of pixels at a time."""
    step = max(1, BLOCK_PIXELS // fine.cell.shape[1])
    for first in range(0, fine.cell.shape[0], step):
        block = fine.cell[first : first + step]
        row, column = np.nonzero(block >= 0)
        x, y = place(fine.transform, column + 0.5, row + first + 0.5)
        block[row, column] = _sub_number(lattices, block[row, column].astype(np.int64), x, y)


def _own_parts(fine: IndexRaster, cells: Cells, lattices: Lattices, points: SubPoints) -> None:
    """In pixels that a border cuts, sub-pixels show the sub-point of the part their centre lies in, or nothing."""
    if cells.parts is None or not len(cells.parts):
        return
    cut = np.zeros(len(lattices.k), dtype=bool)
    cut[cells.parts.index] = lattices.k[cells.parts.index] > 1
    number = np.flatnonzero(cut[points.parent])
    parent = points.parent[number]
    x = lattices.left[parent] + (points.column[number] + 0.5) * lattices.dx[parent]
    y = lattices.top[parent] - (points.row[number] + 0.5) * lattices.dy[parent]
    column, row = pixel_of(fine.transform, x, y)
    fine.cell[row, column] = -1
    own = points.inside[number]
    fine.cell[row[own], column[own]] = number[own]


def _stand_ins(lattices: Lattices, points: SubPoints) -> Rows:
    """Each sub-point itself, or the nearest one inside the same cell where it lies outside."""
    found = np.arange(len(points.parent))
    for cell in np.unique(points.parent[~points.inside]):
        mine = np.arange(lattices.first[cell], lattices.first[cell + 1])
        good, bad = mine[points.inside[mine]], mine[~points.inside[mine]]
        away = np.hypot(points.x[bad, None] - points.x[good], points.y[bad, None] - points.y[good])
        found[bad] = good[np.argmin(away, axis=1)]
    return found
