"""A run as files for other programs and for meetings: spreadsheets, QGIS, web maps, rasters, documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from geoplan.errors import PlanError
from geoplan.exports.docx import docx_jobs
from geoplan.exports.files import cog_jobs, csv_jobs, geojson_jobs
from geoplan.exports.gpkg import gpkg_jobs
from geoplan.exports.orders import Job, Order, Paper
from geoplan.exports.pdf import pdf_jobs
from geoplan.exports.prints import sheets_jobs
from geoplan.exports.xlsx import xlsx_jobs
from geoplan.identity import plain
from geoplan.run import Run
from geoplan.store import aside_file

FORMATS: Mapping[str, Callable[[Order], Iterator[Job]]] = {
    "csv": csv_jobs,
    "geojson": geojson_jobs,
    "gpkg": gpkg_jobs,
    "cog": cog_jobs,
    "xlsx": xlsx_jobs,
    "docx": docx_jobs,
    "pdf": pdf_jobs,
    "sheets": sheets_jobs,
}
LANGUAGES = ("en", "zh")
LIST = "exports.json"


def export(
    run: Run,
    formats: Sequence[str],
    out: Path,
    *,
    language: str = "en",
    template: Path | None = None,
    paper: Paper = "a4",
) -> list[Path]:
    """Write a run in the formats named; returns the files, each of them whole.

    ``exports.json`` beside them says which run and which sources they come from. Only files listed there are ever
    replaced: whatever else lies in the folder, the inputs of a plan above all, stays as it is.

    Parameters
    ----------
    formats
        Any of ``FORMATS``.
    out
        The folder to write to.
    language
        ``en`` or ``zh``: the language of documents, layer titles, column titles and legends.
    template
        A Word template of one's own for ``docx``.
    paper
        Size of printed map sheets: ``a4`` or ``a3``.

    Raises
    ------
    PlanError
        An unknown format or language, a template at fault, a run without stages, a file of somebody else in the way,
        no font, or a full disk.
    """
    _check(formats, language)
    if template is not None and not template.is_file():
        raise PlanError(f"there is no template {template}")
    order = Order(run, language, template=template, paper=paper)
    jobs = [job for name in dict.fromkeys(formats) for job in FORMATS[name](order)]
    earlier = _listed(out)
    _nothing_in_the_way(out, [name for name, _ in jobs], earlier)
    _list(run, out, sorted({*earlier, *(name for name, _ in jobs)}))
    return [_written(out / name, write) for name, write in jobs]


def _written(path: Path, write: Callable[[Path], None]) -> Path:
    with aside_file(path) as aside:
        write(aside)
    return path


def _check(formats: Sequence[str], language: str) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        said = ", ".join(map(repr, unknown)) or "no format"
        raise PlanError(f"cannot export {said}; there are: {', '.join(FORMATS)}")
    if language not in LANGUAGES:
        raise PlanError(f"no language {language!r}; there are: {', '.join(LANGUAGES)}")


def _listed(out: Path) -> list[str]:
    """Files that earlier exports wrote to this folder."""
    try:
        return list(json.loads((out / LIST).read_text(encoding="utf-8"))["files"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return []


def _nothing_in_the_way(out: Path, names: Sequence[str], earlier: Sequence[str]) -> None:
    if out.exists() and not out.is_dir():
        raise PlanError(f"{out} is a file; name a folder with --out")
    foreign = [name for name in (*names, LIST) if (out / name).exists() and name not in (*earlier, LIST)]
    if (out / LIST).exists() and not earlier:
        foreign.append(LIST)
    if foreign:
        raise PlanError(
            f"{out} holds files that no export wrote, and they are kept: {', '.join(foreign)}; "
            "move them, or name another folder with --out"
        )


def _list(run: Run, out: Path, names: Sequence[str]) -> None:
    head = {key: run.summary.get(key) for key in ("plan", "title", "title_zh", "notice", "notice_zh", "profile")}
    content = {**head, "run_id": run.run_id, "sources": run.manifest.get("sources"), "files": names}
    text = json.dumps(plain(content), ensure_ascii=False, indent=1, sort_keys=True)
    with aside_file(out / LIST) as aside:
        aside.write_text(f"{text}\n", encoding="utf-8")
