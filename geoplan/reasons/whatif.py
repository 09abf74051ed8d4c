"""What a change tried on the map brings, in sentences: more or fewer with a place, shorter and longer walks."""

from __future__ import annotations

from dataclasses import dataclass

from geoplan.reasons.catalogue import term
from geoplan.reasons.figures import sentence

SOME = 0.5  # pupils below this are nobody in print


@dataclass(frozen=True)
class Moved:
    """What steps do to the pupils of a stage.

    Parameters
    ----------
    steps
        How many steps were taken.
    pupils
        All pupils of the stage.
    gained
        Pupils more with a place in reach, fewer when negative; a school in reach where places are not known.
    nearer, farther
        Pupils whose walk gets shorter, and longer.
    """

    stage: str
    steps: int
    pupils: float
    gained: float
    nearer: float
    farther: float
    places_known: bool = True


def whatif_sentences(moved: Moved, language: str) -> list[str]:
    """The finding first, then who walks less and who walks farther."""
    said = {
        "lead": term(f"whatif.{'one' if moved.steps == 1 else 'many'}", language),
        "what": term(f"whatif.{'place' if moved.places_known else 'reach'}", language),
        "base": moved.pupils,
        "children": term(f"children.{moved.stage}", language),
    }
    walks = [("whatif_nearer", moved.nearer), ("whatif_farther", moved.farther)]
    told = [sentence(code, language, pupils=pupils) for code, pupils in walks if pupils >= SOME]
    if abs(moved.gained) < SOME:
        return [sentence("whatif_same" if told else "whatif_nothing", language, **said), *told]
    code = "whatif_more" if moved.gained > 0 else "whatif_fewer"
    return [sentence(code, language, pupils=abs(moved.gained), **said), *told]
