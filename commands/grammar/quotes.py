"""Double quotes around a text."""

from __future__ import annotations

import re

from tracer.addresses import unescaped


def unquoted(text: str) -> str:
    r"""A text as it stands, or what stands between double quotes: there ``\n`` is a line break."""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    return unescaped(quoted[1]) if quoted else text
