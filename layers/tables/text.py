"""Text tables: encoding and delimiter are found, rows keep the number a spreadsheet gives them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path

from layers.tables.raw import Raw, from_records, stop

DELIMITERS = (",", ";", "\t")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> Raw:
    """Read a ``.csv``, ``.tsv`` or ``.txt`` table.

    UTF-8 (with or without mark), UTF-16 with mark, else GB18030, of which GBK and GB2312 are parts. The delimiter is
    the one of comma, semicolon and tab that divides the heading most often, or the one a line ``sep=;`` names.

    Raises
    ------
    InputError
        No such encoding, no heading, no rows; every fault of the headings.
    """
    text = decode(path.read_bytes(), path)
    named = re.match(r"sep=(.)\r?\n", text)
    body = text[named.end() :] if named else text
    delimiter = named.group(1) if named else delimiter_of(body)
    csv.field_size_limit(10_000_000)
    try:
        lines = list(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise stop("table_unreadable", path, str(error)) from None
    first = 2 if named else 1
    numbered = [(row, line) for row, line in enumerate(lines, start=first) if any(cell.strip() for cell in line)]
    if len(numbered) < 2:
        raise stop("table_empty", path)
    header = [cell.strip() for cell in numbered[0][1]]
    records: list[tuple[int, list[object]]] = [(row, list(line)) for row, line in numbered[1:]]
    return from_records(path, header, records, decimal_comma=delimiter == ";")


def decode(data: bytes, path: Path) -> str:
    """Bytes as text.

    Raises
    ------
    InputError
        Neither Unicode nor GB18030.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(data, (encoding,), path)
    return _decoded(data, ("utf-8", "gb18030"), path)


def _decoded(data: bytes, encodings: tuple[str, ...], path: Path) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise stop("table_encoding", path)


def delimiter_of(text: str) -> str:
    """The delimiter that gives the first line with anything in it the most cells."""
    lead = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    counts = {mark: len(next(csv.reader([lead], delimiter=mark), [])) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: counts[mark])
