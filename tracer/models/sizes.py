"""How large a stack of layers is, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..i18n import ngettext


def sized(told: str, layers: Sequence[int], heads: int, **more: int) -> str:
    """A sentence with ``1 layer``, or of an encoder and a decoder ``2+2 layers``, and with ``8 heads`` in it."""
    stacks = ngettext("{n} layer", "{n} layers", sum(layers)).format(n="+".join(map(str, layers)))
    return told.format(layers=stacks, heads=ngettext("{n} head", "{n} heads", heads).format(n=heads), **more)
