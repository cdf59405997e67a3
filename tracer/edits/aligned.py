"""What another run has at the same place, where its text has another length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..alignment import TOKENS
from ..errors import InputError
from ..i18n import _
from ..tensor import Axis, Located, Tensor
from .values import OfRun


class Aligned(OfRun):
    """What another run has at the same place; along tokens, of which it has more or fewer, at the same tokens."""

    def _part(self, there: Tensor, where: Located, computed: Tensor) -> Tensor:
        """Raises `InputError` where a token has no partner; the message has both headers."""
        found = there.cut(where)
        for n, (theirs, ours) in enumerate(zip(found.dims, computed.dims, strict=True)):
            if ours.name in TOKENS and found.shape[n] != computed.shape[n]:
                places = _partners(ours, computed.shape[n], theirs, found.shape[n])
                if isinstance(places, str):
                    raise InputError(self._refused(found, computed, places))
                dims = (*found.dims[:n], ours, *found.dims[n + 1 :])
                found = Tensor(np.take(found.array, places, n), dims, found.path, found.at)
        return found

    def _refused(self, found: Tensor, computed: Tensor, token: str) -> str:
        told = _(
            "{ours} {our_axes} has the token {token}, which {run} has not in {theirs} {their_axes}; "
            "select tokens that both have, by label"
        )
        return told.format(
            ours=computed.address,
            our_axes=computed.header,
            token=token,
            run=self,
            theirs=found.address,
            their_axes=found.header,
        )


def _partners(ours: Axis, n: int, theirs: Axis, m: int) -> Sequence[int] | str:
    """For each of our tokens the place of its partner, or the first token that has none.

    That is the one of the same number where both end with the same one, as what is left of rows does; else the same
    token at its same occurrence.
    """
    numbers = [theirs.number(place) for place in range(m)]
    if ours.number(n - 1) == numbers[-1] and n < m:
        return range(m - n, m)
    known, places = _occurrences(theirs, m), []
    for token in _occurrences(ours, n):
        if token not in known:
            return f'"{token[0]}"'
        places.append(known.index(token))
    return places


def _occurrences(axis: Axis, n: int) -> list[tuple[str, int]]:
    """Each token with how often it came before."""
    labels = [str(axis.number(place)) for place in range(n)] if axis.labels is None else list(axis.labels[:n])
    return [(label, labels[:place].count(label)) for place, label in enumerate(labels)]
