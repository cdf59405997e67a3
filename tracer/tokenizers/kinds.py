"""Which class of transformers reads a directory (AutoTokenizer.from_pretrained)."""

from __future__ import annotations

from pathlib import Path

from ..checkpoints.regular import read_bounded
from .backend import BACKEND
from .byte_level import GPT2, GPT_NEOX, QWEN2, ROBERTA
from .mbart import MBART, MBART50
from .metaspace import LLAMA, T5, XLM_ROBERTA
from .nllb import NLLB
from .stated import StatedTokens
from .wordpiece import BERT

MARIAN = "MarianTokenizer"
MISTRAL = "MistralCommonBackend"
M2M_100 = "M2M100Tokenizer"
REGISTERED = {
    "bart": ROBERTA.name,
    "bert": BERT.name,
    "distilbert": BERT.name,
    "gpt2": GPT2.name,
    "gpt_neox": GPT_NEOX.name,
    "m2m_100": M2M_100,
    "marian": MARIAN,
    "mbart": MBART.name,
    "mistral": MISTRAL,
    "mt5": T5.name,
    "opt": GPT2.name,
    "qwen2": QWEN2.name,
    "qwen3": QWEN2.name,
    "roberta": ROBERTA.name,
    "t5": T5.name,
    "xlm-roberta": XLM_ROBERTA.name,
}
"""The class that goes with a type of model; the others have none."""
NOT_BELIEVED = {"qwen2"}
"""Types of model whose directories are known to state a wrong class."""
ALL = (GPT2, GPT_NEOX, QWEN2, ROBERTA, LLAMA, T5, XLM_ROBERTA, MBART, MBART50, NLLB, BERT, BACKEND)
KINDS = {kind.name: kind for kind in ALL}
KINDS |= {"BartTokenizer": ROBERTA, "LEDTokenizer": ROBERTA}
KINDS |= dict.fromkeys(("DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"), BERT)
KINDS |= dict.fromkeys(("PreTrainedTokenizer", "PythonBackend", "BloomTokenizer", MISTRAL), BACKEND)


def class_of(stated: StatedTokens, serialized: Path) -> str:
    """The name of the class, without the ending of its fast variant.

    No Llama's cut suits a vocabulary of bytes, as a `tokenizer.json` at the path ``serialized`` may have it.
    """
    registered = REGISTERED.get(stated.model_type)
    name = next((name.removesuffix("Fast") for name in stated.class_names()), None)
    if name is None or registered == MISTRAL or (registered and stated.model_type in NOT_BELIEVED):
        return registered or BACKEND.name
    return BACKEND.name if name == LLAMA.name and _is_byte_level(serialized) else name


def _is_byte_level(path: Path) -> bool:
    try:
        return path.exists() and '"ByteLevel"' in read_bounded(path).decode("utf-8")
    except (OSError, ValueError):
        return False
