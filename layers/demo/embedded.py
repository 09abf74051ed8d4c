"""The embedded demo county: Monaco, OpenStreetMap of December 2023, as a plan folder."""

from __future__ import annotations

import shutil
from pathlib import Path

NAME = "monaco"
DATA = Path(__file__).with_name("data")


def write_demo(folder: Path) -> Path:
    """Copy the embedded county's inputs into ``folder`` and hand back its ``plan.toml``.

    Files already there are kept when they are the same, and never silently replaced when they differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(DATA.iterdir()):
        target = folder / source.name
        if not target.exists():
            shutil.copyfile(source, target)
    return folder / "plan.toml"
