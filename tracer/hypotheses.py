"""Beam search over the passes of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .addresses import At
from .decoding.beam import Hypothesis, Search, search
from .errors import AddressError
from .i18n import _
from .namedtuple import NamedTuple
from .passes import Pass
from .past import Past
from .performer import Performer
from .tape import Untraced
from .tensor import Array


class Finished(NamedTuple):
    """A whole output: its ids with the end token, its text, its score, and the hypothesis of the search behind it."""

    ids: list[int]
    text: str
    score: float
    hypothesis: Hypothesis | None


def searched(performer: Performer, begin: Pass) -> Search:
    """What is found of outputs that go on from the first pass of a decoder."""
    eos_ids = performer.model.rules.eos_ids
    return search(
        _log_probs(performer, begin, {}),
        beams=performer.setting("beams"),
        penalty=performer.setting("length_penalty"),
        early_stopping=performer.setting("early_stopping"),
        limit=performer.limit.tokens,
        eos_ids=eos_ids,
        end_tokens=len(eos_ids),
    )


def _log_probs(
    performer: Performer, begin: Pass, left: dict[tuple[int, ...], tuple[Pass, Past | None]]
) -> Callable[[Hypothesis], Array]:
    """log p of the token after a hypothesis, from the pass of its parent and what that ``left``.

    These are kept for no longer than hypotheses of one token more are open.
    """

    def log_probs_after(h: Hypothesis) -> Array:
        for ids in [ids for ids in left if len(ids) < len(h.ids) - 1]:
            del left[ids]
        parent, past = left[h.ids[:-1]] if h.ids else (begin, begin.past and begin.past._replace(kept={}))
        here = parent.followed(h.ids[-1:], performer.model.pieces(h.ids[-1:], "target"), past)
        tape = here.tape(Untraced)
        found = performer.log_probs(here, tape)
        left[h.ids] = here, here.left(tape)
        return found

    return log_probs_after


def pass_of(performer: Performer, begin: Pass, considered: Search, place: At) -> Pass:
    """The pass that yields the last token of a hypothesis; it has no past, unless edits hold in what came before.

    Raises:
        AddressError: the search considered no such hypothesis.
    """
    step = dict(enumerate(considered.steps, 1)).get(place.number, [])
    beam = place.beam or 0
    if beam >= len(step):
        raise no_hypothesis(place)
    has_edited_past = begin.past is not None and begin.edits
    read = step[beam].ids[:-1]
    here = _led(performer, begin, step[beam]) if has_edited_past else _followed(performer, begin, read)
    return replace(here, place=place, hypothesis=step[beam])


def _followed(performer: Performer, begin: Pass, read: Sequence[int], past: Past | None = None) -> Pass:
    return begin.followed(read, performer.model.pieces(read, "target"), past)


def _led(performer: Performer, begin: Pass, h: Hypothesis) -> Pass:
    """The pass that yields the last token of a hypothesis, after those that yielded the tokens before it."""
    here = begin
    for parent in h.lineage[:-1]:
        tape = replace(here, place=parent.at).tape(Untraced)
        performer.logits(here, tape)
        here = _followed(performer, begin, parent.ids, here.left(tape))
    return here


def no_hypothesis(place: At) -> AddressError:
    """That there is none at a place."""
    told = _("there is no hypothesis @{n}.{b}; info beams lists those of a beam search")
    return AddressError(told.format(n=place.number, b=place.beam))
