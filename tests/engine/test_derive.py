"""What is shown can be proved: a derivation is true arithmetic over true operands."""

from __future__ import annotations

import ast
import json
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox

import tracer
from tracer.addresses import At, parse
from tracer.arithmetic import Given, Named, Number, magnitude
from tracer.derive import MOST, Explainer, Explanation, derive, places_of
from tracer.export import jsonl
from tracer.ops import catalogue
from tracer.ops.attention import mask
from tracer.ops.frequencies import Frequencies
from tracer.ops.linear import add
from tracer.ops.norm import layer_norm
from tracer.ops.softmax import softmax
from tracer.tape import Record, Tape
from tracer.tensor import Axis, Parameter, Tensor

from .conftest import FIXTURES, Checkpoint, Dtype
from .traces import Trace, traces

CELLS, CELLS_OF_FAMILY = 40, 2
"""cells of each operation, in each type of arithmetic: in all, and in each family that has it, at least"""

TINY = float(np.finfo(np.float32).tiny)
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
NAMES = {name: getattr(math, name) for name in ("inf", "nan", "pi", "exp", "sqrt", "log", "erf", "tanh", "sin", "cos")}
NAMES |= {"max": max, "sum": sum}
GRAMMAR = {
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call, ast.List),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.USub),
    *(ast.IfExp, ast.Compare, ast.Lt, ast.LtE),
}


Recorded = dict[str, list[tuple[Trace, Record]]]


@pytest.fixture(scope="session")
def recorded(dtype: Dtype, checkpoint: Checkpoint) -> Recorded:
    """The records of all traces in one type of arithmetic, by the name of their operation."""
    found: Recorded = {}
    for trace in traces(dtype, checkpoint):
        for record in trace.records:
            found.setdefault(record.op.name, []).append((trace, record))
    return found


def evaluated(expression: str) -> float:
    """The value that Python itself gives an expression made of numbers, operators and the names allowed."""
    tree = ast.parse(expression, mode="eval")
    nodes = list(ast.walk(tree))
    assert {type(node) for node in nodes} <= GRAMMAR
    assert all(isinstance(node.value, float | int) for node in nodes if isinstance(node, ast.Constant))
    return float(eval(compile(tree, "derivation", "eval"), {"__builtins__": {}}, NAMES))


Drawn = tuple[Trace, Record, tuple[int, ...]]


def sample(found: Recorded, name: str, seed: str) -> list[Drawn]:
    """Random cells of an operation, from every family that has it, and from as many records as there are."""
    rng = random.Random(seed)
    families: dict[str, list[tuple[Trace, Record]]] = {}
    for trace, record in found[name]:
        if 0 not in record.output.shape:
            families.setdefault(trace.family, []).append((trace, record))
    records = [pair for family in families.values() for pair in family]
    drawn = [pair for family in families.values() for pair in some(family, CELLS_OF_FAMILY, rng)]
    drawn += some(records, max(0, CELLS - len(drawn)), rng)
    return [(trace, r, tuple(rng.randrange(n) for n in r.output.shape)) for trace, r in drawn]


def some(records: list[tuple[Trace, Record]], count: int, rng: random.Random) -> list[tuple[Trace, Record]]:
    """So many records, none twice before every one has been drawn."""
    chosen = rng.sample(records, min(count, len(records)))
    return chosen + rng.choices(records, k=count - len(chosen))


@pytest.mark.parametrize("name", catalogue())
def test_every_operation_is_derived(name: str, dtype: str, recorded: Recorded) -> None:
    for trace, record, index in sample(recorded, name, f"{name} {dtype}"):
        derivation = derive(record, index)
        shown = json.loads(jsonl.dumps(jsonl.derivation(derivation)))
        value = float(shown["value"])
        noise = TOLERANCE[dtype] * max(abs(value), magnitude(derivation.expression), TINY)
        for result in (evaluated(shown["expression"]), derivation.expression.evaluate()):
            assert agrees(result, value, noise), (trace.name, record, index, shown["expression"], result, value)
        for leaf in derivation.terms:
            assert leaf.value == trace.read(leaf), (trace.name, record, index, leaf)


def agrees(result: float, value: float, noise: float) -> bool:
    if not math.isfinite(value):
        return result == value
    return math.isfinite(noise) and abs(result - value) <= noise


def test_every_operation_has_been_recorded(recorded: Recorded) -> None:
    assert recorded.keys() == catalogue().keys()


def test_a_derivation_says_where_it_stands(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=1)
    record = run[1].tape.find("decoder.1.ffn.residual")
    derivation = derive(record, (0, 3))
    assert derivation.address == "@1:decoder.1.ffn.residual"
    assert derivation.index == (0, 3)
    assert derivation.value == record.output.array[0, 3]
    assert derivation.formula == "x + y"
    assert [leaf.address for leaf in derivation.terms] == [tensor.address for tensor in record.inputs]


def test_each_operand_is_a_term_once(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=1)
    terms = derive(run[1].tape.find("decoder.1.ffn.norm"), (0, 3)).terms
    assert len(terms) == len(set(terms)) == 16 + 2


def test_what_lies_in_the_cache_is_derived_from_the_step_that_made_it(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=3, cache=True)
    keys = run[3].tape.find("decoder.1.self_attn.k")
    terms = [derive(keys, (1, row, 2)).terms for row in range(3)]
    assert [[(leaf.address, leaf.index) for leaf in leaves] for leaves in terms] == [
        [(f"@{step}:decoder.1.self_attn.k_new", (1, 0, 2))] for step in (1, 2, 3)
    ]
    values = run[3].tape.find("decoder.1.cross_attn.v")
    assert [leaf.address for leaf in derive(values, (0, 1, 2)).terms] == ["@1:decoder.1.cross_attn.v"]


def test_a_chain_of_derivations_ends_in_parameters_and_tokens(random_model: tracer.Model) -> None:
    """From a probability of the last step down to the checkpoint, along one operand at a time."""
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=3, cache=True)
    rng = random.Random(1)
    for _ in range(20):
        leaf, depth = run[3]["probs"].leaf(0, rng.randrange(120)), 0
        while leaf.at is not None and (terms := derive(run.at(leaf.at).find(leaf.path), leaf.index).terms):
            leaf, depth = rng.choice(terms), depth + 1
        assert depth > 1
        assert leaf.at is None or leaf.path.endswith((".positions", ".mask"))


def test_the_size_of_the_terms_is_what_noise_is_measured_by() -> None:
    assert agrees(1.0 + 1e-6, 1.0, 1e-5)
    assert not agrees(1.0 + 1e-4, 1.0, 1e-5)
    assert not agrees(1.0, 2.0, math.inf)
    assert agrees(-math.inf, -math.inf, math.inf)
    assert not agrees(float(np.float32(0)), -math.inf, math.inf)


def explained(model: tracer.Model, address: str, index: tuple[int, ...], depth: int, **how: Any) -> Explanation:
    """A cell of a short run, explained."""
    run = tracer.trace(model, ids=[5, 6, 2], max_tokens=3, **how)
    record = run.step(int(address[1])).resolve(parse(address))
    return Explainer(run).explain(record, index, depth)


def test_each_level_derives_the_operands_of_the_one_above(random_model: tracer.Model) -> None:
    for depth in (1, 2, 3):
        root = explained(random_model, "@2:decoder.1.ffn.residual", (0, 3), depth, cache=False)
        assert depth_of(root) == depth
    residual = explained(random_model, "@2:decoder.1.ffn.residual", (0, 3), 2, cache=False)
    assert [str(operand.leaf) for operand in residual.operands] == [
        "@2:decoder.1.cross_attn.residual[0,3]",
        "@2:decoder.1.ffn.output[0,3]",
    ]
    assert all(operand.derivation for operand in residual.operands)


def depth_of(explanation: Explanation) -> int:
    below = max(map(depth_of, explanation.operands), default=0)
    return below + (explanation.derivation is not None)


def test_of_a_long_sum_the_largest_term_is_followed(random_model: tracer.Model) -> None:
    root = explained(random_model, "@1:logits", (0, 7), 1)
    x, weight, bias = root.operands
    row = random_model.parameters["logits.weight"].array[7]
    assert root.derivation is not None
    terms = row * root.derivation.record.inputs[0].array[0]
    assert x.leaf.index == (0, int(np.abs(terms).argmax()))
    assert (weight.leaf.address, bias.leaf.address) == ("logits.weight", "logits.bias")
    assert weight.derivation is bias.derivation is None


def test_an_explanation_goes_on_across_steps(random_model: tracer.Model) -> None:
    root = explained(random_model, "@3:decoder.0.self_attn.k", (1, 0, 2), 2, cache=True)
    assert [(d.address, d.index) for d in root.derivations()] == [
        ("@3:decoder.0.self_attn.k", (1, 0, 2)),
        ("@1:decoder.0.self_attn.k_new", (1, 0, 2)),
    ]


def test_an_explanation_ends_in_parameters_and_constants_and_stays_small(random_model: tracer.Model) -> None:
    root = explained(random_model, "@3:probs", (0, 5), 20, cache=True)
    assert len(list(root.derivations())) <= MOST
    assert any(operand.is_cut or not operand.record for operand in leaves(root))


def leaves(explanation: Explanation) -> Iterator[Explanation]:
    if not explanation.operands:
        yield explanation
    for operand in explanation.operands:
        yield from leaves(operand)


def test_only_operands_on_the_way_are_touched(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=3, cache=True)
    touched: list[str] = []

    class Spy:
        parameters = run.parameters

        def at(self, place: At) -> Tape:
            touched.append(str(place))
            return run.at(place)

    record = run.step(3).find("decoder.0.self_attn.k")
    Explainer(Spy()).explain(record, (0, 1, 0), 1)
    assert set(touched) == {"@2", "@3"}


def test_masks_say_which_rule_hides_or_lets_through(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2, 0], max_tokens=2, cache=False)
    explainer = Explainer(run)

    def reasons(path: str, *index: int) -> list[str]:
        return explainer.reasons(derive(run.step(2).find(path), index))

    assert reasons("decoder.0.self_attn.weights", 0, 0, 1) == ["mask: hidden by the causal mask: key 1 > query 0"]
    seen = ["mask: key 0 is visible (no padding; causal: key 0 ≤ query 1)"]
    assert reasons("decoder.0.self_attn.masked", 0, 1, 0) == seen
    assert reasons("decoder.0.cross_attn.masked", 0, 1, 0) == ["mask: key 0 is visible (no padding)"]
    assert reasons("decoder.0.cross_attn.weights", 1, 0, 3) == ["mask: hidden: key 3 is padding"]
    assert reasons("decoder.0.self_attn.mask", 0, 1) == []
    assert reasons("decoder.0.ffn.residual", 0, 1) == []


SAMPLED: dict[str, Any] = {"strategy": "sample", "temperature": 2.0, "top_k": 9, "top_p": 0.6, "seed": 3}


def test_a_draw_lies_between_two_sums(random_model: tracer.Model) -> None:
    tape = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=1, **SAMPLED).step(1)
    drawn = derive(tape.find("choice"), ())
    probs = tape["choice.probs"].array.astype(np.float64)
    place, u = int(drawn.value), Generator(Philox(key=3, counter=1)).random()
    assert isinstance(drawn.expression, Given)
    before, point, with_it = (node.evaluate() for node in drawn.expression.order)
    assert (before, with_it) == pytest.approx((probs[:place].sum(), probs[: place + 1].sum()))
    assert point == pytest.approx(u * probs.sum())
    assert before <= point < with_it


def test_what_top_k_and_top_p_take_out_they_answer_for(random_model: tracer.Model) -> None:
    run = tracer.trace(random_model, ids=[5, 6, 2], max_tokens=1, **SAMPLED)
    tape, explainer = run.step(1), Explainer(run)
    z = tape["choice.scaled"].array
    order = np.argsort(-z).tolist()
    nucleus = int(np.isfinite(tape["choice.top_p"].array).sum())
    assert 0 < nucleus < 9

    def told(path: str, rank: int) -> str:
        return derive(tape.find(path), (order[rank],)).note

    def reasons(path: str, rank: int) -> list[str]:
        return explainer.reasons(derive(tape.find(path), (order[rank],)))

    assert (told("choice.top_k", 8), told("choice.top_k", 9)) == ("among the 9 largest", "not among the 9 largest")
    assert told("choice.top_p", nucleus - 1) == "in the nucleus of probability 0.6"
    assert told("choice.top_p", nucleus) == "outside the nucleus of probability 0.6"
    assert told("choice.top_p", 9) == ""
    assert reasons("choice.top_p", 9) == reasons("choice.probs", 9) == ["top_k: not among the 9 largest"]
    assert reasons("choice.probs", nucleus) == ["top_p: outside the nucleus of probability 0.6"]
    ninth = derive(tape.find("choice.top_k"), (order[20],)).operands
    assert [(leaf.address, leaf.index) for leaf in ninth] == [
        ("@1:choice.scaled", (order[20],)),
        ("@1:choice.scaled", (order[8],)),
    ]


def test_a_forced_token_is_said_to_be_forced() -> None:
    model = tracer.load(FIXTURES / "bart_tied")
    run = tracer.trace(model, ids=[5, 9, 2], max_tokens=1)
    reasons = Explainer(run).reasons(derive(run.step(1).find("choice"), ()))
    assert reasons == [f"logits: token {run.output_ids[0]} is forced here"]


def note(model: str, address: str, *index: int, ids: Sequence[int] = (5, 9, 2)) -> str:
    run = tracer.trace(tracer.load(FIXTURES / model), ids=ids, max_tokens=1)
    return derive(run.step(int(address[1])).resolve(parse(address)), index).note


def test_it_is_said_how_an_operand_was_found() -> None:
    far = note("t5_v1_0", "@0:encoder.0.self_attn.position_bias", 0, 17, 0, ids=[*range(3, 21)])
    assert far == "key 0 − query 17 = -17: bucket 3 of 8"
    assert "row 1 + 2 = 3" in note("bart_tied", "@0:encoder.embed.positions", 1, 0)
    assert note("gpt2", "@1:decoder.embed.positions", 1, 0) == ""
    assert note("llama_gqa", "@1:decoder.0.self_attn.scores", 5, 2, 1).startswith("head 5 has kv_head 1")
    assert note("llama_gqa", "@1:decoder.0.self_attn.heads", 0, 2, 1).startswith("head 0 has kv_head 0")
    assert note("gpt2", "@1:decoder.0.self_attn.scores", 1, 2, 1) == ""


def test_an_angle_has_its_base_and_its_scaling() -> None:
    plain, factor = Number(0.1, "100^(−2/4)"), Number(4.0, "factor")
    frequencies = Frequencies((plain, plain / factor))
    assert frequencies.derive(0) == Number(0.1, "θ = 100^(−2/4)")
    assert frequencies.derive(1) == Named("θ", plain / factor)
    assert frequencies.values == (0.1, 0.025)


def test_a_window_lets_a_key_through_by_its_distance() -> None:
    how: dict[str, Any] = {"query": Axis("query"), "key": Axis("key"), "shape": (1, 4), "dtype": np.float64}
    record = Record(
        1,
        mask,
        (),
        {**how, "past": 3, "window": 3, "padding": ()},
        mask.forward(**how, past=3, window=3, padding=()),
    )
    assert (
        derive(record, (0, 1)).note == "key 1 is visible (no padding; causal: key 1 ≤ query 3; window: 3 − 1 = 2 < 3)"
    )
    assert derive(record, (0, 0)).note == "hidden by the window of 3: key 0 is 3 before query 3"


def test_the_places_of_a_cell_have_its_tokens() -> None:
    axes = (Axis("query", ["a", "b"]), Axis("key"), Axis("vocab", ["x", "y"]))
    assert places_of(Tensor(np.zeros((2, 2, 2)), axes), (1, 0, 0)) == [("query", 1, "b"), ("vocab", 0, "x")]


def poisoned(record: Record, value: float, rng: random.Random) -> Record:
    """The record as it would be if one cell of one of its inputs had been something else."""
    inputs = list(record.inputs)
    place = rng.choice([n for n, tensor in enumerate(inputs) if np.issubdtype(tensor.dtype, np.floating)])
    array = inputs[place].array.copy()
    array.flat[rng.randrange(array.size)] = value
    inputs[place] = Tensor(array, inputs[place].dims, inputs[place].path, inputs[place].at)
    with np.errstate(all="ignore"):
        output = record.op.forward(*inputs, **record.parameters)
    output.path, output.at = record.output.path, record.output.at
    return Record(record.index, record.op, tuple(inputs), record.parameters, output)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", [name for name, op in catalogue().items() if not op.shares])
def test_what_is_not_finite_is_an_operand_like_any_other(
    name: str, value: float, dtype: str, recorded: Recorded
) -> None:
    if (name, value) == ("draw", -math.inf):
        pytest.skip("no softmax yields it")
    rng = random.Random(f"{name} {value}")
    drawn = [
        record for _, record, _ in sample(recorded, name, name) if record.inputs and 0 not in record.inputs[0].shape
    ]
    for record in drawn[:8]:
        made = poisoned(record, value, rng)
        found = np.argwhere(~np.isfinite(made.output.array)).tolist() or [[0] * made.output.array.ndim]
        for index in (tuple(rng.choice(found)), tuple(rng.randrange(n) for n in made.output.shape)):
            derivation = derive(made, index)
            noise = TOLERANCE[dtype] * max(abs(derivation.value), magnitude(derivation.expression), TINY)
            for result in (evaluated(derivation.expression.python()), derivation.expression.evaluate()):
                is_nan = math.isnan(derivation.value)
                assert math.isnan(result) if is_nan else agrees(result, derivation.value, noise), (
                    record,
                    index,
                    result,
                )


def test_nan_and_infinity_are_operands_like_any_other() -> None:
    tape = Tape(1)
    x = Tensor(np.array([np.nan, np.inf, 1.0]), (Axis("key"),), "x", At(0))
    with np.errstate(all="ignore"):
        tape(softmax, "y", x)
        tape(layer_norm, "z", x, weight=Parameter(np.ones(3), x.dims, "w"), eps=1e-5)
        tape(add, "sum", x, x)
    for record in tape:
        for place in range(3):
            derivation = derive(record, (place,))
            assert str(derivation.expression.evaluate()) == str(derivation.value)
            assert derivation.operands
