"""Lines at a prompt, as all that leads a learner takes them."""

from __future__ import annotations

from collections.abc import Callable

from tracer.errors import TraceError
from tracer.i18n import _

from ..interrupts import turns
from ..output.present import complain
from ..registry import PROMPT
from ..terminal.shell import Reader


def attend(read: Reader, take: Callable[[str], None], is_over: Callable[[], bool] = lambda: False) -> None:
    """Hand each line on until it is over; what fails is told, and nothing is lost by it.

    Raises:
        EOFError: there are no more lines, or what takes them wants none.
        InputError: the next one can't be read.
    """

    def turn() -> None:
        line = read(PROMPT).strip()
        try:
            take(line)
        except KeyboardInterrupt:
            complain(_("interrupted"))
        except TraceError as error:
            complain(str(error))

    turns(turn, lambda: not is_over())
