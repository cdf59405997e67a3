"""Worksheets about small models."""

from functools import cache

from tracer.addresses import At, parse
from tracer.run import Run
from tracer.worksheets.sheet import Wanted, make_sheet, whole_pass
from tracer.worksheets.tiny import Drawn, drawn

ATTENTION = tuple(f"@0:enc.0.self.{name}" for name in ("q", "k", "v", "scores", "weights", "heads", "output"))
MASKED = tuple(f"@3:dec.0.self.{name}" for name in ("scores", "masked", "weights"))


@cache
def run_of(seed):
    """A run of the model of a seed."""
    model = drawn(Drawn(seed))
    return Run(model, model.source_ids(Drawn(seed).text)[0])


def sheet_of(seed, level, *addresses):
    """A sheet about some addresses, or about a whole pass."""
    run = run_of(seed)
    run.step(3)
    return make_sheet(run, [wanted(run, text) for text in addresses] or whole_pass(run, (0, 3)), level, seed, 2)


def wanted(run, text):
    address = parse(text)
    record = run.at(At(address.step)).resolve(address)
    return Wanted(record, record.output.locate(address.selectors))


def right(sheet):
    """The right answers, rounded as people do."""
    return {blank.number: round(blank.value, 2) for blank in sheet.blanks}
