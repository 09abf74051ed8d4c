"""A backup brings the same pages back, or says why not and touches nothing."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from geoplan.__main__ import main
from geoplan.errors import NotFoundError, PlanError
from maps import desk
from maps.app import create_app
from maps.jobs import alive, records
from maps.operation.archive import HEAD, LIST
from maps.operation.backup import back_up
from maps.operation.restore import restore
from maps.people import accounts, sessions, tokens, trail
from maps.people.models import database

NONCE = re.compile(rb"nonce(=\"|-)[\w-]{22}")
RUN = "/api/v1/plans/east/runs/latest"
PAGES = (
    "/", "/plans/east?lang=en", "/plans/east?lang=zh", "/plans/west/data", "/plans/east/thumbnail.png",
    "/plans/east/map.html", "/api/v1/plans", RUN, f"{RUN}/layers/cells.geojson", f"{RUN}/layers/schools.csv",
    f"{RUN}/tiles/walk/14/8192/8191.png", f"{RUN}/tiles/base/14/8192/8191.png", "/api/v1/plans/east/scenarios",
)  # fmt: skip


def seen(client: FlaskClient, path: str) -> tuple[int, bytes]:
    answer = client.get(path)
    return answer.status_code, NONCE.sub(b"", answer.data)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The backup of a small workspace without a database."""
    folder = tmp_path / "one" / "small"
    for name in ("east", "west"):
        (folder / name / "runs" / ("0" * 12)).mkdir(parents=True)
        (folder / name / "plan.toml").write_text("title = 'x'", encoding="utf-8")
        (folder / name / "runs" / ("0" * 12) / "summary.json").write_bytes(random.Random(name).randbytes(50_000))
    return back_up(folder, tmp_path / "saved.tgz").path


def test_a_restore_gives_the_same_pages_byte_for_byte(desk_folder: Path, tmp_path: Path) -> None:
    ada = accounts.existing(database(desk_folder), "ada").person
    token = tokens.make(database(desk_folder), ada, "script", "administrator")
    open_client = create_app({"WORKSPACE": desk_folder}).test_client()
    before = {path: seen(open_client, path) for path in PAGES}
    assert {status for status, _ in before.values()} == {200}
    told = trail.entries(database(desk_folder), {})

    made = back_up(desk_folder, tmp_path / "saved.tgz", by="ada")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600 and made.gone == ()
    back = tmp_path / "two" / "workspace"
    done = restore(made.path, back)
    assert done.files == made.files and done.aside is None
    for path in back.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

    client = create_app({"WORKSPACE": back}).test_client()
    for path, answer in before.items():
        assert seen(client, path) == answer, path
    with_login = create_app({"WORKSPACE": back, "AUTH": "login"}).test_client()
    assert with_login.get("/api/v1/plans", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert accounts.existing(database(back), "vera") == accounts.existing(database(desk_folder), "vera")
    kept = trail.entries(database(back), {})
    assert [line for line in kept if line.id <= told[0].id] == told, "the trail goes on where it was"
    assert "restore" in [line.action for line in kept]
    assert trail.entries(database(desk_folder), {})[0].action == "backup"
    assert not (back / "east" / "cache").exists() and not (back / "west" / ".writing-x").exists()
    assert (back / "east" / "scenarios" / "more.toml").read_text() == 'name = "more"\n'
    secret = desk_folder / ".geoplan" / "secret"
    create_app({"WORKSPACE": desk_folder, "AUTH": "login"})
    assert secret.exists() and not (tmp_path / "two" / "workspace" / ".geoplan" / "jobs.sqlite").exists()


def test_what_was_running_waits_and_sessions_are_over(desk_folder: Path, tmp_path: Path) -> None:
    app = create_app({"WORKSPACE": desk_folder, "AUTH": "login"})
    with app.test_request_context():
        cookie = sessions.start(database(desk_folder), accounts.existing(database(desk_folder), "ada").person)
    restore(back_up(desk_folder, tmp_path / "saved.tgz").path, back := tmp_path / "two" / "workspace")
    done, running = reversed(records.listed(back))
    assert (done.state, running.state, running.worker, running.attempts) == ("done", "waiting", None, 0)
    assert [line.code for line in records.lines(back, running.id)] == ["restored"]
    assert alive.living(back) == [] and alive.living(desk_folder) != []
    assert (back / ".geoplan" / "secret").read_bytes() == (desk_folder / ".geoplan" / "secret").read_bytes()
    with create_app({"WORKSPACE": back, "AUTH": "login"}).test_request_context():
        assert sessions.find(database(back), cookie) is None


def test_a_workspace_in_the_way_is_kept(desk_folder: Path, tmp_path: Path) -> None:
    saved = back_up(desk_folder, tmp_path / "saved.tgz").path
    back = tmp_path / "two" / "workspace"
    back.mkdir(parents=True)
    (back / "mine.txt").write_text("mine")
    with pytest.raises(PlanError, match="not empty and is kept"):
        restore(saved, back)
    assert [path.name for path in back.iterdir()] == ["mine.txt"]
    done = restore(saved, back, replace=True)
    assert done.aside and (done.aside / "mine.txt").read_text() == "mine" and (back / "east").is_dir()
    with pytest.raises(PlanError, match="a worker is at work"):
        restore(saved, desk_folder, replace=True)
    alive.leave_all(desk_folder)
    desk.forget(desk_folder)
    (desk_folder / ".geoplan" / "desk.sqlite").write_bytes(b"damaged" * 1000)
    assert restore(saved, desk_folder, replace=True).aside, "a damaged database is what it is for"
    assert accounts.existing(database(desk_folder), "ada")


# archives that are damaged, or made by somebody else

Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def changed(source: Path, change: Change) -> Path:
    with tarfile.open(source) as archive:
        members = [(one, archive.extractfile(one).read()) for one in archive]  # type: ignore[union-attr]
    change(members)
    target = source.with_name("changed.tgz")
    with tarfile.open(target, "w:gz") as archive:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return target


def add(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Change:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        members.insert(2, (member, b"evil" if kind == tarfile.REGTYPE else b""))

    return change


def edit(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    for row, (member, content) in enumerate(members):
        if member.name.endswith("plan.toml"):
            members[row] = member, content.replace(b"t", b"x", 1)


def drop_two(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[:] = [one for one in members if not one[0].name.endswith("summary.json")]


def drop_the_list(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[:] = [one for one in members if one[0].name != LIST]


def later(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[0] = members[0][0], json.dumps({"format": 99, "version": "9.9"}).encode()


BAD: list[tuple[Change, int, str]] = [
    (add("workspace/../../evil"), 1, "outside"),
    (add("/etc/evil"), 1, "outside"),
    (add("workspace//evil"), 1, "outside"),
    (add("workspace/east/link", tarfile.SYMTYPE, "/etc/passwd"), 1, "a link or a device"),
    (add("workspace/east/link", tarfile.LNKTYPE, "workspace/east/plan.toml"), 1, "a link or a device"),
    (add("workspace/fifo", tarfile.FIFOTYPE), 1, "a link or a device"),
    (add("workspace/east/new.txt"), 1, "not in its list"),
    (add("workspace/east/plan.toml/inner"), 1, "cannot be where it says"),
    (edit, 2, "its checksum differs"),
    (drop_two, 2, "is missing"),
    (drop_the_list, 1, "ends too early"),
    (later, 0, "later than this: update first"),
]


@pytest.mark.parametrize(("change", "count", "told"), BAD)
def test_a_bad_archive_is_refused_with_every_fault(
    saved: Path, tmp_path: Path, change: Change, count: int, told: str
) -> None:
    with pytest.raises(PlanError, match=told) as caught:
        restore(changed(saved, change), tmp_path / "two" / "workspace")
    assert str(caught.value).count("\n- ") == count
    assert not list(tmp_path.glob("evil")) and not list((tmp_path / "two").glob("*")), "nothing is left"


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_cut_or_rotten_file_is_refused(saved: Path, tmp_path: Path, part: float) -> None:
    content = saved.read_bytes()
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(PlanError, match=r"is no backup|is damaged"):
        restore(cut, tmp_path / "two" / "workspace")
    place = max(64, int(len(content) * part) - 40)
    cut.write_bytes(
        content[:place] + bytes(byte ^ 0x55 for byte in content[place : place + 30]) + content[place + 30 :]
    )
    with pytest.raises(PlanError, match=r"is no backup|is damaged"):
        restore(cut, tmp_path / "two" / "workspace")
    cut.write_bytes(gzip.compress(b"hello"))
    with pytest.raises(PlanError, match="is no backup"):
        restore(cut, tmp_path / "two" / "workspace")


def test_what_cannot_be_backed_up_is_told(desk_folder: Path, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="there already and is kept"):
        back_up(desk_folder, saved)
    with pytest.raises(PlanError, match="in the workspace itself"):
        back_up(desk_folder, desk_folder / "east" / "saved.tgz")
    with pytest.raises(NotFoundError):
        back_up(tmp_path / "nowhere", tmp_path / "other.tgz")
    desk.forget(desk_folder)
    (desk_folder / ".geoplan" / "desk.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(desk.DeskError):
        back_up(desk_folder, tmp_path / "other.tgz")
    assert not list(tmp_path.glob("*other*")) and not list(tmp_path.glob(".writing*"))


def test_a_full_disk_leaves_nothing_half_done(
    desk_folder: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "addfile", full)
        with pytest.raises(PlanError, match="the disk is full"):
            back_up(desk_folder, tmp_path / "other.tgz")
    with monkeypatch.context() as patch:
        patch.setattr("maps.operation.restore.os.utime", full)
        with pytest.raises(PlanError, match="the disk is full"):
            restore(saved, tmp_path / "two" / "workspace")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "saved.tgz", "two"]
    assert not list((tmp_path / "two").iterdir())


def test_files_that_come_and_go_meanwhile(desk_folder: Path, tmp_path: Path) -> None:
    """A run finished while the backup goes on is in it; one that is deleted is told."""
    (desk_folder / "west" / "zz.csv").write_text("soon gone")

    def meanwhile(inner: str) -> None:
        if inner == "east/plan.toml":
            (desk_folder / "east" / "boundary2.geojson").write_text("new")
            (desk_folder / "west" / "zz.csv").unlink()
            (desk_folder / "later").mkdir(exist_ok=True)
            (desk_folder / "later" / "plan.toml").write_text("whose grants may be missing")

    made = back_up(desk_folder, tmp_path / "saved.tgz", say=meanwhile)
    restore(made.path, back := tmp_path / "two" / "workspace")
    assert (back / "east" / "boundary2.geojson").read_text() == "new" and not (back / "later").exists()


def test_the_commands(desk_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, back = str(tmp_path / "saved.tgz"), str(tmp_path / "two" / "workspace")
    main(["backup", file, "--workspace", str(desk_folder)])
    main(["restore", file, "--workspace", back])
    assert "files as of" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["restore", file, "--workspace", back])
    assert caught.value.code == 3 and "--replace" in capsys.readouterr().err
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert (
        names[0] == HEAD and names[-1] == LIST and {name.partition("/")[0] for name in names[1:-1]} == {"workspace"}
    )
    assert trail.entries(database(Path(back)), {})[0].person.startswith("command line (")
