"""Runs: the steps of one decoding, computed when touched, dropped when memory asks for it, and recomputed the same."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from .decoding.beam import Hypothesis, Search, search
from .decoding.choice import choose, keep, search_log_probs
from .decoding.limits import limit_of
from .decoding.rules import Penalty, Rules, Verdict
from .decoding.settings import DEFAULTS, Settings
from .errors import AddressError, InputError
from .i18n import Message, _, spoken
from .model import Model
from .models.text import Text
from .ops.softmax import loss
from .past import Past
from .reading import read_prompt, read_source, remarks
from .tape import Record, Tape, Untraced
from .tensor import Array, Tensor

BUDGET = 256 << 20
"""bytes of recorded outputs that a run keeps; beyond it, the steps touched longest ago are dropped"""


def _numbers(place: str) -> tuple[int, int | None]:
    """``@n`` or ``@n.b`` as numbers."""
    number, _dot, beam = place.removeprefix("@").partition(".")
    return int(number), int(beam) if beam else None


class Token(NamedTuple):
    """A chosen token: the step that yielded it, its id, piece and probability, and the text so far."""

    step: int
    id: int
    piece: str
    prob: float
    text: str


class Finished(NamedTuple):
    """A whole output: its ids with the end token, its text, its score, and the hypothesis of the search behind it."""

    ids: list[int]
    text: str
    score: float
    hypothesis: Hypothesis | None


class Step:
    """One step of a run, as a handle: its tape is computed, or computed again, when it is touched."""

    __slots__ = ("_run", "number")

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self.number = number

    @property
    def tape(self) -> Tape:
        """The sealed tape."""
        return self._run.step(self.number)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.tape)

    def __len__(self) -> int:
        return len(self.tape)

    def __getitem__(self, address: str) -> Tensor:
        return self.tape[address]

    def __repr__(self) -> str:
        return f"<Step @{self.number}>"


@dataclass(repr=False, eq=False)
class Run:
    """One decoding of ``source_ids``, or, with ``target_ids``, one pass over a given output.

    An encoder–decoder reads ``source_ids`` with its encoder, and ``target_ids``, start token first, with its decoder; a
    decoder-only model reads both as one text. Under teacher forcing, step @1 yields logits at every position, and the
    loss of each target id that follows another. ``budget`` is in bytes of recorded outputs.

    ``mask`` has 0 for every source id that no query looks at, and 1 for the others; ``target_mask`` the same for target
    ids. ``positions`` are those of the source ids. `reading` says what they are where they are not given.

    Raises:
        InputError: the text is too long, or the output is given and a strategy is to choose one.
    """

    model: Model
    source_ids: Sequence[int]
    settings: Settings = field(default_factory=Settings)
    target_ids: Sequence[int] | None = None
    budget: int = BUDGET
    mask: Sequence[int] | None = None
    positions: Sequence[int] | None = None
    target_mask: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.teacher_forced and self.settings.strategy != "greedy":
            raise InputError(
                _(
                    "strategy {strategy} chooses tokens, and here the output is given; "
                    "leave out the strategy or the target (set target off)"
                ).format(strategy=self.settings.strategy)
            )
        self.source = self.model.pieces(self.source_ids, "source")
        self.source_text = read_source(self.model, self.source_ids, self.source, self.mask)
        self._read = list(self._given())
        self._prompt = len(self._read)
        self.target = self._labels()
        self.prompt_text = self._read_prompt()
        self.tokens: list[Token] = []
        self.computed = self.first - 1
        self.in_force = self._in_force()
        room = self.model.check_room(max(self._prompt, self.prompt_text.positions[-1] + 1))
        rules = Rules(None, ()) if self.teacher_forced else self.model.rules
        self.limit = limit_of(self.settings.max_tokens, rules, self._prompt, self._default_limit(), room)
        is_cached = self.in_force.cache and not self.teacher_forced
        self._pasts = [Past(self._prompt + self.max_tokens)] if is_cached else []
        self._memory: Tensor | None = None
        self._search: Search | None = None
        self._tapes: OrderedDict[str, Tape] = OrderedDict()
        self._held = 0
        self._again: tuple[tuple[str, str], Tape] = ("", ""), Tape(-1)

    def _given(self) -> Sequence[int]:
        """What the decoder reads before anything is chosen."""
        if not self.model.has_encoder:
            return [*self.source_ids, *(self.target_ids or ())]
        return [self.model.start_id] if self.target_ids is None else self.target_ids

    def _read_prompt(self) -> Text:
        """The same as it is read."""
        read = partial(read_prompt, self.model, tuple(self._read), tuple(self.target), decoding=not self.teacher_forced)
        if self.model.has_encoder or (self.mask is None and self.target_mask is None):
            return read(self.target_mask, self.positions)
        given = (self.mask, self.source_ids), (self.target_mask, self.target_ids or ())
        return read([n for mask, ids in given for n in mask or [1] * len(ids)], self.positions)

    @property
    def remarks(self) -> list[Message]:
        """What would surprise about how the text is read."""
        decoding, stated = not self.teacher_forced, self.mask is not None
        return list(remarks(self.model, self.source_text, self.prompt_text, stated=stated, decoding=decoding))

    def _labels(self) -> list[str]:
        """The pieces of that."""
        if not self.model.has_encoder:
            return [*self.source, *self.model.pieces(self.target_ids or (), "target")]
        return self.model.pieces(self._given(), "target")

    def _labels_before(self, chosen: Sequence[int]) -> list[str]:
        """The pieces of that, and of some ids that were chosen after it."""
        return [*self.target[: self._prompt], *self.model.pieces(chosen, "target")]

    def _in_force(self) -> Settings:
        """The settings, with those of the checkpoint and ours for what was left open."""
        try:
            stated = self.settings.filled(self.model.rules.preferred)
        except InputError as error:
            raise InputError(_("what the checkpoint states can't be followed: {why}").format(why=error)) from None
        return stated.filled(DEFAULTS | {"cache": self.model.facts.cache})

    def origin(self, name: str) -> Literal["asked", "stated", "default"]:
        """Who says what a setting in force is: a person, the checkpoint, or nobody."""
        if getattr(self.settings, name) != getattr(Settings(), name):
            return "asked"
        is_stated = name in self.model.rules.preferred or (name == "cache" and not self.model.facts.cache)
        return "stated" if is_stated else "default"

    def _default_limit(self) -> int:
        return 2 * len(self.source_ids) + 10 if self.model.has_encoder else 64

    @property
    def max_tokens(self) -> int:
        """The most tokens that are chosen."""
        return self.limit.tokens

    @property
    def first(self) -> int:
        """The number of the first step: 0 where there is an encoder."""
        return 0 if self.model.has_encoder else 1

    @property
    def teacher_forced(self) -> bool:
        """Whether the output was given rather than decoded."""
        return self.target_ids is not None

    @property
    def cached(self) -> bool:
        """Whether keys and values are kept from step to step."""
        return bool(self._pasts)

    @property
    def past(self) -> Past | None:
        """What is kept from step to step, as the last one computed left it; None where nothing is."""
        return self._pasts[-1] if self._pasts else None

    def past_of(self, number: int) -> Past | None:
        """What the steps before one left to it."""
        return self._pasts[number - 1] if number and self._pasts else None

    @property
    def ended(self) -> bool:
        """Whether no step follows the last one computed."""
        if self.teacher_forced:
            return self.computed >= 1
        return bool(self.tokens) and self._is_last(self.tokens[-1].id, len(self.tokens))

    def _is_last(self, token: int, count: int) -> bool:
        return token in self.model.rules.eos_ids or count >= self.max_tokens

    @property
    def ending(self) -> str:
        """Why a run that has ended did, for people."""
        if not self.tokens:
            return _("the given output is read")
        last, at_limit = self.tokens[-1], len(self.tokens) == self.max_tokens
        if last.id not in self.model.rules.eos_ids:
            return spoken(self.limit.ending)
        if at_limit and self._verdict(self._read[:-1]).forced is not None:
            return _("{piece}, forced: {why}").format(piece=last.piece, why=spoken(self.limit.ending))
        return last.piece

    @property
    def decoder_ids(self) -> Sequence[int]:
        """What the decoder has read so far, and what was chosen last: the ids of ``target``."""
        return self._read

    @property
    def output_ids(self) -> list[int]:
        """The ids yielded so far, in order, with the final end token."""
        return [token.id for token in self.tokens]

    @property
    def text(self) -> str:
        """The output so far as text; under teacher forcing, the output given."""
        return self.text_of(self.output_ids if not self.teacher_forced else self.target_ids or ())

    def text_of(self, ids: Sequence[int]) -> str:
        """The text of target ids, without start and end tokens."""
        special = {*self.model.rules.eos_ids, self.model.rules.start_id}
        return self.model.text([i for i in ids if i not in special])

    @property
    def steps(self) -> list[Step]:
        """The steps computed so far, in order."""
        return [Step(self, n) for n in range(self.first, self.computed + 1)]

    @property
    def hypotheses(self) -> list[Finished]:
        """What beam search found, best first; of another strategy, the one output. Decodes to the end."""
        if self.settings.strategy != "beam":
            self.decode()
            score = sum(math.log(token.prob) for token in self.tokens if token.prob) / max(1, len(self.tokens))
            return [Finished(self.output_ids, self.text, score, None)]
        return [Finished(list(h.ids), self.text_of(h.ids), h.score, h) for h in self.search.finished]

    @property
    def search(self) -> Search:
        """The beam search, performed when first asked for."""
        if self._search is None:
            if self.first == 0:
                self.step(0)
            self._search = search(
                self._branch_log_probs({}),
                beams=self._setting("beams"),
                penalty=self._setting("length_penalty"),
                early_stopping=self._setting("early_stopping"),
                limit=self.max_tokens,
                eos_ids=self.model.rules.eos_ids,
                end_tokens=len(self.model.rules.eos_ids),
            )
        return self._search

    def _setting(self, name: str) -> Any:
        """One of the settings in force, which has a value by default."""
        return getattr(self.in_force, name)

    def _branch_log_probs(self, left: dict[tuple[int, ...], Mapping[str, Tensor]]) -> Callable[[Hypothesis], Array]:
        """log p of the token after a hypothesis, from what the pass of its parent ``left``.

        That is kept for no longer than hypotheses of one token more are open.
        """

        def log_probs_after(h: Hypothesis) -> Array:
            for ids in [ids for ids in left if len(ids) < len(h.ids) - 1]:
                del left[ids]
            read = [*self._read[: self._prompt], *h.ids]
            first = self.past_of(1)
            past = first and first._replace(kept=left[h.ids[:-1]] if h.ids else {})
            tape = Untraced(len(h.ids) + 1, past=past)
            z = self._logits(tape, read, self._labels_before(h.ids))
            left[h.ids] = tape.kept
            return search_log_probs(tape, z, self.model.rules, self._verdict(read), self._penalties(read)).array

        return log_probs_after

    def __repr__(self) -> str:
        steps = f"@{self.first} to @{self.computed}" if self.computed >= self.first else "not started"
        return f"<Run of {self.model.name}: {steps}, {self.text!r}>"

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, number: int) -> Step:
        """The step of that number, computed if need be; raises as `step` does."""
        self.step(number)
        return Step(self, number)

    def step(self, number: int) -> Tape:
        """The sealed tape of a step: from memory, recomputed, or computed now with all steps before it.

        Raises:
            AddressError: the run has no such step.
        """
        if number < self.first:
            raise AddressError(
                _("there is no step @{n}; this run begins with @{first}").format(n=number, first=self.first)
            )
        while self.computed < number:
            if self.ended:
                raise AddressError(
                    _("there is no step @{n}; the run ends with @{last}: {why}").format(
                        n=number, last=self.computed, why=self.ending
                    )
                )
            self._advance(self._tape(self.computed + 1))
        return self._kept(number)

    def at(self, place: str) -> Tape:
        """The tape that addresses beginning with ``@n`` or ``@n.b`` speak of: a step's, or that of a hypothesis' pass.

        Raises:
            AddressError: there is no such step or hypothesis.
        """
        number, beam = _numbers(place)
        return self.step(number) if beam is None else self.pass_of(number, beam)

    def pass_of(self, number: int, beam: int) -> Tape:
        """The pass that yielded the last token of hypothesis ``@number.beam``, recomputed from the tokens before it.

        Raises:
            AddressError: the search considered no such hypothesis, or there was no search.
        """
        considered = self.search.steps[number - 1 : number] if self.settings.strategy == "beam" and number else []
        if not considered or beam >= len(considered[0]):
            raise AddressError(
                _("there is no hypothesis @{n}.{b}; info beams lists those of a beam search").format(n=number, b=beam)
            )
        return self._kept(number, beam)

    def _kept(self, number: int, beam: int | None = None) -> Tape:
        """A tape from memory, or performed again."""
        tape = self._tape(number, beam)
        if tape.at not in self._tapes:
            self._perform(tape)
            self._keep(tape)
        self._tapes.move_to_end(tape.at)
        return self._tapes[tape.at]

    def decode(self, record: bool = True) -> Run:
        """Compute to the end, with or without keeping what was recorded; a step not kept is recomputed when touched."""
        while not self.ended:
            number = self.computed + 1
            self._advance(self._tape(number) if record else Untraced(number, past=self.past_of(number)))
        return self

    def _tape(self, number: int, beam: int | None = None) -> Tape:
        """A fresh tape; once a step has filled half the budget, its further outputs are left to be recomputed."""
        past = self.past_of(number) if beam is None else None
        return Tape(number, self.budget / 2, self._recomputed, beam=beam, past=past)

    def _recomputed(self, address: str) -> Array:
        """An output that was not kept, from a pass that keeps the module around it; the last such pass is kept."""
        step, _colon, path = address.partition(":")
        module, dot, _name = path.rpartition(".")
        again = step, module + dot or path
        if again != self._again[0]:
            number, beam = _numbers(step)
            past = self.past_of(number) if beam is None else None
            tape = Tape(number, 0, self._recomputed, again[1], beam, past)
            self._perform(tape)
            self._again = again, tape
        return self._again[1].find(path).output.array

    def _advance(self, tape: Tape) -> None:
        """Perform the next step on ``tape``; nothing of the run changes unless it comes to its end."""
        token = self._perform(tape)
        if token is not None:
            self._read.append(token.id)
            self.target.append(token.piece)
            self.tokens.append(token)
        if tape.past is not None:
            self._pasts.append(tape.past._replace(kept=tape.kept))
        self.computed = tape.number
        if not isinstance(tape, Untraced):
            self._keep(tape)

    @np.errstate(all="ignore")
    def _perform(self, tape: Tape) -> Token | None:
        """Run the model for one step. The same step always computes the same, however often.

        What is not finite is for the reader of the tape to see, and no warning of NumPy's.
        """
        if tape.number == 0:
            self._memory = self.model.architecture.encode(tape, self.source_text)
            return None
        if tape.beam is not None:
            self._perform_for(self.search.steps[tape.number - 1][tape.beam], tape)
            return None
        read = self._read[: self._prompt + tape.number - 1]
        logits = self._logits(tape, read, self.target[: len(read)])
        if self.teacher_forced:
            self._lose(tape, logits)
            return None
        if self.settings.strategy == "beam":
            probs, chosen = self._go_on(tape, read, logits, self.search.finished[0].lineage[tape.number - 1])
        else:
            probs, chosen = choose(tape, logits, self.in_force, self._verdict(read), self._penalties(read))
        return self._token(tape.number, int(chosen.array), float(probs.array[chosen.array]))

    def _perform_for(self, h: Hypothesis, tape: Tape) -> None:
        """The pass that yielded the last token of a hypothesis, over all of its tokens: no cache was kept for it."""
        read = [*self._read[: self._prompt], *h.ids[:-1]]
        logits = self._logits(tape, read, self._labels_before(h.ids[:-1]))
        self._go_on(tape, read, logits, h)

    def _go_on(self, tape: Tape, read: Sequence[int], logits: Tensor, h: Hypothesis) -> tuple[Tensor, Tensor]:
        """From what was read to a hypothesis of one token more, as the search went."""
        rules, length_penalty = self.model.rules, self._setting("length_penalty")
        return keep(tape, logits, rules, self._verdict(read), self._penalties(read), h, length_penalty)

    def _verdict(self, read: Sequence[int]) -> Verdict:
        """What the model's rules say of the token after those read."""
        return self.model.rules.verdict(read, self._prompt, self.limit.forces, self._repeatable())

    def _penalties(self, read: Sequence[int]) -> Iterator[Penalty]:
        """What the model's rules penalise in the choice of the token after those read."""
        return self.model.rules.penalties(read, self._repeatable())

    def _repeatable(self) -> list[int | None]:
        """The source as an output could repeat it: None for a token that only the source's vocabulary has."""
        return [i if i < self.model.facts.target_vocab else None for i in self.source_ids]

    def _logits(self, tape: Tape, read: Sequence[int], labels: Sequence[str]) -> Tensor:
        """One pass of the decoder; after a past, over the new positions only."""
        start = len(read) - 1 if tape.past is not None and tape.number > 1 else 0
        if not (start or self.teacher_forced):
            self.model.check_start()
        target = self.target_text(read, labels)
        return self.model.architecture.decode(tape, target, self._memory, self.source_text, start)

    def target_text(self, read: Sequence[int], labels: Sequence[str]) -> Text:
        """What the decoder reads, as far as it has come."""
        return self.prompt_text.followed(read, labels)

    def _lose(self, tape: Tape, logits: Tensor) -> None:
        """The loss of every given target id that the decoder saw something before."""
        start = 0 if self.model.has_encoder else len(self.source_ids) - 1
        if gold := self._read[start + 1 :]:
            tape(loss, "loss", logits, gold=gold, start=start)

    def _token(self, step: int, chosen: int, prob: float) -> Token:
        ids = [*self.output_ids[: step - 1], chosen]
        return Token(step, chosen, self.model.piece(chosen, "target"), prob, self.text_of(ids))

    def _keep(self, tape: Tape) -> None:
        self._tapes[tape.at] = tape
        self._held += tape.nbytes
        while self._held > self.budget and len(self._tapes) > 1:
            self._held -= self._tapes.popitem(last=False)[1].nbytes
