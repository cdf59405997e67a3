"""Make `fixtures/decodings.json` and `fixtures/decoding_keys.json` with torch and transformers (extra `parity`).

    python tests/make_decodings.py

What a checkpoint states of decoding is written into a copy of a fixture, and read and followed there by transformers:
the ids that greedy and beam search yield, with the score of the best hypothesis; and the probabilities that a sample is
drawn from. The keys are all that transformers knows. The same versions give the same files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

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
)


def decoded(directory: Path, source: list[int], stated: dict[str, Any]) -> dict[str, Any]:
    """The ids that greedy and beam search yield, prompt and start token left out, and the best score."""
    model, ids = opened(directory), torch.tensor([source])
    start = len(source) if not model.config.is_encoder_decoder else 1
    beams = stated.get("num_beams") or 4
    how = {"attention_mask": torch.ones_like(ids), "return_dict_in_generate": True, "output_scores": True}
    greedy = model.generate(ids, num_beams=1, **how)
    beam = model.generate(ids, num_beams=beams, **how)
    return {
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


if __name__ == "__main__":
    main()
