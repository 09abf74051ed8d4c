"""The commands ``user …``: the first person is made on the machine, with a password of their own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from geoplan.__main__ import main
from maps.people import accounts, passwords, tokens, trail
from maps.people.models import database


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str = ""
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    code = 0
    try:
        main(["user", *arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_people_are_made_listed_changed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--workspace", str(tmp_path))
    add = ("add", "王芳", "--role", "administrator", "--password-stdin", *at)
    assert run(capsys, monkeypatch, *add, stdin="a long password\n")[:2] == (0, "王芳 is now administrator\n")
    engine = database(tmp_path)
    account = accounts.find(engine, "王芳")
    assert account and passwords.matches(account.password, "a long password")
    code, _, said = run(capsys, monkeypatch, *add, stdin="a long password\n")
    assert code == 3 and "has this name already" in said
    assert "王芳\tadministrator\tnever" in run(capsys, monkeypatch, "list", *at)[1]
    code, _, said = run(capsys, monkeypatch, "role", "王芳", "viewer", *at)
    assert code == 3 and "last administrator" in said
    assert run(capsys, monkeypatch, "add", "bob", "--password-stdin", *at, stdin="another password\n")[0] == 0
    assert run(capsys, monkeypatch, "role", "bob", "administrator", *at)[0] == 0
    assert run(capsys, monkeypatch, "password", "bob", "--password-stdin", *at, stdin="a third password\n")[0] == 0
    code, text, _ = run(capsys, monkeypatch, "token", "bob", "--role", "viewer", *at)
    found = tokens.find(engine, text.strip())
    assert code == 0 and found and (found.name, found.role) == ("bob", "viewer")
    assert run(capsys, monkeypatch, "remove", "王芳", *at)[0] == 0
    assert [one.person.name for one in accounts.listed(engine)] == ["bob"]
    did = [line.action for line in reversed(trail.entries(engine, {}))]
    assert did == ["person", "person", "role", "password", "token", "removed"]


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [("x", "short", "at least 12"), ("x", "", "at least 12"), ("../x", "a long password", "name"),
     ("audit", "a long password", "name")],
)  # fmt: skip
def test_no_weak_password_and_no_strange_name(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    password: str,
    said: str,
) -> None:
    arguments = ("add", name, "--password-stdin", "--workspace", str(tmp_path))
    code, _, told = run(capsys, monkeypatch, *arguments, stdin=f"{password}\n")
    assert code == 3 and said in told
    assert not accounts.any_account(database(tmp_path))


def test_a_name_nobody_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, told = run(capsys, monkeypatch, "remove", "eve", "--workspace", str(tmp_path))
    assert code == 3 and "eve" in told


def test_the_shortest_password_is_a_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOPLAN_PASSWORD_LENGTH", "20")
    arguments = ("add", "x", "--password-stdin", "--workspace", str(tmp_path))
    assert "at least 20" in run(capsys, monkeypatch, *arguments, stdin="a long password\n")[2]
