"""What is typed on a Chinese keyboard, or in full width, as the grammar has it.

Every character becomes one character, so that columns stay where they are; what stands in quotes is a token and stays.
"""

from __future__ import annotations

import re
import unicodedata

_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_PUNCTUATION = dict(zip("，、：；。【】〔〕《》〈〉‘’￥¥　", ",,:;.[][]<><>''$$ ", strict=True))
_ARITHMETIC = dict(zip("−–—×·⋅÷", "---***/", strict=True))
_MINUS = str.maketrans(dict.fromkeys("−–—", "-"))
_SIGNS = str.maketrans({**_FULL_WIDTH, **_PUNCTUATION, **_ARITHMETIC})

_OPENING, _CLOSING = "“”＂「『", '“”＂」』"'
_INFINITY = re.compile(r"(?<![a-z])inf(?:inity)?(?![a-z])")
_QUOTES = f"{_OPENING}{_CLOSING}'‘’`＇"
_ENDS = "。．.！!？?，,；;：:、…~～"
_PART = re.compile(
    rf"""
      "(?:[^"\\]|\\.)*(?:"|$)
    | (?P<open>[{_OPENING}])(?P<token>[^{_CLOSING}]*)(?P<close>[{_CLOSING}]?)
    | (?P<stop>。(?!\w))
    | (?P<signs>[^"{_OPENING}。]+|。)
    """,
    re.VERBOSE | re.DOTALL,
)


def understood(text: str) -> str:
    """A text with the signs that the grammar knows, as long as it was: ``p ｗ［ｈ０，“爱”］。`` is ``p w[h0,"爱"] ``.

    A full stop is a point before a letter or a digit, and ends the line elsewhere.
    """
    return text if text.isascii() else _PART.sub(_as_known, text)


def unquoted(text: str) -> str:
    """A word without what people put around it: blanks, quotes, and punctuation after it."""
    return text.rstrip(f"{_ENDS} ").strip(f"{_QUOTES} ").rstrip(f"{_ENDS} ")


def folded(text: str) -> str:
    """What a word has in common with itself in capitals, in full width, with blanks in it, or as signs: −∞ and -inf."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_MINUS)
    return _INFINITY.sub("∞", "".join(plain.split()))


def _as_known(match: re.Match[str]) -> str:
    if match["open"]:
        return f'"{match["token"]}' + '"' * len(match["close"])
    if match["stop"]:
        return " "
    return match["signs"].translate(_SIGNS) if match["signs"] else match[0]
