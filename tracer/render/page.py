"""The page: lines of styled pieces, laid out for a width in cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

from .. import document
from ..document import Block, Span
from .colours import tone
from .words import BOUND, joints, words

Line = list[Segment]

DIM = Style(dim=True)
BOLD = Style(bold=True)
NEWLINE = Segment.line()


class Glyphs(NamedTuple):
    """The signs that a page draws with."""

    more: str
    zero: str
    visible: str
    hidden: str
    bar: str
    fork: str
    last: str
    down: str
    bullet: str


_UNICODE = Glyphs(
    more="…", zero="·", visible="■", hidden="·", bar=" ▏▎▍▌▋▊▉█", fork="├─ ", last="└─ ", down="│  ", bullet="•"
)
_ASCII = Glyphs(more="...", zero=".", visible="x", hidden=".", bar=" #", fork="|- ", last="`- ", down="|  ", bullet="-")

_IN_ASCII = {
    "x̂": "x_hat",
    "−∞": "-inf",
    "−": "-",
    "–": "-",
    "∞": "inf",
    "μ": "mean",
    "σ": "std",
    "Σ": "sum",
    "√": "sqrt ",
    "·": "*",
    "…": "...",
    "∈": " in ",
    "ᵀ": "^T",
    "ˣ": "^x",
    "¹": "^1",
    "²": "^2",
    "³": "^3",
    "⁴": "^4",
    "₁": "_1",
    "₂": "_2",
    "α": "alpha",
    "≈": "~",
    "ε": "eps",
    "π": "pi",
    "×": "x",
    "⊙": "*",
    "±": "+-",
    "′": "'",
    "ℓ": "l",
    "θ": "theta",
    "→": "->",
    "§": "sec. ",
}


DECIMALS, ROWS = 3, 20


class Density(NamedTuple):
    """How much is shown of a thing: the decimals of a number, the rows of a matrix."""

    decimals: int = DECIMALS
    rows: int = ROWS


@dataclass(frozen=True, slots=True)
class Page:
    """What a view may count on: the width in cells, whether only ASCII is wanted, and how many colours there are.

    ``decimals`` and ``rows`` say how many of them are shown where a view is not told otherwise, ``exponent`` that
    numbers are written with a power of ten.
    """

    width: int
    plain: bool = False
    depth: str | None = None
    decimals: int = DECIMALS
    rows: int = ROWS
    exponent: bool = False

    @classmethod
    def of(cls, console: Console, options: ConsoleOptions) -> Page:
        """The page that rich asks to be filled."""
        density = getattr(console, "density", Density())
        return cls(options.max_width, options.ascii_only, console.color_system, *density)

    def showing(self, decimals: int | None, rows: int | None) -> Page:
        """The same page for a view that says itself how much of a thing it shows; None leaves it to the page."""
        decimals = self.decimals if decimals is None else decimals
        return replace(self, decimals=decimals, rows=self.rows if rows is None else rows)

    @property
    def glyphs(self) -> Glyphs:
        """The signs to draw with."""
        return _ASCII if self.plain else _UNICODE

    def text(self, sentence: str) -> str:
        """Words and formulas of our own (never tokens) as this page can show them."""
        if self.plain:
            for sign, ascii_form in _IN_ASCII.items():
                sentence = sentence.replace(sign, ascii_form)
        return sentence

    def bar(self, fraction: float, cells: int) -> str:
        """A bar of ``fraction`` of ``cells``, in eighths of a cell where the page has them."""
        signs = self.glyphs.bar
        eighths = round(max(0.0, min(1.0, fraction)) * cells * (len(signs) - 1))
        whole, rest = divmod(eighths, len(signs) - 1)
        return (signs[-1] * whole + signs[rest]).rstrip()


class View:
    """A renderable made of lines."""

    def lines(self, page: Page) -> Iterator[Line]:
        """The lines for a page, none wider than it."""
        raise NotImplementedError

    def blocks(self, page: Page) -> Iterator[Block]:
        """What it says, for a document that has a layout of its own; its lines, where that needs theirs."""
        yield document.Lines([spans(line) for line in self.lines(page)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(Page.of(console, options)):
            for part in whole(trimmed(line), options.max_width):
                yield from part
                yield NEWLINE

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max((width_of(trimmed(line)) for line in self.lines(Page.of(console, options))), default=0)
        return Measurement(widest, widest)


def spans(line: Line) -> list[Span]:
    """A line as pieces in tones."""
    return [Span(text, tone(style)) for text, style, _ in trimmed(line)]


def width_of(line: Iterable[Segment]) -> int:
    """The width of a line in cells."""
    return sum(cell_len(text) for text, *_ in line)


def whole(line: Line, width: int) -> Iterable[Line]:
    """A line; one that is wider than the page cut into several rather than cut off."""
    taken = width_of(line)
    return [line] if taken <= width else Segment.divide(line, range(width, taken + width, width))


def trimmed(line: Line) -> Line:
    """A line without the blanks at its end, coloured ones apart."""
    while line and (line[-1].style is None or line[-1].style.bgcolor is None):
        text, style, _ = line[-1]
        if kept := text.rstrip(" "):
            return [*line[:-1], Segment(kept, style)]
        line = line[:-1]
    return line


def padded(text: str, width: int, align: str = "<") -> str:
    """A text filled up with blanks to a width in cells, at its end (``<``) or its start (``>``)."""
    blanks = " " * (width - cell_len(text))
    return text + blanks if align == "<" else blanks + text


def clipped(text: str, width: int, more: str = "…") -> str:
    """A text of at most ``width`` cells, its end cut off and marked."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(more))).rstrip(" ") + more[: max(0, width)]


def clipped_left(text: str, width: int, more: str = "…") -> str:
    """A text of at most ``width`` cells, its start cut off and marked."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - len(more):
        text = text[1:]
    return more[: max(0, width)] + text


def folded(text: str, width: int) -> list[str]:
    """A text broken into lines of at most ``width`` cells, between words where possible."""
    return [line.replace(BOUND, " ").rstrip(" ") for line in filled(words(text), width)]


def filled(pieces: Iterable[str], width: int) -> list[str]:
    """Pieces put together to lines of at most ``width`` cells, blanks at their ends apart; too long a one is cut."""
    lines = [""]
    for piece in pieces:
        if cell_len((lines[-1] + piece).rstrip(" ")) <= width:
            lines[-1] += piece
        else:
            lines += [piece] if cell_len(piece.rstrip(" ")) <= width else chopped(piece, width)
    return lines if lines[0] else lines[1:] or [""]


def fitted(text: str, width: int) -> str:
    """A text of several lines, each of them folded at the width."""
    return "\n".join(part for line in text.split("\n") for part in folded(line, width))


def sentence(text: str, page: Page, style: Style | None = DIM, indent: int = 0) -> Iterator[Line]:
    """A sentence of our own, folded at the width."""
    for part in folded(page.text(text), page.width - indent):
        yield [Segment(" " * indent + part, style)]


@dataclass(frozen=True)
class Scientific(View):
    """Another view, its numbers written with a power of ten."""

    view: View

    def lines(self, page: Page) -> Iterator[Line]:
        return self.view.lines(replace(page, exponent=True))

    def blocks(self, page: Page) -> Iterator[Block]:
        return self.view.blocks(replace(page, exponent=True))


@dataclass(frozen=True)
class Sentence(View):
    """A sentence of our own, as a view."""

    text: str
    style: Style | None = None
    indent: int = 0

    def lines(self, page: Page) -> Iterator[Line]:
        return sentence(self.text, page, self.style, self.indent)

    def blocks(self, page: Page) -> Iterator[Block]:
        yield document.Paragraph([Span(page.text(self.text), tone(self.style))])


def chopped(text: str, width: int) -> list[str]:
    """A text cut into pieces of at most ``width`` cells (two at least, the width of a Chinese character).

    It is cut at the joints of an address, and hard only where there is none.
    """
    pieces, width = [""], max(2, width)
    for part in joints(text):
        for piece in [part] if cell_len(part) <= width else part:
            if cell_len(pieces[-1] + piece) > width:
                pieces.append("")
            pieces[-1] += piece
    return pieces


def flow(parts: Sequence[Segment], width: int, gap: int = 3, indent: int = 0) -> Iterator[Line]:
    """Parts side by side, as many a line as fit; later lines are indented, an overlong part is cut into pieces."""
    line: Line = []
    used = 0
    for text, style, _ in parts:
        for piece in [text] if cell_len(text) <= width - indent else folded(text, width - indent):
            space = gap if line else 0
            if line and used + space + cell_len(piece) > width:
                yield line
                line, used, space = [], 0, indent
            line += [Segment(" " * space), Segment(piece, style)]
            used += space + cell_len(piece)
    if line:
        yield line
