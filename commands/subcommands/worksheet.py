"""``tx-trace worksheet``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from tracer.errors import InputError
from tracer.export.writer import Title
from tracer.i18n import _

from ..guard import FINE
from ..launch import Output
from ..learning.asked import Asked
from ..results.sheets import key_result, sheet_result
from .grading import grade, write
from .learn import sit


class Asking(NamedTuple):
    """What the command line says of a worksheet."""

    what: tuple[str, ...]
    seed: str | None
    level: str | None
    model: str | None
    text: str | None
    with_key: bool
    fill: bool
    graded: str | None = None

    @property
    def grades_alone(self) -> bool:
        """Whether answers are to be graded and nothing is asked for beside that."""
        return self == Asking((), None, None, None, None, with_key=False, fill=False, graded=self.graded)

    def fills(self, output: Output) -> bool:
        """Whether it is to be filled in at once: by request, or by a person at a terminal where nothing is written."""
        if output.file is not None or self.with_key:
            if self.fill:
                raise InputError(_("--fill fills the sheet in here; leave out -o and --key"))
            return False
        return self.fill or (sys.stdin.isatty() and sys.stdout.isatty())


def worksheet(asking: Asking, output: Output, chosen: Mapping[str, Any]) -> int:
    """Write a worksheet, or its key, to a file or to the screen, or let it be filled in, or grade answers to one.

    Raises:
        InputError: there is no such lesson, the file can't be written, or its name says no format; answers are to be
            graded and something else is asked for, too.
        TraceError: an address is of nothing, or the model can't be had.
    """
    if asking.graded is not None:
        if not asking.grades_alone:
            raise InputError(
                _("--grade has it from FILE which worksheet is answered; leave out what else is said of it")
            )
        return grade(asking.graded, output)
    fills, asked = asking.fills(output), Asked.of(*asking[:5])
    if fills:
        return sit(asked, chosen)
    made, sheet = key_result if asking.with_key else sheet_result, asked.sheet()
    title = Title(_title(asked, with_key=asking.with_key), sheet.run.card.describe())
    write(made(sheet, asked.line), output, title)
    return FINE


def _title(asked: Asked, *, with_key: bool) -> str:
    told = _("Key to worksheet, seed {seed}") if with_key else _("Worksheet, seed {seed}")
    return " · ".join([told.format(seed=asked.seed), *asked.what])
