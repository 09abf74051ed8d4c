"""What an export was asked for, and the files it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

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

    def name(self, kind: str) -> str:
        """``<plan>-<run id>-<kind>-<language>``: what the files of one order are called, without their ending."""
        return f"{self.run.summary.get('plan') or 'run'}-{self.run.run_id}-{kind}-{self.language}"
