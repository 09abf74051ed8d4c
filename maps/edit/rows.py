"""The form as the page shows it: sections, fields with their control, what is set and what holds without it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from geoplan.reasons import terms
from geoplan.standards import known_standards, profiles
from layers.errors import Fault
from layers.plankeys import Key, SectionKeys, choice_name, plan_keys
from maps.edit import overrides
from maps.edit.checked import told
from maps.edit.difference import Change, label, value_text
from maps.edit.fields import Form
from maps.edit.files import ending_so, files_in
from maps.language import Say, speaker

PROFILE = "standards.profile"


def form_rows(folder: Path, form: Form, data: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every section with its fields as the form is filled."""
    files = files_in(folder)
    found = []
    for section in plan_keys():
        shown = [key for key in section.keys if key.kind != "overrides"]
        fields = [row for key in shown for row in _fields(key, section, form, data, files, language)]
        given = bool(data.get(section.name))
        found.append(
            {
                "name": section.name,
                "label": section.label(language),
                "optional": section.optional,
                "set": given,
                "open": given or any(any(row["given"]) for row in fields),
                "fields": fields,
            }
        )
    return found


def _fields(
    key: Key, section: SectionKeys, form: Form, data: Mapping[str, Any], files: list[str], language: str
) -> list[dict[str, Any]]:
    held = data.get(section.name)
    row: dict[str, Any] = {
        "name": key.id,
        "label": key.label(language),
        "help": key.help(language),
        "unit": key.unit,
        "set": isinstance(held, Mapping) and key.name in held,
        "default": _default(key, language),
        "required": key.required and not section.optional,
        "bounds": _bounds(key, speaker(language)),
        "control": _control(key),
        "given": form.get(key.id, [""]),
        "options": _options(key, form, files, language),
    }
    if key.kind != "answers":
        return [row]
    return [
        {
            **row,
            "name": f"{key.id}.{stage}",
            "label": f"{row['label']}: {choice_name(stage, language)}",
            "given": form.get(f"{key.id}.{stage}", [""]),
            "set": bool(form.get(f"{key.id}.{stage}", [""])[0]),
            "default": "",
        }
        for stage in key.choices
    ]


def _control(key: Key) -> str:
    if key.kind in ("flag", "choice", "file") or key.id == PROFILE:
        return "select"
    if key.kind == "choices":
        return "checks"
    long = key.long or key.kind in ("texts", "files", "amounts")
    return "long" if long else "number" if key.kind in ("whole", "number") else "text"


def _options(key: Key, form: Form, files: list[str], language: str) -> list[tuple[str, str]]:
    say = speaker(language)
    if key.kind == "flag":
        return [("yes", say("yes")), ("no", say("no"))]
    if key.kind in ("choice", "choices"):
        return [(one, choice_name(one, language)) for one in key.choices]
    if key.id == PROFILE:
        return [(name, _profile_name(name, language)) for name in profiles()]
    if key.kind != "file":
        return []
    given = form.get(key.id, [""])[0]
    known = ending_so(files, key.endings)
    return [(name, name) for name in ([] if given in ("", *known) else [given]) + known]


def _profile_name(name: str, language: str) -> str:
    standards = known_standards({"profile": name})
    said = standards and (standards.name_zh if language == "zh" else standards.name_en)
    return f"{said} ({name})" if said else name


def _default(key: Key, language: str) -> str:
    """What holds where nothing is set."""
    if key.default in (None, "", [], {}):
        return ""
    if key.id == PROFILE:
        return _profile_name(str(key.default), language)
    return value_text((key.section, key.name), key.default, language)


def _bounds(key: Key, say: Say) -> str:
    """``from 0 to 1`` in words."""
    words = {
        "ge": lambda n: say("%(number)s or more", number=n),
        "gt": lambda n: say("above %(number)s", number=n),
        "le": lambda n: say("at most %(number)s", number=n),
        "lt": lambda n: say("below %(number)s", number=n),
    }
    return ", ".join(
        words[kind](f"{number:,.10g}" if number >= 1e4 else f"{number:g}") for kind, number in key.bounds
    )


def norm_rows(data: Mapping[str, Any], form: Form, search: str, language: str) -> list[dict[str, Any]]:
    """The county's own values, and what a search for norms finds."""
    words = terms("metric", language) | terms("confidence", language) | terms("stage", language)
    words |= {topic: said[language] for topic, said in topics().items()}
    return overrides.rows(data, form, search, words)


@cache
def topics() -> dict[str, dict[str, str]]:
    """What norms speak of, in both languages."""
    return tomllib.loads(Path(__file__).with_name("topics.toml").read_text(encoding="utf-8"))


def fault_groups(faults: Sequence[Fault], language: str) -> dict[str, list[dict[str, Any]]]:
    """Faults by the field they belong beside; those that belong to none under an empty name."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for fault in faults:
        row = told(fault, language)
        groups.setdefault(row["field"], []).append(row)
    return groups


def change_rows(found: Sequence[Change], language: str) -> list[dict[str, str]]:
    """Differences in words, old and new."""
    return [change_row(one, language) for one in found]


def change_row(one: Change, language: str) -> dict[str, str]:
    """One difference in words; empty where a setting is absent."""
    return {
        "label": label(one.path, language),
        "key": ".".join(one.path),
        "old": value_text(one.path, one.old, language),
        "new": value_text(one.path, one.new, language),
    }
