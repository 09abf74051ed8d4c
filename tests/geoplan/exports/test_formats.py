"""Word, PDF and Excel say the same: every sentence and every figure of the document stands in each of them."""

from __future__ import annotations

import errno
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx as wordfile
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from geoplan.errors import PlanError
from geoplan.exports import docx, docx_template, export, pdf, xlsx
from geoplan.exports.document import Document, document
from geoplan.exports.document.parts import Table, Text
from geoplan.exports.orders import Order
from geoplan.run import Run
from tests.geoplan.exports.runs import answered, proposal_run
from tests.geoplan.exports.test_xlsx import shown

SCRIPT = "<script>alert(1)</script> & {{ 7*7 }} {% x %} #eval(1) $x$"


@pytest.fixture(scope="module")
def run() -> Run:
    run = proposal_run()
    schools = run.tables["schools"].assign(name=[SCRIPT, "=1+1", "三小"], name_en=[SCRIPT, "=1+1", "Third"])
    return replace(run, tables={**run.tables, "schools": schools})


@pytest.fixture(scope="module")
def orders(run: Run) -> dict[str, Order]:
    return {language: Order(run, language) for language in ("en", "zh")}


@pytest.fixture(scope="module")
def words(orders: dict[str, Order]) -> dict[str, bytes]:
    return {name: docx.word_document(order.document, order.picture) for name, order in orders.items()}


@pytest.fixture(scope="module")
def pdfs(orders: dict[str, Order]) -> dict[str, bytes]:
    return {name: pdf.typeset(order.document, order.picture) for name, order in orders.items()}


def texts_of_word(content: bytes) -> Iterator[str]:
    held = wordfile.Document(io.BytesIO(content))
    for paragraph in held.paragraphs:
        yield paragraph.text
    for table in held.tables:
        for cell in table._cells:
            yield cell.text
    for part in (held.sections[0].header, held.sections[0].footer):
        yield from (paragraph.text for paragraph in part.paragraphs)


def text_of_pdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def texts_of_excel(content: bytes) -> Iterator[str]:
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "n" and cell.value is not None:
                    yield shown(cell.value, cell.number_format) if cell.number_format != "General" else ""
                elif cell.value is not None:
                    yield str(cell.value)


def said(made: Document) -> Iterator[str]:
    for section in made.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Text):
                yield block.text
            elif isinstance(block, Table):
                yield from (column.title for column in block.columns)
                yield from (cell.text for row in block.rows for cell in row)


def bare(text: str) -> str:
    """Without blanks and breaks, which each format sets its own way."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


def figures(text: str) -> list[str]:
    return re.findall(r"\d[\d,.]*", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_and_figure_stands_in_every_format(
    orders: dict[str, Order], words: dict[str, bytes], pdfs: dict[str, bytes], run: Run, language: str
) -> None:
    made = orders[language].document
    in_word = {bare(text) for text in texts_of_word(words[language])}
    in_excel = {bare(text) for text in texts_of_excel(xlsx.workbook(run, made))}
    in_pdf = bare(text_of_pdf(pdfs[language]))
    checked = 0
    for text in said(made):
        wanted = bare(text)
        assert wanted in in_word, f"Word: {text}"
        assert {wanted, f"'{wanted}", *_unshortened(run, text)} & in_excel, f"Excel: {text}"
        assert wanted in in_pdf, f"PDF: {text}"
        checked += len(figures(text))
    assert checked > 300


def _unshortened(run: Run, text: str) -> list[str]:
    """Checksums are whole in the spreadsheet."""
    return [source["sha256"] for source in run.manifest["sources"] if text and source["sha256"].startswith(text)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_of_the_accounts_are_those_of_the_summary(words: dict[str, bytes], run: Run, language: str) -> None:
    held = wordfile.Document(io.BytesIO(words[language]))
    table = next(table for table in held.tables if len(table.columns) == 7)
    rows = [[cell.text for cell in row.cells] for row in table.rows][1:]
    for row, facts in zip(rows, run.summary["stages"].values(), strict=True):
        pupils, _, *accounts = (int(text.replace(",", "")) for text in row[1:])
        assert pupils == sum(accounts) == round(facts["pupils"])
        for shown_amount, exact in zip(accounts, facts["accounts"].values(), strict=True):
            assert abs(shown_amount - exact) < 1


def test_what_a_name_holds_is_neither_markup_nor_tag(words: dict[str, bytes], pdfs: dict[str, bytes]) -> None:
    assert SCRIPT in set(texts_of_word(words["zh"]))
    assert bare(SCRIPT) in bare(text_of_pdf(pdfs["zh"]))
    with zipfile.ZipFile(io.BytesIO(words["zh"])) as package:
        assert b"<script>" not in package.read("word/document.xml")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_run_id_and_draft_stand_on_every_page(words: dict[str, bytes], pdfs: dict[str, bytes], language: str) -> None:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdfs[language])).pages]
    assert len(pages) > 4 and all("0123456789ab" in page for page in pages)
    assert all({"en": "DRAFT", "zh": "草案"}[language] in page for page in pages)
    held = wordfile.Document(io.BytesIO(words[language]))
    assert "0123456789ab" in held.sections[0].footer.paragraphs[0].text
    assert {"en": "DRAFT", "zh": "草案"}[language] in held.sections[0].header.paragraphs[0].text


def test_an_answered_document_is_no_draft(orders: dict[str, Order], run: Run) -> None:
    made = document(answered(run, "primary", "junior"), "en")
    content = docx.word_document(made, orders["en"].picture)
    assert not [text for text in texts_of_word(content) if "DRAFT" in text]
    assert "Primary, answer: Because of primary." in set(texts_of_word(content))


def test_the_same_run_gives_the_same_bytes(
    orders: dict[str, Order], words: dict[str, bytes], pdfs: dict[str, bytes]
) -> None:
    order = orders["zh"]
    assert docx.word_document(order.document, order.picture) == words["zh"]
    assert pdf.typeset(order.document, order.picture) == pdfs["zh"]
    stated = PdfReader(io.BytesIO(pdfs["zh"])).metadata
    assert stated is not None and stated.creation_date is not None
    assert stated.creation_date.isoformat() == "2025-01-02T03:04:05+00:00"


def test_pdf_embeds_its_font_and_says_its_language(pdfs: dict[str, bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdfs["zh"]))
    assert reader.trailer["/Root"]["/Lang"].startswith("zh")
    fonts = {str(font["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert fonts and all("NotoSans" in name for name in fonts)


def test_word_names_an_east_asian_font(words: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(words["zh"])) as package:
        assert b'w:eastAsia="Microsoft YaHei"' in package.read("word/styles.xml")
        assert b'w:hint="eastAsia"' in package.read("word/document.xml")


def test_pictures_stand_in_word_with_their_words(words: dict[str, bytes], orders: dict[str, Order]) -> None:
    held = wordfile.Document(io.BytesIO(words["en"]))
    assert len(held.inline_shapes) == 3
    alternatives = {shape._inline.docPr.get("descr") for shape in held.inline_shapes}
    assert "Proposals and candidates" in alternatives


def changed_template(old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx.own_template())) as package, zipfile.ZipFile(out, "w") as made:
        for name in package.namelist():
            content = package.read(name)
            made.writestr(name, content.replace(old.encode(), new.encode()))
    return out.getvalue()


def test_our_template_is_small_and_without_fault() -> None:
    assert len(docx.own_template()) < 60_000
    docx_template.opened(docx.own_template())


def test_every_fault_of_a_template_is_told_at_once() -> None:
    template = changed_template("{{ run_line }}", "{{ run_lime }}")
    with pytest.raises(PlanError) as told:
        docx_template.opened(template, Path("own.docx"))
    lines = str(told.value).splitlines()
    assert len(lines) == 2 and all(line.startswith("own.docx: ") for line in lines)
    assert "{{ run_line }} is missing" in lines[0] and "{{ run_lime }} is not known" in lines[1]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + b"\x00" * 18])
def test_a_template_must_be_a_word_document(content: bytes) -> None:
    with pytest.raises(PlanError, match="not a Word document"):
        docx_template.opened(content)


def test_a_tag_that_cannot_be_read_is_told() -> None:
    with pytest.raises(PlanError, match="a tag cannot be read"):
        docx_template.opened(changed_template("{%p if draft %}", "{%p if %}"))


def test_ones_own_template_is_used(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.docx"
    own.write_bytes(changed_template("{{ date }}", "County office, {{ date }}"))
    few = replace(run, tables={k: t for k, t in run.tables.items() if k in ("cells", "schools", "areas", "boundary")})
    path = export(few, ["docx"], tmp_path / "out", template=own)[0]
    assert "County office, 2 January 2025" in set(texts_of_word(path.read_bytes()))


def test_a_bad_template_stops_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.docx"
    own.write_bytes(b"nothing")
    with pytest.raises(PlanError, match=r"own\.docx: not a Word document"):
        export(run, ["docx"], tmp_path / "out", template=own)
    with pytest.raises(PlanError, match="no template"):
        export(run, ["docx"], tmp_path / "out", template=tmp_path / "missing.docx")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_keeps_the_old_document(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(run, tables={k: t for k, t in run.tables.items() if k in ("cells", "schools", "areas", "boundary")})
    (path,) = export(few, ["xlsx"], tmp_path)
    before = path.read_bytes()

    def full(*args: object, **kwargs: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xlsx, "workbook", full)
    with pytest.raises(PlanError, match="disk is full"):
        export(few, ["xlsx"], tmp_path)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["exports.json", path.name]


def test_a_run_without_stages_is_refused(run: Run, tmp_path: Path) -> None:
    empty = replace(run, summary={**run.summary, "stages": {}})
    for name in ("xlsx", "docx", "pdf", "sheets"):
        with pytest.raises(PlanError, match="no stage"):
            export(empty, [name], tmp_path)
    assert list(tmp_path.iterdir()) == []
