"""Where compiled kernels are kept: one folder for each state of the kernel sources.

Numba notices a changed file, not a changed constant or callee in another file, and would go on using the old machine
code: wrong figures without a word. A folder named by the checksum of all kernel sources cannot be stale.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
MARK = b"njit"


def use_own_folder() -> Path:
    """Point numba to the folder of these sources, below ``NUMBA_CACHE_DIR`` or the user's cache; idempotent."""
    digest = checksum(Path(__file__).resolve().parents[1])
    base = Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "geoplan" / "numba")
    folder = base if base.name == digest else base / digest
    os.environ[VARIABLE] = str(folder)
    return folder


def checksum(root: Path) -> str:
    """Sixteen digits over every source that holds a kernel, in ``geoplan`` and ``maps``."""
    found = hashlib.sha256()
    for room in ("geoplan", "maps"):
        for path in sorted((root / room).rglob("*.py")):
            text = path.read_bytes()
            if MARK in text:
                found.update(path.relative_to(root).as_posix().encode())
                found.update(text)
    return found.hexdigest()[:16]
