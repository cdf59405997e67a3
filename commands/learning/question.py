"""A question at a place of a run: what may be answered, and whether an answer is right."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tracer.debugger.expressions import Expression, Value, compile_expression
from tracer.debugger.expressions.functions import is_called
from tracer.debugger.expressions.values import plain
from tracer.debugger.locations import Here
from tracer.errors import InputError
from tracer.i18n import _

from .lesson import Asking
from .live import piece_of, pieces_on, written

DECIMALS = 6
"""Of a number that is shown as the answer."""
NOISE = 1e-9
"""What a tolerance is widened by, relative to it, so that an answer on its edge counts."""


@dataclass(frozen=True)
class Question:
    """What is asked, and the place where it was asked, from which the answer is seen."""

    asking: Asking
    here: Here

    @property
    def options(self) -> Sequence[str] | None:
        """What may be answered, None for a number or any token of the vocabulary."""
        among = self.asking.among
        if among is None or among == "vocab":
            return None
        return pieces_on(self.here.run, among) if isinstance(among, str) else among

    @property
    def truth(self) -> float:
        """The answer as a number: the value itself, or a place among the options; raises `TraceError`."""
        return _number(self.asking.answer.evaluate(self.here), self.asking.answer.text)

    @property
    def shown_truth(self) -> str:
        """The answer as a person would give it."""
        if self.asking.among is None:
            return written(self.truth, DECIMALS)
        options = self.options
        return piece_of(self.here.run, "vocab", int(self.truth)) if options is None else options[int(self.truth)]

    @property
    def invitation(self) -> str:
        """What kind of an answer is expected."""
        options = self.options
        if options is not None:
            return _("Answer with one of: {options}").format(options="   ".join(options))
        if self.asking.among == "vocab":
            return _("Answer with a token.")
        if not self.asking.within:
            return _("Answer with a number.")
        return _("Answer with a number; ±{within:g} is close enough.").format(within=self.asking.within)

    def reads(self, text: str) -> bool:
        """Whether a line is one of the options to the letter."""
        return text in (self.options or ())

    def read(self, text: str, here: Here) -> Collection[float]:
        """An answer given at a place, as numbers: one value, or the options it may stand for.

        Raises:
            TraceError: it is no answer to this question.
        """
        if self.asking.among is None:
            text = text.replace("−", "-").replace("∞", "inf")
            return [_number(compile_expression(text).evaluate(here), text)]
        if self.asking.among == "vocab":
            tokenizer = self.here.run.model.target
            found = None if tokenizer is None else tokenizer.id_of(text)
            places = [] if found is None else [found]
        else:
            places = _places(text, self.options or ())
        if not places:
            raise InputError(_("{text} is no answer here. {invitation}").format(text=text, invitation=self.invitation))
        return places

    def is_right(self, answer: Collection[float]) -> bool:
        """Whether one of the numbers that an answer may stand for is the truth."""
        return any(self._is_near(number, self.truth) for number in answer)

    def equals(self, answer: Collection[float], expression: Expression) -> bool:
        """Whether an answer is, within the tolerance, what an expression comes to."""
        value = _number(expression.evaluate(self.here), expression.text)
        return any(self._is_near(number, value) for number in answer)

    def _is_near(self, number: float, value: float) -> bool:
        return number == value or abs(number - value) <= self.asking.within * (1 + NOISE)


def _places(text: str, options: Sequence[str]) -> list[int]:
    """The options that a text names, exactly or without a leading blank; else the one that it counts."""
    named = [place for place, option in enumerate(options) if is_called(option, text)]
    return named or [place for place in range(len(options)) if str(place) == text]


def _number(value: Value, text: str) -> float:
    number = plain(value)
    if not isinstance(number, int | float) or math.isnan(number):
        raise InputError(_("{text} is no number").format(text=text))
    return number
