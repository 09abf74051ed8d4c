"""The county's own values of norms as rows of the form, each beside the norm's own value and source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from geoplan.standards import Norm, Standards, known_standards, own_values
from maps.edit.fields import Data, Form, put, written

MOST = 30  # norms shown for one search
PARTS = ("value", "source", "note")
SECTION = ("standards", "override")


def override_form(data: Mapping[str, Any]) -> Form:
    """The fields of every norm that has a value of the county's own."""
    norms = _norms(data)
    found: Form = {}
    for norm_id, entry in _entries(data).items():
        texts = {part: str(entry.get(part, "")) for part in PARTS} | {"value": _shown(norms.get(norm_id), entry)}
        found |= {f"{part}:{norm_id}": [texts[part]] for part in PARTS}
    return found


def data_with(form: Mapping[str, list[str]], data: Data, before: Mapping[str, Any]) -> Data:
    """``data`` with the overrides of the form that differ from ``before``; an empty value takes one away."""
    was, norms = override_form(before), _norms(data)
    for norm_id in dict.fromkeys(name.removeprefix("value:") for name in form if name.startswith("value:")):
        now = {part: form.get(f"{part}:{norm_id}", [""])[0].replace("\r\n", "\n") for part in PARTS}
        old = {part: was.get(f"{part}:{norm_id}", [""])[0] for part in PARTS}
        if now != old:
            _set(data, norm_id, _meant(norms.get(norm_id), now, _entries(before).get(norm_id, {})))
    return data


def _set(data: Data, norm_id: str, value: Any) -> None:
    """Where the override stands already, with or without quotes, else under its whole id."""
    held = data.get("standards")
    override = held.get("override") if isinstance(held, dict) else None
    path = _place(override, norm_id) if isinstance(override, dict) else None
    put(data, (*SECTION, *(path or (norm_id,))), value)
    standards = data.get("standards")
    if value is None and isinstance(standards, dict) and isinstance(standards.get("override"), dict):
        standards["override"] = _filled(standards["override"])
        if not standards["override"]:
            del standards["override"]


def _filled(held: Mapping[str, Any]) -> Data:
    """Without tables that have become empty."""
    inner = {name: _filled(one) if isinstance(one, dict) else one for name, one in held.items()}
    return {name: one for name, one in inner.items() if one != {}}


def _place(held: Mapping[str, Any], norm_id: str) -> tuple[str, ...] | None:
    for name, inner in held.items():
        if name == norm_id:
            return (name,)
        if norm_id.startswith(f"{name}.") and isinstance(inner, dict) and "value" not in inner:
            found = _place(inner, norm_id.removeprefix(f"{name}."))
            if found:
                return (name, *found)
    return None


def _meant(norm: Norm | None, now: Mapping[str, str], old: Mapping[str, Any]) -> Any:
    text = now["value"].strip()
    if not text:
        return None
    value = text if norm is not None and isinstance(norm.value, str) else _parsed(text)
    rest = {part: now[part].strip() for part in ("source", "note") if now[part].strip()}
    unit = {"unit": old["unit"]} if "unit" in old else {}
    return {"value": value, **unit, **rest} if rest or unit else value


def _parsed(text: str) -> Any:
    """A number, yes or no, or a list as TOML has it; any other text stays one."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text


def _shown(norm: Norm | None, entry: Mapping[str, Any]) -> str:
    value = entry["value"]
    return value if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    return written([*map(_list, value)]) if isinstance(value, list | tuple) else written(value)


def _list(value: Any) -> Any:
    return [*map(_list, value)] if isinstance(value, tuple | list) else value


def _section(data: Mapping[str, Any]) -> Mapping[str, Any]:
    held = data.get("standards")
    return held if isinstance(held, Mapping) else {}


def _entries(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    held = _section(data).get("override")
    return own_values(held) if isinstance(held, Mapping) else {}


def _norms(data: Mapping[str, Any]) -> Mapping[str, Norm]:
    standards = known_standards(_section(data))
    return standards.norms if standards else {}


def rows(
    data: Mapping[str, Any], form: Mapping[str, list[str]], search: str, words: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The norms of the form, then those a search finds; each with its own value, source and what is entered."""
    standards = known_standards(_section(data))
    asked = [name.removeprefix("value:") for name in form if name.startswith("value:")]
    found = _found(standards, search, words) if standards and search.strip() else []
    norms = standards.norms if standards else {}
    ids = [one for one in dict.fromkeys(asked) if form[f"value:{one}"][0] or one in _entries(data) or one in found]
    ids += [one for one in found if one not in ids][:MOST]
    return [_row(one, norms.get(one), form, words) for one in ids]


def _row(norm_id: str, norm: Norm | None, form: Mapping[str, list[str]], words: Mapping[str, str]) -> dict[str, Any]:
    given = {part: form.get(f"{part}:{norm_id}", [""])[0] for part in PARTS}
    if norm is None:
        return {"id": norm_id, "known": False, "given": given, "choices": ()}
    own = norm.value if isinstance(norm.value, str) else _plain(norm.value)
    source = f"{norm.source}, {norm.clause}" if norm.clause else norm.source
    said = (source, words.get(norm.confidence, norm.confidence))
    return {
        "id": norm_id,
        "known": True,
        "own": f"{own} {norm.unit}".strip(),
        "unit": norm.unit,
        "about": " · ".join(words.get(part, part) for part in (norm.stage, norm.topic, norm.metric or "") if part),
        "source": " · ".join(part for part in said if part),
        "choices": norm.choices,
        "given": given,
    }


def _found(standards: Standards, search: str, words: Mapping[str, str]) -> list[str]:
    """Ids of norms in which every word of the search occurs."""
    wanted = search.lower().split()
    texts = {norm.id: _searched(norm, words).lower() for norm in standards.norms.values()}
    return [norm_id for norm_id, text in texts.items() if all(word in text for word in wanted)][:MOST]


def _searched(norm: Norm, words: Mapping[str, str]) -> str:
    said = (words.get(part, "") for part in (norm.stage, norm.topic, norm.metric or ""))
    return " ".join((norm.id, norm.stage, norm.topic, norm.source, norm.clause, norm.note, norm.unit, *said))
