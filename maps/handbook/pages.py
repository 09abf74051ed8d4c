"""The pages of the documentation: what there is, one document, a picture."""

from __future__ import annotations

from flask import Blueprint, render_template, send_file, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError
from maps.handbook import rendering, shelf
from maps.state import language_links, request_language

handbook = Blueprint("handbook", __name__)


@handbook.get("/docs")
def contents() -> str:
    """What can be read; where it did not come with the program, that is said."""
    found = shelf.documents(request_language())
    return render_template("documents.html", documents=found, there=shelf.there(), languages=language_links())


@handbook.get("/docs/<page>")
def document(page: str) -> str:
    """One document with its contents, in the language of the request where it is written in it."""
    language = request_language()
    found = shelf.find(page.removesuffix(".md"), language)
    if found is None:
        raise NotFoundError(f"there is no document {page!r}")
    shown = rendering.page(found.path, rendering.Places(_document_address, _picture_address))
    return render_template(
        "document.html",
        document=found,
        documents=shelf.documents(language),
        body=Markup(shown.html),
        contents=shown.contents,
        languages=language_links(),
    )


@handbook.get("/docs/pictures/<name>")
def picture(name: str) -> AnyResponse:
    """A picture of a document."""
    path = shelf.picture(name)
    if path is None:
        raise NotFoundError(f"there is no picture {name!r}")
    return send_file(path, max_age=3600)


def _document_address(file: str) -> str | None:
    if not file.endswith(".md") or shelf.find(file.removesuffix(".md"), "en") is None:
        return None
    return url_for("handbook.document", page=file.removesuffix(".md"), lang=request_language())


def _picture_address(source: str) -> str | None:
    name = source.removeprefix("../")
    return None if shelf.picture(name) is None else url_for("handbook.picture", name=name)
