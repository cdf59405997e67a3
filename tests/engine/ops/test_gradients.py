"""Where gradients go back: each agrees with differences of `forward`, and is arithmetic that can be proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from tracer.addresses import At
from tracer.arithmetic import Node, Number, magnitude
from tracer.i18n import N_
from tracer.operation import Flow, Gradient, Operation
from tracer.ops import activation, catalogue
from tracer.ops.attention import LOWEST, append, masked
from tracer.ops.frequencies import Frequencies
from tracer.ops.gradients.linear import together
from tracer.ops.softmax import softmax
from tracer.tensor import D_K, EXPERT, FEATURE, HEAD, KV_HEAD, SLOT, Array, Axis, Parameter, Tensor

POSITION, QUERY, KEY = (Axis(name, ["the", "cat", "sat"]) for name in ("position", "query", "key"))
VOCAB = Axis("vocab")
INF = np.inf
TINY = float(np.finfo(np.float64).tiny)
RANDOM = np.random.default_rng(0)
GIVEN: dict[str, Array] = {}
"""What leaves are cells of: tensors by path, parameters as the file has them."""


class Case(NamedTuple):
    """A call of an operation; ``apart`` are the inputs that matter, and that no gradient is to go to."""

    inputs: tuple[Tensor, ...]
    settings: dict[str, Any]
    apart: tuple[int, ...] = ()


def case(*inputs: Tensor, apart: tuple[int, ...] = (), **settings: Any) -> Case:
    return Case(inputs, settings, apart)


def recorded(array: Array, *dims: Axis) -> Tensor:
    """A tensor as one that a step has recorded."""
    path = f"t{len(GIVEN)}"
    GIVEN[path] = array
    return Tensor(array, dims, path, At(1))


def tensor(*dims: Axis, shape: tuple[int, ...]) -> Tensor:
    return recorded(RANDOM.normal(size=shape), *dims)


def trained(*shape: int, transposed: bool = False) -> Parameter:
    """Random numbers; where the file has them the other way round, ``shape`` is as they are used."""
    array, name, dims = RANDOM.normal(size=shape), f"p{len(GIVEN)}", (Axis("out"), Axis("in"), Axis("row"))
    GIVEN[name] = array.T if transposed else array
    return Parameter(array, dims[: len(shape)], name, transposed=transposed)


def rows(n: int = 3, width: int = 4) -> Tensor:
    return tensor(POSITION, FEATURE, shape=(n, width))


def heads(n: int = 2, axis: Axis = QUERY, width: int = 4, head: Axis = HEAD) -> Tensor:
    return tensor(head, axis, D_K, shape=(n, 3, width))


def vocab(*values: float) -> Tensor:
    return recorded(np.array(values), VOCAB)


def logits() -> Tensor:
    return tensor(POSITION, VOCAB, shape=(3, 6))


def ids(*chosen: Sequence[int]) -> Tensor:
    return recorded(np.array(chosen), POSITION, SLOT)


def scalar(value: float) -> Tensor:
    return recorded(np.array(value), *())


def hidden(*row: float) -> Tensor:
    """A mask [query, key] with padding; ``row`` is the second."""
    return recorded(np.array([[0, -INF, -INF], row or (0, 0, -INF), [0, 0, 0]]), QUERY, KEY)


def experts() -> list[Case]:
    """Of matrices by themselves, as the file has them and the other way round, and of parts of a fused one."""
    chosen = ids((0, 2), (2, 1), (0, 1))
    fused = tuple(part.split(2)[1] for part in stack(4, 10, 4).stacked())
    slots = tensor(POSITION, SLOT, FEATURE, shape=(3, 2, 4))
    turned = tuple(trained(5, 4, transposed=True) for _expert in range(4))
    return [
        case(rows(), chosen, weights=tuple(trained(5, 4) for _expert in range(4))),
        case(slots, chosen, weights=turned),
        case(slots, chosen, weights=fused),
    ]


def stack(*shape: int) -> Parameter:
    array, name = RANDOM.normal(size=shape), f"p{len(GIVEN)}"
    GIVEN[name] = array
    return Parameter(array, (EXPERT, FEATURE, FEATURE), name)


def cached() -> list[Case]:
    """New rows alone, and rows that follow those of the step before, which has gone."""
    past = append.forward(heads(axis=KEY), labels=["the", "cat", "sat"], capacity=8)
    labels = ["the", "cat", "sat", "on", "a", "mat"]
    return [
        case(heads(axis=KEY), labels=labels[:3], capacity=8),
        case(past, heads(axis=KEY), apart=(0,), labels=labels, capacity=8),
    ]


def products(**settings: Any) -> list[Case]:
    """As many key heads as query heads, and one key head for two of them."""
    return [
        case(heads(4), heads(4, KEY), **settings),
        case(heads(4), heads(2, KEY, head=KV_HEAD), **settings),
    ]


def distances(*, both_ways: bool, transposed: bool = False) -> Case:
    """A table of buckets, as far as beyond the last; the keys have positions before and after those of the queries."""
    weight = trained(8, 2, transposed=transposed)
    how = {"queries": range(9, 12), "keys": range(40), "both_ways": both_ways, "farthest": 12}
    return case(axes=(QUERY, Axis("key")), weight=weight, **how)


def turned(*, scale: Node | None = None) -> Frequencies:
    return Frequencies((Number(1.0, "1"), Number(0.3)), scale)


NORMED = {"eps": 1e-5}
SPREAD = (0.3, -1.2, 2.5, -INF, 1.7, 0.1)
WIDE = (0.3, -1.2, 2.5, -3.1, 1.7, 0.1)
REASON = N_("a reason")
HELD: dict[str, Any] = {"heads": 2, "axes": (HEAD, "query")}
TABLE = {"position": POSITION}

EXAMPLES: dict[str, list[Case]] = {
    "linear": [
        case(rows(), weight=trained(5, 4)),
        case(rows(), weight=trained(5, 4, transposed=True), bias=trained(5)),
        case(rows(), weight=trained(10, 4).split(2)[1], bias=trained(10).split(2)[1]),
        case(rows(), weight=trained(10, 4, transposed=True).split(2)[1]),
    ],
    "project": [
        case(rows(), weight=trained(6, 4), **HELD),
        case(rows(), weight=trained(6, 4, transposed=True), bias=trained(6), **HELD),
        case(rows(), weight=trained(18, 4).split(3)[1], bias=trained(18).split(3)[1], **HELD),
        case(rows(), weight=trained(18, 4, transposed=True).split(3)[2], **HELD),
    ],
    "part": [case(rows(width=12), part=1, parts=3, **HELD)],
    "part_of_heads": [case(rows(width=12), part=1, parts=3, **HELD)],
    "share": [case(rows(width=12), first=3, d_k=2, **HELD)],
    "columns": [
        case(rows(width=6), first=2, count=3),
        case(tensor(POSITION, SLOT, FEATURE, shape=(3, 2, 6)), first=2, count=3),
    ],
    "concat": [case(heads())],
    "add": [case(rows(), rows()), case(rows(), tensor(QUERY, FEATURE, shape=(3, 4)))],
    "multiply": [case(rows(), tensor(QUERY, FEATURE, shape=(3, 4))), case(heads(), heads())],
    "portion": [case(tensor(POSITION, Axis("gate"), shape=(3, 1)), rows())],
    "scale": [case(rows(), by=0.7, symbol="s")],
    "rescale": [case(rows())],
    "last": [case(rows())],
    "products": products(),
    "scores": products(),
    "layer_scores": products(layer=3, rooted=True) + products(layer=2, rooted=False),
    "times_scores": products(scale=0.3),
    "masked": [
        case(tensor(HEAD, QUERY, KEY, shape=(2, 3, 3)), hidden(), apart=(1,)),
        case(
            *(tensor(HEAD, QUERY, KEY, shape=(2, 3, 3)), hidden(), tensor(HEAD, QUERY, KEY, shape=(2, 3, 3))),
            apart=(1,),
        ),
    ],
    "weigh": [
        case(tensor(HEAD, QUERY, KEY, shape=(4, 3, 3)), heads(4, KEY)),
        case(tensor(HEAD, QUERY, KEY, shape=(4, 3, 3)), heads(2, KEY, head=KV_HEAD)),
    ],
    "append": cached(),
    "cached": [case(heads(axis=KEY))],
    "softmax": [
        case(tensor(HEAD, QUERY, KEY, shape=(2, 3, 3))),
        case(vocab(*SPREAD)),
        case(recorded(np.array([[0.2, -INF, -INF], [0.4, -0.1, -INF], [1, 2, 3]]), QUERY, KEY)),
    ],
    "loss": [case(logits(), gold=[5, 0], start=1), case(logits(), gold=[2, 2, 3], start=0)],
    "layer_norm": [
        case(rows(), weight=trained(4), **NORMED),
        case(heads(), weight=trained(4), bias=trained(4), **NORMED),
    ],
    "rms_norm": [case(rows(), weight=trained(4), **NORMED), case(heads(), weight=trained(4), **NORMED)],
    "offset_rms_norm": [case(rows(), weight=trained(4), **NORMED), case(heads(), weight=trained(4), **NORMED)],
    "joint_rms_norm": [case(heads(), weight=trained(8), **NORMED)],
    **{name: [case(rows())] for name in ("relu", "gelu", "gelu_tanh", "silu", "quick_gelu", "sigmoid")},
    "softcap": [case(rows(), cap=1.5)],
    **{
        name: [
            case(ids=[4, 1, 4], labels=POSITION.labels, weight=trained(6, 3)),
            case(ids=[0, 5, 2], labels=POSITION.labels, weight=trained(6, 3, transposed=True)),
        ]
        for name in ("embed", "scaled_embed")
    },
    "segments": [case(**TABLE, segments=[0, 1, 1], weight=trained(2, 3))],
    "expert_shares": [
        case(tensor(POSITION, EXPERT, shape=(3, 4)), ids((0, 2), (2, 1), (3, 1)), normalised=False),
        case(recorded(RANDOM.uniform(size=(3, 4)), POSITION, EXPERT), ids((0, 2), (2, 1), (3, 1)), normalised=True),
    ],
    "expert_linear": experts(),
    "mix": [case(tensor(POSITION, SLOT, FEATURE, shape=(3, 2, 4)), tensor(POSITION, SLOT, shape=(3, 2)))],
    "rotate": [
        case(heads(), positions=range(5, 8), frequencies=turned()),
        case(heads(width=5), positions=[0, 0, 9], frequencies=turned(scale=Number(1.3))),
    ],
    "positions": [
        case(**TABLE, positions=range(1, 4), weight=trained(6, 3)),
        case(**TABLE, positions=[-1, -1, 0], weight=trained(6, 3), offset=2),
        case(**TABLE, positions=[0, 1, 2], weight=trained(6, 3, transposed=True)),
    ],
    "relative_bias": [
        distances(both_ways=True),
        distances(both_ways=False),
        distances(both_ways=False, transposed=True),
    ],
    "candidates": [
        case(logits(), forbidden={}, forced=None),
        case(logits(), forbidden={1: REASON, 3: REASON}, forced=None),
        case(logits(), forbidden={1: REASON}, forced=2),
        case(vocab(*SPREAD), forbidden={0: REASON}, forced=None),
    ],
    "repetition": [
        case(logits(), ids=[1, 1, 4, 5, 99], penalty=1.3, reason=REASON),
        case(vocab(*SPREAD), ids=[0, 1], penalty=0.8, reason=REASON),
    ],
    "bias": [
        case(logits(), biases={1: 0.5, 3: -INF}, reason=REASON),
        case(vocab(*SPREAD), biases={0: 2.0}, reason=REASON),
    ],
    "length_decay": [
        case(logits(), ids=[0, 1, 2], factor=1.4, tokens=3),
        case(vocab(*SPREAD), ids=[0, 1, 3], factor=1.4, tokens=3),
    ],
    "temper": [case(vocab(*SPREAD[:3]), temperature=0.7)],
    "log_softmax": [case(logits()), case(vocab(*SPREAD[:3]))],
    "allowed": [
        case(vocab(*SPREAD), forbidden={}, forced=None),
        case(vocab(*WIDE), forbidden={2: REASON}, forced=None),
        case(vocab(*WIDE), forbidden={}, forced=1),
    ],
    "summed_log_prob": [case(vocab(*SPREAD), token=4), case(vocab(*SPREAD), scalar(-3.5), token=1)],
    "beam_score": [case(scalar(-3.5), tokens=4, penalty=0.6), case(scalar(-3.5), tokens=4, penalty=-1.0)],
    "top_k": [case(vocab(*row), k=2) for row in (WIDE, SPREAD)],
    "top_p": [case(vocab(*row), p=0.8) for row in (WIDE, SPREAD)],
    "min_p": [case(vocab(*row), p=0.1) for row in (WIDE, SPREAD)],
    "typical_p": [case(vocab(*row), p=0.6) for row in (WIDE, SPREAD)],
    "epsilon_cutoff": [case(vocab(*row), epsilon=0.1) for row in (WIDE, SPREAD)],
    "eta_cutoff": [case(vocab(*row), epsilon=0.1) for row in (WIDE, SPREAD)],
    "top_h": [case(vocab(*row), h=0.7) for row in (WIDE, SPREAD)],
}
"""Calls of every operation that a gradient goes back through."""

ENDS = {"seed", "cut", "only", "together", "gathered"}
"""Gradients that no operation asks for: the way back begins with them, joins, and ends."""

OPERATIONS = catalogue()
DIFFERENTIABLE = [name for name, op in OPERATIONS.items() if not op.constant]
CALLS = [(name, i) for name in DIFFERENTIABLE for i in range(len(EXAMPLES.get(name, ())))]


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=repr)
def test_an_operation_says_where_gradients_go_or_why_nowhere(op: Operation) -> None:
    is_said = type(op).backward is not Operation.backward
    assert is_said != bool(op.constant)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_operation_has_an_example(name: str) -> None:
    assert EXAMPLES[name]


def test_every_gradient_occurs_in_an_example() -> None:
    used = {flow.op.name for name, i in CALLS for flow in performed(name, i).flows}
    assert used == {name for name, op in OPERATIONS.items() if isinstance(op, Gradient)} - ENDS
    assert set(EXAMPLES) == set(DIFFERENTIABLE)


class Performed(NamedTuple):
    op: Operation
    case: Case
    dy: Tensor
    flows: list[Flow]

    def moved(self) -> Array:
        return self.op.forward(*self.case.inputs, **self.case.settings).array

    def trained(self) -> Iterator[Parameter]:
        for value in self.case.settings.values():
            several = value if isinstance(value, tuple) else (value,)
            yield from (one for one in several if isinstance(one, Parameter))


def performed(name: str, i: int) -> Performed:
    """An example, and where the gradient of what came out goes back; of −∞ that was there before, 0 comes back."""
    op, example = OPERATIONS[name], EXAMPLES[name][i]
    out = op.forward(*example.inputs, **example.settings)
    y = recorded(out.array, *out.dims)
    dy = recorded(np.asarray(np.random.default_rng(i).normal(size=out.shape)), *out.dims)
    if any(np.isneginf(x.array).any() for x in example.inputs):
        dy.array[np.isneginf(y.array)] = 0
    return Performed(op, example, dy, list(op.backward(dy, y, *example.inputs, **example.settings)))


def gradient(flow: Flow) -> Tensor:
    return flow.op.forward(*flow.inputs, **flow.settings)


def differences(of: Performed, target: Tensor) -> Array:
    """The gradient of Σ dy · y by each cell of an input or a parameter, from what `forward` does when it moves."""
    found = np.zeros(target.shape)
    for index in np.ndindex(*target.shape):
        before = target.array[index]
        step = 1e-5 * max(1.0, abs(before))
        if np.isfinite(before):
            ahead, behind = (of_moved(of, target, index, before + h) for h in (step, -step))
            with np.errstate(invalid="ignore"):
                found[index] = (of.dy.array * np.where(ahead == behind, 0, ahead - behind)).sum() / (2 * step)
        target.array[index] = before
    return found.T if isinstance(target, Parameter) and target.transposed else found


def of_moved(of: Performed, target: Tensor, index: tuple[int, ...], value: float) -> Array:
    target.array[index] = value
    return of.moved().copy()


@pytest.mark.parametrize(("name", "i"), CALLS)
def test_a_gradient_agrees_with_differences(name: str, i: int) -> None:
    of = performed(name, i)
    for flow in of.flows:
        expected = differences(of, flow.target)
        np.testing.assert_allclose(gradient(flow).array, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "i"), CALLS)
def test_no_other_operand_has_a_gradient(name: str, i: int) -> None:
    of = performed(name, i)
    reached = [id(flow.target) for flow in of.flows]
    assert len(set(reached)) == len(reached)
    inputs = (x for n, x in enumerate(of.case.inputs) if n not in of.case.apart and x.dtype.kind == "f")
    for operand in (*inputs, *of.trained()):
        if id(operand) not in reached:
            assert not differences(of, operand).any()


@pytest.mark.parametrize(("name", "i"), CALLS)
def test_a_gradient_has_the_axes_of_what_it_is_of(name: str, i: int) -> None:
    for target, *made in performed(name, i).flows:
        found = gradient(Flow(target, *made))
        turned_over = isinstance(target, Parameter) and target.transposed
        assert found.dims == (target.dims[::-1] if turned_over else target.dims)
        assert found.shape == (target.shape[::-1] if turned_over else target.shape)
        assert isinstance(found.array, np.ndarray)


@pytest.mark.parametrize(("name", "i"), CALLS)
def test_every_cell_of_a_gradient_is_proved(name: str, i: int) -> None:
    for flow in performed(name, i).flows:
        found = gradient(flow).array
        for index in np.ndindex(*found.shape):
            proved(flow.op.derive(index, *flow.inputs, **flow.settings), float(found[index]))


def proved(derived: Node, value: float) -> None:
    """A derivation yields a value, and its leaves are cells of what is there."""
    assert derived.evaluate() == pytest.approx(value, rel=0, abs=1e-12 * max(abs(value), magnitude(derived), TINY))
    for leaf in derived.leaves():
        assert leaf.value == GIVEN[leaf.path][leaf.index]


@np.errstate(all="ignore")
@pytest.mark.parametrize("value", [np.nan, INF, -INF])
@pytest.mark.parametrize(("name", "i"), CALLS)
def test_a_gradient_of_what_is_not_finite_is_what_its_derivation_says(name: str, i: int, value: float) -> None:
    random = np.random.default_rng(i)
    for flow in performed(name, i).flows:
        for n, x in enumerate(flow.inputs):
            if x.dtype.kind == "f":
                array = x.array.copy()
                array[tuple(map(random.integers, x.shape))] = value
                inputs = (*flow.inputs[:n], x.replaced(array), *flow.inputs[n + 1 :])
                agreeing(flow._replace(inputs=inputs), random)


def agreeing(flow: Flow, random: np.random.Generator) -> None:
    """One cell that is not finite, if there is one, and one that may be."""
    found = gradient(flow).array
    odd = np.argwhere(~np.isfinite(found)).tolist()[:1]
    for index in map(tuple, (*odd, map(random.integers, found.shape))):
        derived = flow.op.derive(index, *flow.inputs, **flow.settings)
        result, noise = derived.evaluate(), 1e-12 * max(np.nan_to_num(magnitude(derived), posinf=INF), TINY)
        assert result == pytest.approx(float(found[index]), rel=1e-12, abs=noise, nan_ok=True)


def test_gradients_of_all_uses_add_up() -> None:
    ways = [rows(), rows(), rows()]
    found = together.forward(*ways)
    assert found.dims == ways[0].dims
    np.testing.assert_allclose(found.array, sum(way.array for way in ways), rtol=1e-15)
    for index in np.ndindex(*found.shape):
        proved(together.derive(index, *ways), float(found.array[index]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_hidden_keys_have_no_gradient_and_nothing_is_nan(kind: type) -> None:
    scores = recorded(RANDOM.normal(size=(2, 3, 3)).astype(kind), HEAD, QUERY, KEY)
    mask = recorded(hidden(LOWEST, LOWEST, LOWEST).array.astype(kind), QUERY, KEY)
    summed = masked.forward(scores, mask)
    weights = softmax.forward(summed)
    dy = recorded(RANDOM.normal(size=(2, 3, 3)).astype(kind), HEAD, QUERY, KEY)
    (flow,) = softmax.backward(dy, weights, summed)
    found = gradient(flow).array
    assert found.dtype == kind
    assert np.isfinite(found).all()
    assert not found[:, np.isneginf(mask.array)].any()
    assert found[:, 1].any()


@pytest.mark.parametrize("name", activation.BY_NAME)
def test_slopes_are_finite_for_large_numbers(name: str) -> None:
    x = recorded(np.array([-1e18, -1e4, -100, 0, 100, 1e4, 1e18], np.float32), FEATURE)
    dy = recorded(np.ones(7, np.float32), FEATURE)
    (flow,) = activation.BY_NAME[name].backward(dy, dy, x)
    slopes = gradient(flow).array
    assert slopes.dtype == np.float32
    at_zero = 0 if name == "relu" else 0.5
    assert slopes.tolist() == pytest.approx([0, 0, 0, at_zero, 1, 1, 1], abs=1e-6)


@pytest.mark.parametrize(("name", "i"), [(name, i) for name, i in CALLS if name != "append"])
def test_a_gradient_is_of_the_type_of_what_it_is_of(name: str, i: int) -> None:
    """In single precision, but for what a search adds up in double."""
    op, example = OPERATIONS[name], EXAMPLES[name][i]
    inputs, settings = (
        narrowed(example.inputs),
        dict(zip(example.settings, narrowed(example.settings.values()), strict=True)),
    )
    y = op.forward(*inputs, **settings)
    for flow in op.backward(Tensor(np.ones_like(y.array), y.dims), y, *inputs, **settings):
        assert gradient(flow).dtype == flow.target.dtype


def narrowed(values: Iterable[Any]) -> tuple[Any, ...]:
    """Vectors and matrices in single precision; all else as it is."""
    return tuple(map(_narrowed, values))


def _narrowed(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(one, Parameter) for one in value):
        return narrowed(value)
    if not isinstance(value, Tensor) or value.dtype.kind != "f" or not value.dims:
        return value
    array = value.array.astype(np.float32)
    if isinstance(value, Parameter):
        return Parameter(array, value.dims, value.path, transposed=value.transposed)
    return Tensor(array, value.dims, value.path, value.at)
