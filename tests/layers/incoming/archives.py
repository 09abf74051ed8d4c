"""Archives made for tests, honest ones and others."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """A zip with these members, names as given."""
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return out.getvalue()


def gbk_zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip as archivers of Chinese Windows write it: names in GBK, and no flag that says so."""
    out = io.BytesIO()
    stand_in = {name: chr(97 + at) * len(name.encode("gbk")) for at, name in enumerate(members)}
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(stand_in[name]), data)
    raw = out.getvalue()
    for name, other in stand_in.items():
        raw = raw.replace(other.encode(), name.encode("gbk"))
    return raw
