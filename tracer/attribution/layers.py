"""The layers of a stack, and what each token of the vocabulary gets where one of them is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count, takewhile
from typing import NamedTuple

import numpy as np

from ..errors import AddressError
from ..i18n import _
from ..operation import Trait
from ..tape import Record, Tape
from ..tensor import Array, Tensor

STACKS = ("encoder", "decoder")
LOGITS, PROBS = "logits", "probs"
"""Where every architecture records what it says of the next token, and how likely it is."""
EMBEDDING = "embed"
"""What stands below the first layer."""


class Likeliest(NamedTuple):
    """The likeliest token at every place, and its probability: ids and numbers of one shape, [layer, position]."""

    ids: Array
    probs: Array


def layers(tape: Tape, stack: str) -> Mapping[str, Record]:
    """What the embedding and each layer of a stack yield, by what they are called there.

    Raises:
        AddressError: the stack has no part in the step.
    """
    addresses = set(tape.addresses)
    numbers = takewhile(lambda name: f"{stack}.{name}.output" in addresses, map(str, count()))
    found = {name: f"{stack}.{name}.output" for name in (EMBEDDING, *numbers)}
    if found[EMBEDDING] not in addresses:
        raise AddressError(_("step @{n} has no layers of the {stack}").format(n=tape.number, stack=stack))
    return {name: tape.find(path) for name, path in found.items()}


def is_normalised(record: Record) -> bool:
    """Whether a norm comes last in what a layer yields, as in the paper."""
    return record.has(Trait.NORM) and not record.edits


def unnormalised(record: Record) -> Tensor:
    """What a layer yields, before the norm that comes last in it, if there is one."""
    return record.inputs[0] if is_normalised(record) else record.output


def likeliest(parts: Iterable[Array]) -> Likeliest:
    """The likeliest token of every row of probabilities [position, vocab], which come some at a time."""
    found = [(part.argmax(-1), part.max(-1)) for part in parts]
    return Likeliest(*map(np.concatenate, zip(*found, strict=True)))
