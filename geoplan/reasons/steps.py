"""Steps of a scenario in words: what opens, closes, grows, is built or mended, and from which year on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from geoplan.reasons.figures import listing, sentence
from layers.scenariofile import (
    CloseStep,
    ConvertStep,
    HousingStep,
    OpenStep,
    ResizeStep,
    RetrofitStep,
    Step,
    step_sizes,
)

Names = Mapping[str, str]


def step_sentence(step: Step, names: Names, language: str) -> str:
    """One step in words.

    Parameters
    ----------
    names
        Names of schools by id; an id without a name stands for itself.
    """
    said = _said(step, names, language)
    year = getattr(step, "year", None)
    return sentence("step_from", language, step=said, year=year) if year else said


def _said(step: Step, names: Names, language: str) -> str:
    if isinstance(step, OpenStep):
        return sentence("step_open", language, name=step.name or step.id, size=_sizes(step, language))
    if isinstance(step, HousingStep):
        built = {key: step.columns.get(key) for key in ("dwellings", "ready")}
        return sentence("step_housing", language, name=str(step.columns.get("name") or step.id), **built)
    if isinstance(step, RetrofitStep):
        code = "step_retrofit_named" if step.name else "step_retrofit"
        return sentence(code, language, count=len(step.elements), **({"name": step.name} if step.name else {}))
    name = names.get(step.school_id, step.school_id)
    tell: Callable[..., str] = lambda code, **params: sentence(code, language, name=name, **params)  # noqa: E731
    if isinstance(step, CloseStep):
        return tell("step_close")
    return _resized(step, tell) if isinstance(step, ResizeStep) else _converted(step, tell, language)


def _resized(step: ResizeStep, tell: Callable[..., str]) -> str:
    if step.plus_classes is not None:
        return tell("step_more" if step.plus_classes >= 0 else "step_fewer", classes=abs(step.plus_classes))
    size = "places" if step.places is not None else "classes"
    params: dict[str, Any] = {size: getattr(step, size)}
    return tell(f"step_{size}", stage=step.stage, **params) if step.stage else tell(f"step_{size}_plain", **params)


def _converted(step: ConvertStep, tell: Callable[..., str], language: str) -> str:
    ways = {"before": step.of, "after": step.to}
    for size in ("places", "classes"):
        if getattr(step, size) is not None:
            return tell(
                "step_convert", **ways, size=sentence(f"size_{size}_plain", language, count=getattr(step, size))
            )
    return tell("step_convert_all", **ways)


def _sizes(step: OpenStep, language: str) -> str:
    return listing(
        [sentence(f"size_{size}", language, stage=stage, count=count) for stage, size, count in step_sizes(step)],
        language,
    )
