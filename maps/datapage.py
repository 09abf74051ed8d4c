"""Rows of the data page: faults with place and remedy, and the standards a run was measured by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from geoplan.exports import FORMATS
from geoplan.reasons import terms
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import Norm
from layers.errors import Fault
from maps.kept import kept
from maps.language import speaker

USUAL = ("gpkg", "docx", "pdf")  # what most people take away


@kept
def fault_rows(run: Run, language: str) -> tuple[dict[str, Any], ...]:
    """Warnings, then notes about the input, each with place, message and remedy in the language."""
    weights = ("error", "warning")
    found = [_fault(dict(fault), language) for fault in run.summary.get("warnings") or []]
    return tuple(sorted(found, key=lambda fault: fault.get("severity") not in weights))


def _fault(stored: Mapping[str, Any], language: str) -> dict[str, Any]:
    fields = ("code", "severity", "file", "row", "column", "value", "params")
    fault = Fault(**{key: stored[key] for key in fields if stored.get(key) is not None})
    suffix = "_zh" if language == "zh" else ""
    texts = {part: stored.get(f"{part}{suffix}") or stored.get(part, "") for part in ("message", "remedy")}
    with suppress(KeyError, IndexError, ValueError):  # a code of another version, or its parameters were not kept
        texts = {"message": fault.message(language), "remedy": fault.remedy(language)}
    return {**stored, **texts, "place": fault.place(language)}


def document_links(root: str) -> tuple[dict[str, Any], ...]:
    """The siting proposal in each language and format; languages are called by their own name."""
    formats = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel"}
    return tuple(
        {
            "language": language,
            "name": name,
            "files": [
                {"name": said, "href": f"{root}/proposal.{ending}?lang={language}"}
                for ending, said in formats.items()
            ],
        }
        for language, name in {"zh": "中文", "en": "English"}.items()
    )


def export_formats(language: str) -> tuple[dict[str, Any], ...]:
    """Every format of an export with its name; ``usual`` ones are chosen beforehand."""
    say = speaker(language)
    titles = {
        "csv": say("Tables (CSV)"),
        "geojson": say("Layers (GeoJSON)"),
        "gpkg": say("GeoPackage for QGIS"),
        "cog": say("Rasters (GeoTIFF)"),
        "xlsx": say("Proposal (Excel)"),
        "docx": say("Proposal (Word)"),
        "pdf": say("Proposal (PDF)"),
        "sheets": say("Map sheets (PDF and PNG)"),
    }
    return tuple({"name": name, "title": titles[name], "usual": name in USUAL} for name in FORMATS)


def role_names(language: str) -> dict[str, str]:
    """What the inputs serve for."""
    say = speaker(language)
    return {
        "plan": say("plan"),
        "region": say("region"),
        "areas": say("sub-areas"),
        "population": say("residents"),
        "ages": say("ages"),
        "births": say("births"),
        "streets": say("streets"),
        "schools": say("schools"),
        "gates": say("school gates"),
        "housing": say("new housing"),
        "registered": say("registered residents"),
        "elevation": say("elevation"),
        "audit": say("street audit"),
    }


def standard_words(language: str) -> dict[str, str]:
    """Metric, force, setting and confidence of norms in words."""
    return (
        terms("setting", language)
        | terms("metric", language)
        | terms("force", language)
        | terms("confidence", language)
    )


def severities(language: str) -> dict[str, str]:
    """What the weights of faults are called."""
    say = speaker(language)
    return {"error": say("Error"), "warning": say("Warning"), "note": say("Note")}


@kept
def standard_rows(run: Run) -> tuple[dict[str, Any], ...]:
    """The rules of all stages as the run used them, each once, with clause and date where the profile has them."""
    standards = run_standards(run)
    norms = standards.norms if standards else {}
    rows = {str(sorted(row.items(), key=str)): row for rule in _rules(run) if (row := _standard(rule, norms))}
    return tuple(rows.values())


def _standard(rule: Mapping[str, Any], norms: Mapping[str, Norm]) -> dict[str, Any]:
    norm = norms.get(str(rule.get("id")))
    columns = ("id", "value", "unit", "metric", "force", "setting", "grades", "source", "confidence")
    known = {name: getattr(norm, name, None) for name in columns}
    row = {name: rule.get(name) if rule.get(name) is not None else known[name] for name in columns}
    return {**row, "clause": norm.clause if norm else "", "since": norm.since if norm else None}


def _rules(run: Run) -> Iterable[Mapping[str, Any]]:
    for facts in run.summary.get("stages", {}).values():
        yield from facts.get("rules") or ()
