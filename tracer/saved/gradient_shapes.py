"""Which shape each operation on the way back yields of which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..ops.gradients import activation
from ..tensor import Parameter
from .rules import Rule, Shape, fits, names, normed, normed_jointly, products, rotate, same, weigh


def _stored(weight: Parameter) -> Shape:
    """The shape of a trained matrix as the file has it."""
    return weight.shape[::-1] if weight.transposed else weight.shape


def _is_of(rows: Shape, out: int) -> bool:
    """Whether rows have so many features, those of heads side by side."""
    return len(rows) > 1 and (rows[-1] if len(rows) < 3 else rows[0] * rows[2]) == out


def _places(rows: Shape) -> int:
    """How many places rows are of."""
    return rows[-2]


def _by_group(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """[head, query, key] and [head, query, d_k]: [group, key, d_k]."""
    (heads, queries, keys), (others, rows, width) = inputs
    groups = settings["groups"]
    return fits((heads, queries) == (others, rows) and groups > 0 and heads % groups == 0, (groups, keys, width))


def _new_rows(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    heads, keys, width = inputs[0]
    return fits(0 <= settings["first"] <= keys, (heads, keys - settings["first"], width))


def _last_row(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """A row, and what it was the last of, of a stated shape."""
    shape: Shape = settings["shape"]
    return fits(same(inputs, settings) == shape[-1:] and 0 < len(shape) <= 2 and 0 not in shape, shape)


def _changed_row(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    row, shape = inputs
    return fits(row == shape[-1:] and 0 < len(shape) <= 2 and 0 not in shape, shape)


def _token(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return fits(inputs[0] == () and 0 <= settings["token"] < settings["length"], (settings["length"],))


def _rows_added(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (n, width), weight, rows = inputs[0], settings["weight"], settings["rows"]
    count, features = weight.shape
    is_there = len(rows) == n and all(-count <= row < count for row in rows)
    return fits(is_there and width == features, _stored(weight))


def _seed(_inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    shape: Shape = settings["slope"].shape
    return shape


def _cut(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    for place in settings["where"]:
        _within(inputs[0], place)
    return inputs[0]


def _only(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    for place in (settings["where"], *settings["but"]):
        _within(inputs[0], place)
    return inputs[0]


def _within(shape: Shape, place: Sequence[int | slice]) -> Shape:
    """The shape of a part."""
    fits(len(place) == len(shape), shape)
    ranges = [range(n)[where] for where, n in zip(place, shape, strict=True)]
    return tuple(len(one) for one in ranges if isinstance(one, range))


def _gathered(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    shape: Shape = settings["shape"]
    pairs = zip(inputs, settings["places"], strict=True)
    return fits(all(_within(shape, place) == part for part, place in pairs), shape)


def _chosen(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    n, _slots = same(inputs, settings)
    return n, settings["experts"]


def _shares(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    dy, y, probs, chosen = inputs
    return fits(dy == y == chosen and dy[:1] == probs[:1], probs)


def _expert_rows(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (n, slots, width), chosen = inputs
    out, into = settings["weights"][0].shape
    alike = all(weight.shape == (out, into) for weight in settings["weights"])
    places = (n, slots)[: len(settings["like"]) - 1]
    return fits(alike and width == out and chosen == (n, slots), (*places, into))


def _expert_weight(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    dy, x, chosen = inputs
    out, into = settings["weight"].shape
    is_product = dy == (*chosen, out) and x in ((*chosen, into), (chosen[0], into))
    return fits(is_product, _stored(settings["weight"]))


def _mix(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    (n, width), (rows, slots) = inputs
    return fits(n == rows, (n, slots, width))


def _mix_share(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    dy, (n, slots, width) = inputs
    return fits(dy == (n, width), (n, slots))


def _pass_on(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    return inputs[0]


def _linear(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    out, into = settings["weight"].shape
    return fits(inputs[0][-1] == out, (*inputs[0][:-1], into))


def _weight(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    dy, (n, width) = inputs
    out, into = settings["weight"].shape
    return fits(_is_of(dy, out) and (_places(dy), into) == (n, width), _stored(settings["weight"]))


def _bias(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    shape: Shape = settings["bias"].shape
    return fits(len(shape) == 1 and _is_of(inputs[0], shape[0]), shape)


def _project(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    heads, n, d_k = inputs[0]
    out, into = settings["weight"].shape
    return fits(heads * d_k == out, (n, into))


def _placed(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    first, apart, width = settings["first"], settings["apart"], settings["width"]
    heads, *rows = inputs[0] if len(inputs[0]) > len(settings["like"]) else (1, *inputs[0])
    is_there = first >= 0 and rows[-1] <= apart and first + (heads - 1) * apart + rows[-1] <= width
    return fits(is_there and heads > 0, (*rows[:-1], width))


def _split(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    (n, width), heads = inputs[0], settings["heads"]
    return fits(width % heads == 0, (heads, n, width // heads))


def _portion(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    rows, portions = inputs
    return fits(portions == (rows[0], 1), rows)


def _portion_share(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    n, _width = same(inputs, settings)
    return n, 1


def _rows_placed(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    n, *rest = inputs[0]
    return fits(0 <= settings["first"] <= settings["length"] - n, (settings["length"], *rest))


def _normed(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return normed([same(inputs, settings)], settings)


def _gain(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return _normed(inputs, settings)[-1:]


def _shift(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return fits(settings["bias"].shape == inputs[0][-1:], inputs[0][-1:])


def _normed_jointly(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return normed_jointly([same(inputs, settings)], settings)


def _joint_gain(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    return (prod(_normed_jointly(inputs, settings)[::2]),)


def _buckets(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    weight = settings["weight"]
    pairs = weight.shape[1], len(settings["queries"]), len(settings["keys"])
    return fits(inputs[0] == pairs, _stored(weight))


def _loss(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    dy, (rows, vocab) = inputs
    gold, start = settings["gold"], settings["start"]
    is_there = 0 <= start <= start + len(gold) <= rows and all(0 <= i < vocab for i in gold)
    return fits(is_there and dy == (len(gold),), (rows, vocab))


GRADIENTS: Mapping[str, Rule] = {
    **dict.fromkeys(("together", "factor_gradient", "scale_gradient", "softmax_gradient"), same),
    **dict.fromkeys(names(activation), same),
    **dict.fromkeys(("kept_gradient", "log_softmax_gradient"), _last_row),
    **dict.fromkeys(("repetition_gradient", "length_decay_gradient"), _changed_row),
    **dict.fromkeys(("rows_added", "scaled_rows_added"), _rows_added),
    **dict.fromkeys(("key_gradient", "value_gradient"), _by_group),
    **dict.fromkeys(("layer_norm_gradient", "rms_norm_gradient", "offset_rms_norm_gradient"), _normed),
    **dict.fromkeys(("layer_gain_gradient", "rms_gain_gradient"), _gain),
    "query_gradient": weigh,
    "weights_gradient": products,
    "new_rows_gradient": _new_rows,
    "token_gradient": _token,
    "seed": _seed,
    "cut": _cut,
    "only": _only,
    "gathered": _gathered,
    "chosen_gradient": _chosen,
    "shares_gradient": _shares,
    "expert_rows_gradient": _expert_rows,
    "expert_weight_gradient": _expert_weight,
    "mix_gradient": _mix,
    "mix_share_gradient": _mix_share,
    "pass_on": _pass_on,
    "linear_gradient": _linear,
    "weight_gradient": _weight,
    "bias_gradient": _bias,
    "project_gradient": _project,
    "placed": _placed,
    "split_gradient": _split,
    "portion_gradient": _portion,
    "portion_share_gradient": _portion_share,
    "rows_placed": _rows_placed,
    "shift_gradient": _shift,
    "joint_rms_norm_gradient": _normed_jointly,
    "joint_rms_gain_gradient": _joint_gain,
    "rotate_gradient": rotate,
    "buckets_added": _buckets,
    "loss_gradient": _loss,
}
"""By the name of the operation."""
