"""Edits that are estimated from one way back, beside what they do."""

from __future__ import annotations

from tracer import views
from tracer.attribution.atp import Patched, estimated
from tracer.attribution.atp import atp as patching
from tracer.debugger.debugger import Debugger
from tracer.export import jsonl

from ..grammar.sweeps import Swept
from ..registry import command
from ..results.attributed import stated
from ..results.result import Result, Results


@command("atp", group="change")
def atp(debugger: Debugger, asked: Swept) -> Results:
    """Estimate edits by one gradient, and measure each.

    It is written as sweep is: EDIT is a command that makes edits, with its options and without its place, GLOB are
    places. Attribution patching takes what the edit would put in minus what this run has, times the slope of E there:
    all places cost one pass and one way back. E has to have a slope, which kl has not. Beside each estimate is the
    effect that sweep measures, and the rank correlation of the two; Ctrl-C keeps what is measured. Where a step was
    made with a cache, it is computed again without one.

    (tx) run 我喜欢猫
    (tx) atp patch over dec.*.cross.h* from r0 measure logit_diff("love", "like") at 2
    (tx) atp ablate over enc.*.output[*] measure logprob("like") at 2
    """
    found = estimated(debugger.here, asked.act, asked.over, asked.measure, asked.at)
    try:
        for _place in found.sweep.steps():
            pass
    except KeyboardInterrupt:
        yield _result(found)
        raise
    yield _result(found)


def _result(found: Patched) -> Result:
    return Result(lambda: [{**jsonl.patched(found), **stated(patching)}], lambda: views.atp.atp_view(found))
