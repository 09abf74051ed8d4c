"""Toytown: an invented town of one square kilometre that every test can check by hand.

Metres from the south-west corner (EPSG:32632, 319000 / 5400000; there the map scale is 1 to 3e-7)::

    1000 +----------------------------------------+
         |  rural north: 40 cells of 10 residents |   nine-year school at (550, 750)
     600 +-----------------o----------------------+   o bridge at x = 500, the only way over
         |  ~ ~ ~ ~  river, nobody  ~ ~ ~ ~ ~ ~ ~ |   river line y = 550
     500 +-----------------o----------------------+
         |     [fence]        town south:         |   junior school at (150, 450)
         |     [private]      50 cells of 40      |   primary school at (750, 250)
       0 +----------------------------------------+
         0                                     1000

Streets run every 100 m; the fenced compound 205..395 x 205..395 opens at (300, 205) only.
"""

from tests.toytown.files import write_toytown
from tests.toytown.land import AREA_OF_ROW, CRS_METRIC, EAST, NORTH, SIDE, at, toytown
from tests.toytown.results import toytown_run

__all__ = [
    "AREA_OF_ROW",
    "CRS_METRIC",
    "EAST",
    "NORTH",
    "SIDE",
    "at",
    "toytown",
    "toytown_run",
    "write_toytown",
]
