"""Make the fixtures of GGUF with gguf and llama.cpp (packages `gguf` and `llama-cpp-python`).

    python tests/make_gguf.py

`blocks.safetensors` has random blocks of every type, and the numbers that `gguf.quants` makes of them.
`llama_q4_k_m.gguf` is a small random Llama that llama.cpp quantised; `llama_q4_k_m.safetensors` has what llama.cpp
computed from the same numbers once they were out of their blocks: logits, and the ids of a few texts.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gguf
import numpy as np
from llama_cpp import llama_cpp
from safetensors.numpy import save_file
from sentencepiece import SentencePieceProcessor

FIXTURES = Path(__file__).parent / "fixtures"
HERE = FIXTURES / "gguf"
PIECES = FIXTURES / "llama_gqa" / "tokenizer.model"
TYPES = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS")
NAME = "llama_q4_k_m"
WIDTH, HEADS, KV_HEADS, D_K, FFN, POSITIONS = 256, 4, 2, 16, 256, 64
Q4_K_M, F32 = 15, 0
IDS = [1, 269, 261, 300, 304, 315, 259, 305, 292, 299]
TEXTS = ("Hello world", "我们明天在图书馆学习中文。", "emoji 🙂 end", "  two  blanks ", "</s>a<s> b", "a\n\nb")


def blocks() -> dict[str, Any]:
    """Three random blocks of every type, and their numbers, all of them finite."""
    random, found = np.random.default_rng(15), {}
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        numbers = np.array(np.nan)
        while not np.isfinite(numbers).all():
            raw = random.integers(0, 256, (3, gguf.GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)
            with np.errstate(all="ignore"):
                numbers = gguf.quants.dequantize(raw, kind)
        found |= {f"{name}.blocks": raw, f"{name}.numbers": numbers}
    return found


def tensors(vocabulary: int) -> Iterator[tuple[str, Any]]:
    """A Llama of one layer, with the output tied to the embedding."""
    random = np.random.default_rng(4)

    def matrix(out: int, into: int) -> Any:
        return random.normal(0, 0.1, (out, into)).astype(np.float32)

    yield "token_embd.weight", matrix(vocabulary, WIDTH)
    for part, heads in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS)):
        yield f"blk.0.attn_{part}.weight", matrix(heads * D_K, WIDTH)
    yield "blk.0.attn_output.weight", matrix(WIDTH, HEADS * D_K)
    for part, shape in (("gate", (FFN, WIDTH)), ("up", (FFN, WIDTH)), ("down", (WIDTH, FFN))):
        yield f"blk.0.ffn_{part}.weight", matrix(*shape)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        yield f"{name}.weight", (1 + matrix(1, WIDTH)[0]).astype(np.float32)


def write(path: Path) -> None:
    """That Llama in single precision, with the pieces of another fixture."""
    pieces = SentencePieceProcessor(str(PIECES))
    ids = range(len(pieces))
    sorts = [2 if pieces.IsUnknown(i) else 3 if pieces.IsControl(i) else 6 if pieces.IsByte(i) else 1 for i in ids]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(D_K)
    writer.add_value_length(D_K)
    writer.add_rope_dimension_count(D_K)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([pieces.IdToPiece(i) for i in ids])
    writer.add_token_scores([pieces.GetScore(i) for i in ids])
    writer.add_token_types(sorts)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    for name, array in tensors(len(pieces)):
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantised(source: Path, target: Path, kind: int) -> None:
    """A file as another one, its numbers of another kind, by llama.cpp."""
    how = llama_cpp.llama_model_quantize_default_params()
    how.ftype, how.nthread, how.allow_requantize = kind, 1, True
    assert llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(how)) == 0


def loaded(path: Path) -> Any:
    """The model in a file, as llama.cpp has it."""
    return llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())


def logits(model: Any) -> Any:
    """[position, vocab], after each of the ids."""
    how = llama_cpp.llama_context_default_params()
    how.n_ctx, how.n_threads, how.n_threads_batch, how.flash_attn_type = POSITIONS, 1, 1, 0
    how.type_k = how.type_v = 0
    context = llama_cpp.llama_init_from_model(model, how)
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    batch = llama_cpp.llama_batch_init(len(IDS), 0, 1)
    batch.n_tokens = len(IDS)
    for i, token in enumerate(IDS):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = token, i, 1, 0, 1
    assert llama_cpp.llama_decode(context, batch) == 0
    rows = (llama_cpp.llama_get_logits_ith(context, i) for i in range(len(IDS)))
    return np.array([np.ctypeslib.as_array(row, (size,)) for row in rows])


def tokens(model: Any, text: str) -> list[int]:
    """The ids of a text, special tokens in it as such, with what encloses it."""
    data, room = text.encode(), (llama_cpp.llama_token * 99)()
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    count = llama_cpp.llama_tokenize(vocabulary, data, len(data), room, len(room), True, True)
    return list(room[:count])


def main() -> None:
    """Write all of them."""
    HERE.mkdir(exist_ok=True)
    save_file(blocks(), HERE / "blocks.safetensors")
    with TemporaryDirectory() as directory:
        plain, back = (Path(directory) / f"{name}.gguf" for name in ("plain", "back"))
        write(plain)
        quantised(plain, HERE / f"{NAME}.gguf", Q4_K_M)
        quantised(HERE / f"{NAME}.gguf", back, F32)
        model = loaded(back)
        numbers = {tensor.name: tensor.data.copy() for tensor in gguf.GGUFReader(back).tensors}
        few = {f"rows/{name}": array.reshape(-1, array.shape[-1])[:2] for name, array in numbers.items()}
        save_file({"logits": logits(model), "ids": np.array(IDS), **few}, HERE / f"{NAME}.safetensors")
        told = {text: tokens(model, text) for text in TEXTS}
        (HERE / f"{NAME}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
