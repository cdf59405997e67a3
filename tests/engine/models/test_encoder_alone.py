"""A family that is an encoder alone is one more file: `families/tiny_encoder.py` stands here as if among the others."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.results.likely import likely
from commands.session import Session
from tracer import models
from tracer.addresses import Index
from tracer.comparing.comparison import compare
from tracer.derive import derive
from tracer.dumps.opening import open_dump
from tracer.errors import TraceError
from tracer.verify import verify

from ..conftest import Dtype

IDS = [1, 7, 3, 2]
CONFIG = {"model_type": "tiny_encoder", "vocab_size": 20, "hidden_size": 8, "heads": 2, "max_position_embeddings": 9}


@pytest.fixture(autouse=True)
def _among_the_families(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(Path(__file__).parent / "families")])
    models.known.cache_clear()
    yield
    monkeypatch.undo()
    models.known.cache_clear()


@pytest.fixture(params=[True, False], ids=["head", "no head"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A random checkpoint, with a head or without."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | {"head": request.param}), encoding="utf-8")
    random, d = np.random.default_rng(0), 8
    shapes: dict[str, tuple[int, ...]] = {"embed.tokens.weight": (20, d), "embed.positions.weight": (9, d)}
    for name in (*(f"0.self_attn.{part}" for part in ("q", "k", "v", "output")), "0.ffn.output"):
        shapes |= {f"{name}.weight": (d, d), f"{name}.bias": (d,)}
    shapes |= {"0.self_attn.norm.weight": (d,), "0.self_attn.norm.bias": (d,)}
    stored = {f"encoder.{name}": shape for name, shape in shapes.items()}
    stored |= {"logits.weight": (20, d), "logits.bias": (20,)} if request.param else {}
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in stored.items()}
    save_file(tensors, tmp_path / "model.safetensors")
    return tmp_path


def test_there_is_one_step_and_no_token(path: Path, dtype: Dtype) -> None:
    run = tracer.trace(tracer.load(path, dtype), ids=IDS)
    assert [step.number for step in run.steps] == [0]
    assert (run.tokens, run.text, run.output_ids, run.ended, run.remarks) == ([], "", [], True, [])
    assert run[0]["encoder.0.self_attn.weights"].axes == ("head", "query", "key")
    assert [run[0]["encoder.output"].dims[0].labels] == [["1", "7", "3", "2"]]
    with pytest.raises(TraceError, match="there is no step @1; the run ends with @0: the text is read"):
        run.step(1)


def test_every_cell_can_be_derived(path: Path, dtype: Dtype) -> None:
    run = tracer.trace(tracer.load(path, dtype), ids=[*IDS, 0, 0])
    assert [failure for check in verify(run, run.step(0).records) for failure in check.failures] == []
    record = run.step(0).find("encoder.output")
    assert derive(record, (1, 2)).expression.evaluate() == pytest.approx(record.output.array[1, 2], 1e-5)


def test_padding_at_the_end_is_hidden_and_positions_can_be_stated(path: Path) -> None:
    model = tracer.load(path)
    padded, plain = (tracer.trace(model, ids=ids)[0]["encoder.output"].array for ids in ([*IDS, 0], IDS))
    assert np.allclose(padded[:4], plain, atol=1e-6)
    placed = tracer.trace(model, ids=IDS, positions=[5, 6, 7, 8])[0]["encoder.embed.positions"]
    table = model.named.get("encoder.embed.positions.weight")
    assert table is not None
    assert (placed.array == table.array[5:]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target_ids": [1]}, "reads one text and writes none; leave out the target"),
        ({"strategy": "beam"}, "strategy beam chooses tokens, and {name} yields none; leave out the strategy"),
        ({"ids": []}, "no token ids were given"),
        ({"ids": [1] * 10}, "the text has 10 tokens, and {name} takes at most 9 tokens"),
        ({"positions": [0, 1, 2, 9]}, "position 9 is out of range: {name} has positions 0 to 8"),
    ],
)
def test_what_it_can_not_do_is_said(path: Path, arguments: dict[str, Any], message: str) -> None:
    model = tracer.load(path)
    with pytest.raises(TraceError, match=message.format(name=model.name)):
        tracer.trace(model, **{"ids": IDS, **arguments})


def test_it_is_compared_with_what_another_implementation_computed(path: Path) -> None:
    model = tracer.load(path)
    theirs = tracer.trace(model, ids=IDS)[0]["encoder.output"].array
    arrays = {"input_ids": np.array([IDS]), "encoder_last_hidden_state": theirs[None]}
    save_file(arrays, path / "reference.safetensors")
    found = compare(model, open_dump(path / "reference.safetensors"))
    assert ([check.address for check in found.checks], found.beyond, found.notes) == (
        ["@0:encoder.0.ffn.residual"],
        [],
        [],
    )


LINES = [
    *(
        "list",
        "where",
        "step",
        "p embed.tokens",
        "catch nan",
        "p enc.0.self.weights",
        "why enc.0.self.weights[h1,2,3]",
        "up",
    ),
    *("break enc.0.ffn.output", "c", "c", "rs", "rc", "finish", "tokens", "info run", "info cache"),
    *("info model", 'why "7"', "mask", "heads", "verify", "verify @*", "formula @0:encoder.0.self_attn.scores"),
    *("info tensors", "info values", "info tokens", "p #3", "view @0:encoder.output"),
    *("display mean(encoder.output)", "run 5 9 2", "token", "p @0:encoder.output[1]", "info breakpoints"),
]


@pytest.mark.parametrize("path", [True], indirect=True)
def test_what_a_head_finds_likely_follows_nothing(path: Path) -> None:
    debugger = Session(Opener(tracer.load(path), "1 7 3 2", ids=True))
    debugger.token()
    row = likely(debugger, Index(1))
    assert (row.position, row.where, row.following, row.title) == (1, 'at "7"', None, "@0:probs[1]")


def test_the_commands_go_over_it(path: Path) -> None:
    stream = io.StringIO()
    said: list[str] = []
    opener = Opener(tracer.load(path), "1 7 3 2", ids=True, warn=said.append)
    opener.introduce()
    debugger = Session(opener)
    with presenter_of("text")(stream, Look(100, "never"), debugger.heading) as presenter:
        assert Batch(debugger, presenter, keep_going=True).play(given(LINES)) == 0, stream.getvalue()
    assert "source  0 1   1 7   2 3   3 2\n" in stream.getvalue()
    assert "target" not in stream.getvalue()
