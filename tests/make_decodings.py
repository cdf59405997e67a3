"""Make `fixtures/decodings.json`, `cuts.json` and `decoding_keys.json` with torch and transformers (extra `parity`).

    python tests/make_decodings.py

What a checkpoint states of decoding is written into a copy of a fixture, and read and followed there by transformers:
the ids that come of it, and of greedy and beam search, with the score of the best hypothesis; and the probabilities
that a sample is drawn from. What cuts a row down is held to account by itself, too. The keys are all that transformers
knows. The same versions give the same files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

FIXTURES = Path(__file__).parent / "fixtures"
HEADS = {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}
HEADS |= {"bart": "BartForConditionalGeneration", "mbart": "MBartForConditionalGeneration"}
HEADS |= {"marian": "MarianMTModel", "t5": "T5ForConditionalGeneration"}
SOURCES = {
    "bart_tied": [5, 44, 8, 44, 8, 60, 2],
    "mbart_untied": [9, 10, 11, 9, 10, 2],
    "marian_two_vocabularies": [5, 6, 70, 5, 6, 0],
    "t5_v1_1": [40, 41, 40, 41, 7, 1],
    "gpt2_untied": [5, 6, 7, 5, 6, 9],
    "llama3_scaled": [1, 20, 21, 22, 20, 21],
    "qwen2": [11, 12, 13, 11, 12],
}
LENGTH = {"max_new_tokens": 9}
STATED: tuple[dict[str, Any], ...] = (
    {"num_beams": 3, "early_stopping": True, "length_penalty": 2.0, **LENGTH},
    {"num_beams": 3, "early_stopping": False, "length_penalty": 2.0, **LENGTH},
    {"num_beams": 3, "early_stopping": "never", "length_penalty": 2.0, **LENGTH},
    {"num_beams": 2, "early_stopping": True, "length_penalty": -0.5, **LENGTH},
    {"num_beams": 2, "early_stopping": "never", "length_penalty": 0.0, **LENGTH},
    {"num_beams": 4, "early_stopping": "never", "length_penalty": -1.0, **LENGTH},
    {"repetition_penalty": 1.7, **LENGTH},
    {"repetition_penalty": 0.6, **LENGTH},
    {"encoder_repetition_penalty": 1.6, **LENGTH},
    {"encoder_repetition_penalty": 0.5, "repetition_penalty": 1.4, "renormalize_logits": True, **LENGTH},
    {"encoder_no_repeat_ngram_size": 1, **LENGTH},
    {"encoder_no_repeat_ngram_size": 2, "no_repeat_ngram_size": 1, **LENGTH},
    {"forced_eos_token_id": 15, "eos_token_id": None, **LENGTH},
    {"eos_token_id": -1, **LENGTH},
    {"max_length": 11, "forced_eos_token_id": 14},
    {"max_length": 9, "max_new_tokens": 4, "min_new_tokens": 3},
    {"bos_token_id": 6, "decoder_start_token_id": None, **LENGTH},
    {"num_beams": 4, "max_new_tokens": 8, "early_stopping": None, "repetition_penalty": None, "min_p": 0.4},
    {"sequence_bias": [[[6], 4.0], [[67], -3.5], [[12, 5], 9.0], [[6, 6], -20.0]], "repetition_penalty": 1.2, **LENGTH},
    {"num_beams": 3, "sequence_bias": [[[15], 3.0], [[15, 15], -8.0], [[11], -1.0]], "max_new_tokens": 7},
    {"exponential_decay_length_penalty": [2, 1.6], "max_new_tokens": 16},
    {"num_beams": 3, "exponential_decay_length_penalty": [1, 1.3], "min_new_tokens": 4, "max_new_tokens": 12},
)
"""Of `generation_config.json`, beside what the fixture states there."""
CONFIGURED: tuple[dict[str, Any], ...] = (
    {"num_beams": 3, "early_stopping": True, "length_penalty": 1.5, **LENGTH},
    {"force_bos_token_to_be_generated": True, "bos_token_id": 6, "max_length": 12},
    {"repetition_penalty": 1.3, "eos_token_id": None, **LENGTH},
)
"""Of `config.json`, where there is no other file."""
SAMPLED: tuple[dict[str, Any], ...] = (
    {"temperature": 0.6, "top_k": 7},
    {"top_k": 0, "top_p": 0.8},
    {"temperature": 1.5, "top_k": 12, "top_p": 0.7, "repetition_penalty": 1.5},
    {"top_k": 0, "min_p": 0.2},
    {"top_k": 0, "typical_p": 0.4},
    {"top_k": 0, "epsilon_cutoff": 0.012},
    {"top_k": 0, "eta_cutoff": 0.05},
    {"top_k": 0, "top_h": 0.3},
    {"temperature": 0.8, "top_h": 0.9, "top_k": 40, "top_p": 0.95, "min_p": 0.02, "typical_p": 0.9},
    {"temperature": 2.5, "top_k": 60, "min_p": 0.01, "epsilon_cutoff": 0.004, "eta_cutoff": 0.02},
)
CUTS: dict[str, tuple[type, tuple[float, ...]]] = {
    "top_h": (transformers.TopHLogitsWarper, (0.2, 0.6, 0.95)),
    "top_k": (transformers.TopKLogitsWarper, (1, 7)),
    "top_p": (transformers.TopPLogitsWarper, (0.1, 0.7, 0.95)),
    "min_p": (transformers.MinPLogitsWarper, (0.05, 0.5, 1.0)),
    "typical_p": (transformers.TypicalLogitsWarper, (0.1, 0.5, 0.95)),
    "epsilon_cutoff": (transformers.EpsilonLogitsWarper, (0.002, 0.02, 0.9)),
    "eta_cutoff": (transformers.EtaLogitsWarper, (0.002, 0.05, 0.9)),
}
"""By the setting: what cuts a row down in transformers, and values of it."""


def decoded(directory: Path, source: list[int], stated: dict[str, Any]) -> dict[str, Any]:
    """The ids that come of what is stated, of greedy and of beam search, prompt and start token left out; the score."""
    model, ids = opened(directory), torch.tensor([source])
    start = len(source) if not model.config.is_encoder_decoder else 1
    beams = stated.get("num_beams") or 4
    how = {"attention_mask": torch.ones_like(ids), "return_dict_in_generate": True, "output_scores": True}
    plain = model.generate(ids, **how)
    greedy = model.generate(ids, num_beams=1, **how)
    beam = model.generate(ids, num_beams=beams, **how)
    return {
        "plain": plain.sequences[0, start:].tolist(),
        "greedy": greedy.sequences[0, start:].tolist(),
        "beam": beam.sequences[0, start:].tolist(),
        "score": round(beam.sequences_scores[0].item(), 6),
    }


def distribution(directory: Path, source: list[int]) -> dict[int, float]:
    """What the first token is drawn from: every token that may be drawn, and its probability."""
    model, ids = opened(directory), torch.tensor([source])
    how = {"max_new_tokens": 1, "return_dict_in_generate": True, "output_scores": True, "do_sample": True}
    scores = model.generate(ids, attention_mask=torch.ones_like(ids), **how).scores[0][0]
    probs = scores.softmax(-1)
    return {i: round(probs[i].item(), 5) for i in scores.isfinite().nonzero()[:, 0].tolist()}


def cut_rows() -> dict[str, Any]:
    """Rows of logits, some of them ruled out, and what each way to cut a row down keeps of them."""
    random = np.random.default_rng(7)
    rows = [(random.normal(size=130) * scale).round(3).tolist() for scale in (0.5, 2, 6)]
    rows.append([value if i % 3 else None for i, value in enumerate(rows[1])])
    tensors = [torch.tensor([-torch.inf if value is None else value for value in row]) for row in rows]
    kept = [
        {"setting": setting, "value": value, "row": number, "kept": kept_of(kind(value), row)}
        for setting, (kind, values) in CUTS.items()
        for value in values
        for number, row in enumerate(tensors)
    ]
    return {"rows": rows, "kept": kept}


def kept_of(processor: Any, row: torch.Tensor) -> list[int]:
    """The places of a row that a processor leaves as they are."""
    return processor(None, row[None])[0].isfinite().nonzero()[:, 0].tolist()


def opened(directory: Path) -> Any:
    """The model of a checkpoint, with all that its files state of decoding."""
    family = json.loads((directory / "config.json").read_text())["model_type"]
    return getattr(transformers, HEADS[family]).from_pretrained(directory, dtype=torch.float32).eval()


def copied(directory: Path, name: str, stated: dict[str, Any], *, configured: bool) -> Path:
    """A copy of a fixture that states something else, in ``config.json`` where that is ``configured``."""
    shutil.rmtree(directory / "copy", ignore_errors=True)
    path = shutil.copytree(FIXTURES / name, directory / "copy")
    file, other = path / "generation_config.json", path / "config.json"
    values = json.loads(file.read_text())
    if configured:
        file.unlink()
        other.write_text(json.dumps(json.loads(other.read_text()) | values | stated))
    else:
        file.write_text(json.dumps(values | stated))
    return path


def main() -> None:
    """Write the files."""
    keys = json.dumps(sorted(vars(transformers.GenerationConfig())), indent=1)
    (FIXTURES / "decoding_keys.json").write_text(f"{keys}\n")
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = []
    with tempfile.TemporaryDirectory() as directory:
        for name, source in SOURCES.items():
            for configured, table in ((False, STATED), (True, CONFIGURED)):
                for stated in table:
                    path = copied(Path(directory), name, stated, configured=configured)
                    case = {"name": name, "source": source, "stated": stated, "configured": configured}
                    found.append(case | decoded(path, source, stated))
            for stated in SAMPLED:
                path = copied(Path(directory), name, stated | {"do_sample": True}, configured=False)
                case = {"name": name, "source": source, "stated": stated, "configured": False}
                found.append(case | {"drawn_from": distribution(path, source)})
    lines = ",\n".join(json.dumps(case) for case in found)
    (FIXTURES / "decodings.json").write_text(f"[\n{lines}\n]\n")
    (FIXTURES / "cuts.json").write_text(json.dumps(cut_rows()) + "\n")


if __name__ == "__main__":
    main()
