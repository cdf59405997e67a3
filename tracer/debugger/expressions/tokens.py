"""What a step says of a token: the row that a function of it reads, and the token's place there."""

from __future__ import annotations

from dataclasses import replace

from ...addresses import Address, Everywhere, Index, Label
from ...errors import InputError
from ...i18n import _
from ...tensor import Axis, place_of

LAST = Index(-1)
"""The position whose row the next token comes from."""


def row_of(path: str, where: Address | Everywhere, position: Label | int | None) -> Address | Everywhere:
    """The address of the row at a position of what is recorded at a path, in the step or the steps of ``where``.

    Raises:
        InputError: the position is no whole number.
    """
    place = LAST if position is None else _selector(position)
    if isinstance(where, Everywhere):
        return Everywhere(replace(where.address, path=path, selectors=(place,)))
    return replace(where, path=path, selectors=(place,))


def _selector(position: Label | int) -> Index | Label:
    if isinstance(position, Label):
        return position
    if type(position) is not int:
        raise InputError(_("a position is a whole number or a token in quotes, e.g. -1"))
    return Index(position)


class Placed:
    """The place of a token, by its piece or its id, along the vocabulary; looked up again where the labels are others.

    Calling it with the axis and its length raises InputError where the token is not in the vocabulary.
    """

    __slots__ = ("_labels", "_place", "_token")

    def __init__(self, token: Label | int) -> None:
        self._token = token
        self._labels: object = None
        self._place = 0

    def __call__(self, vocab: Axis, n: int) -> int:
        if vocab.labels is None or vocab.labels is not self._labels:
            self._place = _place(self._token, vocab, n)
            self._labels = vocab.labels
        return self._place


def _place(token: Label | int, vocab: Axis, n: int) -> int:
    if isinstance(token, Label):
        return place_of(token, vocab)
    if token >= n:
        raise InputError(_("there is no token {id}; ids run from 0 to {last}").format(id=token, last=n - 1))
    return token
