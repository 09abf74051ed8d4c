"""The font of documents and map sheets: one that holds Chinese and Latin letters, found without asking a network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from geoplan.errors import PlanError

PACKAGE = "pylopdf_fonts_zh_cn"
FILE = "NotoSansSC-Regular.otf"
FAMILIES = {
    FILE: "Noto Sans SC",
    "NotoSansCJK-Regular.ttc": "Noto Sans CJK SC",
    "NotoSansSC-Regular.ttf": "Noto Sans SC",
}
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


@cache
def font_file() -> Path:
    """The font file: of the Python package, else of the system.

    Raises
    ------
    PlanError
        There is none, and what to install.
    """
    found = next(_candidates(), None)
    if found is None:
        raise PlanError(
            "no font with Chinese letters was found, so documents and map sheets cannot be written: "
            "pip install pylopdf-fonts-zh-cn, or install the Debian package fonts-noto-cjk"
        )
    return found


def font_family() -> str:
    """The name under which a typesetter finds the font."""
    return FAMILIES.get(font_file().name, "Noto Sans SC")


def _candidates() -> Iterator[Path]:
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / FILE).is_file():
            yield Path(folder) / FILE
    for folder in FOLDERS:
        root = Path(folder).expanduser()
        for name in FAMILIES:
            yield from sorted(root.rglob(name)) if root.is_dir() else ()
