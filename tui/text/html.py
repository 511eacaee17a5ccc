"""A page of HTML that needs nothing else: headings, paragraphs, tables, charts; light, dark and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tunelab.tui.charts.figures import COLOURS, inline_svg
from tunelab.tui.charts.spec import ChartSpec

__all__ = ["chart", "code", "heading", "page", "paragraph", "table", "verdict"]


def page(title: str, parts: Sequence[str]) -> str:
    """Return a whole page; ``parts`` are made by the functions below."""
    body = "\n".join(part for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="tunelab">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Return a heading below the title."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Return a paragraph, or several where empty lines part them; empty for an empty text."""
    return "\n".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())


def verdict(text: str) -> str:
    """Return what the reader should see first, in a frame."""
    return f'<section class="verdict">\n{paragraph(text)}\n</section>'


def table(rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Return rows, the first of them headings, the first cell of each the name of its row."""
    if len(rows) < 2:
        return ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    lines = []
    for name, *cells in rows[1:]:
        lines.append(
            f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"
        )
    body = "\n".join(lines)
    note = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    return f'<div class="wide"><table>\n{note}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def chart(spec: ChartSpec) -> str:
    """Return a chart with its title below. Raises :class:`tunelab.BadInput` without matplotlib."""
    return f"<figure>\n{inline_svg(spec)}\n<figcaption>{escape(spec.title)}</figcaption>\n</figure>"


def code(text: str) -> str:
    """Return text as it is typed."""
    return f"<pre><code>{escape(text)}</code></pre>"


def _style() -> str:
    light = " ".join(f"{name}: {value};" for name, value, _ in COLOURS)
    dark = " ".join(f"{name}: {value};" for name, _, value in COLOURS)
    return _RULES.replace("/*light*/", light).replace("/*dark*/", dark)


_RULES = """\
:root { color-scheme: light dark; --page: #ffffff; --ink: #1b1f24; --soft: #f3f4f6; --line: #d0d4da; /*light*/ }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6e8eb; --soft: #1e242b; --line: #3a424c; /*dark*/ }
}
@media print {
  :root { color-scheme: light; --page: #ffffff; --ink: #000000; --soft: #ffffff; --line: #999999; /*light*/ }
  figure, tr, .verdict { break-inside: avoid; }
  h2 { break-after: avoid; }
  pre { white-space: pre-wrap; }
}
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin-top: 2rem; }
.verdict { border-left: 4px solid var(--arm0); background: var(--soft); padding: 0.25rem 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; font-size: 0.85rem; padding-top: 0.35rem; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; vertical-align: top; }
tbody th { font-weight: 600; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
figcaption { font-size: 0.85rem; }
pre { background: var(--soft); padding: 0.75rem 1rem; overflow-x: auto; font-size: 0.85rem; }
"""
