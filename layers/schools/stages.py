"""Which stages a kind of school teaches, and in which grades."""

from __future__ import annotations

from collections.abc import Mapping

STAGES_OF: Mapping[str, tuple[str, ...]] = {
    "kindergarten": ("kindergarten",),
    "primary": ("primary",),
    "junior": ("junior",),
    "senior": ("senior",),
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior", "senior"),
    "secondary": ("junior", "senior"),
    "special": (),
    "teaching_point": ("primary",),
}

GRADES: Mapping[str, range] = {"primary": range(1, 7), "junior": range(7, 10), "senior": range(10, 13)}
"""Grades of a stage in the 6-3-3 structure, used only to add up ``grade_<n>`` columns."""


def stages_of(stage: str | None) -> tuple[str, ...]:
    """Stages a school serves, in order of grades; none for special schools and unknown kinds."""
    return STAGES_OF.get(stage or "", ())
