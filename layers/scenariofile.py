"""Scenario files: a named what-if as a list of steps, TOML or JSON; every fault of every step listed at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from layers.check import check
from layers.errors import Fault, InputError
from layers.planfile import Datum, Section, Stage, key_reason
from layers.schema import contract
from layers.schools.stages import STAGES_OF, stages_of

Kind = Literal[
    "kindergarten", "primary", "junior", "senior", "nine_year", "twelve_year", "secondary", "teaching_point"
]
Year = Annotated[int, Field(ge=1800, le=2200, description="first year it holds; at once when absent")]
Classes = Annotated[int, Field(ge=0, le=500)]
Places = Annotated[float, Field(ge=0, le=20_000)]
SIZES = ("places", "classes")
"""Ways to say how large a school is; a stage may follow, as in ``places_primary``."""


class Placed(Section):
    """Where something stands: ``lon, lat``, or ``x, y`` with ``crs``; columns of its input table may follow."""

    model_config = ConfigDict(extra="allow", frozen=True)

    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    x: float | None = Field(None, allow_inf_nan=False)
    y: float | None = Field(None, allow_inf_nan=False)
    crs: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """Further columns of the row, as the input table has them."""
        return dict(self.model_extra or {})


class OpenStep(Placed):
    """A new school; ``site_id`` names a row of the sites table instead of a place."""

    action: Literal["open"]
    id: str = Field(min_length=1, max_length=64)
    stage: Kind
    name: str = ""
    site_id: str | None = None
    year: Year | None = None


class CloseStep(Section):
    """A school that closes; ``override`` is the reason why young children may be left beyond the time limit."""

    action: Literal["close"]
    school_id: str
    year: Year | None = None
    override: str = ""


class ResizeStep(Section):
    """A school with other places, or other classes, or classes more (fewer when negative)."""

    action: Literal["resize"]
    school_id: str
    stage: Stage | None = None
    places: Places | None = None
    classes: Classes | None = None
    plus_classes: int | None = Field(None, ge=-500, le=500)
    year: Year | None = None


class ConvertStep(Section):
    """Classes, or places, of a school that go from one stage to another; all of them when neither is given."""

    action: Literal["convert"]
    school_id: str
    of: Stage = Field(alias="from")
    to: Stage
    classes: Classes | None = None
    places: Places | None = None
    year: Year | None = None


class HousingStep(Placed):
    """New housing: a row of the housing table; ``geometry`` is well-known text or a GeoJSON geometry."""

    action: Literal["housing"]
    id: str = Field(min_length=1, max_length=64)
    geometry: str | dict[str, Any] | None = None


class Element(Section):
    """A street (id of its way) or a crossing (id of its node, ``node-way`` where unmapped) and what is built there.

    ``lon, lat`` choose one stretch of the way; all of it without.
    """

    osm_id: str
    measures: tuple[str, ...] = Field(min_length=1)
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)


class RetrofitStep(Section):
    """Works on streets and crossings; ``run`` and ``rank`` say which package they come from."""

    action: Literal["retrofit"]
    elements: tuple[Element, ...] = Field(min_length=1)
    name: str = ""
    run: str = ""
    rank: int | None = None


Step = OpenStep | CloseStep | ResizeStep | ConvertStep | HousingStep | RetrofitStep
ACTIONS = ("open", "close", "resize", "convert", "housing", "retrofit")
_STEP: TypeAdapter[Step] = TypeAdapter(Annotated[Step, Field(discriminator="action")])


class Scenario(Section):
    """A named what-if. ``datum`` is that of its ``lon, lat`` (and of ``x, y``)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: str = ""
    title_zh: str = ""
    note: str = ""
    datum: Datum = "wgs84"
    steps: tuple[Step, ...] = ()


FOLDER = "scenarios"


def scenario_path(plan: Path, given: str) -> Path:
    """The file meant: a path as it is, or the name of a file in the plan's ``scenarios`` folder."""
    path = Path(given)
    if path.exists() or path.parent != Path():
        return path
    folder = (plan if plan.is_dir() else plan.parent) / FOLDER
    return folder / (given if path.suffix in (".toml", ".json") else f"{given}.toml")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path
        ``.toml``, or ``.json`` with the same keys.

    Raises
    ------
    InputError
        Every fault at once, each with the step, the key, the value and the remedy.
    """
    return parse_scenario(_load(path), path.name)


def parse_scenario(data: Mapping[str, Any], file: str) -> Scenario:
    """A scenario from plain data; ``file`` is the name to show in faults. InputError with every fault."""
    given = data.get("steps", [])
    listed = list(given) if isinstance(given, list) else []
    faults = [] if isinstance(given, list) else [Fault("scenario_steps", file=file, column="steps")]
    head = None
    try:
        head = Scenario.model_validate({key: value for key, value in data.items() if key != "steps"})
    except ValidationError as error:
        faults += _key_faults(error, file, "")
    steps: list[Step] = []
    for number, one in enumerate(listed, start=1):
        step, found = _read_step(one, number, file)
        steps += [step] if step is not None else []
        faults += found
    faults += _twice(listed, file)
    if faults or head is None:
        raise InputError(faults)
    return head.model_copy(update={"steps": tuple(steps)})


def scenario_text(scenario: Scenario) -> str:
    """The scenario as a TOML file; :func:`parse_scenario` gives the same scenario back."""
    data = scenario.model_dump(exclude_defaults=True, exclude={"steps"})
    lines = [f"{key} = {_toml(value)}" for key, value in data.items()]
    for step in scenario.steps:
        lines += ["", "[[steps]]"]
        lines += [f"{key} = {_toml(value)}" for key, value in plain_step(step).items()]
    return "\n".join(lines) + "\n"


def write_scenario(scenario: Scenario, folder: Path) -> Path:
    """Write ``<name>.toml`` into a folder; InputError where there is one already."""
    path = folder / f"{scenario.name}.toml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(scenario_text(scenario))
    except FileExistsError:
        raise InputError([Fault("scenario_exists", file=str(path))]) from None
    return path


def plain_step(step: Step) -> dict[str, Any]:
    """A step as the file has it: keys that are given, by their names in the file."""
    return {"action": step.action, **step.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def step_sizes(step: OpenStep) -> list[tuple[str, str, float]]:
    """Stage, ``places`` or ``classes``, and how many, for every stage a new school teaches."""
    stages, given = stages_of(step.stage), step.columns
    found = []
    for stage in stages:
        names = [(size, f"{size}_{stage}") for size in SIZES] + [(size, size) for size in SIZES if len(stages) == 1]
        size, count = next((size, given[name]) for size, name in names if given.get(name) is not None)
        found.append((stage, size, float(count)))
    return found


def fault_in(scenario: str, number: int, key: str, code: str, value: Any = None, **params: Any) -> Fault:
    """A fault of a step; ``key`` within the step."""
    shown = None if value is None else str(value)[:80]
    return Fault(
        code, file=scenario, column=_at(number, key), value=shown, params={"step": number, "key": key, **params}
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise InputError([Fault("scenario_missing", file=str(path))]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError([Fault("scenario_unreadable", file=path.name, value=str(error)[:80])]) from None
    if not isinstance(data, dict):
        raise InputError([Fault("scenario_unreadable", file=path.name, value=str(data)[:80])])
    return data


def _read_step(one: Any, number: int, file: str) -> tuple[Step | None, list[Fault]]:
    action = one.get("action") if isinstance(one, dict) else None
    if action not in ACTIONS:
        return None, [fault_in(file, number, "action", "scenario_action", action, known=", ".join(ACTIONS))]
    try:
        step = _STEP.validate_python(one)
    except ValidationError as error:
        return None, _key_faults(error, file, f"steps.{number}", number)
    return step, list(_sense(step, number, file))


def _key_faults(error: ValidationError, file: str, lead: str, number: int = 0) -> list[Fault]:
    """Faults of keys; a union puts the action into the place, which is left out."""
    faults = []
    for item in error.errors():
        parts = [str(part) for part in item["loc"] if part not in ACTIONS]
        key = ".".join([*([lead] if lead else []), *parts])
        value = None if item["type"] == "missing" else repr(item["input"])[:80]
        params = {"step": number, **key_reason(item["type"], item.get("ctx", {}))}
        faults.append(Fault("scenario_key", file=file, column=key, value=value, params=params))
    return faults


def _sense(step: Step, number: int, file: str) -> Iterator[Fault]:
    """What keys of one step say together."""
    if isinstance(step, OpenStep):
        yield from _row(step, "schools", number, file)
        yield from _standing(step, number, file, other="site_id")
        yield from _sizes(step, number, file)
    elif isinstance(step, HousingStep):
        yield from _row(step, "housing", number, file)
        yield from _standing(step, number, file, other="geometry")
        lacking = [name for name in ("dwellings", "ready") if step.columns.get(name) is None]
        yield from (fault_in(file, number, name, "scenario_housing") for name in lacking)
    elif isinstance(step, ResizeStep):
        given = [step.places, step.classes, step.plus_classes]
        if sum(one is not None for one in given) != 1:
            yield fault_in(file, number, "places", "scenario_one_size", known="places, classes, plus_classes")
    elif isinstance(step, ConvertStep):
        if step.classes is not None and step.places is not None:
            yield fault_in(file, number, "classes", "scenario_one_size", known="classes, places")
        if step.of == step.to:
            yield fault_in(file, number, "to", "scenario_same_stage", step.to)


def _row(step: Placed, table: str, number: int, file: str) -> Iterator[Fault]:
    """Columns of the input table, held against its contract."""
    held = contract(table)
    fixed = {"id": getattr(step, "id", ""), "name": getattr(step, "name", "") or "-"}
    fixed |= {"stage": step.stage} if isinstance(step, OpenStep) else {}
    given = step.columns
    for name in given:
        if held.column(name) is None or name in ("opened", "gates"):
            yield fault_in(file, number, name, "scenario_key", given[name], **key_reason("extra_forbidden", {}))
    _, found = check(pd.DataFrame([{**fixed, **given}]), held, file)
    for fault in found:
        if fault.column in given and held.column(str(fault.column)) is not None:
            yield replace(fault, row=None, column=_at(number, str(fault.column)))


def _standing(step: Placed, number: int, file: str, *, other: str) -> Iterator[Fault]:
    """Exactly one way to say where it stands."""
    pairs = [(step.lon, step.lat), (step.x, step.y)]
    whole = [one is not None and two is not None for one, two in pairs]
    halves = any((one is None) != (two is None) for one, two in pairs)
    ways = sum(whole) + (getattr(step, other) is not None)
    if ways != 1 or halves or (whole[1] and step.crs is None):
        yield fault_in(file, number, "lon", "scenario_place", other=other)


def _sizes(step: OpenStep, number: int, file: str) -> Iterator[Fault]:
    """A size for every stage taught and for no other; a plain one only where there is one stage."""
    stages, given = stages_of(step.stage), step.columns
    for stage in stages:
        names = [f"{size}_{stage}" for size in SIZES] + (list(SIZES) if len(stages) == 1 else [])
        if all(given.get(name) is None for name in names):
            yield fault_in(file, number, f"places_{stage}", "scenario_size", stage=stage)
    untaught = {f"{size}_{stage}" for size in SIZES for kind in STAGES_OF.values() for stage in kind}
    untaught -= {f"{size}_{stage}" for size in SIZES for stage in stages}
    untaught |= set(SIZES) if len(stages) > 1 else set()
    for name in sorted(untaught & set(given)):
        yield fault_in(file, number, name, "scenario_untaught", given[name], kind=step.stage)


def _twice(steps: list[Any], file: str) -> Iterator[Fault]:
    """Two new schools, or two projects, of one id."""
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(steps, start=1):
        if isinstance(one, dict) and one.get("action") in ("open", "housing"):
            key = (str(one["action"]), str(one.get("id")))
            if key in seen:
                yield fault_in(file, number, "id", "scenario_twice", key[1], first=seen[key])
            seen.setdefault(key, number)


def _at(number: int, key: str) -> str:
    return f"steps.{number}.{key}"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
