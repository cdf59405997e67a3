"""``sweep``: an edit at every place in turn."""

from __future__ import annotations

from tracer import views
from tracer.corpus.effects import Effects
from tracer.debugger.debugger import Debugger
from tracer.export import jsonl
from tracer.run import live
from tracer.sweeps import Sweep, begun

from ..grammar.sweeps import Swept
from ..registry import command
from ..results.result import Result, Results
from ..results.surveyed import over_corpus


@command("sweep", group="change")
def sweep(debugger: Debugger, asked: Swept) -> Results:
    """Make an edit at every place in turn, and measure each.

    EDIT is a command that makes edits, with its options and without its place: ablate, ablate mean, knock. GLOB are
    places: a path with * or **, h* for every head, and * among the selectors for every place of an axis:
    dec.*.cross.h*, enc.*.output[*], dec.0.cross[:, :, *]. The measure is any expression that comes to one number, or
    kl: how far the run with the edit is apart from the one without, in bits; or METHOD of E to TOKEN, what attribute
    says of one token. It is taken at the end of the cursor's step; at 3 is another step, at LOC a record. Each place
    has a run of its own, in which the tokens before that step stay and only what lies after the edit is computed; your
    own run stays as it is.

    You see the effect at every place, the measure minus its value without the edit, as a table where the places make
    one, and below it the places with the largest. Where an edit takes from another run, measure normalised E shows
    the effects as parts of what lies between the two: 0 where nothing came back, 1 where all did. Ctrl-C keeps what is
    done. over corpus FILE at the end does it to every sentence of a file, as survey reads it, and shows the mean effect
    at each place; step 1 is meant where no other is named.

    (tx) sweep ablate over dec.*.cross.h* measure logprob("love") at 2
    (tx) sweep ablate over dec.*.cross.h* measure integrated of logprob("love") to "爱"
    (tx) sweep knock over dec.*.cross[:, -1, *] measure logprob("love") at 2
    (tx) sweep ablate mean over enc.*.ffn enc.*.self measure kl
    """
    if asked.corpus is not None:
        yield from over_corpus(debugger, asked.corpus, Effects(asked.act, asked.over, asked.measure, asked.at))
        return
    done = begun(live(debugger.run, "sweep"), asked.act, asked.over, asked.measure, debugger.here, asked.at)
    try:
        for _place in done.steps():
            pass
    except KeyboardInterrupt:
        yield _result(done)
        raise
    yield _result(done)


def _result(done: Sweep) -> Result:
    return Result(lambda: [jsonl.sweep(done)], lambda: views.sweep.sweep_view(done))
