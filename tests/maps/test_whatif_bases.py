"""What what-ifs start from: each run's files are read once, and no run waits for another's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maps.whatif import bases


def test_a_run_waits_for_no_other_and_is_read_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = Path("large"), Path("small")
    reading, done, under_way = threading.Event(), threading.Event(), list[Path]()

    def read(path: Path) -> str:
        assert path not in under_way, "two read the same files at once"
        under_way.append(path)
        if path == large:
            reading.set()
            assert done.wait(30)
        under_way.remove(path)
        return path.name

    monkeypatch.setattr(bases, "_started", read)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(bases.started, large)
        assert reading.wait(30)
        second = pool.submit(bases.started, large)
        try:
            assert pool.submit(bases.started, small).result(10) == "small"
            assert not first.done() and not second.done()
        finally:
            done.set()
        assert first.result(30) == second.result(30) == "large"
