"""Class breaks, colours and legend words of every map layer, from ``style.toml``; no drawing here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.reasons import LANGUAGES, decimal, metres, people, percent, term, terms
from geoplan.reasons.catalogue import text

_DISTANCES = ("walk", "nearest", "straight")
_DENSITIES = ("residents", "pupils")
_KINDS = {"load": "load", "accessibility": "accessibility"}

Write = Callable[[float, str], str]


@dataclass(frozen=True)
class Classes:
    """How a layer is coloured and what its legend says.

    Parameters
    ----------
    breaks
        Lower ends, ascending, first 0: class k runs up to ``breaks[k + 1]``, inclusive; the last has no end. Empty
        for layers by value.
    values
        Values of a categorical layer, one a class; empty for layers by number and for catchments.
    colours, labels_en, labels_zh
        One a class. ``dashes`` (pixels on, off; empty is solid) and ``widths_px`` for lines only.
    unknown
        Colour where nothing is known or nobody lives.
    """

    layer: str
    title_en: str
    title_zh: str
    colours: tuple[str, ...]
    breaks: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    labels_en: tuple[str, ...] = ()
    labels_zh: tuple[str, ...] = ()
    dashes: tuple[tuple[int, ...], ...] = ()
    widths_px: tuple[float, ...] = ()
    unknown: str = ""

    def title(self, language: str) -> str:
        """Name of the layer."""
        return self.title_zh if language == "zh" else self.title_en

    def labels(self, language: str) -> tuple[str, ...]:
        """Legend words, one a class."""
        return self.labels_zh if language == "zh" else self.labels_en


@cache
def style() -> dict[str, Any]:
    """Everything in ``style.toml``."""
    return tomllib.loads(files("geoplan").joinpath("style.toml").read_text(encoding="utf-8"))


def layers() -> tuple[str, ...]:
    """Layers :func:`classes` knows."""
    return (*_DISTANCES, "status", *_DENSITIES, "need", "catchments", *_KINDS, "route", "level", "verdict")


def classes(layer: str, limits: Sequence[float] = ()) -> Classes:
    """Breaks, colours and legend words of a layer.

    Parameters
    ----------
    layer
        One of :func:`layers`.
    limits
        For distances: the limits in use, in metres; breaks are then put at every limit, at half the smallest, and at
        one and a half and twice the largest, so that a legend shows who is within. For densities and ratios: upper
        ends of all classes but the last. The breaks of ``style.toml`` when empty.

    Raises
    ------
    NotFoundError
        Unknown layer.
    PlanError
        Limits that are not above 0.
    """
    if layer not in layers():
        raise NotFoundError(f"unknown layer {layer!r}; known: {', '.join(layers())}")
    if any(not limit > 0 for limit in limits):
        raise PlanError(f"limits must be above 0: {list(limits)}")
    if layer in _DISTANCES:
        return _distances(layer, limits)
    if layer in _DENSITIES:
        return _numbers(layer, limits, "people", people)
    if layer == "need":
        return _numbers(layer, limits, "need", decimal)
    if layer in _KINDS:
        return _ratios(layer, limits)
    return _by_value(layer)


def limit_breaks(limits: Sequence[float]) -> tuple[float, ...]:
    """Breaks around limits: 0, half the smallest, every limit, one and a half and twice the largest."""
    ordered = sorted({float(limit) for limit in limits})
    return (0.0, ordered[0] / 2, *ordered, 1.5 * ordered[-1], 2 * ordered[-1])


def ramp(name: str, steps: int) -> tuple[str, ...]:
    """``steps`` colours along a ramp of ``style.toml``, evenly spaced, the first dark enough to show on paper."""
    anchors = [bytes.fromhex(colour[1:]) for colour in style()["ramp"][name]]
    first = style()["ramp"]["lightest"]
    at = [first + (1 - first) * step / max(steps - 1, 1) for step in range(steps)]
    return tuple(_between(anchors, position * (len(anchors) - 1)) for position in at)


def class_of(found: Classes, value: float | None) -> int | None:
    """Number of the class a value falls into, upper ends inclusive; None where it is not known."""
    if value is None or not value >= 0:
        return None
    return max(sum(value > lower for lower in found.breaks) - 1, 0)


def css_tokens() -> str:
    """The tokens as custom properties, one line a token, for ``:root``."""
    return "\n".join(f"--{name}: {value};" for name, value in style()["tokens"].items())


def _distances(layer: str, limits: Sequence[float]) -> Classes:
    look = style()["distance"]
    breaks = limit_breaks(limits) if limits else tuple(map(float, look["breaks_m"]))
    colours = ramp("distance", len(breaks)) if limits else tuple(look["colours"])
    return _made(layer, colours, breaks=breaks, **_spans(breaks, metres))


def _numbers(layer: str, limits: Sequence[float], name: str, write: Write) -> Classes:
    given = tuple(map(float, (0.0, *sorted(set(limits))) if limits else style()[name]["breaks_ha"]))
    fixed = tuple(style()[name]["colours"])
    colours = fixed if len(fixed) == len(given) else ramp(name, len(given))
    return _made(layer, colours, breaks=given, **_spans(given, write))


def _ratios(layer: str, limits: Sequence[float]) -> Classes:
    look = style()[layer]
    breaks = (0.0, *sorted({float(limit) for limit in limits})) if limits else tuple(look["breaks"])
    if layer == "load":
        colours = tuple(look["over"] if lower >= 1 else look["ring"] for lower in breaks)
        return _made(layer, colours, breaks=breaks, **_spans(breaks, percent))
    fixed = tuple(look["colours"])
    colours = fixed if len(fixed) == len(breaks) else ramp("distance", len(breaks))
    return _made(layer, colours, breaks=breaks, **_spans(breaks, decimal))


def _by_value(layer: str) -> Classes:
    if layer == "catchments":
        return _made(layer, tuple(style()["catchments"]["colours"]))
    if layer == "level":
        return _made(layer, tuple(style()["level"]["colours"]), **_words("level", list(terms("level", "en"))))
    entries: list[Mapping[str, Any]] = style()[layer]
    lines = {
        "dashes": tuple(tuple(entry["dash"]) for entry in entries if "dash" in entry),
        "widths_px": tuple(entry["width_px"] for entry in entries if "width_px" in entry),
    }
    colours = tuple(entry["colour"] for entry in entries)
    return _made(layer, colours, **lines, **_words(layer, [entry["value"] for entry in entries]))


def _made(layer: str, colours: tuple[str, ...], **parts: Any) -> Classes:
    return Classes(
        layer=layer,
        title_en=term(f"layer.{layer}", "en"),
        title_zh=term(f"layer.{layer}", "zh"),
        colours=colours,
        unknown=style()["unknown"],
        **parts,
    )


def _words(group: str, values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    labels = {f"labels_{language}": tuple(term(f"{group}.{v}", language) for v in values) for language in LANGUAGES}
    return {"values": tuple(values), **labels}


def _spans(breaks: tuple[float, ...], write: Write) -> dict[str, tuple[str, ...]]:
    return {f"labels_{language}": _span_labels(breaks, write, language) for language in LANGUAGES}


def _span_labels(breaks: tuple[float, ...], write: Write, language: str) -> tuple[str, ...]:
    """``up to 250 m``, ``250 m-500 m``, ``over 1,000 m``."""
    names = ["class_below", *["class_between"] * (len(breaks) - 2), "class_above"][-len(breaks) :]
    ends = [*breaks[1:], breaks[-1]]
    return tuple(
        text("form", name, language).replace("{low}", write(low, language)).replace("{high}", write(high, language))
        for name, low, high in zip(names, breaks, ends, strict=True)
    )


def _between(anchors: Sequence[bytes], position: float) -> str:
    lower = min(int(position), len(anchors) - 2)
    part = position - lower
    mixed = [round(a + (b - a) * part) for a, b in zip(anchors[lower], anchors[lower + 1], strict=True)]
    return "#" + bytes(mixed).hex()
