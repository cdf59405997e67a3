"""A question at a place of a run: what may be answered, and whether an answer is right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from tracer.debugger.expressions import Expression, Value, compile_expression
from tracer.debugger.expressions.values import plain
from tracer.debugger.locations import Here
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.pieces import goes_by

from ..keyboard import understood, unquoted
from .lesson import Asking, piece_of, pieces_on, written

DECIMALS = 6
"""Of a number that is shown as the answer."""
NOISE = 1e-9
"""What a tolerance is widened by, relative to it, so that an answer on its edge counts."""

_NUMBER = re.compile(r"[-+]?[\d.,]+%? *")
_ROOT = re.compile(r"√\s*([\d.]+)")
_WORD = re.compile(r"[A-Za-z]")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_THOUSANDS = re.compile(r"-?\d{1,3},\d{3}%?")


@dataclass(frozen=True)
class Question:
    """What is asked, and the place where it was asked, from which the answer is seen."""

    asking: Asking
    here: Here
    options: Sequence[str] | None
    """What may be answered, None for a number or any token of the vocabulary."""

    @classmethod
    def asked(cls, asking: Asking, here: Here) -> Question:
        """A question at a place; the tokens read there are the options, however far the run goes on."""
        among = asking.among
        if among is None or among == "vocab":
            return cls(asking, here, None)
        return cls(asking, here, tuple(pieces_on(here.run, among)) if isinstance(among, str) else among)

    def reworded(self, asking: Asking) -> Question:
        """The same in the words of another language."""
        return replace(self, asking=asking, options=asking.among if isinstance(asking.among, tuple) else self.options)

    @property
    def truth(self) -> float:
        """The answer as a number: the value itself, or a place among the options; raises `TraceError`."""
        number = _number(self.asking.answer.evaluate(self.here), self.asking.answer.text)
        if self.asking.among is not None:
            self._option(number)
        return number

    @property
    def shown_truth(self) -> str:
        """The answer as a person would give it."""
        if self.asking.among is None:
            return written(self.truth, DECIMALS)
        return self._option(self.truth)

    def _option(self, number: float) -> str:
        """The option at a place; raises `InputError` where there is none."""
        options = self.options
        if options is None:
            return piece_of(self.here.run, "vocab", number)
        if number not in range(len(options)):
            problem = _("{text} comes to {value}, which is no place among {n} options")
            raise InputError(problem.format(text=self.asking.answer.text, value=written(number), n=len(options)))
        return options[int(number)]

    def invitation(self, literal: Callable[[str], str] = str) -> str:
        """What kind of an answer is expected; what the lesson offers goes through ``literal``."""
        options = self.options
        if options is not None:
            return _("Answer with one of: {options}").format(options="   ".join(map(literal, options)))
        if self.asking.among == "vocab":
            return _("Answer with a token.")
        if not self.asking.within:
            return _("Answer with a number.")
        return _("Answer with a number; ±{within:g} is close enough.").format(within=self.asking.within)

    def reads(self, text: str) -> bool:
        """Whether a line is one of the options to the letter."""
        return bool({text, unquoted(text)} & {*(self.options or ())})

    def read(self, text: str, here: Here) -> Collection[float]:
        """An answer given at a place, as numbers: one value, or the options it may stand for.

        Raises:
            TraceError: it is no answer to this question.
        """
        if self.asking.among is None:
            return [self._value(reading, text, here) for reading in _as_expressions(understood(text))]
        if self.asking.among == "vocab":
            found = [self.here.run.card.id_of(word, "target") for word in (text, unquoted(text))]
            places = [number for number in found if number is not None][:1]
        else:
            options = self.options or ()
            places = _places(text, options) or _places(unquoted(text), options)
        if not places:
            raise InputError(
                _("{text} is no answer here. {invitation}").format(text=text, invitation=self.invitation())
            )
        return places

    def _value(self, reading: str, text: str, here: Here) -> float:
        """A number, or what a calculation comes to, by a reading of the text that was given."""
        try:
            return _number(compile_expression(reading).evaluate(here), text)
        except TraceError as error:
            problem = _("{text} is no number or calculation ({reason}). {invitation}")
            raise InputError(problem.format(text=text, reason=error, invitation=self.invitation())) from error

    def is_right(self, answer: Collection[float]) -> bool:
        """Whether one of the numbers that an answer may stand for is the truth."""
        return any(self._is_near(number, self.truth) for number in answer)

    def equals(self, answer: Collection[float], expression: Expression) -> bool:
        """Whether an answer is, within the tolerance, what an expression comes to."""
        value = _number(expression.evaluate(self.here), expression.text)
        return any(self._is_near(number, value) for number in answer)

    def _is_near(self, number: float, value: float) -> bool:
        return number == value or abs(number - value) <= self.asking.within * (1 + NOISE)


def is_number(text: str) -> bool:
    """Whether a text is a number and nothing else."""
    return bool(_NUMBER.fullmatch(understood(text)))


def _as_expressions(text: str) -> list[str]:
    """A number or calculation as people write them: its signs, a percentage, a comma for the point or of thousands.

    Of an equation, what stands last.
    """
    text = _ROOT.sub(r"sqrt(\1)", text.rpartition("=")[2].strip().replace("∞", "inf")).replace("√", "sqrt")
    readings = [text if _WORD.search(text) else _COMMA.sub(".", text)]
    readings += [text.replace(",", "")] if _THOUSANDS.fullmatch(text) else []
    return [f"({reading[:-1]}) / 100" if reading.endswith("%") else reading for reading in readings]


def _places(text: str, options: Sequence[str]) -> list[int]:
    """The options that a text names: exactly or without a leading blank; by its place; by how it alone begins."""
    named = [place for place, option in enumerate(options) if goes_by(option, text)]
    named = named or [place for place in range(len(options)) if str(place) == text]
    begun = [place for place, option in enumerate(options) if text and option.casefold().startswith(text.casefold())]
    return named or (begun if len(begun) == 1 else [])


def _number(value: Value, text: str) -> float:
    number = plain(value)
    if not isinstance(number, int | float) or math.isnan(number):
        raise InputError(_("{text} is no number").format(text=text))
    return number
