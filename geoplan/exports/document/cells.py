"""Figures as cells: the text people read and the same figure as a number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoplan.exports.document.parts import Cell
from geoplan.exports.document.words import printable
from geoplan.reasons import decimal, known, metres, people, percent, sentence

NONE = "–"  # no figure belongs here
COUNT, DECIMAL, YEAR = "#,##0", "#,##0.0#", "0"
_KILOMETRES_FROM_M = 10_000


def said(text: object) -> Cell:
    """Words; an en dash for nothing."""
    written = printable(str(text)).strip() if isinstance(text, str) else ""
    return Cell(written or NONE)


def empty() -> Cell:
    """No figure belongs here."""
    return Cell(NONE)


def unknown(language: str) -> Cell:
    """A figure that is not known, in words."""
    return Cell(sentence("unknown", language))


def count(value: object, language: str) -> Cell:
    """Pupils, places, money: whole, with thousands separators."""
    amount = known(value)
    if amount is None:
        return unknown(language)
    return Cell(people(amount, language), float(math.floor(amount + 0.5)), COUNT)


def signed(value: object, language: str) -> Cell:
    """A balance: a true minus sign before what is missing, in the text and in the number's format."""
    amount = known(value)
    if amount is None:
        return unknown(language)
    whole = float(math.floor(amount + 0.5)) + 0.0
    text = people(abs(whole), language)
    return Cell(f"−{text}" if whole < 0 else text, whole, f'{COUNT};"−"{COUNT}')


def share(ratio: object, language: str) -> Cell:
    """A share in whole per cent; "under 1 %" is words."""
    amount = known(ratio)
    if amount is None:
        return unknown(language)
    amount = round(amount, 9)  # noise of adding is no part
    text = percent(amount, language)
    if 0 < amount < 0.005 or 0.995 <= amount < 1:
        return Cell(text)
    space = text.lstrip("0123456789,").rstrip("%")
    return Cell(text, math.floor(100 * amount + 0.5) / 100, f'{COUNT}"{space}"%' if space else f"{COUNT}%")


def length(distance_m: object, language: str) -> Cell:
    """A distance in metres, from ten kilometres on in kilometres."""
    amount = known(distance_m)
    if amount is None:
        return unknown(language)
    text = metres(amount, language)
    unit = text.lstrip("0123456789,.")
    if amount >= _KILOMETRES_FROM_M:
        kilometres = round(amount / 1000, 1)
        return Cell(text, kilometres, f'{COUNT if kilometres.is_integer() else "#,##0.0"}"{unit}"')
    return Cell(text, float(math.floor(amount + 0.5)), f'{COUNT}"{unit}"')


def plain(value: object, language: str) -> Cell:
    """A number with at most two decimals."""
    amount = known(value)
    if amount is None:
        return unknown(language)
    shown = float(f"{amount:.2f}")
    return Cell(decimal(amount, language), shown, COUNT if shown.is_integer() else DECIMAL)


def year(value: object, language: str) -> Cell:
    """A year; an en dash where there is none."""
    amount = known(value)
    return empty() if amount is None else Cell(f"{amount:.0f}", float(f"{amount:.0f}"), YEAR)


def spread(values: Sequence[object], language: str) -> Cell:
    """``−22 … 150``, as given; one figure where both ends are the same; unknown where either end is."""
    ends = [known(value) for value in values]
    if None in ends or not ends:
        return unknown(language)
    low, high = (signed(end, language).text for end in ends)
    return Cell(low if low == high else f"{low} … {high}")


def money(amount: object, unit: str, language: str) -> Cell:
    """An amount with its unit as it follows a figure (`` yuan``, ``元``)."""
    made = count(amount, language)
    if made.number is None or not unit:
        return made
    named = unit.replace('"', "")
    return Cell(f"{made.text}{named}", made.number, f'{COUNT}"{named}"')


def exact(value: object) -> Cell:
    """A figure of a standard or a factor, with every digit it has."""
    amount = known(value)
    if amount is None:
        return empty()
    text = f"{amount:,.12g}"
    decimals = len(text.partition(".")[2])
    return Cell(text, amount, f"#,##0.{'0' * decimals}" if decimals else COUNT)


def factor(value: object, language: str) -> Cell:
    """A factor with four decimals at most."""
    amount = known(value)
    return unknown(language) if amount is None else exact(float(f"{amount:.4f}"))
