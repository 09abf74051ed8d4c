"""A workspace with two plans of Toytown, people, a job that is done and one that runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from geoplan.run import Run
from maps import desk
from maps.jobs import alive, queue, records
from maps.people import accounts, passwords
from maps.people.models import database

PASSWORD = "correct horse battery"


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
