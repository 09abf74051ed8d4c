"""The map of faults: numbers while they can be read, dots where there are many."""

from __future__ import annotations

from maps.upload.drawing import MOST_NUMBERED, pinned

RING = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]


def pins(count: int) -> list[dict[str, object]]:
    return [
        {"lon": at / count, "lat": 0.5, "number": at, "severity": "warning", "key": f"k{at}", "text": f"<{at}>"}
        for at in range(count)
    ]


def test_few_pins_are_numbered() -> None:
    drawn = pinned(RING, pins(MOST_NUMBERED), "Map")
    assert drawn.count("<text") == drawn.count('r="11"') == MOST_NUMBERED
    assert "&lt;3&gt;" in drawn and "<3>" not in drawn


def test_many_pins_are_dots_that_still_lead_to_their_faults() -> None:
    drawn = pinned(RING, pins(MOST_NUMBERED + 1), "Map")
    assert "<text" not in drawn and drawn.count('href="#k') == drawn.count('r="5"') == MOST_NUMBERED + 1
