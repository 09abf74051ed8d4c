"""What is told of a run is asked once, by everybody together, and goes with the run."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from geoplan.run import Run
from maps import kept
from tests.toytown import toytown_run


def test_it_is_asked_once_for_a_run_and_its_arguments(toytown: Run) -> None:
    asked: list[tuple[str, str]] = []

    @kept.kept
    def told(run: Run, stage: str, *, language: str = "en") -> str:
        asked.append((stage, language))
        return f"{run.run_id} {stage} {language}"

    for _ in range(3):
        assert told(toytown, "primary") == f"{toytown.run_id} primary en"
        told(toytown, "primary", language="zh")
    assert asked == [("primary", "en"), ("primary", "zh")]


def test_many_at_once_wait_for_the_first(toytown: Run) -> None:
    asked: list[int] = []

    def slow() -> str:
        asked.append(1)
        time.sleep(0.05)
        return "told"

    threads = [threading.Thread(target=kept.once, args=(toytown, "slow", slow)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(asked) == 1


def test_what_failed_is_asked_again_and_the_oldest_goes(toytown: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        kept.once(toytown, "fails", lambda: 1 // 0)
    assert kept.once(toytown, "fails", lambda: 7) == 7
    monkeypatch.setattr(kept, "MOST", 2)
    for key in ("a", "b", "c"):
        kept.once(toytown, key, lambda: 1)
    for _ in range(500):
        kept.once(toytown, "d", lambda: 1)
    assert kept.once(toytown, "a", lambda: 2) == 2
    kept._runs.pop(id(toytown))


def test_nothing_outlives_the_run() -> None:
    run = toytown_run()
    number = id(run)
    kept.once(run, "a", lambda: [1])
    assert number in kept._runs
    del run
    gc.collect()
    assert number not in kept._runs
