"""The county's own siting model: stages and years together, whole classes, a budget, goals in order with proof."""

from geoplan.siting.design.classic import CLASSIC, Classic, chosen_design, classic_design, classic_instance
from geoplan.siting.design.outcome import Alternative, Decision, Design, Goal, MarginalRow, Reason, StageYears
from geoplan.siting.design.solve import design
from geoplan.siting.design.task import Effort, Judgement, Limits, Option, StageDemand, Task

__all__ = [
    "CLASSIC",
    "Alternative",
    "Classic",
    "Decision",
    "Design",
    "Effort",
    "Goal",
    "Judgement",
    "Limits",
    "MarginalRow",
    "Option",
    "Reason",
    "StageDemand",
    "StageYears",
    "Task",
    "chosen_design",
    "classic_design",
    "classic_instance",
    "design",
]
