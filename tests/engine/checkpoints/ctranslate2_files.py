"""Files of CTranslate2 written from checkpoints of transformers, as its converters do it, and taken apart."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tracer.checkpoints.ctranslate2.container import TYPES, ModelFile
from tracer.checkpoints.stored import DTYPES

Array = np.ndarray[Any, np.dtype[Any]]
ACTIVATIONS = ("relu", "gelu_new", "silu", "gelu")
BOTH = ("encoder", "decoder")


class Parts:
    """A model.bin taken apart: arrays by name, those without axes among them, and other names."""

    def __init__(self, path: Path) -> None:
        model = ModelFile(path)
        own = {v.name: v for v in model.variables.values()}
        self.arrays = {name: model.numbers(v).reshape(v.shape) for name, v in own.items()}
        self.arrays |= {name: scalar(value) for name, value in model.attributes.items()}
        self.aliases = {name: v.name for name, v in model.variables.items() if name != v.name}

    def written(self, version: int = 6, spec: str = "TransformerSpec") -> bytes:
        """The bytes of a file with these parts."""
        return written(self.arrays, self.aliases, version, spec)


def scalar(value: float) -> Array:
    """An attribute."""
    return np.array(value, np.float32 if isinstance(value, float) else np.int32)


def written(arrays: Mapping[str, Array], aliases: Mapping[str, str], version: int = 6, spec: str = "") -> bytes:
    """The bytes of a file."""
    pieces = [struct.pack("<I", version), text(spec), struct.pack("<II", 7, len(arrays))]
    for name, array in arrays.items():
        kind = next(i for i, kind in enumerate(TYPES) if np.dtype(DTYPES[kind]) == array.dtype)
        pieces += [text(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        pieces += [struct.pack("<BI", kind, array.nbytes), np.ascontiguousarray(array).tobytes()]
    pieces.append(struct.pack("<I", len(aliases)))
    pieces += [text(name) for pair in aliases.items() for name in pair]
    return b"".join(pieces)


def text(name: str) -> bytes:
    """A name as it stands in a file."""
    return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"


class Conversion:
    """What a checkpoint of transformers becomes."""

    def __init__(self, directory: Path) -> None:
        self.config = json.loads((directory / "config.json").read_text())
        self.tensors = load_file(directory / "model.safetensors")
        self.arrays: dict[str, Array] = {}
        self.aliases: dict[str, str] = {}

    def put(self, name: str, *theirs: str) -> None:
        """A linear map or norm, its rows those of several one after another."""
        kinds = ("gamma", "beta") if "norm" in name.rpartition("/")[2] else ("weight", "bias")
        for kind, its in zip(kinds, ("weight", "bias"), strict=True):
            found = [self.tensors[f"{each}.{its}"] for each in theirs if f"{each}.{its}" in self.tensors]
            if found:
                self.arrays[f"{name}/{kind}"] = np.concatenate(found)

    def state(self, scope: str, **values: float) -> None:
        """Attributes."""
        self.arrays |= {f"{scope}/{name}": scalar(value) for name, value in values.items()}

    def table(self, name: str, *theirs: str) -> None:
        """A table of tokens, under the first of transformers' names for it that there is; it is stored once."""
        tensor = next(self.tensors[each] for each in theirs if each in self.tensors)
        known = next((other for other in TABLES if other in self.arrays and self.arrays[other] is tensor), None)
        if known is None:
            self.arrays[name] = tensor
        else:
            self.aliases[name] = known

    def attention(self, scope: str, begin: str, names: Sequence[str], *, own: bool) -> None:
        """The maps of an attention: q, k, v and output."""
        q, k, v, output = (f"{begin}.{name}" for name in names)
        for i, theirs in enumerate(((q, k, v), (output,)) if own else ((q,), (k, v), (output,))):
            self.put(f"{scope}/linear_{i}", *theirs)

    def write(self, path: Path, spec: str, settings: Mapping[str, Any], size: int) -> Path:
        """The directory of the model, with a vocabulary of so many tokens."""
        path.mkdir(parents=True)
        (path / "model.bin").write_bytes(written(self.arrays, self.aliases, spec=spec))
        (path / "config.json").write_text(json.dumps(settings))
        tokens = ["<s>", "<pad>", "</s>", "<unk>", *(f"▁t{i}" for i in range(4, size))]
        (path / "vocabulary.json").write_text(json.dumps(tokens))
        return path


TABLES = ("encoder/embeddings_0/weight", "decoder/embeddings/weight")


def converted(directory: Path, path: Path) -> Path:
    """A checkpoint as CTranslate2's converter writes it, in float32."""
    found = Conversion(directory)
    kind = found.config["model_type"]
    if kind in ("bart", "mbart", "t5"):
        (t5 if kind == "t5" else bart)(found)
        return found.write(path, "TransformerSpec", {"decoder_start_token": "</s>"}, found.config["vocab_size"])
    (gpt2 if kind == "gpt2" else llama)(found)
    eps = found.config.get("rms_norm_eps", found.config.get("layer_norm_epsilon"))
    return found.write(path, "TransformerDecoderSpec", {"layer_norm_epsilon": eps}, found.config["vocab_size"])


def layers(stack: str, count: int, name: str) -> Iterator[tuple[str, str]]:
    """The scopes of the layers of a stack, and how transformers' names of what is in them begin."""
    return ((f"{stack}/layer_{i}", name.format(i)) for i in range(count))


def bart(found: Conversion) -> None:
    """BART's and mBART's names."""
    c, names = found.config, ("q_proj", "k_proj", "v_proj", "out_proj")
    for stack in BOTH:
        found.state(
            stack,
            num_heads=c[f"{stack}_attention_heads"],
            pre_norm=int(c["model_type"] == "mbart"),
            activation=ACTIVATIONS.index(c["activation_function"]),
            scale_embeddings=float(c["d_model"] ** 0.5 if c["scale_embedding"] else 1),
        )
        found.arrays[f"{stack}/position_encodings/encodings"] = found.tensors[f"model.{stack}.embed_positions.weight"][
            2:
        ]
        for norm in ("layer_norm", "layernorm_embedding"):
            found.put(f"{stack}/{norm}", f"model.{stack}.{norm}")
        for scope, begin in layers(stack, c[f"{stack}_layers"], f"model.{stack}.layers.{{}}"):
            found.attention(f"{scope}/self_attention", f"{begin}.self_attn", names, own=True)
            found.attention(f"{scope}/attention", f"{begin}.encoder_attn", names, own=False)
            for norm, theirs in (("self_attention", "self_attn"), ("attention", "encoder_attn"), ("ffn", "final")):
                found.put(f"{scope}/{norm}/layer_norm", f"{begin}.{theirs}_layer_norm")
            for i in (0, 1):
                found.put(f"{scope}/ffn/linear_{i}", f"{begin}.fc{i + 1}")
    found.table("encoder/embeddings_0/weight", "model.encoder.embed_tokens.weight", "model.shared.weight")
    found.table("decoder/embeddings/weight", "model.decoder.embed_tokens.weight", "model.shared.weight")
    found.table("decoder/projection/weight", "lm_head.weight", "model.shared.weight")
    found.arrays["decoder/projection/bias"] = found.tensors["final_logits_bias"][0]


def t5(found: Conversion) -> None:
    """T5's names."""
    c, names = found.config, ("q", "k", "v", "o")
    for stack, count in (("encoder", c["num_layers"]), ("decoder", c["num_decoder_layers"])):
        activation = ACTIVATIONS.index(c["dense_act_fn"])
        found.state(stack, num_heads=c["num_heads"], pre_norm=1, activation=activation, scale_embeddings=0)
        found.put(f"{stack}/layer_norm", f"{stack}.final_layer_norm")
        bias = f"{stack}/layer_0/self_attention/relative_attention_bias"
        theirs = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        found.arrays[bias] = found.tensors[theirs]
        for scope, begin in layers(stack, count, f"{stack}.block.{{}}.layer"):
            found.state(
                f"{scope}/self_attention",
                queries_scale=1.0,
                relative_attention_max_distance=c["relative_attention_max_distance"],
            )
            found.attention(f"{scope}/self_attention", f"{begin}.0.SelfAttention", names, own=True)
            found.put(f"{scope}/self_attention/layer_norm", f"{begin}.0.layer_norm")
            if not scope.endswith("_0"):
                found.aliases[f"{scope}/self_attention/relative_attention_bias"] = bias
            if stack == "decoder":
                found.state(f"{scope}/attention", queries_scale=1.0)
                found.attention(f"{scope}/attention", f"{begin}.1.EncDecAttention", names, own=False)
                found.put(f"{scope}/attention/layer_norm", f"{begin}.1.layer_norm")
            ffn = f"{begin}.{1 if stack == 'encoder' else 2}"
            found.put(f"{scope}/ffn/layer_norm", f"{ffn}.layer_norm")
            found.put(f"{scope}/ffn/linear_0", f"{ffn}.DenseReluDense.wi", f"{ffn}.DenseReluDense.wi_0")
            found.put(f"{scope}/ffn/linear_0_noact", f"{ffn}.DenseReluDense.wi_1")
            found.put(f"{scope}/ffn/linear_1", f"{ffn}.DenseReluDense.wo")
    found.table("encoder/embeddings_0/weight", "shared.weight")
    found.table("decoder/embeddings/weight", "shared.weight")
    tied = c.get("tie_word_embeddings", False)
    found.table("decoder/projection/weight", "shared.weight" if tied else "lm_head.weight")
    if c.get("scale_decoder_outputs", tied):
        found.state("decoder", scale_outputs=float(c["d_model"] ** -0.5))


def gpt2(found: Conversion) -> None:
    """GPT-2's names; its matrices are turned."""
    c = found.config
    for name, tensor in list(found.tensors.items()):
        full = name if name.startswith(("transformer.", "lm_head")) else f"transformer.{name}"
        found.tensors[full] = tensor.T if full.startswith("transformer.h.") and tensor.ndim == 2 else tensor
    activation = ACTIVATIONS.index(c["activation_function"])
    found.state("decoder", num_heads=c["n_head"], pre_norm=1, activation=activation, scale_embeddings=0)
    found.arrays["decoder/position_encodings/encodings"] = found.tensors["transformer.wpe.weight"]
    found.put("decoder/layer_norm", "transformer.ln_f")
    for scope, begin in layers("decoder", c["n_layer"], "transformer.h.{}"):
        for name, theirs in (
            ("self_attention/layer_norm", "ln_1"),
            ("self_attention/linear_0", "attn.c_attn"),
            ("self_attention/linear_1", "attn.c_proj"),
            ("ffn/layer_norm", "ln_2"),
            ("ffn/linear_0", "mlp.c_fc"),
            ("ffn/linear_1", "mlp.c_proj"),
        ):
            found.put(f"{scope}/{name}", f"{begin}.{theirs}")
    found.table("decoder/embeddings/weight", "transformer.wte.weight")
    found.table("decoder/projection/weight", "lm_head.weight", "transformer.wte.weight")


def llama(found: Conversion) -> None:
    """The names of Llama and its relatives."""
    c, names = found.config, ("q_proj", "k_proj", "v_proj", "o_proj")
    found.state("decoder", num_heads=c["num_attention_heads"], pre_norm=1, activation=2, scale_embeddings=0)
    if c.get("sliding_window"):
        found.state("decoder", sliding_window=c["sliding_window"])
    found.put("decoder/layer_norm", "model.norm")
    for scope, begin in layers("decoder", c["num_hidden_layers"], "model.layers.{}"):
        turned: dict[str, float] = {"rotary_dim": 0, "rotary_interleave": 0, "rotary_base": 10000.0}
        found.state(f"{scope}/self_attention", num_heads_kv=c["num_key_value_heads"], head_dim=head_dim(c), **turned)
        found.attention(f"{scope}/self_attention", f"{begin}.self_attn", names, own=True)
        found.put(f"{scope}/self_attention/layer_norm", f"{begin}.input_layernorm")
        for norm in ("q_norm", "k_norm"):
            found.put(f"{scope}/self_attention/{norm}", f"{begin}.self_attn.{norm}")
        found.put(f"{scope}/ffn/layer_norm", f"{begin}.post_attention_layernorm")
        for name, theirs in (("linear_0", "gate_proj"), ("linear_0_noact", "up_proj"), ("linear_1", "down_proj")):
            found.put(f"{scope}/ffn/{name}", f"{begin}.mlp.{theirs}")
    found.table("decoder/embeddings/weight", "model.embed_tokens.weight")
    found.table("decoder/projection/weight", "lm_head.weight", "model.embed_tokens.weight")


def head_dim(config: Mapping[str, Any]) -> int:
    """The features of a head."""
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])
