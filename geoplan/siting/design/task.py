"""What a design is made from: demand by stage and year, what may be built where, and what the county asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

Kind = Literal["build", "enlarge", "convert"]


@dataclass(frozen=True)
class StageDemand:
    """Pupils of one stage, where they may go, and the places there are.

    Places are numbered through: existing schools first, then candidates.

    Parameters
    ----------
    stage
        Its id.
    pupils
        Pupils per year and unit (cell x grade band), fractional, shape (years, units).
    unit, place, cost_dm
        Admissible pairs, each within the rule of its unit, candidates included; walk in whole decimetres.
    places
        Places per year and existing school, shape (years, existing): NaN where none are known (counts as none and is
        noted), inf where everybody is taken.
    class_places
        Places of a class that is built, added or converted.
    unit_key
        Stable, unique names of the units; the row number where absent.
    """

    stage: str
    pupils: F64
    unit: NDArray[np.integer]
    place: NDArray[np.integer]
    cost_dm: NDArray[np.integer]
    places: F64
    class_places: float
    unit_key: NDArray[np.generic] | None = None


@dataclass(frozen=True)
class Option:
    """One thing that may be done at one place, once.

    Parameters
    ----------
    kind
        ``build`` (a school on a candidate), ``enlarge`` (an existing school), ``convert`` (classes of an existing
        school from the stage ``takes`` to the one stage given).
    place
        Number of the place.
    stages
        Stages that gain classes; two for a nine-year school.
    classes_min, classes_max
        Whole classes per stage, in the order of ``stages``, if the option is taken.
    class_cost
        Cost of a class, per stage.
    opening_cost
        Cost that does not depend on the number of classes.
    classes_total
        Most classes of all stages together (land); the sum of ``classes_max`` when None.
    ready
        First year it may stand; any year when None.
    closes
        Year from which its places are gone again (the school closes); never when None.
    takes
        The stage that gives up its classes; only with ``convert``.
    """

    kind: Kind
    place: int
    stages: tuple[str, ...]
    classes_min: tuple[int, ...]
    classes_max: tuple[int, ...]
    class_cost: tuple[float, ...]
    opening_cost: float = 0.0
    classes_total: int | None = None
    ready: int | None = None
    closes: int | None = None
    takes: str | None = None


@dataclass(frozen=True)
class Limits:
    """What the county asks for.

    Parameters
    ----------
    max_new
        Most new schools; no limit when None.
    budget
        Money for everything; no limit when None.
    phase_budgets
        Money for what opens up to and in a year, by year (cumulative).
    force, forbid
        Ids of candidates that must, or may not, be built on; forbidden existing schools are neither enlarged nor
        converted.
    unusable
        Why a candidate has no option, by id (``fails``, ``too_small`` …), told where such a site is forced.
    worth
        Most money one more pupil served (of an average year) may cost by a further new school: schools are added one
        by one until the next is not worth it. None adds as many as serve anybody.
    """

    max_new: int | None = None
    budget: float | None = None
    phase_budgets: Mapping[int, float] = field(default_factory=dict)
    force: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=dict)
    worth: float | None = None


@dataclass(frozen=True)
class Judgement:
    """When a decision is shown without being recommended.

    Parameters
    ----------
    load_floor
        Least load (pupils / places) in every plan year it stands.
    cost_ceiling
        Most cost per pupil gained, as a multiple of ``usual_place_cost``.
    usual_place_cost
        Cost of one place by stage, as assumed or given; the decision's own cost per place where absent.
    classes_floor
        Fewest classes of a new school, by stage; a nine-year school needs them in one of its stages.
    """

    load_floor: float = 0.0
    cost_ceiling: float = float("inf")
    usual_place_cost: Mapping[str, float] = field(default_factory=dict)
    classes_floor: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Effort:
    """How long to search. Node and round limits stop at the same point on every machine, the time limit does not.

    Parameters
    ----------
    nodes, row_nodes, walk_nodes
        Branch-and-bound nodes of a goal in all; of a goal of a row of the marginal table; of the goal of walking.
    rounds
        Integer programs of one goal.
    enough
        Relative gap above which the construction is tried as well where goal one is not proven.
    time_limit_s
        For everything together; what is known then is given, with its gap.
    walk_work, walk_columns
        What the goal of walking may use: pairs times assignments, and class columns times integer programs (one at
        least).
    """

    nodes: int = 1_000
    row_nodes: int = 300
    walk_nodes: int = 100
    rounds: int = 60
    enough: float = 0.005
    time_limit_s: float = 120.0
    walk_work: int = 60_000_000
    walk_columns: int = 400


@dataclass(frozen=True)
class Task:
    """Everything a design needs.

    Parameters
    ----------
    years
        Plan years, ascending.
    stages
        Demand of each stage.
    place_id
        Unique ids: existing schools, then candidates.
    existing
        How many of the places are existing schools.
    options
        What may be done, in any order.
    limits, judgement, effort
        What is asked for, when a decision is recommended, how long to search.
    weights
        What a pupil served counts in each year; 1 / number of years each when None, so that goals read as pupils of
        an average plan year.
    """

    years: tuple[int, ...]
    stages: tuple[StageDemand, ...]
    place_id: tuple[str, ...]
    existing: int
    options: tuple[Option, ...]
    limits: Limits = field(default_factory=Limits)
    judgement: Judgement = field(default_factory=Judgement)
    effort: Effort = field(default_factory=Effort)
    weights: tuple[float, ...] | None = None

    @property
    def year_weights(self) -> F64:
        """Weight of a pupil by year."""
        if self.weights is None:
            return np.full(len(self.years), 1.0 / max(len(self.years), 1))
        return np.asarray(self.weights, np.float64)

    @property
    def stage_ids(self) -> tuple[str, ...]:
        """Ids in order."""
        return tuple(stage.stage for stage in self.stages)
