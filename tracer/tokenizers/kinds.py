"""Which class of transformers reads a directory (AutoTokenizer.from_pretrained)."""

from __future__ import annotations

from .backend import BACKEND
from .byte_level import GPT2, QWEN2, ROBERTA
from .mbart import MBART, MBART50
from .metaspace import LLAMA, T5, XLM_ROBERTA
from .stated import StatedTokens

MARIAN = "MarianTokenizer"
MISTRAL = "MistralCommonBackend"
REGISTERED = {
    "bart": ROBERTA.name,
    "gpt2": GPT2.name,
    "marian": MARIAN,
    "mbart": MBART.name,
    "mistral": MISTRAL,
    "qwen2": QWEN2.name,
    "qwen3": QWEN2.name,
    "t5": T5.name,
}
"""The class that goes with a type of model; the others have none."""
NOT_BELIEVED = {"qwen2"}
"""Types of model whose directories are known to state a wrong class."""
KINDS = {kind.name: kind for kind in (GPT2, QWEN2, ROBERTA, LLAMA, T5, XLM_ROBERTA, MBART, MBART50, BACKEND)}
KINDS |= {"BartTokenizer": ROBERTA, "LEDTokenizer": ROBERTA}
KINDS |= dict.fromkeys(("PreTrainedTokenizer", "PythonBackend", "BloomTokenizer", MISTRAL), BACKEND)


def class_of(stated: StatedTokens, *, byte_level: bool) -> str:
    """The name of the class, without the ending of its fast variant.

    ``byte_level`` says that there is a `tokenizer.json` with a vocabulary of bytes, which no Llama's cut suits.
    """
    registered = REGISTERED.get(stated.model_type)
    name = next((name.removesuffix("Fast") for name in stated.class_names()), None)
    if name == LLAMA.name and byte_level and registered != MISTRAL and stated.model_type not in NOT_BELIEVED:
        return BACKEND.name
    if name is None or registered == MISTRAL or (registered and stated.model_type in NOT_BELIEVED):
        return registered or BACKEND.name
    return name
