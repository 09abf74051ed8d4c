"""The house keeps its rules: who imports whom, no cycles, no catch-all files, files of readable size."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("layers", "geoplan", "maps")
DOORS = {"wsgi.py", "geoplan/__main__.py"}
WEB = {"flask", "flask_babel", "folium", "branca", "werkzeug", "jinja2", "waitress"}
NETWORK = {"requests", "urllib", "http", "socket", "httpx", "aiohttp", "ftplib", "urllib3"}
IMPURE = ("geoplan.store", "geoplan.exports", "geoplan.batch", "geoplan.__main__")
CATCH_ALL = {"utils.py", "helpers.py", "common.py", "misc.py", "base.py"}


def _files() -> list[Path]:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return [*found, ROOT / "wsgi.py"]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    """Every module a file imports, ``from a import b`` as both a and a.b; type-checking-only imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}


FILES = _files()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_point_from_right_to_left(path: Path) -> None:
    name, tops = _name(path), _tops(path)
    if name in DOORS:
        return
    room = name.split("/")[0]
    forbidden = {"layers": {"geoplan", "maps"}, "geoplan": {"maps"}, "maps": set[str]()}[room]
    assert not tops & forbidden, f"{name} may not import {sorted(tops & forbidden)}"
    if room != "maps":
        assert not tops & WEB, f"{name} belongs to a room without pages"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_network_access_has_one_door(path: Path) -> None:
    name = _name(path)
    if name == "layers/online.py" or name.startswith("layers/online/") or name in DOORS:
        return
    used = {top for top in _tops(path) & NETWORK if top != "urllib"}
    used |= {module for module in _imports(path) if module.startswith("urllib.request")}
    assert not used, f"{name} opens the network through {sorted(used)}"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_analysis_stays_pure_and_nobody_imports_a_door(path: Path) -> None:
    name, modules = _name(path), _imports(path)
    if name in DOORS:
        return
    assert not modules & {"wsgi", "geoplan.__main__"}, f"{name} imports a door"
    starred = name.startswith(("geoplan/exports/", "geoplan/batch", "geoplan/store"))
    if name.startswith("geoplan/") and not starred:
        impure = {module for module in modules if module.startswith(IMPURE)}
        assert not impure, f"{name} is analysis and may not touch {sorted(impure)}"


def test_no_import_cycle() -> None:
    names = {_module(path): path for path in FILES}
    graph = {
        module: {target for target in _imports(path) if target in names and target != module}
        for module, path in names.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"import cycle: {' -> '.join((*trail, module))}"
        if module in done:
            return
        for target in sorted(graph[module]):
            if not module.startswith(f"{target}."):  # a package's own __init__ is loaded anyway
                visit(target, (*trail, module))
        done.add(module)

    for module in sorted(graph):
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_have_real_names_and_readable_size(path: Path) -> None:
    assert path.name not in CATCH_ALL, f"{_name(path)}: give the code a room with a real name"
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{_name(path)} has {lines} lines: make it a folder with the same name"


def test_numba_never_starts_its_own_threads() -> None:
    guilty = [_name(path) for path in FILES if "parallel=True" in path.read_text(encoding="utf-8")]
    assert not guilty, f"a fork after numba's own threads breaks the pool: {guilty}"
