"""Every fault that the code can name has its four sentences, and every sentence can be filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers.errors import Fault, catalogue

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("message_en", "remedy_en", "message_zh", "remedy_zh")
RAISERS = {"Fault", "stop", "fault", "_WrongCellError", "place"}
OWN = ("tables", "schools", "region", "plan")


def _named() -> Iterator[tuple[str, str]]:
    """Every constant first argument of a call that makes a fault, with its file."""
    for path in sorted((ROOT / "layers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _name(node.func) in RAISERS:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
                    yield path.relative_to(ROOT).as_posix(), first.value


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize(("file", "code"), sorted(set(_named())))
def test_every_code_has_its_entry(file: str, code: str) -> None:
    assert code in catalogue(), f"{file} names a fault without sentences"


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_entry_has_four_sentences_with_the_same_blanks(code: str) -> None:
    entry = catalogue()[code]
    assert set(PARTS) <= set(entry)
    assert all(entry[part].strip() for part in PARTS)
    for part in ("message", "remedy"):
        assert re.search(r"[\u4e00-\u9fff]", entry[f"{part}_zh"]), "the Chinese sentence has no Chinese"
        english, chinese = (_blanks(entry[f"{part}_{language}"]) for language in ("en", "zh"))
        assert {blank.removesuffix("_zh") for blank in chinese} <= english | {"value", "column", "row", "file"}


def test_every_entry_of_the_tabular_door_is_in_use() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "layers").rglob("*.py"))
    for topic in OWN:
        for code in _codes(ROOT / "layers" / "faults" / f"{topic}.toml"):
            assert f'"{code}"' in text, f"{code} is never raised"


def test_a_code_stands_in_one_file() -> None:
    every = [code for path in (ROOT / "layers" / "faults").glob("*.toml") for code in _codes(path)]
    assert sorted(every) == sorted(set(every))


def test_sentences_are_filled_in() -> None:
    fault = Fault("value_minimum", file="a.csv", row=3, column="places", value="-1", params={"minimum": "0"})
    assert fault.message("en") == "places is below 0"
    assert "places" in fault.message("zh") and fault.place() == "a.csv, row 3, column places"


def _codes(path: Path) -> list[str]:
    return re.findall(r"^\[(\w+)\]$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _blanks(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", template))
