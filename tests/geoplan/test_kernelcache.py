"""Compiled kernels never outlive the sources they came from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from geoplan.kernelcache import VARIABLE, checksum, use_own_folder

ROOT = Path(__file__).resolve().parents[2]


def test_any_changed_kernel_source_gives_another_folder(tmp_path: Path) -> None:
    for room in ("geoplan/network", "maps"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    before = checksum(tmp_path)
    source = tmp_path / "geoplan" / "network" / "kernels.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert checksum(tmp_path) != before
    (tmp_path / "maps" / "plain.py").write_text("x = 1\n", encoding="utf-8")
    assert checksum(tmp_path) == checksum(tmp_path)


def test_the_folder_lies_below_the_users_own_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    first = use_own_folder()
    assert first.parent == tmp_path and use_own_folder() == first


def test_numba_takes_it(tmp_path: Path) -> None:
    code = "import geoplan, numba; print(numba.config.CACHE_DIR)"
    environment = {**os.environ, VARIABLE: str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(tmp_path / checksum(ROOT))
