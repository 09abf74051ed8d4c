"""New places in sentences: the finding, what more schools bring, who stays without, sub-areas, milestones.

``summary`` is ``summary.json``; rows are those of ``summary["siting"]`` and of the tables ``places_balance`` and
``milestones`` (docs/results.md). A key that is missing or unknown leaves its sentence out. Sentences of one proposal
are in :mod:`geoplan.reasons.proposals` and handed on from here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from geoplan.reasons.catalogue import codes, term, terms
from geoplan.reasons.coverage import names, places_known
from geoplan.reasons.figures import known, listing, sentence
from geoplan.reasons.proposals import (
    AGAINST,
    VERDICTS,
    alternative_sentences,
    check_counts,
    check_verdict,
    currency,
    loads,
    money_unit,
    money_units,
    nested,
    proposal_name,
    proposal_sentences,
    proposal_title,
    reason_sentences,
    school_words,
)

__all__ = [
    "AGAINST",
    "VERDICTS",
    "alternative_sentences",
    "balance_sentence",
    "check_counts",
    "check_verdict",
    "currency",
    "loads",
    "marginal_sentences",
    "milestone_sentence",
    "milestones_of",
    "money_unit",
    "money_units",
    "nested",
    "note_sentences",
    "proposal_name",
    "proposal_sentences",
    "proposal_title",
    "reason_sentences",
    "school_words",
    "siting_headline",
    "siting_reserve",
    "unmet_sentences",
    "warning_word",
    "without_place",
    "worst_of",
    "year_text",
    "years_told",
]

Row = Mapping[Any, Any]
LACKING = ("in_reach_no_place", "out_of_reach", "off_network")
KINDS = ("new", "enlarge", "convert")
LEAST = 0.5  # pupils that are told
MUCH = 0.005  # gaps and shares below this are not spoken of


def siting_headline(summary: Row, language: str, *, stage: str) -> str:
    """The finding in one sentence: how many children have no place in reach in the worst year, and what is proposed.

    Parameters
    ----------
    summary
        ``summary.json``; uses ``stages.<stage>.years``, ``siting.new``, ``siting.enlarge``, ``siting.convert``.
    """
    facts = (summary.get("stages") or {}).get(stage) or {}
    words = names(facts, language, stage)
    if facts and not places_known(facts):
        return sentence("siting_headline_places_unknown", language)
    rows = milestones_of(facts.get("years") or (), stage)
    worst = worst_of(rows, years_told(summary.get("siting") or {}, stage))
    lacking = None if worst is None else without_place(worst)
    if worst is None or lacking is None:
        return sentence("siting_headline_unknown", language)
    if lacking < LEAST:
        span = {"first": year_text(rows[0]), "last": year_text(rows[-1])}
        return sentence("siting_headline_enough", language, **span, **words)
    said = {"year": f"{worst['year']:.0f}", "pupils": lacking, "base": known(worst.get("pupils")), **words}
    siting = summary.get("siting") or {}
    plan = _plan(siting, stage, language)
    if plan:
        return _with_plan(siting, {"plan": plan, **said}, worst, stage, language)
    computed = bool(siting) and not siting.get("not_computed") and stage in siting.get("stages", (stage,))
    return sentence("siting_headline_open" if computed else "siting_headline_only", language, **said)


def siting_reserve(summary: Row, language: str, *, stage: str) -> str:
    """How many of the proposals for a stage are not recommended; empty where all are."""
    siting = summary.get("siting") or {}
    rows = [row for kind in KINDS for row in siting.get(kind) or () if _for_stage(row, stage)]
    weak = sum(row.get("recommended") in (False, 0) for row in rows)
    if not weak:
        return ""
    code = "siting_reserve" + ("" if weak < len(rows) else "_one" if weak == 1 else "_all")
    return sentence(code, language, weak=weak, base=len(rows))


def _for_stage(row: Row, stage: str) -> bool:
    return stage in str(row.get("stage", stage)).split(";")


def _with_plan(siting: Row, said: Mapping[str, Any], worst: Row, stage: str, language: str) -> str:
    """What is proposed and, where it is known to change that year, how many it would leave."""
    year = worst["year"]
    effects = [row for row in siting.get("effect") or () if row.get("stage") == stage and row.get("year") == year]
    gained = _gained(effects[0]) if effects else None
    if gained is None or gained < LEAST:
        return sentence("siting_headline_short", language, **said)
    least, most = _left(float(said["pupils"]), gained, effects[0])
    code = "all" if most < LEAST else "left" if most - least < LEAST else "range"
    return sentence(f"siting_headline_{code}", language, left=least, most=most, **said)


def _left(lacking: float, gained: float, effect: Row) -> tuple[float, float]:
    """Fewest and most who stay without a place; proposals count on foot, and those who gain may have gone by bus.

    Fewest if nobody who gains one had a place by bus or boarding, most if nobody goes that way any more.
    """
    least, pupils, after = max(lacking - gained, 0.0), known(effect.get("pupils")), known(effect.get("served_after"))
    return least, least if pupils is None or after is None else max(min(pupils - after, lacking), least)


def milestones_of(rows: Iterable[Row], stage: str, variant: str = "mid") -> list[Row]:
    """The milestones of a stage by year, of one variant of births."""
    held = [r for r in rows if r.get("stage", stage) == stage and r.get("variant", variant) == variant]
    return sorted((r for r in held if known(r.get("year")) is not None), key=lambda r: float(r["year"]))


def years_told(siting: Row, stage: str) -> list[object]:
    """Years the finding may speak of: those the proposals change, else those planned for; empty for any."""
    effects = [row for row in siting.get("effect") or () if row.get("stage") == stage]
    changed = [row.get("year") for row in effects if (_gained(row) or 0.0) >= LEAST]
    return changed or list(siting.get("years") or ())


def _gained(row: Row) -> float | None:
    before, after = known(row.get("served_before")), known(row.get("served_after"))
    return None if before is None or after is None else after - before


def worst_of(rows: Sequence[Row], planned: Iterable[object] = ()) -> Row | None:
    """The milestone with most pupils without a place, the earliest of several.

    Of the years planned for, where any is named; else of those after the base year, which nothing proposed can
    change; the base year only where none follows.
    """
    counted = [row for row in rows if without_place(row) is not None]
    years = {known(year) for year in planned}
    ahead = [row for row in counted if known(row.get("year")) in years] if years else counted[1:]
    return max(ahead or counted, key=lambda row: without_place(row) or 0.0, default=None)


def without_place(row: Row) -> float | None:
    """Pupils of a milestone who have no place in reach; None where it is not known."""
    parts = [known(row.get(name)) for name in LACKING]
    if None not in parts:
        return sum(part or 0.0 for part in parts)
    pupils, served = known(row.get("pupils")), known(row.get("served"))
    return None if pupils is None or served is None else pupils - served


def marginal_sentences(
    rows: Sequence[Row], language: str, *, unit: object = None, proposed: int | None = None
) -> list[str]:
    """What the first and the last new school bring, all together, and whether that is proven best.

    Parameters
    ----------
    rows
        ``siting.marginal``: ``k, pupils_served, cost, extra_pupils, cost_per_extra_pupil, gap``.
    unit
        Of the costs; nothing is said after a sum when None.
    proposed
        How many new schools are proposed; the next is told as what was not worth it. All rows when None.
    """
    ordered = sorted((row for row in rows if known(row.get("k")) is not None), key=lambda row: float(row["k"]))
    every = [row for row in ordered if float(row["k"]) > 0 and known(row.get("extra_pupils")) is not None]
    steps = [row for row in every if proposed is None or float(row["k"]) <= proposed]
    after = currency(unit, language)
    beyond = [_step("beyond", row, after, language) for row in every[len(steps) : len(steps) + 1]]
    if not steps:
        return beyond
    if float(steps[0]["extra_pupils"]) < 0.5:
        return [sentence("siting_marginal_none", language)]
    said = [_step("first", steps[0], after, language)]
    if len(steps) > 1:
        said.append(_step("last", steps[-1], after, language))
        together = sum(float(row["extra_pupils"]) for row in steps)
        served = steps[-1].get("pupils_served")
        said.append(sentence("siting_marginal_all", language, k=steps[-1]["k"], extra=together, served=served))
    gap, base = known(steps[-1].get("gap")), known(steps[-1].get("pupils_served"))
    if gap is not None:
        code = "siting_gap_proven" if gap < MUCH else "siting_gap_open"
        said.append(sentence(code, language, gap=gap, base=base))
    return [*said, *beyond]


def _step(which: str, row: Row, unit: str, language: str) -> str:
    each = known(row.get("cost_per_extra_pupil"))
    code = f"siting_marginal_{which}" + ("_cost" if each is not None else "")
    return sentence(code, language, k=row["k"], extra=row["extra_pupils"], each=each, unit=unit)


def unmet_sentences(rows: Iterable[Row], language: str, *, areas: Mapping[str, str] | None = None) -> list[str]:
    """Who stays without a place whatever is proposed, and why; ``areas`` gives names by id."""
    reasons = terms("unmet", language)
    return [
        sentence(
            "siting_unmet",
            language,
            area=(areas or {}).get(str(row.get("area_id")), row.get("area_id")),
            year=year_text(row),
            pupils=row.get("pupils"),
            reason=reasons.get(str(row.get("reason")), reasons["unknown"]),
            children=school_words(row.get("stage"), language)["children"],
        )
        for row in rows
        if (known(row.get("pupils")) or 0.0) >= 0.5
    ]


def note_sentences(rows: Iterable[Row], language: str) -> list[str]:
    """Requirements that cannot be met, and what should be known about the choice (``problems`` and ``notes``)."""
    told = [(_note_code(str(row.get("code"))), dict(row.get("params") or {})) for row in rows]
    return [sentence(code, language, **_note_words(params, language)) for code, params in told if code in codes()]


def _note_code(code: str) -> str:
    """Sentence of a problem or note; those of the location models go by their own name."""
    return code if code.startswith("location_") else f"siting_note_{code}"


def _note_words(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    causes, stages, limits = (terms(group, language) for group in ("unusable", "stage", "requirement"))
    keys = [limits.get(str(key), str(key)) for key in params.get("keys") or ()]
    return {
        **params,
        "keys_listed": listing(keys, language),
        "sites_listed": listing([str(site) for site in params.get("sites") or ()], language)
        if isinstance(params.get("sites"), (list, tuple))
        else "",
        "site": params.get("site_id"),
        "form": terms("classic", language).get(str(params.get("model")), params.get("model")),
        "cause": causes.get(str(params.get("reason")), causes["unknown"]),
        "stage": stages.get(str(params.get("stage")), params.get("stage")),
    }


def balance_sentence(row: Row, language: str, *, area: str) -> str:
    """One sub-area in one year: places missing or to spare beside its pupils."""
    balance = known(row.get("balance"))
    warning = str(row.get("warning") or "unknown")
    words = {"area": area, "year": year_text(row), "children": school_words(row.get("stage"), language)["children"]}
    if balance is None or warning not in ("ok", "watch", "short"):
        return sentence("siting_balance_unknown", language, **words)
    said = {"missing": max(-balance, 0.0), "spare": max(balance, 0.0), "pupils": row.get("pupils")}
    code = "short" if balance < 0 else "watch" if warning != "ok" else "ok"
    return sentence(f"siting_balance_{code}", language, **words, **said)


def milestone_sentence(row: Row, language: str) -> str:
    """One year of a stage: how many have a place in reach, and how many are not born yet."""
    base, served = known(row.get("pupils")), known(row.get("served"))
    children = school_words(row.get("stage"), language)["children"]
    words = {"year": year_text(row), "base": base, "children": children}
    if not base or served is None:
        return sentence("siting_milestone_unknown", language, **words)
    said = [sentence("siting_milestone", language, served=served, share=served / base, **words)]
    unborn = known(row.get("share_unborn"))
    if unborn is not None and unborn >= MUCH:
        said.append(sentence("siting_milestone_unborn", language, share=unborn, base=base))
    return ("" if language == "zh" else " ").join(said)


def _plan(siting: Row, stage: str, language: str) -> str:
    """What is proposed for the stage, counted: new schools, classes, conversions."""
    mine = {kind: [row for row in siting.get(kind) or () if _for_stage(row, stage)] for kind in KINDS}
    parts = []
    kinds = {str(row.get("stage", stage)) for row in mine["new"]}
    parts += [
        _new_schools([row for row in mine["new"] if str(row.get("stage", stage)) == kind], kind, stage, language)
        for kind in sorted(kinds, key=lambda name: (name.count(";"), name))
    ]
    classes = sum(known(row.get("classes")) or 0.0 for row in mine["enlarge"])
    if classes:
        code = "siting_plan_class" if classes == 1 else "siting_plan_classes"
        parts.append(sentence(code, language, classes=classes))
    if mine["convert"]:
        parts.append(_counted("siting_plan_convert", len(mine["convert"]), language))
    return sentence("siting_plan_join", language).join(parts)


def _new_schools(rows: Sequence[Row], kind: str, stage: str, language: str) -> str:
    """New schools of one kind, with the places they give the stage."""
    places = sum(_places_of(row, stage) for row in rows)
    told = all(row.get("places_by_stage") for row in rows)
    code = "siting_plan_new_part" if kind != stage and told else "siting_plan_new"
    words = {**school_words(kind, language), "kind": terms("class_kind", language).get(stage, stage)}
    return _counted(code, len(rows), language, places=places, **words)


def _places_of(row: Row, stage: str) -> float:
    """Places of one stage in a proposal; all of them where they are not told apart."""
    told = row.get("places_by_stage")
    by_stage = json.loads(told) if isinstance(told, str) and told.strip() else told
    place = by_stage.get(stage) if isinstance(by_stage, Mapping) else row.get("places")
    return known(place) or 0.0


def _counted(code: str, count: int, language: str, **words: Any) -> str:
    return sentence(f"{code}_one" if count == 1 else code, language, count=count, **words)


def year_text(row: Row) -> str:
    """The year of a row as it is written; empty where there is none."""
    year = known(row.get("year"))
    return "" if year is None else f"{year:.0f}"


def warning_word(warning: object, language: str) -> str:
    """The word of a warning of ``places_balance``."""
    held = terms("warning", language)
    return held.get(str(warning), term("warning.unknown", language))
