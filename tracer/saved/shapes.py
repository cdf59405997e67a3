"""Which shape each operation yields of which, so that no record of a file says it was made of what can't make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..ops import activation, truncation
from .gradient_shapes import GRADIENTS
from .rules import Rule, Shape, fits, names, normed, normed_jointly, products, rotate, same, weigh


def _masked(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    scores, mask, *bias = inputs
    return fits(len(scores) == 3 and scores[1:] == mask and all(shape == scores for shape in bias), scores)


def _row(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    """The last row."""
    return fits(0 < len(inputs[0]) <= 2 and 0 not in inputs[0], inputs[0][-1:])


def _linear(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    out, into = settings["weight"].shape
    return fits(inputs[0][-1] == into and _biased(settings, out), (*inputs[0][:-1], out))


def _project(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    n, out = _linear(inputs, settings)
    return fits(out % settings["heads"] == 0, (settings["heads"], n, out // settings["heads"]))


def _biased(settings: Mapping[str, Any], out: int) -> bool:
    """Whether a bias, if there is one, has a number for each that comes out."""
    bias = settings.get("bias")
    return bias is None or bias.shape == (out,)


def _part(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (n, width), heads = inputs[0], settings["heads"]
    own = width // settings["parts"]
    is_one = 0 <= settings["part"] < settings["parts"] and own % heads == 0
    return fits(is_one, (heads, n, own // heads))


def _share(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (n, width), first, heads, d_k = inputs[0], settings["first"], settings["heads"], settings["d_k"]
    return fits(first >= 0 and (first + heads) * d_k <= width, (heads, n, d_k))


def _columns(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    *before, width = inputs[0]
    return fits(0 <= settings["first"] <= width - settings["count"], (*before, settings["count"]))


def _portion(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    portions, rows = inputs
    return fits(portions == (rows[0], 1), rows)


def _chosen(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    n, experts = inputs[0]
    return fits(0 < settings["k"] <= experts, (n, settings["k"]))


def _expert_shares(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    probs, chosen = inputs
    return fits(probs[0] == chosen[0], chosen)


def _expert_linear(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    x, chosen = inputs
    out, into = settings["weights"][0].shape
    alike = all(weight.shape == (out, into) for weight in settings["weights"])
    return fits(alike and x[-1] == into and x[:-1] in (chosen, chosen[:1]), (*chosen, out))


def _mix(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    (n, slots, width), shares = inputs
    return fits(shares == (n, slots), (n, width))


def _concat(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    heads, n, width = inputs[0]
    return n, heads * width


def _last(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    n, width = inputs[0]
    return fits(n > 0, (1, width))


def _append(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    (heads, _keys, width) = inputs[-1]
    alike = all((shape[0], shape[2]) == (heads, width) for shape in inputs)
    return fits(alike, (heads, sum(shape[1] for shape in inputs), width))


def _embed(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    vocab, width = settings["weight"].shape
    return fits(all(0 <= i < vocab for i in settings["ids"]), (len(settings["ids"]), width))


def _segments(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    count, width = settings["weight"].shape
    return fits(all(0 <= i < count for i in settings["segments"]), (len(settings["segments"]), width))


def _positions(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return len(settings["positions"]), settings["weight"].shape[1]


def _sinusoids(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return len(settings["positions"]), settings["d_model"]


def _bias(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return settings["weight"].shape[1], len(settings["queries"]), len(settings["keys"])


def _mask(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    shape: Shape = settings["shape"]
    return fits(all(0 <= place < shape[1] for place in settings["padding"]), shape)


def _loss(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (rows, vocab), gold, start = inputs[0], settings["gold"], settings["start"]
    is_there = 0 <= start <= start + len(gold) <= rows and all(0 <= i < vocab for i in gold)
    return fits(is_there, (len(gold),))


def _number(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """A single one, of a row or of single ones."""
    is_there = inputs[0] == () or 0 <= settings.get("token", 0) < inputs[0][0]
    return fits(is_there and len(inputs[0]) < 2 and not any(inputs[1:]), ())


_ALIKE = (
    "add",
    "multiply",
    "rescale",
    "softmax",
    "temper",
    "allowed",
    "cached",
    "scale",
    *names(truncation),
    *names(activation),
)
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_ALIKE, same),
    **dict.fromkeys(("layer_norm", "rms_norm", "offset_rms_norm"), normed),
    **dict.fromkeys(("products", "scores", "layer_scores", "times_scores"), products),
    **dict.fromkeys(("embed", "scaled_embed"), _embed),
    **dict.fromkeys(("sinusoids", "sinusoid_halves", "padded_sinusoids"), _sinusoids),
    **dict.fromkeys(("candidates", "repetition", "bias", "length_decay", "log_softmax"), _row),
    **dict.fromkeys(("argmax", "draw", "kept", "summed_log_prob", "beam_score"), _number),
    "linear": _linear,
    "project": _project,
    **dict.fromkeys(("part", "part_of_heads"), _part),
    "share": _share,
    "columns": _columns,
    "joint_rms_norm": normed_jointly,
    "portion": _portion,
    "top_experts": _chosen,
    "expert_shares": _expert_shares,
    "expert_linear": _expert_linear,
    "mix": _mix,
    "concat": _concat,
    "last": _last,
    "masked": _masked,
    "weigh": weigh,
    "append": _append,
    "positions": _positions,
    "segments": _segments,
    "rotate": rotate,
    "relative_bias": _bias,
    "mask": _mask,
    "loss": _loss,
    **GRADIENTS,
}
"""By the name of the operation; of one that is not here, nothing is insisted on."""
IDS = ("argmax", "draw", "kept")
"""The operations that yield the id of one cell of a row."""


def yields(name: str, inputs: Sequence[Shape], settings: Mapping[str, Any], shape: Shape) -> bool:
    """Whether an operation yields a shape, as far as that is known."""
    try:
        return name not in RULES or RULES[name](inputs, settings) == shape
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return False
