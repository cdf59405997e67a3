"""A question at a place of a run: what may be answered, and whether an answer is right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from tracer.dataclass import dataclass
from tracer.debugger.expressions import Expression, Value, compile_expression
from tracer.debugger.expressions.values import plain
from tracer.debugger.locations import Here
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.nearness import is_near

from ..keyboard import folded, understood, unquoted
from .choices import chosen, is_numbered, named, place_or_name
from .lesson import Asking, Names, piece_of, pieces_on, written
from .numerals import counted

DECIMALS = 6
"""Of a number that is shown as the answer."""
LINE = 60
"""Of so many characters at most are the options that stand on one line; others have a line each."""

_ABOUT = "≈≃~～约 "
"""What may stand before a number that is rounded."""
_NUMBER = re.compile(r"[-+]?[\d.,]+%? *")
_ROOT = re.compile(r"√\s*([\d.]+)")
_WORD = re.compile(r"[A-Za-z]")
_NAME = re.compile(r"(?<![\w.])[^\W\d][\w.]*")
_CONSTANT = re.compile(r"(?<![\w.$@\"'])(e|pi|π)(?![\w.(\[:\"'])")
_FUNCTION = re.compile(r"(?<![\w.])(ln|log|exp|sin|cos|sqrt)\s*(?:\(|([\d.]+))", re.IGNORECASE)
_CONSTANTS = {"e": "exp(1)", "pi": repr(math.pi), "π": repr(math.pi)}
FUNCTIONS = {"exp", "log", "sqrt", "sin", "cos", "abs", "max", "min", "inf"}
"""The words that a calculation may have where nothing is to be looked up."""
_WIDE = 0x2E80
"""Characters from here on take two cells."""
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_THOUSANDS = re.compile(r"-?\d{1,3},\d{3}%?")


@dataclass(frozen=True)
class Question:
    """What is asked, and the place where it was asked, from which the answer is seen."""

    asking: Asking
    here: Here
    choices: Sequence[Names] | None
    """What may be answered, by all its names, None for a number or any token of the vocabulary."""

    @classmethod
    def asked(cls, asking: Asking, here: Here) -> Question:
        """A question at a place; the tokens read there are the options, however far the run goes on."""
        among = asking.among
        if among is None or among == "vocab":
            return cls(asking, here, None)
        return cls(
            asking, here, [(piece,) for piece in pieces_on(here.run, among)] if isinstance(among, str) else among
        )

    def reworded(self, asking: Asking) -> Question:
        """The same in the words of another language."""
        return replace(self, asking=asking, choices=asking.among if isinstance(asking.among, tuple) else self.choices)

    @property
    def options(self) -> Sequence[str] | None:
        """What may be answered, each by the name that is shown; None as ``choices``."""
        return None if self.choices is None else [names[0] for names in self.choices]

    @property
    def truth(self) -> float:
        """The answer as a number: the value itself, or a place among the options; raises `TraceError`."""
        number = number_of(self.asking.answer, self.here)
        if self.asking.among is not None:
            self._option(number)
        return number

    @property
    def shown_truth(self) -> str:
        """The answer as a person would give it."""
        if self.asking.among is None:
            return _short(self.truth)
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
        offered = [*map(literal, self.options or ())]
        if self._are_words and _length(self.options or ()) > LINE:
            return "\n".join([_("Answer with one of:"), "", *self._numbered(offered, "- ")])
        return self._expected(offered)

    def _expected(self, offered: Sequence[str]) -> str:
        """The same on one line, with the options as they are shown."""
        if self._are_words:
            return _("Answer with one of: {options}").format(options="   ".join(self._numbered(offered)))
        if self.choices is not None:
            told = _("Answer with one of these, or with its place (0 to {last}): {options}")
            return told.format(last=len(offered) - 1, options="   ".join(offered))
        if self.asking.among == "vocab":
            return _("Answer with a token.")
        if not self.asking.within:
            return _("Answer with a number.")
        return _("Answer with a number; ±{within:g} is close enough.").format(within=self.asking.within)

    def _numbered(self, offered: Sequence[str], mark: str = "") -> list[str]:
        """Options with the numbers that they may be chosen by; with a mark where they have none."""
        has_numbers = is_numbered(self.choices or ())
        return [f"{n}. {option}" if has_numbers else mark + option for n, option in enumerate(offered, 1)]

    @property
    def _are_words(self) -> bool:
        """Whether the options are words of the lesson, which are counted from 1, and no tokens."""
        return isinstance(self.asking.among, tuple)

    def reads(self, text: str) -> bool:
        """Whether a line is the whole name of an option."""
        return bool(named(text, self.choices or ()) or named(unquoted(text), self.choices or ()))

    def read(self, text: str, here: Here) -> Collection[float]:
        """An answer given at a place, as numbers: one value, or the options it may stand for.

        Raises:
            TraceError: it is no answer to this question.
        """
        if self.asking.among is None:
            count = counted(_bare(text))
            readings = [count] if count else _as_expressions(_bare(text))
            return [self._value(reading, text, here) for reading in readings]
        if self.asking.among == "vocab":
            words = (text, unquoted(text), folded(unquoted(text)))
            found = [self.here.run.card.id_of(word, "target") for word in words]
            places = [number for number in found if number is not None][:1]
        else:
            choices, reading = self.choices or (), chosen if self._are_words else place_or_name
            places = reading(text, choices) or reading(unquoted(text), choices)
        if not places:
            expected = self._expected(self.options or ())
            raise InputError(_("{text} is no answer here. {invitation}").format(text=text, invitation=expected))
        return places

    def _value(self, reading: str, text: str, here: Here) -> float:
        """A number, or what a calculation comes to, by a reading of the text that was given."""
        try:
            return _number(compile_expression(reading).evaluate(here), text)
        except TraceError as error:
            problem = _("{text} is no number or calculation ({reason}). {invitation}")
            raise InputError(problem.format(text=text, reason=error, invitation=self._expected(()))) from error

    def is_right(self, answer: Collection[float]) -> bool:
        """Whether one of the numbers that an answer may stand for is the truth."""
        return any(is_near(number, self.truth, self.asking.within) for number in answer)

    def equals(self, answer: Collection[float], expression: Expression) -> bool:
        """Whether an answer is, within the tolerance, what an expression comes to."""
        value = number_of(expression, self.here)
        return any(is_near(number, value, self.asking.within) for number in answer)


def arithmetic(text: str, here: Here) -> float:
    """What a number or a calculation comes to, in which nothing of a run is looked up.

    Raises:
        InputError: it is neither.
    """
    if count := counted(_bare(text)):
        return float(count)
    for reading in _as_expressions(understood(text)):
        if not {*_NAME.findall(reading)} - FUNCTIONS and "@" not in reading:
            return _number(compile_expression(reading).evaluate(here), text)
    raise InputError(_("{text} is no number or calculation").format(text=text))


def is_number(text: str) -> bool:
    """Whether a text is a number, or a count, and nothing else."""
    return bool(_NUMBER.fullmatch(_bare(text)) or counted(_bare(text)))


def _bare(text: str) -> str:
    """A number or calculation as the grammar has it, without what people put around it."""
    return understood(unquoted(text.lstrip(_ABOUT)))


def _as_expressions(text: str) -> list[str]:
    """A number or calculation as people write them: its signs, a percentage, a comma for the point or of thousands.

    Of an equation, what stands last; ``^`` raises, and a function may have its number without parentheses: ln 2.
    """
    text = _ROOT.sub(r"sqrt(\1)", text.rpartition("=")[2].strip().replace("∞", "inf")).replace("√", "sqrt")
    text = _FUNCTION.sub(_called, text.replace("^", "**"))
    text = _CONSTANT.sub(lambda found: _CONSTANTS[found[1]], text)
    readings = [text if _WORD.search(text) else _COMMA.sub(".", text)]
    readings += [text.replace(",", "")] if _THOUSANDS.fullmatch(text) else []
    return [f"({reading[:-1]}) / 100" if reading.endswith("%") else reading for reading in readings]


def _called(found: re.Match[str]) -> str:
    name = found[1].lower().replace("ln", "log")
    return f"{name}({found[2]})" if found[2] else f"{name}("


def _short(number: float) -> str:
    """A number as a person would write it: without the decimals that it does not need."""
    text = written(float(number), DECIMALS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _length(options: Sequence[str]) -> int:
    """How wide options are beside each other, in cells."""
    return sum(1 + (ord(character) >= _WIDE) for option in options for character in f"1. {option}   ")


def number_of(expression: Expression, here: Here) -> float:
    """The number that an expression comes to at a place; raises `TraceError` where it comes to none."""
    return _number(expression.evaluate(here), expression.text)


def _number(value: Value, text: str) -> float:
    number = plain(value)
    if not isinstance(number, int | float) or math.isnan(number):
        raise InputError(_("{text} is no number").format(text=text))
    return number
