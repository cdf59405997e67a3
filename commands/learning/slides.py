"""The slides of the lecture, in their order; the front matter of a lesson says which of them it teaches."""

from __future__ import annotations

from typing import NamedTuple

from tracer.addresses import suggestion
from tracer.errors import InputError
from tracer.i18n import N_, Message, _


class Slide(NamedTuple):
    """What a slide is about, and a command that shows it; ``name`` is what lessons call it."""

    name: str
    title: Message
    command: str


SLIDES = (
    Slide("encoder-decoder", N_("Encoder–decoder"), "map"),
    Slide("autoregression", N_("Autoregression"), "token"),
    Slide("machine-translation", N_("Machine translation"), "continue"),
    Slide("embedding", N_("Transformer: embedding + positional encoding"), "p enc.embed.output"),
    Slide("attention", N_("Transformer: Q, K, V, the scaled dot product"), "map enc.0.self"),
    Slide("heads", N_("Transformer: heads, concatenation, output projection"), "p enc.0.self.concat"),
    Slide("residual", N_("x¹ + y¹, x² + y², x³ + y³: the residual connection"), "p enc.0.self.residual"),
    Slide("layer-norm", N_("LayerNorm(x + Sublayer(x))"), "demo layernorm 1 3 5"),
    Slide("masked-attention", N_("Masked-Attention: x¹ … x⁴"), "p @1:dec.0.self.mask"),
    Slide("softmax-row", N_("Masked-Attention: α′₁,₁"), "demo softmax 1 2 -inf -inf"),
    Slide("cross-attention", N_("Transformer: the decoder's cross-attention"), "p @1:dec.0.cross.weights[h0]"),
    Slide("linear", N_("Linear(x) = Wx + b"), "formula @1:logits"),
    Slide("token", N_("softmax → token"), "why @1:choice"),
)
"""The lecture as it was held, each with what to type on the lesson's sentence."""


def slides_of(text: str) -> tuple[str, ...]:
    """The slides in a line of names with commas between.

    Raises:
        InputError: the lecture has no such slide.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    known = [slide.name for slide in SLIDES]
    for name in names:
        if name not in known:
            nearest = suggestion(name, known)
            hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
            told = _("slides: the lecture has no {name}{hint}; it has {known}")
            raise InputError(told.format(name=name, hint=hint, known=", ".join(known)))
    return names
