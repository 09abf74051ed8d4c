"""One rule judged on one plot: the verdict, the figure found, the figure asked for, and where that stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from geoplan.standards import Norm, Standards, speaks, table

PASS, UNKNOWN, CONDITIONAL, FAIL = "pass", "unknown", "conditional", "fail"
VERDICTS = (PASS, UNKNOWN, CONDITIONAL, FAIL)
"""From best to worst: a known condition weighs more than an open question, and neither is a pass."""
NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True)
class Rule:
    """A row of table ``siting_rules`` with its norm; None for a physical rule."""

    rule: str
    how: str
    norm: Norm | None
    objects: str
    mitigable: bool

    @property
    def asked(self) -> float:
        """The figure of the norm."""
        assert self.norm is not None and isinstance(self.norm.value, int | float)
        return float(self.norm.value)


@dataclass(frozen=True)
class Check:
    """The judgement of one rule on one plot.

    Parameters
    ----------
    rule, verdict
        Which rule; ``pass, conditional, fail`` or ``unknown``.
    code, params
        Reason code (``site_<rule>_<case>``) and what its sentence needs.
    distance_m, threshold_m
        Metres found (rounded down to decimetres) and asked for; None where there is nothing to measure.
    stage
        Where the rule differs by stage, else empty.
    norm, source, clause, confidence
        The norm asked by, empty for physical rules.
    mitigable
        Whether works can satisfy the rule.
    evidence
        The object that decided it.
    """

    rule: str
    verdict: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    distance_m: float | None = None
    threshold_m: float | None = None
    stage: str = ""
    norm: str = ""
    source: str = ""
    clause: str = ""
    confidence: str = ""
    mitigable: bool = False
    evidence: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for a table."""
        return asdict(self) | {"params": dict(self.params)}


def rules_of(standards: Standards, stages: Iterable[str]) -> list[Rule]:
    """The rules of a profile for some stages, in the order of the table; those without a norm in it are left out."""
    asked = tuple(stages)
    rows = [Rule(**{**row, "norm": standards.norms.get(row["norm"])}) for row in table("siting_rules").records()]
    named = [row["norm"] for row in table("siting_rules").records()]
    return [
        rule
        for rule, norm_id in zip(rows, named, strict=True)
        if not norm_id or (rule.norm is not None and any(speaks(standards, rule.norm, stage) for stage in asked))
    ]


def judge(rule: Rule, verdict: str, case: str = "", **found: Any) -> Check:
    """A check of a rule: ``case`` names the sentence (the verdict when empty), ``found`` the check's own fields.

    Everything else among ``found`` is a param of the sentence; ``norm`` replaces the rule's own.
    """
    norm = found.pop("norm", rule.norm)
    own = {name: found.pop(name) for name in ("distance_m", "threshold_m", "stage", "evidence") if name in found}
    told = {} if norm is None else {key: getattr(norm, key) for key in ("source", "clause", "confidence")}
    return Check(
        rule=rule.rule,
        verdict=verdict,
        code=f"site_{rule.rule}_{case or verdict}",
        params=found,
        norm="" if norm is None else norm.id,
        mitigable=rule.mitigable,
        **told,
        **own,
    )


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; unknown where there is none."""
    return max(verdicts, key=VERDICTS.index, default=UNKNOWN)


def verdict_of(checks: Iterable[Check]) -> str:
    """The verdict on a plot: its worst check, where of the stages' areas the best counts.

    A plot too small for one stage may serve another; rules that are not evaluated do not count.
    """
    counted = [check for check in checks if not check.code.endswith(NOT_EVALUATED)]
    by_stage = [check.verdict for check in counted if check.stage]
    best = [min(by_stage, key=VERDICTS.index)] if by_stage else []
    return worst([*best, *(check.verdict for check in counted if not check.stage)])


def down(metres: float) -> float:
    """Metres rounded down to decimetres, so that nothing short of a threshold reads as reaching it."""
    return math.floor(round(metres, 3) * 10) / 10
