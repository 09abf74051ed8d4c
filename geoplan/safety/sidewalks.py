"""Pavements of a street by side, and what keeps them apart from traffic, as the tags tell."""

from __future__ import annotations

from typing import NamedTuple

from geoplan.safety.tags import Tags, Wrong, choice, parts
from geoplan.safety.words import TABLES

ON, NONE, APART = "on", "none", "apart"
KEYS = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
BUFFERS = (
    ("verge", "verge"),
    ("cycleway", "cycleway"), ("cycleway:both", "cycleway"), ("cycleway:left", "cycleway"),
    ("cycleway:right", "cycleway"), ("parking:both", "parking"), ("parking:left", "parking"),
    ("parking:right", "parking"), ("parking:lane:both", "parking"), ("parking:lane:left", "parking"),
    ("parking:lane:right", "parking"),
)  # fmt: skip
_BOTH_SIDES = (("verge",), ("cycleway", "cycleway:both"), ("parking:both", "parking:lane:both"))

BUFFER, KERB = "buffer", "kerb"


class Sidewalk(NamedTuple):
    """What is known of each side: ``on`` the street, ``none``, mapped ``apart``, or None.

    ``some`` says there is a pavement on a side that is not told.
    """

    left: str | None = None
    right: str | None = None
    some: bool = False
    wrong: tuple[Wrong, ...] = ()

    @property
    def present(self) -> bool | None:
        """Whether the street itself has a pavement; None where that is not known."""
        if self.some or ON in (self.left, self.right):
            return True
        return None if None in (self.left, self.right) else False

    @property
    def apart(self) -> bool:
        """Whether its pavement is mapped as a way of its own, and none on the street."""
        return self.present is False and APART in (self.left, self.right)

    @property
    def side(self) -> int:
        """1 left only, 2 right only, 3 both, 0 not known or none, seen along the way."""
        if None in (self.left, self.right) or self.some:
            return 0
        return (self.left == ON) + 2 * (self.right == ON)


def sidewalk(tags: Tags) -> Sidewalk:
    """Pavements from ``sidewalk=*`` and ``sidewalk:left|right|both=*``; both unknown where they contradict.

    Examples
    --------
    >>> sidewalk({"sidewalk": "right"})[:2]
    ('none', 'on')
    >>> sidewalk({"sidewalk": "no", "sidewalk:left": "yes"}).present is None
    True
    """
    whole, wrong = _whole(tags)
    sides = [_side(tags, name) for name in ("left", "right")]
    faults = (*wrong, *(fault for _, found in sides for fault in found))
    known = [_joined(whole_side, side) for whole_side, (side, _) in zip(whole[:2], sides, strict=True)]
    some = whole[2] and ON not in known
    if "clash" in known or (whole[2] and known == [NONE, NONE]):
        return Sidewalk(wrong=(*faults, _clash(tags)))
    left, right = known
    return Sidewalk(left, right, some and None in known, faults)


def _clash(tags: Tags) -> Wrong:
    given = [key for key in KEYS if key in tags]
    return Wrong("tags_contradict", "+".join(given), "; ".join(tags[key] for key in given))


def _whole(tags: Tags) -> tuple[tuple[str | None, str | None, bool], tuple[Wrong, ...]]:
    value = tags.get("sidewalk")
    if value is None:
        return (None, None, False), ()
    found = parts(value)
    words = {_general(part) for part in found} - {"side"}
    named = {part for part in found if part in ("left", "right")}
    if "wrong" in words or not found:
        return (None, None, False), (Wrong("tag_value_unknown", "sidewalk", value),)
    if named and not words:
        return (_on("left" in named), _on("right" in named), False), ()
    if len(words) == 1 and not named:
        word = words.pop()
        return (None, None, True) if word == "some" else (word, word, False), ()
    return (None, None, False), (Wrong("tags_contradict", "sidewalk", value),)


def _on(there: bool) -> str:
    return ON if there else NONE


def _general(text: str) -> str:
    if text in ("left", "right"):
        return "side"
    names = {"both": ON, "some": "some", "none": NONE, "apart": APART}
    return next((word for kind, word in names.items() if text in TABLES[f"sidewalk_{kind}"]), "wrong")


def _side(tags: Tags, name: str) -> tuple[str | None, tuple[Wrong, ...]]:
    """One side, from its own key and from the key for both."""
    found, wrong = [], []
    for key in ("sidewalk:both", f"sidewalk:{name}"):
        if key not in tags:
            continue
        values = {_of_side(part) for part in parts(tags[key])}
        if len(values) == 1 and "wrong" not in values:
            found.append(values.pop())
        else:
            wrong.append(Wrong("tag_value_unknown", key, tags[key]))
    return (found[0] if len(set(found)) == 1 else "clash" if found else None), tuple(wrong)


def _of_side(text: str) -> str:
    names = {"yes": ON, "none": NONE, "apart": APART}
    return next((word for kind, word in names.items() if text in TABLES[f"sidewalk_side_{kind}"]), "wrong")


def _joined(whole: str | None, side: str | None) -> str | None:
    """The side as both keys tell it; ``clash`` where they differ, except that a side may be mapped apart."""
    if whole is None or side is None or whole == side:
        return whole if side is None else side
    return APART if {whole, side} == {ON, APART} else "clash"


def separations(tags: Tags) -> tuple[tuple[str, ...], tuple[Wrong, ...]]:
    """What may lie between pavement and traffic: ``buffer``, ``kerb`` or both where it is not known.

    A buffer is known from a verge, parked cars or a cycle lane or track on both sides; a kerb alone when all three
    are denied. Keys that contradict one another tell nothing.
    """
    found = {key: choice(tags, key, words) for key, words in BUFFERS if key in tags}
    wrong = tuple(fault for one in found.values() for fault in one.wrong)
    groups = [_agreed({key: one.value for key, one in found.items()}, keys) for keys in _BOTH_SIDES]
    if True in groups:
        return (BUFFER,), wrong
    return ((KERB,) if groups == [False] * len(groups) else (BUFFER, KERB)), wrong


def _agreed(values: dict[str, bool | None], keys: tuple[str, ...]) -> bool | None:
    """What the keys of one kind of buffer say of both sides; None where they are silent or differ."""
    said = [values[key] for key in keys if values.get(key) is not None]
    for key in keys:
        stem = key.removesuffix(":both")
        sides = [values.get(f"{stem}:{side}") for side in ("left", "right")]
        said += sides if sides[0] is not None and sides[0] == sides[1] else []
    return said[0] if len(set(said)) == 1 else None
