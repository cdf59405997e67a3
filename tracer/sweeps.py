"""Sweeps: the same edit at every place in turn, and what a measure is with each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import cached_property

from .addresses import Address, parse, parse_selectors
from .dataclass import dataclass
from .debugger.acts import ACTS, Act, Builder
from .debugger.acts.places import Places, places
from .debugger.cursor import Cursor
from .debugger.expressions import Expression, compile_expression, plain
from .debugger.expressions.values import described
from .debugger.locations import Here
from .divergence import divergence, log_probabilities
from .domains import meant
from .errors import InputError
from .i18n import _
from .run import Run
from .stack import Ragged
from .tensor import Array, Tensor
from .trace import Trace
from .work import work

KL = "kl"
"""How far the run with the edit is apart from the one without, as a measure."""
EFFECT, NORMALISED = "effect", "normalised"
"""What a table is of: what an edit adds to a measure, or how much that is of what it might."""
LEAST = 1e-6
"""By so little, beside its size, a measure differs between two runs that it does not tell apart."""


_ATTRIBUTED = re.compile(r"(?P<method>\w+) of (?P<expression>.+) to (?P<token>.+)")
"""``integrated of logprob("love") to "爱"``."""


class Measure:
    """One number of a run at a step: an expression, or how far it is apart from the run ``of`` a place, in bits.

    Or it is what a method attributes of an expression to one token: ``integrated of logprob("love") to "爱"``.

    Raises:
        ExpressionError: the text is none of these.
        AddressError: the token does not read as one.
        InputError: there is no such method.
    """

    def __init__(self, text: str, of: Here) -> None:
        self.text = text.strip()
        self._of = of
        attributed = _ATTRIBUTED.fullmatch(self.text)
        asked = self.text if attributed is None else attributed["expression"]
        self._expression: Expression | None = None if self.text == KL else compile_expression(asked)
        self._method = "" if attributed is None else _method(attributed["method"])
        self._token = () if attributed is None else parse_selectors(attributed["token"])

    def __call__(self, here: Here) -> float:
        """What it is at a place.

        Raises:
            TraceError: it can't be worked out there, or is no number.
        """
        if self._expression is None:
            return divergence(_says(self._of), _says(here))
        if self._method:
            return self._score(self._expression, here)
        value = plain(self._expression.evaluate(here))
        if isinstance(value, str):
            raise InputError(_("a measure is one number, and {text} is text; compare it").format(text=self.text))
        if not isinstance(value, int | float):
            told = _("a measure is one number, and {text} is {what}; wrap it in max(…), sum(…) or the like")
            raise InputError(told.format(text=self.text, what=described([value])))
        return float(value)

    def _score(self, expression: Expression, here: Here) -> float:
        """What is attributed to the token."""
        from .attribution.attribute import TokenScores, attribute

        scores = TokenScores(attribute(here, expression, method=self._method))
        return float(scores.select(self._token[:1]).array)


def _method(text: str) -> str:
    """A method of attribution to tokens by what it is called, or by the beginning of that."""
    from .attribution.attribute import METHODS

    return meant(text, METHODS)


@dataclass(eq=False)
class Sweep:
    """The edits that ``build`` makes of each of ``places`` in turn, in branches with the tokens before a step kept.

    ``act`` is how they were written, ``here`` where the measure is taken; ``values`` are those of the first places, as
    far as `steps` has come. ``over`` is how the places were written; if ``is_normalised``, the table has the effects as
    parts of what lies between the runs.
    """

    run: Run
    act: str
    over: Sequence[str]
    build: Builder
    places: Places
    measure: Measure
    here: Here
    is_normalised: bool = False
    values: list[float] = field(default_factory=list)

    def steps(self) -> Iterator[int]:
        """Go on to the end; yields how many places are done after each of them."""
        for place in work(self.places.addresses[len(self.values) :], _("places")):
            self.values.append(self._value(place))
            yield len(self.values)

    def _value(self, place: Address) -> float:
        branch = self.run.replayed(*self.build(place), at=self.here.step)
        return self.measure(replace(self.here, run=branch))

    @cached_property
    def base(self) -> float:
        """The measure without the edit."""
        return self.measure(self.here)

    @property
    def effects(self) -> list[float]:
        """What the edit adds to the measure at each place."""
        return [value - self.base for value in self.values]

    @cached_property
    def source(self) -> Trace | None:
        """The one run that the edits take from, if there is one."""
        edits = self.build(self.places.addresses[0])
        found = {id(run): run for edit in edits for run in edit.value.runs if run is not self.run}
        return next(iter(found.values())) if len(found) == 1 else None

    @cached_property
    def clean(self) -> float:
        """The measure in the run that is taken from; raises `InputError` where there is none."""
        if self.source is None:
            told = _("{act} takes from no other run: there is nothing to normalise by; leave out normalised")
            raise InputError(told.format(act=self.act))
        last = self.source.step(self.here.step).turn
        cursor = Cursor(self.here.step, min(self.here.cursor.index, last))
        return self.measure(replace(self.here, run=self.source, cursor=cursor))

    @property
    def tells_apart(self) -> bool:
        """Whether the measure differs in the run that is taken from, so that effects can be seen as parts of that."""
        if self.source is None:
            return False
        return abs(self.clean - self.base) > LEAST * max(1.0, abs(self.clean), abs(self.base))

    @property
    def normalised(self) -> list[float]:
        """(patched − corrupted) / (clean − corrupted) of each place: 0 where nothing came back, 1 where all did.

        Raises:
            InputError: clean and corrupted are the same; or as `clean`.
        """
        span = self.clean - self.base
        if not self.tells_apart:
            told = _("{measure} is {base:.6g} in both runs: there is nothing to normalise by")
            raise InputError(told.format(measure=self.measure.text, base=self.base))
        return [effect / span for effect in self.effects]

    @property
    def shown(self) -> Tensor:
        """The table that there is to see: of effects, or of what these come to when normalised."""
        return self.places.table(self.normalised if self.is_normalised else self.effects)


class Swept(Ragged):
    """The measure with the edit at each place, [layer or place, head or position, …]; ``base`` is that without it."""

    __slots__ = ("base",)

    def __init__(self, table: Tensor, base: float) -> None:
        super().__init__(table.array, table.dims)
        self.base = base

    @property
    def effects(self) -> Tensor:
        """What the edit adds to the measure."""
        return Ragged(self.array - self.base, self.dims)


def sweep(
    run: Run, act: str | Builder, *over: str, measure: str, at: int | str | None = None, source: Trace | None = None
) -> Tensor:
    """What a measure is with an edit at every place that some globs stand for, in turn.

    ``act`` is the name of one, with its options: ``"ablate"``, ``"ablate mean"``, ``"knock"``; or a function from the
    `Address` of a place to edits. ``source`` is the run that it takes from. The measure is an expression, or ``"kl"``,
    taken at the end of a step (the last one, unless ``at`` says another) or at a record.

    Raises:
        TraceError: there is no such act, place or step, or the measure is no number.
    """
    named, here, where = from_program(run, act, at, source)
    asked = begun(run, named, over, measure, here, where)
    for _done in asked.steps():
        pass
    return Swept(asked.places.table(asked.values), asked.base)


def from_program(
    run: Run, act: str | Builder, at: int | str | None, source: Trace | None
) -> tuple[str | Builder, Here, Address | None]:
    """What a session has for what a program asks: the act, where it stands, and where the measure is taken."""
    here = Here(run, Cursor(run.decode().computed, 0), runs={0: run, **({} if source is None else {1: source})})
    where = Address(step=at) if isinstance(at, int) else None if at is None else parse(at)
    return f"{act} from r1" if isinstance(act, str) and source is not None else act, here, where


def begun(
    run: Run, act: str | Builder, over: Sequence[str], measure: str, here: Here, at: Address | None = None
) -> Sweep:
    """A sweep of which nothing is done but the measure without the edit; raises as `sweep` does.

    The measure may have ``effect`` before it, or ``normalised``.
    """
    if not over:
        raise InputError(_("a sweep is over places; name some, e.g. dec.*.cross.h*"))
    there = _there(run, here, at)
    named, build = _read(act, there)
    tapes = [run.step(number) for number in dict.fromkeys([there.step, *run.begins.values()])]
    found = places(over, named or _ANY, tapes, there.scope)
    how, measured = _scaled(measure)
    name = act if isinstance(act, str) else _("a function")
    asked = Sweep(run, name, over, build, found, Measure(measured, there), there, how == NORMALISED)
    if asked.is_normalised:
        asked.normalised  # noqa: B018
    asked.base  # noqa: B018
    return asked


def _scaled(measure: str) -> tuple[str, str]:
    """The word before a measure, if there is one, and the measure."""
    word, blank, rest = measure.strip().partition(" ")
    return (word, rest) if blank and word in (EFFECT, NORMALISED) else (EFFECT, measure)


_ANY = Act()


def _read(act: str | Builder, here: Here) -> tuple[Act | None, Builder]:
    """The act that is meant, where it is one by name, and what it does with a place."""
    if not isinstance(act, str):
        return None, act
    name, _blank, options = act.strip().partition(" ")
    named = ACTS[meant(name, ACTS)]
    return named, named.reading(options.strip(), here)


def _there(run: Run, here: Here, at: Address | None) -> Here:
    """Where the measure is taken: at a record, or at the end of a step, if need be the first that yields anything."""
    if at is None:
        step = max(here.step, *run.begins.values())
        return replace(here, cursor=Cursor(step, run.step(step).turn))
    if at.run is not None or at.beam is not None:
        told = _("the measure is taken in every run of the sweep; {at} names one, which is left out here")
        raise InputError(told.format(at=at))
    if at.path or at.record is not None:
        record = here.find(at)
        return replace(here, cursor=Cursor(record.step, record.index))
    assert at.step is not None
    return replace(here, cursor=Cursor(at.step, run.step(at.step).turn))


def _says(here: Here) -> Array:
    """log p [vocab] of the next token."""
    return log_probabilities(here.find(Address("logits")).output.array[-1])
