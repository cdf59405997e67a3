"""Trace files: a run written down, and opened again without its model."""

from __future__ import annotations

import math
from typing import Annotated

from tracer.debugger.locations import performed
from tracer.i18n import _, extent, ngettext

from ..grammar.parameters import File, Option
from ..registry import command
from ..results.result import Results, answer
from ..results.shared import halted, tokens_so_far
from ..session import Session

Only = Annotated[str | None, Option("--only", "GLOB", str)]


@command("record", group="files", outward=True)
def record(session: Session, file: File, *, only: Only = None) -> Results:
    """Write the run to a trace file, to be looked at elsewhere.

    It is decoded to its end first. The file is a safetensors file, with every tensor under its address, in which load
    finds all that was recorded, also on a machine without the model; parameters are not in it. With --only, those
    records alone are kept that the GLOB stands for, an address with * or **. It is written whole or not at all.

    (tx) record all.trace.safetensors
    (tx) record weights.trace.safetensors --only dec.*.cross.weights
    """
    from tracer.saved.writing import save

    run = session.run
    performed(run, math.inf)
    written = save(run, file, only)
    steps = extent(f"@{written.first}", f"@{written.last}")
    told = ngettext(
        "written to {file}: {n} record of {steps}", "written to {file}: {n} records of {steps}", written.records
    )
    yield answer(
        "record",
        lambda: {"file": str(file), "steps": [written.first, written.last], "records": written.records},
        lambda: told.format(file=file, n=written.records, steps=steps),
    )


@command("load", group="files", outward=True)
def load(session: Session, file: File) -> Results:
    """Open a trace file as the next run, and go over to it.

    It answers as the run did that was recorded, as far as its numbers were kept; it computes nothing. The other runs
    stay: switch goes back to one, and diff compares them.

    (tx) record run.trace.safetensors
    (tx) load run.trace.safetensors
    (tx) diff r0 r1
    """
    from tracer.saved.opening import open_trace

    stop = session.take_in(open_trace(file))
    run = session.run
    yield answer(
        "load",
        lambda: {"file": str(file), "run": f"r{run.number}", "model": run.card.describe()},
        lambda: _("r{n}: a trace of {model}").format(n=run.number, model=run.card.describe()),
    )
    yield tokens_so_far(session, "load")
    yield halted(session, stop)
