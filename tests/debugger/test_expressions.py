"""The expression language: what it computes, what it refuses, and where it says so."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tracer.addresses import Address, UnknownAddressError
from tracer.debugger.earlier import Earlier
from tracer.debugger.expressions import (
    DISTRIBUTION,
    FUNCTIONS,
    VARIABLES,
    Expression,
    Places,
    Several,
    compile_expression,
    renamed,
    truth,
)
from tracer.debugger.history import History
from tracer.errors import AddressError, ExpressionError
from tracer.tensor import Axis, Tensor

KEY = Axis("key", ("<s>", "▁love", "cat"))
VOCAB = Axis("vocab", ("</s>", "▁cat", "cat", "北京"))


def tensor(values: Any, *dims: Axis, address: str = "", dtype: type = np.float32) -> Tensor:
    return Tensor(np.array(values, dtype), dims, address)


PLACE, ROW = Axis("place"), Axis("row")
TENSORS = {
    "weights": tensor([[[0.5, 0.5, 0], [1, 0, 0]], [[0.25, 0.25, 0.5], [0, 0, 1]]], Axis("head"), Axis("query"), KEY),
    "looks": tensor([[[1, 0, 0], [0.75, 0.25, 0], [0.25, 0.5, 0.25]]], Axis("head"), KEY.named("query"), KEY),
    "v": tensor([3, -4, 0], PLACE),
    "m": tensor([[1, 2], [3, 4]], ROW, PLACE),
    "masked": tensor([[0, -math.inf], [math.nan, 1]], ROW, PLACE),
    "norm": tensor([1, 2], PLACE),
    "one": tensor([[2]], ROW, PLACE),
    "choice": tensor(7, dtype=np.int64),
    "ids": tensor([7, 2**62], PLACE, dtype=np.int64),
}
GLOB = [
    tensor([[0.25, 0.75]], ROW, PLACE, address="@3:decoder.0.weights"),
    tensor([[0.5, 0.5], [0, 1]], ROW, PLACE, address="@3:decoder.1.weights"),
]
"""The first has a row less."""
UNLIKE = [*GLOB, tensor([1, 1], PLACE, address="@3:decoder.1.norm")]
"""Other axes in one than in the others."""
STEPS = {
    "grown": lambda n: tensor(np.arange(n) + n, Axis("key", ("<s>", "▁love", "cat")[:n])),
    "late": lambda n: tensor([n, -n], PLACE) if n > 1 else None,
    "changing": lambda n: tensor([n], Axis("place" if n % 2 else "row")),
}
"""What a step has, by its number."""


HISTORY = History()
HISTORY.keep("v", TENSORS["v"])
HISTORY.keep("1 / 4", 0.25)
HISTORY.keep("dec.*.weights", Several(tuple(t.address for t in GLOB), tuple(GLOB)))


@dataclass
class Moment:
    """A record to evaluate at; globs stand for the tensors of `GLOB`, or for those of `UNLIKE`.

    In another run than r0 the logits of the two positions have changed places.
    """

    step: int = 3
    token: str | None = "▁love"
    text: str = "I love"
    labels: Sequence[str] = VOCAB.labels or ()
    probs: tuple[float, ...] = (0.125, 0.5, 0.25, 0.125)

    def lookup(self, address: Address) -> list[Tensor]:
        if address.is_glob:
            return {"weights": GLOB, "*": UNLIKE, "all": [*GLOB, *UNLIKE[1:]]}.get(address.path.rpartition(".")[2], [])
        if address.path in STEPS and address.step is not None and (made := STEPS[address.path](address.step)):
            return [made.select(address.selectors)]
        if address.path in ("probs", "logits"):
            return [self.row(address.path, address)]
        if address.path not in TENSORS:
            raise UnknownAddressError(address.path, list(TENSORS))
        return [TENSORS[address.path].select(address.selectors)]

    def earlier(self, wanted: Earlier) -> Any:
        return HISTORY.find(wanted)

    def every_step(self, address: Address) -> Sequence[int]:
        return range(4)

    def row(self, path: str, address: Address) -> Tensor:
        probs = np.array(self.probs) if path == "probs" else np.log(self.probs)
        dims = (Axis("position", ("<s>", "▁I")), Axis("vocab", self.labels))
        rows = [np.roll(probs, 1), probs]
        return tensor(rows[::-1] if address.run else rows, *dims).select(address.selectors)


def evaluate(text: str, moment: Moment | None = None) -> Any:
    return compile_expression(text).evaluate(moment or Moment())


def complaint(text: str, moment: Moment | None = None) -> str:
    with pytest.raises(ExpressionError) as caught:
        truth(evaluate(text, moment))
    return str(caught.value)


def assert_same(expected: Any, found: Any) -> None:
    if isinstance(expected, list):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    else:
        assert found == pytest.approx(expected, nan_ok=True)
        assert type(found) is type(expected)


# --- what it computes ---------------------------------------------------------------------------------------------

CATALOGUE: dict[str, list[tuple[Any, str]]] = {
    "abs": [([3, 4, 0], "abs(v)"), (2, "abs(-2)")],
    "exp": [([math.exp(3), math.exp(-4), 1], "exp(v)"), (math.inf, "exp(1000)")],
    "log": [([-math.inf, 0], "log(m[0] - 1)"), (math.nan, "log(-1)")],
    "sqrt": [([1, math.sqrt(2)], "sqrt(m[0])"), (math.nan, "sqrt(-1)")],
    "sin": [([math.sin(1), math.sin(2)], "sin(m[0])"), (0.0, "sin(0)")],
    "cos": [([math.cos(1), math.cos(2)], "cos(m[0])"), (1.0, "cos(0)")],
    "isnan": [([[False, False], [True, False]], "isnan(masked)"), (False, "isnan(1)")],
    "max": [(3.0, "max(v)"), (1.0, "max(weights)"), (1.0, "max(dec.*.weights)"), (math.nan, "max(masked)")],
    "min": [(-4.0, "min(v)"), (0.0, "min(dec.*.weights)"), (5, "min(5)")],
    "sum": [(-1.0, "sum(v)"), (10.0, "sum(m)"), (3.0, "sum(dec.*.weights)"), (2.0, "sum(m > 2)"), (0.0, "sum(m[0:0])")],
    "mean": [(2.5, "mean(m)"), (0.5, "mean(dec.*.weights)"), (0.5, "mean(m > 2)")],
    "std": [(math.sqrt(1.25), "std(m)"), (0.0, "std(2)")],
    "norm": [(5.0, "norm(v)"), (math.sqrt(30), "norm(m)")],
    "argmax": [([[0, 0], [2, 2]], "argmax(weights)"), (0, "argmax(v)")],
    "argmin": [([[2, 1], [0, 0]], "argmin(weights)"), (1, "argmin(v)")],
    "entropy": [([[1, 0], [1.5, 0]], "entropy(weights)"), (1.5, "entropy(weights[h1, 0])")],
    "softmax": [([[1 / (1 + math.e), math.e / (1 + math.e)]] * 2, "softmax(m)"), ([1], "softmax(choice + m[0, 0:1])")],
    "log_softmax": [
        ([[-math.log(1 + math.e), -math.log(1 + 1 / math.e)]] * 2, "log_softmax(m)"),
        ([-2000, 0], "log_softmax(m[0] * 2000)"),
    ],
    "previous": [([[math.nan, 0.75, 0.5]], "previous(looks)"), ([[0.5]], "previous(looks[:, -1:])")],
    "next": [([[0.0, 0.0, math.nan]], "next(looks)")],
    "any": [(True, "any(m > 3)"), (False, "any(m > 4)"), (True, "any(dec.*.weights > .9)"), (False, "any(m[0:0])")],
    "all": [(True, "all(m > 0)"), (False, "all(dec.*.weights > 0)"), (True, "all(m[0:0])")],
    "shape": [([2, 2, 3], "shape(weights)"), ([], "shape(2)")],
    "logprob": [(math.log(0.25), 'logprob("cat")'), (math.log(0.5), "logprob(1)"), (math.log(0.5), "logprob(2, 0)")],
    "logit": [(math.log(0.25), 'logit("cat")'), (math.log(0.5), 'logit("cat", "<s>")')],
    "logit_diff": [(math.log(2), 'logit_diff("▁cat", "cat")'), (0.0, 'logit_diff("cat", 2, -1)')],
    "kl": [(0.625, "kl(r0, r1)"), (0.5, "kl(r1, r0)"), (0.5, "kl(r0, r1, 0)"), ([0, 0, 0, 0], "@*:kl(r1, r1, -1)")],
    "prob": [(0.25, 'prob("cat")'), (0.5, 'prob("▁cat")'), (0.125, 'prob("北京")'), (0.5, 'prob("cat", step - 3)')],
    "rank": [(1, 'rank("▁cat")'), (3, 'rank("</s>")'), (4, 'rank("北京")'), (3, '@2:rank("</s>")')],
    "step": [(3, "step"), (True, "step == 3"), (4, "step + 1")],
    "token": [("▁love", "token"), (True, 'token == "love"'), (True, '"▁love" == token'), (True, 'token != "lov"')],
    "text": [("I love", "text"), (True, 'text == "I love"'), (False, 'text == "love"'), (True, '"" != text')],
    "inf": [(math.inf, "inf"), (True, "-inf < step")],
}


def test_every_name_of_the_language_is_tested() -> None:
    assert {*FUNCTIONS, *VARIABLES} == set(CATALOGUE)


@pytest.mark.parametrize(("expected", "text"), [case for cases in CATALOGUE.values() for case in cases])
def test_names(expected: Any, text: str) -> None:
    assert_same(expected, evaluate(text))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (7, "1 + 2 * 3"),
        (9, "(1 + 2) * 3"),
        (-9, "-3 ** 2"),
        (512, "2 ** 3 ** 2"),
        (0.5, "2**-1"),
        (1.0, "2*.5"),
        (0.001, "1e-3"),
        (1002.0, "1.e3+2."),
        (3, "+3"),
        (3, "5--2*-1"),
        ([6, -8, 0], "v*2"),
        ([9, 16, 0], "v**2"),
        ([1.5, -2, 0], "v/2"),
        (25.0, "v @ v"),
        ([5, 25], "m@m"),
        ([[-1, -2], [-3, -4]], "-m"),
        (8, "choice + 1"),
        (49, "choice**2"),
        (7**300, "choice**300"),
        ([49, 2.0**124], "ids * ids"),
        ([2, 1], "(m[0] > 0) + (m[0] < 2)"),
        (math.nan, "(-8) ** .5"),
    ],
)
def test_arithmetic(expected: Any, text: str) -> None:
    assert_same(expected, evaluate(text))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "1 < 2 < 3"),
        (False, "1 < 3 < 2"),
        (True, "all(0 < m <= 4)"),
        ([[False, True], [True, False]], "1 < m < 4"),
        (True, "not 1 > 2"),
        (True, "0 or max(m) == 4 and 1"),
        (False, "1 > 2 and max(absent)"),
        (True, "1 < 2 or max(absent)"),
        (True, "max(weights[h0]) >= .5"),
        (True, "max(m) != 3"),
        (True, "not(1 > 2)and(2 > 1)or-1"),
        (True, 'prob("cat") > .1 and rank("cat") <= 2'),
    ],
)
def test_comparisons_and_logic(expected: Any, text: str) -> None:
    assert_same(expected, evaluate(text))


def test_arithmetic_keeps_the_dtype_of_tensors() -> None:
    assert evaluate("m * 2 + .1").array.dtype == np.float32
    assert evaluate("max(weights[h0, 0]) * .1 == .5 * .1 + 0 * max(m)") is True


def test_sums_accumulate_in_double_precision() -> None:
    TENSORS["many"] = tensor(np.full(2**16, 0.1, np.float32), PLACE)
    assert evaluate("sum(many)") == 2**16 * float(np.float32(0.1))
    assert evaluate("mean(many)") == float(np.float32(0.1))


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["weights[h0]"], "max(weights[h0]) > .5"),
        (["@3:a"], "@3:a"),
        (["@3#12", "#4[0]"], "@3#12 @ #4[0]"),
        (["@3:q", "@2:k"], "@3:q@@2:k"),
        (["q", "k"], "q@k"),
        (["dec.*.cross.weights", "**.x", "*.y"], "any(dec.*.cross.weights * **.x > *.y)"),
        (["a", "b"], "a**b"),
        (["a.**.b"], "2*a.**.b"),
        (["dec.*"], "any(dec.* * 2)"),
        (["**"], "any(isnan(**))"),
        (["0.cross.weights"], "0.cross.weights*1.5"),
        (["dec.0.x"], "dec.0.x-1"),
        (['w[h1, "a]b", "爱"#2]'], 'w [h1, "a]b", "爱"#2] > 1'),
        (["norm", "norm"], "norm(norm) > norm"),
        (["token.x", "step[0]"], "token.x + step[0]"),
        ([], "step > 2"),
    ],
)
def test_addresses_are_read_first(expected: list[str], text: str) -> None:
    assert [str(address) for address in compile_expression(text).addresses] == expected


@pytest.mark.parametrize(
    ("expected", "text"), [("v", " (v) "), ("dec.*.x[0]", "dec.*.x[0]"), ("None", "-v"), ("None", "token")]
)
def test_sole_address(expected: str, text: str) -> None:
    assert str(compile_expression(text).sole_address) == expected


def test_text_is_kept() -> None:
    assert compile_expression("  max( v ) ").text == "max( v )"


def test_a_function_or_operator_takes_tensors_that_make_none_one_by_one() -> None:
    found = evaluate("softmax(dec.*.*) * 2")
    assert isinstance(found, Several)
    assert found.addresses == tuple(each.address for each in UNLIKE)
    for value, expected in zip(found.values, UNLIKE, strict=True):
        exp = np.exp(expected.array)
        assert_same((2 * exp / exp.sum(-1, keepdims=True)).tolist(), value)


def test_what_becomes_alike_makes_one() -> None:
    found = evaluate("entropy(dec.*.*, place)")
    assert isinstance(found, Several)
    assert [np.ndim(value) for value in found.values] == [1, 1, 0]
    assert evaluate("max(shape(dec.*.*)) + sum(max(shape(dec.*.*), axis))") == 8


# --- axes ---------------------------------------------------------------------------------------------------------

QUERY, HEAD = Axis("query", ("<s>", "▁I")), Axis("head")
OF_TOKENS, OTHER_KEY = Axis("position", KEY.labels), Axis("key", ("a", "b", "c"))
OUT, IN, FEATURE, D_K = (Axis(name) for name in ("out_feature", "in_feature", "feature", "d_k"))


def counted(*extents: tuple[Axis, int]) -> Tensor:
    """A tensor with its cells counted through, from 1."""
    shape = [n for _axis, n in extents]
    return tensor(np.arange(1.0, math.prod(shape) + 1).reshape(shape), *(axis for axis, _n in extents), dtype=float)


NAMED = {
    "w": counted((HEAD, 2), (QUERY, 2), (KEY, 3)),
    "w0": counted((QUERY, 2), (KEY, 3)),
    "turned": counted((KEY, 3), (QUERY, 2)),
    "other": counted((QUERY, 2), (OTHER_KEY, 3)),
    "heads": counted((HEAD, 2)),
    "value": counted((HEAD, 2), (KEY, 3), (D_K, 4)),
    "source": counted((OF_TOKENS, 3), (FEATURE, 4)),
    "x": counted((QUERY, 2), (FEATURE, 4)),
    "y": counted((Axis("position", QUERY.labels), 2), (FEATURE, 4)),
    "matrix": counted((OUT, 5), (IN, 4)),
    "after": counted((OUT, 2), (IN, 5)),
    "bias": counted((FEATURE, 5)),
    "own": counted((Axis("query", KEY.labels), 3), (KEY, 3)),
}
TENSORS.update(NAMED)
ARRAYS = {name: each.array for name, each in NAMED.items()}


@pytest.mark.parametrize(
    ("text", "axes", "expected"),
    [
        ("w - w * 2", (HEAD, QUERY, KEY), "w - w * 2"),
        ("w - w[h0]", (HEAD, QUERY, KEY), "w - w[0]"),
        ("w[h0] + w", (HEAD, QUERY, KEY), "w[0] + w"),
        ("w * heads", (HEAD, QUERY, KEY), "w * heads[:, None, None]"),
        ("w0 - turned", (QUERY, KEY), "w0 - turned.T"),
        ("w > 3", (HEAD, QUERY, KEY), "w > 3"),
        ("0 < w0 < turned", (QUERY, KEY), "(0 < w0) & (w0 < turned.T)"),
        ("w0 - other", (QUERY, Axis("key")), "w0 - other"),
        ("w[:, :, 0:2] - w[:, :, 1:3]", (HEAD, QUERY, Axis("key")), "w[:, :, :2] - w[:, :, 1:]"),
        ("x - y", (QUERY, FEATURE), "x - y"),
        ("-abs(w0) ** 2", (QUERY, KEY), "-abs(w0) ** 2"),
        ("w @ value", (HEAD, QUERY, D_K), "np.einsum('hqk,hkd->hqd', w, value)"),
        ("value @ w", (HEAD, D_K, QUERY), "np.einsum('hkd,hqk->hdq', value, w)"),
        ("w @ w", (HEAD, QUERY), "np.einsum('hqk,hqk->hq', w, w)"),
        ("w @ w[:, 0]", (HEAD, QUERY), "np.einsum('hqk,hk->hq', w, w[:, 0])"),
        ("w @ source", (HEAD, QUERY, FEATURE), "w @ source"),
        ("x @ matrix", (QUERY, FEATURE), "x @ matrix.T"),
        ("matrix @ x[0] + bias", (FEATURE,), "matrix @ x[0] + bias"),
        ("after @ matrix", (OUT, IN), "after @ matrix"),
        ("x @ x", (QUERY,), "(x * x).sum(1)"),
        ("x @ y", (QUERY, Axis("position", QUERY.labels)), "x @ y.T"),
        ("x @ w0", (FEATURE, KEY), "x.T @ w0"),
        ("own @ own", (Axis("query", KEY.labels), KEY), "own @ own"),
        ("max(w, key)", (HEAD, QUERY), "w.max(2)"),
        ("min(w, head)", (QUERY, KEY), "w.min(0)"),
        ("sum(w, query)", (HEAD, KEY), "w.sum(1)"),
        ("mean(w, key, head)", (QUERY,), "w.mean((0, 2))"),
        ("std(w, head, query)", (KEY,), "w.std((0, 1))"),
        ("norm(w, query)", (HEAD, KEY), "np.sqrt((w ** 2).sum(1))"),
        ("any(w > 11, query)", (HEAD, KEY), "(w > 11).any(1)"),
        ("all(w > 1, head)", (QUERY, KEY), "(w > 1).all(0)"),
        ("entropy(w / 100, head)", (QUERY, KEY), "-(w / 100 * np.log2(w / 100)).sum(0)"),
        ("softmax(w, head)", (HEAD, QUERY, KEY), "np.exp(w) / np.exp(w).sum(0)"),
        ("softmax(w, query)", (HEAD, QUERY, KEY), "np.exp(w) / np.exp(w).sum(1, keepdims=True)"),
        ("softmax(w0, query, key)", (QUERY, KEY), "np.exp(w0) / np.exp(w0).sum()"),
        ("argmax(w, head)", (QUERY, KEY), "w.argmax(0)"),
        ("argmin(turned, key)", (QUERY,), "turned.argmin(0)"),
        ("max(w, key) - mean(w, key)", (HEAD, QUERY), "w.max(2) - w.mean(2)"),
    ],
)
def test_axes_and_labels_are_kept(text: str, axes: Sequence[Axis], expected: str) -> None:
    found = evaluate(text)
    assert found.dims == tuple(axes)
    np.testing.assert_allclose(found.array, eval(expected, {"np": np}, ARRAYS), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("w + heads[0:1]", "along head one has 2 and the other 1"),
        ("w[h0] - w[:, 0]", "one has the axis head and the other has not"),
        ("w0 + source", "one has the axis feature and the other has not"),
        ("own * source[:, 0]", "position might be any of query, key"),
        ("heads @ x", "they share no axis to sum over"),
        ("w @ value[:, 0:2]", "along key one has 3 and the other 2"),
        ("w @ value[0:1]", "along head one has 2 and the other 1"),
        ("own @ other", "along key one has other tokens than the other"),
    ],
)
def test_axes_that_don_t_meet_are_refused_with_both_headers(text: str, why: str) -> None:
    told = complaint(text)
    assert told.endswith(f": {why}")
    assert told.count("a tensor [") == 2


def test_an_axis_that_is_not_there() -> None:
    for name in FUNCTIONS:
        if name in ("max", "mean", "softmax", "argmin", "any"):
            told = f"column 1: {name} can't be applied to a tensor [head 2, query 2, key 3]: "
            assert complaint(f"{name}(w, feature)") == f"{told}there is no axis feature; the axes are head, query, key"
    assert complaint("argmax(w, head, key)").endswith("places are counted along one axis")
    assert complaint('max(w, "key")').startswith("column 8: a function takes one value, and then names of axes")
    assert complaint("max(w, w[0])").startswith("column 8: a function takes one value")
    assert complaint("exp(w, key)") == "column 1: exp takes one value, not 2"


def test_names_of_axes_are_no_addresses() -> None:
    assert [str(address) for address in compile_expression("max(w, key) + key").addresses] == ["w", "key"]
    assert renamed("max(w, w) + w", lambda address: Address(f"a.{address}")) == "max(a.w, w) + a.w"


# --- globs and steps ----------------------------------------------------------------------------------------------

LAYER = Axis("layer", numbers=range(2))


def test_a_glob_stacks() -> None:
    found = evaluate("dec.*.weights * 2")
    assert found.dims == (LAYER, ROW, PLACE)
    assert found.array.tolist() == [[[0.5, 1.5], [None, None]], [[1, 1], [0, 2]]]
    assert [str(address) for address in compile_expression("dec.*.weights * 2").addresses] == ["dec.*.weights"]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([[0.75, None], [0.5, 1]], "max(dec.*.weights, place)"),
        ([[0.25, None], [0.5, 0]], "min(dec.*.weights, place)"),
        ([1, 2], "sum(dec.*.weights, place, row)"),
        ([0.5, 0.5], "mean(dec.*.weights, row, place)"),
        ([[0.25, 0.75], [0.25, 0.75]], "mean(dec.*.weights, row)"),
        ([0.25, math.sqrt(0.125)], "std(dec.*.weights, row, place)"),
        ([[0.25, 0.75], [0.5, math.sqrt(1.25)]], "norm(dec.*.weights, row)"),
        ([[2, None], [2, 1]], "sum(dec.*.weights > 0, place)"),
        ([[1, None], [0, 1]], "argmax(dec.*.weights, place)"),
        ([[0, 0], [1, 0]], "argmin(dec.*.weights, row)"),
        ([True, False], "all(dec.*.weights > 0, row, place)"),
        ([[0.8112781244591328, None], [1, 0]], "entropy(dec.*.weights)"),
        ([[[1, 1], [None, None]], [[0.622459, 0.377541], [0.377541, 0.622459]]], "softmax(dec.*.weights, row)"),
        ([[1.75, None], [1.5, 2]], "dec.*.weights @ tensor_of_two"),
        (0.5, "mean(dec.*.weights)"),
        (math.sqrt(0.625 / 6), "std(dec.*.weights)"),
    ],
)
def test_what_is_not_there_is_left_out(expected: Any, text: str) -> None:
    TENSORS["tensor_of_two"] = tensor([1, 2], PLACE)
    found = evaluate(text)
    listed = found.array.tolist() if isinstance(found, Tensor) else found
    assert np.array(listed, float) == pytest.approx(np.array(expected, float), nan_ok=True)


def test_every_step_stands_along_step() -> None:
    grown = evaluate("@*:grown")
    assert grown.dims == (Axis("step", numbers=range(4)), KEY)
    assert grown.array.tolist() == [[None] * 3, [1, None, None], [2, 3, None], [3, 4, 5]]
    assert evaluate("max(@*:grown, key) - @*:grown").array.tolist()[2] == [1, 0, None]
    assert evaluate('@*:grown["love"]').dims == (Axis("step", numbers=range(2, 4)),)
    late = evaluate("@*:late + 1")
    assert (late.dims[0].numbers, late.array.tolist()) == (range(2, 4), [[3, -1], [4, -2]])
    assert compile_expression("@*:late + 1").addresses == ()
    assert str(compile_expression("1 + @*:late[0]").everywhere[0]) == "@*:late[0]"


def test_every_step_of_a_token() -> None:
    found = evaluate('@*:prob("cat")')
    assert found.dims == (Axis("step", numbers=range(4)),)
    assert found.array.tolist() == [0.25] * 4


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("column 1: what @*:changing stands for makes no one tensor", "@*:changing"),
        ("column 5: nothing is recorded at nowhere", "1 + @*:nowhere"),
        ("column 3: an operator is missing before '@*:v'", "v @*:v"),
        ("column 1: max is of no step", "@2:max(v)"),
    ],
)
def test_what_every_step_can_t_be(expected: str, text: str) -> None:
    assert complaint(text).startswith(expected)


def test_what_was_printed_of_a_glob_stacks_too() -> None:
    assert evaluate("max($3, row, place)").dims == (LAYER,)


def test_two_globs_go_in_step() -> None:
    assert evaluate("all(dec.*.weights == enc.*.weights)") is True


# --- what was printed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([3, -4, 0], "$1"),
        (0.5, "$2 * 2"),
        (0.25, "$$ + 0"),
        ([3, -4, 0], "$$2"),
        ([1.5, -2, 0], "$1 / 2"),
        (25.0, "$1@$1"),
        (1.0, "max($)"),
        (True, "any($ > .9) and $2 == .25"),
    ],
)
def test_values_have_a_history(expected: Any, text: str) -> None:
    assert_same(expected, evaluate(text))


@pytest.mark.parametrize("text", ["$4", "$0", "$$3", "$999999999999"])
def test_what_was_never_printed(text: str) -> None:
    assert complaint(text) == f"column 1: there is no value {text}; there are $1 to $3"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (KEY, "argmax(weights[h0])"),
        (KEY, "argmin(abs(weights) * 2)"),
        (KEY, "argmax(-softmax(1 - weights[h0, 0]))"),
        (PLACE, "argmax($1)"),
        (QUERY, "argmax(w, query)"),
        (ROW, "argmax(m @ m)"),
        (None, "weights"),
        (None, "argmax(weights) + 1"),
        (None, "max(argmax(weights))"),
    ],
)
def test_what_a_place_is_counted_along(expected: Axis | None, text: str) -> None:
    found = compile_expression(text).found(Moment())
    assert (found.along if isinstance(found, Places) else None) == expected


# --- truth --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "step"),
        (False, "0"),
        (True, "one > 1"),
        (True, "max(m)"),
        (False, "v[2]"),
        (True, "max(dec.*.weights) > .9"),
    ],
)
def test_truth(expected: bool, text: str) -> None:
    assert truth(evaluate(text)) is expected


@pytest.mark.parametrize("text", ["m > 1", "dec.*.weights > .9", "m[0:0]"])
def test_a_condition_of_many_values_names_any_and_all(text: str) -> None:
    assert "any(…) or all(…)" in complaint(text)


def test_the_operand_of_and_is_a_condition() -> None:
    assert complaint("m and 1").startswith("column 1: a condition must be one truth value, and this has 4")


def test_no_token_yet() -> None:
    assert evaluate('token == "love"', Moment(token=None)) is False


def test_a_piece_is_found_again_under_other_labels() -> None:
    expression = compile_expression('prob("cat")')
    assert expression.evaluate(Moment()) == 0.25
    assert expression.evaluate(Moment(labels=("cat", "a", "b", "c"))) == 0.125


# --- what it refuses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("column 1: a value is missing", ""),
        ("column 4: a value is missing", "1 +"),
        ("column 1: this bracket is never closed", "(v"),
        ("column 2: this bracket was never opened", "v)"),
        ("column 1: this does not read", "()"),
        ("column 1: there is no function entrpy; did you mean entropy?", "entrpy(v)"),
        ("column 1: there is no function open; there are abs, exp", "open(v)"),
        ("column 1: there is no function __import__", '__import__("os")'),
        ("column 5: nothing is recorded at tokn; did you mean token?", "1 + tokn"),
        ("column 5: nothing is recorded at entropi; did you mean entropy(…)?", "1 + entropi"),
        ("column 1: max can't be applied to a tensor [place 3]: there is no axis m", "max(v, m)"),
        ("column 1: prob is written prob(TOKEN[, POSITION]), and here it is given 3", 'prob("cat", 1, 2)'),
        (
            "column 1: logit_diff is written logit_diff(TOKEN, TOKEN[, POSITION]), and here it is given 1",
            'logit_diff("cat")',
        ),
        ("column 1: there is no token 9; ids run from 0 to 3", "logit(9)"),
        ("column 1: index 7 is out of range on axis position", 'logit("cat", 7)'),
        ("column 1: a position is a whole number or a token", 'logit("cat", .5)'),
        ("column 1: max takes one value, not 0", "max()"),
        ("column 8: an operator is missing before 'x'", "lambda x: x"),
        ("column 3: an operator is missing before 'if'", "v if m else v"),
        ("column 8: an operator is missing before '.'", "abs(v) .T"),
        ("column 2: brackets hold selectors", "v[0"),
        ("column 7: brackets hold selectors", "abs(v)[0]"),
        ("column 1: brackets hold selectors", "[0]*10**9"),
        ("column 1: selector 'x' does not parse", "v[x]"),
        ("column 3: nothing can be set here", "v = 1"),
        ("column 4: a value was expected here, not '/'", "v //2"),
        ("column 3: an operator is missing before '%'", "v % 2"),
        ("column 1: a value was expected here, not '爱'", "爱"),
        ("column 6: text stands in double quotes", "prob('cat')"),
        ("column 6: this text is never closed", 'prob("cat)'),
        ("column 1: prob takes a token in double quotes", "prob(cat)"),
        ('column 1: axis vocab has no "dog"', 'prob("dog")'),
        ("column 1: text is compared", '"a" * 10**9'),
        ("column 1: text is compared", "token * 10**9"),
        ("column 7: text compares with one other text", 'token < "love"'),
        ("column 7: text compares with one other text", "token == 3"),
        ("text is neither true nor false", "token"),
        ("column 1: @3 is a step", "@3"),
        ("column 5: at most 3 segments", "1 + **.**.**.**.x"),
        ("column 3: an operator is missing before '@3:m'", "v @3:m"),
        ("column 1: index 9 is out of range", "v[9]"),
        ("column 1: nothing is recorded at a.*.b", "a.*.b"),
        ("column 3: an operator is missing before 'b'", "1 b"),
        ("column 4: an operator is missing before 'b'", "a.*b"),
        ("column 5: this does not read", "v + not m"),
        ("column 5: an operator is missing before 'and'", "v[0]and 1"),
        ("column 1: nothing is recorded at not.5", "not.5"),
    ],
)
def test_complaints_name_the_column(expected: str, text: str) -> None:
    assert complaint(text).startswith(expected)


UNEQUAL = "along place one has 3 and the other 2"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("column 2: division by zero", "1/0"),
        ("column 2: division by zero", "0/0.0"),
        ("column 3: division by zero", "m / v[2]"),
        ("column 9: division by zero", "(norm)  / (norm - norm)"),
        ("column 2: division by zero", "0**-1"),
        ("column 6: division by zero", "v[2] ** -1"),
        ("column 3: @ can't be applied to a tensor [place 3] and a single value", "v @ 2"),
        (f"column 3: > can't be applied to a tensor [place 3] and a tensor [place 2]: {UNEQUAL}", "v > norm"),
        ("column 1: argmax can't be applied to a single value", "argmax(2)"),
        ("column 1: max can't be applied to a tensor [row 0, place 2]", "max(m[0:0])"),
        ("column 1: mean can't be applied to a tensor [row 0, place 2]", "mean(m[0:0])"),
        (f"column 9: + can't be applied to 3 tensors and a tensor [place 3]: {UNEQUAL}", "dec.*.* + v"),
        ("column 9: + can't be applied to 3 tensors and 4 tensors", "dec.*.* + more.*.all"),
    ],
)
def test_what_fails_when_evaluated_is_one_sentence(expected: str, text: str) -> None:
    assert complaint(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "9**9**9**9",
        "2**1000*2**1000",
        "2.**5000",
        "choice**9999",
        "9" * 400,
        "1e999",
        "-" * 900 + "1",
        "not " * 200 + "1",
        "(" * 400 + "1" + ")" * 400,
        "abs(" * 200 + "1" + ")" * 200,
        "+".join("1" * 400),
        "2**" * 300 + "2",
        "1" + " " * 2000 + "+1",
        "tall @ huge",
    ],
)
def test_what_would_be_huge_is_refused_at_once(text: str) -> None:
    TENSORS["huge"] = tensor(np.zeros((1, 2**14)), ROW, PLACE)
    TENSORS["tall"] = tensor(np.zeros((2**14, 1)), Axis("column"), ROW)
    start = time.perf_counter()
    assert any(word in complaint(text) for word in ("too large", "too deeply", "too long", "more than 50"))
    assert time.perf_counter() - start < 0.5


PIECES = [
    *FUNCTIONS, *VARIABLES, *TENSORS, "place", "@*:grown", "@*:", "dec.*.weights", "@3", "@", ":", "#", "#2", "*", "**",
    ".", "..",
    "[", "]", "[0]", "[h1, 'a']", '"', '"cat"', "'", "(", ")", "((", "))", ",", "+", "-", "/", "//", "%", "<", "<=",
    "==", "=", "!", "!=", ":=", "and", "or", "not", "in", "is", "if", "else", "lambda", "for", "await", "yield", "None",
    "True", "0", "1", ".5", "1e-3", "9", "1e308", "0x1f", "1j", "\\", "\n", "\t", "\0", "爱", "é", "{", "}", "~", "`",
    "$", ";", "\u200d", "\ud800", "f", "b\"x\"", " ", " ", " ",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_garbage_raises_nothing_but_expression_errors(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(1500):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 8)))
        try:
            truth(evaluate(text))
        except (ExpressionError, AddressError):
            continue


@pytest.mark.parametrize("seed", range(4))
def test_expressions_that_parse_raise_nothing_but_expression_errors(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(1000):
        text = grown(chance, 4)
        assert isinstance(compile_expression(text), Expression)
        try:
            truth(evaluate(text))
        except ExpressionError:
            continue


def grown(chance: random.Random, depth: int) -> str:
    """A well-formed expression."""
    if depth == 0 or chance.random() < 0.2:
        of_several = ["dec.*.weights", "dec.*.*", "@*:grown"]
        return chance.choice(
            [*TENSORS, *of_several, "step", "inf", "0", "3", ".5", "1e300", "v[1:2]", 'prob("cat")', '@*:prob("cat")']
        )
    one, other = grown(chance, depth - 1), grown(chance, depth - 1)
    operator = chance.choice(["+", "-", "*", "/", "@", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
    function = chance.choice([name for name in FUNCTIONS if name not in {*DISTRIBUTION, "kl"}])
    called = f"{function}({one})" if function in ONE_VALUE else f"{function}({one}, {chance.choice(['place', 'key'])})"
    return chance.choice([f"({one} {operator} {other})", called, f"{function}({one})", f"(-{one})", f"(not {one})"])


ONE_VALUE = ("abs", "exp", "log", "sqrt", "sin", "cos", "isnan", "shape", "previous", "next")
