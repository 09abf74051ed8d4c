"""The finding of the route safety panel and what must be read with care beside it, as sentences.

``safety`` of a summary, of all stages or of one, holds ``pupils_routed, safe, undetermined, unsafe`` (pupils),
``detour_m`` (``mean, p95``) and ``tag_completeness`` (tag to the share of pupil-metres where it is known). A key that
is missing or unknown leaves its sentence out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.reasons.care import Note
from geoplan.reasons.catalogue import catalogue
from geoplan.reasons.coverage import Summary, names
from geoplan.reasons.figures import known, sentence, whole

VERDICTS = ("safe", "undetermined", "unsafe")
FEW = 0.5  # a tag known on less of the metres walked than this is pointed out
Found = Iterator[tuple[str, Mapping[str, Any]]]


def safety_headline(safety: Summary, language: str, *, stage: str | None = None) -> str:
    """How many pupils have a safe route, how many have none, and for how many it cannot be told."""
    words = names(safety, language, stage)
    amounts = verdict_amounts(safety)
    base = sum(amounts)
    if not base:
        return sentence("safety_headline_none", language, **words)
    safe, undetermined, unsafe = whole(amounts)
    ends = ("_certain" if unsafe else "_all", "" if unsafe else "_open")
    code = f"safety_headline{ends[bool(undetermined)]}"
    return sentence(code, language, safe=safe, undetermined=undetermined, unsafe=unsafe, base=base, **words)


def verdict_amounts(safety: Summary) -> list[float]:
    """Pupils with a safe, an undetermined and an unsafe route; 0 where not known."""
    return [known(safety.get(verdict)) or 0.0 for verdict in VERDICTS]


def safety_detour(safety: Summary, language: str) -> str:
    """What the safest routes cost in metres; empty where that is not known.

    ``detour_m`` is the mean, or ``mean`` and ``p95``.
    """
    found = safety.get("detour_m")
    detour = found if isinstance(found, Mapping) else {"mean": found}
    mean, most = known(detour.get("mean")), known(detour.get("p95"))
    if mean is None:
        return ""
    code = "safety_detour_mean" if most is None else "safety_detour"
    return sentence(code, language, mean=mean, p95=most)


def safety_care(safety: Summary, language: str, *, stage: str | None = None) -> list[Note]:
    """Everything that limits what the figures of route safety say."""
    words = names(safety, language, stage)
    found = [*_unrouted(safety), *_undetermined(safety), *_least_known(safety, language), ("safety_care_scale", {})]
    return [Note(code, sentence(code, language, **{**words, **params})) for code, params in found]


def _unrouted(safety: Summary) -> Found:
    missing = (known(safety.get("pupils_walking")) or 0.0) - sum(verdict_amounts(safety))
    if missing >= 0.5:
        yield "safety_care_unrouted", {"pupils": missing, "base": known(safety.get("pupils_walking"))}


def _undetermined(safety: Summary) -> Found:
    amounts = verdict_amounts(safety)
    undetermined = whole(amounts)[1]
    if undetermined:
        yield "safety_care_undetermined", {"pupils": undetermined, "base": sum(amounts)}


def _least_known(safety: Summary, language: str) -> Found:
    shares = {tag: known(share) for tag, share in (safety.get("tag_completeness") or {}).items()}
    rare = sorted((share, tag) for tag, share in shares.items() if share is not None and share < FEW)
    if rare:
        share, tag = rare[0]
        yield "safety_care_tag", {"tag": word("safety_tag", tag, language), "share": share}


def word(group: str, name: str, language: str) -> str:
    """The word of a code, or the code itself where there is none for it yet."""
    return str(catalogue(language)["term"].get(group, {}).get(name, name))
