"""What earlier layers would say: of their own stack, and of the encoder where the decoder reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from tracer import views
from tracer.attribution.decoderlens import decoderlens as read_by_decoder
from tracer.attribution.layers import STACKS, Likeliest
from tracer.attribution.lens import lens as read_by_projection
from tracer.debugger.debugger import Debugger
from tracer.i18n import spoken
from tracer.run import live
from tracer.trace import Trace

from ..grammar.kinds import among
from ..grammar.parameters import All, AtStep, Option
from ..registry import command
from ..results.attributed import stated
from ..results.result import Results, answer

Stack = Annotated[str, among(*STACKS)]
Outputs = Annotated[bool, Option("--outputs")]


@command("lens", group="reason")
def lens(debugger: Debugger, stack: Stack | None = None, *, at: AtStep = None, whole: All = False) -> Results:
    """Show what each layer would say if it were the last.

    The norm and the output projection at the end of the model read what every layer yields, with the statistics of
    that: you see the likeliest token of each layer at each position, and its probability (the logit lens). The last row
    is the model's own, which is checked. Where a norm comes last in every layer, there are two tables: of each layer as
    it is, and of what goes into its norm, through that of the last layer. For attribution to parts there is
    contributions.

    STACK is decoder or encoder: the one that the logits come of, or an encoder whose embedding is the matrix of the
    logits. The step is the cursor's, or the first that yields anything; at 3 is another. Of a step made with a cache
    there are its own rows. The last 12 positions are shown, --all shows every one.

    (tx) lens
    (tx) lens decoder at 2
    (tx) lens at 3 --all
    """
    run = live(debugger.run, "lens")
    found = read_by_projection(run, stack, step=_step(debugger, at))

    def data() -> Any:
        return {
            "stack": found.stack,
            "step": found.at.number,
            "layers": found.layers,
            "positions": found.positions.labels,
            "readings": [
                {"convention": spoken(one.convention), **_likeliest(run, one.likeliest)} for one in found.readings
            ],
            "gap": found.gap,
            **stated(read_by_projection),
        }

    yield answer("lens", data, lambda: views.lens.lens_view(found, _pieces(run), full=whole))


@command("decoderlens", group="reason")
def decoderlens(debugger: Debugger, *, at: AtStep = None, whole: All = False, outputs: Outputs = False) -> Results:
    """Show what the decoder says of each layer of the encoder.

    The decoder reads what every layer of the encoder yields, through the encoder's last norm where it has one, in place
    of the last layer: you see the likeliest token of the step, and its probability (DecoderLens). The tokens before
    the step stay. The last row is the run's own, which is checked. The step is the cursor's, or the first that yields
    anything; at 3 is another. The last 12 positions are shown, --all shows every one.

    --outputs also decodes the whole text with each layer, under the settings of the run.

    (tx) decoderlens
    (tx) decoderlens at 2
    (tx) decoderlens --outputs
    """
    run = live(debugger.run, "decoderlens")
    found = read_by_decoder(run, step=_step(debugger, at), whole=outputs)

    def data() -> Any:
        return {
            "step": found.at.number,
            "layers": found.layers,
            "positions": found.positions.labels,
            **_likeliest(run, found.likeliest),
            "outputs": found.outputs,
            "gap": found.gap,
            **stated(read_by_decoder),
        }

    yield answer("decoderlens", data, lambda: views.lens.decoderlens_view(found, _pieces(run), full=whole))


def _step(debugger: Debugger, at: int | None) -> int:
    """The step that is asked for, the cursor's, or the first that yields anything."""
    return max(debugger.cursor.step, *debugger.run.begins.values()) if at is None else at


def _pieces(run: Trace) -> Callable[[int], str]:
    return lambda token: run.card.piece(token, "target")


def _likeliest(run: Trace, found: Likeliest) -> dict[str, Any]:
    """Ids, pieces and probabilities, each [layer, position]."""
    piece = _pieces(run)
    return {
        "ids": found.ids.tolist(),
        "tokens": [[piece(token) for token in row] for row in found.ids.tolist()],
        "probs": found.probs.tolist(),
    }
