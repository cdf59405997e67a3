"""Trained parameters by the names they go by, in every family."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.errors import AddressError
from tracer.parameters import Named
from tracer.tensor import FEATURE, Parameter

FIXTURES = Path(__file__).parents[1] / "fixtures"
FAMILIES = sorted(path.parent for path in FIXTURES.glob("*/config.json"))
STORED_IN_OUT = {"gpt2", "gpt2_untied"}


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda path: path.name)
def family(request):
    return request.param, tracer.load(request.param)


def stored(directory):
    return {
        name: array for file in sorted(directory.glob("model*.safetensors")) for name, array in load_file(file).items()
    }


def test_by_its_name_in_the_file_a_parameter_is_as_it_lies_there(family):
    directory, model = family
    file = stored(directory)
    for parameter in model.parameters.values():
        found = model.named.get(parameter.address)
        assert found.shape == file[parameter.address].shape
        np.testing.assert_array_equal(found.array, file[parameter.address].astype(found.array.dtype))


def test_by_its_name_in_the_tree_it_is_what_the_record_of_that_name_reads(family):
    _directory, model = family
    run = tracer.trace(model, ids=[5, 6, 7], max_tokens=1)
    read = {
        f"{record.address}.{name}": value
        for step in run.steps
        for record in step
        for name, value in record.parameters.items()
        if isinstance(value, Parameter)
    }
    names = [name for name in read if name in model.named.names and name not in model.parameters]
    assert names or model.architecture.model_type == "transformer"
    for name in names:
        np.testing.assert_array_equal(model.named.get(name).array, read[name].array)


def test_a_matrix_says_which_features_go_in_and_which_come_out(family):
    directory, model = family
    matrices = [p for p in model.parameters.values() if p.axes == ("out_feature", "in_feature")]
    assert matrices
    assert all(axes != ("feature", "feature") for axes in (p.axes for p in model.parameters.values()))
    for parameter in matrices:
        turned = directory.name in STORED_IN_OUT
        axes = ("in_feature", "out_feature") if turned else ("out_feature", "in_feature")
        assert model.named.get(parameter.address).axes == axes
    run = tracer.trace(model, ids=[5, 6, 7], max_tokens=1)
    assert {axis for step in run.steps for record in step for axis in record.output.axes}.isdisjoint(
        {"out_feature", "in_feature"}
    )


def test_nothing_is_read_to_name_it():
    model = tracer.load(FIXTURES / "gpt2")
    for name in model.named.names:
        assert model.named.get(name).shape
    assert {type(parameter).__name__ for parameter in model.parameters.values()} == {"Unread"}


@pytest.fixture
def named():
    def parameter(name, transposed=False):
        return Parameter(np.arange(6.0).reshape(2, 3), (FEATURE, FEATURE), name, transposed=transposed)

    q, k = parameter("h.0.q.w", transposed=True), parameter("h.0.k.w")
    return Named({"dec.0.q.weight": q, "dec.0.k.weight": k, "shared": k}, {"h.0.q.w": q, "h.0.k.w": k})


def test_names_are_shortened_as_addresses_are(named):
    assert list(named.find("d.0.q.w")) == ["dec.0.q.weight"]
    assert list(named.find("h.0.q.w")) == ["h.0.q.w"]
    assert list(named.find("dec.0.*.weight")) == ["dec.0.q.weight", "dec.0.k.weight"]
    assert named.find("nothing") == {}
    with pytest.raises(AddressError, match="ambiguous"):
        Named({"a.qu": named.get("shared"), "a.qv": named.get("shared")}, {}).find("a.q")


def test_the_file_has_a_matrix_its_own_way_round(named):
    assert named.get("dec.0.q.weight").shape == (2, 3)
    assert named.get("h.0.q.w").shape == (3, 2)
    assert named.get("h.0.k.w").shape == (2, 3)
    assert named.get("nothing") is None
