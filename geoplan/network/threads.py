"""Work shared out to threads: compiled kernels release the lock, every thread has its own workspace."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

Space = TypeVar("Space")
Piece = TypeVar("Piece")
Found = TypeVar("Found")


def workers(threads: int | None = None) -> int:
    """Threads to use: as asked, else one per core, at most 2."""
    return max(1, min(2, os.cpu_count() or 1) if threads is None else threads)


def share_out(
    task: Callable[[Space, Piece], Found], pieces: Sequence[Piece], workspace: Callable[[], Space], threads: int
) -> list[Found]:
    """Run ``task(workspace, piece)`` for every piece; results in the order of the pieces.

    A workspace serves one piece at a time and at most ``threads`` of them are made. Threads live only for this
    call, so a process may fork before or after it.
    """
    count = max(1, min(threads, len(pieces)))
    free: SimpleQueue[Space] = SimpleQueue()
    for _ in range(count):
        free.put(workspace())

    def run(piece: Piece) -> Found:
        space = free.get()
        try:
            return task(space, piece)
        finally:
            free.put(space)

    if count == 1:
        return [run(piece) for piece in pieces]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, pieces))


def blocks(count: int, size: int) -> list[tuple[int, int]]:
    """``count`` rows cut into ranges of at most ``size``."""
    return [(first, min(first + size, count)) for first in range(0, count, size)]
