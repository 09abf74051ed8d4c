"""Zip files: looked at first; only the parts of one data set are unpacked, under plain names."""

from __future__ import annotations

import zipfile
import zlib
from collections import defaultdict
from pathlib import Path, PurePosixPath

from layers.tables.raw import stop

MAX_MEMBERS = 2_000
MAX_BYTES = 500_000_000
MAX_RATIO = 200
RATIO_FROM_BYTES = 10_000_000
DATA = (".shp", ".gpkg", ".geojson", ".json", ".csv", ".xlsx")
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_UTF8_FLAG = 0x800


def guard(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse a zip that would unpack to far more than it weighs, or that is locked.

    Raises
    ------
    InputError
        Too many members, too many bytes, a ratio no honest file has, a password.
    """
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    bomb = total > RATIO_FROM_BYTES and total / packed > MAX_RATIO
    if len(members) > MAX_MEMBERS or total > MAX_BYTES or bomb:
        raise stop("zip_unsafe", path, f"{len(members)} / {total / 1e6:.0f} MB")
    if any(member.flag_bits & 0x1 for member in members):
        raise stop("zip_locked", path)


def unpack(path: Path, folder: Path) -> Path:
    """Unpack the one data set of a zip into ``folder`` as ``data.*`` and hand back its main file.

    Member names never become paths: nothing can be written outside ``folder``.

    Raises
    ------
    InputError
        Not a zip, unsafe, no data set in it, or several.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            guard(archive, path)
            main, parts = _choose(archive, path)
            for member in parts:
                target = folder / f"data{_suffix(member)}"
                with archive.open(member) as source:
                    target.write_bytes(source.read(MAX_BYTES))
            return folder / f"data{_suffix(main)}"
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise stop("table_unreadable", path, type(error).__name__) from None


def _choose(archive: zipfile.ZipFile, path: Path) -> tuple[zipfile.ZipInfo, list[zipfile.ZipInfo]]:
    groups: dict[str, list[zipfile.ZipInfo]] = defaultdict(list)
    for member in archive.infolist():
        name = PurePosixPath(member_name(member).replace("\\", "/"))
        hidden = name.name.startswith(("._", ".")) or "__MACOSX" in name.parts
        if not member.is_dir() and not hidden:
            groups[str(name.with_suffix("")).casefold()].append(member)
    mains = [member for members in groups.values() for member in members if _suffix(member) in DATA]
    if len(mains) != 1:
        names = ", ".join(sorted(member_name(member) for member in mains))
        raise stop("zip_content", path, names or None, count=len(mains))
    main = mains[0]
    group = next(members for members in groups.values() if main in members)
    parts = [member for member in group if _suffix(member) in PARTS] if _suffix(main) == ".shp" else [main]
    return main, parts


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.casefold()


def member_name(member: zipfile.ZipInfo) -> str:
    """The member's name; archivers of Chinese systems write GBK, others UTF-8, without saying so."""
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030" or name.isascii() or any("\u4e00" <= letter <= "\u9fff" for letter in name):
            return name  # two letters of GBK may look like UTF-8, but of no Chinese
    return member.filename
