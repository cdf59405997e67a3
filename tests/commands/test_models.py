"""What `tx-trace models` says of a checkpoint that is not built in."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

FIXTURES = Path(__file__).parents[1] / "fixtures"
GPT2 = """\
gpt2: decoder-only, 2 layers × 4 heads, d_model 48, float32
  family             gpt2
  sizes              vocabulary of 480 tokens
                     texts of at most 64 tokens
  output projection  the embedding wte.weight, to which it is tied
  parameters         82,752 numbers in model.safetensors, stored as F32
  tokenizer          read from tokenizer.json, as GPT2Tokenizer does
  unused             h.0.attn.bias (and 1 more): the causal mask, which is
                     computed
"""


@pytest.mark.parametrize("path", ["gpt2", "gpt2/model.safetensors"])
def test_a_checkpoint_is_described(tx, path):
    shown, _told, configuration = tx("--width", "80", "models", str(FIXTURES / path)).stdout.partition(
        "  configuration "
    )
    assert shown == GPT2
    assert "(training): attn_pdrop" in configuration


def test_it_is_plain_where_that_is_asked_for(tx):
    shown = tx("--accessible", "models", str(FIXTURES / "torch_post")).stdout
    assert shown.isascii()
    assert "vocabulary of 60 -> 50 tokens" in shown


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("llama3_scaled", "22,536 numbers in 2 files, model-00001-of-00002.safetensors and so on, stored as BF16"),
        ("llama3_scaled", "none is there: texts are token ids"),
        ("t5_v1_1", "made for texts of at most 64 tokens"),
        ("marian_zh_en", "num_beams=6"),
        ("marian_zh_en", "read from source.spm + target.spm + vocab.json"),
        (
            "cases/two-heads/llama_differs",
            "lm_head.weight of the file is used: it differs from model.embed_tokens.weight",
        ),
        ("cases/two-heads/llama_only_head", "lm_head.weight of the file, which is the embedding too"),
    ],
)
def test_what_was_decided_is_told(tx, name, told):
    assert told in " ".join(tx("--width", "200", "models", str(FIXTURES / name)).stdout.split())


def test_what_is_wrong_with_its_numbers_is_told(tx, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((FIXTURES / "bart_tied" / name).read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["final_logits_bias"][0, 3] = np.nan
    tensors["lm_head.weight"] = tensors["model.shared.weight"].astype(np.float16)
    tensors["model.shared.weight"] = tensors["lm_head.weight"].astype(np.float32)
    save_file(tensors, tmp_path / "model.safetensors")
    shown = " ".join(tx("--width", "300", "models", str(tmp_path)).stdout.split())
    assert "unused lm_head.weight: a copy of model.shared.weight" in shown
    assert "tensor final_logits_bias holds NaN or infinity, 1 in all" in shown


def test_what_is_no_checkpoint_is_one_sentence(tx, tmp_path):
    done = tx("models", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == f"tx-trace: {tmp_path / 'config.json'}: is missing; a checkpoint directory has one\n"
