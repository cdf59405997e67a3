"""Checks: what a lesson may ask of the state of a session, one line each.

Each function below reads what stands after the word it is named by, and returns the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracer.addresses import Address, parse
from tracer.debugger.expressions import compile_expression, truth
from tracer.errors import TraceError

from ..grammar.parsing import parse_line
from ..registry import lookup
from ..settings import setting_named
from .witness import Witness

Asked = Callable[[Witness], bool]


@dataclass(frozen=True)
class Check:
    """A line that holds in some states and not in others."""

    text: str
    line: int
    _asked: Asked

    @property
    def word(self) -> str:
        """The word that it begins with."""
        return self.text.partition(" ")[0]

    def holds(self, witness: Witness) -> bool:
        """Whether it holds now; not where it can't be worked out."""
        try:
            return self._asked(witness)
        except TraceError:
            return False

    def trouble(self, witness: Witness) -> str:
        """Why it can't be worked out now; nothing where it can."""
        try:
            self._asked(witness)
        except TraceError as error:
            return str(error)
        return ""


def read_check(text: str, line: int) -> Check:
    """A check from its line: a word of `WORDS` with what it takes, or an expression.

    Raises:
        TraceError: it is neither.
    """
    word, _blank, rest = text.partition(" ")
    return Check(text, line, WORDS[word](rest.strip()) if word in WORDS else _expression(text))


def _expression(text: str) -> Asked:
    expression = compile_expression(text)
    return lambda witness: truth(expression.evaluate(witness.sitting.here))


def _at(text: str) -> Asked:
    place, _word, condition = text.partition(" if ")
    address = parse(place)
    holds = _expression(condition) if condition else lambda _witness: True
    return lambda witness: witness.is_at(address) and holds(witness)


def _of_address(asked: Callable[[Witness, Address], bool]) -> Callable[[str], Asked]:
    def read(text: str) -> Asked:
        address = parse(text)
        return lambda witness: asked(witness, address)

    return read


def _setting(text: str) -> Asked:
    """Of a setting that stays from one run to the next, whether it was made in this step."""
    name, _blank, value = text.partition(" ")
    setting = setting_named(name)
    wanted = setting.read(value.strip())
    return lambda witness: (
        bool(setting.get(witness.sitting) == wanted) and (not setting.is_kept or witness.has_heard(lookup("set"), {}))
    )


def _text(text: str) -> Asked:
    if text:
        return lambda witness: witness.sitting.opener.text == text
    return lambda witness: witness.sitting.opener.text != witness.text


def _model(name: str) -> Asked:
    if name:
        return lambda witness: witness.sitting.opener.model.name == name
    return lambda witness: witness.sitting.opener.model.name != witness.model


def _result(text: str) -> Asked:
    name, _blank, rest = text.partition(" ")
    command = lookup(name)
    arguments = parse_line(text).arguments if rest else {}
    return lambda witness: witness.has_heard(command, arguments)


WORDS: dict[str, Callable[[str], Asked]] = {
    "at": _at,
    "reached": _of_address(Witness.has_reached),
    "shown": _of_address(Witness.is_shown),
    "alone": _of_address(Witness.is_shown_alone),
    "explained": _of_address(Witness.is_explained),
    "breakpoint": _of_address(Witness.has_breakpoint),
    "hit": _of_address(lambda witness, address: bool(witness.sitting.met) and witness.is_at(address)),
    "setting": _setting,
    "text": _text,
    "model": _model,
    "result": _result,
}
