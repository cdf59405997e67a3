"""Which worksheet is meant, as it is asked for on a line, and that worksheet."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain

from tracer.addresses import At, parse
from tracer.dataclass import dataclass
from tracer.errors import AddressError, InputError
from tracer.i18n import _
from tracer.trace import Trace
from tracer.worksheets.sheet import LEVELS, Level, Sheet, Wanted, make_sheet, whole_pass
from tracer.worksheets.tiny import SEEDS, Drawn

from ..opener import Opener, open_model
from ..output.present import complain
from .course import SHEET, find
from .lesson_file import read_front

WRITING = 3
"""The step of the decoder that a worksheet is about: it has read three tokens."""
SMALL, OTHER = 2, 3
"""Decimals of the numbers of a small model, and of others."""

_OPTIONS = {"--seed": "seed", "--blanks": "level", "-m": "model", "--model": "model", "-t": "text", "--text": "text"}
_PLACE = re.compile(r"[@.\[#*]")


@dataclass(frozen=True)
class Asked:
    """A worksheet: what it is about (lessons, or addresses), and how its numbers and its blanks are drawn.

    Without a ``model`` they are those of a small one that is drawn for it.
    """

    what: tuple[str, ...] = ()
    seed: int = 0
    level: Level = "easy"
    model: str | None = None
    text: str | None = None

    @classmethod
    def read(cls, line: str) -> Asked:
        """The one that a line asks for, such as a file of answers begins with.

        Raises:
            InputError: it is no such line.
        """
        try:
            word, *rest = shlex.split(line)
        except ValueError:
            word, rest = "", []
        if word != SHEET:
            told = _("{line!r} does not say which worksheet is answered; the sheet has that line: {example}")
            raise InputError(told.format(line=line, example=f"{SHEET} 3 --seed 7 --blanks easy"))
        what, chosen = list[str](), dict[str, str]()
        words = iter(rest)
        for text in words:
            option, _equals, value = text.partition("=")
            if not option.startswith("-"):
                what.append(text)
            elif option in _OPTIONS:
                chosen[_OPTIONS[option]] = value or next(words, "")
            else:
                known = ", ".join(_OPTIONS)
                raise InputError(_("{text}: no option of a worksheet; it has {known}").format(text=option, known=known))
        return cls.of(what, chosen.get("seed"), chosen.get("level"), chosen.get("model"), chosen.get("text"))

    @classmethod
    def of(
        cls,
        what: Sequence[str],
        seed: str | None = None,
        level: str | None = None,
        model: str | None = None,
        text: str | None = None,
    ) -> Asked:
        """The one that words ask for; raises `InputError` for what none can be."""
        if level is not None and level not in LEVELS:
            raise InputError(_("--blanks: {text!r} is none of {known}").format(text=level, known=", ".join(LEVELS)))
        if (model is None) != (text is None):
            raise InputError(_("a worksheet of another model needs both: -m MODEL -t TEXT"))
        return cls(tuple(what), read_seed(seed), level or "easy", model, text)  # type: ignore[arg-type]

    @property
    def line(self) -> str:
        """The line that asks for it."""
        named = ["-m", self.model, "-t", self.text] if self.model is not None and self.text is not None else []
        return shlex.join([SHEET, *self.what, *named, "--seed", str(self.seed), "--blanks", self.level])

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """What it is about, as addresses; none for a whole pass.

        Raises:
            InputError: there is no such lesson, or the lesson has no worksheet.
        """
        found = ((word,) if _PLACE.search(word) else _of_lesson(word) for word in self.what)
        return tuple(dict.fromkeys(chain.from_iterable(found)))

    def sheet(self) -> Sheet:
        """The worksheet; raises `TraceError` for what none can be made of."""
        run, decimals = self._run(), SMALL if self.model is None else OTHER
        return make_sheet(run, list(self._wanted(run)), self.level, self.seed, decimals)

    def _run(self) -> Trace:
        """The run that it is about, as far as it goes."""
        if self.model is not None and self.text is not None:
            return Opener(open_model(self.model), self.text, warn=complain)(None)
        drawn = Drawn(self.seed, 2 if any(address.endswith("concat") for address in self.addresses) else 1)
        run = Opener(open_model(drawn.name), drawn.text, warn=complain)(None)
        run.at(At(len(drawn.sentence[1]) + 1))
        return run

    def _wanted(self, run: Trace) -> Iterator[Wanted]:
        first = min(run.begins.values())
        steps = [step for step in (0, WRITING if self.model is None else 1) if step >= first]
        if not self.addresses:
            yield from whole_pass(run, steps)
        for text in self.addresses:
            yield _found(run, text, steps)


def _found(run: Trace, text: str, steps: Sequence[int]) -> Wanted:
    """The record of an address, in the first of the steps that has it, where the address names none."""
    address = parse(text)
    failure: AddressError | None = None
    for step in [address.step] if address.step is not None else steps:
        try:
            record = run.at(At(step)).resolve(address)
            return Wanted(record, record.output.locate(address.selectors))
        except AddressError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _of_lesson(name: str) -> tuple[str, ...]:
    """The addresses of a lesson's worksheet; a name that is no lesson's may be an address."""
    try:
        path = find(name)
    except InputError:
        if name.isdigit() or not name.isidentifier():
            raise
        return (name,)
    front = read_front(path) if path.is_file() else {}
    if SHEET not in front:
        told = _("lesson {name} has no worksheet: nothing in it is worked out by hand")
        raise InputError(told.format(name=path.stem))
    return tuple(front[SHEET].text.split())


def read_seed(text: str | None) -> int:
    """A seed; raises `InputError` for what is none."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        told = _("--seed: {text!r} is no whole number from {first} to {last}")
        raise InputError(told.format(text=text, first=SEEDS.start, last=SEEDS.stop - 1))
    return int(text)
