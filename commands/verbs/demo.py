"""Worked examples, with any numbers."""

from __future__ import annotations

from typing import Literal

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.derive import Derivation, derive
from tracer.export import jsonl
from tracer.operation import Trait
from tracer.ops.softmax import softmax
from tracer.tape import Record, Tape

from ..grammar.parameters import Numbers
from ..registry import command
from ..results.result import Result, Results, View, answer

DECIMALS = 5
"""As many as textbooks print."""

Name = Literal["layernorm", "softmax", "linear", "mask", "positions"]


@command("demo", group="reason")
def demo(_debugger: Debugger, name: Name, numbers: Numbers | None = None) -> Results:
    """Work out an example of the lecture on your numbers.

    The operations are those of the models, performed here on what you type: layernorm and softmax take a row (-inf is
    hidden), linear takes x, mask takes a number of tokens, positions a number of positions and of features. Where a
    printed example has a slip, it is named.

    (tx) demo layernorm 1 3 5
    (tx) demo softmax 1 2 -inf -inf
    (tx) demo linear 1 2 3
    (tx) demo mask 4
    (tx) demo positions 6 8
    """
    from ..results.demos import perform

    performed = perform(name, numbers)
    for record in performed.tape:
        yield _record(record, performed.tape)
    derivation = derive(performed.tape.records[-1], performed.cell)
    yield _derivation(derivation)
    for remark in performed.remarks:
        yield _remark(remark)


def _record(record: Record, tape: Tape) -> Result:
    def view() -> View:
        if record.has(Trait.MASK):
            return views.mask.mask_view(record)
        if record.op is softmax and record.output.array.ndim == 1:
            return views.softmax.softmax_view(record, (), tape, decimals=DECIMALS)
        return views.tensors.tensor_view(record.output, probabilities=record.has(Trait.DISTRIBUTION), decimals=DECIMALS)

    return Result(lambda: [jsonl.tensor(record.output, tape.number)], view)


def _derivation(derivation: Derivation) -> Result:
    return Result(
        lambda: [jsonl.derivation(derivation)], lambda: views.derivation.derivation_view(derivation, decimals=DECIMALS)
    )


def _remark(remark: str) -> Result:
    return answer("demo", lambda: {"remark": remark}, lambda: views.below.sentence(remark))
