"""Sentences cut up otherwise than their tokenizers do, now and then, so that a network in training sees words and their
parts (subword regularisation, Kudo 2018; BPE-dropout, Provilkov et al. 2020).
"""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

from tokenizers import Tokenizer

from .vocabularies import EOS, SPECIAL, UNK

CUTS = 24
"""In how many ways a word is cut up, equal ones counted."""

UNKNOWN = -99.0
"""The score of a character that is no piece."""

Cut = tuple[float, list[int]]
"""The score of a cut, a log probability, and its ids."""

Cuts = Callable[[str, random.Random], list[int]]
"""Makes ids of a sentence, other ones now and then."""


def own_cuts(tokenizer: Tokenizer) -> Cuts:
    """The tokenizer's own cuts, always."""
    return lambda sentence, _draw: list(tokenizer.encode(sentence).ids)


class Pieces:
    """Cuts of sentences by the `pieces` of a tokenizer, where each longer piece is passed over at a rate."""

    def __init__(self, tokenizer: Tokenizer, rate: float) -> None:
        vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
        self.scores = {piece: (i, score) for i, (piece, score) in enumerate(vocabulary)}
        self.longest, self.rate, self.tokenizer = max(map(len, set(self.scores) - set(SPECIAL))), rate, tokenizer

    def ids(self, sentence: str, draw: random.Random) -> list[int]:
        """The likeliest cut of what was not passed over, with `</s>`."""
        text = self.tokenizer.normalizer.normalize_str(sentence)
        best: list[Cut] = [(0.0, [])]
        for end in range(1, len(text) + 1):
            best.append(max(self._last(text, end, best, draw)))
        return [*best[-1][1], SPECIAL.index(EOS)]

    def _last(self, text: str, end: int, best: list[Cut], draw: random.Random) -> Iterator[Cut]:
        """Each way to cut off a piece that ends at ``end``."""
        i, score = self.scores.get(text[end - 1], (SPECIAL.index(UNK), UNKNOWN))
        yield best[end - 1][0] + score, [*best[end - 1][1], i]
        for start in range(max(0, end - self.longest), end - 1):
            if (piece := text[start:end]) in self.scores and draw.random() >= self.rate:
                i, score = self.scores[piece]
                yield best[start][0] + score, [*best[start][1], i]


class Merges:
    """Cuts of sentences by the merges of a byte-pair tokenizer, where each merge is passed over at a rate."""

    def __init__(self, tokenizer: Tokenizer, rate: float) -> None:
        merges = json.loads(tokenizer.to_str())["model"]["merges"]
        self.ranks = {tuple(merge): rank for rank, merge in enumerate(merges)}
        self.vocabulary, self.rate, self.tokenizer = tokenizer.get_vocab(), rate, tokenizer
        self.cuts = cache(self._cuts)

    def ids(self, sentence: str, draw: random.Random) -> list[int]:
        """The pieces that the merges leave, with `</s>`."""
        words = self.tokenizer.pre_tokenizer.pre_tokenize_str(sentence)
        return [*(i for word, _ in words for i in draw.choice(self.cuts(word))), SPECIAL.index(EOS)]

    def _cuts(self, word: str) -> list[list[int]]:
        """Some cuts of a word, always the same."""
        draw = random.Random(word)
        cuts = (self._cut(word, draw) for _ in range(CUTS))
        return [[self.vocabulary.get(piece, SPECIAL.index(UNK)) for piece in cut] for cut in cuts]

    def _cut(self, word: str, draw: random.Random) -> list[str]:
        cut = list(word)
        while found := [
            (self.ranks[pair], i)
            for i, pair in enumerate(pairwise(cut))
            if pair in self.ranks and draw.random() >= self.rate
        ]:
            _, i = min(found)
            cut[i : i + 2] = [cut[i] + cut[i + 1]]
        return cut
