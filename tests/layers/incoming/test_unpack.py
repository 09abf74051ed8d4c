"""Archives of attackers and of honest people: what comes out, what is refused, and that nothing leaves the folder."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from layers.incoming.unpack import Budget, Unpacked, unpack
from tests.layers.incoming.archives import gbk_zipped, zipped


def opened(tmp_path: Path, data: bytes, budget: Budget | None = None) -> tuple[Unpacked, list[str]]:
    archive, into = tmp_path / "in" / "county.zip", tmp_path / "in" / "out"
    archive.parent.mkdir()
    archive.write_bytes(data)
    out = unpack(archive, "county.zip", into, budget or Budget())
    there = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert all(name == "in/county.zip" or name.startswith("in/out/") for name in there), "nothing leaves the folder"
    return out, [name.removeprefix("in/out/") for name in there if name != "in/county.zip"]


def codes(out: Unpacked) -> list[str]:
    return [fault.code for fault in out.faults]


def test_an_honest_archive_with_folders_and_litter(tmp_path: Path) -> None:
    out, there = opened(
        tmp_path, zipped({"a/学校 2024.csv": b"x", "a/b/c.csv": b"y", "__MACOSX/a/._c": b"-", "a/.DS_Store": b"-"})
    )
    assert there == ["a/b/c.csv", "a/学校_2024.csv"] and not out.faults
    assert [name for name, _ in out.files] == ["county.zip/a/学校 2024.csv", "county.zip/a/b/c.csv"]


def test_names_in_gbk(tmp_path: Path) -> None:
    out, there = opened(tmp_path, gbk_zipped({"学校.csv": b"x", "道路/路网.csv": b"y"}))
    assert there == ["学校.csv", "道路/路网.csv"] and not out.faults


@pytest.mark.parametrize(
    "name", ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "C:/evil.csv", "..\\evil.csv", "\\\\host\\evil.csv",
             "/vsicurl/http://x/evil.csv", "http://x/evil.csv"],
)  # fmt: skip
def test_names_that_lead_out_are_refused_and_the_rest_stays(tmp_path: Path, name: str) -> None:
    out, there = opened(tmp_path, zipped({name: b"x", "good.csv": b"y"}))
    assert codes(out) == ["incoming_name"] and there == ["good.csv"]
    assert out.faults[0].file.startswith("county.zip/") and out.faults[0].remedy("zh")


def test_links_are_refused(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        link = zipfile.ZipInfo("schools.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.csv", "x")
    out, there = opened(tmp_path, raw.getvalue())
    assert codes(out) == ["incoming_link"] and there == ["good.csv"]


def test_members_below_a_file_or_too_deep_are_refused_and_the_rest_stays(tmp_path: Path) -> None:
    deep = "/".join(["d" * 100] * 60)
    out, there = opened(tmp_path, zipped({"a": b"x", "a/b.csv": b"y", f"{deep}/c.csv": b"z", "good.csv": b"y"}))
    assert codes(out) == ["incoming_again"] * 2 and there == ["a", "good.csv"]


def test_an_archive_in_an_archive_named_as_a_file_is_refused(tmp_path: Path) -> None:
    out, there = opened(tmp_path, zipped({"a.csv": b"x", "a.csv.zip": zipped({"b.csv": b"y"})}))
    assert codes(out) == ["incoming_again"] and there == ["a.csv"]


def test_a_bomb_is_refused_by_what_it_says(tmp_path: Path) -> None:
    out, there = opened(tmp_path, zipped({"good.csv": b"x", "zeros.csv": bytes(30_000_000)}))
    assert codes(out) == ["incoming_bomb"] and there == [] and not out.files


def test_a_bomb_that_lies_about_its_size_is_counted(tmp_path: Path) -> None:
    data = zipped({"zeros.csv": bytes(30_000_000)})
    lied = data.replace(struct.pack("<I", 30_000_000), struct.pack("<I", 1_000))
    assert lied != data
    out, there = opened(tmp_path, lied)
    assert there == [] and codes(out) in (["incoming_bomb"], ["incoming_broken"])


def test_all_archives_of_an_upload_share_a_budget(tmp_path: Path) -> None:
    budget = Budget(bytes=1_500)
    out, there = opened(tmp_path, zipped({"a.csv": bytes(range(250)) * 4}), budget)
    assert there == ["a.csv"] and budget.bytes == 500
    (tmp_path / "second").mkdir()
    out, there = opened(tmp_path / "second", zipped({"a.csv": bytes(range(250)) * 4}), budget)
    assert codes(out) == ["incoming_bomb"] and there == []


def test_too_many_members(tmp_path: Path) -> None:
    out, there = opened(tmp_path, zipped({f"{number}.csv": b"x" for number in range(11)}), Budget(entries=10))
    assert codes(out) == ["incoming_entries"] and there == []


def test_one_archive_within_another_is_opened_no_more(tmp_path: Path) -> None:
    deepest = zipped({"deep.csv": b"x"})
    inner = zipped({"inner.csv": b"x", "third.zip": deepest})
    out, there = opened(tmp_path, zipped({"inner.zip": inner, "good.csv": b"y"}))
    assert codes(out) == ["incoming_nested"] and there == ["good.csv", "inner/inner.csv"]


def test_two_members_of_one_name(tmp_path: Path) -> None:
    out, there = opened(tmp_path, zipped({"a?.csv": b"x", "a!.csv": b"y"}))
    assert codes(out) == ["incoming_again"] and there == ["a.csv"]


@pytest.mark.parametrize("cut", [10, 60, -5])
def test_a_damaged_archive(tmp_path: Path, cut: int) -> None:
    out, _ = opened(tmp_path, zipped({"a.csv": bytes(range(256)) * 20})[:cut])
    assert codes(out) == ["incoming_broken"]


def test_a_locked_member(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": b"x" * 100}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + at] |= 1
    out, there = opened(tmp_path, bytes(data))
    assert codes(out) == ["zip_locked"] and there == []
