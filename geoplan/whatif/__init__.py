"""What one changed school does, recomputed from a counted plan: one search, one warm enrolment, the same figures.

``base = whatif_base(layers, situation)`` once, ``in_year(base, year)`` for a later year, then
``whatif(base, *steps)`` as often as wanted. Steps are those of scenarios: open, close, resize, convert, housing.
Nothing is written, nothing of the base is changed.
"""

from geoplan.whatif.answer import StageAnswer, WhatIf, against, count_again, reach_again, schools_before, whatif
from geoplan.whatif.housing import with_housing
from geoplan.whatif.reach import SchoolsChanged
from geoplan.whatif.start import WhatIfBase, in_year, whatif_base

__all__ = [
    "SchoolsChanged",
    "StageAnswer",
    "WhatIf",
    "WhatIfBase",
    "against",
    "count_again",
    "in_year",
    "reach_again",
    "schools_before",
    "whatif",
    "whatif_base",
    "with_housing",
]
