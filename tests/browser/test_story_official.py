"""An official takes the proposal to a meeting: by buttons to Word, PDF and Excel, with the numbers of the page."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest

from tests.browser.conftest import Office, Watched

pytestmark = pytest.mark.browser

TABS = {"en": ("New places", "Data"), "zh": ("新增学位", "数据")}
FORMATS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_official_exports_the_proposal(at_work: Watched, office: Office, language: str, tmp_path: Path) -> None:
    places, data = TABS[language]
    page = at_work.open(f"/?lang={language}")
    page.locator('h2 a[href^="/plans/newtown?"]').click()
    page.locator(".plan-line nav").get_by_role("link", name=places, exact=True).click()
    page.locator("#proposals").wait_for()
    told = [page.locator("h1").inner_text()]
    for card in page.locator("details.proposal").all():
        card.locator("summary").first.click() if card.get_attribute("open") is None else None
        told += [card.locator(".what > :first-child").inner_text(), card.locator(".body > p").first.inner_text()]
    assert len(told) == 7
    page.locator(".plan-line nav").get_by_role("link", name=data, exact=True).click()
    said = {}
    for ending, name in FORMATS.items():
        with page.expect_download() as coming:
            page.locator(f'a[hreflang="{language}"]', has_text=name).first.click()
        file = tmp_path / f"proposal.{ending}"
        coming.value.save_as(file)
        said[ending] = text_of(file)
    for ending, text in said.items():
        lacking = [sentence for sentence in told if close(sentence) not in text]
        assert not lacking, (ending, lacking)
        assert "0123456789ab" in text, "the run it is of"


def close(text: str) -> str:
    """Without spaces, which every format sets in its own way, and without the stop at the end."""
    return re.sub(r"\s+", "", text).rstrip("。.")


def text_of(file: Path) -> str:
    """All words of a document."""
    if file.suffix == ".docx":
        found = docx.Document(str(file))
        parts = [p.text for p in found.paragraphs]
        parts += [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    elif file.suffix == ".pdf":
        parts = [page.extract_text() for page in pypdf.PdfReader(file).pages]
    else:
        book = openpyxl.load_workbook(file)
        cells = (cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
        parts = [str(cell) for cell in cells if cell is not None]
    return close("".join(parts))
