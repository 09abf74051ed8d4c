"""What is known of an unfinished upload, ``upload.json`` in its folder: whose it is, its files, what was said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from layers.errors import Fault
from layers.incoming.look import Look, Sheet
from maps.desk import desk_folder

FILE, FOLDER, ORIGINAL = "upload.json", "uploads", "original"
ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Original:
    """A file as it was sent: its name then, where it lies, and its checksum."""

    name: str
    path: str
    sha256: str
    bytes: int
    at: str


@dataclass(frozen=True)
class Item:
    """One data set: where it lies in the folder, what it holds, what it is for and how it is read."""

    number: int
    name: str
    path: str
    original: str
    look: Look
    role: str = "none"
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    datum: str | None = None
    crs: str | None = None
    confirmed: bool = False
    corrections: tuple[Mapping[str, Any], ...] = ()
    corrected: str | None = None
    replaced: bool = False

    @property
    def used(self) -> bool:
        """Whether the plan is to use it."""
        return self.role != "none" and not self.replaced

    @property
    def source(self) -> str:
        """The file the plan reads: the corrected copy where there is one."""
        return self.corrected or self.path

    @property
    def table(self) -> Sheet | None:
        """The sheet in use."""
        named = [sheet for sheet in self.look.sheets if self.sheet in (None, sheet.name)]
        return named[0] if named else None


@dataclass(frozen=True)
class Upload:
    """An unfinished upload. ``refused`` and ``seen`` hold faults as plain data, ``said`` the settings of the plan."""

    id: str
    person_id: int
    person: str
    at: str
    originals: tuple[Original, ...] = ()
    items: tuple[Item, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    ticked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plan_id: str | None = None

    def item(self, number: int) -> Item | None:
        """A data set by its number."""
        return next((one for one in self.items if one.number == number), None)

    def with_item(self, item: Item) -> Upload:
        """The upload with one data set changed."""
        return replace(self, items=tuple(item if one.number == item.number else one for one in self.items))


def staging_folder(workspace: Path) -> Path:
    """Where the unfinished uploads of a workspace lie."""
    return desk_folder(workspace) / FOLDER


def load(folder: Path, name: str = FILE) -> Upload | None:
    """The record of a folder; None where there is none that can be read."""
    try:
        data = json.loads((folder / name).read_text(encoding="utf-8"))
        return Upload(
            **{
                **data,
                "originals": tuple(Original(**one) for one in data["originals"]),
                "items": tuple(_item(one) for one in data["items"]),
                "refused": tuple(data["refused"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def save(folder: Path, upload: Upload) -> None:
    """Write the record, whole or not at all."""
    write_whole(folder / FILE, json.dumps(asdict(upload), ensure_ascii=False, indent=1, default=str))


def write_whole(path: Path, text: str) -> None:
    """Write a file aside and put it in place."""
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _item(data: Mapping[str, Any]) -> Item:
    return Item(**{**data, "look": _look(data["look"]), "corrections": tuple(data["corrections"])})


def _look(data: Mapping[str, Any]) -> Look:
    sheets = tuple(
        Sheet(**{**one, "columns": tuple(one["columns"]), "geometry": tuple(one["geometry"])})
        for one in data["sheets"]
    )
    return Look(**{**data, "sheets": sheets, "faults": tuple(Fault(**one) for one in data["faults"])})
