"""``tx-trace learn exam``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tracer.export.writer import Title

from ..grammar.lines import read
from ..guard import FAILED, FINE
from ..launch import Output
from ..learning.asked import read_seed
from ..learning.examination import Examination, held, next_seed
from ..learning.progress import Progress, progress_file
from ..output.formats import WIDTH, format_of
from ..output.present import TerminalPresenter, TextPresenter, complain
from ..terminal.conversation import speak
from .echoing import echoing
from .grading import write


def examine(seed: str | None, chosen: Mapping[str, Any], output: Output) -> int:
    """Examine a person at a terminal, or the answers on standard input; the status says whether that is passed.

    Raises:
        InputError: the seed is none, or the report can't be written.
    """
    given = None if seed is None else read_seed(seed)
    format_of(output.file)
    exam = _at_terminal(given, chosen, output) if sys.stdin.isatty() else _from_pipe(given, output)
    if output.file is not None:
        write(exam.result(), output, Title())
    return FINE if exam.is_passed or sys.stdin.isatty() else FAILED


def _at_terminal(seed: int | None, chosen: Mapping[str, Any], output: Output) -> Examination:
    speak(chosen)
    progress = Progress.read(progress_file(), complain)
    return held(next_seed(progress) if seed is None else seed, TerminalPresenter(sys.stdout, output.look), progress)


def _from_pipe(seed: int | None, output: Output) -> Examination:
    presenter = TextPresenter(sys.stdout, replace(output.look, width=output.look.width or WIDTH))
    exam = Examination(1 if seed is None else seed, presenter, echoing(presenter, read("-")), final=True)
    exam.hold()
    exam.player.show(exam.result())
    return exam
