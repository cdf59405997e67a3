"""The worked examples of textbooks and lectures, on any numbers: real operations, performed on a tape of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tracer.errors import InputError
from tracer.i18n import _
from tracer.ops.attention import mask, masked
from tracer.ops.linear import linear
from tracer.ops.norm import layer_norm
from tracer.ops.position import sinusoids
from tracer.ops.softmax import softmax
from tracer.tape import Tape
from tracer.tensor import FEATURE, Array, Axis, Parameter, Tensor

EPS = 1e-5
LARGEST = 64
"""So many numbers, tokens or features at most."""

Numbers = Sequence[float]


class Demo(NamedTuple):
    """What was performed, the cell of its last record to derive, and what there is to say."""

    tape: Tape
    cell: tuple[int, ...]
    remarks: Sequence[str] = ()


class Shown(NamedTuple):
    """An example: what makes it, and the numbers it has unless others are given."""

    perform: Callable[[Tape, Numbers], Demo]
    numbers: Numbers


def perform(name: str, numbers: Numbers | None) -> Demo:
    """Perform an example.

    Raises:
        InputError: it can't be done with these numbers.
    """
    example = EXAMPLES[name]
    chosen = example.numbers if numbers is None else numbers
    if not 1 <= len(chosen) <= LARGEST:
        raise InputError(_("give from 1 to {n} numbers").format(n=LARGEST))
    with np.errstate(all="ignore"):
        performed = example.perform(Tape(1), chosen)
    for record in performed.tape:
        record.output.at = None
    return performed


def _layer_norm(tape: Tape, numbers: Numbers) -> Demo:
    n = len(numbers)
    gain, bias = _parameter("gain", np.ones(n), FEATURE), _parameter("bias", np.zeros(n), FEATURE)
    tape(layer_norm, "layernorm", _given("x", numbers, FEATURE), weight=gain, bias=bias, eps=EPS)
    slip = _(
        "the lecture prints (−1.83, 0, 1.83) for (1, 3, 5): that is a slip; 2 / 1.63299 is 1.22474, so it is "
        "(−1.22474, 0, 1.22474)"
    )
    return Demo(tape, (0,), [slip] if list(numbers) == [1, 3, 5] else [])


def _softmax(tape: Tape, numbers: Numbers) -> Demo:
    tape(softmax, "softmax", _given("x", numbers, Axis("key")))
    slip = _(
        "the lecture prints 2.71828 / (2.71828 + 7.389056 + 0 + 0) = 0.268199: that is a slip; the quotient is "
        "0.268941. Its exponentials are not shifted by the maximum; a shift changes every exp and no quotient"
    )
    return Demo(tape, (0,), [slip] if list(numbers) == [1, 2, -np.inf, -np.inf] else [])


def _linear(tape: Tape, numbers: Numbers) -> Demo:
    n = len(numbers)
    x = Tensor(np.array([numbers]), (Axis("position"), FEATURE), "x")
    w = _parameter("W", np.arange(1.0, 2 * n + 1).reshape(2, n), Axis("out"), Axis("in"))
    b = _parameter("b", np.array([0.5, -0.5]), Axis("out"))
    tape(linear, "linear", x, weight=w, bias=b)
    row, (upper, lower), (p, q) = _vector(numbers), w.array.tolist(), b.array.tolist()
    told = [
        _("rows: x Wᵀ + b, with x = {x}").format(x=row),
        _("columns, as the lecture has it: W x + b"),
        _("W = ({w1}, {w2}) and b = {b} are the same in both, and so are the sums, only written across or down").format(
            w1=_vector(upper), w2=_vector(lower), b=_vector([p, q])
        ),
    ]
    return Demo(tape, (0, 0), told)


def _mask(tape: Tape, numbers: Numbers) -> Demo:
    n = _whole(numbers[0], _("tokens"))
    tokens = [f"x{i}" for i in range(1, n + 1)]
    query, key, head = Axis("query", tokens), Axis("key", tokens), Axis("head")
    how = {"past": 0, "window": None, "padding": (), "dtype": np.float64}
    hidden = tape(mask, "mask", query=query, key=key, shape=(n, n), **how)
    scores = Tensor(np.arange(1.0, n + 1)[None, None].repeat(n, 1), (head, query, key), "scores")
    tape(softmax, "weights", tape(masked, "masked", scores, hidden))
    return Demo(tape, (0, min(1, n - 1), n - 1), [_("the scores of every query are 1, 2, 3, … here")])


def _positions(tape: Tape, numbers: Numbers) -> Demo:
    length, d_model = _whole(numbers[0], _("positions")), _whole(numbers[-1], _("features"))
    tape(sinusoids, "positions", position=Axis("position"), positions=range(length), d_model=d_model, dtype=np.float64)
    return Demo(tape, (length - 1, d_model - 1))


EXAMPLES = {
    "layernorm": Shown(_layer_norm, (1.0, 3.0, 5.0)),
    "softmax": Shown(_softmax, (1.0, 2.0, -np.inf, -np.inf)),
    "linear": Shown(_linear, (1.0, 2.0, 3.0)),
    "mask": Shown(_mask, (4.0,)),
    "positions": Shown(_positions, (6.0, 8.0)),
}


def _given(name: str, numbers: Numbers, axis: Axis) -> Tensor:
    return Tensor(np.array(numbers, np.float64), (axis,), name)


def _parameter(name: str, array: Array, *axes: Axis) -> Parameter:
    return Parameter(array, axes, name)


def _vector(numbers: Numbers) -> str:
    return f"({', '.join(f'{number:g}' for number in numbers)})"


def _whole(number: float, what: str) -> int:
    if not (1 <= number <= LARGEST and number == int(number)):
        raise InputError(
            _("{number:g} {what} can't be; give a whole number from 1 to {most}").format(
                number=number, what=what, most=LARGEST
            )
        )
    return int(number)
