"""Multi-head attention (Vaswani et al. 2017, §3.2), shared by the families that have it as the paper does.

Every function takes the tape and the parameters of the attention first, and returns tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..operation import Operation
from ..ops.attention import append, cached, mask, masked, scores, weigh
from ..ops.linear import concat, linear, project
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import HEAD, Axis, Tensor
from .layout import Parameters
from .text import Text

Padding = Sequence[int]
"""The places of keys that are padding."""


def self_attention(
    tape: Tape,
    p: Parameters,
    x: Tensor,
    heads: int,
    text: Text,
    *,
    past: int | None = None,
    bias: Sequence[Tensor] = (),
    compare: Operation = scores,
) -> Tensor:
    """Queries, keys and values all from x [position, feature] -> [query, feature]; x is of the last places of ``text``.

    ``past`` places came before x under the causal mask; None is no causal mask.
    """
    q = tape(project, "q", x, **p.q, heads=heads, axes=(HEAD, "query"))
    new = new_rows(tape)
    k = tape(project, f"k{new}", x, **p.k, heads=heads, axes=(HEAD, "key"))
    v = tape(project, f"v{new}", x, **p.v, heads=heads, axes=(HEAD, "key"))
    if new:
        k, v = remembered(tape, k, v, text)
    return attend(tape, p, q, k, v, padding=text.hidden, past=past, bias=bias, compare=compare)


def cross_attention(
    tape: Tape,
    p: Parameters,
    x: Tensor,
    memory: Tensor,
    heads: int,
    source: Text,
    *,
    bias: Sequence[Tensor] = (),
    compare: Operation = scores,
) -> Tensor:
    """Queries from the target x [query, feature], keys and values from the memory [key, feature] of the source.

    With a cache, the keys and values are projected in the first pass and kept.
    """
    q = tape(project, "q", x, **p.q, heads=heads, axes=(HEAD, "query"))
    if first := (*tape.earlier("k"), *tape.earlier("v")):
        k, v = (tape(cached, name, tape.keep(tensor)) for name, tensor in zip("kv", first, strict=True))
    else:
        k = tape.keep(tape(project, "k", memory, **p.k, heads=heads, axes=(HEAD, "key")))
        v = tape.keep(tape(project, "v", memory, **p.v, heads=heads, axes=(HEAD, "key")))
    return attend(tape, p, q, k, v, padding=source.hidden, bias=bias, compare=compare)


def new_rows(tape: Tape) -> str:
    """How the names of this pass' own keys and values end where those of earlier passes stand before them."""
    return "" if tape.past is None else "_new"


def remembered(tape: Tape, k_new: Tensor, v_new: Tensor, text: Text) -> tuple[Tensor, Tensor]:
    """The keys and values of all of the text so far: those of earlier passes, then the new ones."""
    return _appended(tape, "k", k_new, text), _appended(tape, "v", v_new, text)


def _appended(tape: Tape, name: str, new: Tensor, text: Text) -> Tensor:
    assert tape.past is not None
    rows = *tape.earlier(name), new
    return tape.keep(tape(append, name, *rows, labels=text.labels, capacity=tape.past.capacity))


def attend(
    tape: Tape,
    p: Parameters,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    padding: Padding = (),
    past: int | None = None,
    window: int | None = None,
    bias: Sequence[Tensor] = (),
    compare: Operation = scores,
    **comparing: Any,
) -> Tensor:
    """softmax(QKᵀ/√d_k + mask) V, heads side by side, output projection -> [query, feature].

    ``compare`` is `scores`, or `products` where there is no √d_k, and has the settings of ``comparing``; ``bias`` is
    added to what it yields.
    """
    return looked_up(
        tape, p, tape(compare, "scores", q, k, **comparing), v, padding=padding, past=past, window=window, bias=bias
    )


def looked_up(
    tape: Tape,
    p: Parameters,
    raw: Tensor,
    v: Tensor,
    *,
    padding: Padding = (),
    past: int | None = None,
    window: int | None = None,
    bias: Sequence[Tensor] = (),
) -> Tensor:
    """softmax(raw + mask) V of raw scores [head, query, key], heads side by side, output projection.

    What is large is let go of as soon as it is used: each is as long as the text, squared.
    """
    hidden = look(tape, raw.dims[1], raw.dims[2], raw, padding, past, window)
    added = tape(masked, "masked", raw, hidden, *bias)
    del raw
    weights = tape(softmax, "weights", added)
    del added
    heads = tape(weigh, "heads", weights, v)
    return tape(linear, "output", tape(concat, "concat", heads), **p.output)


def look(
    tape: Tape, query: Axis, key: Axis, raw: Tensor, padding: Padding, past: int | None, window: int | None
) -> Tensor:
    """The mask [query, key] over raw scores: the one place where any model decides what is hidden."""
    return tape(
        mask,
        "mask",
        query=query,
        key=key,
        shape=raw.shape[1:],
        past=past,
        window=window,
        padding=padding,
        dtype=raw.array.dtype.type,
    )
