"""Every way to end has its exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tracer.errors import TraceError
from tracer.i18n import cause

from .faults import told
from .interrupts import INTERRUPTED, answered
from .streams import abandon, complain

FINE, FAILED, UNUSABLE, UNEXPECTED, BROKEN_PIPE = 0, 1, 2, 3, 141
"""Exit statuses."""


def guarded(action: Callable[[], int]) -> int:
    """The exit status of an action, or of the way in which it failed."""
    try:
        with answered(), told(""):
            status = action()
            sys.stdout.flush()
    except TraceError as error:
        return _unusable(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        abandon(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:
        abandon(sys.stdout)
        return _unusable(cause(error))
    return status


def _unusable(message: str) -> int:
    complain(f"tx-trace: {message}")
    return UNUSABLE
