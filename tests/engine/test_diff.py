"""What differs between two runs, beside what NumPy says of the same numbers."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.divergence import divergence, log_probabilities
from tracer.errors import AddressError, InputError

FIXTURES = Path(__file__).parents[1] / "fixtures"
BEIJING, TOKYO = "他昨天去了北京。", "他昨天去东京了。"


@pytest.fixture(scope="module")
def model():
    return tracer.load("zh-en")


@pytest.fixture(scope="module")
def runs(model):
    return tracer.trace(model, BEIJING), tracer.trace(model, TOKYO)


@pytest.fixture
def diff(runs):
    return tracer.diff(*runs)


def softmax(logits):
    e = np.exp(logits.astype(np.float64) - logits.max())
    return e / e.sum()


def in_bits(p, q):
    return float(np.sum(p * np.log2(p / q)))


def test_every_step_has_its_divergence_and_the_log_probabilities_of_as_token(diff, runs):
    a, b = runs
    assert len(diff.steps) == len(a.tokens) == len(b.tokens)
    for step, token in zip(diff.steps, a.tokens, strict=True):
        p, q = (softmax(run[token.step]["logits"].array[-1]) for run in runs)
        assert (step.step_a, step.step_b, step.token_a) == (token.step, token.step, token.piece)
        assert step.kl == pytest.approx(in_bits(p, q), rel=1e-6, abs=1e-12)
        assert (step.logprob_a, step.logprob_b) == pytest.approx((np.log(p[token.id]), np.log(q[token.id])))


def test_the_outputs_part_and_meet_again(diff):
    parting, meeting = diff.parting, diff.meeting
    assert (parting.token_a, parting.token_b) == ("▁Beijing", "▁Tokyo")
    assert meeting.token_a == meeting.token_b == "▁yesterday"
    assert diff.place == (4, 4)


def test_what_is_there_twice_stands_alone(model):
    a = tracer.trace(model, BEIJING, target="He went to Beijing yesterday.")
    b = tracer.trace(model, BEIJING, target="He went to Beijing.")
    diff = tracer.diff(a, b)
    alone = [step for step in diff.steps if None in (step.token_a, step.token_b)]
    assert [(step.token_a, step.token_b, step.kl, step.logprob_b) for step in alone] == [
        ("▁yesterday", None, None, None)
    ]
    assert (diff.parting, diff.meeting.token_a) == (alone[0], ".")


def test_a_given_output_is_read_position_by_position(model):
    a = tracer.trace(model, BEIJING, target="He went to Beijing.")
    b = tracer.trace(model, TOKYO, target="He went to Beijing.")
    steps = tracer.diff(a, b).steps
    assert sum(step.logprob_a for step in steps) == pytest.approx(-a[1]["loss"].array.sum(), rel=1e-4)
    p, q = (np.array([softmax(row) for row in run[1]["logits"].array]) for run in (a, b))
    assert [step.kl for step in steps] == pytest.approx(list(map(in_bits, p[:-1], q[:-1])), rel=1e-5, abs=1e-9)
    assert {step.step_a for step in steps} == {1}


def test_every_record_has_the_cell_that_differs_most(diff, runs):
    records = list(diff.records)
    assert [record.path for record in records] == [record.address for record in runs[0].step(4)]
    for record in records:
        here, there = (run[4][record.path].array.astype(np.float64) for run in runs)
        with np.errstate(invalid="ignore"):
            sizes = np.where(here == there, 0.0, np.abs(here - there))
        assert record.largest == sizes.max()
        assert sizes[record.cell] == sizes.max()
        assert record.is_equal == np.array_equal(here, there)
        assert record.address == f"@4:{record.path}"
    assert 0 < sum(record.is_equal for record in records) < len(records)


def test_a_run_beside_itself_is_equal(runs):
    diff = tracer.diff(runs[0], runs[0])
    assert diff.parting is diff.meeting is None
    assert {step.kl for step in diff.steps} == {0.0}
    assert all(record.is_equal for place in diff.places for record in diff.records_of(*place))


def test_the_encoder_stands_before_the_tokens(diff):
    assert diff.places[:2] == [(0, 0), (1, 1)]
    assert diff.beside(0) == (0, 0)
    assert any(not record.is_equal for record in diff.records_of(0, 0))


def test_tokens_meet_by_label_where_a_text_is_longer(model, runs):
    longer = tracer.trace(model, "他昨天没有去北京。")
    diff = tracer.diff(runs[0], longer)
    found = {record.path: record for record in diff.records_of(0, 0)}
    tokens = found["encoder.embed.tokens"]
    assert tokens.is_aligned
    assert tokens.is_equal
    change = diff.change("encoder.embed.positions", 0, 0)
    assert change.labels["position"] == ["他", "昨", "天", "去", "北", "京", "。", "</s>"]
    here, there = (run[0]["encoder.embed.positions"].array for run in (runs[0], longer))
    np.testing.assert_array_equal(
        change.array, there[[0, 1, 2, 5, 6, 7, 8, 9]] - here[[0, 1, 2, 3, 5, 6, 7, 8]].astype(float)
    )


def test_a_cache_differs_by_noise_and_its_rows_meet_the_last_ones():
    model = tracer.load(FIXTURES / "gpt2", "float64")
    runs = [tracer.trace(model, ids=[7, 11, 7], max_tokens=5, cache=cache) for cache in (True, False)]
    diff = tracer.diff(*runs)
    assert max(step.kl for step in diff.steps) < 1e-12
    found = {record.path: record for record in diff.records}
    only = {path for path, record in found.items() if record.b is None}
    assert {path.rpartition(".")[2] for path in only} == {"k_new", "v_new"}
    assert max(record.largest for record in found.values() if record.path not in only) < 1e-12


def test_another_checkpoint_of_the_same_shape_differs_from_its_first_other_parameter_on(tmp_path):
    shutil.copytree(FIXTURES / "gpt2", tmp_path, dirs_exist_ok=True)
    arrays = load_file(tmp_path / "model.safetensors")
    [name] = [name for name in arrays if name.endswith("h.1.mlp.c_fc.weight")]
    save_file({**arrays, name: arrays[name] * np.float32(1.01)}, tmp_path / "model.safetensors")
    a, b = (tracer.trace(tracer.load(path), ids=[7, 11, 12], max_tokens=1) for path in (FIXTURES / "gpt2", tmp_path))
    differ = [record.path for record in tracer.diff(a, b).records if not record.is_equal]
    assert differ[0] == "decoder.1.ffn.hidden"
    assert differ[-1].startswith(("logits", "probs", "choice"))


def test_other_models_are_refused_with_both_headers():
    a, b = (tracer.trace(tracer.load(FIXTURES / name), ids=[7, 11, 12], max_tokens=3) for name in ("gpt2", "llama_gqa"))
    diff = tracer.diff(a, b)
    with pytest.raises(InputError, match=r"logits is \[vocab 480\] in a and \[vocab 420\] in b"):
        _ = diff.steps
    with pytest.raises(
        InputError, match=r"norm is \[position 3, feature 48\] in a and \[position 3, feature 64\] in b"
    ):
        diff.change("decoder.0.self_attn.norm", 1, 1)
    with pytest.raises(AddressError, match=r"qkv is recorded in a only, not in b"):
        diff.change("decoder.0.self_attn.qkv", 1, 1)
    first = next(diff.records_of(1, 1))
    assert (first.largest, first.is_equal) == (None, False)


def test_the_divergence_leaves_out_what_never_comes():
    p, q = np.array([0.0, 0.5, 0.5]), np.array([0.25, 0.5, 0.25])
    with np.errstate(divide="ignore"):
        here, there = np.log(p), np.log(q)
    assert divergence(here, there) == pytest.approx(0.5)
    assert divergence(there, here) == np.inf
    assert np.isnan(divergence(log_probabilities(np.array([np.nan, 0.0])), there[:2]))
