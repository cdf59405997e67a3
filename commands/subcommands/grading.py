"""Answers to a worksheet, graded; and reports, written whole or not at all."""

from __future__ import annotations

from tracer.export.writer import Title
from tracer.worksheets.grading import grade as marked

from ..guard import FAILED, FINE
from ..launch import Output, making, onto
from ..learning.answer_file import as_numbers, read_answers
from ..results.result import Result
from ..results.sheets import graded_result, is_passed


def grade(path: str, output: Output) -> int:
    """Grade a file of answers; the status says whether enough of them count.

    Raises:
        InputError: it can't be read, or says of no worksheet that it answers it.
    """
    asked, answers = read_answers(path)
    sheet = asked.sheet()
    marks = marked(sheet, as_numbers(sheet, answers))
    write(graded_result(sheet, marks, asked.line), output, Title())
    return FINE if is_passed(marks) else FAILED


def write(result: Result, output: Output, title: Title) -> None:
    """One result as a document, whole or not at all."""
    with onto(output, making(output), lambda: title) as presenter:
        presenter.show(result)
