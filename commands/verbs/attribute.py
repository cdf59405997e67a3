"""What each token adds to a number, by methods that may be set against each other."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from tracer import views
from tracer.attribution.attribute import METHODS, STEPS
from tracer.attribution.attribute import attribute as attributed
from tracer.attribution.integrated import integrated
from tracer.attribution.occlusion import occlusion
from tracer.attribution.tokens import PAD, ZERO
from tracer.debugger.debugger import Debugger
from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import _

from ..grammar.kinds import among
from ..grammar.parameters import All, AtRecord, Expr, Option, Steps
from ..registry import command
from ..results.attributed import stated
from ..results.result import Result, Results

_METHOD, _BASELINE = among(*METHODS), among(ZERO, PAD)
Method = Annotated[str, Option("method", _METHOD.placeholder, _METHOD.read)]
Baseline = Annotated[str | None, Option("baseline", _BASELINE.placeholder, _BASELINE.read)]
Check = Annotated[bool, Option("check")]


@command("attribute", group="reason")
def attribute(
    debugger: Debugger,
    expression: Expr,
    *,
    method: Method = integrated.word,
    at: AtRecord = None,
    steps: Steps = STEPS,
    baseline: Baseline = None,
    check: Check = False,
    whole: All = False,
) -> Results:
    """Show what each token adds to a number.

    It is attribution to tokens. E is a number over the cursor's step, or over the first that yields anything:
    logprob("love"), a difference of logits, a cell. Every token of the source and of the target so far gets a score;
    the shares are of both together. A step made with a cache is computed again without one, so that all that was read
    counts.

    integrated adds up the slopes of E along N steps of the straight way from a baseline, for all tokens at once: the
    scores come to the change of E, and what they miss of that is shown. grad_input has the slope where the run is and
    no other. occlusion makes an edit for each token, and the score is what E loses: no other token looks at that one
    in any layer, or, with a baseline or at, the baseline stands in its place in that record. A baseline is 0 or what
    the model looks up for padding. The tokens are as each stack looks them up, or, with at, as another record has them:
    its keys, queries or positions.

    check sets occlusion beside the scores, with the rank correlation of the two. Of more tokens than there are rows,
    those with the largest scores are shown, or every one with --all.

    (tx) token 2
    (tx) attribute logprob("love")
    (tx) attribute logprob("love") method grad_input check
    (tx) attribute logit_diff("love", "like") method occlusion baseline pad
    (tx) attribute logprob("love") at dec.0.cross.v steps 16
    """
    if check and method == occlusion.word:
        raise InputError(_("check sets occlusion beside another method; name grad_input or integrated"))
    ask = partial(attributed, debugger.here, expression, at=at, steps=steps, baseline=baseline)
    found = ask(method=method)
    other = ask(method=occlusion.word) if check else None
    yield Result(
        lambda: [{**jsonl.attribution(found, other), **stated(found.method)}],
        lambda: views.attribution.attribution_view(found, other, full=whole),
    )
