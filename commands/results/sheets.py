"""Worksheets and their keys as results, and what became of the answers to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer import views
from tracer.document import Block
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.views.page import Page
from tracer.worksheets.grading import PASSED, Mark, share, told
from tracer.worksheets.sheet import Blank, Sheet

from .result import Result

_HUMAN = Page()


def sheet_result(sheet: Sheet, line: str) -> Result:
    """A worksheet to be filled in; ``line`` says which one it is."""
    return Result(lambda: _objects(sheet, line), lambda: views.view.View(lambda page: _sheet(sheet, line, page)))


def _sheet(sheet: Sheet, line: str, page: Page) -> Iterator[Block]:
    yield from views.worksheet.introduction(sheet, line).blocks(page)
    yield from views.worksheet.sheet_view(sheet).blocks(page)


def key_result(sheet: Sheet, line: str) -> Result:
    """The same with its boxes filled, and how each is worked out."""
    return Result(lambda: _objects(sheet, line, keyed=True), lambda: views.view.View(lambda page: _key(sheet, page)))


def _key(sheet: Sheet, page: Page) -> Iterator[Block]:
    answers = answers_of(sheet)
    yield from views.worksheet.sheet_view(sheet, answers).blocks(page)
    yield from views.worksheet.key_of(sheet, answers).blocks(page)


def answers_of(sheet: Sheet) -> dict[int, str]:
    """The right answer to every blank, as a person writes it."""
    return {blank.number: answer_of(sheet, blank) for blank in sheet.blanks}


def answer_of(sheet: Sheet, blank: Blank) -> str:
    """The right answer to a blank: a number with the decimals of the sheet, or a token."""
    if blank.is_token:
        return sheet.run.card.piece(int(blank.value), "target")
    return views.worksheet.number_of(blank.value, sheet.decimals, _HUMAN)


def _objects(sheet: Sheet, line: str, *, keyed: bool = False) -> Iterator[jsonl.Object]:
    yield {"kind": "worksheet", "line": line, "model": sheet.run.card.name, "text": sheet.run.source_text}
    for blank in sheet.blanks:
        known = {"value": blank.value, "answer": answer_of(sheet, blank)} if keyed else {}
        cell = {"address": blank.cell.address, "index": blank.place, "within": blank.within}
        yield {"kind": "blank", "number": blank.number, **cell, **known}


def graded_result(sheet: Sheet, marks: Sequence[Mark], line: str) -> Result:
    """What became of every answer, the wrong ones with what is right."""
    return Result(lambda: _marks(marks, line), lambda: views.prose.prose(_graded(sheet, marks, line)))


def is_passed(marks: Sequence[Mark]) -> bool:
    """Whether enough answers count."""
    return share(marks) >= PASSED


def _marks(marks: Sequence[Mark], line: str) -> Iterator[jsonl.Object]:
    for mark in marks:
        value = {"given": mark.given, "value": mark.blank.value, "verdict": mark.verdict, "slip": told(mark.slip)}
        yield {"kind": "mark", "number": mark.blank.number, "address": mark.blank.cell.address, **value}
    yield {"kind": "grade", "line": line, "share": share(marks), "passed": is_passed(marks)}


def _graded(sheet: Sheet, marks: Sequence[Mark], line: str) -> str:
    lines = [f"# {views.markup.literal(line)}", ""]
    lines += [f"- {_remark(sheet, mark)}" for mark in marks if mark.verdict != "right"]
    return "\n".join([*lines, "", _total(marks)])


def _remark(sheet: Sheet, mark: Mark) -> str:
    blank, literal = mark.blank, views.markup.literal
    right = literal(answer_of(sheet, blank))
    if mark.given is None:
        return _("**{n}** not answered; it is {right}").format(n=blank.number, right=right)
    given = literal(_given(sheet, mark))
    if mark.verdict == "follows":
        told_so = _("**{n}** {given} follows from your earlier answers, and counts; by the right ones it is {right}")
        return told_so.format(n=blank.number, given=given, right=right)
    line = _("**{n}** {given} is wrong; it is {right} (`{cell}`)")
    wrong = line.format(n=blank.number, given=given, right=right, cell=literal(str(blank.cell)))
    return f"{wrong} – {told(mark.slip)}" if mark.slip else wrong


def _given(sheet: Sheet, mark: Mark) -> str:
    assert mark.given is not None
    if mark.blank.is_token:
        return sheet.run.card.piece(int(mark.given), "target")
    return f"{mark.given:g}"


def _total(marks: Sequence[Mark]) -> str:
    counted, n = sum(mark.counts for mark in marks), len(marks)
    told_so = ngettext("{counted} of {n} right ({share:.0%})", "{counted} of {n} right ({share:.0%})", n)
    verdict = _("passed") if is_passed(marks) else _("not passed; {share:.0%} is asked for").format(share=PASSED)
    score = told_so.format(counted=counted, n=n, share=share(marks))
    line = _("{score}: {verdict}").format(score=score, verdict=verdict)
    return f"**{line}**"
