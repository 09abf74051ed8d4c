"""The finding of the coverage panel, its four accounts and its two measures, as sentences from a stage's summary.

A stage's summary is ``stages.<stage>`` of ``summary.json``. A key that is missing or unknown leaves its sentence out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from geoplan.reasons.catalogue import term, terms
from geoplan.reasons.figures import known, sentence, subject, whole

ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")
Summary = Mapping[str, Any]


def headline(summary: Summary, language: str, *, stage: str | None = None) -> str:
    """The finding in one sentence, about reach on foot.

    Where one limit holds for all it is named; where limits differ by setting or grade the sentence says so; where
    none is set it gives the distance within which half of all children have their nearest school, or, where that is
    not known, the distance half of those with a place walk.

    Parameters
    ----------
    summary
        Uses ``pupils, schools, rules, walk_share, reach, nearest_m, walk_m, served_by``.
    stage
        Names the school; ``summary["stage"]`` when None, plain "school" when neither is there.
    """
    words = names(summary, language, stage)
    base = known(summary.get("pupils"))
    if not base:
        return sentence("headline_no_pupils", language, **words)
    if known(summary.get("schools")) == 0:
        code, params = _no_schools(summary)
        return sentence(code, language, base=base, **params, **words)
    if not has_limit(summary):
        code, params = _without_limit(summary, base)
        return sentence(code, language, **params, **words)
    limit = common_limit(summary.get("rules") or ())
    near = _share_within(summary, base, limit)
    if near is None:
        return sentence("headline_unknown", language, base=base, **words)
    if near <= 0:
        return sentence("headline_none_within", language, base=base, **words)
    who = subject(near, base, words["children"], language)
    code, params = _within(limit)
    return sentence(code, language, subject=who, school=words["school"], **params)


def account_sentences(summary: Summary, language: str, *, stage: str | None = None) -> list[str]:
    """One sentence an account that has anybody in it, then how the served travel and how far they walk.

    Counts are rounded by largest remainder, so that they add up to the pupils. Where no school states its places only
    reach is said: who has a place is not known.
    """
    words = names(summary, language, stage)
    exact = account_amounts(summary)
    if exact is None:
        return []
    base = sum(exact.values())
    said = [
        sentence(code, language, pupils=count, share=amount / base, base=base, **params, **words)
        for (name, amount), count in zip(exact.items(), rounded(exact).values(), strict=True)
        for code, params in [_account(name, summary)]
        if base > 0 and (count > 0 or name == next(iter(exact)))
    ]
    return [*said, *_range(summary, base, language), *_served_by(summary, language), *_walks(summary, language)]


def both_ways(summary: Summary, language: str, *, stage: str | None = None) -> list[str]:
    """The straight and the walked share side by side, and what the difference is not."""
    base = known(summary.get("pupils"))
    straight, walk = known(summary.get("radius_share")), known(summary.get("walk_share"))
    if not base or straight is None or walk is None:
        return []
    words = names(summary, language, stage)
    rules = summary.get("rules") or ()
    code, params = _measures(rules)
    said = [sentence(code, language, straight=straight, walk=walk, base=base, **params, **words)]
    if any("metric_unspecified" in flags(rule) for rule in rules):
        said.append(sentence("both_ways_unspecified", language))
    if any(rule.get("metric") == "straight" for rule in rules) and walk < straight:
        said.append(sentence("both_ways_code", language))
    return said


def fullest(schools: Iterable[Mapping[str, Any]], language: str, *, count: int = 3) -> list[str]:
    """The fullest schools, one line each; rows hold ``name, load`` (pupils per place) and ``places``."""
    rows = [row for row in schools if known(row.get("load")) is not None and known(row.get("places"))]
    rows.sort(key=lambda row: (-float(row["load"]), str(row.get("name"))))
    return [
        sentence(
            "school_full", language, name=row.get("name") or row.get("id"), load=row["load"], places=row["places"]
        )
        for row in rows[:count]
    ]


def rule_sentences(rules: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    """The limits in use, one line each, in the order given, none twice."""
    return list(dict.fromkeys(_rule(rule, language) for rule in rules))


def names(summary: Summary, language: str, stage: str | None) -> dict[str, str]:
    """What the school and its children are called."""
    key = stage or summary.get("stage") or "any"
    key = key if key in terms("school", language) else "any"
    return {"school": term(f"school.{key}", language), "children": term(f"children.{key}", language)}


def flags(rule: Mapping[str, Any]) -> Sequence[str]:
    """Flags of a rule, as a list or as text."""
    value = rule.get("flags") or ()
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)


def has_limit(summary: Summary) -> bool:
    """Whether any rule of the stage sets a limit; rules not given count as set."""
    rules = summary.get("rules") or ()
    return not rules or any(rule.get("metric") != "none" for rule in rules)


def places_known(summary: Summary) -> bool:
    """Whether any school of the stage states its places; a stage without schools has none to state."""
    schools, unknown = known(summary.get("schools")), known(summary.get("schools_places_unknown"))
    if not schools:
        return True
    return not (unknown == schools or ("places" in summary and not known(summary.get("places"))))


def account_amounts(summary: Summary) -> dict[str, float] | None:
    """Pupils by account, those in reach together where places are not known; None where an account is missing."""
    accounts = summary.get("accounts") or {}
    found = {name: known(accounts.get(name)) for name in ACCOUNTS}
    amounts = {name: amount for name, amount in found.items() if amount is not None}
    if len(amounts) < len(ACCOUNTS) or places_known(summary):
        return amounts if len(amounts) == len(ACCOUNTS) else None
    reached = amounts.pop("served") + amounts.pop("in_reach_no_place")
    return {"in_reach_places_unknown": reached, **amounts}


def rounded(accounts: Mapping[str, float]) -> dict[str, int]:
    """The accounts in whole pupils, as every page and sentence gives them."""
    return dict(zip(accounts, whole([*accounts.values()]), strict=True))


def search_cap(rules: Iterable[Mapping[str, Any]]) -> float | None:
    """How far schools are looked for where no rule sets a limit; None where one does or the distance is not known."""
    found = list(rules)
    caps = [known(rule.get("limit_m")) for rule in found if rule.get("metric") == "none"]
    return max((cap for cap in caps if cap is not None), default=None) if len(caps) == len(found) else None


def held_straight(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a straight line can be held against any of the limits; a time or no limit can not."""
    found = list(rules)
    return not found or any(
        rule.get("metric") in ("straight", "network") or "metric_unspecified" in flags(rule) for rule in found
    )


def common_limit(rules: Iterable[Mapping[str, Any]]) -> tuple[str, float] | None:
    """The one limit all rules share, as (``metres`` or ``minutes``, figure); None where they differ."""
    limits = {_limit(rule) for rule in rules}
    return limits.pop() if len(limits) == 1 else None


def _limit(rule: Mapping[str, Any]) -> tuple[str, float] | None:
    figure = known(rule.get("value"))
    if rule.get("metric") == "none" or figure is None:
        return None
    return ("minutes" if rule.get("metric") == "time" else "metres", figure)


def left_out_private(summary: Summary) -> tuple[float, float | None] | None:
    """Private schools that take no pupils by nearness, and their places (None where not known); None without any."""
    found = (summary.get("ownership") or {}).get("private") or {}
    count = known(found.get("schools"))
    return None if not count or found.get("recruiting") else (count, known(found.get("places")))


def _no_schools(summary: Summary) -> tuple[str, dict[str, float]]:
    """No school that recruits; private ones are named, so that nobody reads them as not there."""
    private = left_out_private(summary)
    if private is None:
        return "headline_no_schools", {}
    count, places = private
    if places is None:
        return "headline_private_only_unknown", {"count": count}
    return "headline_private_only", {"count": count, "places": places}


def _without_limit(summary: Summary, base: float) -> tuple[str, dict[str, float]]:
    """Said of all children by their nearest school, else of those who have a place and walk to it."""
    nearest = known((summary.get("nearest_m") or {}).get("median"))
    if nearest is not None:
        return "headline_no_limit", {"base": base, "median": nearest}
    median = known((summary.get("walk_m") or {}).get("median"))
    ways = summary.get("served_by") or {}
    walkers = sum(known(ways.get(way)) or 0.0 for way in ("walk", "offroad", "outside"))
    if median is None or walkers < 0.5:
        return "headline_unknown", {"base": base}
    return "headline_no_limit_served", {"base": walkers, "median": median}


def _account(name: str, summary: Summary) -> tuple[str, dict[str, float]]:
    """The sentence of an account; who is out of reach is said in metres or minutes on foot, as they are counted."""
    if name == "in_reach_no_place" and summary.get("enrolment") == "nearest":
        return "account_in_reach_no_place_nearest", {}
    if name != "out_of_reach":
        return f"account_{name}", {}
    rules = summary.get("rules") or ()
    if rules and not has_limit(summary):
        cap = search_cap(rules)
        return ("account_not_found", {}) if cap is None else ("account_not_found_within", {"cap": cap})
    limit = common_limit(rules)
    if limit is None:
        return "account_out_of_reach", {}
    return f"account_out_of_reach_{limit[0]}", {"limit": limit[1]}


def _measures(rules: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, float]]:
    """How the two shares are set side by side; a straight line says nothing against a time or no limit."""
    if rules and all(rule.get("metric") == "none" for rule in rules):
        cap = search_cap(rules)
        return ("both_ways_unlimited", {}) if cap is None else ("both_ways_no_limit", {"cap": cap})
    limit = common_limit(rules)
    if limit is None:
        return "both_ways", {}
    return f"both_ways_{limit[0]}", {"limit": limit[1]}


def _share_within(summary: Summary, base: float, limit: tuple[str, float] | None) -> float | None:
    share = known(summary.get("walk_share"))
    if share is None and limit and limit[0] == "metres":
        near = known((summary.get("reach") or {}).get(f"{limit[1]:g}"))
        share = None if near is None else near / base
    return share


def _within(limit: tuple[str, float] | None) -> tuple[str, dict[str, float]]:
    if limit is None:
        return "headline_own_rule", {}
    code = "headline_within_minutes" if limit[0] == "minutes" else "headline_within"
    return code, {"limit": limit[1]}


def _range(summary: Summary, base: float, language: str) -> Iterator[str]:
    bounds = [known(bound) for bound in summary.get("served_range") or () if places_known(summary)]
    if len(bounds) == 2 and base > 0 and None not in bounds:
        low, high = (bound or 0.0 for bound in bounds)
        params = {"low": low, "high": high, "low_share": low / base, "high_share": high / base, "base": base}
        yield sentence("account_served_range", language, **params)


def _served_by(summary: Summary, language: str) -> Iterator[str]:
    """Said only where somebody does not simply walk."""
    ways = {key: known(value) or 0.0 for key, value in (summary.get("served_by") or {}).items()}
    for key in ("offroad", "bus", "boarding", "outside"):
        if ways.get(key, 0.0) >= 0.5:
            yield sentence(f"served_by_{key}", language, pupils=ways[key])


def _walks(summary: Summary, language: str) -> Iterator[str]:
    walk = {key: known((summary.get("walk_m") or {}).get(key)) for key in ("mean", "median", "p95")}
    if None not in walk.values():
        yield sentence("walk_lengths", language, **walk)


def _rule(rule: Mapping[str, Any], language: str) -> str:
    metric = rule.get("metric")
    limit = rule.get("limit_m") if metric == "none" else rule.get("value")
    return sentence(
        f"rule_{metric}",
        language,
        limit=limit,
        setting=rule.get("setting") or "all",
        grades=grades(rule, language),
        force=rule.get("force") or "should",
    )


def grades(rule: Mapping[str, Any], language: str) -> str:
    """The grades a rule speaks of, in words."""
    value = rule.get("grades")
    return (
        sentence("grades_all", language) if value in (None, "", "K") else sentence("grades", language, grades=value)
    )
