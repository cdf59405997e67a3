"""What `tx-trace models` says of a checkpoint that is not built in."""

import json
import re
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from tracer.checkpoints.stored import Contiguous
from tracer.models.sizes import sized

FIXTURES = Path(__file__).parents[1] / "fixtures"
GPT2 = """\
gpt2: decoder-only, 2 layers × 4 heads, d_model 48, float32
  family             gpt2
  sizes              vocabulary of 480 tokens
                     texts of at most 64 tokens
  format             safetensors: model.safetensors, 357.6 KiB
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
            "lm_head.weight: taken for a copy of model.embed_tokens.weight; whether the two are equal",
        ),
        ("cases/two-heads/llama_only_head", "lm_head.weight of the file, which is the embedding too"),
    ],
)
def test_what_was_decided_is_told(tx, name, told):
    assert told in " ".join(tx("--width", "200", "models", str(FIXTURES / name)).stdout.split())


def test_no_parameter_is_read(tx, tmp_path, monkeypatch):
    def read(*_arguments):
        raise AssertionError("a tensor is read")

    for name in ("read_into", "map", "holds_the_same_as"):
        monkeypatch.setattr(Contiguous, name, read)
    for name in ("gpt2", "cases/two-heads/llama_differs", "llama3_scaled"):
        assert tx("models", str(FIXTURES / name)).returncode == 0
    damaged(tmp_path, "llama_gqa", tensors=lambda tensors: tensors.pop("model.norm.weight"))
    assert tx("models", str(tmp_path)).returncode == 2


def damaged(place, name, tensors=None, **stated):
    """A fixture in which something is wrong."""
    shutil.copytree(FIXTURES / name, place, dirs_exist_ok=True)
    config = json.loads((place / "config.json").read_text("utf-8")) | stated
    (place / "config.json").write_text(json.dumps(config), "utf-8")
    if tensors:
        found = load_file(place / "model.safetensors")
        tensors(found)
        save_file(found, place / "model.safetensors")


def rows(shown):
    """The title, and what is shown under each name."""
    title, *lines = shown.splitlines()
    found, name = {}, ""
    for line in lines:
        named = re.match(r"  (\S+(?: \S+)*)  +(.*)", line)
        name, fact = named.groups() if named else (name, line.strip())
        found.setdefault(name, []).append(fact)
    return title, {name: " ".join(facts) for name, facts in found.items()}


def told(tx, path):
    """The same of a model that does not open."""
    done = tx("--width", "300", "models", str(path))
    assert (done.returncode, done.stderr) == (2, "")
    return rows(done.stdout)


LLAMA = "decoder-only, 2 layers × 8 heads on 2 of keys, d_model 64"


def test_of_a_quantised_model_the_rest_is_told(tx, tmp_path):
    damaged(tmp_path / "m", "llama_gqa", quantization_config={"quant_method": "gptq", "bits": 4})
    title, found = told(tx, tmp_path / "m")
    assert title == f"m: {LLAMA}"
    assert list(found) == ["family", "sizes", "format", "parameters", "tokenizer", "refused"]
    assert found["family"] == "llama"
    assert found["format"] == "safetensors: model.safetensors, 461.4 KiB"
    assert found["parameters"] == "117,568 numbers in model.safetensors, stored as F32"
    assert "is quantised (gptq), which is not supported" in found["refused"]


def test_one_layer_is_one_layer():
    assert sized("{layers} × {heads}", [1], 1) == "1 layer × 1 head"
    assert sized("{layers} × {heads}, d_model {d_model}", [1, 1], 4, d_model=8) == "1+1 layers × 4 heads, d_model 8"


def test_of_an_unknown_family_the_rest_is_told(tx, tmp_path):
    damaged(tmp_path / "m", "llama_gqa", model_type="falcon")
    title, found = told(tx, tmp_path / "m")
    assert title == "m: does not open"
    assert found["family"] == "falcon"
    assert found["sizes"] == "hidden_size = 64, num_hidden_layers = 2, num_attention_heads = 8, vocab_size = 420"
    assert found["tokenizer"] == "read from tokenizer.model, as LlamaTokenizer does"
    assert found["refused"].startswith("model_type 'falcon' is not known; known are ")


def test_every_reason_is_told(tx, tmp_path):
    damaged(tmp_path, "llama_gqa", tensors=lambda tensors: tensors.pop("model.norm.weight"))
    (tmp_path / "tokenizer.model").write_bytes(b"x")
    _title, found = told(tx, tmp_path)
    assert "tokenizer.model: is no SentencePiece model" in found["refused"]
    assert "model.safetensors: tensor model.norm.weight is missing" in found["refused"]


@pytest.mark.parametrize(
    ("name", "content", "form", "refused"),
    [
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n", "safetensors", "is a pointer of Git"),
        ("model.safetensors", b"\xff" * 90, "safetensors", "is no safetensors file"),
        ("model.ckpt", bytes(90), "unknown", "is no zip archive, or cut short"),
        ("model.onnx", b"\x08" * 90, "unknown", "model.safetensors: is missing"),
    ],
)
def test_of_other_files_their_format_and_size_are_told(tx, tmp_path, name, content, form, refused):
    damaged(tmp_path / "m", "llama_gqa")
    for file in (tmp_path / "m").glob("*.safetensors"):
        file.unlink()
    (tmp_path / "m" / name).write_bytes(content)
    title, found = told(tx, tmp_path / "m")
    assert title == f"m: {LLAMA}"
    assert found["format"] == f"{form}: {name}, {len(content)} B"
    assert refused in found["refused"]


def test_a_file_beside_a_configuration_is_told_of_with_it(tx, tmp_path):
    damaged(tmp_path, "llama_gqa")
    (tmp_path / "model.ckpt").write_bytes(bytes(90))
    title, found = told(tx, tmp_path / "model.ckpt")
    assert title == f"model.ckpt: {LLAMA}"
    assert found["format"] == "torch: model.ckpt, 90 B"


def test_an_adapter_is_told_of(tx, tmp_path):
    stated = {"peft_type": "LORA", "r": 8, "base_model_name_or_path": "meta-llama/Llama-3.2-1B"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(stated), "utf-8")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"x" * 30)
    _title, found = told(tx, tmp_path)
    assert found["adapter"] == "LORA of rank 8 for meta-llama/Llama-3.2-1B"
    assert "is an adapter, made for meta-llama/Llama-3.2-1B; give both: -m MODEL --adapter" in found["refused"]


@pytest.mark.parametrize(
    ("content", "named"),
    [("{nope", "is no JSON"), ("[]", "expected a JSON object"), ("{}", "model_type is missing")],
)
def test_of_a_broken_configuration_the_rest_is_told(tx, tmp_path, content, named):
    damaged(tmp_path, "llama_gqa")
    (tmp_path / "config.json").write_text(content, "utf-8")
    title, found = told(tx, tmp_path)
    assert title.endswith(": does not open")
    assert found["parameters"] == "117,568 numbers in model.safetensors, stored as F32"
    assert named in found["refused"]


def test_what_files_say_is_shown_cut_and_without_what_can_not_be_printed(tx, tmp_path):
    damaged(tmp_path, "llama_gqa", model_type="x\x1b[31m" * 100, hidden_size=["y" * 500] * 9)
    _title, found = told(tx, tmp_path)
    assert "\x1b" not in str(found.values())
    assert len(found["family"]) < 400
    assert len(found["sizes"]) < 400


def test_what_is_no_checkpoint_is_one_sentence(tx, tmp_path):
    done = tx("models", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == f"tx-trace: {tmp_path / 'config.json'}: is missing; a checkpoint directory has one\n"
