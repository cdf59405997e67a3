"""A worksheet as a lesson: every box is a step that asks for it, under the tables that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tracer import views
from tracer.arithmetic import Node
from tracer.debugger.expressions import compile_expression
from tracer.i18n import Message, _, spoken
from tracer.views.expression import Writer
from tracer.views.markup import literal
from tracer.views.page import Page
from tracer.worksheets.grading import slips
from tracer.worksheets.sheet import Blank, Part, Sheet

from ..results.sheets import answer_of
from .asked import Asked
from .lesson import Asking, Commands, Lesson, LiveText, Piece, Prose, Sight, Slip, Step

_PAGE = Page()


def lesson_of(asked: Asked) -> Lesson:
    """The lesson in which a worksheet is filled in; raises as `Asked.sheet` does."""
    return _Making(asked, asked.sheet()).lesson()


class _Making:
    """A lesson in the making."""

    def __init__(self, asked: Asked, sheet: Sheet) -> None:
        self._asked = asked
        self._sheet = sheet
        self._path = Path(asked.line)
        self._filled: dict[int, str] = {}

    def lesson(self) -> Lesson:
        """All of it."""
        asked, run = self._asked, self._sheet.run
        told = _(
            "Fill in the boxes, one after the other; two decimals are enough, and a calculation will do. `hint` gives "
            "the formula, then the arithmetic, and `why` any cell's; `quit` keeps what is done."
        )
        return Lesson(
            path=self._path,
            title=_("Worksheet, seed {seed}").format(seed=asked.seed),
            model=asked.model or run.card.name,
            text=run.source_text if asked.text is None else asked.text,
            target=None,
            minutes=None,
            slides=(),
            intro=(Prose(self._live(told)),),
            steps=tuple(map(self._step, self._sheet.blanks)),
        )

    def _live(self, text: str) -> LiveText:
        """A text in which nothing is to be filled in."""
        return LiveText(text, self._path, 1, (text,))

    def _step(self, blank: Blank) -> Step:
        before = tuple(self._before(blank))
        self._filled[blank.number] = answer_of(self._sheet, blank)
        formula = spoken(blank.record.written.formula)
        return Step(
            id=str(blank.number),
            title=f"{blank.number} · {literal(str(blank.cell))}",
            line=1,
            before=before,
            goal=self._asking(blank),
            after=(),
            hints=(self._live(f"`{literal(formula)}`"), self._live(self._arithmetic(blank))),
            commands=(),
            answer=None,
        )

    def _asking(self, blank: Blank) -> Asking:
        told = _("Not yet. `hint` helps, and `why {cell}` works it out.").format(cell=literal(str(blank.cell)))
        return Asking(
            answer=compile_expression(str(blank.cell)),
            among="vocab" if blank.is_token else None,
            within=blank.within,
            is_guess=False,
            line=1,
            slips=tuple(
                Slip(compile_expression(repr(value)), self._live(literal(_sentence(slip))))
                for value, slip in ([] if blank.is_token else slips(self._sheet.run, blank))
            ),
            otherwise=self._live(told),
        )

    def _arithmetic(self, blank: Blank) -> str:
        """The expression with its numbers put in."""
        writer = Writer(views.worksheet.Plain(_PAGE, self._sheet.decimals))
        return f"`= {literal(writer.line(_spread(blank.derivation.expression), blank.value))}`"

    def _before(self, blank: Blank) -> Iterator[Piece]:
        """To where the box stands; what it is worked out from, and the table as far as it is filled."""
        yield Commands((self._live(f"goto {blank.record.output.address}"),), shown=False)
        filled = dict(self._filled)
        yield from (Sight(views.worksheet.part_view(self._sheet, part, filled)) for part in self._group(blank))
        yield Prose(self._live(_("What stands in box **{n}**?").format(n=blank.number)))

    def _group(self, blank: Blank) -> Sequence[Part]:
        """The parts that stand beside a record, itself the last; and those that its cells are worked out from."""
        behind = {(leaf.at, leaf.path) for leaf in blank.derivation.terms}
        own = (blank.record.at, blank.record.address)
        parts = [part for part in self._sheet.parts if (part.tensor.at, part.tensor.path) in behind]
        return [*parts, *(part for part in self._sheet.parts if (part.tensor.at, part.tensor.path) == own)]


def _spread(node: Node) -> Node:
    """An expression in which a sum over a row has its terms one by one."""
    children = list(node.children())
    return node.of(*map(_spread, children)) if children else node


def _sentence(slip: Message) -> str:
    """A slip as a sentence of its own."""
    text = spoken(slip)
    return _("{sentence}.").format(sentence=text[:1].upper() + text[1:])
