"""A workspace with two plans of Toytown, people, a job that is done and one that runs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from geoplan.run import Run
from maps import desk
from maps.jobs import alive, queue, records
from maps.people import accounts, passwords
from maps.people.models import database

PASSWORD = "correct horse battery"
LONGEST_S = 120.0
SLOW = """
import sys, time
from maps.app import create_app
from maps.operation.serving import leave, serve
app = create_app({"WORKSPACE": sys.argv[1], "GRACE_SECONDS": sys.argv[3]})
@app.get("/slow/<int:seconds>")
def slow(seconds):
    print("asked", flush=True)
    time.sleep(seconds)
    return b"x" * 3_000_000
if serve(app, "127.0.0.1", int(sys.argv[2]), ready=lambda text: print(text, flush=True)):
    leave()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def start(*command: str, **environment: str) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        begun.append(made)
        return made

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask(port: int, path: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=LONGEST_S) as answer:
        return bytes(answer.read())


def wait_until(true: Callable[[], object], why: str) -> None:
    until = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < until, why
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        return b"ok" in ask(port, "/healthz")
    except OSError:
        return False


def group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if group == str(leader) and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash quickly: what is tested is not how long it takes."""
    real, passwords.METHOD = passwords.METHOD, "scrypt:1024:8:1"
    yield
    passwords.METHOD = real


@pytest.fixture
def desk_folder(tmp_path: Path, workspace: Path, toytown: Run) -> Iterator[Path]:
    folder = tmp_path / "one" / "workspace"
    for name in ("east", "west"):
        shutil.copytree(workspace / "toytown", folder / name, ignore=shutil.ignore_patterns("cache"))
    (folder / "east" / "cache").mkdir(exist_ok=True)
    (folder / "east" / "cache" / "slow.npy").write_bytes(b"made anew")
    (folder / "east" / "scenarios").mkdir(exist_ok=True)
    (folder / "east" / "scenarios" / "more.toml").write_text('name = "more"\n', encoding="utf-8")
    (folder / "west" / ".writing-x").mkdir()
    (folder / "west" / ".writing-x" / "half").write_bytes(b"half")
    for name, role in (("ada", "administrator"), ("vera", "viewer")):
        accounts.add(database(folder), name, role, password=PASSWORD)
    done = records.create(folder, "run", "east", {"only": ["coverage"]}, who=(1, "ada"))
    taken = records.claim(folder, done.id, "worker")
    assert taken and records.change(folder, taken, state="done", result={"run_id": toytown.run_id})
    running = records.create(folder, "run", "west", {"only": ["coverage"]}, who=(1, "ada"))
    assert records.claim(folder, running.id, alive.myself())
    alive.beat(folder, alive.myself())
    yield folder
    for one in (folder, tmp_path / "two" / "workspace"):
        queue.forget(one)
        desk.forget(one)
