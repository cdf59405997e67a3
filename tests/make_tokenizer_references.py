"""Make the references of the tokenizers, with transformers, sentencepiece, mistral-common, tiktoken (extra `parity`).

    python tests/make_tokenizer_references.py

The vocabularies in `fixtures/tokenizers` are made of sentences of the grammar that the built-in models were trained on,
and a few kilobytes each; `cases.json` has what transformers makes of every directory in
`engine/tokenizer_directories.py`. `fixtures/mbart_languages` is a small random mBART, with what transformers computes
from it in some languages. The `tokenizer_cases.json` of other fixtures are made anew, of the texts in them. The same
versions give the same files.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import chdir
from itertools import islice
from pathlib import Path
from typing import Any
from unicodedata import normalize

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import sentencepiece
import tiktoken
import tokenizers
import torch
import transformers
from engine.tokenizer_directories import (
    DIRECTORIES,
    FIXTURES,
    GPT2,
    HERE,
    SERIALIZED,
    TEXTS,
    Directory,
    numbers,
    texts,
)
from tokenizers import models, normalizers, pre_tokenizers, trainers

from tracer.tokenizers.byte_level import LLAMA3_WORDS, QWEN_WORDS
from tracer.tokenizers.byte_pieces import ALPHABET
from tracer.tokenizers.ranks import QWEN_TOKENS
from tracer.tokenizers.tekken import UNLISTED
from tracer.tokenizers.vocabulary import merges_of
from tracer.training.grammar import pairs

RULES = {
    **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},
    **dict.fromkeys("\t\n\u00a0\u3000", " "),
    "\u200b": "",
    "ﬁ": "fi",
}
"""A small part of what SentencePiece usually does to characters."""
COMMON = {"character_coverage": 0.9995, "hard_vocab_limit": False, "minloglevel": 2, "num_threads": 1}
UNIGRAM = {"model_type": "unigram", "vocab_size": 340, "normalization_rule_tsv": "rules.tsv"}
PIECES = {
    "mbart": UNIGRAM | {"pad_id": -1},
    "nllb": UNIGRAM | {"model_type": "bpe", "pad_id": -1},
    "t5": UNIGRAM | {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    "whole": {
        "model_type": "bpe",
        "vocab_size": 480,
        "normalization_rule_name": "identity",
        "byte_fallback": True,
        "remove_extra_whitespaces": False,
        "user_defined_symbols": ["[INST]", "<|im_end|>", "ing"],
        "control_symbols": ["<ctrl>"],
    },
}
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
FILLED = 30
"""special tokens of the tekken.json, most of them for nothing"""


def sentences() -> list[str]:
    """English, and a little Chinese."""
    found = list(islice(pairs(), 0, 60_000, 60))
    return [*(english for _chinese, english in found), *(chinese for chinese, _english in found[::40])]


def make_pieces(folder: Path) -> None:
    """Train the SentencePiece models, which remember the names of the files."""
    (folder / "rules.tsv").write_text("".join(map(_rule, RULES.items())), "utf-8")
    for name, options in PIECES.items():
        with chdir(folder):
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(sentences()), model_prefix=name, **COMMON, **options
            )
        shutil.copy(folder / f"{name}.model", HERE / f"{name}.model")


def _rule(rule: tuple[str, str]) -> str:
    return "\t".join(" ".join(f"{ord(character):x}" for character in side) for side in rule) + "\n"


def make_tekken() -> None:
    """GPT-2's byte pairs as Mistral writes them."""
    pieces = gpt2_bytes()
    special = [*UNLISTED.split(), "[ARGS]", "[CALL_ID]"]
    content = {
        "config": {
            "pattern": PATTERN,
            "num_vocab_tokens": len(pieces),
            "default_vocab_size": len(pieces) + FILLED - 5,
            "default_num_special_tokens": FILLED,
            "version": "v11",
        },
        "special_tokens": [{"rank": i, "token_str": name, "is_control": True} for i, name in enumerate(special)],
        "vocab": [
            {"rank": i, "token_bytes": base64.b64encode(piece).decode(), "token_str": piece.decode("utf-8", "replace")}
            for i, piece in enumerate(pieces)
        ],
    }
    (HERE / "tekken.json").write_text(json.dumps(content, indent=0) + "\n", "utf-8")


def gpt2_bytes() -> list[bytes]:
    """The pieces of GPT-2 in the order of their ids, single bytes first."""
    ids = json.loads(GPT2["vocab.json"].read_text("utf-8"))
    pieces = [bytes(ALPHABET[c] for c in piece) for piece in sorted(ids, key=ids.__getitem__) if piece[:2] != "<|"]
    return [*(bytes([i]) for i in range(256)), *(piece for piece in pieces if len(piece) > 1)]


def make_ranks() -> None:
    """The same as tiktoken writes them."""
    lines = (f"{base64.b64encode(piece).decode()} {rank}\n" for rank, piece in enumerate(gpt2_bytes()))
    (HERE / "ranks.model").write_text("".join(lines), "utf-8")


def make_ranked_cases() -> None:
    """What tiktoken makes of them, cut into words as Llama 3 has it, and as Qwen has it."""
    ranks, found = {piece: rank for rank, piece in enumerate(gpt2_bytes())}, {}
    for name, words, special in (("llama3", LLAMA3_WORDS, []), ("qwen", QWEN_WORDS, QWEN_TOKENS)):
        numbers = {token: len(ranks) + i for i, token in enumerate(special)}
        encoding = tiktoken.Encoding(name, pat_str=words, mergeable_ranks=ranks, special_tokens=numbers)
        composed = [normalize("NFC", text) if name == "qwen" else text for text in TEXTS]
        found[name] = [encoding.encode(text, allowed_special="all") for text in composed]
    content = {"tiktoken": tiktoken.__version__, **found}
    (HERE / "ranks.json").write_text(json.dumps(content) + "\n", "utf-8")


def make_lines() -> None:
    """BERT's kind of pieces, one a line."""
    inner = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, limit_alphabet=120, show_progress=False)
    inner.train_from_iterator(sentences(), trainer)
    ids = inner.get_vocab()
    (HERE / "bert.txt").write_text("".join(f"{piece}\n" for piece in sorted(ids, key=ids.__getitem__)), "utf-8")


def make_nllb(folder: Path) -> None:
    """NLLB's tokenizer.json, with its languages."""
    ids = numbers()
    transformers.NllbTokenizer(vocab=ids, merges=merges_of(ids)).save_pretrained(folder / "nllb")
    content = json.loads((folder / "nllb" / "tokenizer.json").read_text("utf-8"))
    (HERE / "nllb.json").write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")


def make_serialized(folder: Path) -> None:
    """Have transformers write its tokenizer.json of other files."""
    for name, (model_type, files, stated) in SERIALIZED.items():
        read = Directory(model_type, files, stated).write(folder / f"read {name}")
        loaded(read).save_pretrained(folder / name)
        content = json.loads((folder / name / "tokenizer.json").read_text("utf-8"))
        (HERE / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")


def loaded(path: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(path)


def case(path: Path, texts: Sequence[str]) -> dict[str, Any]:
    """What transformers makes of texts: ids as source, as given output where they differ, and text again."""
    tokenizer = loaded(path)
    ids = [tokenizer(text)["input_ids"] for text in texts]
    translates = hasattr(tokenizer, "_switch_to_target_mode")
    labels = [tokenizer(text_target=text)["input_ids"] for text in texts] if translates else ids
    decoded = [tokenizer.decode(row, skip_special_tokens=True) for row in ids]
    found = {"class": type(tokenizer).__name__, "ids": ids, "decoded": decoded}
    return found if labels == ids else {**found, "labels": labels}


MBART_CONFIG = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "max_position_embeddings": 32,
    "decoder_start_token_id": 2,
    "scale_embedding": True,
    "init_std": 0.5,
}
SPOKEN = [(None, None), ("de_DE", "ro_RO"), ("en_XX", "fr_XX"), ("zh_CN", None)]
SENTENCE, OUTPUT = "The teacher bought books.", "the park"


@torch.no_grad()
def make_mbart(folder: Path) -> None:
    """A random mBART, and what it makes of a sentence between languages, for each of its tokenizers."""
    transformers.set_seed(3)
    place, found = FIXTURES / "mbart_languages", {}
    config = transformers.MBartConfig(vocab_size=len(loaded(folder / "mbart50 pieces")), **MBART_CONFIG)
    model = transformers.MBartForConditionalGeneration(config).eval()
    for parameter in model.parameters():
        parameter.add_(0.3 * torch.randn(parameter.shape))
    model.save_pretrained(place)
    shutil.copy(HERE / "mbart.model", place / "sentencepiece.bpe.model")
    (place / "tokenizer_config.json").write_text('{"tokenizer_class": "MBart50Tokenizer"}\n', "utf-8")
    for name in ("mbart", "mbart50"):
        tokenizer = loaded(folder / f"{name} pieces")
        found[type(tokenizer).__name__] = [between(model, tokenizer, *spoken) for spoken in SPOKEN]
    (place / "languages.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def between(model: Any, tokenizer: Any, source: str | None, target: str | None) -> dict[str, Any]:
    """A given output and its loss, and one that is decoded, its language forced."""
    tokenizer.src_lang, tokenizer.tgt_lang = source or "en_XX", target
    batch = tokenizer(SENTENCE, text_target=OUTPUT, return_tensors="pt")
    logits = model(**batch).logits[0].log_softmax(-1)
    loss = -logits[range(len(logits)), batch["labels"][0]]
    forced = {"forced_bos_token_id": tokenizer.convert_tokens_to_ids(target)} if target else {}
    ids = {key: batch[key] for key in ("input_ids", "attention_mask")}
    output = model.generate(**ids, num_beams=1, do_sample=False, max_new_tokens=6, **forced)
    return {
        "source_lang": source,
        "target_lang": target,
        "ids": batch["input_ids"][0].tolist(),
        "labels": batch["labels"][0].tolist(),
        "loss": [round(value, 5) for value in loss.tolist()],
        "output": output[0, 1:].tolist(),
    }


def remake_cases() -> None:
    """Make the cases beside the parameters anew."""
    for path in sorted(FIXTURES.glob("*/tokenizer_cases.json")):
        known = [stated["text"] for stated in json.loads(path.read_text("utf-8"))["cases"]]
        found = case(path.parent, known)
        rows = zip(known, found["ids"], found["decoded"], strict=True)
        cases = [{"text": text, "ids": ids, "decoded": decoded} for text, ids, decoded in rows]
        oracle = f"transformers {transformers.__version__} {found['class']}"
        path.write_text(json.dumps({"oracle": oracle, "cases": cases}, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    HERE.mkdir(exist_ok=True)
    remake_cases()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pieces(folder)
        make_tekken()
        make_ranks()
        make_ranked_cases()
        make_lines()
        make_nllb(folder)
        make_serialized(folder)
        cases = {name: case(directory.write(folder / name), texts(name)) for name, directory in DIRECTORIES.items()}
        make_mbart(folder)
    versions = {"transformers": transformers.__version__}
    lines = [f"{json.dumps(name)}: {json.dumps(found, ensure_ascii=False)}" for name, found in cases.items()]
    head, joined = json.dumps(versions), ",\n".join(lines)
    (HERE / "cases.json").write_text(f'{{"versions": {head}, "cases": {{\n{joined}\n}}}}\n', "utf-8")


if __name__ == "__main__":
    main()
