"""The alternatives of a request put side by side: what is compared, what cannot be, and what differs besides."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from geoplan.compare import IncomparableError, compare, with_all_cells
from geoplan.compare.differs import differing
from geoplan.reasons.figures import listing
from geoplan.run import Run
from maps.compare.alternatives import BASE, LETTERS, Alternative, Choice, base_entry, choices
from maps.language import speaker
from maps.whatif import saved
from maps.workspace import PlanEntry

KEPT = 12  # comparisons
_comparing = threading.Lock()
_kept: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}


@dataclass(frozen=True, eq=False)
class Beside:
    """A comparison.

    Parameters
    ----------
    choices
        What was asked for.
    ready
        Those that are there.
    runs
        Their runs, all with the same cells; none where they cannot be compared.
    found
        What `geoplan.compare` says of these runs; empty where they cannot be compared.
    refused
        Why not, where they cannot.
    """

    choices: tuple[Choice, ...]
    ready: tuple[Alternative, ...]
    runs: tuple[Run, ...]
    found: Mapping[str, Any]
    refused: IncomparableError | None = None


def asked_for(plan: PlanEntry) -> dict[str, str]:
    """Alternatives by letter as the address has them; without any, the plan as it is and what lies nearest to it."""
    given = {letter: request.args.get(letter, "") for letter in LETTERS}
    given = {letter: spec for letter, spec in given.items() if spec.strip()}
    if not given:
        given = {"a": BASE}
    if len(given) < 2 and "b" not in given and (other := _other(plan, set(given.values()))):
        given["b"] = other
    return dict(sorted(given.items()))


def _other(plan: PlanEntry, taken: set[str]) -> str | None:
    """A saved scenario, else another run."""
    names = [f"scenario:{row['name']}" for row in saved.listed(plan) if row["readable"] and row["steps"]]
    if not plan.runs:
        return None
    first = base_entry(plan).run_id
    runs = [f"run:{entry.run_id}" for entry in plan.runs if entry.run_id != first]
    return next((spec for spec in (*names, *runs) if spec not in taken), None)


def beside(plan: PlanEntry, asked: Mapping[str, str], on: str) -> Beside:
    """Everything asked for, and the comparison where at least two are there and fit each other."""
    made = tuple(choices(plan, asked, on))
    ready = tuple(one.found for one in made if one.found is not None)
    if len(ready) < 2:
        return Beside(made, ready, (), {})
    try:
        found = compared([one.run for one in ready])
    except IncomparableError as error:
        return Beside(made, ready, (), {}, error)
    return Beside(made, ready, tuple(with_all_cells([one.run for one in ready])), found)


def compared(runs: Sequence[Run]) -> dict[str, Any]:
    """`geoplan.compare` of runs, kept by their ids: a run is never edited, and a what-if's id holds its steps."""
    key = tuple((run.run_id, str(run.summary.get("plan"))) for run in runs)
    with _comparing:
        if key not in _kept:
            while len(_kept) >= KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[key] = compare(runs)
        return _kept[key]


def refusal(error: IncomparableError, language: str) -> str:
    """Why alternatives cannot be compared, and what to do."""
    say = speaker(language)
    if error.reason == "cells":
        what = listing(differing(error.differs, language), language) or say("the homes")
        return say(
            "These cannot be compared: they were computed from other data (not the same: %(what)s). "
            "Compute both again from the same data.",
            what=what,
        )
    if error.reason == "stages":
        return say("These cannot be compared: they have no stage in common.")
    return say("These cannot be compared: they are of different regions.")


def cautions(found: Mapping[str, Any], ready: Sequence[Alternative], language: str) -> list[str]:
    """What differs besides the actions, one sentence an alternative."""
    say, said = speaker(language), []
    for one, head in zip(ready, found["runs"], strict=True):
        if head["differs"]:
            what = listing(differing(head["differs"], language), language)
            said.append(
                say(
                    "%(letter)s differs from %(first)s not only by its actions. Also not the same: %(what)s. "
                    "Read its differences with care.",
                    letter=one.letter.upper(),
                    first=ready[0].letter.upper(),
                    what=what,
                )
            )
    return said
