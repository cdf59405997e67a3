"""The settings of one decoding, each declared once.

Keywords in Python, options of the command line, `set`, `show`, `help` and completion are all read from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as standard
from dataclasses import field, fields, replace
from typing import Any, Literal

from ..dataclass import dataclass
from ..domains import SWITCH, Above, Domain, Number, Whole, Words, words
from ..errors import InputError
from ..i18n import N_, Message, _

Strategy = Literal["greedy", "sample", "beam"]
EarlyStopping = bool | Literal["never"]


@dataclass(frozen=True)
class Declared:
    """What a setting may be, and what it does.

    ``strategy`` is the one that it belongs to, if it is one alone. A ``default`` of None leaves the setting to the
    checkpoint; where that says nothing, ``otherwise`` holds, or without one nothing is done.
    """

    default: Any
    domain: Domain
    summary: Message
    strategy: str = ""
    otherwise: Any = None

    def takes(self, value: Any) -> bool:
        """Whether a value is one that the setting may have."""
        return (value is None and self.default is None) or value in self.domain

    def suits(self, strategy: str | None) -> bool:
        """Whether the setting may be made in a strategy."""
        return self.strategy in ("", strategy)


def _field(default: Any, domain: Domain, summary: Message, **more: Any) -> Any:
    return field(default=default, metadata={"declared": Declared(default, domain, summary, **more)})


@standard(frozen=True)
class Settings:
    """Strategy and limits; None leaves a thing to the model, or out.

    Where the strategy is left open, so is whether a value belongs to it.

    Raises:
        InputError: a value is out of its range, or belongs to another strategy.
    """

    strategy: Literal["greedy", "sample", "beam"] | None = _field(
        None, words("greedy", "sample", "beam"), N_("how the next token is chosen"), otherwise="greedy"
    )
    temperature: float | None = _field(
        None,
        Above("T", 0, 1_000_000),
        N_("sampling: logits are divided by T; below 1 is sharper"),
        strategy="sample",
    )
    top_k: int | None = _field(None, Whole("K", 1, 1 << 24), N_("sampling: among the K likeliest"), strategy="sample")
    top_p: float | None = _field(
        None, Above("P", 0, 1), N_("sampling: among the likeliest P in all"), strategy="sample"
    )
    min_p: float | None = _field(
        None,
        Number("P", 0, 1),
        N_("sampling: among those of P times the largest probability or more"),
        strategy="sample",
    )
    typical_p: float | None = _field(
        None, Above("P", 0, 1), N_("sampling: among the most typical P in all"), strategy="sample"
    )
    epsilon_cutoff: float | None = _field(
        None, Number("E", 0, 1), N_("sampling: among those of probability E or more"), strategy="sample"
    )
    eta_cutoff: float | None = _field(
        None,
        Number("E", 0, 1),
        N_("sampling: among those of probability E or more, or of less where many are likely"),
        strategy="sample",
    )
    top_h: float | None = _field(
        None, Above("H", 0, 1), N_("sampling: among the likeliest, up to H times the entropy"), strategy="sample"
    )
    beams: int | None = _field(
        None, Whole("N", 1, 64), N_("beam search: hypotheses kept"), strategy="beam", otherwise=4
    )
    length_penalty: float | None = _field(
        None, Number("A", -100, 100), N_("beam search: scores are Σ log p / n^A"), strategy="beam", otherwise=1.0
    )
    early_stopping: bool | Literal["never"] | None = _field(
        None,
        Words({"true": True, "false": False, "never": "never"}),
        N_("beam search: end at N finished (true), once none better is likely (false), or possible (never)"),
        strategy="beam",
        otherwise=False,
    )
    seed: int = _field(0, Whole("N", 0, (1 << 64) - 1), N_("sampling: the same seed draws the same"))
    max_tokens: int | None = _field(None, Whole("N", 1, 1 << 16), N_("the most output tokens"))
    cache: bool | None = _field(None, SWITCH, N_("key/value cache; else as the checkpoint states"))

    def __post_init__(self) -> None:
        for name, declared in DECLARED.items():
            self._check(name, getattr(self, name), declared)

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """Settings by name; raises `InputError` for a name that is none."""
        for name in values.keys() - DECLARED.keys():
            raise InputError(_("{name} is no setting; known are {known}").format(name=name, known=", ".join(DECLARED)))
        return cls(**values)

    @classmethod
    def among(cls, values: Mapping[str, Any]) -> Settings:
        """Those of some values that are settings of decoding."""
        return cls(**{name: values[name] for name in DECLARED if name in values})

    def filled(self, stated: Mapping[str, Any]) -> Settings:
        """These, and ``stated`` for those of the strategy that are left open.

        Raises:
            InputError: what is stated is out of its range.
        """
        return replace(self, **{name: value for name, value in stated.items() if self._is_open(name)})

    def _is_open(self, name: str) -> bool:
        return getattr(self, name) is None and DECLARED[name].suits(self.strategy)

    def _check(self, name: str, value: Any, declared: Declared) -> None:
        if not declared.takes(value):
            raise InputError(
                _("{name} is {value!r}; expected {expected}").format(
                    name=name, value=value, expected=declared.domain.expected
                )
            )
        if value is not None and self.strategy is not None and not declared.suits(self.strategy):
            raise InputError(
                _(
                    "{name} belongs to strategy {strategy}, and this is {other}; "
                    "choose strategy {strategy}, or leave it out"
                ).format(name=name, strategy=declared.strategy, other=self.strategy)
            )


DECLARED: Mapping[str, Declared] = {each.name: each.metadata["declared"] for each in fields(Settings)}

DEFAULTS = {name: declared.otherwise for name, declared in DECLARED.items() if declared.otherwise is not None}
"""What holds where neither a person nor the checkpoint says anything; settings not listed are then left out."""
