"""One page that needs nothing else: tables with heat, formulas as MathML, light and dark, on paper too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from ..document import (
    BLANK,
    Abreast,
    Bars,
    Beside,
    Block,
    Branch,
    Cell,
    Column,
    Diagram,
    Formula,
    Inline,
    Items,
    Lines,
    Matrix,
    Paragraph,
    Prose,
    Row,
    Scale,
    Span,
    Table,
    Tree,
)
from ..i18n import language
from .bars import RULES as OF_BARS
from .bars import bars
from .colours import DARK, LIGHT, MONOSPACED, heat_rules, variables
from .diagram import RULES, picture
from .markup import escaped, mathml
from .writer import UNTITLED, DocumentWriter, Title

COLUMNS = 16
"""So many columns of a matrix stand side by side on paper."""
_LANGUAGES = {"zh": "zh-Hans"}
"""What a page calls the languages that are spoken here, but for English."""


class Writer(DocumentWriter):
    """See `DocumentWriter`."""

    suffixes = (".html", ".htm")
    size = 64

    def __init__(self) -> None:
        self._is_open = False

    def opening(self, title: Title = UNTITLED) -> str:
        spoken = _LANGUAGES.get(language(), "en")
        return (
            f'<!DOCTYPE html>\n<html lang="{spoken}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<link rel="icon" href="data:,">\n'
            f"<title>{escaped(title.text or 'tx-trace')}</title>\n<style>\n{sheet()}</style>\n</head>\n<body>\n"
            f"{_header(title)}"
        )

    def command(self, line: str) -> str:
        return self._section(f"<h2><code>{escaped(line)}</code></h2>")

    def remark(self, text: str) -> str:
        return self._section(f'<p class="remark">{escaped(text)}</p>')

    def block(self, block: Block) -> str:
        return _block(block) + "\n"

    def failure(self, message: str) -> str:
        return f'<p class="failure">{escaped(message)}</p>\n'

    def closing(self) -> str:
        return f"{self._section_end()}</body>\n</html>\n"

    def _section(self, head: str) -> str:
        end = self._section_end()
        self._is_open = True
        return f"{end}<section>\n{head}\n"

    def _section_end(self) -> str:
        return "</section>\n" if self._is_open else ""


@cache
def sheet() -> str:
    """The style sheet of the page."""
    rule = ".{tone}{{background:{ground};color:{ink}}}"
    dark = variables(DARK) + heat_rules(rule, is_dark=True)
    return (
        f"{variables(LIGHT)}{heat_rules(rule, is_dark=False)}\n"
        f"@media screen and (prefers-color-scheme:dark){{{dark}}}\n"
        f":root{{--mono:{MONOSPACED}}}\n{RULES}{OF_BARS}\n"
        f"{Path(__file__).with_name('html.css').read_text(encoding='utf-8')}"
    )


def _header(title: Title) -> str:
    text, model = map(escaped, title)
    return f"<header>\n<h1>{text}</h1>\n<p>{model}</p>\n</header>\n" if text else ""


def _block(block: Block) -> str:
    match block:
        case Paragraph(parts, gap=gap):
            return f"<p{_class('' if gap else 'text')}>{(' ' if gap else '').join(map(_inline, parts))}</p>"
        case Lines(lines):
            return "<pre>" + "\n".join("".join(map(_piece, line)) for line in lines) + "</pre>"
        case Scale(numbers, tones):
            return f'<p class="scale">{"".join(map(_swatch, numbers, tones))}</p>'
        case Table():
            return f'<div class="tables">{"".join(_tables(block))}</div>'
        case Matrix():
            return _block(block.whole(Writer.size))
        case Abreast(names, matrices):
            boxes = (_box(matrix.whole(Writer.size), name) for name, matrix in zip(names, matrices, strict=True))
            return f'<div class="tables abreast">{"".join(boxes)}</div>'
        case Beside(parts):
            return f'<div class="beside">{"".join(f"<div>{_blocks(part)}</div>" for part in parts)}</div>'
        case Items(marks, contents, has_bar):
            return _quotes(contents) if has_bar else _items(marks, contents)
        case Prose(blocks):
            return _blocks(blocks)
        case Tree(branches):
            return _list(branches)
        case Diagram():
            return picture(block)
        case Bars():
            return bars(block) + _block(block.table)


def _blocks(blocks: Sequence[Block]) -> str:
    return "".join(map(_block, blocks))


def _items(marks: Sequence[str], contents: Sequence[Sequence[Block]]) -> str:
    items = "".join(f"<li>{_blocks(part)}</li>" for part in contents)
    first = marks[0].strip().removesuffix(".")
    return f'<ol start="{first}">{items}</ol>' if first.isdecimal() else f'<ul class="items">{items}</ul>'


def _quotes(contents: Sequence[Sequence[Block]]) -> str:
    return "".join(f"<blockquote>{_blocks(part)}</blockquote>" if part else "<hr>" for part in contents)


def _swatch(number: str, tone: str) -> str:
    return f'<span class="{tone}">{escaped(number)}</span>'


def _inline(part: Inline) -> str:
    return mathml(part) if isinstance(part, Formula) else f"<span{_class(part.tone)}>{_broken(part.text)}</span>"


def _broken(text: str) -> str:
    return escaped(text).replace("\n", "<br>")


def _piece(span: Span) -> str:
    return f"<span{_class(span.tone)}>{escaped(span.text)}</span>" if span.tone else escaped(span.text)


def _class(*tones: str) -> str:
    names = " ".join(filter(None, tones))
    return f' class="{names}"' if names else ""


def _tables(table: Table) -> Iterator[str]:
    """The table, in parts so wide as paper is; the first column stands before each of them."""
    for start in range(1, max(2, len(table.columns)), COLUMNS):
        part = slice(start, start + COLUMNS)
        rows = [[row[0], *row[part]] for row in table.rows]
        footer = [table.footer[0], *table.footer[part]] if table.footer else ()
        yield _box(Table([table.columns[0], *table.columns[part]], rows, footer))


def _box(table: Table, name: str = "") -> str:
    caption = f"<caption>{escaped(name)}</caption>" if name else ""
    return f'<div class="box"><table>{caption}{_head(table.columns)}{_body(table)}{_foot(table)}</table></div>'


def _body(table: Table) -> str:
    return f"<tbody>{''.join(f'<tr>{_row(row, table.columns)}</tr>' for row in table.rows)}</tbody>"


def _foot(table: Table) -> str:
    return f"<tfoot><tr>{_row(table.footer, table.columns)}</tr></tfoot>" if table.footer else ""


def _head(columns: Sequence[Column]) -> str:
    titles, labels = ([getattr(column, name) for column in columns] for name in ("title", "label"))
    lines = [names for names in (titles, labels) if any(names)]
    rows = ("".join(map(_heading, columns, names)) for names in lines)
    return f"<thead>{''.join(f'<tr>{row}</tr>' for row in rows)}</thead>" if lines else ""


def _heading(column: Column, name: str) -> str:
    return f"<th{_class(_side(column))}>{escaped(name)}</th>"


def _side(column: Column) -> str:
    return "left" if column.align == "<" else ""


def _row(row: Row, columns: Sequence[Column]) -> str:
    first, *rest = zip(row, columns, strict=True)
    return _field("th", *first) + "".join(_field("td", *field, _place(row[0], field[1])) for field in rest)


def _place(name: Cell, column: Column) -> str:
    """What a pointer over a cell is told: its row and its column, whose names may be out of sight."""
    names = name.content.text.strip(), f"{column.title} {column.label}".strip()
    return f' title="{escaped(" · ".join(names))}"' if all(names) else ""


def _field(tag: str, cell: Cell, column: Column, place: str = "") -> str:
    tone = cell.content.tone if isinstance(cell.content, Span) else ""
    return f"<{tag}{_class(tone, _side(column))}{place}>{_content(cell)}</{tag}>"


def _content(cell: Cell) -> str:
    bar = f'<span class="bar" style="width:{cell.share * 8:.2f}em"></span>' if cell.share else ""
    return bar + (mathml(cell.content) if isinstance(cell.content, Formula) else escaped(_unlined(cell.content)))


def _unlined(span: Span) -> str:
    """A text; of a box to write in what stands before the line, as the box is drawn."""
    return span.text.rstrip("_") if span.tone == BLANK else span.text


def _list(branches: Sequence[Branch]) -> str:
    return f"<ul>{''.join(map(_branch, branches))}</ul>"


def _branch(branch: Branch) -> str:
    below = _list(branch.branches) if branch.branches else ""
    return f"<li>{''.join(map(_block, branch.content))}{below}</li>"
