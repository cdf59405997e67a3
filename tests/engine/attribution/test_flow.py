"""What flows from tokens to places: it adds up, and is what the formulas say, however the run was made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.attribution import attention as blocks
from tracer.attribution import catalogue
from tracer.attribution.alti import nearness, shares
from tracer.attribution.attention import attentions
from tracer.attribution.flow import FLOW, Flow, Stack, of_outputs, rolled
from tracer.attribution.frozen import frozen
from tracer.attribution.norms import sizes
from tracer.attribution.sublayer import sublayer
from tracer.errors import AddressError, InputError
from tracer.ops.linear import Linear, Scale
from tracer.ops.norm import LayerNorm, RmsNorm
from tracer.run import Run
from tracer.tape import Record
from tracer.tensor import Array, Axis

from ...commands.kept import kept_of
from ..conftest import file_of
from .runs import BOTH, ENCODERS, NAMES, TARGET, run

METHODS = {name: method for name, method in catalogue().items() if method.family == FLOW}
EXACT = 1e-12
MAPS = {
    "marian_zh_en": {"linear", "layer_norm"},
    "gemma2": {"linear", "offset_rms_norm"},
    "granite": {"linear", "scale", "rms_norm"},
}
"""The operations that do the same to every row."""
WAYS: tuple[dict[str, Any], ...] = (
    {"cache": True},
    {"cache": False},
    {"strategy": "beam", "beams": 2, "cache": True},
    {"strategy": "beam", "beams": 2, "cache": False},
)


def given(name: str) -> Run:
    return run(name) if name in ENCODERS else run(name, target_ids=TARGET)


def flow(method: str, of: Any, step: int | None = None, layer: int | None = None) -> Flow:
    found = METHODS[method](of, of.computed if step is None else step, layer)
    assert isinstance(found, Flow)
    return found


def test_the_most_trusted_comes_first() -> None:
    assert list(METHODS) == ["alti", "norms", "norms residual", "rollout", "weights"]


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_of_each_key_adds_up_to_what_comes_out(name: str) -> None:
    for step in given(name):
        for attention in attentions(step.tape):
            output, bias = attention.output.output.array, attention.output.parameters.get("bias")
            expected = output if bias is None else output - bias.array
            mixed = np.concatenate(list(attention.vectors()))
            assert mixed.shape == (attention.weights.output.shape[2], *output.shape)
            assert np.abs(mixed.sum(0) - expected).max() < EXACT * np.abs(output).max()
            assert np.allclose(sizes(attention).rows, np.sqrt((mixed**2).sum(-1)).T)


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_of_a_sublayer_and_its_biases_add_up_to_what_comes_out(name: str) -> None:
    for step in given(name):
        for attention in attentions(step.tape):
            split = sublayer(attention)
            parts = np.concatenate(list(split.vectors()))
            assert len(parts) == attention.weights.output.shape[2] + attention.is_across
            found = parts.sum(0) + split.constant()
            assert np.abs(found - split.output).max() < EXACT * np.abs(split.output).max()


@pytest.mark.parametrize("name", NAMES)
def test_shares_add_up_to_one(name: str) -> None:
    of = given(name)
    for method in ("alti", "rollout"):
        for layer in (None, 0):
            table = flow(method, of, layer=layer).table.array
            assert (table >= 0).all()
            assert np.allclose(table.sum(1), 1, rtol=0, atol=EXACT)
    weights = flow("weights", of)
    assert np.allclose(weights.own.array.sum(1), 1)
    assert np.allclose(weights.of_source, float(name in BOTH))


@pytest.mark.parametrize("name", NAMES)
def test_rows_and_columns_are_those_of_what_is_read(name: str) -> None:
    of = given(name)
    texts = list(of.pieces.values())
    for method in METHODS:
        found = flow(method, of)
        assert found.table.dims[0].labels == texts[-1]
        assert found.table.dims[1].labels == [piece for text in texts for piece in text]
        assert found.sources == (len(texts[0]) if name in BOTH else 0)
        assert found.source.shape[1] + found.own.shape[1] == found.table.shape[1]
        assert (np.triu(found.own.array, 1) == 0).all() or name in ENCODERS


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("name", ["marian_zh_en", "t5_v1_0", "gpt2", "llama_gqa"])
def test_decoded_step_by_step_it_is_what_it_is_in_one_pass(name: str, how: dict[str, Any]) -> None:
    decoded = run(name, **how)
    ids: dict[str, Any] = {"ids": decoded.source_ids, "target_ids": list(decoded.decoder_ids)[:-1]}
    if name not in BOTH:
        ids = {"ids": list(decoded.decoder_ids)[:-1], "target_ids": []}
    whole = tracer.trace(decoded.model, **ids)
    for method in METHODS:
        assert np.allclose(flow(method, decoded).table.array, flow(method, whole).table.array, rtol=0, atol=1e-10)


def test_rows_go_by_what_came_out() -> None:
    decoded = run("marian_zh_en")
    found = of_outputs(decoded, flow("alti", decoded))
    assert found.table.axes == ("output", "key")
    assert found.table.dims[0].labels == [token.piece for token in decoded.tokens]
    assert np.array_equal(found.table.array, flow("alti", decoded).table.array)
    alone = run("gpt2")
    found = of_outputs(alone, flow("alti", alone))
    assert found.table.dims[0].labels == [token.piece for token in alone.tokens]
    assert np.array_equal(found.table.array, flow("alti", alone).table.array[-len(alone.tokens) :])
    forced = given("marian_zh_en")
    assert of_outputs(forced, flow("alti", forced)).table.dims[0].labels == forced.target[1:]
    assert of_outputs(run("bert"), flow("alti", run("bert"))).table.axes == ("query", "key")


def test_the_encoder_is_a_step_of_its_own() -> None:
    found = flow("alti", given("marian_zh_en"), 0)
    assert found.sources == 0
    assert found.table.dims[0].labels == given("marian_zh_en").source


class Marian:
    """The formulas of the literature in loops, from the parameters in the file and the embeddings."""

    def __init__(self, of: Run) -> None:
        self.file = {name: array.astype(np.float64) for name, array in file_of(of.model).items()}
        self.heads, self.eps = 4, of.step(1).find("decoder.0.ffn.norm").parameters["eps"]
        self.memory, self.encoder = of.step(0)["encoder.embed.output"].array, []
        for i in range(2):
            path = f"model.encoder.layers.{i}"
            self.memory, parts = self.attend(f"{path}.self_attn", self.memory, self.memory, causal=False)
            self.encoder.append(parts)
            self.memory = self.feed_forward(path, self.memory)
        x, self.own, self.across = of.step(1)["decoder.embed.output"].array, [], []
        for i in range(2):
            path = f"model.decoder.layers.{i}"
            x, parts = self.attend(f"{path}.self_attn", x, x, causal=True)
            self.own.append(parts)
            x, parts = self.attend(f"{path}.encoder_attn", x, self.memory, causal=False)
            self.across.append(parts)
            x = self.feed_forward(path, x)
        self.output = x

    def linear(self, name: str, x: Array) -> Array:
        return x @ self.file[f"{name}.weight"].T + self.file[f"{name}.bias"]

    def norm(self, name: str, x: Array) -> Array:
        found = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        return found * self.file[f"{name}.weight"] + self.file[f"{name}.bias"]

    def feed_forward(self, path: str, x: Array) -> Array:
        hidden = self.linear(f"{path}.fc1", x)
        y = x + self.linear(f"{path}.fc2", hidden / (1 + np.exp(-hidden)))
        return self.norm(f"{path}.final_layer_norm", y)

    def attend(self, path: str, x: Array, memory: Array, *, causal: bool) -> tuple[Array, Any]:
        """What comes out, and y, every T and the weights with every α f(x), to be measured."""
        q, k, v = (self.linear(f"{path}.{part}_proj", y) for part, y in zip("qkv", (x, memory, memory), strict=True))
        out, d = self.file[f"{path}.out_proj.weight"], x.shape[1] // self.heads
        mixed, weights = np.zeros((len(x), len(memory), x.shape[1])), np.zeros((len(x), len(memory)))
        for h in range(self.heads):
            part = slice(h * d, (h + 1) * d)
            for i in range(len(x)):
                scores = np.array([q[i, part] @ k[j, part] / np.sqrt(d) for j in range(len(memory))])
                scores[i + 1 :] = -np.inf if causal else scores[i + 1 :]
                alpha = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
                weights[i] += alpha / self.heads
                for j in range(len(memory)):
                    mixed[i, j] += alpha[j] * (out[:, part] @ v[j, part])
        summed = x + mixed.sum(1) + self.file[f"{path}.out_proj.bias"]
        y = self.norm(f"{path}_layer_norm", summed)
        gain = self.file[f"{path}_layer_norm.weight"]

        def scaled(c: Array, i: int) -> Array:
            found: Array = gain * (c - c.mean()) / np.sqrt(summed[i].var() + self.eps)
            return found

        parts = np.array([[scaled(mixed[i, j], i) for j in range(len(memory))] for i in range(len(x))])
        own = np.array([scaled(x[i], i) for i in range(len(x))])
        if memory is x:
            parts[range(len(x)), range(len(x))] += own
        else:
            parts = np.concatenate([parts, own[:, None]], 1)
        return y, SimpleNamespace(y=y, parts=parts, mixed=mixed, weights=weights)

    @staticmethod
    def shares(of: Any) -> Array:
        rows = [
            [max(0.0, np.abs(y).sum() - np.abs(y - part).sum()) for part in parts]
            for y, parts in zip(of.y, of.parts, strict=True)
        ]
        found: Array = np.array(rows)
        return found / found.sum(1, keepdims=True)

    @staticmethod
    def halves(of: Any) -> Array:
        n = of.parts.shape[1]
        if n > of.weights.shape[1]:
            return np.concatenate([of.weights / 2, np.full((len(of.weights), 1), 0.5)], 1)
        return (of.weights + np.eye(n)) / 2

    def rolled(self, measure: Any) -> Array:
        """[target, source and target], by a product of whole matrices, in which the source stays what it is."""
        encoder = np.eye(len(self.memory))
        for layer in self.encoder:
            encoder = measure(layer) @ encoder
        m, n = len(encoder), len(self.output)
        start = np.block([[encoder, np.zeros((m, n))], [np.zeros((n, m)), np.eye(n)]])
        for own, across in zip(self.own, self.across, strict=True):
            own, across = measure(own), measure(across)
            layer = np.block(
                [[np.eye(m), np.zeros((m, n))], [across[:, :-1], across[:, -1:] * own]],
            )
            start = layer @ start
        found: Array = start[m:]
        return found


@pytest.fixture(scope="module")
def marian() -> Marian:
    return Marian(given("marian_zh_en"))


def test_from_the_parameters_alone_it_is_the_same(marian: Marian) -> None:
    of = given("marian_zh_en")
    assert np.allclose(marian.output, of[1]["decoder.output"].array)
    assert np.allclose(flow("alti", of).table.array, marian.rolled(marian.shares), rtol=0, atol=EXACT)
    assert np.allclose(flow("rollout", of).table.array, marian.rolled(marian.halves), rtol=0, atol=EXACT)


def test_sizes_from_the_parameters_alone_are_the_same(marian: Marian) -> None:
    of, n = given("marian_zh_en"), len(given("marian_zh_en").source)
    for layer in range(2):
        own, across = marian.own[layer], marian.across[layer]
        found = flow("norms", of, layer=layer)
        assert np.allclose(found.source.array, np.linalg.norm(across.mixed, axis=-1))
        assert np.allclose(found.own.array, np.linalg.norm(own.mixed, axis=-1))
        found = flow("norms residual", of, layer=layer)
        assert np.allclose(found.source.array, np.linalg.norm(across.parts[:, :n], axis=-1))
        expected = np.linalg.norm(own.parts, axis=-1) + np.diag(np.linalg.norm(across.parts[:, n], axis=-1))
        assert np.allclose(found.own.array, expected)
        assert np.allclose(flow("weights", of, layer=layer).source.array, across.weights)
    layers = [flow("norms", of, layer=layer).table.array for layer in range(2)]
    assert np.allclose(flow("norms", of).table.array, np.mean(layers, 0))


def test_how_near_parts_come_by_hand() -> None:
    """‖y‖₁ = 4; (2, −2) leaves 2 of it, (1, 1) leaves 4, and (−1, 0) leaves 5."""
    parts = np.array([[(2, -2)], [(1, 1)], [(-1, 0)]], float)
    assert nearness(np.array([[3.0, -1.0]]), parts).tolist() == [[2.0], [0.0], [-1.0]]


def test_rolling_out_by_hand() -> None:
    """Two layers of (1, 0; ¼, ¾): the second token is ¼ + ¾ · ¼ of the first."""
    layer = np.array([[1.0, 0.0], [0.25, 0.75]])
    stack = Stack([layer, layer], [], Axis("key"), None, 0)
    assert rolled(stack, None).tolist() == [[1, 0], [0.4375, 0.5625]]
    assert rolled(stack, 0).tolist() == layer.tolist()


def test_a_query_that_no_part_comes_near_is_its_own() -> None:
    of = given("marian_zh_en")
    branch = of.branch(tracer.edit("decoder.0.self_attn.norm", lambda x: -x.array)).decode()
    [own, across] = [a for a in attentions(branch.step(1)) if a.scope.startswith("decoder.0")]
    assert np.allclose(shares(own).rows, np.eye(len(TARGET)))
    assert np.allclose(shares(across).rows.sum(1), 1)


def test_in_small_parts_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {name: flow(name, given("marian_zh_en")).table.array for name in METHODS}
    monkeypatch.setattr(blocks, "ROOM", 1)
    for name, table in expected.items():
        assert np.allclose(flow(name, given("marian_zh_en")).table.array, table)


@pytest.mark.parametrize("method", ["alti", "norms residual"])
def test_the_gap_is_rounding_unless_something_was_edited(method: str) -> None:
    of = given("gpt2")
    gap = flow(method, of).gap
    assert gap is not None
    assert gap < EXACT
    edited = flow(method, of.branch(tracer.edit("decoder.0.self_attn.heads[h1]", 0.0)).decode()).gap
    assert edited is not None
    assert edited > 0.01
    assert flow("norms", of).gap is None


@pytest.mark.parametrize("method", ["alti", "norms residual"])
def test_the_gap_is_of_earlier_steps_too(method: str) -> None:
    of = run("marian_zh_en", cache=True)
    assert (flow(method, of).gap or 1) < EXACT
    edited = of.branch(tracer.edit("@2:decoder.0.self_attn.heads[h1]", 0.0)).decode()
    assert edited.computed > 2
    assert (flow(method, edited, 1).gap or 1) < EXACT
    assert (flow(method, edited).gap or 0) > 0.01


def test_the_gap_is_of_the_encoder_where_that_is_rolled_through() -> None:
    edited = given("marian_zh_en").branch(tracer.edit("encoder.0.self_attn.heads[h1]", 0.0)).decode()
    assert (flow("alti", edited).gap or 0) > 0.01
    assert (flow("norms residual", edited).gap or 1) < EXACT
    assert flow("rollout", edited).gap is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_not_finite_stays_so_in_silence(method: str, value: float) -> None:
    branch = given("marian_zh_en").branch(tracer.edit("decoder.0.cross_attn.v[0, 1]", value)).decode()
    assert flow(method, branch).table.shape == (4, 9)


def test_a_feed_forward_beside_the_attention_has_no_part_in_it() -> None:
    attention = attentions(given("gpt_neox").step(1))[0]
    split = sublayer(attention)
    assert not split.is_alone
    tape = given("gpt_neox").step(1)
    expected = tape["decoder.embed.output"].array + tape["decoder.0.self_attn.output"].array
    assert np.allclose(split.output, expected)


def test_there_is_no_such_layer_or_step() -> None:
    with pytest.raises(InputError, match="there is no layer 9; the last is 1"):
        flow("alti", given("gpt2"), layer=9)
    with pytest.raises(InputError, match="there is no layer 1; the only one is 0"):
        flow("weights", given("bart_tied"), layer=1)
    with pytest.raises(AddressError, match="there is no step @7"):
        flow("alti", given("gpt2"), 7)


def test_of_a_kept_trace_there_is_what_needs_no_parameters() -> None:
    of = run("marian_zh_en")
    kept = kept_of(of)
    for method in ("weights", "rollout"):
        assert np.array_equal(flow(method, kept).table.array, flow(method, of).table.array)
    for method in ("alti", "norms", "norms residual"):
        with pytest.raises(AddressError, match=r"was not kept with this trace; flow weights and flow rollout need no"):
            flow(method, kept)


def test_what_was_not_kept_is_named(tmp_path: Any) -> None:
    of = run("marian_zh_en")
    of.save(tmp_path / "weights.trace.safetensors", "**.weights")
    kept = tracer.open(tmp_path / "weights.trace.safetensors")
    assert np.array_equal(flow("rollout", kept).table.array, flow("rollout", of).table.array)
    with pytest.raises(AddressError, match=r"cross_attn|self_attn: what was computed of its weights was not kept"):
        flow("norms", kept)
    of.save(tmp_path / "logits.trace.safetensors", "logits")
    with pytest.raises(AddressError, match="step @3 has no weights of an attention"):
        flow("weights", tracer.open(tmp_path / "logits.trace.safetensors"))


@pytest.mark.parametrize("name", ["marian_zh_en", "gemma2", "granite"])
def test_held_as_it_was_an_operation_is_the_transpose_of_the_sum_that_it_says_it_is(name: str) -> None:
    random, seen = np.random.default_rng(0), set()
    for record in filter(is_map, given(name).step(1)):
        part, factors = (random.normal(size=tensor.shape[-1]) for tensor in (record.inputs[0], record.output))
        [back, *_bias] = record.op.direct((-1, slice(None)), factors, *record.inputs, **record.parameters)
        parts = np.zeros(record.inputs[0].shape)
        parts[-1] = part
        assert factors @ frozen(record).linear(parts)[-1] == pytest.approx(back.factors @ part, rel=1e-10), record
        seen.add(record.op.name)
    assert seen == MAPS[name]


def is_map(record: Record) -> bool:
    return isinstance(record.op, Linear | Scale | LayerNorm | RmsNorm) and record.output.array.ndim == 2


def test_what_is_no_linear_map_can_not_be_split() -> None:
    tape = given("gpt2").step(1)
    with pytest.raises(InputError, match=r"@1:decoder\.0\.ffn\.activated: gelu_tanh is no linear map of each row"):
        frozen(tape.find("decoder.0.ffn.activated"))
