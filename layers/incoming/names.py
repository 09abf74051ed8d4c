"""Names and endings of files that are handed over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath

from layers.plannames import STREETS

LONGEST_BYTES = 120
ARCHIVES = (".zip",)
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".gpkg", ".geojson", ".json", ".shp", ".parquet")
RASTERS = (".tif", ".tiff", ".asc")
SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".shp.xml")
SIDECARS = {".shp": SHAPEFILE, ".asc": (".prj",), ".tif": (".tfw",), ".tiff": (".tfw",)}
"""What belongs beside a file of this ending, under the same name."""

MAINS = (*ARCHIVES, *TABLES, *RASTERS, *STREETS)
PARTS = tuple(sorted({ending for endings in SIDECARS.values() for ending in endings}))
TAKEN = (*MAINS, *PARTS)


def ending(name: str) -> str:
    """The ending that says what a file is, lower case: the longest known one (``.osm.pbf``), else its last."""
    lower = name.lower()
    known = [one for one in TAKEN if lower.endswith(one)]
    return max(known, key=len) if known else PurePosixPath(lower).suffix


def stem(name: str) -> str:
    """A name without its ending."""
    return name[: len(name) - len(ending(name))]


def leads_out(name: str) -> bool:
    """Whether a name could lead elsewhere than into one folder: absolute, upwards, a drive, a GDAL address."""
    plain = name.replace("\\", "/")
    parts = plain.split("/")
    absolute = plain.startswith("/") or re.match(r"[A-Za-z]:", plain) is not None
    return absolute or ".." in parts or "\x00" in name or "://" in name


def plain(name: str) -> str:
    """One part of a path as a file name that means nothing but itself; letters of any script stay."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    text = re.sub(r"[^\w.-]+", "_", text).strip("._-")
    found = ending(text)
    head, tail = (text[: len(text) - len(found)], found) if found in TAKEN else (text, "")
    while len((head + tail).encode()) > LONGEST_BYTES:
        head = head[:-1]
    return (head.strip("._-") or "file") + tail


def unlike(name: str, there: Collection[str]) -> str:
    """A name that is not there yet, on systems that see no case either: ``schools-2.csv``."""
    known = {one.casefold() for one in there}
    found, number = name, 1
    while found.casefold() in known:
        number += 1
        found = f"{stem(name)}-{number}{ending(name)}"
    return found
