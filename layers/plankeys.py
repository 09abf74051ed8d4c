"""The keys of plan.toml as a form needs them: read off the models that validate the file, with names for people."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from layers.document import sections
from layers.planfile import PlanFile
from layers.plannames import ENDINGS, FILES, TABLES

Kind = Literal[
    "text", "flag", "whole", "number", "choice", "file", "files",  # one value
    "wholes", "texts", "choices",  # lists
    "amounts", "answers", "overrides",  # tables: by year, by stage, by norm
]  # fmt: skip
UNITS = ("m", "s")


@dataclass(frozen=True)
class Key:
    """One key of plan.toml.

    Parameters
    ----------
    section, name
        Where it stands.
    kind
        What it holds; ``choices`` are the values allowed, of an ``answers`` table its keys.
    default
        What holds when the key is absent; None where nothing does.
    required
        Whether its section is a fault without it.
    unit
        Unit of a number, from its name.
    bounds
        ``ge, gt, le, lt`` as far as they are set.
    endings
        How files of the key end.
    long
        Whether it holds sentences.
    """

    section: str
    name: str
    kind: Kind
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    bounds: tuple[tuple[str, float], ...] = ()
    endings: tuple[str, ...] = ()
    long: bool = False
    description: str = ""

    @property
    def id(self) -> str:
        """``section.name``, as faults name it."""
        return f"{self.section}.{self.name}"

    def label(self, language: str) -> str:
        """What it is called."""
        return str(_words()[self.section][self.name][language])

    def help(self, language: str) -> str:
        """What it says."""
        said = _words()[self.section][self.name]
        return str(said.get("help_en") or self.description) if language == "en" else str(said["help_zh"])


@dataclass(frozen=True)
class SectionKeys:
    """A section of plan.toml; ``optional`` ones may be left out whole, and say nothing then."""

    name: str
    optional: bool
    keys: tuple[Key, ...]

    def label(self, language: str) -> str:
        """What it is called."""
        return str(_words()[self.name]["label"][language])


@cache
def plan_keys() -> tuple[SectionKeys, ...]:
    """Every section of plan.toml with its keys, in the order of the file."""
    return tuple(
        SectionKeys(
            name,
            optional=not PlanFile.model_fields[name].is_required() and PlanFile.model_fields[name].default is None,
            keys=tuple(_key(name, key, field) for key, field in model.model_fields.items()),
        )
        for name, model in sections()
        if name in PlanFile.model_fields  # how tables are read stands in sections of their own name
    )


@cache
def every_key() -> Mapping[str, Key]:
    """Keys by ``section.name``."""
    return {key.id: key for section in plan_keys() for key in section.keys}


def choice_name(value: str, language: str) -> str:
    """An allowed value in words; the value itself where it has no other name."""
    said = _words()["choices"].get(value)
    return value if said is None else str(said[language])


def _key(section: str, name: str, field: FieldInfo) -> Key:
    kind, choices = _kind(f"{section}.{name}", field.annotation)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    last = name.rpartition("_")[2]
    return Key(
        section,
        name,
        kind,
        default=list(default) if isinstance(default, tuple) else default,
        required=field.is_required(),
        choices=choices,
        unit=last if kind in ("number", "whole", "wholes") and last in UNITS else "",
        bounds=tuple(_bounds(field)),
        endings=ENDINGS.get(f"{section}.{name}", TABLES) if kind == "file" else (),
        long=bool(_words()[section][name].get("long")),
        description=field.description or "",
    )


def _kind(key: str, annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    options = [one for one in (get_args(annotation) or (annotation,)) if one is not NoneType]
    origin = get_origin(annotation)
    if origin in (Literal, tuple, dict):
        return _compound(origin, get_args(annotation))
    if len(options) > 1:
        return "files", ()
    if get_origin(options[0]) in (Literal, tuple, dict):
        return _kind(key, options[0])
    plain: Mapping[Any, Kind] = {bool: "flag", int: "whole", float: "number"}
    return plain.get(options[0], "file" if key in FILES else "text"), ()


def _compound(origin: Any, inner: tuple[Any, ...]) -> tuple[Kind, tuple[str, ...]]:
    if origin is Literal:
        return "choice", inner
    if origin is tuple:
        return (
            ("choices", get_args(inner[0]))
            if get_origin(inner[0]) is Literal
            else (
                "wholes" if inner[0] is int else "texts",
                (),
            )
        )
    if get_origin(inner[0]) is Literal:
        return "answers", get_args(inner[0])
    return ("amounts" if inner[1] is float else "overrides"), ()


def _bounds(field: FieldInfo) -> Iterator[tuple[str, float]]:
    for rule in field.metadata:
        for kind in (Ge, Gt, Le, Lt):
            if isinstance(rule, kind):
                name = kind.__name__.lower()
                yield name, float(getattr(rule, name))


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("plan_keys.toml").read_text(encoding="utf-8"))
