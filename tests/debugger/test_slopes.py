"""Derivatives of expressions: central differences over every function and operator, and what has none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.addresses import Address
from tracer.dataclass import dataclass
from tracer.debugger.cursor import Cursor
from tracer.debugger.expressions import FUNCTIONS, Expression, compile_expression, slopes
from tracer.debugger.expressions.functions.kinds import OfCells
from tracer.debugger.expressions.operators import BINARY, COMPARISONS, UNARY
from tracer.debugger.history import History
from tracer.debugger.locations import Here
from tracer.errors import ExpressionError
from tracer.operation import Trait
from tracer.run import Run
from tracer.tensor import Array, Tensor

FIXTURES = Path(__file__).parents[1] / "fixtures"
SMALL = 1e-5
"""How far a cell is changed, beside its size."""
CELLS = 6
"""So many cells of a record are changed, one after the other."""


@cache
def read(name: str = "marian_zh_en") -> Run:
    """A run whose output is given, in double precision."""
    model = tracer.load(FIXTURES / name, "float64")
    target = [] if name in ("gpt2", "llama_gqa") else [model.start_id, 4, 6, 8]
    return tracer.trace(model, ids=[5, 9, 7, 2], target_ids=target)


@cache
def decoded(dtype: str = "float64") -> Run:
    """A run of three tokens with the cache on."""
    return tracer.trace(tracer.load(FIXTURES / "marian_zh_en", dtype), ids=[5, 9, 7, 2], max_tokens=3)


def at(run: Run, step: int = 1) -> Here:
    """The end of a step, from which whole addresses are looked up."""
    return Here(run, Cursor(step, len(run.step(step))))


@dataclass(frozen=True)
class Changed(Here):
    """A place where other numbers than those recorded are found."""

    arrays: Mapping[str, Array] = field(default_factory=dict, kw_only=True)

    def operands(self, address: Address) -> dict[str, Tensor]:
        return {name: self._in_place_of(tensor) for name, tensor in super().operands(address).items()}

    def _in_place_of(self, tensor: Tensor) -> Tensor:
        array = self.arrays.get(tensor.address)
        return tensor if array is None else Tensor(array, tensor.dims, tensor.path, tensor.at)


def changed(here: Here, arrays: Mapping[str, Array]) -> Changed:
    return Changed(here.run, here.cursor, history=here.history, arrays=arrays)


def softened(here: Here | None = None) -> Changed:
    """A place where no probability is so small that its logarithm changes all at once."""
    here = here or at(read())
    records = [record for record in here.run.step(here.step).records if record.has(Trait.DISTRIBUTION)]
    arrays = {record.output.address: record.output.array * 0.8 + 0.1 for record in records}
    return changed(here, arrays)


def found(text: str, here: Here | None = None) -> dict[str, Array]:
    """The slopes of an expression, by the address of the record."""
    listed = slopes(compile_expression(text), here or at(read()))
    assert len({slope.record.address for slope in listed}) == len(listed)
    assert all((slope.array.shape, slope.array.dtype) == (slope.record.shape, np.float64) for slope in listed)
    return {slope.record.address: slope.array for slope in listed}


def complaint(text: str, here: Here | None = None) -> str:
    with pytest.raises(ExpressionError) as caught:
        found(text, here)
    return str(caught.value)


def assert_differences(text: str, here: Here | None = None) -> None:
    """What central differences say of some cells, those that matter most among them."""
    here = here or softened()
    expression = compile_expression(text)
    listed = slopes(expression, here)
    assert any(slope.array.any() for slope in listed)
    for record, array in listed:
        numbers = here.lookup(Address.of(record.path, record.at))[0].array
        for cell in chosen(array):
            step = SMALL * max(abs(float(numbers[cell])), 1e-3)
            up, down = (value(expression, here, record, with_cell(numbers, cell, side)) for side in (step, -step))
            noise = 1e-6 + 1e-15 * abs(up) / step
            assert array[cell] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=noise), (record, cell)


def with_cell(array: Array, cell: tuple[int, ...], change: float) -> Array:
    moved = array.copy()
    moved[cell] += change
    return moved


def value(expression: Expression, here: Here, record: Tensor, array: Array) -> float:
    """What an expression is where a record has other numbers."""
    arrays = {**getattr(here, "arrays", {}), record.address: array}
    return float(np.asarray(expression.evaluate(changed(here, arrays))).item())


def chosen(array: Array) -> Iterator[tuple[int, ...]]:
    """The cells with the largest slopes, and some others."""
    largest = np.argsort(-np.abs(array), axis=None)[: CELLS // 2]
    others = np.random.default_rng(0).integers(array.size, size=CELLS - len(largest))
    for place in {*largest.tolist(), *others.tolist()}:
        yield tuple(int(i) for i in np.unravel_index(place, array.shape))


# --- every function and operator ----------------------------------------------------------------------------------

NORM, WEIGHTS, SCORES = "dec.0.ffn.norm", "dec.0.cross.weights", "dec.0.cross.scores"
KNOWN = {
    "abs": [f"sum(abs({NORM}))", "abs(dec.0.ffn.norm[0, 1])", "sum(abs(dec.*.*.weights - .2))"],
    "exp": [f"sum(exp({NORM} / 2))", "exp(loss[1])"],
    "log": [f"sum(log({WEIGHTS}))", 'log(prob("!"))'],
    "sqrt": [f"sum(sqrt({WEIGHTS}) * {SCORES})", "sqrt(loss[0])"],
    "sin": [f"sum(sin({WEIGHTS}) * {SCORES})", "sin(loss[0])"],
    "cos": [f"sum(cos({WEIGHTS}) * {SCORES})", "cos(loss[0])"],
    "max": [f"max({NORM})", f"sum(max({WEIGHTS}, head, key) ** 2)", "max(dec.*.ffn.*)", "sum(max(dec.*.*.q, d_k))"],
    "min": [f"min({NORM})", f"sum(min({SCORES}, query))", "min(dec.*.cross.scores)"],
    "sum": ["sum(loss)", "sum(dec.*.output)", f"sum(sum({WEIGHTS}, head, key) ** 2)", "sum(dec.*.ffn.*) / 3"],
    "mean": ["mean(loss)", f"sum(mean({WEIGHTS}, query, head) ** 2)", "mean(dec.*.cross.*)", "mean(loss[1])"],
    "std": [f"std({NORM})", f"sum(std({NORM}, position) * {NORM}[0])", "std(dec.*.ffn.norm)"],
    "norm": [f"norm({NORM})", "norm(dec.0.ffn.residual[0])**2", f"sum(norm({NORM}, feature))", "norm(dec.*.ffn.*)"],
    "entropy": [
        "entropy(dec.0.cross.weights[h0, 1])",
        f"sum(entropy({WEIGHTS}, head, query))",
        "mean(entropy(dec.*.cross.weights))",
    ],
    "log_softmax": [
        f"sum(log_softmax({SCORES}) * {SCORES})",
        f"sum(log_softmax({SCORES}, query) * {WEIGHTS})",
        "sum(log_softmax(logits[-1]) ** 2)",
    ],
    "softmax": [
        f"sum(softmax({SCORES}) * {SCORES})",
        f"sum(softmax({SCORES}, query) * {WEIGHTS})",
        f"sum(softmax({SCORES}, query, head) * {SCORES})",
        "sum(softmax(dec.*.cross.scores, key) ** 2)",
    ],
    "prob": ['prob("!")', 'prob("!") - prob("2", 1)', "log(prob(4, 2) / prob(9))"],
    "logprob": ['logprob("!")', 'logprob("!", 1) * 2', "logprob(17, step)"],
    "logit": ['logit("!")', "logit(4) ** 2"],
    "logit_diff": ['logit_diff("!", "2")', 'logit_diff("!", 2, 0)'],
    "+": [f"sum((1 + {NORM} + dec.1.ffn.norm) ** 2)", "sum((+loss) ** 2)", "loss[0] + loss[1] + 2"],
    "-": [f"sum((1 - {NORM} - dec.1.ffn.norm) ** 3)", "-sum(loss)", "loss[0] - loss[1]", f"sum(-{NORM} ** 2)"],
    "*": [
        f"sum({NORM} * dec.1.ffn.norm)",
        f"sum({WEIGHTS} * {WEIGHTS}[h0])",
        f"sum({WEIGHTS}[h1, 2] * {WEIGHTS})",
        f"sum(2 * {NORM} * loss[0])",
        f"sum({NORM}[1] * {NORM} * {NORM}[:, 0])",
        "sum(dec.*.ffn.norm * dec.*.ffn.norm[0])",
        "sum(dec.*.*.scores * dec.*.*.weights)",
        "sum(dec.*.*.weights * dec.0.cross.weights[h0, 0, 0])",
    ],
    "/": [f"sum({NORM} / (2 + {NORM}[0] ** 2))", "1 / loss[0]", "loss[0] / loss[1]", f"sum({WEIGHTS}[h0] / {WEIGHTS})"],
    "**": ["sum(loss ** 3)", "2 ** loss[0]", "loss[0] ** loss[1]", f"sum({WEIGHTS} ** {WEIGHTS}[h0])"],
    "@": [
        f"sum({WEIGHTS} @ dec.0.cross.v)",
        f"sum(({WEIGHTS} @ dec.0.cross.v) ** 2)",
        f"sum(({NORM} @ dec.1.ffn.norm) ** 2)",
        f"norm({NORM}[0] @ {NORM})",
        "loss @ loss",
        "sum(dec.*.cross.weights @ dec.*.cross.v)",
    ],
}  # fmt: skip
"""Expressions with a derivative, for every function and every operator that has one."""
REFUSED = {
    "isnan": "sum(isnan(loss))",
    "any": "1 + any(loss)",
    "all": "1 + all(loss)",
    "argmax": "sum(argmax(logits))",
    "argmin": "sum(argmin(logits))",
    "shape": "sum(shape(loss))",
    "previous": "sum(previous(dec.0.self.weights[:, 1:]))",
    "next": "sum(next(enc.0.self.weights))",
    "rank": 'loss[0] * rank("!")',
    "<": "sum(loss < 1)",
    "<=": "sum(loss <= 1)",
    ">": "sum(loss > 1)",
    ">=": "sum(loss >= 1)",
    "==": "sum(loss == 1)",
    "!=": "sum(loss != 1)",
    "and": "1 + (loss[0] and loss[1])",
    "or": "1 + (loss[0] or loss[1])",
    "not": "1 + (not loss[0])",
}
"""An expression for each that has none; of kl there is more to say."""
OPERATORS = {operator.symbol for table in (BINARY, UNARY, COMPARISONS) for operator in table.values()}


def test_every_function_and_operator_is_known_or_refused() -> None:
    assert {*FUNCTIONS, *OPERATORS, "and", "or", "not"} == {*KNOWN, *REFUSED, "kl"}
    assert not {*KNOWN} & {*REFUSED}


@pytest.mark.parametrize("text", [text for texts in KNOWN.values() for text in texts])
def test_central_differences(text: str) -> None:
    assert_differences(text)


@pytest.mark.parametrize("symbol", REFUSED)
def test_what_has_no_derivative_says_so(symbol: str) -> None:
    text = REFUSED[symbol]
    column = text.index(symbol) + 1
    assert complaint(text) == f"column {column}: {symbol} has no derivative, and so the expression has none"


def test_a_chain_of_comparisons_has_no_derivative() -> None:
    assert complaint("sum(0 < loss < 1)") == "column 7: < has no derivative, and so the expression has none"


def test_kl_reads_two_runs() -> None:
    assert complaint("2 * kl(r0, r0)").startswith(
        "column 5: kl reads two runs, and derivatives are by what is recorded"
    )


def test_a_new_function_has_none_until_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "cube", OfCells("cube", lambda x: x**3))
    assert complaint("sum(cube(loss))") == "column 5: cube has no derivative, and so the expression has none"
    monkeypatch.setitem(FUNCTIONS, "cube", OfCells("cube", lambda x: x**3, lambda x, _y: 3 * x**2))
    assert_differences("sum(cube(loss))")


# --- where the derivatives lie ------------------------------------------------------------------------------------


def test_a_cell_is_itself() -> None:
    expected = np.zeros((4, 4, 4))
    expected[0, 0, 1] = 1
    (found_array,) = found("dec.0.cross.weights[h0, 0, 1]").values()
    np.testing.assert_array_equal(found_array, expected)


def test_labels_spans_and_numbers_from_the_end_place_it_in_the_whole_record() -> None:
    expected = np.zeros((4, 4, 4))
    expected[1, 1, 3] = 2
    expected[3, 1:3, 0] = -1
    text = 'sum(2 * dec.0.cross.weights[h1, "!", "书"]) - sum(dec.0.cross.weights[-1, 1:3, "?"])'
    assert found(text).keys() == {"@1:decoder.0.cross_attn.weights"}
    np.testing.assert_array_equal(found(text)["@1:decoder.0.cross_attn.weights"], expected)


def test_what_is_read_twice_is_added_up() -> None:
    (array,) = found("loss[0] + 2 * loss[0] - loss[2] + sum(3 * loss)").values()
    np.testing.assert_array_equal(array, [6, 3, 2])


def test_every_second_cell_backwards() -> None:
    (array,) = found("sum(loss[::-2] * loss[::2])").values()
    first, _middle, last = read()[1]["loss"].array
    np.testing.assert_allclose(array, [2 * last, 0, 2 * first])


def test_a_glob_leads_back_to_each_of_its_records() -> None:
    arrays = found("sum(dec.*.ffn.norm[1])")
    assert list(arrays) == ["@1:decoder.0.ffn.norm", "@1:decoder.1.ffn.norm"]
    assert all((array[1] == 1).all() and array.sum() == 48 for array in arrays.values())


def test_the_sole_record_of_a_glob_is_one_number() -> None:
    (array,) = found("**.loss[1]").values()
    np.testing.assert_array_equal(array, [0, 1, 0])


def test_a_logit_difference_by_hand() -> None:
    expected = np.zeros((4, 352))
    expected[-1, [4, 6]] = 1, -1
    (array,) = found("logit_diff(4, 6)").values()
    np.testing.assert_array_equal(array, expected)


def test_a_log_probability_is_one_less_the_probabilities() -> None:
    here = at(decoded("float32"), 2)
    z = here.run.step(2).find("logits").output.array[-1].astype(np.float64)
    expected = -np.exp(z) / np.exp(z).sum()
    expected[9] += 1
    (array,) = found("logprob(9)", here).values()
    np.testing.assert_allclose(array[-1], expected, rtol=1e-12)


def test_the_steps_of_an_encoder_are_read_from_a_decoders() -> None:
    here = at(decoded(), 2)
    assert found("sum(@0:encoder.output) + @2:logits[0, 0] + sum(enc.0.ffn.norm)", here).keys() == {
        "@0:encoder.1.ffn.norm",
        "@2:logits",
        "@0:encoder.0.ffn.norm",
    }
    assert_differences("sum(@0:encoder.output[0] * dec.1.ffn.norm)", here)


def test_an_edited_record_is_what_was_put_there() -> None:
    branch = read().branch(tracer.edit("decoder.0.ffn.norm[1]", 3.0))
    (array,) = found("sum(dec.0.ffn.norm ** 2)", at(branch)).values()
    assert (array[1] == 6).all()


def test_a_run_may_go_by_its_number() -> None:
    here = at(read())
    assert found("r0:loss[0]", here).keys() == {"@1:loss"}
    two = replace(here, runs={0: here.run, 1: decoded()})
    assert complaint("loss[0] + r1:@1:logits[0, 0]".replace("r1:@", "r1@"), two).startswith("column 11: r1@1:logits")


def test_shorter_tensors_of_a_glob_lead_back_without_the_cells_that_are_not_there() -> None:
    here = softened(at(decoded(), 2))
    for text in (
        "sum(dec.*.*.k)",
        "sum(softmax(dec.*.*.scores) * dec.*.*.scores)",
        "sum(mean(dec.*.*.weights, key) ** 2)",
    ):
        assert len(found(text, here)) > 3
        assert_differences(text, here)
    for text in (
        "max(dec.*.*.k)",
        "sum(std(dec.*.*.scores, key, head))",
        "sum(dec.*.*.weights[:, 0] @ dec.*.*.scores[:, 0])",
    ):
        assert_differences(text, here)
    assert_differences("sum(dec.*.*.k * dec.*.*.k[:, 0])", here)
    assert_differences("sum(entropy(dec.*.*.weights, key) * min(dec.*.*.scores, key))", here)


def test_what_was_printed_is_constant() -> None:
    history = History()
    history.keep("loss", read()[1]["loss"])
    (array,) = found("sum($1 * loss)", replace(at(read()), history=history)).values()
    np.testing.assert_array_equal(array, read()[1]["loss"].array)


@pytest.mark.parametrize(
    "text", ['sum(loss) * (token != "x")', "sum(loss) * (step > 0 and not step == 3)", "sum(loss) * max(step)"]
)
def test_what_reads_nothing_is_constant(text: str) -> None:
    (array,) = found(text).values()
    np.testing.assert_array_equal(array, [1, 1, 1])


# --- corners ------------------------------------------------------------------------------------------------------


def with_loss(*values: float) -> Changed:
    return changed(at(read()), {"@1:loss": np.array(values, float)})


@pytest.mark.parametrize(
    ("expected", "text", "loss"),
    [
        ([1, 0, 0], "max(loss)", (2, 2, 1)),
        ([0, 1, 0], "min(loss)", (2, 1, 1)),
        ([0, 1, -1], "sum(abs(loss))", (0, 2, -2)),
        ([0, 0, 0], "norm(loss)", (0, 0, 0)),
        ([0, 0, 0], "std(loss)", (2, 2, 2)),
        ([0, 0, 12], "sum(loss ** 3)", (0, 0, 2)),
        ([1, 1, 1], "sum(loss ** 1)", (0, 0, 2)),
        ([0, 0, 0], "sum(loss ** 0)", (0, 0, 2)),
        ([2, 1, -1], "loss[0] ** 2 - loss[1] * (loss[2] - 1)", (1, 1, 0)),
        ([0, -1 / math.log(2), 0], "entropy(loss)", (0, 1, 0)),
        ([math.inf, 0.25, 1 / 6], "sum(sqrt(loss))", (0, 4, 9)),
    ],
)
def test_corners(expected: list[float], text: str, loss: tuple[float, ...]) -> None:
    history = History()
    history.keep("ends", Tensor(np.array([0.0, 0.0, 1.0]), read()[1]["loss"].dims))
    here = replace(with_loss(*loss), history=history)
    np.testing.assert_allclose(found(text, here)["@1:loss"], expected)


# --- what it refuses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text", "loss"),
    [
        ("nan", "max(loss)", (2, math.nan, 1)),
        ("nan", "sum(sqrt(loss))", (-1, 4, 9)),
        ("-inf", "sum(log(loss))", (0, 1, 1)),
    ],
)
def test_what_is_not_finite_is_refused(expected: str, text: str, loss: tuple[float, ...]) -> None:
    told = f"column 1: this comes to {expected} here, and a derivative is that of a finite number"
    assert complaint(text, with_loss(*loss)) == told


def test_a_mask_alone_is_refused() -> None:
    assert complaint("sum(dec.0.cross.mask)").startswith("column 1: @1:decoder.0.cross_attn.mask is a mask")
    assert "@1:loss" in found("sum(dec.0.cross.mask) + sum(loss)")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("column 1: a derivative is that of one number, and this is a tensor [position 3]; wrap it in sum(…)", "loss"),
        ("column 1: a derivative is that of one number, and this is 29 tensors", "dec.0.*.*"),
        ("column 1: this reads nothing that is recorded", "2 + step"),
        ("column 1: this reads nothing that is recorded", "token"),
        ("column 9: @*:loss reads every step, and derivatives are by what is recorded in one", "1 + sum(@*:loss)"),
        ("column 5: @*:probs[-1] reads every step", "1 + @*:prob(4)"),
        ("column 5: model.shared.weight is a parameter", "sum(model.shared.weight)"),
        ("column 5: nothing is recorded at lss; did you mean loss?", "sum(lss)"),
        ("column 1: nothing is recorded at entropi; did you mean entropy(…)?", "entropi"),
        ("column 1: index 9 is out of range", "loss[9]"),
        ("column 5: index 9 is out of range", "2 * prob(4, 9)"),
        ("column 20: + can't be applied to a tensor [position 4, feature 48] and", "sum(dec.0.ffn.norm + loss)"),
        ("column 10: division by zero", "sum(loss / (step - 1))"),
    ],
)
def test_complaints_name_the_column(expected: str, text: str) -> None:
    assert complaint(text).startswith(expected)


def test_another_step_is_refused() -> None:
    told = "column 5: @1:logits lies outside the cursor's step; derivatives are by what is recorded in that, and in @0"
    assert complaint("sum(@1:logits)", at(decoded(), 2)) == told
    assert complaint("2 * @1:prob(4)", at(decoded(), 2)).startswith("column 5: @1:probs lies outside the cursor's step")
    assert complaint("sum(@1:logits)", at(decoded(), 0)) == told


def test_whole_numbers_are_refused() -> None:
    assert complaint("choice * 2", at(decoded(), 2)).startswith("column 1: @2:choice has whole numbers")


@pytest.mark.parametrize("name", ["gpt2", "llama_gqa", "t5_v1_0"])
def test_other_families(name: str) -> None:
    here = at(read(name))
    assert_differences("logprob(4) + sum(dec.*.ffn.output * dec.0.ffn.output)", here)
