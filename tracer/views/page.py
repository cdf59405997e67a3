"""The page: how numbers and signs are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple


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
    "‖": "||",
    "ℓ": "l",
    "η": "eta",
    "θ": "theta",
    "→": "->",
    "§": "sec. ",
    "≤": "<=",
    "≥": ">=",
}


DECIMALS, ROWS = 3, 20


class Density(NamedTuple):
    """How much is shown of a thing: the decimals of a number, the rows of a matrix."""

    decimals: int = DECIMALS
    rows: int = ROWS


@dataclass(frozen=True, slots=True)
class Page:
    """How things are written: with signs beyond ASCII or without, and how much of them.

    ``decimals`` and ``rows`` say how many of them are shown where a view is not told otherwise, ``exponent`` that
    numbers are written with a power of ten.
    """

    plain: bool = False
    decimals: int = DECIMALS
    rows: int = ROWS
    exponent: bool = False

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

    def bar(self, fraction: float, cells: float) -> str:
        """A bar of ``fraction`` of ``cells``, in eighths of a cell where the page has them."""
        signs = self.glyphs.bar
        eighths = round(max(0.0, min(1.0, fraction)) * cells * (len(signs) - 1))
        whole, rest = divmod(eighths, len(signs) - 1)
        return (signs[-1] * whole + signs[rest]).rstrip()
