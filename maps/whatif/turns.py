"""Turns: few what-ifs are counted at a time in a process, so that those who only look never wait for a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, g

AT_ONCE = 2  # more would be no quicker: they share the interpreter
PATIENCE_S, AGAIN_S = 0.25, 1

_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def turn(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Count within the block, having waited that long at most.

    503 with ``Retry-After`` where others are at it, some still reading files.
    """
    if not _turns.acquire(timeout=patience_s):
        g.retry_after_s = AGAIN_S
        abort(503, "changes of others are being counted: ask again in a second")
    try:
        yield
    finally:
        _turns.release()
