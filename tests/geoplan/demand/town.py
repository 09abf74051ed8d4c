"""A few cells with children of known ages, and what is to come: the smallest outlook one can check by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan import standards as st
from geoplan.demand import pupils
from geoplan.demand.outlook import Frame, Outlook, outlook
from geoplan.standards import Standards
from layers.planfile import DemandSection
from tests.geoplan.test_demand import areas, cells

STAGES = ("kindergarten", "primary", "junior", "senior")
YEAR = 2024


def even_ages(children: float, cells_of: int = 1) -> dict[str, Any]:
    """The same number of children in every single year of age and cell."""
    return {f"age_{age}": [children] * cells_of for age in range(19)}


def ahead(
    residents: list[float],
    *,
    tables: dict[str, pd.DataFrame] | None = None,
    standards: Standards | None = None,
    of: list[str] | None = None,
    ages: dict[str, Any] | None = None,
    years: tuple[int | None, int | None] = (YEAR, YEAR),
    **choice: Any,
) -> Outlook:
    """An outlook of cells with residents, everything in its default unless it is said."""
    norms = standards or st.load("neutral")
    held = even_ages(10.0, len(residents)) if ages is None else ages
    some_cells = cells(residents, areas=of, **held)
    found = areas(*sorted(set(some_cells.table["area_id"])))
    counted = pupils(some_cells, found, tables or {}, norms, STAGES, population_year=years[0], school_year=years[1])
    frame = Frame(*years, (2025, 2027, 2035), DemandSection(**choice))
    return outlook(counted, some_cells, found, tables or {}, norms, frame)


def births(*amounts: float, first: int = YEAR + 1, **more: Any) -> pd.DataFrame:
    """Births of the years from ``first`` on."""
    years = np.arange(first, first + len(amounts))
    return pd.DataFrame({"year": years.astype(float), "births": amounts, **more})
