"""Values corrected by hand: listed, written into a copy of the table, taken back; the original stays as it came."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from geoplan.exports.flat import inert
from layers.incoming.corrected import Change, write_corrected
from maps.people import person
from maps.people.models import stamp
from maps.upload.mapping import with_columns
from maps.upload.receiving import told_when_full
from maps.upload.record import Item, Upload
from maps.upload.staging import CORRECTED

MOST = 1_000
HEADINGS = ("file", "row", "column", "before", "after", "person", "at")


def corrected(item: Item, folder: Path, changes: Sequence[tuple[Change, str]]) -> Item:
    """The data set with cells changed; ``changes`` with what stood there before.

    Raises
    ------
    InputError
        A cell the table does not have.
    """
    cells = {(change.row, change.column) for change, _ in changes}
    kept = [dict(one) for one in item.corrections if (one["row"], one["column"]) not in cells]
    first = {(one["row"], one["column"]): one["before"] for one in item.corrections}
    new = [
        {
            "row": change.row,
            "column": change.column,
            "before": first.get((change.row, change.column), before),
            "after": change.value,
            "person": person().name,
            "at": stamp(),
        }
        for change, before in changes
    ]
    return _written(item, folder, [*kept, *new][:MOST])


def without(item: Item, folder: Path, row: int, column: str) -> Item:
    """The data set with one correction taken back."""
    kept = [one for one in item.corrections if (one["row"], one["column"]) != (row, column)]
    return _written(item, folder, kept)


def _written(item: Item, folder: Path, corrections: Sequence[Mapping[str, Any]]) -> Item:
    """The copy is made anew from the original, so that it holds what the list says and nothing else."""
    place = folder / CORRECTED / str(item.number)
    made = None
    if corrections:
        number = 1 + max((int(one.name) for one in place.iterdir()), default=0) if place.is_dir() else 1
        aside = place / str(number)
        aside.mkdir(parents=True)
        changes = [Change(int(one["row"]), str(one["column"]), str(one["after"])) for one in corrections]
        try:
            with told_when_full():
                made = write_corrected(folder / item.path, aside, changes, item.sheet)
        except BaseException:
            shutil.rmtree(aside)
            raise
    for old in place.iterdir() if place.is_dir() else ():
        if made is None or old != made.parent:
            shutil.rmtree(old)
    name = None if made is None else made.relative_to(folder).as_posix()
    settled = with_columns(item, {}) if made is not None and made.suffix != Path(item.path).suffix else item
    return replace(settled, corrections=tuple(corrections), corrected=name)


def listed(upload: Upload) -> list[dict[str, Any]]:
    """Every correction of an upload."""
    return [{"file": item.name, **one} for item in upload.items for one in item.corrections]


def as_csv(upload: Upload) -> str:
    """The corrections as a table; nothing in it is taken for a formula."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(HEADINGS)
    for one in listed(upload):
        table.writerow([inert(str(one[name])) for name in HEADINGS])
    return "\ufeff" + out.getvalue()
