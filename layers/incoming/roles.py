"""What a file may serve for, told by its columns, its shapes and its name; a guess that a person confirms."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from layers.aliases import canonical, cut_names
from layers.incoming.look import Look, Sheet
from layers.schema import Contract, contract

NONE = "none"
ENOUGH = 3.0
"""A guess weaker than this is none."""
ONE_TO_FEW, MANY = 3, 400
COMMON = frozenset(
    "id name kind source status year cost area_m2 setting area_id lon lat x y wkt".split()  # noqa: SIM905
)
"""Columns many tables have: they tell little."""
BY_NAME_ONLY = frozenset({"exclusions", "barriers", "blocks", "sites", "venues"})
"""Tables with columns so common that only a name gives them away."""
PLACED = frozenset({"lon", "lat"}), frozenset({"x", "y"}), frozenset({"wkt"})
_AGES = re.compile(r"(?:^|_)[fmt]_\d{1,2}(?=[_.])")


@dataclass(frozen=True)
class Role:
    """Something a plan takes a file for."""

    name: str
    key: str
    table: str | None
    words: tuple[str, ...]

    @property
    def section(self) -> str:
        """Its section of plan.toml."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Guess:
    """A role, the sheet it is read from (None where there is one only), and how sure it is."""

    role: str
    sheet: str | None = None
    score: float = 0.0


@cache
def roles() -> Mapping[str, Role]:
    """Every role by name, in the order pages list them."""
    text = Path(__file__).with_name("roles.toml").read_text(encoding="utf-8")
    return {
        name: Role(name, entry["key"], entry.get("table"), tuple(entry["words"]))
        for name, entry in tomllib.loads(text).items()
    }


def possible(kind: str) -> tuple[str, ...]:
    """Roles a data set of a kind (table, raster, streets) can have."""
    if kind == "streets":
        return ("streets",)
    if kind == "raster":
        return ("raster", "elevation", "ages_rasters")
    return tuple(name for name, role in roles().items() if role.table)


def guess(name: str, look: Look) -> Guess:
    """What a data set is for; the role ``none`` where nothing speaks for one."""
    if look.kind == "streets":
        return Guess("streets", score=10.0)
    if look.kind == "raster":
        return _raster(name, look)
    best = Guess(NONE)
    for sheet in look.sheets:
        for role in possible("table"):
            score = _score(roles()[role], sheet, f"{name} {sheet.name}")
            if score >= ENOUGH and score > best.score:
                best = Guess(role, sheet.name if len(look.sheets) > 1 else None, score)
    return best


def guesses(looks: Sequence[tuple[str, Look]]) -> list[Guess]:
    """A guess for each data set; of several for one role the surest keeps it."""
    found = [guess(name, look) for name, look in looks]
    best: dict[str, int] = {}
    for at, one in enumerate(found):
        if one.role not in best or one.score > found[best[one.role]].score:
            best[one.role] = at
    several = (NONE, "ages_rasters")
    return [one if one.role in several or best[one.role] == at else Guess(NONE) for at, one in enumerate(found)]


def matched(columns: Sequence[str], table: Contract) -> dict[str, str]:
    """Headings by the contract's column they mean, the first of several; names cut to ten bytes included."""
    found: dict[str, str] = {}
    for heading in columns:
        name = canonical(heading, table)
        cut = [] if name else cut_names(heading, table)
        if name is None and len(cut) == 1 and "<" not in cut[0]:
            name = cut[0]
        if name is not None and (name not in found or heading == name):
            found[name] = heading
    return found


def _hinted(role: Role, name: str) -> float:
    plain = name.lower()
    return 5.0 if any(word in plain for word in role.words) else 0.0


def _raster(name: str, look: Look) -> Guess:
    if _AGES.search(name.lower().rsplit("/", 1)[-1]):
        return Guess("ages_rasters", score=9.0)
    below = (look.raster.get("low") or 0.0) < 0
    height = _hinted(roles()["elevation"], name) + (1.0 if below else 0.0)
    people = _hinted(roles()["raster"], name) + 1.0
    return Guess("elevation", score=height + 3) if height > people else Guess("raster", score=people + 3)


def _score(role: Role, sheet: Sheet, name: str) -> float:
    assert role.table
    table = contract(role.table)
    found = matched(sheet.columns, table)
    if not _fits(table, sheet, found):
        return 0.0
    hint = _hinted(role, name)
    if role.name in BY_NAME_ONLY and not hint:
        return 0.0
    if role.name == "gates" and not hint and found.get("school_id", "id").lower() == "id":
        return 0.0  # an id alone makes no table of gates
    required = [column.name for column in table.columns if column.required]
    lacking = sum(name not in found for name in required)
    one_of = 3.0 if any(set(names) <= set(found) for names in table.one_of) else 0.0
    own = [name for name in found if name not in COMMON]
    score = hint + one_of + sum(3.0 if name in own else 0.5 for name in required if name in found)
    score += min(4.0, 1.3 * sum(name not in required for name in own)) - (1.0 if hint else 3.0) * lacking
    return score + _shaped(role.name, sheet)


def _fits(table: Contract, sheet: Sheet, found: Mapping[str, str]) -> bool:
    """Whether places are there where the table has places, of its kind, and none where it has none."""
    if not table.geometry:
        return not sheet.geometry
    if sheet.geometry:
        return bool(set(sheet.geometry) & set(table.geometry))
    return "Point" in table.geometry and any(pair <= set(found) for pair in PLACED)


def _shaped(role: str, sheet: Sheet) -> float:
    rows = sheet.rows or 0
    if role == "boundary":
        return 3.0 if rows <= ONE_TO_FEW else -3.0
    if role == "areas":
        return 2.0 if ONE_TO_FEW < rows <= MANY else 0.0
    if role == "grid":
        return 1.5 if rows > MANY else 0.0
    return 0.0
