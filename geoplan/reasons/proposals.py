"""One proposal in sentences: what, where and when, what it costs, whom it helps, how full it is, what is against it.

A row is one of the table ``proposals`` of a run (docs/results.md); what is missing or unknown is said to be unknown.
``reasons``, ``checks`` and ``alternatives`` are lists of mappings, or the same as JSON text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from geoplan.reasons.care import Note
from geoplan.reasons.catalogue import codes, term, terms
from geoplan.reasons.figures import known, listing, sentence, whole
from geoplan.reasons.siting_checks import rule_word

Row = Mapping[Any, Any]
VERDICTS = ("pass", "conditional", "fail", "unknown")
NOT_EVALUATED = "not_evaluated"
AGAINST = frozenset(
    {
        "load_low",
        "below_minimum",
        "cost_high",
        "check_failed",
        "land_unknown",
        "gains_few",
        "look_at",
    }
)
_LOAD = re.compile(r"load_(\d{4})")
_TOGETHER = {"primary;junior": "nine_year", "primary;junior;senior": "twelve_year"}
_BUILD = {"education_plot": "siting_build_plot", "search_area": "siting_build_search"}


def proposal_sentences(row: Row, language: str, *, low_load: float | None = None) -> list[Note]:
    """Everything an official asks of a proposal, one sentence each, in a fixed order.

    Parameters
    ----------
    row
        A row of ``proposals``.
    low_load
        Share of places (0 to 1) below which building has to be weighed against other ways; not said when None.

    Returns
    -------
    list of Note
        ``code`` names the sentence.
    """
    told = [
        *_what(row),
        *_gain(row),
        *_walk(row),
        *_cost(row),
        *_loads(row, language, low_load),
        *_checks(row, language),
    ]
    words = school_words(row.get("stage"), language)
    return [
        Note(code, sentence(code, language, **{**_words(row, words, language), **params})) for code, params in told
    ]


def proposal_title(row: Row, language: str) -> str:
    """The sentence that says what is to be done where and when."""
    return proposal_sentences(row, language)[0].text


def proposal_name(row: Row, language: str) -> str:
    """What a place is called: its name, else its id; a search area is only near what it is named after."""
    name = row.get("name")
    called = name if isinstance(name, str) and name.strip() else str(row.get("site_id"))
    return sentence("siting_near", language, name=called) if row.get("kind") == "search_area" else called


def reason_sentences(row: Row, language: str, *, against: bool | None = None) -> list[Note]:
    """Why it is proposed and why it is not recommended; only one of the two where ``against`` says which.

    Reasons whose code or parameters are not known here are left out.
    """
    reasons = nested(row.get("reasons"))
    found = [_reason(reason, row, language) for reason in reasons]
    told = [*(note for note in found if note is not None), *_instead(reasons, language)]
    return [note for note in told if against is None or (note.code in AGAINST) == against]


def alternative_sentences(row: Row, language: str) -> list[str]:
    """The sites that come close, each with what it would give; one sentence where none does."""
    children = school_words(row.get("stage"), language)["children"]
    gained = known(row.get("pupils_gained"))
    told = [_alternative(other, gained, children, language) for other in nested(row.get("alternatives"))]
    return [text for text in told if text] or [sentence("siting_alternatives_none", language)]


def nested(value: object) -> list[dict[str, Any]]:
    """A list of mappings as tables hold it: as a list, as JSON text, or missing."""
    found = json.loads(value) if isinstance(value, str) and value.strip() else value
    return [dict(item) for item in found if isinstance(item, Mapping)] if isinstance(found, (list, tuple)) else []


def loads(row: Row) -> dict[int, float]:
    """Share of its places used by year, in order, the years it is open."""
    found = {int(match[1]): known(row[key]) for key in row if (match := _LOAD.fullmatch(str(key)))}
    return {year: share for year, share in sorted(found.items()) if share is not None}


def check_counts(row: Row) -> dict[str, int]:
    """How many checks have each verdict."""
    found = Counter(check_verdict(check) for check in nested(row.get("checks")))
    return {verdict: found.get(verdict, 0) for verdict in (*VERDICTS, NOT_EVALUATED)}


def check_verdict(check: Row) -> str:
    """The verdict of a check; a rule that is not judged for want of a verified figure is no open question."""
    if str(check.get("code") or "").endswith(NOT_EVALUATED):
        return NOT_EVALUATED
    verdict = str(check.get("verdict"))
    return verdict if verdict in VERDICTS else "unknown"


def school_words(stage: object, language: str) -> dict[str, str]:
    """``school``, ``schools`` and ``children`` of a stage, or of ``primary;junior`` taught in one school."""
    key = _stage_key(stage, "new_school")
    return {
        "school": term(f"new_school.{key}", language),
        "schools": term(f"new_schools.{key}", language),
        "children": term(f"children.{_stage_key(stage, 'children')}", language),
    }


def _stage_key(stage: object, group: str) -> str:
    """The key of a stage, or of stages taught together, in a group of terms; ``any`` where it has no word."""
    held = stage if isinstance(stage, str) else ""
    key = _TOGETHER.get(held, held)
    return key if key in terms(group, "en") else "any"


def currency(unit: object, language: str) -> str:
    """What follows a sum of money: the unit's word, else the unit itself, nothing for the plan's own."""
    if not isinstance(unit, str) or unit.strip() in ("", "plan"):
        return ""
    word = terms("currency", language).get(unit, unit)
    return word if language == "zh" else f" {word}"


def money_units(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The units costs of proposals are in; where there are several, a sum of them has none."""
    return sorted({str(row["cost_unit"]) for row in rows if isinstance(row.get("cost_unit"), str)})


def money_unit(rows: Iterable[Mapping[str, Any]]) -> str | None:
    """The unit all costs of proposals are in; None where they differ or none is stated."""
    units = money_units(rows)
    return units[0] if len(units) == 1 else None


Told = Iterator[tuple[str, Mapping[str, Any]]]


def _words(row: Row, words: Mapping[str, str], language: str) -> dict[str, Any]:
    return {
        **words,
        "name": row.get("name") or row.get("site_id"),
        "unit": currency(row.get("cost_unit"), language),
        "places": row.get("places"),
        "kind": term(f"class_kind.{_stage_key(row.get('stage'), 'class_kind')}", language),
        "year": _year(row.get("year"), language),
        "reference": _year(row.get("reference_year", row.get("year")), language),
    }


def _year(value: object, language: str) -> str:
    year = known(value)
    return sentence("unknown", language) if year is None else f"{year:.0f}"


def _what(row: Row) -> Told:
    classes = known(row.get("classes"))
    if row.get("decision") == "enlarge":
        yield "siting_enlarge_one" if classes == 1 else "siting_enlarge", {"classes": classes}
    elif row.get("decision") == "convert":
        yield "siting_convert", {"classes": classes}
    else:
        yield _BUILD.get(str(row.get("kind")), "siting_build_site"), {"classes": classes}
        site = known(row.get("site_m2"))
        if row.get("kind") != "search_area":
            yield ("siting_land", {"site": site}) if site else ("siting_land_unknown", {})


def _gain(row: Row) -> Told:
    before, after, gained = (known(row.get(f"pupils_{name}")) for name in ("before", "served", "gained"))
    if gained is None or before is None or after is None:
        yield "siting_gain_unknown", {}
    elif gained < 0.5:
        yield "siting_gain_none", {"before": before}
    else:
        yield "siting_gain", {"gained": gained, "before": before, "after": after}


def _walk(row: Row) -> Told:
    before, after = known(row.get("walk_m_before")), known(row.get("walk_m_mean"))
    if after is not None:
        yield "siting_walk" if before is None else "siting_walk_both", {"after": after, "before": before}


def _cost(row: Row) -> Told:
    cost, gained = known(row.get("cost")), known(row.get("pupils_gained"))
    if cost is None:
        yield "siting_cost_unknown", {}
        return
    own = "_own" if row.get("cost_unit") == "plan" else ""
    yield "siting_cost_assumed" if row.get("cost_assumed") else f"siting_cost{own}", {"cost": cost}
    if gained is not None and gained >= 0.5 and cost > 0:
        yield "siting_cost_each", {"each": cost / gained, "pupils": gained}


def _loads(row: Row, language: str, low_load: float | None) -> Told:
    found = loads(row)
    if not found:
        return
    of_all = "_whole" if row.get("decision") == "enlarge" else ""
    items = [sentence("siting_load_year", language, year=year, load=share) for year, share in found.items()]
    yield f"siting_load{of_all}", {"items": listing(items, language)}
    over = [year for year, share in found.items() if share > 1 + 1e-9]
    if over:
        yield "siting_load_over", {"years": _years(over, language)}
    if low_load is None:
        return
    low = [year for year, share in found.items() if share < low_load]
    if low:
        yield f"siting_load_falls{of_all}", {"years": _years(low, language), "threshold": low_load}
    else:
        yield f"siting_load_holds{of_all}", {"year": max(found), "threshold": low_load}


def _years(years: Sequence[int], language: str) -> str:
    return listing([str(year) for year in years], language)


def _checks(row: Row, language: str) -> Told:
    counts = check_counts(row)
    total = sum(counts.values())
    if not total:
        if row.get("decision") not in ("enlarge", "convert"):
            yield "siting_checks_none", {}
        return
    items = [sentence(f"siting_checks_{verdict}", language, count=n) for verdict, n in counts.items() if n]
    yield "siting_checks", {"count": total, "items": listing(items, language)}


def _reason(reason: Mapping[str, Any], row: Row, language: str) -> Note | None:
    code = str(reason.get("code"))
    if f"siting_reason_{code}" not in codes():
        return None
    words = {**_words(row, school_words(row.get("stage"), language), language), "pupils": row.get("pupils_gained")}
    words |= reason.get("params") or {}
    if "stage" in (reason.get("params") or {}):  # of a school of several stages, the one that is meant
        words["kind"] = term(f"class_kind.{_stage_key(words['stage'], 'class_kind')}", language)
    if "rule" in words:
        words["rule"] = rule_word(str(words["rule"]), language)
    if "year" in words:
        words["year"] = _year(words["year"], language) if known(words["year"]) is not None else words["year"]
    try:
        return Note(code, sentence(f"siting_reason_{code}", language, **words))
    except KeyError:  # a reason that says less than its sentence needs
        return None


def _instead(reasons: Sequence[Mapping[str, Any]], language: str) -> Iterator[Note]:
    """What to look at before building: the ways named, or all of them where the places would stay empty."""
    known_ways = terms("instead", language)
    named = [str(reason.get("code")).removeprefix("look_at_") for reason in reasons if _is_way(reason)]
    empty = any(reason.get("code") == "load_low" for reason in reasons)
    ways = [known_ways[way] for way in named if way in known_ways] or (list(known_ways.values()) if empty else [])
    if ways:
        yield Note("look_at", sentence("siting_look_at", language, ways=listing(ways, language)))


def _is_way(reason: Mapping[str, Any]) -> bool:
    return str(reason.get("code")).startswith("look_at_")


def _alternative(other: Mapping[str, Any], gained: float | None, children: str, language: str) -> str:
    pupils, name = known(other.get("pupils_gained")), other.get("name") or other.get("site_id")
    if pupils is None or pupils < 0.5:  # it would do nothing in its stead
        return ""
    less = whole([gained if gained is not None else pupils])[0] - whole([pupils])[0]
    code = "siting_alternative_same" if not less else f"siting_alternative{'' if less > 0 else '_more'}"
    return sentence(code, language, name=name, pupils=pupils, children=children, fewer=less, more=-less)
