"""One table of an upload: its columns, coordinates and datum on a map, and values corrected by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError
from layers.errors import InputError
from layers.incoming.corrected import Change
from maps.people import needs
from maps.state import language_links, request_language
from maps.upload import checking, correcting, mapping, staging, tablerows, words
from maps.upload.blueprint import pages
from maps.upload.record import Item, Upload

CELL = re.compile(r"cell-(\d{1,7})-(.{1,200})", re.DOTALL)


@pages.get("/upload/<upload_id>/tables/<int:number>")
@needs("planner")
def table(upload_id: str, number: int) -> str:
    """The columns of a table, where its places lie under each datum, and its values at fault."""
    return _page(*_item(staging.found(upload_id), number))


@pages.post("/upload/<upload_id>/tables/<int:number>")
@needs("planner")
def say_columns(upload_id: str, number: int) -> AnyResponse:
    """Which column is which, the datum and the coordinate system."""
    with staging.changing(upload_id) as upload:
        _, item = _item(upload, number)
        changed = mapping.with_columns(item, request.form)
        if wrong := mapping.crs_fault(changed, request_language()):
            return make_response(_page(upload, changed, {"crs": wrong}), 422)
        staging.keep(upload.with_item(changed))
    return _to(upload_id, number, "saved", "places")


@pages.post("/upload/<upload_id>/tables/<int:number>/corrections")
@needs("planner")
def correct(upload_id: str, number: int) -> AnyResponse:
    """Values corrected, or corrections taken back; the copy is made anew, the original stays."""
    with staging.changing(upload_id) as upload:
        folder = staging.folder_of(upload_id)
        _, item = _item(upload, number)
        try:
            for row, column in _taken_back(request.form):
                item = correcting.without(item, folder, row, column)
            changes = _changes(request.form, upload, item)
            if changes:
                item = correcting.corrected(item, folder, changes)
        except InputError as error:
            told = error.faults[0]
            message = f"{told.message(request_language())}: {told.place(request_language())}"
            return make_response(_page(upload, item, {"correction": message}), 422)
        staging.keep(upload.with_item(item))
    return _to(upload_id, number, "corrected", "values")


@pages.get("/upload/<upload_id>/corrections.csv")
@needs("planner")
def corrections_file(upload_id: str) -> Response:
    """Every correction of an upload as a table."""
    headers = {"Content-Disposition": f'attachment; filename="corrections-{upload_id}.csv"'}
    return Response(correcting.as_csv(staging.found(upload_id)), mimetype="text/csv", headers=headers)


def _item(upload: Upload, number: int) -> tuple[Upload, Item]:
    item = upload.item(number)
    if item is None or mapping.table_of(item) is None:
        raise NotFoundError(f"upload {upload.id!r} has no table {number}")
    return upload, item


def _taken_back(form: Mapping[str, str]) -> list[tuple[int, str]]:
    found = re.fullmatch(r"(\d{1,7})-(.{1,200})", form.get("undo", ""), re.DOTALL)
    return [(int(found[1]), found[2])] if found else []


def _changes(form: Mapping[str, str], upload: Upload, item: Item) -> list[tuple[Change, str]]:
    """Cells of the form that say something new, and the one of any place."""
    before = {(one["row"], one["column"]): one["value"] for one in tablerows.cells(upload, item)}
    found = []
    for key, value in form.items():
        match = CELL.fullmatch(key)
        if match and (place := (int(match[1]), match[2])) in before and value.strip() != before[place]:
            found.append((Change(*place, value.strip()[:2_000]), before[place]))
    row, column = form.get("row", "").strip(), form.get("column", "")
    if row.isascii() and row.isdigit() and len(row) < 8 and column:
        found.append((Change(int(row), column, form.get("value", "").strip()[:2_000]), ""))
    return found


def _page(upload: Upload, item: Item, errors: Mapping[str, str] | None = None) -> str:
    language = request_language()
    return render_template(
        "upload_table.html",
        languages=language_links(),
        upload_id=upload.id,
        item=tablerows.head(item, language),
        role=words.role_names(language)[item.role],
        columns=mapping.form_rows(item, language),
        headings=list(item.table.columns) if item.table else [],
        unused=mapping.unused(item),
        places=tablerows.places(upload, item, language, request.args.get("at", type=int)),
        cells=tablerows.cells(upload, item),
        corrections=item.corrections,
        datums=tablerows.datum_names(language),
        done=request.args.get("done", ""),
        errors=errors or {},
        checked=checking.last_report(staging.folder_of(upload.id)) is not None,
    )


def _to(upload_id: str, number: int, done: str, part: str) -> AnyResponse:
    address = url_for(
        "upload.table", upload_id=upload_id, number=number, done=done, lang=request_language(), _anchor=part
    )
    return redirect(address, 303)
