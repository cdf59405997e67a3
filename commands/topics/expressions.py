"""The language of expressions."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.debugger.expressions import FUNCTIONS
from tracer.i18n import N_

from ..registry import Page
from ..topic import Topic


def _functions() -> Mapping[str, str]:
    return {function.usage: Page(function.compute).summary for function in FUNCTIONS.values()}


EXPRESSIONS = Topic(
    "expressions",
    N_("What print, display, expect, watch and conditions work out."),
    N_("""\
Operands are numbers (.5, 1e-3, inf), recorded tensors and parameters by their addresses, and earlier values: $ is the
last one printed, $$ the one before, $3 the third. step is the cursor's step, token the piece it yields, text the output
so far. Selectors cut a tensor, one an axis: weights[h1, -1, "love"]. A single place takes its axis away, a slice keeps
it.

Operators are + - * / ** and @, the comparisons < <= > >= == !=, which may be chained (0 < x < 1), and, or, not, and
parentheses. Axes meet by name, in whatever order; a tensor that lacks one is repeated along it. position, query and
key are the same axis where they have the same tokens. Labels that are not the same on both sides are left out. What
doesn't meet is refused, with the axes of both.

@ sums over the last axis of the left that the right has, too: q @ k over d_k, weights @ v over key, and of a matrix of
parameters over the features that go in, on whichever side it stands.

Functions go before parentheses. max(weights) is over everything, max(weights, key) over an axis, mean(weights, head,
query) over two; entropy, softmax, log_softmax, argmax and argmin are along the last axis where none is named. help
entropy explains it, and so for each of those listed below.

An address with * or ** is several tensors. Alone it is a list of them; in an expression they are stacked along a new
first axis: layer, where a number alone sets them apart, else place. dec.*.cross.weights[:, -1] is [layer, head, key].
@*: before an address is every step of the run, to its end, along the axis step. Where one has less than another, as
keys grow from step to step, cells are blank and left out of what functions work out. Tensors whose axes differ are
taken one by one.

A token is asked about in quotes or by its id: prob("love"), of the step where the cursor stands; @2:prob("love") of
another, @*:prob("love") of each, prob("love", 0) after the token that was read first. Where the output is given, loss
is an address: mean(loss). kl(r0, r1) is how far two runs are apart on the next token.

A condition comes out as one truth value; any(…) and all(…) make one of many. Text is compared by == and !=:
token == "love". Nothing else is evaluated."""),
    (
        "print dec.0.cross.weights[h0] - dec.0.cross.weights[h1]",
        "print max(dec.*.cross.weights[:, -1], key)",
        "print dec.0.cross.q @ dec.0.cross.k",
        "print entropy(@*:dec.0.cross.weights[h1, -1])",
        'print @*:logprob("love")',
        "print max($2, head)",
        "expect all(abs(sum(dec.0.cross.weights, key) - 1) < 1e-6)",
    ),
    names=_functions,
)
