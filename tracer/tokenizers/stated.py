"""What a directory states about its tokens, beside the vocabulary itself, read as transformers reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from ..checkpoints.json_file import read_json_if_there
from ..decisions import Decisions
from ..errors import InputError
from ..i18n import _
from .library import LONGEST, is_text
from .tokenizer import languages_near

EXTRA, ADDITIONAL = "extra_special_tokens", "additional_special_tokens"
DECODER, MAP = "added_tokens_decoder", "special_tokens_map.json"
ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
PROPERTIES = ("single_word", "lstrip", "rstrip", "normalized", "special")
MOST_DIGITS = 8
"""of an id; what has more is refused before it is a number"""

Token = str | AddedToken


class StatedTokens:
    """What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` state, for a type of model.

    Raises:
        InputError: one of them can't be read, or a token in it is none.
    """

    def __init__(self, directory: Path, model_type: str, decisions: Decisions | None = None) -> None:
        self.directory = directory
        self.model_type = model_type
        self.decisions = Decisions() if decisions is None else decisions
        self.path = directory / "tokenizer_config.json"
        self._config = read_json_if_there(self.path)
        self._map = {} if self.lists_added else read_json_if_there(directory / MAP)
        self._values = self._config | self._map
        self.added: Mapping[int, AddedToken] = {}
        """The tokens that are given an id beside the vocabulary, by it."""
        self.added = self._decoder(self._config[DECODER]) if self.lists_added else self._legacy()

    def adding(self, added: Mapping[int, AddedToken]) -> StatedTokens:
        """The same with other tokens added."""
        found = copy(self)
        found.added = added
        return found

    def class_names(self) -> tuple[str, ...]:
        """The classes of transformers that the directory names, the preferred first."""
        model = read_json_if_there(self.directory / "config.json")
        stated = (self._config.get("tokenizer_class"), model.get("tokenizer_class"))
        return tuple(name for name in stated if isinstance(name, str) and name)

    def get(self, key: str) -> Any:
        """Whatever is stated, unchecked; null counts as absent."""
        return self._values.get(key)

    def flag(self, key: str, default: bool | None = None) -> bool | None:
        """What is said about ``add_bos_token``, ``legacy``, or the like."""
        value = self._values.get(key)
        return value if isinstance(value, bool) else default

    def count(self, key: str, default: int) -> int:
        """A number of things."""
        value = self._values.get(key)
        return value if isinstance(value, int) and 0 <= value < 1 << 16 else default

    def name(self, key: str) -> str | None:
        """A name, such as the code of a language."""
        value = self._values.get(key)
        return value if isinstance(value, str) and value else None

    def language(self, key: str, known: Collection[str]) -> str | None:
        """The code of a language, if one is stated; raises `InputError` for one that is not known."""
        code = self.name(key)
        if code is None or code in known:
            return code
        raise self._error(key, code, languages_near(code, known) or _("the code of a language"))

    def roles(self, usual: Mapping[str, Token | None]) -> dict[str, Token]:
        """The special tokens by role, as stated or else ``usual``; null is none. Roles of one's own come last."""
        named = {token.content: token for token in self.added.values()}
        stated = {role: self._token(role, self._values[role]) for role in ROLES if role in self._values}
        own = {key: self._token(key, value) for key, value in self._own_roles()}
        found = dict.fromkeys(ROLES) | dict(usual) | {r: named.get(str(t), t) for r, t in stated.items()} | own
        return {role: token for role, token in found.items() if token is not None}

    def _own_roles(self) -> Iterator[tuple[str, Any]]:
        for key, value in self._values.items():
            if key.endswith("_token") and key not in ROLES and isinstance(value, str | dict):
                yield key, value
        extra = self._values.get(EXTRA)
        yield from extra.items() if isinstance(extra, dict) else ()

    @cached_property
    def extra(self) -> list[Token] | None:
        """The special tokens without a role; None where nothing is said of them."""
        key = ADDITIONAL if self._moves_additional else EXTRA
        stated, more = self._config.get(key), self._map.get(EXTRA)
        if not isinstance(more, list) and (isinstance(stated, dict) or key not in self._config):
            return None
        listed = [(key, () if isinstance(stated, dict) else stated), (EXTRA, more)]
        return [token for key, tokens in listed for token in self._list(key, tokens or ())]

    @cached_property
    def additional(self) -> list[Token] | None:
        """Those stated in the older way, where that did not make them ``extra``: some classes take these too."""
        stated = self._map.get(ADDITIONAL, None if self._moves_additional else self._config.get(ADDITIONAL))
        return None if stated is None else self._list(ADDITIONAL, stated)

    @property
    def lists_added(self) -> bool:
        """Whether `tokenizer_config.json` has the list of the tokens added, so that no other file counts."""
        return DECODER in self._config

    @property
    def _moves_additional(self) -> bool:
        return ADDITIONAL in self._config and not self._config.get(EXTRA)

    def _decoder(self, decoder: Any) -> dict[int, AddedToken]:
        if not isinstance(decoder, dict):
            raise self._error(DECODER, decoder, _("a JSON object"))
        found = {self._id(DECODER, i): self._token(DECODER, token) for i, token in decoder.items()}
        return {i: AddedToken(token) if isinstance(token, str) else token for i, token in found.items() if token}

    def _legacy(self) -> dict[int, AddedToken]:
        """The tokens of `added_tokens.json`: those are special that have a role, or are listed as such."""
        path = self.directory / "added_tokens.json"
        found = read_json_if_there(path)
        special = {str(token) for token in (*self.roles({}).values(), *(self.extra or ()))} if found else set()
        return {
            self._id(name, i, path): AddedToken(name, normalized=name not in special, special=name in special)
            for name, i in found.items()
        }

    def _id(self, key: str, number: Any, path: Path | None = None) -> int:
        digits = str(number) if isinstance(number, str) or type(number) is int else ""
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS):
            raise self._error(key, number, _("a token id"), path)
        return int(digits)

    def _token(self, key: str, value: Any) -> Token | None:
        """A token, which is stated bare or with its properties."""
        if value is None or value == "":
            return None
        name = value.get("content") if isinstance(value, dict) else value
        if not isinstance(name, str) or not name or not is_text(name):
            raise self._error(key, value, _("a token"))
        if not isinstance(value, dict):
            return name
        properties = {property_: flag for property_ in PROPERTIES if isinstance(flag := value.get(property_), bool)}
        return AddedToken(name, **(properties | ({"special": True} if key in self._map else {})))

    def _list(self, key: str, values: Any) -> list[Token]:
        if not isinstance(values, list | tuple):
            raise self._error(key, values, _("a list of tokens"))
        return [token for value in values if (token := self._token(key, value)) is not None]

    def _error(self, key: str, value: Any, expected: str, path: Path | None = None) -> InputError:
        file = path or (self.directory / MAP if key in self._map else self.path)
        shown = repr(value)
        return InputError(
            _("{path}: {key} is {value}; expected {expected}").format(
                path=file,
                key=key[:LONGEST],
                value=shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…",
                expected=expected,
            )
        )
