"""Sentence pairs: reading, filtering, holding out, and batches of like length."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..i18n import _, cause, ngettext

Pair = tuple[str, str]
IdPair = tuple[list[int], list[int]]


def read_pairs(path: Path) -> list[Pair]:
    """The (source, target) sentences of a UTF-8 file, one tab-separated pair a line.

    Raises:
        InputError: the file can't be read, or a line is not two non-empty columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            _("{path}: can't be read as UTF-8 sentence pairs ({error})").format(path=path, error=cause(error))
        ) from error
    pairs = []
    for number, line in enumerate(lines, 1):
        columns = [column.strip() for column in line.split("\t")]
        if len(columns) != 2 or not all(columns):
            told = ngettext(
                "{path}:{number}: expected source, tab, target; got {n} column",
                "{path}:{number}: expected source, tab, target; got {n} columns",
                len(columns),
            )
            raise InputError(told.format(path=path, number=number, n=len(columns)))
        pairs.append((columns[0], columns[1]))
    if not pairs:
        raise InputError(_("{path}: holds no sentence pairs").format(path=path))
    return pairs


def without_words(pairs: Sequence[Pair], words: Path) -> list[Pair]:
    """The pairs that contain none of the words listed in a file, one a line; ``#`` starts a comment.

    A Latin word matches whole words only, in any case; anything else matches anywhere.
    """
    import re

    listed = [line.strip() for line in words.read_text(encoding="utf-8").splitlines()]
    listed = [word for word in listed if word and not word.startswith("#")]
    latin = "|".join(re.escape(word) for word in listed if word.isascii())
    other = "|".join(re.escape(word) for word in listed if not word.isascii())
    found = re.compile("|".join(part for part in (rf"\b(?:{latin})\b" if latin else "", other) if part), re.IGNORECASE)
    return [pair for pair in pairs if not (listed and found.search("\t".join(pair)))]


def hold_out(pairs: Sequence[Pair], count: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Split off ``count`` pairs whose sentences occur nowhere in what remains."""
    held = set(random.Random(seed).sample(range(len(pairs)), count))
    dev = [pairs[i] for i in sorted(held)]
    seen = {sentence for pair in dev for sentence in pair}
    return [pair for i, pair in enumerate(pairs) if i not in held and not seen.intersection(pair)], dev


@dataclass(frozen=True)
class Batches:
    """Shuffled batches of like length, the same for the same seed and epoch.

    Iterating over an epoch yields lists of indices into ``pairs``; no batch holds more than
    ``budget`` padded target tokens.
    """

    pairs: Sequence[IdPair]
    budget: int
    seed: int

    def epoch(self, number: int) -> Iterator[list[int]]:
        """The batches of one epoch, in training order."""
        order = random.Random(f"{self.seed} {number}")
        keys = {i: (len(t), len(s), order.random()) for i, (s, t) in enumerate(self.pairs)}
        batches: list[list[int]] = [[]]
        longest = 0
        for i in sorted(keys, key=keys.__getitem__):
            longest = max(longest, *map(len, self.pairs[i]))
            if (len(batches[-1]) + 1) * longest > self.budget and batches[-1]:
                batches.append([])
                longest = max(map(len, self.pairs[i]))
            batches[-1].append(i)
        order.shuffle(batches)
        yield from batches
