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
from tracer.debugger.expressions import (
    DISTRIBUTION,
    FUNCTIONS,
    VARIABLES,
    Expression,
    Several,
    compile_expression,
    truth,
)
from tracer.debugger.history import Earlier, History
from tracer.errors import AddressError, ExpressionError
from tracer.tensor import Axis, Tensor

KEY = Axis("key", ("<s>", "▁love", "cat"))
VOCAB = Axis("vocab", ("</s>", "▁cat", "cat", "北京"))


def tensor(values: Any, *dims: Axis, address: str = "", dtype: type = np.float32) -> Tensor:
    return Tensor(np.array(values, dtype), dims, address)


PLACE, ROW = Axis("place"), Axis("row")
TENSORS = {
    "weights": tensor([[[0.5, 0.5, 0], [1, 0, 0]], [[0.25, 0.25, 0.5], [0, 0, 1]]], Axis("head"), Axis("query"), KEY),
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


HISTORY = History()
HISTORY.keep("v", TENSORS["v"])
HISTORY.keep("1 / 4", 0.25)
HISTORY.keep("dec.*.weights", Several(tuple(t.address for t in GLOB), tuple(GLOB)))


@dataclass
class Moment:
    """A record to evaluate at; every glob stands for the two tensors of `GLOB`."""

    step: int = 3
    token: str | None = "▁love"
    text: str = "I love"
    labels: Sequence[str] = VOCAB.labels or ()
    probs: tuple[float, ...] = (0.125, 0.5, 0.25, 0.125)

    def lookup(self, address: Address) -> list[Tensor]:
        if address.is_glob:
            return GLOB if address.path.endswith("weights") else []
        if address.path not in TENSORS:
            raise UnknownAddressError(address.path, list(TENSORS))
        return [TENSORS[address.path].select(address.selectors)]

    def earlier(self, wanted: Earlier) -> Any:
        return HISTORY.find(wanted)

    def distribution(self) -> Tensor:
        return tensor(self.probs, Axis("vocab", self.labels))


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
    "any": [(True, "any(m > 3)"), (False, "any(m > 4)"), (True, "any(dec.*.weights > .9)"), (False, "any(m[0:0])")],
    "all": [(True, "all(m > 0)"), (False, "all(dec.*.weights > 0)"), (True, "all(m[0:0])")],
    "shape": [([2, 2, 3], "shape(weights)"), ([], "shape(2)")],
    "prob": [(0.25, 'prob("cat")'), (0.5, 'prob("▁cat")'), (0.125, 'prob("北京")')],
    "rank": [(1, 'rank("▁cat")'), (3, 'rank("</s>")'), (4, 'rank("北京")')],
    "step": [(3, "step"), (True, "step == 3"), (4, "step + 1")],
    "token": [("▁love", "token"), (True, 'token == "love"'), (True, '"▁love" == token'), (True, 'token != "lov"')],
    "text": [("I love", "text"), (True, 'text == "I love"'), (False, 'text == "love"'), (True, '"" != text')],
    "inf": [(math.inf, "inf"), (True, "-inf < step")],
}


def test_every_name_of_the_language_is_tested() -> None:
    assert {*FUNCTIONS, *DISTRIBUTION, *VARIABLES} == set(CATALOGUE)


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
        ([[7, 10], [15, 22]], "m@m"),
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
    assert evaluate("m * 2 + .1").dtype == np.float32
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


def test_a_function_or_operator_takes_the_tensors_of_a_glob_one_by_one() -> None:
    found = evaluate("entropy(dec.*.weights) * 2")
    assert isinstance(found, Several)
    assert found.addresses == ("@3:decoder.0.weights", "@3:decoder.1.weights")
    assert_same([1.6225562489182659], found.values[0])
    assert_same([2, 0], found.values[1])


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
        (None, "weights"),
        (None, "argmax(weights) + 1"),
        (None, "argmax(m @ m)"),
        (None, "max(argmax(weights))"),
    ],
)
def test_what_a_place_is_counted_along(expected: Axis | None, text: str) -> None:
    along = compile_expression(text).along
    assert (along and along(Moment())) == expected


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
        ("column 1: max takes one value, not 2", "max(v, m)"),
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


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("column 2: division by zero", "1/0"),
        ("column 2: division by zero", "0/0.0"),
        ("column 3: division by zero", "m / v[2]"),
        ("column 9: division by zero", "(norm)  / (norm - norm)"),
        ("column 2: division by zero", "0**-1"),
        ("column 6: division by zero", "v[2] ** -1"),
        ("column 3: + can't be applied to a tensor [3] and a tensor [2,2]", "v + m"),
        ("column 3: @ can't be applied to a tensor [3] and a single value", "v @ 2"),
        ("column 3: > can't be applied to a tensor [3] and a tensor [2]", "v > norm"),
        ("column 1: argmax can't be applied to a single value", "argmax(2)"),
        ("column 1: max can't be applied to a tensor [0,2]", "max(m[0:0])"),
        ("column 1: mean can't be applied to a tensor [0,2]", "mean(m[0:0])"),
        ("column 15: + can't be applied to 2 tensors and a tensor [3]", "dec.*.weights + v"),
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
        "huge * tall",
        "tall @ huge",
    ],
)
def test_what_would_be_huge_is_refused_at_once(text: str) -> None:
    TENSORS["huge"] = tensor(np.zeros((1, 2**14)), ROW, PLACE)
    TENSORS["tall"] = tensor(np.zeros((2**14, 1)), ROW, PLACE)
    start = time.perf_counter()
    assert any(word in complaint(text) for word in ("too large", "too deeply", "too long", "more than 50"))
    assert time.perf_counter() - start < 0.5


PIECES = [
    *FUNCTIONS, *DISTRIBUTION, *VARIABLES, *TENSORS, "dec.*.weights", "@3", "@", ":", "#", "#2", "*", "**", ".", "..",
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
        return chance.choice(
            [*TENSORS, "dec.*.weights", "step", "inf", "0", "3", ".5", "1e300", "v[1:2]", 'prob("cat")']
        )
    one, other = grown(chance, depth - 1), grown(chance, depth - 1)
    operator = chance.choice(["+", "-", "*", "/", "@", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
    return chance.choice(
        [f"({one} {operator} {other})", f"{chance.choice(list(FUNCTIONS))}({one})", f"(-{one})", f"(not {one})"]
    )
