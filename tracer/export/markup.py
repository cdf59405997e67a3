"""What HTML and SVG share: texts escaped, formulas as MathML."""

from __future__ import annotations

import re
from functools import cache

from ..document import Formula

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_UPRIGHT = re.compile(r"\\mathrm\{([^{}]*)\}")


def escaped(text: str) -> str:
    """A text of which nothing is taken as markup, and what can't be seen is written out."""
    return (text if text.isprintable() else "".join(map(_visible, text))).translate(_ESCAPED)


def _visible(character: str) -> str:
    return character if character.isprintable() or character in "\n\u00a0" else ascii(character)[1:-1]


@cache
def mathml(formula: Formula) -> str:
    """A ``math`` element that stands in a line of text; its alternative text is the formula in Unicode."""
    from latex2mathml.converter import convert

    return convert(_plain(formula.latex)).replace("<math ", f'<math alttext="{escaped(formula.text)}" ', 1)


def _plain(latex: str) -> str:
    r"""The same formula in commands that the converter knows: words upright as one, no ``\!`` and no ``\arg``."""
    return _UPRIGHT.sub(r"\\text{\1}", latex).replace(r"\!", "").replace(r"\arg", r"\text{arg}\,")
