"""A checkpoint against the results of another implementation."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import join

from tracer import render, views
from tracer.comparing.comparison import compare
from tracer.dumps.opening import open_dump
from tracer.loading import find, load

from ..guard import FINE, UNEXPECTED
from ..output.formats import WIDTH
from ..output.present import Look, console_on, watching
from ..results.compared import beside, typed


def check(name: str, file: Path | None = None, adapter: str | None = None) -> int:
    """Show the largest difference at every address; the status says whether all are within the noise.

    Raises:
        InputError: there is no such checkpoint, or no reference in it, or nothing in that to compare.
    """
    dump = open_dump(beside(find(name), file))
    look = Look(None if sys.stdout.isatty() else WIDTH)
    with watching(look):
        comparison = compare(load(name, adapter=adapter), dump, strict=True)
    opened = ["-m", name, *(["--adapter", adapter] if adapter else [])]
    inner = typed("check", file)
    follow = join(["tx-trace", *opened, "-e", inner]) if inner else ""
    console_on(sys.stdout, look).print(render.drawing.Drawn(views.comparison.comparison_view(comparison, follow)))
    return UNEXPECTED if comparison.beyond else FINE
