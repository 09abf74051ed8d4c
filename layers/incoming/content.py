"""What a file is by its bytes, held against what its ending says; files that point elsewhere are refused."""

from __future__ import annotations

import bz2
import gzip
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from layers.errors import Fault
from layers.incoming.names import MAINS, PARTS, TAKEN, ending

HEAD = 65_536
CHUNK = 1 << 20
ENDS = 8 << 20
TABLE_BYTES = 600_000_000
SQLITE = b"SQLite format 3\x00"
SHAPE = bytes.fromhex("0000270a")
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
XML_ENDINGS = (".osm", ".osm.xml", ".graphml", ".osm.gz", ".osm.bz2")
WANTED = {
    ".zip": ("zip",),
    ".xlsx": ("xlsx",),
    ".gpkg": ("sqlite",),
    ".geojson": ("json",),
    ".json": ("json",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
    ".shp": ("shape",),
    ".shx": ("shape",),
    ".dbf": ("dbf",),
    ".parquet": ("parquet",),
    ".tif": ("tiff",),
    ".tiff": ("tiff",),
    ".asc": ("text",),
    ".osm": ("osm",),
    ".osm.xml": ("osm",),
    ".osm.gz": ("osm",),
    ".osm.bz2": ("osm",),
    ".osm.pbf": ("pbf",),
    ".pbf": ("pbf",),
    ".graphml": ("graphml",),
}
_ENTITY = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ELSEWHERE = re.compile(rb"/vsi[a-z0-9_]+[/?]|<(?:OGR)?VRT(?:Dataset|DataSource)|<SrcDataSource", re.IGNORECASE)
_SIGNS = (b"/vsi", b"vrtdata", b"<srcdata")
_VIRTUAL = re.compile(r"create\s+virtual\s+table\b(?!.*\busing\s+\"?rtree)", re.IGNORECASE | re.DOTALL)
_CALLS = re.compile(r"/vsi|load_extension|\bgdal_|\bogr_|virtualogr|\battach\b|://", re.IGNORECASE)


def refused(path: Path, name: str) -> Fault | None:
    """Why a file may not come in, or None; ``name`` is what it was called, ``path`` where it lies.

    Nothing is opened with GDAL here: the bytes are looked at.
    """
    kind = ending(name)
    if kind not in TAKEN:
        return Fault("incoming_ending", file=name, value=kind or name, params={"endings": " ".join(MAINS)})
    if not path.stat().st_size:
        return None if kind in PARTS else Fault("incoming_empty", file=name)
    found = sniffed(path, kind)
    if found == "vrt":
        return Fault("incoming_elsewhere", file=name, value="VRT")
    wanted = WANTED.get(kind)
    if wanted and found not in wanted:
        return Fault("incoming_content", file=name, value=found, params={"ending": kind})
    if kind in (".csv", ".tsv", ".txt", ".xlsx", ".geojson", ".json") and path.stat().st_size > TABLE_BYTES:
        return Fault("incoming_table_large", file=name, value=f"{path.stat().st_size / 1e6:.0f} MB")
    return _inside(path, name, kind)


def sniffed(path: Path, kind: str) -> str:
    """What the first bytes say: ``zip``, ``xlsx``, ``sqlite``, ``tiff``, ``osm``, ``vrt``, ``text``, ``binary`` …"""
    with path.open("rb") as file:
        head = file.read(HEAD)
    signs = ((SQLITE, "sqlite"), (SHAPE, "shape"), (b"PAR1", "parquet"), (b"\xd0\xcf\x11\xe0", "office"))
    for sign, found in signs:
        if head.startswith(sign):
            return found
    if head.startswith(TIFF):
        return "tiff"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _packed(path)
    if head[4:32].find(b"OSMHeader") >= 0:
        return "pbf"
    if head.startswith((b"\x1f\x8b", b"BZh")):
        return _text(_first(path, kind)) if kind in (".osm.gz", ".osm.bz2") else "compressed"
    if kind == ".dbf" and head[:1] in (b"\x02", b"\x03", b"\x30", b"\x31", b"\x43", b"\x83", b"\x8b", b"\xf5"):
        return "dbf"
    return _text(head)


def _packed(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "zip"
    if "[Content_Types].xml" in names:
        return "xlsx" if any(name.startswith("xl/") for name in names) else "office"
    return "zip"


def _first(path: Path, kind: str) -> bytes:
    try:
        with gzip.GzipFile(path) if kind == ".osm.gz" else bz2.BZ2File(path) as opened:
            return opened.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return b"\x00"


def _text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if re.match(rb"<(?:OGR)?VRTDataset|<OGRVRTDataSource", start, re.IGNORECASE):
        return "vrt"
    if start[:1] == b"<":
        roots = ((rb"<(?:OGR)?VRTData", "vrt"), (rb"<osm\b", "osm"), (rb"<graphml\b", "graphml"))
        return next((found for root, found in roots if re.search(root, head, re.IGNORECASE)), "xml")
    if start[:1] in (b"{", b"["):
        return "json"
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return "binary" if b"\x00" in head and not utf16 else "text"


def _inside(path: Path, name: str, kind: str) -> Fault | None:
    """What may hide in a file of the right kind: entities of XML, references to other files and addresses."""
    if kind in (".osm", ".osm.xml", ".graphml"):
        return _entities(_chunks(path), name)
    if kind in (".osm.gz", ".osm.bz2"):
        return _entities(iter([_first(path, kind)]), name)
    if kind == ".xlsx":
        return _workbook(path, name)
    if kind == ".gpkg":
        return _geopackage(path, name)
    if kind in (".tif", ".tiff"):
        return _elsewhere(path, name)
    return None


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces that overlap, so that no word is cut."""
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(CHUNK):
            yield tail + piece
            tail = piece[-64:]


def _entities(pieces: Iterator[bytes], name: str) -> Fault | None:
    if any(b"<!" in piece and _ENTITY.search(piece) for piece in pieces):
        return Fault("incoming_entities", file=name)
    return None


def _elsewhere(path: Path, name: str) -> Fault | None:
    found = next((match for piece in _ends(path) if (match := _pointing(piece))), None)
    return found and Fault("incoming_elsewhere", file=name, value=found[0].decode("ascii", "replace"))


def _ends(path: Path) -> Iterator[bytes]:
    """Beginning and end of a raster, where its tags stand; its driver opens no other file for what is between."""
    with path.open("rb") as file:
        yield file.read(ENDS)
        file.seek(max(0, path.stat().st_size - ENDS))
        yield file.read(ENDS)


def _pointing(piece: bytes) -> re.Match[bytes] | None:
    """A reference in a piece; most pieces are told to hold none without looking closely."""
    lower = piece.lower()
    return _ELSEWHERE.search(piece) if any(word in lower for word in _SIGNS) else None


def _workbook(path: Path, name: str) -> Fault | None:
    """The head of every XML part of a workbook; a document type stands before everything else."""
    try:
        with zipfile.ZipFile(path) as book:
            for member in book.infolist():
                if member.flag_bits & 0x1:
                    return Fault("zip_locked", file=name)
                if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with book.open(member) as part:
                        if _ENTITY.search(part.read(HEAD)):
                            return Fault("incoming_entities", file=name, value=member.filename[:60])
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        return Fault("incoming_broken", file=name)
    return None


def _geopackage(path: Path, name: str) -> Fault | None:
    """Tables, views and triggers of the database that would reach beyond it when somebody reads them."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            rows = database.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    except sqlite3.Error:
        return Fault("incoming_broken", file=name)
    for kind, item, sql in rows:
        if (kind == "table" and _VIRTUAL.search(sql)) or (kind in ("view", "trigger") and _CALLS.search(sql)):
            return Fault("incoming_elsewhere", file=name, value=f"{kind} {item}"[:80])
        if "/vsi" in f"{item}{sql}".lower():
            return Fault("incoming_elsewhere", file=name, value=str(item)[:80])
    return None
