"""What an export was asked for, and the files it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from geoplan.exports.document import Document, document
from geoplan.run import Run

Job = tuple[str, Callable[[Path], None]]  # a file name, and what writes it to the path given
Paper = Literal["a4", "a3"]


@dataclass(frozen=True)
class Order:
    """A run, the language of its files, and the wishes of single formats.

    Parameters
    ----------
    template
        A Word template of one's own for ``docx``; ours when None.
    paper
        Size of printed map sheets.
    """

    run: Run
    language: str = "en"
    template: Path | None = None
    paper: Paper = "a4"

    @cached_property
    def document(self) -> Document:
        """The proposal as data, put together once for all formats."""
        return document(self.run, self.language)

    @cached_property
    def _drawn(self) -> dict[str, bytes]:
        return {}

    @cached_property
    def _scene(self) -> Any:
        from geoplan.exports.sheets import scene

        return scene(self.run)

    def picture(self, sheet: str) -> bytes:
        """A map as a figure, drawn once for all formats."""
        from geoplan.exports.sheets import figure_png

        if sheet not in self._drawn:
            self._drawn[sheet] = figure_png(self._scene, sheet, self.language)
        return self._drawn[sheet]

    def name(self, kind: str) -> str:
        """``<plan>-<run id>-<kind>-<language>``: what the files of one order are called, without their ending."""
        return f"{self.run.summary.get('plan') or 'run'}-{self.run.run_id}-{kind}-{self.language}"
