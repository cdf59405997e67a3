"""Make `fixtures/masks.json` with torch and transformers (extra `parity`): what masks, positions and pads yield.

    python tests/make_masks.py

For one checkpoint of each family: one pass over a text with an attention mask, stated positions or a mask of the
target's own; what decoding goes on with, given that mask or pad ids alone; and the same from stated positions. Of the
logits, the first few of the vocabulary are kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

FIXTURES = Path(__file__).parent / "fixtures"
SEQ2SEQ = ("bart_tied", "mbart_untied", "t5_v1_0", "t5_v1_1", "marian_two_vocabularies")
CAUSAL = ("gpt2_untied", "llama_gqa", "llama3_scaled", "mistral_window", "qwen2", "qwen3")
IDS, TARGET, PAD = [15, 16, 17, 18, 19, 10, 11], [9, 10, 12], 13
MASKS = {
    "left": [0, 0, 1, 1, 1, 1, 1],
    "right": [1, 1, 1, 1, 1, 0, 0],
    "middle": [1, 0, 0, 1, 1, 0, 1],
    "nothing": [0] * 7,
}
POSITIONS, TARGET_MASK = [3, 1, 2, 0, 5, 5, 6], [0, 1, 0, 1]
KEPT = 4
"""logits of a position"""
GREEDY: dict[str, Any] = {"num_beams": 1}
BEAM: dict[str, Any] = {"num_beams": 3, "early_stopping": False, "length_penalty": 1.0}


def batch(ids: list[int]) -> Tensor:
    return torch.tensor([ids])


@torch.no_grad()
def one_pass(model: Any, mask: list[int], **more: Tensor) -> list[list[float]]:
    """The first logits of every position."""
    logits = model(input_ids=batch(IDS), attention_mask=batch(mask), **more).logits[0, :, :KEPT]
    return [[round(value, 6) for value in row] for row in logits.tolist()]


def decoded(model: Any, ids: list[int], **more: Any) -> dict[str, list[int]]:
    """The ids that greedy and beam search yield."""
    given = 1 if model.config.is_encoder_decoder else len(ids)
    common = {"max_new_tokens": 8, "do_sample": False, **more}
    ways = {"greedy": GREEDY, "beam": BEAM}
    return {name: model.generate(batch(ids), **common, **way)[0, given:].tolist() for name, way in ways.items()}


def padded(mask: list[int], pad: int) -> list[int]:
    """The ids with the pad id where the mask hides them."""
    return [i if seen else pad for i, seen in zip(IDS, mask, strict=True)]


def seq2seq(name: str) -> dict[str, Any]:
    """Of an encoder–decoder: each mask of the source, with one of the target."""
    model = AutoModelForSeq2SeqLM.from_pretrained(FIXTURES / name, attn_implementation="eager").eval()
    target = [model.config.decoder_start_token_id, *TARGET]
    theirs = {"decoder_input_ids": batch(target), "decoder_attention_mask": batch(TARGET_MASK)}
    pad = model.generation_config.pad_token_id = model.config.pad_token_id
    return {
        "target": target,
        "pad": pad,
        "cases": {
            where: {
                "one_pass": one_pass(model, mask, **theirs),
                "decoded": decoded(model, IDS, attention_mask=batch(mask)),
                "inferred": decoded(model, padded(mask, pad)),
            }
            for where, mask in MASKS.items()
        },
    }


def causal(name: str) -> dict[str, Any]:
    """Of a decoder-only model: each mask, without positions and with those stated."""
    path = FIXTURES / name
    model = AutoModelForCausalLM.from_pretrained(path, attn_implementation="eager", dtype=torch.float32).eval()
    model.generation_config.pad_token_id = PAD
    positions = batch(POSITIONS)
    return {
        "pad": PAD,
        "cases": {
            where: {
                "one_pass": one_pass(model, mask),
                "placed": one_pass(model, mask, position_ids=positions),
                "decoded": decoded(model, IDS, attention_mask=batch(mask)),
                "decoded_placed": decoded(model, IDS, attention_mask=batch(mask), position_ids=positions),
                "inferred": decoded(model, padded(mask, PAD)),
            }
            for where, mask in MASKS.items()
        },
    }


def main() -> None:
    """Write everything, a checkpoint a line."""
    torch.manual_seed(0)
    found = {name: seq2seq(name) for name in SEQ2SEQ} | {name: causal(name) for name in CAUSAL}
    common = {"ids": IDS, "masks": MASKS, "positions": POSITIONS, "target_mask": TARGET_MASK}
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in (common | {"models": found}).items())
    (FIXTURES / "masks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
