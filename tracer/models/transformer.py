from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Config:
    """The shape of a Transformer: everything that `config.json` states about the architecture."""

    d_model: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    ffn: int
    source_vocab: int
    target_vocab: int
    pad_id: int = 0
    bos_id: int = 1
    eos_id: int = 2
    unk_id: int = 3
    activation: Literal["relu", "gelu"] = "relu"
    norm: Literal["post", "pre"] = "post"
    final_norm: bool = False
    norm_eps: float = 1e-5
