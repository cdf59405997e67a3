"""What is wrong with the program itself: it goes on, and says so in a sentence."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import format_exception

from tracer import __version__
from tracer.errors import InputError, TraceError
from tracer.i18n import _, cause
from tracer.whole import whole

from .folders import state_folder

SEEN, RAISE = "TX_TRACE_FAULTS", "raise"
"""What the environment says where faults are to be seen, as in the tests of the program."""

LONGEST = 200
"""characters of what is quoted"""


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Any error that comes up in ``doing`` something is one that can be told; a fault is kept in a file.

    Raises:
        TraceError: in place of whatever comes up, but where faults are to be seen.
        OSError: of the streams, which have no name.
    """
    try:
        yield
    except TraceError:
        raise
    except MemoryError as error:
        raise InputError(_("there is not enough memory for that")) from error
    except OSError as error:
        if error.filename is None:
            raise
        name = error.filename if isinstance(error.filename, int) else os.fsdecode(error.filename)
        raise InputError(f"{name}: {cause(error)}") from error
    except EOFError:
        raise
    except Exception as error:
        if os.environ.get(SEEN) == RAISE:
            raise
        raise FaultError(_sentence(error, _kept(error, doing))) from error


class FaultError(TraceError):
    """The program itself is wrong."""


def _sentence(error: Exception, file: Path | None) -> str:
    what = f"{type(error).__name__}: {error}".partition("\n")[0][:LONGEST]
    if file is None:
        return _("this is a fault of tx-trace, not yours ({what}); please report it to its authors").format(what=what)
    return _(
        "this is a fault of tx-trace, not yours ({what}); please report it to its authors, with {file}, which says how "
        "it came about"
    ).format(what=what, file=file)


def _kept(error: Exception, doing: str) -> Path | None:
    """The file that says how an error came about; None where it can't be written."""
    path = state_folder() / "fault.txt"
    head = f"tx-trace {__version__}, Python {platform.python_version()}, {platform.platform()}\n{sys.argv!r}\n{doing!r}"
    with suppress(InputError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as stream:
            stream.write(f"{head}\n\n{''.join(format_exception(error))}".encode("utf-8", "backslashreplace"))
        return path
    return None
