"""What a directory states about its tokens, beside the vocabulary itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..checkpoints.json_file import read_json_if_there
from ..decisions import Decisions

ROLES = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


class Added(NamedTuple):
    """A token beside the vocabulary, and whether it is special: no part of the text."""

    id: int
    special: bool


class StatedTokens:
    """What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` state, for a type of model.

    Raises:
        InputError: one of them can't be read.
    """

    def __init__(self, directory: Path, model_type: str, decisions: Decisions | None = None) -> None:
        self.decisions = Decisions() if decisions is None else decisions
        self._added = read_json_if_there(directory / "added_tokens.json")
        map_, config = (directory / f"{name}.json" for name in ("special_tokens_map", "tokenizer_config"))
        self._config = read_json_if_there(map_) | read_json_if_there(config)
        self.kinds = {model_type, str(self._config.get("tokenizer_class", "")).removesuffix("Fast")}
        """The type of the model, and the class that wrote the files, without the ending of its fast variant."""

    def token(self, role: str, default: str | None = None) -> str | None:
        """The token of a role, as ``bos_token``."""
        return _content(self._config.get(role)) or default

    def flag(self, key: str) -> bool | None:
        """What is said about ``add_bos_token``, ``add_eos_token``, or the like, if anything."""
        value = self._config.get(key)
        return value if isinstance(value, bool) else None

    def count(self, key: str, default: int) -> int:
        """A number of things."""
        value = self._config.get(key)
        return value if isinstance(value, int) and 0 <= value < 1 << 16 else default

    @property
    def special(self) -> tuple[str, ...]:
        """Every token that has a role."""
        others = self._config.get("additional_special_tokens")
        values = [*(self._config.get(role) for role in ROLES), *(others if isinstance(others, list) else ())]
        return tuple(dict.fromkeys(filter(None, map(_content, values))))

    @property
    def added(self) -> Mapping[str, Added]:
        """The tokens that have an id here, in the order of their ids."""
        decoder = self._config.get("added_tokens_decoder")
        stated = decoder.items() if isinstance(decoder, dict) else ()
        found = {name: Added(i, name in self.special) for name, i in self._added.items() if isinstance(i, int)}
        for key, token in stated:
            if (name := _content(token)) and key.isdecimal():
                found[name] = Added(int(key), bool(token.get("special")) if isinstance(token, dict) else False)
        return dict(sorted(found.items(), key=lambda item: item[1].id))


def _content(token: Any) -> str | None:
    """The text of a token, which is stated bare or with its properties."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) and text else None
