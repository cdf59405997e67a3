"""Models, opened for a session: all their parameters read, and a long reading shown."""

from __future__ import annotations

import sys

from tracer.i18n import _
from tracer.model import Dtype, Model, load

LONG = 200 << 20
"""bytes; reading fewer is over before it could be told of"""


def open_model(name: str, dtype: Dtype = "float32") -> Model:
    """A model with its parameters in memory, so that its warnings are complete; raises as `load` does."""
    model = load(name, dtype, _show if sys.stderr.isatty() else None)
    model.read()
    return model


def _show(done: int, total: int) -> None:
    if total < LONG:
        return
    line = _("reading {done} of {total} MB").format(done=done >> 20, total=total >> 20)
    print(f"\r{line}" if done < total else f"\r{' ' * (len(line) + 2)}\r", end="", file=sys.stderr, flush=True)
