"""How far a batch is and how long it will take, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoplan.batch.work import Outcome


@dataclass(frozen=True)
class Progress:
    """Where a batch stands.

    Parameters
    ----------
    total, finished, failed, skipped
        Plans; ``finished`` counts failed and skipped ones too.
    running
        Plans being computed.
    share
        Weight of the finished plans in that of all, 0 to 1.
    eta_s
        Seconds still needed; None before a plan was computed in this batch: nothing was measured yet.
    latest
        The plan finished just now, if one was.
    """

    total: int
    finished: int
    failed: int
    skipped: int
    running: tuple[str, ...]
    share: float
    eta_s: float | None
    latest: Outcome | None = None


def remaining_s(
    weights: Mapping[str, int],
    computed: Mapping[str, Outcome],
    spent_s: Mapping[str, float | None],
    workers: int,
) -> float | None:
    """Seconds until all plans are computed, at the pace of those that are.

    Parameters
    ----------
    weights
        Bytes of every plan.
    computed
        Plans computed in this batch; those without a run tell nothing about the pace.
    spent_s
        Plans still to come: seconds since they were begun, None where they wait.
    """
    paced = [outcome for outcome in computed.values() if outcome.state == "done"]
    if not spent_s:
        return 0.0
    if not paced:
        return None
    pace = sum(outcome.seconds for outcome in paced) / sum(weights[outcome.key] for outcome in paced)
    left = [max(0.0, pace * weights[key] - (spent or 0.0)) for key, spent in spent_s.items()]
    return max(max(left), sum(left) / max(1, min(workers, len(left))))
