"""How many slips of the fingers lie between what was typed and what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_FEW, _ENOUGH, _MOST = 3, 5, 3
"""Letters of a word that may have a slip, of one that may have any while it is shortened; slips in a word."""


def slips(typed: str, known: str) -> int | None:
    """The slips in a mistyped name; None where there are too many for the known one to be meant.

    Segments between dots are compared one by one. Each may be shortened, and the first of them left out; the number of
    a layer that is left out is a slip, and another number than that typed is never meant.
    """
    if _run_together(typed) == _run_together(known):
        return int(typed != known)
    return _in_segments(typed.split("."), known.split("."))


def distance(typed: str, known: str) -> tuple[int, int]:
    """The segments to put before a name, and the letters to put in, leave out, change or swap in its last one."""
    last, name = (text.rpartition(".")[2].lower() for text in (typed, known))
    return known.count(".") - typed.count("."), _edits(last, name, len(last) + len(name))


def _run_together(name: str) -> str:
    return name.lower().replace(".", "").replace("_", "").replace("-", "")


def _in_segments(typed: list[str], known: list[str]) -> int | None:
    """Over the last segments of a known name; a number may be missing between them."""
    if not typed or not known:
        return None if typed else 0
    *rest, last = typed
    *above, name = known
    here, left_out = _in_segment(last, name), name.isdigit() and above
    return _fewest(
        None if here is None else _plus(here, _in_segments(rest, above)),
        _plus(1, _in_segments(typed, above)) if left_out else None,
    )


def _plus(n: int, more: int | None) -> int | None:
    return None if more is None else n + more


def _fewest(*counts: int | None) -> int | None:
    return min((n for n in counts if n is not None), default=None)


def _in_segment(typed: str, name: str) -> int | None:
    if typed.isdigit() or name.isdigit():
        return 0 if typed == name else None
    return _in_word(typed.lower(), name.lower())


def _in_word(typed: str, name: str) -> int | None:
    """Of a whole word, or of the beginning of one; few letters that begin one may only have changed places."""
    if name.startswith(typed):
        return 0
    n, most = len(typed), _allowed(len(typed))
    beginnings = [name[:end] for end in range(n - 1, n + 2) if end < len(name)]
    usable = [word for word in beginnings if n >= _ENOUGH or sorted(word) == sorted(typed)]
    return _fewest(*_near(typed, (name, *usable), most))


def _near(typed: str, words: Iterable[str], most: int) -> list[int]:
    return [n for word in words if (n := _edits(typed, word, most)) <= most]


def _allowed(length: int) -> int:
    """How many slips a word of so many letters may have."""
    return min(max(1, length // 4), _MOST) if length >= _FEW else 0


def _edits(left: str, right: str, most: int) -> int:
    """The distance of two words; more than ``most`` where it is more than that."""
    if abs(len(left) - len(right)) > most or (Counter(left) - Counter(right)).total() > most:
        return most + 1
    before, row = [0] * (len(right) + 1), list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cheapest = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            is_swapped = i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]
            row.append(min(cheapest, above[j - 2] + 1) if is_swapped else cheapest)
    return row[-1]
