"""A desk with something on every page: plans and jobs in every state, people, an access list, a token."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.datastructures import FileStorage

from geoplan.batch.ledger import Entry
from geoplan.batch.province import province
from geoplan.batch.summary import write_summary
from geoplan.batch.work import Outcome
from geoplan.store import write_run
from maps.app import create_app
from maps.edit import kept
from maps.jobs import records
from maps.jobs.records import CANCELLED, DONE, FAILED, Job
from maps.people import access, accounts, passwords, tokens
from maps.people.models import database
from tests.browser.serving import serving
from tests.geoplan.batch.towns import write_broken, write_town
from tests.toytown import toytown_run, write_toytown
from tests.toytown.siting import with_siting

PASSWORD = "correct horse battery"
PLAN = "newtown"
VERSION = kept.Version("plan-20250101T000000Z-0123456789abcdef", "2025-01-01T00:00:00+00:00", "pia", "0" * 16)
UPLOAD = "00112233445566aa"
FAULT = {
    "code": "stage_unknown", "severity": "error", "file": "schools.csv", "row": 2, "column": "stage",
    "value": "primmary", "message_en": "No such stage.", "message_zh": "没有这一学段。",
    "remedy_en": "Write primary.", "remedy_zh": "请写小学。",
}  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A server where people log in (ada, with PASSWORD), its application, and its jobs by state."""

    server: str
    app: Flask
    jobs: dict[str, Job]


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A desk on loopback for the time of the block."""
    real, passwords.METHOD = passwords.METHOD, "scrypt:1024:8:1"
    _plans(folder)
    jobs = _jobs(folder)
    app = create_app({"WORKSPACE": folder, "AUTH": "login", "PROPAGATE_EXCEPTIONS": False})
    _people(folder, app)
    _upload(folder, app)
    app.add_url_rule("/our-fault", "our_fault", _fail)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with serving(app) as address:
        yield Desk(address, app, jobs)
    passwords.METHOD = real


def _fail() -> str:
    raise RuntimeError("meant to fail")


def _plans(folder: Path) -> None:
    write_toytown(folder / PLAN)
    run = with_siting(toytown_run())
    write_run(run, folder / PLAN)
    other = {**run.manifest, "scenario": "smaller", "created": "2025-02-03T04:05:06+00:00"}
    write_run(replace(run, run_id="ba9876543210", manifest=other), folder / PLAN)
    kept._keep(folder / PLAN, VERSION, (folder / PLAN / "plan.toml").read_text(encoding="utf-8") + "# earlier\n")
    write_town(folder / "fallow")
    write_broken(folder / "torn")
    (folder / "torn" / "plan.toml").write_text('[plan]\nname = "torn"\ncolour = "red"\n', encoding="utf-8")


def _people(folder: Path, app: Flask) -> None:
    engine = database(folder)
    for name, role in {"ada": "administrator", "pia": "planner"}.items():
        accounts.add(engine, name, role, password=PASSWORD)
    found = accounts.find(engine, "ada"), accounts.find(engine, "pia")
    assert found[0] and found[1]
    tokens.make(engine, found[0].person, "QGIS", "viewer")
    tokens.make(engine, found[1].person, "script", "viewer")
    with app.app_context():
        access.grant(PLAN, found[1].person.id, "own")


def _upload(folder: Path, app: Flask) -> None:
    """An unfinished upload with faults, warnings and a refused file; and how the data of a plan came in."""
    from maps.upload import checking, record, staging, taking

    plain = sorted(path for path in (folder / PLAN).iterdir() if path.is_file())
    files = {"NOTICE.md": b"read me", **{path.name: path.read_bytes() for path in plain}}
    files["schools.csv"] = files["schools.csv"].replace(b"School,primary,", b"School,primmary,")
    with app.test_request_context():
        place = staging.folder_of(UPLOAD)
        for part in (staging.ORIGINAL, staging.DATA):
            (place / part).mkdir(parents=True)
        sent = [FileStorage(io.BytesIO(data), name) for name, data in files.items() if name != "plan.toml"]
        upload = taking.take(record.Upload(UPLOAD, 1, "ada", "2025-02-03T04:05:06+00:00"), sent)
        record.save(place, upload)
        checking.check(upload, place)
        record.save(folder / PLAN, upload)
    (folder / PLAN / record.FILE).rename(folder / PLAN / "brought-in.json")


def _jobs(folder: Path) -> dict[str, Job]:
    def job(state: str, kind: str, plan: str | None, params: dict[str, Any], **values: Any) -> Job:
        made = records.create(folder, kind, plan, params, who=(0, "local"))
        if state != "waiting":
            claimed = records.claim(folder, made.id, "worker")
            assert claimed and records.change(folder, claimed, state=state, **values)
        records.note(folder, made.id, "asked")
        return records.find(folder, made.id)

    run = folder / PLAN / "runs" / "ba9876543210"
    ledger = {
        "newtown": Entry(folder / PLAN, "", Outcome("newtown", "done", run=run)),
        "torn": Entry(folder / "torn", "", Outcome("torn", "failed", message="No such stage.")),
    }
    out = folder / ".geoplan" / "batches" / "one"
    files = [path.name for path in write_summary(province(ledger), out)]
    batch = {
        "folder": out.relative_to(folder).as_posix(),
        "files": files,
        "plans": {"newtown": "done", "torn": "failed"},
        "runs": {"newtown": run.name},
    }
    moving = {"stage": "reach", "stage_at": records.stamp(), "expected": {"reach": 30.0, "map": 10.0}}
    return {
        "batch": job(DONE, "batch", None, {"plans": ["newtown", "torn"]}, result=batch),
        "failed": job(FAILED, "run", "fallow", {}, problem={"kind": "data", "detail": "…", "faults": [FAULT]}),
        "cancelled": job(CANCELLED, "run", "fallow", {}),
        "running": job("running", "run", PLAN, {}, **moving),
        "waiting": job("waiting", "run", PLAN, {"scenario": "smaller"}),
    }
