"""Questions that many ask, by name: expressions of the shell's own language, and what a model must have for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from ..domains import meant
from ..errors import InputError
from ..i18n import N_, Message, _, spoken
from ..model import Model
from .questions import Question

Part = Literal["encoder", "decoder", "cross", "outputs", "other"]
"""What a question needs: a stack, attention across, outputs that are given, another model."""


class Entry(NamedTuple):
    """A question, in which ``{q}`` stands for the queries that a step adds, and what it needs."""

    name: str
    needs: Part
    text: str


_ALL = "mean({w}, layer, head)"
_HERE, _THERE = "log_softmax(logits)", "log_softmax(r1:logits)"
_PEAK = f"({_ALL} == max({_ALL}, key))"

PRESETS: Mapping[str, Sequence[Entry]] = {
    "attention": (
        Entry("encoder_entropy", "encoder", "entropy(enc.*.self.weights)"),
        Entry("encoder_previous", "encoder", "previous(enc.*.self.weights)"),
        Entry("encoder_next", "encoder", "next(enc.*.self.weights)"),
        Entry("encoder_first", "encoder", "enc.*.self.weights[:, :, 0]"),
        Entry("encoder_last", "encoder", "enc.*.self.weights[:, :, -1]"),
        Entry("self_entropy", "decoder", "entropy(dec.*.self.weights[:, {q}])"),
        Entry("self_previous", "decoder", "previous(dec.*.self.weights[:, {q}])"),
        Entry("self_first", "decoder", "dec.*.self.weights[:, {q}, 0]"),
        Entry("cross_entropy", "cross", "entropy(dec.*.cross.weights[:, {q}])"),
        Entry("cross_first", "cross", "dec.*.cross.weights[:, {q}, 0]"),
        Entry("cross_last", "cross", "dec.*.cross.weights[:, {q}, -1]"),
        Entry(
            "cross_aligned",
            "cross",
            f"sum({{w}} * {_PEAK}, key)".replace("{w}", "dec.*.cross.weights[:, {q}]"),
        ),
    ),
    "alignment": (
        Entry("source", "cross", "argmax(dec.*.cross.weights[:, {q}])"),
        Entry("weight", "cross", "max(dec.*.cross.weights[:, {q}], key)"),
        Entry("together", "cross", "argmax(mean(dec.*.cross.weights[:, {q}], layer, head))"),
    ),
    "loss": (
        Entry("loss", "outputs", "loss"),
        Entry("entropy", "outputs", "entropy(probs)"),
        Entry("likeliest", "outputs", "max(probs, vocab)"),
    ),
    "kl": (
        Entry("kl", "other", f"sum(exp({_HERE}) * ({_HERE} - {_THERE}), vocab) / log(2)"),
        Entry("agree", "other", "argmax(logits, vocab) == argmax(r1:logits, vocab)"),
    ),
}

_NEEDED: Mapping[Part, Message] = {
    "encoder": N_("an encoder"),
    "decoder": N_("a decoder"),
    "cross": N_("a decoder that looks at an encoder"),
    "outputs": N_("outputs that are given: --target-column names theirs, the second of a .tsv"),
    "other": N_("another model: add --against NAME or PATH"),
}


def preset(name: str, model: Model, *, has_target: bool, has_other: bool) -> Sequence[Question]:
    """The questions of a preset that can be asked of a model.

    Raises:
        InputError: there is no such preset, or none of its questions can be asked.
    """
    entries = PRESETS[meant(name, PRESETS)]
    is_given = has_target or has_other
    there = {*_parts(model), *(["outputs"] if is_given else []), *(["other"] if has_other else [])}
    found = [Question(entry.name, _filled(entry.text, is_given)) for entry in entries if entry.needs in there]
    if not found:
        needed = spoken(_NEEDED[entries[0].needs])
        raise InputError(_("--preset {name} needs {needed}").format(name=name, needed=needed))
    return found


def _parts(model: Model) -> Collection[Part]:
    passes = model.texts.passes
    parts: list[Part] = [*(["encoder"] if "encode" in passes else []), *(["decoder"] if "decode" in passes else [])]  # type: ignore[list-item]
    return [*parts, "cross"] if len(parts) == 2 else parts


def _filled(text: str, is_given: bool) -> str:
    """A question of every query that a pass over an output has; of a step of decoding, of the last."""
    return text.replace("{q}", ":" if is_given else "-1:")
