"""The objects of the machine-readable output."""

import json
import math

import numpy as np
import pytest

from tracer.export import jsonl

SCRIPT = ("run 我爱你", "step 2", "token", "p dec.0.cross.weights", "why dec.0.cross.weights[h0, 0, 1]", "continue")


def test_every_kind_has_its_keys(objects):
    keys = {thing["kind"]: set(thing) - {"kind"} for thing in objects(*SCRIPT)}
    assert keys == {
        "op": {"step", "index", "address", "op", "formula", "inputs", "axes", "shape", "min", "max", "mean", "std",
               "nonfinite"},
        "tensor": {"step", "address", "axes", "shape", "labels", "values"},
        "derivation": {"address", "index", "value", "formula", "expression", "terms"},
        "stop": {"reason", "step", "address", "number"},
        "token": {"step", "token", "id", "prob", "text"},
        "result": {"command", "data"},
    }  # fmt: skip


def test_each_motion_ends_in_one_stop(objects):
    stops = [(thing["reason"], thing["step"]) for thing in objects(*SCRIPT, "rs", "rc") if thing["kind"] == "stop"]
    last = stops[3][1]
    assert stops == [("start", 0), ("step", 0), ("token", 1), ("end", last), ("step", last), ("start", 0)]


def test_a_tensor_is_whole_and_labelled(objects, session):
    tensor = objects("token", "p dec.0.cross.weights")[-1]
    recorded = session.run.step(1)["decoder.0.cross_attn.weights"]
    assert np.array_equal(np.array(tensor["values"]), recorded.array)
    assert tensor["labels"] == {"query": ["<s>"], "key": ["我", "爱", "你", "</s>"]}
    assert tensor["axes"] == ["head", "query", "key"]
    assert tensor["shape"] == [2, 1, 4]


def test_what_is_not_finite_is_a_string(objects):
    mask = objects("token 2", "p dec.0.self.mask")[-1]
    assert mask["values"] == [[0.0, "-inf"], [0.0, 0.0]]
    assert jsonl.dumps({"x": [math.nan, -math.inf, np.float32(1)]}) == '{"x": ["nan", "-inf", 1.0]}'


@pytest.mark.parametrize(
    "cell", ["dec.0.cross.weights[h0,0,1]", "dec.0.ffn.norm[0,3]", "enc.0.self.q[1,2,3]", "choice.logits[3]"]
)
def test_a_derivation_evaluates_to_its_value(objects, cell):
    derived = objects("token", f"why {cell}")[-1]
    value = eval(derived["expression"], {**vars(math), "inf": math.inf})
    assert value == pytest.approx(derived["value"], rel=1e-9)
    assert all(set(term) == {"address", "index", "value"} for term in derived["terms"])


def test_an_error_is_an_object_and_a_complaint(objects, capsys):
    error = objects("step", "bogus")[-1]
    assert (error["kind"], error["command"], error["line"]) == ("error", "bogus", 2)
    assert capsys.readouterr().err == f"-e:2: {error['message']}\n"


def test_every_line_is_json_however_odd_the_text(objects):
    things = objects('run "[b\\]😀a\u2028b', "token", "tokens")
    assert json.loads(jsonl.dumps(things[0])) == things[0]
