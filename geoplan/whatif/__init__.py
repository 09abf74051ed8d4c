"""What one changed school does, recomputed from a counted plan: one search, one warm enrolment, the same figures.

``base = whatif_base(layers, situation)`` once, then ``whatif(base, *steps)`` as often as wanted. Steps are those of
scenarios: open, close, resize, convert. Nothing is written, nothing of the base is changed.
"""

from geoplan.whatif.answer import StageAnswer, WhatIf, count_again, reach_again, whatif
from geoplan.whatif.reach import SchoolsChanged
from geoplan.whatif.start import WhatIfBase, whatif_base

__all__ = [
    "SchoolsChanged",
    "StageAnswer",
    "WhatIf",
    "WhatIfBase",
    "count_again",
    "reach_again",
    "whatif",
    "whatif_base",
]
