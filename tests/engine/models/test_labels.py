"""Labels come out of the data flow: each axis names the tokens that it runs over."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer
from tracer.training import vocabularies

from ..conftest import Checkpoint

SOURCE, TARGET = "我 爱 你 们 吗", "i love you all"


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> tracer.Model:
    """A random model with words on both sides."""
    source = vocabularies.words([SOURCE], spaced=False)
    target = vocabularies.words([TARGET], spaced=True)
    sizes = {"source_vocab": source.get_vocab_size(), "target_vocab": target.get_vocab_size()}
    path: Path = checkpoint(**sizes)
    source.save(str(path / "source_tokenizer.json"))
    target.save(str(path / "target_tokenizer.json"))
    return tracer.load(path)


@pytest.fixture(scope="module", params=[False, True])
def run(model: tracer.Model, request: pytest.FixtureRequest) -> tracer.Run:
    return tracer.trace(model, "我爱你", max_tokens=4, cache=request.param)


def test_the_encoder_looks_at_the_source(run: tracer.Run) -> None:
    source = ["我", "爱", "你", "</s>"]
    assert run.source == source
    weights = run[0]["encoder.0.self_attn.weights"]
    assert weights.labels == {"query": source, "key": source}
    assert run[0]["encoder.embed.tokens"].labels == {"position": source}
    assert run[0]["encoder.output"].labels == {"position": source}


def test_the_decoder_looks_back_at_the_target(run: tracer.Run) -> None:
    read = run.target[:3]
    assert read[0] == "<s>"
    labels = run[3]["decoder.1.self_attn.weights"].labels
    assert labels["key"] == read
    assert labels["query"] == (read[-1:] if run.cached else read)


def test_the_decoder_looks_across_at_the_source(run: tracer.Run) -> None:
    labels = run[3]["decoder.1.cross_attn.weights"].labels
    assert labels["key"] == run.source
    assert labels["query"] == (run.target[2:3] if run.cached else run.target[:3])


def test_logits_run_over_the_vocabulary(run: tracer.Run, model: tracer.Model) -> None:
    assert model.target is not None
    assert run[1]["probs"].labels["vocab"] == list(model.target.pieces)
    token = run.tokens[0]
    assert run[1][f'choice.probs["{token.piece}"]'].array == pytest.approx(token.prob)


def test_every_axis_with_labels_has_one_for_each_place(run: tracer.Run) -> None:
    for step in run.steps:
        for record in step:
            for axis, length in zip(record.output.dims, record.output.shape, strict=True):
                assert axis.labels is None or len(axis.labels) == length, record


def test_tokens_select_rows(run: tracer.Run) -> None:
    across = run[2]['decoder.0.cross_attn.weights[h1, -1, "爱"]']
    assert across.array == run[2]["decoder.0.cross_attn.weights"].array[1, -1, 1]
    assert run[0]['enc.0.self.weights[0, "你"]'].dims[0].labels == run.source
