"""Which layers see a window of the last keys alone, and how wide it is (Beltagy et al. 2020, §3.1)."""

from __future__ import annotations

from ..i18n import N_, _
from .stated import Stated

FULL, SLIDING = "full_attention", "sliding_attention"
OLDER = {"attention": FULL}
"""Words that older files have for them."""

Windows = tuple[int | None, ...]
"""How many keys a query sees at most in each layer, itself included; None is all."""


def windows(stated: Stated, window: int | None, *, layers: int, since: int = 0) -> Windows:
    """The layers from ``since`` on have the window, unless the file states the kind of each layer."""
    usual = [FULL if window is None or i < since else SLIDING for i in range(layers)]
    stated_as = stated.each_of("layer_types", (FULL, SLIDING, *OLDER), layers, usual)
    kinds = [OLDER.get(kind, kind) for kind in stated_as]
    none_stated = _("{kind} in every layer, as there is no sliding_window").format(kind=FULL)
    stated.insist(window is not None or SLIDING not in kinds, "layer_types", none_stated)
    return tuple(window if kind == SLIDING else None for kind in kinds)


def no_windows(stated: Stated, *, layers: int) -> Windows:
    """None anywhere, in a family that has none; transformers drops old keys all the same once they are cached."""
    told = N_("{file}: {settings} is not followed; transformers forgets keys beyond it in decoding: ids may differ")
    for key, usual in (("layer_types", [[FULL] * layers]), ("sliding_window", []), ("attention_chunk_size", [])):
        stated.expect(key, *usual, told=told)
    return (None,) * layers
