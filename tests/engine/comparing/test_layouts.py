"""Shapes in which a dump may hold what a record has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tracer.comparing.layouts import FIRST, HALVES, TURNED, Layout, layouts
from tracer.i18n import spoken
from tracer.tensor import Array, Tensor

from .ported import run_of

Q, K, ROTATED = (f"@1:decoder.0.self_attn.{name}" for name in ("q", "k", "q_rotated"))
HIDDEN, WEIGHTS, LOGITS = "@1:decoder.0.ffn.hidden", "@1:decoder.0.self_attn.weights", "@1:logits"
BIAS, ENCODED = "@1:decoder.0.self_attn.position_bias", "@0:encoder.0.ffn.hidden"


def tensor(address: str, family: str) -> Tensor:
    step, path = int(address[1]), address[3:]
    return run_of(family).step(step).find(path).output


def interleaved(x: Array) -> Array:
    """Features i and i + d/2 beside each other, as llama.cpp has them."""
    first, second = np.split(x, 2, axis=-1)
    return np.stack([first, second], -1).reshape(x.shape)


Turn = Callable[[Array], Array]
AS_IT_LIES: list[tuple[str, str, Turn, object]] = [
    ("gpt2", HIDDEN, lambda x: x, ""),
    ("gpt2", HIDDEN, lambda x: x[None], ""),
    ("gpt2", HIDDEN, lambda x: x[:, None], ""),
    ("gpt2", HIDDEN, lambda x: x[None, None], ""),
    ("gpt2", HIDDEN, np.ravel, ""),
    ("gpt2", HIDDEN, np.transpose, TURNED),
    ("gpt2", HIDDEN, lambda x: x[-1], ""),
    ("gpt2", HIDDEN, lambda x: x[None, -1:], ""),
    ("gpt2", HIDDEN, lambda x: x[0], FIRST),
    ("marian_zh_en", ENCODED, lambda x: x[:1], FIRST),
    ("gpt2", LOGITS, lambda x: x[-1], ""),
    ("gpt2", Q, lambda x: x, ""),
    ("gpt2", Q, lambda x: x[None], ""),
    ("gpt2", Q, lambda x: x.swapaxes(0, 1), ""),
    ("gpt2", Q, lambda x: x.swapaxes(0, 1).reshape(x.shape[1], -1), ""),
    ("gpt2", Q, lambda x: x.swapaxes(0, 1).reshape(1, x.shape[1], -1), ""),
    ("gpt2", Q, lambda x: x.swapaxes(1, 2), TURNED),
    ("gpt2", Q, lambda x: x[:, -1], ""),
    ("llama_gqa", K, lambda x: x.swapaxes(0, 1).reshape(x.shape[1], -1), ""),
    ("llama_gqa", Q, interleaved, HALVES),
    ("llama_gqa", ROTATED, lambda x: interleaved(x).swapaxes(0, 1), HALVES),
    ("llama_gqa", K, lambda x: interleaved(x).swapaxes(0, 1).reshape(x.shape[1], -1), HALVES),
    ("gpt2", WEIGHTS, lambda x: x[None], ""),
    ("gpt2", WEIGHTS, lambda x: x.swapaxes(1, 2), TURNED),
    ("t5_v1_0", BIAS, lambda x: x[None], ""),
    ("t5_v1_0", BIAS, lambda x: x.transpose(1, 2, 0), ""),
]


def fits(layout: Layout, theirs: Array, ours: Array) -> bool:
    """Whether a layout makes of theirs what is ours."""
    return np.array_equal(layout.ours(theirs), ours[layout.where])


@pytest.mark.parametrize(("family", "address", "turn", "note"), AS_IT_LIES)
def test_theirs_is_ours_in_one_of_the_layouts(family: str, address: str, turn: Turn, note: object) -> None:
    ours = tensor(address, family)
    theirs = turn(ours.array)
    found = [layout for layout in layouts(theirs.shape, ours) if fits(layout, theirs, ours.array)]
    assert [spoken(layout.note) for layout in found][:1] == [spoken(note)]
    assert np.array_equal(found[0].theirs(ours.array).reshape(theirs.shape), theirs)
    assert found[0].is_whole is (theirs.size == ours.array.size)


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        (HIDDEN, (6, 192)),
        (HIDDEN, ()),
        (HIDDEN, (9, 191)),
        (Q, (4, 9, 13)),
        (Q, (3, 9, 16)),
        (Q, (9, 12, 4, 1, 2)),
        (WEIGHTS, (4, 8)),
        ("@1:decoder.0.self_attn.mask", (9, 9, 4)),
    ],
)
def test_no_other_shape_is_one(address: str, shape: tuple[int, ...]) -> None:
    assert list(layouts(shape, tensor(address, "gpt2"))) == []


def test_what_an_encoder_computes_has_no_last_position_alone() -> None:
    ours = tensor(ENCODED, "marian_zh_en")
    assert {cut.start for layout in layouts((1, 96), ours) for cut in layout.where} == {None, 0}


def test_an_array_of_one_along_an_axis_is_spread() -> None:
    ours = tensor(Q, "gpt2")
    [layout, *_others] = layouts((9, 48), ours)
    kept = layout.theirs((np.arange(9) < 5)[None, :, None])
    assert kept.reshape(9, 48).all(1).tolist() == [True] * 5 + [False] * 4
