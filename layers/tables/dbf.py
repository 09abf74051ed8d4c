"""The encoding of a shapefile's attributes, where neither a .cpg file nor the .dbf itself says it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

SAMPLE = 5_000
_FIELD_BYTES = 32
_LANGUAGE_BYTE = 29


def dbf_encoding(shp: Path) -> str | None:
    """``UTF-8`` or ``GB18030`` by the text in the attributes; None where the file says it, or there is no ``.dbf``.

    A text cut inside a character at the end of its field still counts as UTF-8.
    """
    dbf = _beside(shp, ".dbf")
    if dbf is None or _beside(shp, ".cpg") is not None:
        return None
    data = dbf.read_bytes()
    if len(data) < _FIELD_BYTES or data[_LANGUAGE_BYTE] != 0:
        return None
    return "UTF-8" if all(_is_utf8(text) for text in _texts(data)) else "GB18030"


def _beside(shp: Path, suffix: str) -> Path | None:
    return next((path for path in (shp.with_suffix(suffix), shp.with_suffix(suffix.upper())) if path.is_file()), None)


def _texts(data: bytes) -> Iterator[bytes]:
    """Field names, then the text fields of the first records."""
    count, head, width = struct.unpack("<IHH", data[4:12])
    spans, start = [], 1
    for place in range(_FIELD_BYTES, head - 1, _FIELD_BYTES):
        field = data[place : place + _FIELD_BYTES]
        if len(field) < _FIELD_BYTES:
            break
        yield field[:11].split(b"\x00")[0]
        if field[11:12] == b"C":
            spans.append((start, start + field[16]))
        start += field[16]
    for record in range(min(count, SAMPLE)):
        row = data[head + record * width : head + (record + 1) * width]
        yield from (row[low:high].rstrip(b" \x00") for low, high in spans)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
