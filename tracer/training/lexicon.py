"""Words of a language written without blanks, found by what its sentences repeat.

A sequence of characters is a word if it is seen often, before and after many others, and far more often than its parts
would meet by chance (pointwise mutual information, Church and Hanks 1990).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

RUN = re.compile(r"(?:(?![二两三四五六七八九十百千万])[\u4e00-\u9fff])+")
"""Chinese characters; numerals but 一 are read one by one."""
SEPARATE = set("的了是在我你他她给让很就都也着吗呢这那个本件张辆块幅")
"""Particles, pronouns, measure words: seldom part of a longer word, but often beside the same ones."""
LONGEST, SEEN, NEIGHBOURS = 4, 6, 3
"""The most characters of a word; how often it is seen at least; after and before how many others."""


def words(sentences: Iterable[str], size: int) -> list[str]:
    """The ``size`` most frequent words of two to four characters."""
    runs = [run for sentence in sentences for run in RUN.findall(sentence)]
    counts = Counter(run[i:j] for run in runs for i, j in _spans(run))
    characters = sum(n for piece, n in counts.items() if len(piece) == 1)
    around = _neighbours(runs, counts)
    found = [w for w in around if around[w] >= NEIGHBOURS and _cohesion(w, counts, characters) >= _needed(w)]
    return sorted(found, key=lambda word: (-counts[word], word))[:size]


def _spans(run: str) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(len(run)) for j in range(i + 1, min(i + LONGEST, len(run)) + 1))


def _neighbours(runs: Iterable[str], counts: Counter[str]) -> dict[str, int]:
    """How many characters each frequent sequence is seen after, or before, whichever is fewer."""
    sides: defaultdict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for run in runs:
        for i, j in _spans(run):
            if j - i > 1 and counts[run[i:j]] >= SEEN:
                before, after = sides[run[i:j]]
                before.add(run[:i][-1:])
                after.add(run[j : j + 1])
    return {word: min(map(len, both)) for word, both in sides.items()}


def _cohesion(word: str, counts: Counter[str], characters: int) -> float:
    """How much likelier the word is than its weakest two parts by chance, in bits."""
    return math.log2(
        min(counts[word] * characters / (counts[word[:i]] * counts[word[i:]]) for i in range(1, len(word)))
    )


def _needed(word: str) -> float:
    """The bits that make a word of a sequence: more of a longer one, and of one with a particle or its like."""
    return 3.5 + 3.5 * (len(word) > 2) + 2 * (not SEPARATE.isdisjoint(word) and not word.endswith("们"))
