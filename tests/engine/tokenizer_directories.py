"""Directories with tokenizers, as people have them and as they should not be: what is in each, beside config.json.

`make_tokenizer_references.py` has transformers read them, and the tests compare.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from tracer.tokenizers.sentence_pieces import read_model

FIXTURES = Path(__file__).parents[1] / "fixtures"
HERE = FIXTURES / "tokenizers"
TEXTS = [
    "",
    " ",
    "a",
    "  two  leading spaces",
    "trailing space ",
    "tabs\tand\nnewlines\n\n",
    "\n\nThe",
    "The teacher bought 27 books in the park.",
    "I don't; you've, WE'LL -- they're.",
    "naïve cafe\u0301",
    "我们 🙂👩\u200d🚀",
    "ｆｕｌｌｗｉｄｔｈ　１２３ ﬁ",
    "<unk> </s> <pad>",
    "a</s>b",
    "x <s>[INST] hi [/INST]</s>",
    "a<|endoftext|>b <|im_end|>",
    "a <mask> b<mask>",
    "en_XX hi ro_RO",
    "<extra_id_0> x<extra_id_1>",
    "▁ a▁b <0x41>",
    "a\u00a0b\u200bc",
    "<more> x  <more>y",
    " .a , b ? it 's n't",
    ">>fra<< hi >>deu<<",
    "[CLS] the [MASK] bought __zh__ books fra_Latn [SEP]",
    " >>fra<< hi",
]
Edit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Directory:
    """The type of the model, the files under their names, what is stated beside them, and what is changed in them."""

    model_type: str
    files: Mapping[str, Path]
    stated: Mapping[str, Any] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    edit: Edit | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """The directory at a path."""
        path.mkdir(parents=True)
        for name, source in self.files.items():
            shutil.copy(source, path / name)
        stated = {} if self.stated is None else {"tokenizer_config.json": self.stated}
        config = {"config.json": {"model_type": self.model_type, **self.config}}
        for name, content in {**config, **stated, **self.beside}.items():
            (path / name).write_text(json.dumps(content), "utf-8")
        if self.edit:
            content = json.loads((path / "tokenizer.json").read_text("utf-8"))
            self.edit(content)
            (path / "tokenizer.json").write_text(json.dumps(content), "utf-8")
        return path


def added(content: str, **properties: bool) -> dict[str, Any]:
    """A token as `tokenizer_config.json` lists it."""
    usual = dict.fromkeys(("lstrip", "rstrip", "normalized", "single_word"), False)
    return {"content": content, "special": True, **usual, **properties}


def lengths(content: dict[str, Any]) -> None:
    """Have a `tokenizer.json` cut and fill every text."""
    content["truncation"] = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": None} | {
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<|endoftext|>",
    }


def enclosed(content: dict[str, Any]) -> None:
    """Have a `tokenizer.json` put its first token before every text."""
    token = content["added_tokens"][0]["content"]
    pieces = [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    ids = {token: {"id": token, "ids": [content["added_tokens"][0]["id"]], "tokens": [token]}}
    content["post_processor"] = {"type": "TemplateProcessing", "single": pieces, "pair": pieces, "special_tokens": ids}


def as_before(content: dict[str, Any]) -> None:
    """Have Llama's `tokenizer.json` put the blanks as earlier versions did: with a normaliser."""
    steps = [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ]
    content["normalizer"] = {"type": "Sequence", "normalizers": steps}
    content["pre_tokenizer"] = None


GPT2 = {name: FIXTURES / "gpt2" / name for name in ("vocab.json", "merges.txt")}
GPT2_JSON = {"tokenizer.json": FIXTURES / "gpt2" / "tokenizer.json"}
LLAMA = {"tokenizer.model": FIXTURES / "llama_gqa" / "tokenizer.model"}
WHOLE = {"tokenizer.model": HERE / "whole.model"}
T5 = {"spiece.model": HERE / "t5.model"}
MBART = {"sentencepiece.bpe.model": HERE / "mbart.model"}
RANKS = {"tokenizer.model": HERE / "ranks.model"}
RANKED = 479
"""pieces in it"""
BEYOND = {
    "added_tokens_decoder": {
        str(RANKED): added("<|begin_of_text|>"),
        str(RANKED + 2): added("<|eot_id|>", lstrip=True),
        str(RANKED + 5): added("<more>", special=False, normalized=True),
    }
}
BERT = {"vocab.txt": HERE / "bert.txt"}
NLLB = {"sentencepiece.bpe.model": HERE / "nllb.model"}
NLLB_JSON = {"tokenizer.json": HERE / "nllb.json"}
MARIAN = {name: FIXTURES / "marian_zh_en" / name for name in ("source.spm", "target.spm", "vocab.json")}
MARIAN_NUMBERS = json.loads(MARIAN["vocab.json"].read_text("utf-8"))
MORE = {
    "added_tokens_decoder": {
        "3000": added("<more>", special=False, normalized=True),
        "3001": added("[INST]", lstrip=True, rstrip=True),
        "3002": added("hi", special=False, single_word=True),
    }
}
FLAGS = [
    {} if bos is None and eos is None else {k: v for k, v in flags.items() if v is not None}
    for bos, eos in product((None, True, False), repeat=2)
    for flags in ({"add_bos_token": bos, "add_eos_token": eos},)
]
SERIALIZED = {
    "llama": ("llama", LLAMA, {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True}),
    "mistral": ("mistral", LLAMA, {"add_bos_token": True}),
    "t5": ("t5", T5, {"extra_ids": 10}),
    "mbart": ("mbart", MBART, {"src_lang": "de_DE", "tgt_lang": "ro_RO"}),
    "mbart50": ("mbart", MBART, {"tokenizer_class": "MBart50Tokenizer", "src_lang": "de_DE", "tgt_lang": "ro_RO"}),
    "qwen2": ("qwen2", GPT2, {"additional_special_tokens": ["<|im_end|>"]}),
    "bert": ("bert", BERT, {"do_lower_case": False}),
}
"""What transformers made a tokenizer.json of, by its name here: the type, the files, and what is stated."""


def numbers() -> dict[str, int]:
    """The pieces of NLLB's model as M2M-100 numbers them."""
    pieces = [piece.text for piece in read_model(NLLB["sentencepiece.bpe.model"]).pieces[3:]]
    return {piece: i for i, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", *pieces])}


def m2m_100(**stated: Any) -> Directory:
    """A directory of M2M-100 between two languages."""
    spoken = {"src_lang": "de", "tgt_lang": "zh"}
    return Directory("m2m_100", NLLB, {**spoken, **stated}, beside={"vocab.json": numbers()})


MASK = {"mask_token": {"__type": "AddedToken", **added("<mask>", lstrip=True)}}
LANGUAGES = {"src_lang": "de_DE", "tgt_lang": "ro_RO"}
LISTED = {"special_tokens_map.json": {"additional_special_tokens": ["<more>"]}}


def json_of(name: str) -> dict[str, Path]:
    """The file that transformers wrote."""
    return {"tokenizer.json": HERE / f"{name}.json"}


def named(name: str, **stated: Any) -> dict[str, Any]:
    """What is stated with a class."""
    return {"tokenizer_class": name, **stated}


DIRECTORIES: dict[str, Directory] = {
    "gpt2 pairs": Directory("gpt2", GPT2),
    "gpt2 pairs, prefix": Directory("gpt2", GPT2, {"add_prefix_space": True}),
    "gpt2 pairs, bos": Directory("gpt2", GPT2, {"add_bos_token": True}),
    "gpt2 pairs, more": Directory("gpt2", GPT2, MORE),
    "gpt2 pairs, split": Directory("gpt2", GPT2, {"split_special_tokens": True}),
    "gpt2 pairs, map": Directory(
        "gpt2",
        GPT2,
        beside={
            "special_tokens_map.json": {"bos_token": "<s>", "eos_token": added("</s>", rstrip=True)},
            "added_tokens.json": {"<s>": 480, "</s>": 481, "<more>": 482},
        },
    ),
    "gpt2 json": Directory("gpt2", GPT2_JSON),
    "gpt2 json, prefix stated": Directory("gpt2", GPT2_JSON, {"add_prefix_space": True}),
    "gpt2 json, lengths": Directory("gpt2", GPT2_JSON, edit=lengths),
    "followed json, lengths": Directory("llama", GPT2_JSON, edit=lengths),
    "qwen2 pairs": Directory("qwen2", GPT2),
    "qwen2 pairs, wrong class": Directory("qwen2", GPT2, named("GPT2Tokenizer")),
    "qwen3 pairs": Directory("qwen3", GPT2),
    "qwen3 pairs, more": Directory("qwen3", GPT2, {**MORE, "additional_special_tokens": ["<|im_end|>"]}),
    "qwen3 pairs, other class": Directory("qwen3", GPT2, named("GPT2TokenizerFast")),
    "gpt2 pairs, qwen's class": Directory("gpt2", GPT2, config=named("Qwen2Tokenizer")),
    "bart pairs": Directory("bart", GPT2),
    "bart pairs, more": Directory(
        "bart", GPT2, {**MORE, "mask_token": {"__type": "AddedToken", **added("<mask>", lstrip=True)}}
    ),
    "bart json": Directory("bart", GPT2_JSON, named("BartTokenizer", add_bos_token=False)),
    "llama bytes json, llama's class": Directory("llama", GPT2_JSON, named("LlamaTokenizer"), edit=enclosed),
    "llama pieces": Directory("llama", LLAMA, named("LlamaTokenizer", add_bos_token=True)),
    "llama pieces, legacy": Directory("llama", LLAMA, named("LlamaTokenizer", add_bos_token=True, legacy=True)),
    "llama pieces, no prefix": Directory("llama", LLAMA, named("LlamaTokenizer", add_prefix_space=False)),
    "llama pieces, more": Directory("llama", LLAMA, {**named("LlamaTokenizer"), **MORE}),
    "llama pieces, bare": Directory("llama", LLAMA),
    "llama pieces, no bos": Directory("llama", LLAMA, named("LlamaTokenizer", add_bos_token=True, bos_token=None)),
    "mistral pieces": Directory("mistral", LLAMA, named("LlamaTokenizer", add_bos_token=True)),
    "mistral pieces, not legacy": Directory("mistral", LLAMA, {"legacy": False, "add_eos_token": True}),
    "mistral pieces, more": Directory("mistral", LLAMA, MORE),
    "whole pieces": Directory("mistral", WHOLE),
    "whole pieces, llama": Directory("llama", WHOLE, named("LlamaTokenizer")),
    "whole pieces, more": Directory("mistral", WHOLE, {**MORE, "extra_special_tokens": ["<more>"]}),
    "t5 pieces": Directory("t5", T5),
    "t5 pieces, ten": Directory("t5", T5, {"extra_ids": 10, "clean_up_tokenization_spaces": True}),
    "t5 pieces, more": Directory("t5", T5, {**MORE, "additional_special_tokens": ["<more>"]}),
    "t5 pieces, map": Directory(
        "t5", T5, beside={"special_tokens_map.json": {"additional_special_tokens": ["<more>"]}}
    ),
    "unigram pieces, followed": Directory("llama", {"tokenizer.model": HERE / "mbart.model"}),
    "mbart pieces": Directory("mbart", MBART),
    "mbart pieces, languages": Directory("mbart", MBART, LANGUAGES),
    "mbart pieces, more": Directory("mbart", MBART, {**MORE, "additional_special_tokens": ["<more>"]}),
    "mbart50 pieces": Directory("mbart", MBART, named("MBart50Tokenizer")),
    "mbart50 pieces, languages": Directory(
        "mbart", MBART, named("MBart50Tokenizer", src_lang="de_DE", tgt_lang="ro_RO")
    ),
    "mistral tekken": Directory("mistral", {"tekken.json": HERE / "tekken.json"}),
    "ranks": Directory("llama", RANKS),
    "ranks, more": Directory("llama", RANKS, {**named("PreTrainedTokenizerFast"), **BEYOND}),
    "ranks, bos": Directory(
        "llama",
        RANKS,
        {**named("PreTrainedTokenizerFast", bos_token="<|begin_of_text|>", add_bos_token=True), **BEYOND},
    ),
    "ranks, qwen's class": Directory("qwen2", RANKS),
    "ranks, llama's class": Directory("llama", RANKS, named("LlamaTokenizer", add_bos_token=True)),
    "ranks, named so": Directory("llama", {"tiktoken.model": HERE / "ranks.model"}),
    "xlm-r pieces": Directory("bart", MBART, named("XLMRobertaTokenizer")),
    "xlm-r pieces, by type": Directory("xlm-roberta", MBART),
    "mt5 pieces": Directory("mt5", T5),
    "opt pairs": Directory("opt", GPT2, {"add_bos_token": True, "bos_token": "</s>", "pad_token": "<pad>"}),
    "gpt_neox pairs": Directory("gpt_neox", GPT2),
    "gpt_neox json": Directory("gpt_neox", GPT2_JSON, {"add_bos_token": True}),
    "roberta pairs": Directory("roberta", GPT2, MASK),
    "bert lines": Directory("bert", BERT),
    "bert lines, cased": Directory("bert", BERT, {"do_lower_case": False, "strip_accents": True}),
    "bert lines, more": Directory("bert", BERT, MORE | {"tokenize_chinese_chars": False}),
    "bert lines, split": Directory("bert", BERT, {"split_special_tokens": True}),
    "distilbert lines": Directory(
        "distilbert", BERT, named("DistilBertTokenizer", strip_accents=False, clean_up_tokenization_spaces=True)
    ),
    "nllb json": Directory("m2m_100", NLLB_JSON, named("NllbTokenizer")),
    "nllb json, languages": Directory(
        "m2m_100", NLLB_JSON, named("NllbTokenizer", src_lang="deu_Latn", tgt_lang="fra_Latn")
    ),
    "nllb json, as before": Directory("m2m_100", NLLB_JSON, named("NllbTokenizer", legacy_behaviour=True)),
    "m2m_100": m2m_100(),
    "m2m_100, others": m2m_100(language_codes="wmt21", src_lang="en"),
    "m2m_100, more": m2m_100(**MORE),
    "marian": Directory("marian", MARIAN),
    "marian, languages": Directory(
        "marian",
        {name: path for name, path in MARIAN.items() if name != "vocab.json"},
        beside={"vocab.json": MARIAN_NUMBERS | {">>fra<<": 352, ">>deu<<": 353}},
    ),
    "marian, two vocabularies": Directory(
        "marian",
        MARIAN,
        {"separate_vocabs": True},
        beside={"target_vocab.json": {piece: len(MARIAN_NUMBERS) - 1 - i for piece, i in MARIAN_NUMBERS.items()}},
    ),
    "marian, one of two": Directory("marian", MARIAN, beside={"target_vocab.json": MARIAN_NUMBERS | {"</s>": 5}}),
    "marian, more": Directory("marian", MARIAN, {**MORE, "clean_up_tokenization_spaces": True}),
    "marian, split": Directory("marian", MARIAN, {"split_special_tokens": True}),
    **{
        f"{name} json, {how}": Directory(model_type, json_of(name), stated)
        for name, (model_type, _files, saved) in SERIALIZED.items()
        for how, stated in (("saved", saved), ("bare", None), ("followed", named("PreTrainedTokenizerFast")))
    },
    "llama json, as before": Directory("llama", json_of("llama"), named("LlamaTokenizer"), edit=as_before),
    "llama json, as before, followed": Directory("llama", json_of("llama"), edit=as_before),
    "mbart json, mbart50's class": Directory("mbart", json_of("mbart"), named("MBart50Tokenizer")),
    **{
        f"flags {i}: {name}": Directory(model_type, files, {**stated, **flags}, edit=edit)
        for i, flags in enumerate(FLAGS)
        for name, model_type, files, stated, edit in (
            ("gpt2 json", "gpt2", GPT2_JSON, {}, None),
            ("gpt2 json, enclosed", "gpt2", GPT2_JSON, {}, enclosed),
            ("followed json, enclosed", "llama", GPT2_JSON, {}, enclosed),
            ("llama json", "llama", json_of("llama"), named("LlamaTokenizer"), None),
            ("bart json", "bart", GPT2_JSON, {}, None),
            ("t5 json", "t5", json_of("t5"), {"extra_ids": 10}, None),
            ("llama pieces", "llama", LLAMA, named("LlamaTokenizer"), None),
            ("mistral pieces", "mistral", LLAMA, {}, None),
            ("mbart pieces", "mbart", MBART, {}, None),
        )
    },
}


def texts(name: str) -> list[str]:
    """The texts that a directory is tried with: few, where it is about what encloses them."""
    return TEXTS[2:14:5] if name.startswith("flags") else TEXTS
