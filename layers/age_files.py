"""Age and sex rasters by their names, as WorldPop gives them: ``xxx_f_0_2020.tif``, ``xxx_m_10_2025_CN_100m.tif``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.errors import Fault, raise_errors

STARTS = (0, 1, *range(5, 95, 5))
"""First ages of WorldPop's groups: the newborn, 1 to 4, then five years each; the oldest group is open."""

OPEN_FROM = 80
"""A last group that begins here or later holds everybody older."""

OLDEST = 120
"""Last age an open group is written to."""

BOTH = ("f", "m")
RASTERS = (".tif", ".tiff", ".asc", ".img", ".nc")
_NAME = re.compile(r"(?:^|_)(?P<sex>[fmt])_(?P<age>\d{1,2})(?=[_.])(?:.*?(?<!\d)(?P<year>(?:19|20|21)\d{2})(?!\d))?")


@dataclass(frozen=True)
class AgeGroup:
    """One age group: first and last age, and the rasters whose sum it is (by sex, or both sexes in one)."""

    first: int
    last: int
    files: tuple[str, ...]

    @property
    def column(self) -> str:
        """Its column in a table of cells."""
        return f"age_{self.first}" if self.first == self.last else f"age_{self.first}_{self.last}"


def age_files(root: Path, named: str | Sequence[str]) -> tuple[str, ...]:
    """Rasters that a folder, a pattern or a list of either names, relative to the plan, sorted, none twice."""
    found = {name for one in ([named] if isinstance(named, str) else named) for name in _expanded(root, one)}
    return tuple(sorted(found))


def age_groups(files: Sequence[str]) -> tuple[AgeGroup, ...]:
    """The age groups that rasters stand for.

    Raises
    ------
    InputError
        A name that tells no sex and age, two rasters of one group, different years, a group or a sex that is missing.
    """
    read = {name: _NAME.search(Path(name).name.lower()) for name in files}
    raise_errors([Fault("population_ages_name", file=name) for name, match in read.items() if match is None])
    matches = [(name, match) for name, match in read.items() if match]
    years = sorted({match["year"] for _, match in matches if match["year"]})
    if len(years) > 1:
        raise_errors([Fault("population_ages_years", file=files[0], value=", ".join(years))])
    held: dict[tuple[int, str], list[str]] = {}
    for name, match in matches:
        held.setdefault((int(match["age"]), match["sex"]), []).append(name)
    raise_errors(list(_misfits(held)))
    starts = sorted({age for age, _ in held})
    return tuple(AgeGroup(first, _last(first, starts), tuple(sorted(_of(held, first)))) for first in starts)


def complete(groups: Sequence[AgeGroup]) -> bool:
    """Whether the groups hold everybody, so that their sum is all residents."""
    return bool(groups) and groups[0].first == 0 and groups[-1].last == OLDEST


def _expanded(root: Path, name: str) -> Iterator[str]:
    folder = root / name
    if folder.is_dir():
        found = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in RASTERS)
    elif set(name) & set("*?["):
        found = sorted(path for path in root.glob(name) if path.is_file())
    else:
        found = [folder]
    yield from (path.relative_to(root).as_posix() for path in found)


def _of(held: dict[tuple[int, str], list[str]], age: int) -> Iterator[str]:
    for (first, _), names in held.items():
        if first == age:
            yield from names


def _last(first: int, starts: Sequence[int]) -> int:
    following = starts[starts.index(first) + 1 :]
    if following:
        return following[0] - 1
    return OLDEST if first >= OPEN_FROM else STARTS[STARTS.index(first) + 1] - 1


def _misfits(held: dict[tuple[int, str], list[str]]) -> Iterator[Fault]:
    for names in held.values():
        if len(names) > 1:
            yield Fault("population_ages_twice", file=names[1], value=names[0])
    starts, sexes = sorted({age for age, _ in held}), {sex for _, sex in held}
    if "t" in sexes and len(sexes) > 1:
        yield Fault("population_ages_sexes", file=next(held[key][0] for key in sorted(held) if key[1] == "t"))
    for age in (one for one in starts if one not in STARTS):
        yield Fault("population_ages_group", file=next(_of(held, age)), value=f"{age}")
    wanted = ("t",) if sexes == {"t"} else BOTH
    expected = [age for age in STARTS if age <= max(starts)] if starts else []
    missing = [f"{sex}_{age}" for age in expected for sex in wanted if (age, sex) not in held]
    if missing and (sexes == {"t"} or "t" not in sexes):
        yield Fault("population_ages_missing", file=next(iter(held.values()))[0], value=", ".join(missing))
