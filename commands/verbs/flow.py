"""What flows from tokens to places, and which words came from which."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, cast

from tracer import views
from tracer.attribution import Method, catalogue
from tracer.attribution.alignments import Reading
from tracer.attribution.alignments import alignments as aligned
from tracer.attribution.flow import FLOW, Flow, of_outputs
from tracer.attribution.word_occlusion import word_occlusion
from tracer.attribution.words import Word
from tracer.debugger.debugger import Debugger
from tracer.debugger.locations import performed
from tracer.digits import whole_number
from tracer.domains import meant
from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import _

from ..grammar.parameters import All, Kind, Option, step_of
from ..grammar.suggestions import words
from ..registry import command
from ..results.attributed import stated
from ..results.result import Results, answer

EVERY = "*"
"""In place of a step: every token of the output, each at the step that yields it."""


def _methods() -> Mapping[str, Method[..., Flow]]:
    """The methods of what flows, by their names."""
    return {name: method for name, method in catalogue().items() if method.family == FLOW}


def _method(text: str) -> Method[..., Flow]:
    known = _methods()
    return known[meant(text, list(known))]


def _all_aligning() -> Mapping[str, Method[..., Any]]:
    """The methods that find alignments, by their names."""
    return {word_occlusion.name: word_occlusion, **_methods()}


def _aligning(text: str) -> Method[..., Any]:
    known = _all_aligning()
    return known[meant(text, list(known))]


def _where(text: str) -> int | str:
    return EVERY if text.removeprefix("@") == EVERY else step_of(text)


def _layer(text: str) -> int:
    layer = whole_number(text)
    if layer is None:
        raise InputError(_("{text!r} is no layer; write its number, e.g. layer 0").format(text=text))
    return layer


def _reading(text: str) -> Reading:
    return cast(Reading, meant(text, ["output", "input"]))


Flowing = Annotated[Method[..., Flow], Kind("METHOD", _method, words(lambda _debugger: dict.fromkeys(_methods(), "")))]
Aligning = Annotated[
    Method[..., Any],
    Kind("METHOD", _aligning, words(lambda _debugger: dict.fromkeys(_all_aligning(), ""))),
]
Where = Annotated[int | str | None, Option("at", "STEP|*", _where)]
Layer = Annotated[int | None, Option("layer", "N", _layer)]
Read = Annotated[Reading | None, Option("read", "output|input", _reading)]


@command("flow", group="reason")
def flow(
    debugger: Debugger, method: Flowing | None = None, *, at: Where = None, layer: Layer = None, whole: All = False
) -> Results:
    """Show how much came from each token to each place.

    A row is a token that the last stack has read up to a step; the columns are the tokens of the source and of the
    target so far, or those of the one text that is read. The methods of attribution, by how far each is to be trusted:
    alti, how near what comes of each token brings the sum of every sublayer, through all layers, those of the encoder
    too (ALTI+); norms, the sizes of what the attentions take of each token; norms residual, with the residual
    connection and the norm after it; rollout, weights through all layers; weights, their mean. Without a METHOD it is
    alti.

    Of alti and rollout each row adds up to 1 over source and target together. layer 0 shows one layer of weights and
    norms, and of alti and rollout what the layers up to it come to. The step is the cursor's, or that of at 2; at 0 is
    the encoder's. With at *, or where the run has not started, rows are the tokens of the output, each as it came out.
    --all shows every row and column.

    (tx) flow
    (tx) flow weights at 2
    (tx) flow norms residual layer 0
    (tx) flow rollout at *
    """
    run, by = debugger.run, method or _methods()["alti"]
    is_whole = at == EVERY or (at is None and not debugger.cursor.index)
    if is_whole:
        performed(run, math.inf)
    step = run.computed if is_whole else debugger.cursor.step if at is None else cast(int, at)
    found = by(run, step, layer)
    found = of_outputs(run, found) if is_whole else found

    def data() -> Any:
        return {
            "method": by.name,
            "step": found.step,
            "layer": found.layer,
            "sources": found.sources,
            "axes": found.table.axes,
            "labels": found.table.labels,
            "values": jsonl.values(found.table.array),
            "of_source": jsonl.values(found.of_source),
            "gap": found.gap,
            **stated(by),
        }

    yield answer("flow", data, lambda: views.flow.flow_view(found, by, full=whole))


@command("alignments", group="reason")
def alignments(debugger: Debugger, method: Aligning | None = None, *, read: Read = None) -> Results:
    """Show which source words each output word came from.

    Each word of the source is hidden in turn from every query, and you see for which words that makes the output
    unlikely, with their share of the loss (occlusion). Words are put together from pieces; of Chinese and Japanese a
    word is what the vocabulary has, and those side by side are shown without a blank. A word that no word of the source
    matters to has none, and a mark is held against marks alone. Bits are how much more unlikely a word is without those
    it came from. The run goes on to its end.

    METHOD of attribution is word occlusion, or one of flow: these only look at what was recorded. They are read at the
    step that yields a word; read input is the step that reads it as input, after it was chosen, where attention of deep
    models often lies (Chen et al. 2020, Shift-Att). It is weights where nothing can be computed, as of a trace that was
    kept, and with read alone.

    (tx) alignments
    (tx) alignments alti
    (tx) alignments norms read input
    """
    found = aligned(debugger.run, method, read)

    def data() -> Any:
        return {
            "method": found.method.name,
            "reading": found.reading,
            "target_words": [_placed(word) for word in found.target],
            "source_words": [_placed(word) for word in found.source],
            "shares": jsonl.values(found.table.array),
            "aligned": [
                {
                    "target": row.word.text,
                    "sources": [{"word": word.text, "share": share} for word, share in row.sources],
                    "bits": row.bits,
                }
                for row in found.aligned
            ],
            "unread": [word.text for word in found.unread],
            **stated(found.method),
        }

    yield answer("alignments", data, lambda: views.alignments.alignments_view(found))


def _placed(word: Word) -> dict[str, Any]:
    """A word and the places of its pieces."""
    return {"word": word.text, "places": list(word.places)}
