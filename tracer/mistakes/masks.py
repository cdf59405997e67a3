"""Mistakes in what is hidden."""

from __future__ import annotations

from ..edits import Call
from ..i18n import N_
from ..mask_rules import Causal, MaskedBy
from ..ops.attention import Mask, mask
from .mistake import Mistake


def _plain(call: Call) -> Call:
    """The mask by the model's own rules."""
    return call.with_op(mask).without("by", "first")


class NoCausal(Mistake):
    """Queries see what comes after them."""

    sentence = N_("the causal mask is missing: positions see later tokens")
    where = N_("is_causal=True, or the triangular mask handed to the decoder's self-attention")
    needs = N_("a causal mask")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Mask) or call.parameters["past"] is None:
            return None
        return _plain(call).having(past=None, window=None)


class CausalOffByOne(Mistake):
    """Queries see one token after them."""

    sentence = N_("the causal mask is one place off: each position sees the next token")
    where = N_("torch.triu(…, diagonal=1) hides what comes after the query; diagonal=2 lets it see one token more")
    needs = N_("a causal mask")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Mask) or call.parameters["past"] is None:
            return None
        return MaskedBy((Causal(1),)).instead(call)


class PaddingSeen(Mistake):
    """Padding is looked at like any other key."""

    sentence = N_("padding is not hidden from attention")
    where = N_("attention_mask: is it handed on, and to cross-attention too?")
    needs = N_("a mask that hides padding")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Mask) or not call.parameters["padding"]:
            return None
        return _plain(call).having(padding=())


no_causal = NoCausal()
causal_off_by_one = CausalOffByOne()
padding_seen = PaddingSeen()
