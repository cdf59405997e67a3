"""Double quotes around a text."""

from __future__ import annotations

import re

from tracer.addresses import unescaped

_WITHIN_CURLY = re.compile(r"\A“([^“”]*)”\Z")


def unquoted(text: str) -> str:
    r"""A text as it stands, or what stands between double quotes: between straight ones ``\n`` is a line break."""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    return unescaped(quoted[1]) if quoted else _WITHIN_CURLY.sub(r"\1", text)
