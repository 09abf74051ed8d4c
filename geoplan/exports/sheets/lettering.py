"""Letters of the map sheets."""

from __future__ import annotations

from functools import cache
from typing import Any

from matplotlib.font_manager import FontProperties

from geoplan.exports.fonts import font_file


@cache
def lettering(size: float) -> dict[str, Any]:
    """Keyword arguments for a text of a size in points."""
    return {"fontproperties": FontProperties(fname=str(font_file()), size=size)}
