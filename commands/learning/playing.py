"""Free play: a sitting beside the lesson's, in which nothing is looked for."""

from __future__ import annotations

from copy import copy

from tracer.i18n import _

from ..registry import PROMPT
from ..showing.presenting import Presenter
from ..sitting import Sitting
from ..terminal.shell import Reader, Shell, following
from ..terminal.toolbar import standing

RETURN = "return"
"""The word that ends it."""


def fork(there: Sitting) -> Sitting:
    """A sitting of its own that stands where another does."""
    sitting = Sitting(copy(there.opener))
    sitting.preferences, sitting.aliases = dict(there.preferences), dict(there.aliases)
    sitting.revisit(there.cursor)
    return sitting


def play(sitting: Sitting, presenter: Presenter, read: Reader) -> None:
    """Run lines until one says that it is enough."""
    shell = Shell(sitting, presenter)
    try:
        while (line := _line(read)) != RETURN:
            shell.obey(line, following(read))
    except EOFError:
        return


def play_bar(sitting: Sitting) -> str:
    """The line at the bottom."""
    return _("free play   return goes back to the lesson   {place}").format(place=standing(sitting))


def _line(read: Reader) -> str:
    try:
        return read(PROMPT).strip()
    except KeyboardInterrupt:
        return ""
