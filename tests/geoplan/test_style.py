"""One look: classes with words in both languages, and colours everybody can tell apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from geoplan import reasons
from geoplan.errors import NotFoundError, PlanError
from geoplan.style import class_of, classes, css_tokens, layers, limit_breaks, ramp, style

# Full loss of one cone: Machado, Oliveira and Fernandes 2009, table 1, severity 1.0.
SIGHT = {
    "all cones": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> NDArray[np.float64]:
    """sRGB to linear light."""
    value = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light to CIE Lab."""
    xyz = TO_XYZ @ np.clip(light, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_difference(colours: tuple[str, ...], sight: NDArray[np.float64]) -> float:
    """Smallest distance in Lab between any two of the colours, as that eye sees them."""
    seen = [lab(sight @ linear(colour)) for colour in colours]
    return min(float(np.linalg.norm(one - two)) for one, two in combinations(seen, 2))


def contrast(one: str, two: str) -> float:
    """Contrast ratio of the web accessibility guidelines."""
    light = sorted(float(TO_XYZ[1] @ linear(colour)) + 0.05 for colour in (one, two))
    return light[1] / light[0]


@pytest.mark.parametrize("layer", layers())
def test_every_layer_has_one_colour_and_one_label_a_class(layer: str) -> None:
    found = classes(layer)
    assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in found.colours)
    if layer != "catchments":
        assert len(found.colours) == len(found.breaks or found.values)
        assert len(found.labels("en")) == len(found.labels("zh")) == len(found.colours)
        assert len(set(found.labels("en"))) == len(found.colours)
    assert found.title("en") and found.title("zh") and found.unknown


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("layer", ["status", "level", "catchments", "verdict", "accessibility"])
def test_classes_differ_for_every_eye(layer: str, sight: str) -> None:
    assert least_difference(classes(layer).colours, SIGHT[sight]) > 15


@pytest.mark.parametrize("sight", SIGHT)
def test_what_changes_differs_for_every_eye(sight: str) -> None:
    assert least_difference(tuple(style()["change"]["colours"]), SIGHT[sight]) > 15


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("layer", ["walk", "residents", "need"])
def test_ramps_grow_darker_for_every_eye(layer: str, sight: str) -> None:
    lightness = [lab(SIGHT[sight] @ linear(colour))[0] for colour in classes(layer).colours]
    assert (np.diff(lightness) < -4).all()


def test_routes_are_told_apart_by_dash_and_width_too() -> None:
    route = classes("route")
    assert route.values == ("safe", "undetermined", "unsafe")
    assert len({(dash, width) for dash, width in zip(route.dashes, route.widths_px, strict=True)}) == 3
    assert route.dashes[1]


def test_breaks_stand_at_the_limit_so_that_a_legend_shows_who_is_within() -> None:
    found = classes("walk", [500])
    assert found.breaks == (0.0, 250.0, 500.0, 750.0, 1000.0) == limit_breaks([500])
    labels = [label.replace("\u202f", " ") for label in found.labels("en")]
    assert labels == ["up to 250 m", "250 m–500 m", "500 m–750 m", "750 m–1,000 m", "over 1,000 m"]
    assert found.labels("zh") == ("250米以内", "250米至500米", "500米至750米", "750米至1,000米", "1,000米以上")
    assert class_of(found, 500.0) == 1  # limits are inclusive
    assert class_of(found, 500.1) == 2
    assert class_of(found, 0.0) == 0 and class_of(found, 9e9) == 4
    assert class_of(found, None) is None and class_of(found, float("nan")) is None
    assert limit_breaks([1620, 500]) == (0.0, 250.0, 500.0, 1620.0, 2430.0, 3240.0)


def test_given_limits_replace_the_breaks_of_numbers() -> None:
    found = classes("residents", [1, 5])
    assert found.breaks == (0.0, 1.0, 5.0)
    assert found.labels("en") == ("up to 1", "1–5", "over 5")
    assert classes("accessibility", [1.0]).labels("zh") == ("1以内", "1以上")
    assert classes("load").colours[-1] == style()["load"]["over"]


def test_ramp_ends_where_the_anchors_end() -> None:
    assert ramp("distance", 5)[-1] == "#08306b"
    assert len(set(ramp("distance", 9))) == 9
    assert len(ramp("people", 1)) == 1


def test_status_words_and_colours_are_the_same_everywhere() -> None:
    tokens = style()["tokens"]
    for entry, token in zip(style()["status"], ("served", "noplace", "outreach", "offnet"), strict=True):
        assert entry["colour"] == tokens[token]
        assert (entry["en"], entry["zh"]) == tuple(reasons.term(f"account.{entry['value']}", x) for x in ("en", "zh"))
    for entry in style()["route"]:
        assert entry["colour"] == tokens[entry["value"]]
    assert all(style()[key] == tokens[key] for key in ("ink", "paper", "unknown"))


def test_text_can_be_read() -> None:
    tokens = style()["tokens"]
    for ink in ("ink", "ink-2", "accent"):
        for ground in ("paper", "wash"):
            assert contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)
    assert "--ink: #1c2733;" in css_tokens()


def test_unknown_layers_and_limits_are_refused() -> None:
    with pytest.raises(NotFoundError, match="walk"):
        classes("weather")
    with pytest.raises(PlanError):
        classes("walk", [0])
