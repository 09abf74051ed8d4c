"""Sections of plan.toml: what all have in common, and ``[siting]``."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
DATUM: Any = Field("wgs84", description="datum of the coordinates in the file")
Stage = Literal["kindergarten", "primary", "junior", "senior"]


class Section(BaseModel):
    """A table of plan.toml: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TableReading(Section):
    """``[tables.<name>]``: how the file of one table is read, where its columns do not tell it by themselves."""

    sheet: str | None = Field(None, description="sheet of a workbook or layer of a file that holds several")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="heading of a column in the file, by the name of the input tables below; empty: there is none",
    )
    values: dict[str, str] = Field(
        default_factory=dict,
        description="one value for every row, by the name of a column the file does not have",
    )
    datum: Datum | None = Field(None, description="datum of this table alone, before the section's")
    crs: str | None = Field(None, description="CRS of its x and y columns, before the section's")


class SitingSection(Section):
    """``[siting]``: the location model."""

    model: Literal["lscp", "mclp", "p_median", "p_center", "capacitated"] = Field(
        "capacitated", description="the county's own model, or a classic form by name"
    )
    max_new: int | None = Field(None, ge=0, description="most new schools; no limit when absent")
    budget: float | None = Field(None, ge=0, description="money for everything, in the unit of the costs table")
    stages: tuple[Stage, ...] | None = Field(
        None, description="stages planned for; the compulsory ones of the coverage when absent"
    )
    force: tuple[str, ...] = Field((), description="ids of sites that must be built on")
    forbid: tuple[str, ...] = Field((), description="ids of sites and schools nothing may be done at")
    nine_year: bool = Field(True, description="primary and junior may share one new school")
    enlarge: bool = Field(True, description="existing schools may get more classes")
    enlarge_max_classes: int | None = Field(
        None, ge=1, le=60, description="most classes added to a school and stage; the profile's when absent"
    )
    convert: bool = Field(False, description="classes may move from one stage of a school to the next")
    search_areas: bool = Field(True, description="look for land where no site is given")
    decided: int | None = Field(
        None, ge=1900, le=2200, description="year of the decision, from which building takes its time; the schools'"
    )
    phase_budgets: dict[str, float] = Field(
        default_factory=dict, description='money for what opens up to a year: { "2027" = 50e6 }'
    )
    time_limit_s: float = Field(60.0, gt=0, le=3600, description="longest search; what is known then is given")

    @field_validator("phase_budgets")
    @classmethod
    def _phases(cls, phases: dict[str, float]) -> dict[str, float]:
        """Years of four digits, money not below 0, and never less money later."""
        if not all(re.fullmatch(r"[12]\d{3}", year) for year in phases):
            raise PydanticCustomError("phase_year", "a year is needed")
        money = [phases[year] for year in sorted(phases)]
        if any(later < sooner for sooner, later in pairwise([0.0, *money])):
            raise PydanticCustomError("phase_money", "cumulative money is needed")
        return phases
