"""Batches on real processes: equal for any number of workers, resumed, interrupted, robbed of a worker."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geoplan.batch import running
from geoplan.batch.ledger import STATE, held, read_ledger
from geoplan.batch.plans import list_plans
from geoplan.batch.pools import pool
from geoplan.batch.progress import Progress
from geoplan.batch.province import province
from geoplan.batch.running import Order, run_batch
from geoplan.batch.summary import write_summary
from geoplan.errors import PlanError
from geoplan.network.search import reach, seeds_at
from geoplan.run import Run
from geoplan.store.aside import PREFIX
from tests.geoplan.batch.towns import DRAW, draw, write_broken, write_town
from tests.geoplan.network.towns import town

PARTS = ("coverage",)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province")
    write_town(folder / "east")
    write_town(folder / "north", places=40)
    write_broken(folder / "south")
    return folder


def order(towns: Path, out: Path, **more: object) -> Order:
    given = {"plans": list_plans([towns]), "out": out, "apart": True, "parts": PARTS, "render": DRAW}
    return Order(**{**given, **more})  # type: ignore[arg-type]


def states(ledger: running.Ledger) -> dict[str, str]:
    return {key: entry.outcome.state for key, entry in ledger.items()}


def tables(folder: Path) -> dict[str, bytes]:
    kinds = (".parquet", ".tif", ".html", ".csv", ".xlsx")
    files = [*folder.rglob("*"), *folder.rglob("summary.json")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files if p.suffix in kinds}


def test_one_and_two_workers_give_the_same_bytes_and_one_bad_county_stops_nobody(towns: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    ledgers = [
        run_batch(order(towns, tmp_path / "one", workers=1), watch=seen.append),
        run_batch(order(towns, tmp_path / "two", workers=2)),
    ]
    for ledger, name in zip(ledgers, ("one", "two"), strict=True):
        assert states(ledger) == {"east": "done", "north": "done", "south": "data"}
        write_summary(province(ledger), tmp_path / name, language="zh")
    first, second = tables(tmp_path / "one"), tables(tmp_path / "two")
    assert first == second and len(first) > 20
    assert any(name.endswith("map.html") for name in first)
    faults = ledgers[0]["south"].outcome.faults
    assert {"primmary", "many"} & {str(fault["value"]) for fault in faults}
    assert all(fault["message_zh"] and fault["remedy_en"] for fault in faults)
    _progress_was_measured(seen)
    _a_second_round_computes_only_what_is_missing(towns, tmp_path / "one")


def _progress_was_measured(seen: list[Progress]) -> None:
    assert [p.finished for p in seen if p.latest] == [1, 2, 3]
    assert all(p.eta_s is None for p in seen if not p.finished)
    assert all(len(p.running) <= 1 for p in seen)
    shares = [p.share for p in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1)
    assert seen[-1].failed == 1 and seen[-1].eta_s == 0


def _a_second_round_computes_only_what_is_missing(towns: Path, out: Path) -> None:
    seen: list[Progress] = []
    again = run_batch(order(towns, out, workers=1, resume=True), watch=seen.append)
    assert states(again) == {"east": "done", "north": "done", "south": "data"}
    assert seen[0].skipped == 2 and [p.latest.key for p in seen if p.latest] == ["south"]


def kill_north(run: Run, language: str) -> bytes:
    if run.summary["title"] == "North":
        os.kill(os.getpid(), signal.SIGKILL)
    return draw(run, language)


def test_a_killed_process_costs_one_plan_only(towns: Path, tmp_path: Path) -> None:
    ledger = run_batch(order(towns, tmp_path, workers=2, render=f"{__name__}:kill_north"))
    assert states(ledger) == {"east": "done", "north": "failed", "south": "data"}
    assert "ended from outside" in ledger["north"].outcome.message
    assert not list((tmp_path / "north").rglob(f"{PREFIX}*"))
    assert states(read_ledger(tmp_path)) == states(ledger)


def test_an_interrupted_batch_leaves_nothing_half_written_and_goes_on(towns: Path, tmp_path: Path) -> None:
    def stop_after_one(progress: Progress) -> None:
        if progress.finished:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(order(towns, tmp_path, workers=1), watch=stop_after_one)
    kept = read_ledger(tmp_path)
    assert states(kept) == {"east": "done"} and kept["east"].stands
    assert not list(tmp_path.rglob(f"{PREFIX}*"))
    seen: list[Progress] = []
    rest = run_batch(order(towns, tmp_path, workers=1, resume=True), watch=seen.append)
    assert states(rest) == {"east": "done", "north": "done", "south": "data"}
    assert seen[0].skipped == 1


def test_one_batch_at_a_time_and_a_damaged_ledger_is_named(towns: Path, tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(PlanError, match="another batch"):
        run_batch(order(towns, tmp_path))
    (tmp_path / STATE).write_text('{"plans": 3}', encoding="utf-8")
    with pytest.raises(PlanError, match="damaged"):
        run_batch(order(towns, tmp_path, resume=True))


def test_without_dask_the_scheduler_is_refused_with_the_remedy(towns: Path, tmp_path: Path) -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        with pytest.raises(PlanError, match=r"requirements-scale\.txt"):
            run_batch(order(towns, tmp_path, scheduler="tcp://127.0.0.1:1"))
    else:
        with pytest.raises(PlanError, match="does not answer"):
            run_batch(order(towns, tmp_path, scheduler="tcp://127.0.0.1:1"))


def reach_of_town(seed: int) -> NDArray[np.int32]:
    """A search with threads of its own."""
    graph = town(seed, side=40).graph()
    return reach(graph, seeds_at(graph, np.arange(0, 1600, 7)), 400, threads=2).dist_dm


def test_many_threads_and_a_process_pool_in_one_process_never_abort() -> None:
    """Kernels run on threads of ours while processes are spawned and work: no fork, no threads of numba's."""
    expected = reach_of_town(0)
    with ThreadPoolExecutor(8) as threads, pool(2) as processes:
        near = [threads.submit(reach_of_town, k % 2) for k in range(24)]
        far = [processes.submit(reach_of_town, 0) for _ in range(4)]
        near += [threads.submit(reach_of_town, k % 2) for k in range(24)]
        found = [future.result(timeout=300) for future in (*far, *near[::2])]
    assert all(np.array_equal(one, expected) for one in found)
