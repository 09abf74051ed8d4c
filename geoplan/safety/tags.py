"""Values of OpenStreetMap tags as bounds: what they may mean at least and at most, and what is wrong with them.

Nothing here fails on any text. A value that cannot be understood, or that contradicts another, counts as unknown and
is told as a `Wrong`; several values at once ("30;50") become bounds. Meanings follow the OpenStreetMap wiki.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from geoplan.safety.words import IMPLICIT_SPEED, TABLES

Tags = Mapping[str, str]

MPH_KM_H, KNOT_KM_H, FOOT_M = 1.609344, 1.852, 0.3048
FASTEST_KM_H, MOST_LANES, WIDEST_M = 150.0, 16.0, 60.0
SILENT_SPEEDS = TABLES["speed_silent"]
NUMBER = r"\d+(?:[.,]\d+)?"


class Wrong(NamedTuple):
    """One thing wrong with the tags of an element: fault code, tag and value as written."""

    code: str
    tag: str
    value: str


class Reading(NamedTuple):
    """Bounds of a figure, NaN where nothing is known, and what was wrong."""

    low: float = math.nan
    high: float = math.nan
    wrong: tuple[Wrong, ...] = ()

    @property
    def given(self) -> bool:
        """Whether anything is known."""
        return not math.isnan(self.low)

    @property
    def certain(self) -> bool:
        """Whether the figure is known exactly."""
        return self.low == self.high


class Choice(NamedTuple):
    """A yes or no, None where it is not known, and what was wrong."""

    value: bool | None = None
    wrong: tuple[Wrong, ...] = ()


UNKNOWN = Reading()


def plain(value: str) -> str:
    """Full-width characters, capitals and spaces around it evened out."""
    return unicodedata.normalize("NFKC", value).strip().lower()


def parts(value: str) -> list[str]:
    """The values a text lists, split at ``;`` and ``|``."""
    return [part.strip() for part in re.split(r"[;|]", plain(value)) if part.strip()]


def speed_km_h(value: str, tag: str = "maxspeed") -> Reading:
    """Speed limit in km/h.

    Examples
    --------
    >>> speed_km_h("20 mph").low
    32.18688
    >>> speed_km_h("30;50")[:2]
    (30.0, 50.0)
    >>> speed_km_h("CN:urban")[:2]
    (30.0, 70.0)
    """
    return _spread(value, tag, [_one_speed(part) for part in parts(value)])


def implied_speed(value: str) -> Reading:
    """Speed of a legal context such as ``DE:zone30``; UNKNOWN, without a fault, for any other text."""
    found = [_context_speed(part) for part in parts(value)]
    return found[0] if len(found) == 1 and found[0] is not None else UNKNOWN


def _one_speed(text: str) -> Reading | None:
    if text in SILENT_SPEEDS:
        return UNKNOWN
    match = re.fullmatch(rf"({NUMBER}) ?(km/h|kmh|kph|km/hr|公里/小时|公里|mph|knots)?", text)
    if match is None:
        return _context_speed(text)
    unit = {"mph": MPH_KM_H, "knots": KNOT_KM_H}.get(match[2] or "", 1.0)
    km_h = _number(match[1]) * unit
    return Reading(km_h, km_h) if 0 < km_h <= FASTEST_KM_H else None


def _context_speed(text: str) -> Reading | None:
    zone = re.fullmatch(r"(?:[a-z]{2}:(?:zone:?)?|zone:?)(\d{2})", text)
    if zone is not None:
        return Reading(float(zone[1]), float(zone[1]))
    known = IMPLICIT_SPEED.get(text) or IMPLICIT_SPEED.get(text.partition(":")[2])
    return Reading(*known) if known is not None else None


def lane_count(value: str, tag: str = "lanes") -> Reading:
    """Number of lanes; ``1.5`` says a road on which two cars pass with care, so one or two."""
    return _spread(value, tag, [_one_count(part) for part in parts(value)])


def _one_count(text: str) -> Reading | None:
    if not re.fullmatch(NUMBER, text):
        return None
    count = _number(text)
    return Reading(float(math.floor(count)), float(math.ceil(count))) if 1 <= count <= MOST_LANES else None


def width_m(value: str, tag: str = "width") -> Reading:
    """Width in metres; feet and inches (``6'6"``) too."""
    return _spread(value, tag, [_one_width(part) for part in parts(value)])


def _one_width(text: str) -> Reading | None:
    feet = re.fullmatch(r"(\d+)'(?:(\d+)\")?", text)
    metres = re.fullmatch(rf"~?({NUMBER}) ?(m|cm|ft|米)?", text)
    if feet is not None:
        found = (int(feet[1]) + int(feet[2] or 0) / 12) * FOOT_M
    elif metres is not None:
        found = _number(metres[1]) * {"cm": 0.01, "ft": FOOT_M}.get(metres[2] or "", 1.0)
    else:
        return None
    return Reading(found, found) if 0 < found <= WIDEST_M else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _spread(value: str, tag: str, found: Sequence[Reading | None]) -> Reading:
    """From the least to the greatest of several values; unknown when one of them cannot be understood."""
    understood = [one for one in found if one is not None]
    if len(understood) < len(found) or not found:
        return Reading(wrong=(Wrong("tag_value_unknown", tag, value),))
    if any(not one.given for one in understood):
        return UNKNOWN
    low, high = min(one.low for one in understood), max(one.high for one in understood)
    several = len(found) > 1 and low < high
    return Reading(low, high, (Wrong("tag_several_values", tag, value),) if several else ())


def choice(tags: Tags, tag: str, words: str | None = None) -> Choice:
    """Yes or no by the words of a tag (``lit``, ``surface`` …); None where absent or unclear.

    Several values are a yes or a no only where they agree.
    """
    value = tags.get(tag)
    if value is None:
        return Choice()
    name = words or tag
    found = {_word(part, name) for part in parts(value)}
    if not found or "wrong" in found:
        return Choice(None, (Wrong("tag_value_unknown", tag, value),))
    return Choice({"yes": True, "no": False}.get(found.pop()) if len(found) == 1 else None)


def _word(text: str, name: str) -> str:
    """``yes``, ``no``, ``silent`` or ``wrong``; what follows a colon refines a value (``concrete:plates``)."""
    for kind in ("yes", "no", "silent"):
        known = TABLES.get(f"{name}_{kind}", frozenset())
        if text in known or text.partition(":")[0] in known:
            return kind
    return "wrong"


def hours_speeds(value: str) -> list[float]:
    """Speeds of ``maxspeed:conditional`` that hold at hours or on days; limits for lorries or rain are left out.

    Examples
    --------
    >>> hours_speeds("30 @ (Mo-Fr 07:00-17:00); 60 @ (weight>7.5)")
    [30.0]
    """
    found = re.findall(rf"({NUMBER})\s*(mph)?\s*@\s*(\([^)]*\)|[^;]*)", unicodedata.normalize("NFKC", value))
    times = re.compile(r"\d{1,2}:\d{2}|\b(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)\b|sunrise|sunset|school")
    speeds = [_number(text) * (MPH_KM_H if mph else 1.0) for text, mph, when in found if times.search(when)]
    return [one for one in speeds if 0 < one <= FASTEST_KM_H]
