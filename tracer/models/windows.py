"""Which layers see a window of the last keys alone, and how wide it is (Beltagy et al. 2020, §3.1)."""

from __future__ import annotations

from collections.abc import Iterable

from ..i18n import N_, _
from .stated import Stated

FULL, SLIDING = "full_attention", "sliding_attention"
OLDER = ("attention",)
"""Words that older files have for the first of them."""

Windows = tuple[int | None, ...]
"""How many keys a query sees at most in each layer, itself included; None is all."""


def windows(stated: Stated, window: int | None, usual: Iterable[bool]) -> Windows:
    """The window in the layers that the file says have it; where it does not say, ``usual`` is whether each has it."""
    usually = [SLIDING if slides else FULL for slides in usual]
    kinds = stated.each_of("layer_types", (FULL, SLIDING, *OLDER), len(usually), usually)
    none_stated = _("{kind} in every layer, as there is no sliding_window").format(kind=FULL)
    stated.insist(window is not None or SLIDING not in kinds, "layer_types", none_stated)
    return tuple(window if kind == SLIDING else None for kind in kinds)


def used_window(stated: Stated, usual: int | None = 4096) -> int | None:
    """The window, if it is in use; else whatever is stated of it has no effect, and may be 0."""
    if stated.flag("use_sliding_window", False):
        return stated.size("sliding_window", usual, null=None)  # type: ignore[no-any-return]
    stated.ignore(N_("no effect here (as use_sliding_window is false): {keys}"), "sliding_window")
    return None


def everywhere(stated: Stated, window: int | None, *, layers: int) -> Windows:
    """One window in every layer, or none, in a family that knows no kinds of layers."""
    stated.expect("layer_types", [FULL if window is None else SLIDING] * layers)
    return (window,) * layers


def no_windows(stated: Stated, *, layers: int) -> Windows:
    """None anywhere, in a family that has none; transformers drops old keys all the same once they are cached."""
    told = N_("{file}: {settings} is not followed; transformers forgets keys beyond it in decoding: ids may differ")
    for key, usual in (("layer_types", [[FULL] * layers]), ("sliding_window", []), ("attention_chunk_size", [])):
        stated.expect(key, *usual, told=told)
    return (None,) * layers
