"""A vocabulary of a few whole words."""

from __future__ import annotations

from collections.abc import Sequence

from ..tokenizers import Encoded, Tokenizer

PAD, BOS, EOS, UNK = SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")


class Words(Tokenizer):
    """Words under their places in a list, `SPECIAL` before them; ``joint`` stands between two of them in a text.

    A text is cut into the longest words that it begins with; each other character is unknown. ``ending`` is what stands
    after every text.
    """

    unknown_id = SPECIAL.index(UNK)

    def __init__(self, words: Sequence[str], joint: str = "", ending: Sequence[str] = ()) -> None:
        self._words = (*SPECIAL, *words)
        self._longest_first = sorted(words, key=len, reverse=True)
        self._joint = joint
        self._ending = list(map(self._words.index, ending))

    def cut(self, text: str) -> Encoded:
        ids, unknown = list[int](), list[str]()
        while text := text.lstrip():
            word = next(filter(text.startswith, self._longest_first), "")
            ids.append(self._words.index(word or UNK))
            unknown += [] if word else [text[0]]
            text = text[len(word) or 1 :]
        return self._encoded(ids, unknown)

    def _ends(self) -> tuple[list[int], list[int]]:
        return [], self._ending

    def decode(self, ids: Sequence[int]) -> str:
        return self._joint.join(self._words[i] for i in ids if i >= len(SPECIAL))

    def __len__(self) -> int:
        return len(self._words)

    def _piece(self, token: int) -> str:
        return self._words[token]
