"""Figures as people read them, in Chinese and English: counts, distances, minutes, shares with their base."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from geoplan.reasons.catalogue import Writer, fill, terms, text

_NEAR = 0.0125  # a fraction is said when the share is this close to it
_KILOMETRES_FROM_M = 10_000
_MU_M2 = 2000 / 3
_CLAUSE = re.compile(r"(Art|App|Tab|s|r)\.? ?([\dA-Z][^ ]*)(?: (\w+))?")
_MONEY: Mapping[str, tuple[tuple[str, float], ...]] = {  # words for large sums, the largest first
    "en": (("money_large", 1e6),),
    "zh": (("money_large", 1e8), ("money_middle", 1e4)),
}


def known(value: object) -> float | None:
    """The number, or None when it is missing, no number or not finite."""
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def people(count: object, language: str) -> str:
    """A count with thousands separators: ``2,214``."""
    return _with(count, language, lambda amount: f"{_rounded(amount):,}")


def decimal(value: object, language: str) -> str:
    """A number with at most two decimals."""
    return _with(value, language, lambda amount: f"{amount:,.2f}".rstrip("0").rstrip("."))


def metres(distance_m: object, language: str) -> str:
    """A distance: ``500 m``, ``1,000 m``, from ten kilometres on ``12.3 km``."""
    amount = known(distance_m)
    if amount is None:
        return text("sentence", "unknown", language)
    if amount >= _KILOMETRES_FROM_M:
        return _form("kilometres", language, f"{amount / 1000:,.1f}".removesuffix(".0"))
    return _form("metres", language, f"{_rounded(amount):,}")


def minutes(duration_min: object, language: str) -> str:
    """A time in whole minutes, or with one decimal where it is not whole."""
    amount = known(duration_min)
    if amount is None:
        return text("sentence", "unknown", language)
    shown = f"{amount:.1f}".removesuffix(".0")
    return _form("minute" if shown == "1" else "minutes", language, shown)


def percent(ratio: object, language: str) -> str:
    """A share in whole per cent; never 0 when something is there, never 100 when something is missing.

    Use :func:`share`, or a sentence that names the base: a percentage alone says nothing.
    """
    amount = known(ratio)
    if amount is None:
        return text("sentence", "unknown", language)
    if 0 < amount < 0.005:
        return _form("under", language, "1")
    if 0.995 <= amount < 1:
        return _form("over", language, "99")
    return _form("percent", language, f"{_rounded(100 * amount):,}")


def money(amount: object, language: str) -> str:
    """A sum in three digits, large ones in words: ``850,000``, ``41.2 million``, ``4120万``, ``1.24亿``."""

    def write(value: float) -> str:
        digits = 3 - len(f"{abs(value):.0f}")
        shown = round(value, digits) if digits < 0 else value
        for form, size in _MONEY[language]:
            if abs(shown) >= size:
                return _form(form, language, f"{shown / size:,.2f}".rstrip("0").rstrip("."))
        return f"{_rounded(shown):,}"

    return _with(amount, language, write)


def area(size_m2: object, language: str) -> str:
    """Land in square metres, in Chinese with mu."""

    def write(value: float) -> str:
        shown = text("form", "area", language).replace("{number}", f"{_rounded(value):,}")
        return shown.replace("{mu}", f"{value / _MU_M2:,.1f}".removesuffix(".0"))

    return _with(size_m2, language, write)


def listing(parts: Sequence[str], language: str) -> str:
    """Parts as one list: ``a, b and c``."""
    first, last = parts[:-1], parts[-1:]
    comma, end = (text("sentence", code, language) for code in ("list_comma", "list_last"))
    return end.join([comma.join(first), *last]) if first else "".join(last)


def share(ratio: object, base: object, language: str) -> str:
    """A share with what it is a share of: ``71 % of 2,214``."""
    return fill(text("sentence", "share_of_base", language), language, WRITERS, {"share": ratio, "base": base})


def source(name: object, language: str) -> str:
    """Where a figure comes from: documents keep their own title."""
    return terms("source", language).get(str(name), str(name))


def clause(place: object, language: str) -> str:
    """Where in a document: ``Art. 52`` is 第52条; what has no word stays as the document writes it."""
    words = terms("clause", language)
    found = _CLAUSE.fullmatch(str(place or ""))
    if found is None:
        return words.get(str(place), str(place or ""))
    kind, number, rest = found.groups()
    return _form(f"clause_{kind}", language, f"{number} {words.get(rest, rest)}" if rest else number)


def document(name: object, place: object, language: str) -> str:
    """A document with the place in it: ``Education Act 1996 s.444(5)``."""
    told = (source(name, language) if name else "", clause(place, language))
    return " ".join(part for part in told if part)


WRITERS: Mapping[str, Writer] = {
    "people": people,
    "decimal": decimal,
    "metres": metres,
    "minutes": minutes,
    "percent": percent,
    "source": source,
    "money": money,
    "area": area,
}


def sentence(code: str, language: str, **params: Any) -> str:
    """The sentence of a reason code.

    Parameters
    ----------
    code
        Key of ``[sentence]``; :func:`geoplan.reasons.codes` lists them.
    params
        What its places need: plain numbers and keys, written by the language's own rules.

    Raises
    ------
    NotFoundError
        Unknown code or language.
    """
    return fill(text("sentence", code, language), language, WRITERS, params)


def subject(ratio: float, base: float, children: str, language: str) -> str:
    """A share of children in plain words: ``Four in five children``, ``63 % of the 2,214 children``."""
    params = {"children": children, "share": ratio, "base": base}
    return fill(text("fraction", _fraction(ratio), language), language, WRITERS, params)


def whole(amounts: Sequence[float]) -> list[int]:
    """Amounts rounded by largest remainder, so that they sum to their rounded total; ties go to the first."""
    floors = [math.floor(amount) for amount in amounts]
    missing = _rounded(sum(amounts)) - sum(floors)
    order = sorted(range(len(amounts)), key=lambda at: (floors[at] - amounts[at], at))
    return [floor + (at in order[:missing]) for at, floor in enumerate(floors)]


_SPOKEN = {
    "1/10": 1 / 10,
    "1/5": 1 / 5,
    "1/4": 1 / 4,
    "1/3": 1 / 3,
    "2/5": 2 / 5,
    "1/2": 1 / 2,
    "3/5": 3 / 5,
    "2/3": 2 / 3,
    "3/4": 3 / 4,
    "4/5": 4 / 5,
    "9/10": 9 / 10,
}


def _fraction(ratio: float) -> str:
    """Key of the words for a share; ``percent`` where no spoken fraction is near."""
    if ratio >= 1:
        return "1/1"
    if ratio >= 0.985:
        return "nearly"
    if 0 < ratio < 0.015:
        return "0/1"
    nearest = min(_SPOKEN, key=lambda key: (abs(_SPOKEN[key] - ratio), key))
    return nearest if abs(_SPOKEN[nearest] - ratio) <= _NEAR else "percent"


def _form(name: str, language: str, number: str) -> str:
    return text("form", name, language).replace("{number}", number)


def _with(value: object, language: str, write: Any) -> str:
    amount = known(value)
    return text("sentence", "unknown", language) if amount is None else str(write(amount))


def _rounded(amount: float) -> int:
    """Nearest whole number, halves up."""
    return math.floor(amount + 0.5)
