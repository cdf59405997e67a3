"""The operations against the node cases of ONNX, which its own backends must pass, with their tolerance."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("onnx")
from onnx.backend.test.case import node as onnx_node
from onnx.helper import get_attribute_value

from tracer.ops.activation import erf, gelu, gelu_tanh, relu
from tracer.ops.attention import mask, masked, scores, weigh
from tracer.ops.linear import concat, linear
from tracer.ops.norm import layer_norm
from tracer.ops.softmax import softmax
from tracer.tensor import FEATURE, HEAD, Array, Axis, Parameter, Tensor

QUERY, KEY = Axis("query"), Axis("key")
FILES = ("softmax", "layernormalization", "matmul", "gemm", "gelu", "relu", "erf", "attention")
APPLICABLE = {
    "Softmax": 5,
    "LayerNormalization": 7,
    "MatMul": 3,
    "Gemm": 7,
    "Gelu": 4,
    "Relu": 1,
    "Erf": 1,
    "Attention": 31,
}
"""How many cases of each operator the rules below leave in, at least."""


class Case(NamedTuple):
    """One node with its inputs by name, and the outputs expected, by name."""

    name: str
    operator: str
    attributes: dict[str, Any]
    inputs: dict[str, Array]
    outputs: dict[str, Array]
    rtol: float
    atol: float


def cases() -> Iterator[Case]:
    """Every case that is one node in float32; the others are the same once more, expanded, or in another type."""
    for file in FILES:
        importlib.import_module(f"{onnx_node.__name__}.{file}")
    for case in onnx_node._NodeTestCases:
        nodes = case.model.graph.node
        inputs, outputs = case.data_sets[0]
        if len(nodes) == 1 and outputs[0].dtype == np.float32:
            attributes = {a.name: get_attribute_value(a) for a in nodes[0].attribute}
            given = dict(zip(filter(None, nodes[0].input), inputs, strict=True))
            expected = dict(zip(filter(None, nodes[0].output), outputs, strict=True))
            yield Case(case.name, nodes[0].op_type, attributes, given, expected, case.rtol, case.atol)


def on_last_axis(case: Case) -> bool:
    """Ours work along the last axis."""
    rank = next(iter(case.inputs.values())).ndim
    return case.attributes.get("axis", -1) in (-1, rank - 1)


def like_ours(case: Case) -> bool:
    """A stack of matrices times as large a stack: what attention multiplies."""
    a, b = case.inputs.values()
    return a.ndim == b.ndim > 1 and a.shape[:-2] == b.shape[:-2]


def with_a_row_of_bias(case: Case) -> bool:
    """x W + b without factors, b the same for every row."""
    bias = case.inputs.get("c", np.zeros(1))
    return not {"alpha", "beta"} & case.attributes.keys() and (bias.ndim < 2 or len(bias) == 1)


def attends_like_the_paper(case: Case) -> bool:
    """Scale 1/√d_k, no cap, no past, a window only backwards; every query sees a key.

    (ONNX gives a query that sees none a row of zeros. In our models there is none.)
    """
    attributes = {"is_causal", "left_window_size", "q_num_heads", "kv_num_heads", "qk_matmul_output_mode"}
    if case.attributes.keys() - attributes or case.inputs.keys() - {"Q", "K", "V", "attn_mask"}:
        return False
    q, k, _ = heads_of(case)
    return all(np.isfinite(total_mask(case, q, k, batch)).any(-1).all() for batch in range(len(q)))


RULES: dict[str, Callable[[Case], bool]] = {
    "Softmax": on_last_axis,
    "LayerNormalization": on_last_axis,
    "MatMul": like_ours,
    "Gemm": with_a_row_of_bias,
    "Attention": attends_like_the_paper,
}


def computed(case: Case) -> dict[str, Array]:
    """What our operations make of a case, by the names of its outputs."""
    x = next(iter(case.inputs.values()))
    match case.operator:
        case "Softmax":
            return {"y": softmax.forward(tensor(x)).array}
        case "LayerNormalization":
            gain, bias, eps = case.inputs["W"], case.inputs["B"], case.attributes.get("epsilon", 1e-5)
            return {"Y": layer_norm.forward(tensor(x), weight=parameter(gain), bias=parameter(bias), eps=eps).array}
        case "MatMul":
            return {"c": product(x, case.inputs["b"])}
        case "Gemm":
            return {"y": gemm(case)}
        case "Gelu":
            op = gelu_tanh if case.attributes.get("approximate") == b"tanh" else gelu
            return {"y": op.forward(tensor(x)).array}
        case "Relu":
            return {"y": relu.forward(tensor(x)).array}
        case "Erf":
            return {"y": erf(x)}
    return attention(case)


def product(a: Array, b: Array) -> Array:
    """Matrices by `linear`, stacks of them by `weigh`."""
    if a.ndim == 2:
        return linear.forward(tensor(a), weight=parameter(b.T)).array
    if a.ndim == 3:
        return weigh.forward(tensor(a), tensor(b)).array
    return np.stack([product(x, y) for x, y in zip(a, b, strict=True)])


def gemm(case: Case) -> Array:
    """x Wᵀ + b, with W stored [out, in]."""
    a, b, *c = case.inputs.values()
    x = a.T if case.attributes.get("transA") else a
    weight = b if case.attributes.get("transB") else b.T
    return linear.forward(tensor(x), weight=parameter(weight), bias=parameter(c[0]) if c else None).array


def attention(case: Case) -> dict[str, Array]:
    """The chain scores → masked → softmax → weigh → concat, one text of the batch after the other."""
    q, k, v = heads_of(case)
    rows = [attended(case, q, k, v, batch) for batch in range(len(q))]
    y, inner = (np.stack(arrays) for arrays in zip(*rows, strict=True))
    return {"Y": y, "qk_matmul_output": inner}


def attended(case: Case, q: Array, k: Array, v: Array, batch: int) -> tuple[Array, Array]:
    """The output for one text, and the stage that the case asks for beside it."""
    raw = scores.forward(Tensor(q[batch], (HEAD, QUERY, FEATURE)), Tensor(k[batch], (HEAD, KEY, FEATURE)))
    hidden = masked.forward(raw, tensor(total_mask(case, q, k, batch)))
    weights = softmax.forward(hidden)
    heads = weigh.forward(weights, tensor(v[batch]))
    stages = [raw, raw, hidden, weights]
    y = heads if case.inputs["Q"].ndim == 4 else concat.forward(heads)
    return y.array, stages[case.attributes.get("qk_matmul_output_mode", 0)].array


def heads_of(case: Case) -> list[Array]:
    """Q, K and V as [batch, head, position, d_k]."""
    given = [case.inputs[name] for name in "QKV"]
    if given[0].ndim == 4:
        return given
    counts = [case.attributes[f"{name}_num_heads"] for name in ("q", "kv", "kv")]
    return [x.reshape(*x.shape[:2], n, -1).transpose(0, 2, 1, 3) for x, n in zip(given, counts, strict=True)]


def total_mask(case: Case, q: Array, k: Array, batch: int) -> Array:
    """The mask given, as numbers to add, and the causal one: for one text, [query, key] or [head, query, key]."""
    past = 0 if case.attributes.get("is_causal") else None
    window = case.attributes.get("left_window_size", -1) + 1 or None
    shape = q.shape[2], k.shape[2]
    ours = mask.forward(query=QUERY, key=KEY, shape=shape, past=past, padding=(), window=window, dtype=np.float32).array
    given = case.inputs.get("attn_mask", np.zeros(shape, np.float32))
    if given.dtype == bool:
        given = np.where(given, np.float32(0), np.float32(-np.inf))
    return ours + (given[min(batch, len(given) - 1)] if given.ndim == 4 else given)


def tensor(array: Array) -> Tensor:
    return Tensor(array, (FEATURE,) * array.ndim)


def parameter(array: Array) -> Parameter:
    return Parameter(array, (FEATURE,) * array.ndim, "parameter")


def applicable(found: Sequence[Case]) -> list[Case]:
    return [case for case in found if case.operator not in RULES or RULES[case.operator](case)]


CASES = applicable(list(cases()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_operation_passes_the_case(case: Case) -> None:
    found = computed(case)
    for name in case.outputs.keys() & found.keys():
        np.testing.assert_allclose(found[name], case.outputs[name], case.rtol, case.atol, err_msg=name)


def test_every_case_that_applies_has_run() -> None:
    assert Counter(case.operator for case in CASES) >= Counter(APPLICABLE)
