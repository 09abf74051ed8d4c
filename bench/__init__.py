"""Side by side with the libraries people use today: the same input, results asserted equal, ratios in one run.

A module of this package that measures has ``rows(small)``, yielding `Row`; ``python -m bench`` prints them all.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    work, peer
        What was done, and what it is compared with.
    ours, theirs
        Seconds (or MB where ``unit`` says so), the peer's scaled to the same work.
    goal
        The ratio theirs / ours to reach; None where there is none.
    note
        What was scaled, sizes, versions.
    """

    work: str
    peer: str
    ours: float
    theirs: float
    goal: float | None = None
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times less we need."""
        return self.theirs / max(self.ours, 1e-9)

    @property
    def verdict(self) -> str:
        """Goal met, not met, or none set."""
        if self.goal is None:
            return ""
        return f"{'met' if self.ratio >= self.goal else 'NOT MET'} (>= {self.goal:g})"


def best_of(work: Callable[[], Result], times: int = 3) -> tuple[Result, float]:
    """The result and the least wall time of some runs: what the machine can do when left alone."""
    least, result = float("inf"), None
    for _ in range(times):
        result = None
        gc.collect()
        begun = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - begun)
    assert result is not None
    return result, least


def side_by_side(
    ours: Callable[[], Result], theirs: Callable[[], Other], *, rounds: int = 3, ours_a_round: int = 3
) -> tuple[Result, float, Other, float]:
    """Both results and their least wall times, by turns, so that a busy machine is busy for both."""
    mine, peer = best_of(ours, ours_a_round), best_of(theirs, 1)
    for _ in range(rounds - 1):
        mine = mine[0], min(mine[1], best_of(ours, ours_a_round)[1])
        peer = peer[0], min(peer[1], best_of(theirs, 1)[1])
    return *mine, *peer


def peak_mb(work: Callable[[], object]) -> float:
    """Most resident memory while working, above what was resident before (Linux with glibc), MB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # give back what earlier work has freed, or it would hide what this one needs
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = _kb(status, "VmRSS")
    kept = work()
    top = _kb(status, "VmHWM")
    del kept
    return max((top - before) / 1024, 0.1)


def process_peak_mb() -> float:
    """Most resident memory of this process so far (Linux), MB; unlike ``ru_maxrss`` without that of its parent."""
    return _kb(Path("/proc/self/status"), "VmHWM") / 1024


def _kb(status: Path, name: str) -> int:
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1])


HEADINGS = ("work", "compared with", "ours", "theirs", "ratio", "goal", "note")


def cells(row: Row) -> tuple[str, ...]:
    """A row as the table shows it."""
    ours, theirs = (f"{value:.4g} {row.unit}" for value in (row.ours, row.theirs))
    return row.work, row.peer, ours, theirs, f"{row.ratio:.1f} x", row.verdict, row.note


def print_table(rows: Iterable[Row]) -> list[Row]:
    """Print rows as they come, aligned, and return them."""
    widths = (44, 40, 12, 12, 9, 18, 0)
    print("  ".join(text.ljust(width) for text, width in zip(HEADINGS, widths, strict=True)).rstrip())
    shown = []
    for row in rows:
        line = "  ".join(text.ljust(width) for text, width in zip(cells(row), widths, strict=True))
        print(line.rstrip(), flush=True)
        shown.append(row)
    return shown
