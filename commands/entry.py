"""The entry point: nothing stands before Ctrl-C has an answer, and everything else is imported after that."""

import atexit
import gc
import os
import sys

from .interrupts import end_at_once

COLLECTED_EVERY = 100_000
"""New objects between two looks for garbage: imports and records make them by the thousand, and few of them go."""


def main() -> None:
    """Run ``tx-trace`` and leave with its exit status; what lies in memory is not taken apart on the way out."""
    end_at_once()
    gc.set_threshold(COLLECTED_EVERY)
    status: list[int] = []
    atexit.register(_leave, status)
    from .main import main as run

    try:
        run()
    except SystemExit as left:
        status += [left.code] if isinstance(left.code, int) else []
        raise


def _leave(status: list[int]) -> None:
    """End the process, the last of all that is done at its end, unless something went wrong that Python has to tell."""
    if status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status[0])
