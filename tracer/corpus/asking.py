"""One sentence, traced and asked: its answers, a row for every place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from ..addresses import Address
from ..dataclass import dataclass
from ..debugger.cursor import Cursor
from ..debugger.locations import Here, performed
from ..decoding.settings import Settings
from ..digits import whole_number
from ..errors import InputError, TraceError
from ..i18n import _
from ..model import Model
from ..run import Run
from ..trace import Trace
from .columns import NOWHERE, Columns, Meaning, Spot, long, together, wide
from .questions import Question, place
from .sentences import Sentence

Editing = Callable[[Run], Run]
"""Makes a branch of a run."""
Cells = Mapping[str, Any]
VALUE = "value"
"""What an expression without a name is called."""


class Opened(NamedTuple):
    """What reads the sentences: a model, and perhaps the one that it is held against."""

    model: Model
    other: Model | None = None


@dataclass(frozen=True)
class Asked:
    """What is asked of every sentence: the questions, where, and of what.

    ``at`` is where they are asked, each step's end where that is None; a long table has a row for every number.
    ``edits`` make a branch of each run, which is asked beside it; ``ids`` says that texts are token ids.
    """

    questions: tuple[Question, ...]
    at: str | None = None
    is_long: bool = False
    ids: bool = False
    edits: tuple[Editing, ...] = ()
    settings: Settings = Settings()

    def rows(self, sentence: Sentence, opened: Opened, into: Columns) -> None:
        """Take the answers that a sentence gives into a table; where it gives none, a row that says why."""
        row = Row({"sentence": sentence.number, "run": 0}, {"text": sentence.text, "target": sentence.target})
        try:
            for here in self._runs(sentence, opened):
                row = row.beside(run=int(here.run is not here.runs[0]))
                self._of_run(row, here, into)
        except (TraceError, MemoryError) as error:
            row.put(into, [NOWHERE], [None], error=reason(error))

    def _runs(self, sentence: Sentence, opened: Opened) -> Iterator[Here]:
        """Before the first record of the run of a sentence, and of its branch, with what may be named beside it."""
        run = self.traced(sentence, opened)
        runs: dict[int, Trace] = {0: run}
        if opened.other is not None:
            runs[1] = Run(opened.other, run.source_ids, target_ids=run.target_ids).decode()
        yield Here(run, Cursor(run.first, 0), runs=runs)
        if self.edits:
            runs[1] = branch = self._edited(run)
            yield Here(branch, Cursor(branch.first, 0), runs=runs)

    def _edited(self, run: Run) -> Run:
        for edit in self.edits:
            run = edit(run)
        return run.decode()

    def traced(self, sentence: Sentence, opened: Opened) -> Run:
        """The run of a sentence, decoded to its end; where another model reads the same, that over its output.

        Raises:
            TraceError: the model can't read it.
        """
        if sentence.error:
            raise InputError(sentence.error)
        model = opened.model
        source, target = self._source(sentence.text, model), self._target(sentence.target, model)
        run = Run(model, source, self.settings, target).decode()
        if opened.other is None or not run.chooses:
            return run
        own = run.decoder_ids if len(run.texts) > 1 else run.output_ids
        return Run(model, source, replace(self.settings, strategy=None), own).decode()

    def _source(self, text: str, model: Model) -> Sequence[int]:
        return model.check_ids(_ids(text), "source") if self.ids else model.source_ids(text)[0]

    def _target(self, text: str | None, model: Model) -> Sequence[int] | None:
        if text is None:
            return None
        return model.check_ids(_ids(text) if self.ids else model.target_ids(text), "target")

    def _of_run(self, row: Row, here: Here, into: Columns) -> None:
        there = list(self._places(here))
        if not there and self.at is not None:
            here.matches(place(self.at))
        for one in there:
            if asked := self._asked_at(one.step, here.run):
                assert one.record is not None
                self._of_place(row.beside(step=one.step, address=one.record.address), one, asked, into)

    def _asked_at(self, step: int, run: Trace) -> Sequence[Question]:
        """The questions that a step answers: where nobody says where, the encoder's pass those about it alone."""
        if self.at is not None or len(run.begins) < 2:
            return self.questions
        return [question for question in self.questions if question.is_of_encoder is (step == 0)]

    def _places(self, here: Here) -> Iterator[Here]:
        """Where questions are asked in a run that is decoded to its end."""
        at = None if self.at is None else place(self.at)
        if at is not None and at.step is not None and not performed(here.run, at.step):
            return
        for number in here.run.numbers if at is None or at.step is None else [at.step]:
            for cursor in _cursors(here, at, number):
                yield replace(here, cursor=cursor)

    def _of_place(self, row: Row, here: Here, asked: Sequence[Question], into: Columns) -> None:
        """The answers at a place; what fails is told in its rows."""
        found = Found()
        for question in asked:
            try:
                found.values[question.name] = question.expression.evaluate(here)
            except (TraceError, MemoryError) as error:
                found.errors.append(f"{question.name}: {reason(error)}")
        (_long if self.is_long else _wide)(row, here, found, into)


@dataclass(frozen=True)
class OfOne:
    """One expression, asked at the prompt."""

    text: str

    @property
    def told(self) -> Cells:
        """What a table says of itself."""
        return {"expressions": {VALUE: self.text}}

    def ask(self, sentence: Sentence, opened: Opened, settings: Settings, *, ids: bool, into: Columns) -> None:
        """Take in the answers of a sentence."""
        Asked((Question(VALUE, self.text),), ids=ids, settings=settings).rows(sentence, opened, into)


class Found:
    """The values of questions at a place, by their names, and what failed."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.errors: list[str] = []

    @property
    def told(self) -> str:
        """What failed, in one line."""
        return "; ".join(self.errors)


class Row(NamedTuple):
    """What the rows of a place have in common: where it is, and of which texts."""

    where: Cells
    of: Cells

    def beside(self, **cells: Any) -> Row:
        """The same with other cells."""
        return self._replace(where={**self.where, **cells})

    def put(
        self,
        into: Columns,
        spots: Sequence[Spot],
        following: Sequence[str | None],
        values: Mapping[str, Sequence[Any]] = MappingProxyType({}),
        error: str | None = None,
    ) -> None:
        """A row for each spot, with what follows there, the values of some columns, and what failed."""
        n = len(spots)
        positions, read = zip(*spots, strict=True)
        where = {name: [value] * n for name, value in self.where.items()}
        of = {name: [value] * n for name, value in self.of.items()}
        told = {"error": [error] * n} if error else {}
        into.add(n, {**where, "position": positions, "read": read, "token": following, **of, **values, **told})


def _wide(row: Row, here: Here, found: Found, into: Columns) -> None:
    """A row for each position that the values have."""
    spreads = []
    for name, value in found.values.items():
        try:
            meanings, spread = wide(name, value)
        except TraceError as error:
            found.errors.append(str(error))
            continue
        into.mean(meanings)
        spreads.append(spread)
    spots = together(spreads)
    values: dict[str, Sequence[Any]] = {}
    for spread in spreads:
        values.update(spread.at(spots))
    row.put(into, spots, _following(here, spots), values, found.told)


def _long(row: Row, here: Here, found: Found, into: Columns) -> None:
    """A row for each number."""
    into.meanings["value"] = Meaning("value")
    for name, value in found.values.items():
        try:
            spots, columns = long(name, value)
        except TraceError as error:
            found.errors.append(str(error))
            continue
        if spots:
            row.put(into, spots, _following(here, spots), columns)
    if found.errors:
        row.put(into, [NOWHERE], _following(here, [NOWHERE]), error=found.told)


def _cursors(here: Here, at: Address | None, number: int) -> Sequence[Cursor]:
    if at is None or not (at.path or at.record is not None):
        return [Cursor(number, here.run.step(number).turn)]
    return here.places(at, number)


def _following(here: Here, spots: Sequence[Spot]) -> Sequence[str | None]:
    """What a step yields or, of an output that was given, what follows each position in it."""
    run = here.run
    if not run.teacher_forced:
        return [here.token] * len(spots)
    side = list(run.begins)[-1]
    if here.step != run.begins[side]:
        return [None] * len(spots)
    pieces = [*run.pieces[side], None]
    return [None if n is None or pieces[n] != read else pieces[n + 1] for n, read in spots]


def _ids(text: str) -> list[int]:
    found = [number for word in text.replace(",", " ").split() if (number := whole_number(word)) is not None]
    if not found or len(found) < len(text.replace(",", " ").split()):
        raise InputError(_("{text!r} is no list of token ids; write them like 5 9 2").format(text=text))
    return found


def reason(error: BaseException) -> str:
    """Why something failed, in a sentence."""
    return _("there is not enough memory for that") if isinstance(error, MemoryError) else str(error)
