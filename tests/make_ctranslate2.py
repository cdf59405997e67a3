"""Make the models of CTranslate2 in `fixtures/ctranslate2`, with its own converters (extra `parity`, and ctranslate2).

    python tests/make_ctranslate2.py

`marian` is a small random Marian as transformers saves it, `float32` and `int8` are what CTranslate2 makes of it, and
`package` is laid out as those of Argos Translate, with a random Transformer as OpenNMT-py names its parts.
`expected.json` has what CTranslate2 computes from each, its whole numbers divided by their scales. The same versions
give the same files.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import ctranslate2
import sentencepiece
import torch
import transformers
from ctranslate2.converters import TransformersConverter
from ctranslate2.converters.opennmt_py import set_transformer_spec
from ctranslate2.specs import TransformerSpec

from tracer.training.grammar import pairs

FIXTURES = Path(__file__).parent / "fixtures" / "ctranslate2"
PIECES, WIDTH, FFN, HEADS, LAYERS, PLACES = 72, 16, 24, 2, 2, 48
TEXT = "我们明天在图书馆学习。"
OUTPUT = "我 在 他"
MOST = 10
SIDES = ("source", "target")


def main() -> None:
    """Write all of them."""
    shutil.rmtree(FIXTURES, ignore_errors=True)
    marian = FIXTURES / "marian"
    write_marian(marian)
    for quantisation in ("float32", "int8"):
        TransformersConverter(str(marian)).convert(str(FIXTURES / quantisation), quantization=quantisation)
        for side in SIDES:
            shutil.copy(marian / f"{side}.spm", FIXTURES / quantisation)
    write_package(FIXTURES / "package")
    expected = {
        **{name: results(FIXTURES / name, FIXTURES / name / "source.spm", ["</s>"]) for name in ("float32", "int8")},
        "package": results(FIXTURES / "package" / "model", FIXTURES / "package" / "sentencepiece.model", []),
    }
    versions = {module.__name__: module.__version__ for module in (ctranslate2, torch, transformers, sentencepiece)}
    written = {"text": TEXT, "max_tokens": MOST, "versions": versions, **expected}
    (FIXTURES / "expected.json").write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def train(path: Path, sentences: Sequence[str], **how: Any) -> list[str]:
    """A SentencePiece model of some sentences, and its pieces."""
    settings = {
        "vocab_size": PIECES,
        "model_type": "unigram",
        "character_coverage": 1.0,
        "hard_vocab_limit": False,
        "normalization_rule_name": "identity",
        "num_threads": 1,
        "minloglevel": 2,
    }
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=file, **{**settings, **how}
        )
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(i) for i in range(len(processor))]


def write_marian(directory: Path) -> None:
    """A Marian whose padding is zeros, as that of published ones."""
    directory.mkdir(parents=True)
    sentences = list(islice(pairs(), 0, 4000, 100))
    pieces = [
        train(directory / f"{side}.spm", texts) for side, texts in zip(SIDES, zip(*sentences, strict=True), strict=True)
    ]
    tokens = dict.fromkeys(("</s>", "<unk>", *(piece for side in pieces for piece in side if piece != "<s>"), "<pad>"))
    (directory / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False))
    names = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "tokenizer_class": "MarianTokenizer"}
    (directory / "tokenizer_config.json").write_text(json.dumps({**names, "source_lang": "zh", "target_lang": "en"}))
    pad = len(tokens) - 1
    torch.manual_seed(0)
    config = transformers.MarianConfig(
        vocab_size=len(tokens),
        d_model=WIDTH,
        **{f"{stack}_layers": LAYERS for stack in ("encoder", "decoder")},
        **{f"{stack}_attention_heads": HEADS for stack in ("encoder", "decoder")},
        **{f"{stack}_ffn_dim": FFN for stack in ("encoder", "decoder")},
        max_position_embeddings=PLACES,
        activation_function="swish",
        scale_embedding=True,
        **dict.fromkeys(("pad_token_id", "decoder_start_token_id"), pad),
        **dict.fromkeys(("bos_token_id", "eos_token_id", "forced_eos_token_id"), 0),
    )
    model = transformers.MarianMTModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.normal_(mean=float(name.endswith("norm.weight")), std=0.9)
        model.model.shared.weight *= 0.3
        model.model.shared.weight[pad] = 0
        model.final_logits_bias.normal_(std=0.3)
        model.final_logits_bias[0, pad] = 0
    model.generation_config.forced_eos_token_id = None
    model.generation_config.bad_words_ids = [[pad]]
    model.save_pretrained(directory)
    (directory / "model.safetensors").chmod(0o644)


def write_package(directory: Path) -> None:
    """A package of Argos Translate, its model in int8 and without biases of attention."""
    (directory / "model").mkdir(parents=True)
    told = {"package_version": "1.0", "argos_version": "1.9.0", "from_code": "zh", "to_code": "en"}
    (directory / "metadata.json").write_text(json.dumps(told))
    sentences = [text for pair in islice(pairs(), 50, 4000, 100) for text in pair]
    pieces = train(directory / "sentencepiece.model", sentences)
    tokens = ["<unk>", "<blank>", "<s>", "</s>", *(p for p in pieces if p not in ("<unk>", "<s>", "</s>"))]
    spec = TransformerSpec.from_config(LAYERS, HEADS, pre_norm=True)
    set_transformer_spec(spec, opennmt(len(tokens)))
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(directory / "model"))


def opennmt(count: int) -> dict[str, torch.Tensor]:
    """Random parameters under the names of OpenNMT-py, for so many tokens."""
    torch.manual_seed(1)
    found = {"generator.weight": torch.randn(count, WIDTH), "generator.bias": torch.randn(count)}
    for stack, layer, norms in (
        ("encoder", "encoder.transformer", {"self_attn": "layer_norm"}),
        ("decoder", "decoder.transformer_layers", {"self_attn": "layer_norm_1", "context_attn": "layer_norm_2"}),
    ):
        made = f"{stack}.embeddings.make_embedding"
        found[f"{made}.emb_luts.0.weight"] = 0.3 * found["generator.weight"].flip(0)
        found[f"{made}.pe.pe"] = waves()[:, None]
        found |= norm(f"{stack}.layer_norm")
        for name in (f"{layer}.{i}" for i in range(LAYERS)):
            for attention, before in norms.items():
                maps = ("linear_query", "linear_keys", "linear_values", "final_linear")
                found |= {f"{name}.{attention}.{each}.weight": 0.4 * torch.randn(WIDTH, WIDTH) for each in maps}
                found |= norm(f"{name}.{before}")
            ffn = f"{name}.feed_forward"
            found |= norm(f"{ffn}.layer_norm")
            for each, out, into in (("w_1", FFN, WIDTH), ("w_2", WIDTH, FFN)):
                found[f"{ffn}.{each}.weight"] = 0.4 * torch.randn(out, into)
                found[f"{ffn}.{each}.bias"] = 0.4 * torch.randn(out)
    return found


def norm(name: str) -> dict[str, torch.Tensor]:
    """The gain and the bias of a norm."""
    return {f"{name}.weight": 1 + 0.2 * torch.randn(WIDTH), f"{name}.bias": 0.2 * torch.randn(WIDTH)}


def waves() -> torch.Tensor:
    """The paper's sines and cosines."""
    angles = torch.arange(PLACES)[:, None] * 10000.0 ** (-torch.arange(0, WIDTH, 2) / WIDTH)
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


def results(directory: Path, pieces: Path, after: Sequence[str]) -> dict[str, Any]:
    """What CTranslate2 computes in float32: decodings, and the scores of a given output."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    source = [*processor.encode(TEXT, out_type=str), *after]
    translator = ctranslate2.Translator(str(directory), compute_type="float32", inter_threads=1, intra_threads=1)
    how: dict[str, Any] = {"max_decoding_length": MOST, "return_scores": True, "length_penalty": 1}
    found = {
        name: translator.translate_batch([source], beam_size=width, num_hypotheses=width, **how)[0]
        for name, width in (("greedy", 1), ("beam", 4))
    }
    target = processor.encode(OUTPUT, out_type=str)[:MOST]
    scored = translator.score_batch([source], [target])[0]
    return {
        "source": source,
        "target": target,
        "log_probs": scored.log_probs,
        **{name: {"tokens": result.hypotheses, "scores": result.scores} for name, result in found.items()},
    }


if __name__ == "__main__":
    main()
