"""The encoder–decoder families against transformers: small checkpoints, number by number.

Each reference holds what transformers computed: hidden states, attention weights, the outputs of modules, logits, what
greedy and beam search yield, and a padded batch. `make_references.py` says how those made here came about.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.decoding.settings import Settings
from tracer.models.padding import padding
from tracer.models.text import Text
from tracer.past import Past
from tracer.run import Run
from tracer.step import Step
from tracer.tape import Tape
from tracer.tensor import Array, Tensor

from ..conftest import FIXTURES, Dtype
from .references import Reference, agree, log_softmax

NAMES = (
    "marian_zh_en",
    "marian_two_vocabularies",
    "bart_tied",
    "mbart_untied",
    "t5_v1_0",
    "t5_v1_1",
    "t5_gated_silu",
    "m2m_100",
    "mt5",
)
MODULES = (
    (r"^model\.", ""),
    (r"^(\w+)\.(block|layers)\.", r"\1."),
    (r"^(\w+)\.(?:final_)?layer_norm$", r"\1.norm"),
    (r"\.layernorm_embedding$", ".embed.norm"),
    (r"\.embed_(tokens|positions)$", r".embed.\1"),
    (r"\.encoder_attn", ".cross_attn"),
    (r"_attn_layer_norm$", "_attn.norm"),
    (r"\.([qkv])_proj$", r".\1"),
    (r"\.fc1$", ".ffn.hidden"),
    (r"\.activation_fn$", ".ffn.activated"),
    (r"\.fc2$", ".ffn.output"),
    (r"\.final_layer_norm$", ".ffn.norm"),
    (r"\.layer\.0\.layer_norm$", ".self_attn.norm"),
    (r"^(decoder\.\d)\.layer\.1\.layer_norm$", r"\1.cross_attn.norm"),
    (r"\.layer\.\d\.layer_norm$", ".ffn.norm"),
    (r"\.layer\.\d\.SelfAttention", ".self_attn"),
    (r"\.layer\.\d\.EncDecAttention", ".cross_attn"),
    (r"\.layer\.\d\.DenseReluDense", ".ffn"),
    (r"\.(out_proj|wo|o)$", ".output"),
    (r"\.wi$", ".hidden"),
    (r"\.wi_0$", ".gate"),
    (r"\.wi_1$", ".up"),
    (r"\.act$", ".activated"),
    (r"\.relative_attention_bias$", ".position_bias"),
    (r"^lm_head$", "logits"),
)
"""From the name of a module to the address of its output."""


REFERENCES = {name: Reference(name) for name in NAMES}


@pytest.fixture(scope="module", params=NAMES)
def reference(request: pytest.FixtureRequest) -> Reference:
    return REFERENCES[request.param]


@pytest.fixture(scope="module")
def model(reference: Reference, dtype: Dtype) -> tracer.Model:
    return tracer.load(FIXTURES / reference.name, dtype)


def address(name: str, layers: int) -> str:
    """Where the engine records what the reference calls ``name``; ``layers`` are those of the stack."""
    if match := re.fullmatch(r"(enc|dec|cross)_(hidden|attn)\.(\d)", name):
        stack = "encoder" if match[1] == "enc" else "decoder"
        if match[2] == "attn":
            return f"{stack}.{match[3]}.{'cross' if match[1] == 'cross' else 'self'}_attn.weights"
        above = {0: "embed.output", layers: "output"}
        return f"{stack}.{above.get(int(match[3]), f'{int(match[3]) - 1}.output')}"
    module = name.removeprefix("module/").removesuffix("#0")
    for pattern, replacement in MODULES:
        module = re.sub(pattern, replacement, module)
    return module


def located(name: str, reference: Reference) -> str:
    """The address of an array of a reference."""
    layers = sum(other.startswith(f"{name[:3]}_attn.") for other in reference.arrays)
    return address(name, layers)


def as_there(tensor: Tensor) -> Array:
    """The numbers in the axes that modules have: heads side by side, and last where there is no d_k."""
    if tensor.axes == ("head", "query", "key") and tensor.address.endswith("position_bias"):
        return tensor.array.transpose(1, 2, 0)
    if tensor.axes[-1] == "d_k":
        return tensor.array.transpose(1, 0, 2).reshape(tensor.shape[1], -1)
    return tensor.array


def forced(model: tracer.Model, reference: Reference, prefix: str = "", row: int = 0) -> Run:
    """One pass over the reference's target."""
    source, target = reference.ids(f"{prefix}input_ids", row), reference.ids(f"{prefix}decoder_input_ids", row)
    return tracer.trace(model, ids=source, target_ids=target)


def recorded(run: Run, address: str) -> Tensor:
    return run[0 if address.startswith("encoder.") else 1][address]


def comparable(name: str, tensor: Tensor, model: tracer.Model) -> Array:
    """What a module yields, where a record holds more than that: the scale of an embedding, the bias of the logits."""
    if name.endswith("embed_tokens#0") and model.architecture.model_type == "marian":
        return tensor.array / np.sqrt(tensor.shape[1])
    bias = model.parameters.get("final_logits_bias")
    return tensor.array - bias.array if name == "module/lm_head#0" and bias is not None else as_there(tensor)


def test_one_pass_over_a_target(model: tracer.Model, reference: Reference) -> None:
    run = forced(model, reference)
    names = reference.compared()
    assert len(names) > 40
    for name in names:
        found = comparable(name, recorded(run, located(name, reference)), model)
        agree(found, reference.arrays[name], reference, name)


@pytest.mark.parametrize("row", [0, 1])
def test_rows_of_a_padded_batch_run_singly(model: tracer.Model, reference: Reference, row: int) -> None:
    run = forced(model, reference, "batch.", row)
    for name in reference.compared("batch."):
        found = recorded(run, located(name.removeprefix("batch."), reference))
        agree(found.array, reference.arrays[name][row], reference, name)


def test_padding_is_not_counted_and_has_no_position_in_m2m_100() -> None:
    run = tracer.trace(tracer.load(FIXTURES / "m2m_100"), ids=[5, 1, 7], mask=[1, 1, 1], target_ids=[2, 9, 1, 8])
    assert [step.tape.find(f"{stack}.embed.positions").parameters["positions"] for stack, step in in_stacks(run)] == [
        [0, -1, 1],
        [0, 1, -1, 2],
    ]
    assert not recorded(run, "encoder.embed.positions").array[1].any()
    longer = tracer.trace(tracer.load(FIXTURES / "m2m_100"), ids=[5] * 40, max_tokens=1)
    assert recorded(longer, "encoder.embed.positions").shape == (40, 21)


def in_stacks(run: Run) -> list[tuple[str, Step]]:
    return list(zip(("encoder", "decoder"), run.steps, strict=True))


@pytest.mark.parametrize("cache", [False, True])
def test_greedy_decoding(model: tracer.Model, reference: Reference, cache: bool) -> None:
    how: dict[str, Any] = {"strategy": "greedy", "max_tokens": reference.limit, "cache": cache}
    run = tracer.trace(model, ids=reference.ids("input_ids"), **how)
    assert [model.start_id, *run.output_ids] == reference.ids("greedy.ids")
    for n, expected in enumerate(reference.arrays["greedy.scores"][0], 1):
        allowed = np.isfinite(expected)
        found = run[n]["choice.logits"].array
        np.testing.assert_array_equal(np.isfinite(found), allowed)
        agree(log_softmax(found[allowed]), log_softmax(expected[allowed]), reference, f"step {n}")


@pytest.mark.parametrize("cache", [False, True])
def test_beam_search(model: tracer.Model, reference: Reference, cache: bool) -> None:
    settings = Settings("beam", beams=4, max_tokens=reference.limit, cache=cache)
    run = Run(model, reference.ids("input_ids"), settings)
    expected = reference.arrays["beam4.ids"].tolist()
    assert len(run.hypotheses) == len(expected) == 4
    for hypothesis, ids in zip(run.hypotheses, expected, strict=True):
        padding = [model.facts.pad_id] * (len(ids) - 1 - len(hypothesis.ids))
        assert [model.start_id, *hypothesis.ids, *padding] == ids
    scores = np.array([hypothesis.score for hypothesis in run.hypotheses])
    agree(scores, reference.arrays["beam4.scores"], reference, "scores")
    assert run.decode().output_ids == run.hypotheses[0].ids


def test_with_the_cache_each_step_is_a_row_of_the_one_pass(model: tracer.Model, reference: Reference) -> None:
    source, target = reference.ids("input_ids"), reference.ids("decoder_input_ids")
    names = [name for name in reference.compared() if name.startswith(("dec_", "cross_", "logits"))]
    for n, tape in enumerate(with_cache(model, source, target), 1):
        for name in names:
            expected = reference.arrays[name][0][..., n - 1 : n, :]
            expected = expected[..., :n] if name.startswith("dec_attn") else expected
            agree(tape[located(name, reference)].array, expected, reference, name)


def with_cache(model: tracer.Model, source: list[int], target: list[int]) -> list[Tape]:
    """A target, decoded with the cache, a token a step."""
    network = model.architecture
    read = Text(source, list(map(str, source)), padding(model, source))
    memory = network.encode(Tape(0), read)
    labels, past, tapes = list(map(str, target)), Past(len(target)), []
    for n in range(1, 1 + len(target)):
        tapes.append(Tape(n, past=past))
        network.decode(tapes[-1], Text(target[:n], labels[:n]), memory, read, n - 1)
        past = Past(len(target), tapes[-1].kept)
    return tapes
