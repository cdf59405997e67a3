"""The parts of a `tokenizer.json`, each a step or a sequence of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

SEQUENCES = ("normalizers", "pretokenizers", "processors", "decoders")
"""What the steps of a sequence are called, in each of the parts."""


def steps(part: Any) -> Iterator[Mapping[str, Any]]:
    """The steps of a part, those within others too."""
    if isinstance(part, dict):
        nested = next((part[key] for key in SEQUENCES if isinstance(part.get(key), list)), None)
        yield from [part] if nested is None else chain.from_iterable(map(steps, nested))
