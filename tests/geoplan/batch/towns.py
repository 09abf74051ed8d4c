"""Tiny towns for batches: Toytown again and again, and one whose school table is at fault."""

from __future__ import annotations

from pathlib import Path

from geoplan.run import Run
from tests.toytown import write_toytown


def write_town(folder: Path, *, places: int | None = None) -> Path:
    """A Toytown of its own name; with `places`, its first school has so many primary places."""
    write_toytown(folder)
    plan = folder / "plan.toml"
    text = plan.read_text(encoding="utf-8").replace('"toytown"', f'"{folder.name}"')
    plan.write_text(text.replace('"Toytown"', f'"{folder.name.title()}"'), encoding="utf-8")
    if places is not None:
        schools = folder / "schools.csv"
        head, first, *rest = schools.read_text(encoding="utf-8").splitlines()
        cells = first.split(",")
        cells[head.split(",").index("places_primary")] = str(places)
        schools.write_text("\n".join([head, ",".join(cells), *rest]) + "\n", encoding="utf-8")
    return folder


def write_broken(folder: Path) -> Path:
    """A town with a stage nobody knows and a place that is no number."""
    write_town(folder)
    schools = folder / "schools.csv"
    head, first, *rest = schools.read_text(encoding="utf-8").splitlines()
    cells = first.split(",")
    cells[head.split(",").index("stage")] = "primmary"
    cells[head.split(",").index("places_primary")] = "many"
    schools.write_text("\n".join([head, ",".join(cells), *rest]) + "\n", encoding="utf-8")
    return folder


def draw(run: Run, language: str) -> bytes:
    """A map that says whose it is."""
    return f"{language} {run.run_id}".encode()


DRAW = f"{__name__}:draw"
