"""The keys of a file that states something, and what becomes of each of them: none is passed over in silence."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from ..addresses import suggestion
from ..decisions import CONFIGURATION, Decisions
from ..errors import InputError
from ..i18n import N_, Message, _
from ..outward import SHORT

FOLLOWED, REFUSED, IGNORED, NOTED = "followed", "refused", "no effect", "said"
"""What can become of a key."""

UNREAD = N_("{file}: not followed, as transformers does not read it: {settings}")


class Account:
    """What a file states, and the ``fates`` of its keys: a key is followed as soon as it is asked for.

    ``elsewhere`` names the files of those values that come from another than ``file``; ``decisions`` is told what is
    not followed.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        file: str = "config.json",
        elsewhere: Mapping[str, str] | None = None,
        decisions: Decisions | None = None,
    ) -> None:
        self._values = values
        self._file = file
        self._elsewhere = elsewhere or {}
        self._names: dict[str, str] = {}
        self.parts: list[Account] = []
        """objects in the file that have an account of their own"""
        self.fates = {"model_type": FOLLOWED}
        self.decisions = Decisions() if decisions is None else decisions

    def file_of(self, key: str) -> str:
        """The file that states a value, or would."""
        return self._elsewhere.get(key, self._file)

    def get(self, key: str, default: Any = None) -> Any:
        """Whatever is stated, unchecked; null counts as absent."""
        self.fates.setdefault(key, FOLLOWED)
        value = self._values.get(self.name_of(key))
        return default if value is None else value

    def having(self, key: str, value: Any) -> Self:
        """The same with another value of a key, and an account of its own."""
        return type(self)({**self._values, key: value}, self._file, self._elsewhere)

    def states(self, *keys: str) -> bool:
        """Whether keys state anything but null or 0; none of them is asked for by that."""
        return all(self._values.get(key) for key in keys)

    @property
    def has_any(self) -> bool:
        """Whether anything at all is stated."""
        return bool(self._values)

    def has(self, marks: Mapping[str, Any]) -> bool:
        """Whether all of these values are stated, ``...`` for any but null; none of them is asked for by that."""
        return all(
            self._values.get(key) is not None and value in (..., self._values[key]) for key, value in marks.items()
        )

    def is_null(self, key: str) -> bool:
        """Whether null is stated."""
        return key in self._values and self._values[key] is None

    def name_of(self, key: str) -> str:
        """The name under which the file states a value, or would."""
        return self._names.get(key, key)

    def also(self, **names: str) -> None:
        """Other names that keys may have, as ``d_model="hidden_size"``; the other one counts where both are stated."""
        for key, other in names.items():
            if self.get(other) is not None:
                self.outvote(key, other)
                self._names[key] = other

    def outvote(self, key: str, other: str) -> None:
        """Note that one key counts and another does not, where the two disagree."""
        mine, counting = self.get(key), self.get(other)
        if mine is not None and mine != counting:
            told = N_("{file}: {counting} counts, as in transformers, and not {settings}")
            self.note(told, [key], counting=self._written([other]))

    def refuse(self, key: str, *harmless: Any) -> None:
        """Insist that a setting which would change the arithmetic is absent or harmless."""
        if self._is_other(key, REFUSED, harmless):
            raise self.error(_("{setting} is not supported").format(setting=self._written([key])), key)

    def expect(self, key: str, *usual: Any, told: Message = UNREAD) -> None:
        """Note that a setting is not followed, as ``told`` tells, unless it states what is done whatever it says."""
        if self._is_other(key, NOTED, usual):
            self.note(told, [key])

    def ignore(self, why: Message, *keys: str) -> None:
        """Tell that keys are without effect, where they are stated; ``why`` has ``{keys}`` in it.

        Those asked for already are left as they are.
        """
        idle = [key for key in keys if key not in self.fates]
        self.fates |= dict.fromkeys(idle, IGNORED)
        if found := [key for key, value in self._values.items() if key in idle and value is not None]:
            self.decisions.take(CONFIGURATION, why.format(keys=", ".join(found)))

    def leave_to(self, other: Account, why: Message) -> None:
        """Take over the fates of what ``other`` has from this file; what it has from another one is ignored in this."""
        mine = {key: fate for key, fate in other.fates.items() if other.file_of(key) == self._file}
        self.fates = mine | self.fates
        self.ignore(why, *other.fates)

    @property
    def left(self) -> list[str]:
        """The keys that state something, for null states nothing, and that nobody asked for."""
        return [key for key, value in self._values.items() if value is not None and key not in self.fates]

    def settle(self) -> None:
        """Note which keys are left."""
        for part in self.parts:
            part.settle()
        if left := self.left:
            self.note(N_("{file}: not known here, and not followed: {settings}"), left)

    def refuse_unknown(self) -> None:
        """Insist that every key was asked for."""
        for key in self._values.keys() - self.fates.keys():
            nearest = suggestion(key, self.fates)
            hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
            raise self.error(_("unknown key {key}{hint}").format(key=key, hint=hint))

    def note(self, what: Message, keys: Collection[str], **values: Any) -> None:
        """Note something of keys; ``what`` has ``{file}`` and ``{settings}`` in it."""
        settings = self._written(keys)
        self.decisions.note(CONFIGURATION, what.format(file=Path(self._file).name, settings=settings, **values))

    def error(self, what: str, key: str = "") -> InputError:
        """What is wrong with a key, and in which file."""
        return InputError(f"{self.file_of(key)}: {what}")

    def _is_other(self, key: str, fate: str, usual: tuple[Any, ...]) -> bool:
        """Whether a key that is asked for to that end states anything but the usual."""
        values = " or ".join(map(json.dumps, usual))
        self.fates[key] = f"{fate} unless {values}" if usual else fate
        return self.get(key) not in (None, *usual)

    def _written(self, keys: Collection[str]) -> str:
        return ", ".join(f"{_word(key)} = {SHORT.repr(self._values[key])}" for key in keys)


def _word(key: str) -> str:
    """A key as it can be shown: quoted where it is no word, and cut where it is long."""
    return key if key.isidentifier() and len(key) <= SHORT.maxstring else SHORT.repr(key)
