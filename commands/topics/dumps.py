"""What compare reads."""

from collections.abc import Mapping

from tracer.dumps.opening import kinds
from tracer.i18n import N_, spoken

from ..topic import Topic


def _formats() -> Mapping[str, str]:
    """Every format that is read, and what it is."""
    return {f"--as {name}": spoken(kind.summary) for name, kind in kinds().items()}


DUMPS = Topic(
    "dumps",
    N_("What other programs write of a forward pass, for compare to read."),
    N_("""\
A dump is recognised by what it holds. It has arrays by name: the names of modules as checkpoints of transformers have
them (model.decoder.layers.0.self_attn.q_proj, with or without model., .output, #n), hidden_states.N and attentions.N,
hooks of TransformerLens, nodes of llama.cpp, or addresses as they are here. For other names there is --map FILE with
a line theirs = ours each, in which * stands for anything; what has no name is proposed by its numbers.

Arrays may have an axis for the batch or none, heads merged or apart, and be of the last position alone. input_ids,
decoder_input_ids, attention_mask, position_ids and token_type_ids in the dump are followed.

Numbers prove as much as there is of them: only where all are there is a tensor said to be the same; text, statistics
and sums agree as printed."""),
    ("compare reference.safetensors", "compare port.safetensors --go"),
    names=_formats,
    synonyms=("dump", "--as", "--map"),
)
