"""The worker as a process of its own: serves several people, is killed, is ended, is started beside a server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geoplan.store import list_runs
from geoplan.store.aside import PREFIX
from maps.jobs import alive, records
from maps.jobs.queue import enqueue
from maps.jobs.records import CANCELLED, DONE, LIVE, RUNNING, WAITING, Job

LONGEST_S = 240.0
BESIDE = """
import sys, time
from pathlib import Path
from maps.jobs.beside import worker_beside
if __name__ == "__main__":
    with worker_beside(Path(sys.argv[1])):
        print("up", flush=True)
        sys.stdin.read()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts processes on the workspace; what still runs is killed at the end."""
    begun: list[subprocess.Popen[str]] = []

    def start(*command: str) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(made)
        return made

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def worker(start: Start, folder: Path) -> subprocess.Popen[str]:
    return start("-m", "geoplan", "worker", "--workspace", str(folder))


def ask(folder: Path, plan: str, who: tuple[int, str] = (0, "local"), **params: object) -> Job:
    job = records.create(folder, "run", plan, {"only": ["coverage"], **params}, who=who)
    enqueue(folder, job.id)
    return job


def wait_for(folder: Path, job: Job, true: Callable[[Job], bool]) -> Job:
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        found = records.find(folder, job.id)
        if true(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{found.state} {found.stage}")


def ended(job: Job) -> bool:
    return job.state not in LIVE


def test_jobs_of_two_people_survive_a_killed_and_an_ended_worker(start: Start, folder: Path) -> None:
    """One job is cut off by SIGKILL and is done by the next worker, which is ended by SIGTERM in the middle."""
    pia, paul = ask(folder, "north", (1, "pia")), ask(folder, "south", (2, "paul"))
    first = worker(start, folder)
    wait_for(folder, pia, lambda job: job.stage is not None)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    cut = records.find(folder, pia.id)
    assert cut.state == RUNNING and records.find(folder, paul.id).state == WAITING

    second = worker(start, folder)
    done = wait_for(folder, pia, ended)
    assert done.state == DONE and done.attempts == 2
    assert "worker_lost" in [line.code for line in records.lines(folder, pia.id)]
    assert [run.run_id for run in list_runs(folder / "north")] == [done.result["run_id"]]
    told = wait_for(folder, paul, ended)
    assert told.problem and told.problem["kind"] == "data"

    third = ask(folder, "north")
    wait_for(folder, third, lambda job: job.stage is not None)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    left = records.find(folder, third.id)
    assert (left.state, left.worker, left.attempts) in {(WAITING, None, 0), (DONE, left.worker, 1)}
    assert alive.living(folder) == [] and not list(folder.rglob(f"{PREFIX}*/*"))


def test_a_server_keeps_one_worker_and_neither_outlives_the_other(start: Start, folder: Path) -> None:
    server = start("-c", BESIDE, str(folder))
    assert server.stdout and server.stdout.readline() == "up\n"
    until = time.monotonic() + LONGEST_S
    while not alive.living(folder) and time.monotonic() < until:
        time.sleep(0.1)
    (first,) = alive.living(folder)
    os.kill(int(first.split(" ")[2]), signal.SIGKILL)
    while (now := alive.living(folder)) in ([], [first]) and time.monotonic() < until:
        time.sleep(0.1)
    assert len(now) == 1 and now != [first], "another one was started"
    waits = ask(folder, "north")
    records.ask_to_stop(folder, waits)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    while alive.living(folder) and time.monotonic() < until:
        time.sleep(0.1)
    assert alive.living(folder) == [], "the worker ended with its server"
    assert records.find(folder, waits.id).state == CANCELLED
