"""What is shown can be proved: a derivation is true arithmetic over true operands."""

from __future__ import annotations

import ast
import json
import math
import random
from collections import Counter

import numpy as np
import pytest

import tracer
from tracer.arithmetic import magnitude
from tracer.derive import derive
from tracer.export import jsonl
from tracer.ops import catalogue
from tracer.tape import Record

from .conftest import Checkpoint, Dtype
from .traces import Trace, traces

CELLS = 60
"""cells of each operation, in each type of arithmetic"""

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
NAMES = {name: getattr(math, name) for name in ("inf", "nan", "pi", "exp", "sqrt", "log", "erf", "tanh", "sin", "cos")}
NAMES |= {"max": max, "sum": sum}
GRAMMAR = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call, ast.List),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.USub),
)


@pytest.fixture(scope="session")
def recorded(dtype: Dtype, checkpoint: Checkpoint) -> list[Trace]:
    """The traces in one type of arithmetic."""
    return list(traces(dtype, checkpoint))


def evaluated(expression: str) -> float:
    """The value that Python itself gives an expression made of numbers, operators and the names allowed."""
    tree = ast.parse(expression, mode="eval")
    assert all(isinstance(node, GRAMMAR) for node in ast.walk(tree))
    assert all(isinstance(node.value, float | int) for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return float(eval(compile(tree, "derivation", "eval"), {"__builtins__": {}}, NAMES))


def sample(found: list[Trace], name: str, seed: str) -> list[tuple[Trace, Record, tuple[int, ...]]]:
    """Random cells of an operation, from as many records as there are."""
    rng = random.Random(seed)
    records = [(trace, r) for trace in found for r in trace.records if r.op.name == name and r.output.array.size]
    assert records, f"no run exercises {name}"
    chosen = rng.sample(records, min(CELLS, len(records)))
    drawn = chosen + rng.choices(records, k=CELLS - len(chosen))
    return [(trace, r, tuple(rng.randrange(n) for n in r.output.shape)) for trace, r in drawn]


@pytest.mark.parametrize("name", catalogue())
def test_every_operation_is_derived(name: str, dtype: str, recorded: list[Trace]) -> None:
    for trace, record, index in sample(recorded, name, f"{name} {dtype}"):
        derivation = derive(record, index)
        shown = json.loads(jsonl.dumps(jsonl.derivation(derivation)))
        value = float(shown["value"])
        noise = TOLERANCE[dtype] * max(abs(value), magnitude(derivation.expression))
        for result in (evaluated(shown["expression"]), derivation.expression.evaluate()):
            assert agrees(result, value, noise), (trace.name, record, index, shown["expression"], result, value)
        for leaf in derivation.terms:
            assert leaf.value == trace.read(leaf), (trace.name, record, index, leaf)


def agrees(result: float, value: float, noise: float) -> bool:
    if not math.isfinite(value):
        return result == value
    return math.isfinite(noise) and abs(result - value) <= noise


def test_every_operation_has_been_recorded(recorded: list[Trace]) -> None:
    counts = Counter(record.op.name for trace in recorded for record in trace.records)
    assert counts.keys() == catalogue().keys()


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
        address, depth = "@3:probs", 0
        index: tuple[int, ...] = (0, rng.randrange(120))
        while address.startswith("@"):
            step, path = address[1:].split(":")
            terms = derive(run.step(int(step)).find(path), index).terms
            if not terms:
                break
            leaf = rng.choice(terms)
            address, index, depth = leaf.address, leaf.index, depth + 1
        assert depth > 1
        assert not address.startswith("@") or address.endswith((".positions", ".mask"))


def test_the_size_of_the_terms_is_what_noise_is_measured_by() -> None:
    assert agrees(1.0 + 1e-6, 1.0, 1e-5)
    assert not agrees(1.0 + 1e-4, 1.0, 1e-5)
    assert not agrees(1.0, 2.0, math.inf)
    assert agrees(-math.inf, -math.inf, math.inf)
    assert not agrees(float(np.float32(0)), -math.inf, math.inf)
