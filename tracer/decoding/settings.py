"""The settings of one decoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import UnionType
from typing import Any, Literal

from ..errors import InputError
from ..i18n import _

STRATEGIES = ("greedy", "sample", "beam")
BELONGS = {
    "temperature": "sample",
    "top_k": "sample",
    "top_p": "sample",
    "beams": "beam",
    "length_penalty": "beam",
    "early_stopping": "beam",
}
"""The strategy that a setting belongs to."""

DEFAULTS = {"beams": 4, "length_penalty": 1.0, "early_stopping": False}
"""What holds where neither a person nor the checkpoint says anything; settings not listed are then left out."""

EarlyStopping = bool | Literal["never"]
EARLY_STOPPING: dict[str, EarlyStopping] = {"true": True, "false": False, "never": "never"}
"""The words for when a beam search stops, as a file or a command line has them."""

KINDS: dict[str, type | UnionType] = {
    "temperature": int | float,
    "top_k": int,
    "top_p": int | float,
    "beams": int,
    "length_penalty": int | float,
    "seed": int,
    "max_tokens": int,
}


@dataclass(frozen=True)
class Settings:
    """Strategy and limits; None leaves a thing to the model, or out.

    Raises:
        InputError: a value is out of its range, or belongs to another strategy.
    """

    strategy: Literal["greedy", "sample", "beam"] = "greedy"
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    beams: int | None = None
    length_penalty: float | None = None
    early_stopping: EarlyStopping | None = None
    seed: int = 0
    max_tokens: int | None = None
    cache: bool | None = None

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            value = getattr(self, name)
            fits = value is None or (isinstance(value, kind) and not isinstance(value, bool))
            self._check(name, fits, _("a whole number") if kind is int else _("a number"))
        self._check("seed", self.seed is not None, _("a whole number of at most 64 bits"))
        self._check("strategy", self.strategy in STRATEGIES, " / ".join(STRATEGIES))
        self._check("temperature", self.temperature is None or 0 < self.temperature < 1e6, _("a number above 0"))
        self._check("top_k", self.top_k is None or self.top_k > 0, _("a whole number above 0"))
        self._check("top_p", self.top_p is None or 0 < self.top_p <= 1, _("a number above 0, at most 1"))
        self._check("beams", self.beams is None or 0 < self.beams <= 64, _("a whole number from 1 to 64"))
        self._check("length_penalty", abs(self.length_penalty or 0) < 100, _("a number, usually about 1"))
        known = self.early_stopping is None or self.early_stopping in EARLY_STOPPING.values()
        self._check("early_stopping", known, " / ".join(EARLY_STOPPING))
        self._check("seed", 0 <= self.seed < 1 << 64, _("a whole number of at most 64 bits"))
        self._check(
            "max_tokens", self.max_tokens is None or 0 < self.max_tokens <= 1 << 16, _("a whole number above 0")
        )
        for name, strategy in BELONGS.items():
            if getattr(self, name) is not None and self.strategy != strategy:
                raise InputError(
                    _(
                        "{name} belongs to strategy {strategy}, and this is {other}; "
                        "choose strategy {strategy}, or leave it out"
                    ).format(name=name, strategy=strategy, other=self.strategy)
                )

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """Settings by name; raises `InputError` for a name that is none."""
        known = [field.name for field in fields(cls)]
        for name in values.keys() - set(known):
            raise InputError(_("{name} is no setting; known are {known}").format(name=name, known=", ".join(known)))
        return cls(**values)

    def filled(self, stated: Mapping[str, Any]) -> Settings:
        """These, and ``stated`` for those of the strategy that are left open.

        Raises:
            InputError: what is stated is out of its range.
        """
        return replace(self, **{name: value for name, value in stated.items() if self._is_open(name)})

    def _is_open(self, name: str) -> bool:
        return getattr(self, name) is None and BELONGS.get(name, self.strategy) == self.strategy

    def _check(self, name: str, fits: bool, expected: str) -> None:
        if not fits:
            raise InputError(
                _("{name} is {value!r}; expected {expected}").format(
                    name=name, value=getattr(self, name), expected=expected
                )
            )
