"""A bundle holds what it says, installs without an index, and is there whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from geoplan.__main__ import main
from geoplan.errors import PlanError
from maps import assets
from maps.operation.bundle import ROOT, TEXTS, bundle, source_files

NOTHING_OF = {"tests", ".git", "node_modules", ".venv", "__pycache__"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tiny checkout that needs one library, and its wheel in ``index``."""
    root = tmp_path / "checkout"
    vendor = root / "maps" / "static" / "vendor"
    for name in (*assets.FILES.values(), "../../app.py"):
        (vendor / name).parent.mkdir(parents=True, exist_ok=True)
        (vendor / name).write_text(name, encoding="utf-8")
    (root / "geoplan").mkdir()
    (root / "geoplan" / "__init__.py").touch()
    (root / "geoplan" / "__main__.py").write_text("import tiny; print('geoplan', tiny.VERSION)", encoding="utf-8")
    (root / "node_modules" / "x").mkdir(parents=True)
    (root / "wsgi.py").touch()
    (root / "requirements.txt").write_text("tiny>=1\n", encoding="utf-8")
    (root / "constraints.txt").write_text("tiny==1.0\n", encoding="utf-8")
    _wheel(tmp_path / "index")
    return root


def _wheel(folder: Path) -> None:
    folder.mkdir()
    files = {
        "tiny.py": "VERSION = '1.0'\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, "tiny-1.0.dist-info/RECORD": record + "tiny-1.0.dist-info/RECORD,,\n"}.items():
            wheel.writestr(name, text)


def offline(monkeypatch: pytest.MonkeyPatch, index: Path | None) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    if index is not None:
        monkeypatch.setenv("PIP_FIND_LINKS", str(index))


def test_it_installs_where_there_is_no_index(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch, tmp_path / "index")
    made = bundle(tmp_path / "bundle", root=checkout)
    assert made.wheels == 1 and [path.name for path in (made.path / "wheels").iterdir()] == [
        "tiny-1.0-py3-none-any.whl"
    ]
    assert stat.S_IMODE((made.path / "install.sh").stat().st_mode) == 0o755
    assert not list((made.path / "source").rglob("node_modules"))
    for name in ("install.sh", "README.en.md", "README.zh.md"):
        assert "@" not in (made.path / name).read_text(encoding="utf-8").replace('"$@"', "")

    monkeypatch.delenv("PIP_FIND_LINKS")
    target = tmp_path / "opt"
    told = _install(made.path, target)
    assert told.returncode == 0 and "geoplan 1.0" in told.stdout, told.stderr
    (target / "workspace").mkdir()
    assert _install(made.path, target).returncode == 0 and (target / "workspace").is_dir(), "an update keeps the rest"

    (made.path / "source" / "wsgi.py").write_text("changed")
    damaged = _install(made.path, tmp_path / "other")
    assert damaged.returncode == 1 and "damaged" in damaged.stderr and not (tmp_path / "other").exists()
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").touch()
    assert "not empty" in _install(made.path, taken).stderr and [one.name for one in taken.iterdir()] == ["mine"]


def _install(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(folder / "install.sh"), str(target)]
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_what_cannot_be_bundled_is_told(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch, None)
    with pytest.raises(PlanError, match="pip could not get the wheels"):
        bundle(tmp_path / "bundle", root=checkout)
    (tmp_path / "there").mkdir()
    with pytest.raises(PlanError, match="is there already"):
        bundle(tmp_path / "there", root=checkout)
    with pytest.raises(PlanError, match="is no checkout"):
        bundle(tmp_path / "bundle", root=tmp_path)
    (checkout / "maps" / "static" / "vendor" / "leaflet.js").unlink()
    with pytest.raises(PlanError, match=r"leaflet\.js"):
        bundle(tmp_path / "bundle", root=checkout)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "index", "there"]


@pytest.mark.skipif(bool(assets.missing()), reason="needs `make assets`")
def test_ours_holds_the_program_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["bundle", str(tmp_path / "bundle"), "--no-wheels"])
    assert "0 wheels" in capsys.readouterr().out
    source = tmp_path / "bundle" / "source"
    held = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert held == source_files(ROOT) and not {name.split("/")[0] for name in held} & NOTHING_OF
    wanted = {"wsgi.py", "gunicorn.conf.py", "maps/static/vendor/leaflet.js", "docs/deployment.md", "geoplan/plan.py"}
    assert wanted <= held and "--no-index" not in (tmp_path / "bundle" / "install.sh").read_text(encoding="utf-8")
    sums = (tmp_path / "bundle" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert len(sums) == len(held) + 3


def test_its_script_is_plain_sh() -> None:
    assert subprocess.run(["sh", "-n", str(TEXTS / "install.sh")], check=False).returncode == 0
