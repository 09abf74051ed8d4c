"""Languages of the pages: message catalogues compiled in memory, and figures for tables.

The ``.po`` files are the source; nothing has to be compiled before the pages work. The same functions serve the web
pages and ``map.html``, which has no web application around it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask_babel import Domain, get_locale
from markupsafe import Markup, escape

from geoplan import reasons
from geoplan.reasons import decimal, known, people

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).resolve().parent / "translations"
NONE = "–"  # shown where a number is not known

Say = Callable[..., str]


@cache
def translations(language: str) -> Translations:
    """The catalogue of a language; English messages are their own translation."""
    source = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return Translations()
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def speaker(language: str) -> Say:
    """A function that says a message in ``language``, filling ``%(name)s`` places from its keyword arguments."""
    catalogue = translations(language)

    def say(message: str, **values: object) -> str:
        text = str(catalogue.gettext(message))
        return text % values if values else text

    return say


def marked(text: str, language: str) -> Markup:
    """A text as HTML; on a Chinese page one without a Chinese character is marked as English, for who listens."""
    if language != "zh" or any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return escape(text)
    return Markup('<span lang="en">{}</span>').format(text)


class MemoryDomain(Domain):
    """The Flask-Babel domain that reads our catalogues from memory."""

    def get_translations(self) -> Translations:
        """Catalogue of the language of the request."""
        return translations(get_locale().language)


def name_in(row: Mapping[str, Any], key: str, language: str) -> str:
    """Name of a school or sub-area: ``name_en`` on English pages where there is one, else its name, else the key."""
    english = row.get("name_en") if language == "en" else None
    found = (name for name in (english, row.get("name")) if isinstance(name, str) and name.strip())
    return next(found, str(row[key]))


def number(value: object, language: str, digits: int = 0) -> str:
    """A count with thousands separators; an en dash when unknown."""
    amount = known(value)
    if amount is None:
        return NONE
    return people(amount, language) if not digits else decimal(round(amount, digits), language)


def percent(share: object, language: str) -> str:
    """A share in whole per cent; an en dash when unknown. A part in a billion is noise of adding, not a part."""
    amount = known(share)
    return NONE if amount is None else reasons.percent(round(amount, 9), language)


def metres(distance_m: object, language: str) -> str:
    """A distance; an en dash when unknown."""
    return NONE if known(distance_m) is None else reasons.metres(distance_m, language)


def day(iso: str, language: str) -> str:
    """An ISO date or time as a date in words; the text itself when it is no date."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return str(format_date(moment, format="long", locale=language))
