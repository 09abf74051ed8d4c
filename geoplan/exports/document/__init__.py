"""The siting proposal as data: chapters of sentences, tables and maps, in Chinese or English.

Word, PDF and Excel are written from the same `Document`, so that the same figures stand in each.
"""

from __future__ import annotations

from geoplan.errors import PlanError
from geoplan.exports.document.appendix import appendix
from geoplan.exports.document.care import care
from geoplan.exports.document.cover import cover
from geoplan.exports.document.data import data
from geoplan.exports.document.effect import effect
from geoplan.exports.document.need import need
from geoplan.exports.document.norms import standards
from geoplan.exports.document.parts import Cover, Document
from geoplan.exports.document.proposals import proposals
from geoplan.exports.document.reconciliation import reconciliation
from geoplan.exports.document.safety import safety
from geoplan.exports.document.summary import summary
from geoplan.exports.document.words import phrase
from geoplan.run import Run

__all__ = ["CHAPTERS", "Cover", "Document", "document"]

CHAPTERS = (summary, need, proposals, effect, safety, care, reconciliation, data, standards, appendix)


def document(run: Run, language: str) -> Document:
    """The proposal of a run.

    Chapters whose tables the run does not hold say "not computed" and why.

    Raises
    ------
    PlanError
        The run holds no stage.
    """
    if not run.summary.get("stages"):
        raise PlanError(phrase("no_stages", language))
    return Document(
        language=language,
        run_id=run.run_id,
        plan=str(run.summary.get("plan") or "run"),
        created=str(run.manifest.get("created") or ""),
        cover=cover(run, language),
        sections=tuple(chapter(run, language) for chapter in CHAPTERS),
    )
