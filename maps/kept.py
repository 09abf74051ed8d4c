"""What was told of a run once is kept: a run never changes, and many people look at the same one.

Kept with the run object itself, and gone with it. Functions marked so give back what nobody may change afterwards.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from geoplan.run import Run

Given = ParamSpec("Given")
Found = TypeVar("Found")

MOST = 400  # things kept of one run, the ones used last

_runs: dict[int, tuple[weakref.ref[Run], OrderedDict[Hashable, _Slot]]] = {}
_lock = threading.RLock()


class _Slot:
    """One thing to be told; several who ask at once wait for the first."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: list[Any] = []


def kept(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Ask a pure function once per run and arguments; the run comes first, the other arguments can be hashed."""

    @wraps(function)
    def ask(*given: Given.args, **named: Given.kwargs) -> Found:
        run, *rest = given
        assert isinstance(run, Run)
        key = (function, tuple(rest), tuple(sorted(named.items())))
        return once(run, key, lambda: function(*given, **named))

    return ask


def once(run: Run, key: Hashable, make: Callable[[], Found]) -> Found:
    """What ``make`` gave for a run the first time, for everything it depends on besides the run in ``key``."""
    slot = _slot(run, key)
    with slot.lock:
        if not slot.found:
            slot.found.append(make())
        found: Found = slot.found[0]
        return found


def _slot(run: Run, key: Hashable) -> _Slot:
    number = id(run)
    with _lock:
        if number not in _runs:
            _runs[number] = weakref.ref(run, lambda _: _runs.pop(number, None)), OrderedDict()
        slots = _runs[number][1]
        slot = slots.setdefault(key, _Slot())
        slots.move_to_end(key)
        if len(slots) > MOST:
            slots.popitem(last=False)
        return slot
