"""Tokenizers of the `tokenizers` library, put together as transformers does it (TokenizersBackend.__init__)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import tokenizers
from tokenizers import AddedToken, models

from ..errors import InputError
from .byte_pieces import marked_byte, text_of_bytes
from .cleaning import cleaned
from .doubts import Trial
from .kind import Around
from .library import cutting
from .parts import steps
from .stated import Token
from .tokenizer import Encoded, Tokenizer

SAMPLE = "a"
"""a text that shows what encloses it"""


class HubTokenizer(Tokenizer):
    """A tokenizer of the library; ``around`` are the ids that enclose a text, where its own post-processor does not."""

    trial: Trial | None = None
    """How it is tried out on every text, where it is in doubt."""

    def __init__(self, inner: tokenizers.Tokenizer, around: Around | None = None, *, cleans: bool = False) -> None:
        self._inner = inner
        self._around = around
        self._cleans = cleans
        name = getattr(inner.model, "unk_token", None)
        self.unknown_id = inner.token_to_id(name or "<unk>")
        self._drops = name is None and isinstance(inner.model, models.BPE)
        self._added = {i: str(token) for i, token in inner.get_added_tokens_decoder().items()}
        self._shown = text_of_bytes if _is_byte_level(inner) else marked_byte
        self._length = max(int(inner.get_vocab_size()), *(i + 1 for i in self._added), 0)

    def __len__(self) -> int:
        return self._length

    def cut(self, text: str) -> Encoded:
        return self._encoding(text, enclosed=False)

    def encode(self, text: str) -> Encoded:
        return super().encode(text) if self._around else self._encoding(text, enclosed=True)

    def _ends(self) -> Around:
        return self._around or ([], [])

    @property
    def enclosing(self) -> Around:
        """The ids before and after a text, whoever puts them there; none where that can't be seen."""
        if self._around:
            return self._around
        try:
            alone, whole = self.cut(SAMPLE).ids, self.encode(SAMPLE).ids
        except InputError:
            return [], []
        at = next((i for i in range(len(whole)) if whole[i : i + len(alone)] == alone), 0)
        return whole[:at], whole[at + len(alone) :]

    def _encoding(self, text: str, *, enclosed: bool) -> Encoded:
        with cutting(text):
            if self.trial:
                self.trial.check(text)
            encoding = self._inner.encode(text, add_special_tokens=enclosed)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        unknown = [text[start:stop] for i, (start, stop) in spans if i == self.unknown_id]
        lost = self._lost(text) if self._drops and not _covers(encoding.offsets, text) else ()
        return self._encoded(encoding.ids, unknown, lost)

    def _lost(self, text: str) -> Iterator[str]:
        """The characters that no token stands for."""
        return (one for one in text if one.strip() and not self._inner.encode(one, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        text = str(self._inner.decode(list(ids)))
        return cleaned(text) if self._cleans else text

    def _piece(self, token: int) -> str | None:
        piece = self._inner.id_to_token(token)
        return piece if piece is None or token in self._added else self._shown(piece)


def _covers(spans: Sequence[tuple[int, int]], text: str) -> bool:
    """Whether every part of a text has a token, blanks apart."""
    at = 0
    for start, stop in [*spans, (len(text), len(text))]:
        if text[at:start].strip():
            return False
        at = max(at, stop)
    return True


def add_tokens(
    inner: tokenizers.Tokenizer,
    added: Mapping[int, AddedToken],
    roles: Mapping[str, Token],
    extra: Iterable[Token],
) -> None:
    """Have tokens found whole in a text; the library gives an id to those that the vocabulary does not have."""
    there = inner.get_added_tokens_decoder()
    same = {repr(token) for token in there.values()}
    new: list[Token] = [token for _i, token in sorted(added.items()) if repr(token) not in same]
    known = {str(token) for token in (*there.values(), *new)}
    for token in (*roles.values(), *extra):
        if str(token) not in known and token not in new:
            new.append(token)
    named = {str(token) for token in roles.values()}
    inner.add_tokens([_special(token, named) for token in new])


def _special(token: Token, named: Iterable[str]) -> AddedToken:
    if isinstance(token, str):
        return AddedToken(token, special=True)
    return AddedToken(**{**token.__getstate__(), "special": token.special or str(token) in named})


def id_of(inner: tokenizers.Tokenizer, roles: Mapping[str, Token]) -> Callable[[str], int | None]:
    """The id of a role's token: of one that the vocabulary does not have, the unknown token's."""

    def found(role: str) -> int | None:
        tokens = (str(roles[name]) for name in (role, "unk_token") if role in roles and name in roles)
        return next((i for token in tokens if (i := inner.token_to_id(token)) is not None), None)

    return found


def _is_byte_level(inner: tokenizers.Tokenizer) -> bool:
    """Whether the pieces are written in GPT-2's alphabet of bytes, which its decoder undoes."""
    if inner.decoder is None:
        return False
    return "ByteLevel" in {step["type"] for step in steps(json.loads(inner.decoder.__getstate__()))}
