"""Mistral's tekken.json: bytes by rank, as tiktoken has them, made into byte pairs (transformers: MistralConverter).

As in Mistral's own library, ``<s>`` goes before every text, and a special token written in a text is text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken

from ..checkpoints.json_file import read_json
from ..errors import InputError
from ..i18n import _
from .doubts import trial_of
from .hub import HubTokenizer
from .library import refusing
from .ranks import by_rank, written
from .tokenizer import Tokenizer
from .vocabulary import merges_of

BEGIN = "<s>"
FILLER = "<SPECIAL_{id}>"
UNLISTED = (
    "<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] [TOOL_CALLS] "
    "[IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [TOOL_CONTENT]"
)
"""The special tokens of the versions that do not list them."""
UNLISTING = ("v1", "v2", "v3", "v7")
MOST_SPECIAL = 1 << 16


def read_tekken(path: Path) -> Tokenizer:
    """A `tekken.json`.

    Raises:
        InputError: the file is none.
    """
    stated = read_json(path)
    with refusing(_("{path}: is no tekken.json").format(path=path)):
        config = stated["config"]
        special = _special(path, config, stated.get("special_tokens"))
        size = config.get("default_vocab_size")
        tokens = stated["vocab"][: None if size is None else size - len(special)]
        inner = _inner(
            special, [base64.b64decode(token["token_bytes"], validate=True) for token in tokens], config["pattern"]
        )
    found = HubTokenizer(inner, ([special.index(BEGIN)], []))
    found.trial = trial_of({"pre_tokenizer": {"pattern": {"Regex": config["pattern"]}}}, path, inner.to_str)
    return found


def _special(path: Path, config: Mapping[str, Any], listed: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """The special tokens, whose ids come before all others."""
    if listed is None and config.get("version") not in UNLISTING:
        raise InputError(_("{path}: lists no special_tokens").format(path=path))
    ranked = sorted((int(token["rank"]), str(token["token_str"])) for token in listed or ())
    names = [name for _rank, name in ranked] if listed is not None else UNLISTED.split()
    if [rank for rank, _name in ranked] != list(range(len(ranked))) or BEGIN not in names:
        what = _("{path}: special_tokens must be ranked from 0 on, with {token} among them")
        raise InputError(what.format(path=path, token=BEGIN))
    size = config.get("default_num_special_tokens") or len(names)
    if size > MOST_SPECIAL:
        raise InputError(
            _("{path}: has {n} special tokens; {most} is the most").format(path=path, n=size, most=MOST_SPECIAL)
        )
    return [*names, *(FILLER.format(id=i) for i in range(len(names), size))]


def _inner(special: Sequence[str], tokens: Sequence[bytes], pattern: str) -> tokenizers.Tokenizer:
    ids = {written(token): i for i, token in enumerate(tokens, len(special))}
    inner = by_rank(ids | {name: i for i, name in enumerate(special)}, merges_of(ids), pattern)
    inner.add_special_tokens([AddedToken(name, special=True) for name in special])
    inner.encode_special_tokens = True
    return inner
