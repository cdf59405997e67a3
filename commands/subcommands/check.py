"""A checkpoint against the results of another implementation."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote

from tracer import render, views
from tracer.compare import compare
from tracer.loading import find, load
from tracer.reference.file import Reference

from ..batch import FINE, UNEXPECTED
from ..output.formats import WIDTH
from ..output.present import Look, console_on, watching


def check(name: str, file: Path | None = None) -> int:
    """Show the largest difference at every address; the status says whether all are within the noise.

    Raises:
        InputError: there is no such checkpoint, or no reference in it, or nothing in that to compare.
    """
    reference = Reference(find(name), file)
    look = Look(None if sys.stdout.isatty() else WIDTH)
    with watching(look):
        comparison = compare(load(name), reference)
    inner = " ".join(["check", *([str(file)] if file else []), "--go"])
    follow = f"tx-trace -m {quote(name)} -e {quote(inner)}"
    console_on(sys.stdout, look).print(render.drawing.Drawn(views.comparison.comparison_view(comparison, follow)))
    return UNEXPECTED if comparison.beyond else FINE
