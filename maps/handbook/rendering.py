"""Markdown as a page: nothing of it runs, links between documents lead to their pages, tables can be scrolled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

HARMLESS = frozenset({"<sub>", "</sub>", "<sup>", "</sup>"})
OUTSIDE = ("http", "https", "mailto")


@dataclass(frozen=True)
class Heading:
    """An entry of the contents."""

    anchor: str
    text: str
    level: int


@dataclass(frozen=True)
class Page:
    """A document as HTML, with its contents; the title stands apart."""

    html: str
    contents: tuple[Heading, ...]


@dataclass(frozen=True)
class Places:
    """Where things of the documents are: a document by its name, a picture by its file; None where there is none."""

    document: Callable[[str], str | None]
    picture: Callable[[str], str | None]


def page(path: Path, places: Places) -> Page:
    """A document as a page."""
    tokens = _parsed(path, path.stat().st_mtime_ns)
    contents = tuple(_headings(tokens))
    shown = _without_title(tokens)
    html = _MARKDOWN.renderer.render(shown, _MARKDOWN.options, {"places": places, "near": [""]})
    return Page(html, tuple(one for one in contents if one.level in (2, 3)))


@lru_cache(maxsize=64)
def _parsed(path: Path, changed: int) -> list[Token]:
    """The tokens of a document, anchors in place; read again once it has changed."""
    tokens = _MARKDOWN.parse(path.read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(_text(tokens[at + 1]), seen))
    return tokens


def _anchor(text: str, seen: dict[str, int]) -> str:
    """The anchor of a heading as code hosts make it, so that the same links work there and here."""
    plain = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    seen[plain] = seen.get(plain, -1) + 1
    return f"{plain}-{seen[plain]}" if seen[plain] else plain


def _text(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _headings(tokens: Sequence[Token]) -> list[Heading]:
    opens = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    return [Heading(str(tokens[at].attrGet("id")), _text(tokens[at + 1]), int(tokens[at].tag[1])) for at in opens]


def _without_title(tokens: list[Token]) -> list[Token]:
    first = next((at for at, token in enumerate(tokens) if token.type == "heading_open"), None)
    return tokens if first is None or tokens[first].tag != "h1" else tokens[:first] + tokens[first + 3 :]


def _link(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    href = str(tokens[idx].attrGet("href") or "")
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return f'<a href="{escape(href)}" rel="external noreferrer">' if parts.scheme in OUTSIDE else "<a>"
    if not parts.path:
        return f'<a href="{escape(href)}">'
    found = env["places"].document(Path(parts.path).name)
    return f'<a href="{escape(found + (f"#{parts.fragment}" if parts.fragment else ""))}">' if found else "<a>"


def _image(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    alt = escape(_text(tokens[idx]))
    found = env["places"].picture(str(tokens[idx].attrGet("src") or ""))
    return f'<img src="{escape(found)}" alt="{alt}" loading="lazy">' if found else f"<em>{alt}</em>"


def _raw(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    content = tokens[idx].content
    return content if content in HARMLESS else escape(content)


def _heading(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    env["near"][0] = _text(tokens[idx + 1])
    return self.renderToken(tokens, idx, options, env)


def _table(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(env["near"][0] or "table")}"><table>\n'
    )


def _table_end(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _head_cell(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    return '<th scope="col">' if tokens[idx + 1].content else "<td>"


def _head_cell_end(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    return "</th>" if tokens[idx - 1].content else "</td>"


def _code(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'


def _reader() -> MarkdownIt:
    """CommonMark with tables; raw HTML is shown as text, but for raised and lowered letters."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    rules = {
        "link_open": _link,
        "image": _image,
        "html_inline": _raw,
        "html_block": _raw,
        "heading_open": _heading,
        "table_open": _table,
        "table_close": _table_end,
        "th_open": _head_cell,
        "th_close": _head_cell_end,
        "fence": _code,
        "code_block": _code,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN = _reader()
