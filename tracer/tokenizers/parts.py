"""The parts of a `tokenizer.json`, each a step or a sequence of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ..checkpoints.json_file import object_in

SEQUENCES = ("normalizers", "pretokenizers", "processors", "decoders")
"""What the steps of a sequence are called, in each of the parts."""


def steps(part: Any) -> Iterator[Mapping[str, Any]]:
    """The steps of a part, those within others too."""
    if isinstance(part, dict):
        nested = next((part[key] for key in SEQUENCES if isinstance(part.get(key), list)), None)
        yield from [part] if nested is None else chain.from_iterable(map(steps, nested))


_MODEL = "model"
"""The part that has the vocabulary, nearly all of a file, and as a rule the last."""
_BETWEEN = re.compile(r"\s*([{,:])\s*")
_FURTHER = [re.compile(rf'"{part}"\s*:\s*[^\s\d-]') for part in ("normalizer", "pre_tokenizer", "decoder")]
"""Another part behind the model; a piece of a vocabulary that is called so has a number."""
_ESCAPED = re.compile(r"\\u00[2-7]")
"""A sign that needs no escape, behind which a name may hide."""


def parts_in(path: Path, data: bytes) -> Mapping[str, Any]:
    """The parts before the model, where none follow it; else all of the file.

    The vocabulary, which the library reads by itself, is not read a second time.

    Raises:
        InputError: the file holds no JSON object.
    """
    text = data.decode("utf-8", "replace")
    found: dict[str, Any] = {}
    decoder, place = json.JSONDecoder(), 0
    try:
        while (sign := _BETWEEN.match(text, place)) and sign[1] == ("," if place else "{"):
            key, place = decoder.raw_decode(text, sign.end())
            colon = _BETWEEN.match(text, place)
            if not isinstance(key, str) or colon is None or colon[1] != ":":
                break
            if key == _MODEL:
                hides = any(pattern.search(text, colon.end()) for pattern in (*_FURTHER, _ESCAPED))
                return object_in(path, data) if hides else found
            found[key], place = decoder.raw_decode(text, colon.end())
    except (ValueError, RecursionError):
        pass
    return object_in(path, data)
