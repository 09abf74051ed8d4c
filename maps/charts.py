"""Round numbers for the axes of small pictures."""

from __future__ import annotations

STEPS = (1, 2, 5, 10)


def ticks(most: float, count: int) -> list[float]:
    """At least two round numbers from 0 to the greatest, about ``count`` steps apart."""
    size = 10.0 ** len(f"{int(most / count)}") / 10 if most >= count else 1.0
    step = next((size * factor for factor in STEPS if size * factor * count >= most), size * 10)
    return [step * k for k in range(int(most / step) + 1)]
