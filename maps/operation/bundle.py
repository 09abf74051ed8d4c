"""Everything a machine without internet needs, in one folder: wheels, browser libraries, source, a script to install.

Wheels are those of this Python and this system, at the tested versions; build the bundle where both are the same.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from geoplan import __version__
from geoplan.errors import PlanError
from geoplan.store import aside_folder
from maps import assets

ROOT = Path(__file__).resolve().parents[2]
TEXTS = Path(__file__).resolve().parent / "bundle_texts"
WHEELS, SOURCE, SUMS, INSTALL = "wheels", "source", "SHA256SUMS", "install.sh"
NEEDED = ("requirements.txt", "constraints.txt", "wsgi.py")
PARTS = (
    *NEEDED, "geoplan", "layers", "maps", "docs", "bench", "gunicorn.conf.py", "pyproject.toml", "Makefile",
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "package.json", "package-lock.json",
    "requirements-dev.txt", "requirements-bench.txt", "requirements-scale.txt", "babel.cfg",
)  # fmt: skip
OURS_ONLY = ("__pycache__", "node_modules", ".venv", ".git")


@dataclass(frozen=True)
class Bundled:
    """A bundle that was made: its folder, and how many ``files`` and ``bytes`` are in it."""

    path: Path
    wheels: int
    files: int
    bytes: int


def bundle(target: Path, *, wheels: bool = True, root: Path = ROOT) -> Bundled:
    """Write a bundle; the folder is there whole or not at all.

    Parameters
    ----------
    wheels
        Download the wheels; without, whoever installs needs a package index of their own.
    root
        The checkout to bundle.

    Raises
    ------
    PlanError
        The target is there, this is no checkout, browser libraries are missing, or pip cannot get a wheel.
    """
    target = Path(target).absolute()
    _look(target, root)
    with aside_folder(target) as folder:
        for inner in sorted(source_files(root)):
            _copy(root / inner, folder / SOURCE / inner)
        if wheels:
            _download(root, folder / WHEELS)
        _write_texts(folder, wheels=wheels)
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        lines = [f"{_sum(path)}  {path.relative_to(folder).as_posix()}\n" for path in found]
        (folder / SUMS).write_text("".join(lines), encoding="utf-8")
        size = sum(path.stat().st_size for path in found)
        count = len(list((folder / WHEELS).glob("*"))) if wheels else 0
    return Bundled(target, count, len(found) + 1, size)


def source_files(root: Path) -> set[str]:
    """The files of the checkout that are needed, as paths in it; browser libraries included."""
    found = set(_tracked(root) or _by_name(root))
    vendor = root / "maps" / "static" / "vendor"
    return found | {path.relative_to(root).as_posix() for path in vendor.rglob("*") if path.is_file()}


def _look(target: Path, root: Path) -> None:
    if target.exists():
        raise PlanError(f"{target} is there already and is kept: name another folder")
    if lacking := [name for name in NEEDED if not (root / name).is_file()]:
        raise PlanError(f"{root} is no checkout of geoplan ({', '.join(lacking)} not there): run it from one")
    if lacking_assets := assets.remedy(root / "maps" / "static" / "vendor"):
        raise PlanError(lacking_assets)


def _tracked(root: Path) -> list[str]:
    """What git keeps of the checkout as it is now; nothing where there is no git."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return []
    told = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False)
    names = told.stdout.decode("utf-8", "surrogateescape").split("\0") if told.returncode == 0 else []
    return [name for name in names if name.split("/")[0] in PARTS and (root / name).is_file()]


def _by_name(root: Path) -> Iterator[str]:
    for name in PARTS:
        top = root / name
        for path in [top] if top.is_file() else top.rglob("*"):
            inner = path.relative_to(root)
            if path.is_file() and not set(OURS_ONLY) & set(inner.parts):
                yield inner.as_posix()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _download(root: Path, folder: Path) -> None:
    """The wheels, by pip and from the index it is set up for."""
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["-r", str(root / "requirements.txt"), "-c", str(root / "constraints.txt"), "-d", str(folder)]
    told = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if told.returncode:
        last = "\n".join(told.stderr.strip().splitlines()[-3:])
        raise PlanError(f"pip could not get the wheels, and nothing was written:\n{last}")


def _write_texts(folder: Path, *, wheels: bool) -> None:
    values = {
        "version": __version__,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "system": platform.system(),
        "machine": platform.machine(),
        "index": f'--no-index --find-links "$here/{WHEELS}"' if wheels else "",
    }
    for name in (INSTALL, "README.en.md", "README.zh.md"):
        text = _Places((TEXTS / name).read_text(encoding="utf-8")).substitute(values)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / INSTALL).chmod(0o755)


class _Places(Template):
    """Texts whose places to fill are ``@name``: ``$`` belongs to the shell."""

    delimiter = "@"


def _sum(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
