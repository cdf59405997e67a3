"""The page: how numbers and signs are written."""

from __future__ import annotations

import re
from dataclasses import replace
from unicodedata import normalize

from ..dataclass import dataclass
from ..namedtuple import NamedTuple


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
    "∂": "d",
    "ᵀ": "^T",
    "ᴼ": "^O",
    "ˣ": "^x",
    "¹": "^1",
    "²": "^2",
    "³": "^3",
    "⁴": "^4",
    "₀": "_0",
    "₁": "_1",
    "₂": "_2",
    "₅": "_5",
    "ₕ": "_h",
    "ᵢ": "_i",
    "ⱼ": "_j",
    "ₖ": "_k",
    "ₙ": "_n",
    "½": "1/2",
    "∝": "~",
    "α": "alpha",
    "δ": "delta",
    "≈": "~",
    "ε": "eps",
    "π": "pi",
    "ρ": "rho",
    "×": "x",
    "⊙": "*",
    "±": "+-",
    "∓": "-+",
    "Φ": "Phi",
    "φ": "phi",
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


_ACCENTED = re.compile("[À-ɏ]")

DECIMALS, ROWS = 3, 20


class Density(NamedTuple):
    """How much is shown of a thing: the decimals of a number, the rows of a matrix."""

    decimals: int = DECIMALS
    rows: int = ROWS

    @property
    def is_told(self) -> bool:
        """Whether somebody has chosen the decimals."""
        return self.decimals != DECIMALS


@dataclass(frozen=True, slots=True)
class Page:
    """How things are written: with signs beyond ASCII or without, and how much of them.

    ``decimals`` and ``rows`` say how many of them are shown where a view is not told otherwise, ``exponent`` that
    numbers are written with a power of ten, ``is_told`` that decimals were asked for, and stay whatever they hide.
    """

    plain: bool = False
    decimals: int = DECIMALS
    rows: int = ROWS
    exponent: bool = False
    is_told: bool = False

    def showing(self, decimals: int | None, rows: int | None) -> Page:
        """The same page for a view that says itself how much of a thing it shows; None leaves it to the page."""
        is_told = self.is_told or decimals is not None
        decimals = self.decimals if decimals is None else decimals
        return replace(self, decimals=decimals, rows=self.rows if rows is None else rows, is_told=is_told)

    def finer(self, decimals: int | None) -> Page:
        """The same page with so many decimals; with one more than it has, where a view is not told."""
        return replace(self, decimals=self.decimals + 1) if decimals is None else self.showing(decimals, None)

    @property
    def glyphs(self) -> Glyphs:
        """The signs to draw with."""
        return _ASCII if self.plain else _UNICODE

    def text(self, sentence: str) -> str:
        """Words and formulas of our own (never tokens) as this page can show them."""
        if self.plain:
            for sign, ascii_form in _IN_ASCII.items():
                sentence = sentence.replace(sign, ascii_form)
            sentence = _ACCENTED.sub(lambda letter: normalize("NFD", letter[0])[0], sentence)
        return sentence

    def bar(self, fraction: float, cells: float) -> str:
        """A bar of ``fraction`` of ``cells``, in eighths of a cell where the page has them."""
        signs = self.glyphs.bar
        eighths = round(max(0.0, min(1.0, fraction)) * cells * (len(signs) - 1))
        whole, rest = divmod(eighths, len(signs) - 1)
        return (signs[-1] * whole + signs[rest]).rstrip()
