"""plan.toml: the one file that names a plan's inputs; every key typed, every fault listed at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from layers.errors import Fault, InputError
from layers.plannames import FILES, is_outside, name_faults, value_of
from layers.plansections import DATUM
from layers.plansections import Datum as Datum
from layers.plansections import Section as Section
from layers.plansections import SitingSection as SitingSection
from layers.plansections import Stage as Stage
from layers.plansections import TableReading as TableReading

TableName = Literal[
    "region", "areas", "grid", "ages", "births", "registered", "audit", "barriers", "schools", "gates", "housing",
    "sites", "exclusions", "zones", "blocks", "stops", "venues", "costs", "survival", "migration",
]  # fmt: skip
"""Tables a plan can name, each with a contract of this name."""


class PlanSection(Section):
    """``[plan]``: what the plan is called and which years it shows."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="folder-safe id")
    title: str = Field("", description="shown on pages; the name when empty")
    title_zh: str = Field("", description="title on Chinese pages; the title when empty")
    language: Literal["en", "zh"] = Field("en", description="language of texts printed by default")
    years: tuple[int, ...] = Field((2025, 2027, 2035), description="years every figure is given for")
    notice: str = Field("", description="shown wherever the plan shows: 'invented', licence, what it is not")
    notice_zh: str = Field("", description="the notice in Chinese")


class RegionSection(Section):
    """``[region]``: the area planned for."""

    boundary: str | None = Field(None, description="polygon file")
    place: str | None = Field(None, description="name to look up online instead of a file")
    areas: str | None = Field(None, description="sub-areas (townships) with setting")
    crs: str | None = Field(None, description="metric CRS; chosen by region when absent")
    cross_border: bool = Field(False, description="schools outside may take pupils of the region")
    setting: Literal["town", "rural"] = Field("town", description="setting where no sub-areas are given")
    source: str = Field("", description="where it comes from and under which licence; shown with the figures")
    datum: Datum = DATUM


class PopulationSection(Section):
    """``[population]``: exactly one of raster, grid, buildings."""

    raster: str | None = Field(None, description="residents per pixel, any CRS")
    grid: str | None = Field(None, description="points or polygons with residents")
    buildings: bool = Field(False, description="spread control_total over residential building volume")
    year: int | None = Field(None, description="reference year of the counts")
    control_total: float | None = Field(None, ge=0, le=2e8, description="residents of the region to scale to")
    ages: str | None = Field(None, description="age table")
    ages_rasters: str | tuple[str, ...] | None = Field(
        None, description="age and sex rasters as WorldPop names them: a folder, a pattern or a list of files"
    )
    births: str | None = Field(None, description="births table")
    registered: str | None = Field(None, description="registered residents and pupils schooled outside")
    display_m: float = Field(25.0, gt=0, description="pixel of the map for point and building counts")
    url: str | None = Field(None, description="address the raster or grid is fetched from")
    sha256: str | None = Field(None, description="checksum the fetched file must have")
    source: str = Field("", description="where it comes from and under which licence; shown with the figures")
    datum: Datum = DATUM


class StreetsSection(Section):
    """``[streets]``: the street file."""

    osm: str | None = Field(None, description=".osm.pbf .osm .osm.gz .osm.bz2 .graphml")
    place: str | None = Field(None, description="name to download online instead")
    url: str | None = Field(None, description="address the extract is fetched from")
    sha256: str | None = Field(None, description="checksum the fetched extract must have")
    source: str = Field("", description="where it comes from and under which licence; shown with the figures")
    year: int | None = Field(None, description="year of the street data")
    credit: str = Field("© OpenStreetMap contributors (ODbL)", description="credit shown on every map")
    credit_zh: str = Field("", description="the credit on Chinese maps; the credit when empty")
    elevation: str | None = Field(None, description="heights of the ground, for the slope of plots")
    audit: str | None = Field(None, description="tags found on the spot; they go before those of the map")
    barriers: str | None = Field(None, description="lines and areas nobody walks across")
    snap_town_m: float | None = Field(None, gt=0, description="snap limit in towns; the profile's when absent")
    snap_rural_m: float | None = Field(None, gt=0, description="snap limit in rural areas")
    ferries: bool = Field(False, description="let children use ferries")


class SchoolsSection(Section):
    """``[schools]``: a table, or the schools of the street file."""

    table: str | None = Field(None, description=".csv .xlsx .gpkg .geojson .shp .zip")
    osm: bool = Field(False, description="take the schools from the street file")
    gates: str | None = Field(None, description="gate points with school_id")
    year: int | None = Field(None, description="year of the school list")
    source: str = Field("", description="where it comes from and under which licence; shown with the figures")
    datum: Datum = DATUM
    crs: str | None = Field(None, description="CRS of x/y columns")


class TableSection(Section):
    """A section that only names a table."""

    table: str = Field(description="the table")
    datum: Datum = DATUM
    crs: str | None = Field(None, description="CRS of x/y columns")


class SitesSection(Section):
    """``[sites]``: possible places for schools and where none may stand."""

    table: str | None = Field(None, description="possible places for schools")
    exclusions: str | None = Field(None, description="where no school may stand")
    datum: Datum = DATUM


class ZonesSection(Section):
    """``[zones]``: attendance zones in force, blocks that must not be split."""

    current: str | None = Field(None, description="attendance zones in force")
    blocks: str | None = Field(None, description="blocks no zone may split")
    datum: Datum = DATUM


class TransportSection(Section):
    """``[transport]``: school bus stops."""

    stops: str = Field(description="school bus stops")
    datum: Datum = DATUM


class CostsSection(Section):
    """``[costs]``: unit costs."""

    table: str = Field(description="unit costs by item")


class StandardsSection(Section):
    """``[standards]``: profile, date in force, the county's own values."""

    profile: str = Field("neutral", description="by which standards the plan is measured")
    on: str | None = Field(None, description="date in force, ISO; the date of the profile's edition when absent")
    override: dict[str, Any] = Field(
        default_factory=dict, description="the county's own values by id of the norm they replace"
    )


class CoverageSection(Section):
    """``[coverage]``: which stages, and how pupils are enrolled."""

    stages: tuple[Stage, ...] | None = Field(None, description="the profile's stages when absent")
    enrolment: Literal["capacity", "nearest"] = Field(
        "capacity", description="to the nearest school with a place, or to the nearest one whether or not it is full"
    )
    limits_m: tuple[int, ...] = Field((300, 500, 800, 1000, 1500, 2000), description="limits in the reach table")
    include_private: bool = Field(False, description="private places count as places")


class DemandSection(Section):
    """``[demand]``: how residents of later years become pupils."""

    mode: Literal["cohort", "norm", "max", "blend"] = Field(
        "cohort", description="children counted and aged, places per 1000 residents, the larger, or a mixture"
    )
    blend: float = Field(0.5, ge=0, le=1, description="weight of the norm where a mode is blend")
    housing_mode: Literal["cohort", "norm", "max", "blend"] = Field(
        "norm", description="the same for new housing; where the profile has no norm, by the region's own ages"
    )
    control: dict[str, float] = Field(
        default_factory=dict, description='residents of the region in later years, as { "2030" = 510000 }'
    )
    survival: str | None = Field(None, description="survival table: share of an age that lives to the next")
    migration: str | None = Field(None, description="migration table: net movers by year")


class ProposalSection(Section):
    """``[proposal]``: what the proposal documents must be told."""

    answers: dict[Stage, str] = Field(
        default_factory=dict, description="why enrolment differs from the residents of the age, in words, by stage"
    )
    answers_zh: dict[Stage, str] = Field(default_factory=dict, description="the answers in Chinese")


class PlanFile(Section):
    """All of plan.toml; paths are relative to ``root``."""

    root: Path
    plan: PlanSection
    region: RegionSection
    population: PopulationSection
    streets: StreetsSection
    schools: SchoolsSection
    housing: TableSection | None = None
    sites: SitesSection | None = None
    zones: ZonesSection | None = None
    transport: TransportSection | None = None
    venues: TableSection | None = None
    costs: CostsSection | None = None
    standards: StandardsSection = StandardsSection()
    coverage: CoverageSection = CoverageSection()
    demand: DemandSection = DemandSection()
    siting: SitingSection = SitingSection()
    proposal: ProposalSection = ProposalSection()
    tables: dict[TableName, TableReading] = Field(default_factory=dict)

    def reading(self, table: str) -> TableReading:
        """How the file of a table (by the name of its contract) is read."""
        return self.tables.get(table, TableReading())  # type: ignore[call-overload]

    def path(self, name: str) -> Path:
        """A file named in the plan, absolute."""
        return self.root / name


SOURCES: dict[str, tuple[str, ...]] = {
    "region_none": ("region.boundary", "region.place"),
    "population_no_source": (
        "population.raster",
        "population.grid",
        "population.buildings",
        "population.ages_rasters",
    ),
    "streets_not_given": ("streets.osm", "streets.place", "streets.url"),
    "schools_none": ("schools.table", "schools.osm"),
}
"""Fault of a required section that names none of its sources."""


def plan_language(path: Path) -> str:
    """``en`` or ``zh`` as plan.toml says, also where the rest of it cannot be used; else ``en``."""
    try:
        text = (path / "plan.toml" if path.is_dir() else path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return "en"
    try:
        said = value_of(tomllib.loads(text), "plan.language")
    except tomllib.TOMLDecodeError:
        found = re.search(r"""^\s*language\s*=\s*["'](\w+)["']""", text, flags=re.MULTILINE)
        said = found[1] if found else None
    return said if said in ("en", "zh") else "en"


def read_plan(path: Path, *, files: bool = True, inside: Path | None = None) -> PlanFile:
    """Read ``plan.toml`` (or the folder that holds it).

    Parameters
    ----------
    path
        The file or its folder.
    files
        Whether every file named must exist; those that can be fetched from a place or an address may be missing.
    inside
        A folder no named file may lie outside of, for plans written by people who may not read the whole disk.

    Raises
    ------
    InputError
        Every fault at once: unknown keys, wrong types, sections without a source, missing files, names that are
        no plain file names.
    """
    file = path / "plan.toml" if path.is_dir() else path
    return plan_of(_load(file), file, files=files, inside=inside)


def plan_of(data: dict[str, Any], file: Path, *, files: bool = True, inside: Path | None = None) -> PlanFile:
    """A plan from what its file says, or would say; the rest as :func:`read_plan`."""
    faults = [*_source_faults(data, file.name), *name_faults(data, file, files=files, inside=inside)]
    plan = None
    try:
        plan = PlanFile(root=file.parent.resolve(), **{key: data[key] for key in data if key != "root"})
    except ValidationError as error:
        faults = [*_key_faults(error, file.name), *faults]
    if "root" in data:
        faults.insert(0, Fault("plan_key", file=file.name, column="root", params=key_reason("extra_forbidden", {})))
    if faults or plan is None:
        raise InputError(faults)
    return plan


def plan_data(text: str, name: str = "plan.toml") -> dict[str, Any]:
    """What the text of a plan.toml says, unchecked; InputError where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([Fault("plan_unreadable", file=name, value=str(error))]) from None


def _load(file: Path) -> dict[str, Any]:
    try:
        return plan_data(file.read_text(encoding="utf-8-sig"), file.name)
    except FileNotFoundError:
        raise InputError([Fault("plan_missing", file=str(file))]) from None
    except UnicodeDecodeError as error:
        raise InputError([Fault("plan_unreadable", file=file.name, value=str(error))]) from None


def _source_faults(data: dict[str, Any], file: str) -> list[Fault]:
    """Required sections that are there but name no source."""
    return [
        Fault(code, file=file, column=keys[0].partition(".")[0])
        for code, keys in SOURCES.items()
        if isinstance(data.get(keys[0].partition(".")[0]), dict) and not any(value_of(data, key) for key in keys)
    ]


def outside_notes(plan: PlanFile) -> list[Fault]:
    """A note for every file the plan names outside its own folder: the folder alone is not the whole plan."""
    data = plan.model_dump(include={key.partition(".")[0] for key in FILES})
    named = [(key, value_of(data, key)) for key in FILES]
    return [
        Fault("plan_outside", "note", file="plan.toml", column=key, value=name[:80])
        for key, name in named
        if isinstance(name, str) and is_outside(name)
    ]


def _key_faults(error: ValidationError, file: str) -> list[Fault]:
    return [
        Fault(
            "plan_key",
            file=file,
            column=".".join(str(part) for part in item["loc"]),
            value=None if item["type"] == "missing" else repr(item["input"])[:80],
            params=key_reason(item["type"], item.get("ctx", {})),
        )
        for item in error.errors()
    ]


def key_reason(kind: str, context: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a key, in both languages, by pydantic's type of error."""
    known = _reasons()
    said = known.get(kind) or known["other"]
    listed = {name: str(value).replace(" or ", "、") for name, value in context.items()}
    return {"why": said["en"].format_map(context), "why_zh": said["zh"].format_map(listed)}


@cache
def _reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("plan_reasons.toml").read_text(encoding="utf-8"))
