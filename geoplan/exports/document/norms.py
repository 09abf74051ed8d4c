"""The standards a run was measured by: every norm that a rule, a check or an assumption of it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geoplan.exports.document import cells
from geoplan.exports.document.nested import nested, records
from geoplan.exports.document.parts import Cell, Column, Section, Table, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, title
from geoplan.exports.document.words import word as unit_word
from geoplan.reasons.figures import clause, source
from geoplan.reasons.safety import word
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import Norm, norm_rows
from geoplan.standards.listing import show

ALWAYS = ("plan.reconciliation", "plan.places.assumed_share")  # what warnings are measured by


def standards(run: Run, language: str) -> Section:
    """The chapter."""
    found = used_norms(run)
    if not found:
        return Section("standards", title("standards", language), _rules_only(run, language))
    made = norm_table("standards", title("standards", language), found, language)
    return Section("standards", title("standards", language), (Text(phrase("all_standards", language), "note"), made))


def used_norms(run: Run) -> list[Norm]:
    """Norms the run names, by id; none where its profile is not known here."""
    profile = run_standards(run)
    if profile is None:
        return []
    wanted = sorted({*_named(run), *(profile.places.get(stage, "") for stage in stages(run))})
    return [profile.norms[name] for name in wanted if name in profile.norms]


def _named(run: Run) -> Iterator[str]:
    yield from ALWAYS
    for facts in stages(run).values():
        yield from (str(rule.get("id")) for rule in facts.get("rules") or [])
    for row in records(run, "proposals", "checks"):
        yield from (str(check.get("norm")) for check in nested(row["checks"]))


def norm_table(key: str, name: str, norms: Iterable[Norm], language: str) -> Table:
    """Norms with value, unit, source, clause and confidence."""
    heads = ("id", "value", "unit", "source", "clause", "confidence")
    widths = {"id": 2.6, "value": 0.9, "unit": 1.0, "source": 2.6, "clause": 0.9, "confidence": 1.6}
    columns = tuple(Column(column(key, language), key == "value", widths[key]) for key in heads)
    return Table(key, name, columns, tuple(_norm(norm, language) for norm in norms))


def _norm(norm: Norm, language: str) -> tuple[Cell, ...]:
    number = isinstance(norm.value, float | int) and not isinstance(norm.value, bool)
    return (
        cells.said(norm.id),
        cells.exact(norm.value) if number else cells.said(_shown(norm, language)),
        cells.said(unit_words(norm.unit, language)),
        cells.said(source(norm.source, language)),
        cells.said(clause(norm.clause, language)),
        cells.said(word("confidence", norm.confidence, language)),
    )


def _shown(norm: Norm, language: str) -> str:
    """A value that is no number, as words."""
    if isinstance(norm.value, bool):
        return unit_word("obligation", "yes" if norm.value else "no", language)
    return show(norm.value)


def unit_words(unit: str, language: str) -> str:
    """A unit in words, part by part; what has no word stays as it is."""
    joint = "、" if language == "zh" else ", "
    return joint.join(unit_word("unit", part.strip(), language) for part in unit.split(","))


def _rules_only(run: Run, language: str) -> tuple[Table, ...]:
    """The rules as the run kept them, where their profile is not known here."""
    heads = ("id", "value", "unit", "source", "confidence")
    rules = {str(rule.get("id")): rule for facts in stages(run).values() for rule in facts.get("rules") or []}
    made = tuple(
        (
            cells.said(name),
            cells.exact(rule.get("value")),
            cells.said(unit_words(str(rule.get("unit") or ""), language)),
            cells.said(source(rule.get("source"), language)),
            cells.said(word("confidence", str(rule.get("confidence")), language)),
        )
        for name, rule in sorted(rules.items())
    )
    columns = tuple(Column(column(key, language), key == "value") for key in heads)
    return (Table("standards", title("standards", language), columns, made),)


def every_norm(run: Run) -> list[dict[str, object]]:
    """All norms of the run's profile as rows, for the spreadsheet."""
    profile = run_standards(run)
    return [] if profile is None else norm_rows(profile)
