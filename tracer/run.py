"""Runs: the steps of one decoding, computed when touched, dropped when memory asks for it, and recomputed the same."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple

import numpy as np

from .decoding.beam import Hypothesis, Search, search
from .decoding.choice import choose, keep, search_log_probs
from .decoding.limits import limit_of
from .decoding.rules import Penalty, Rules, Verdict
from .decoding.settings import DEFAULTS, Settings
from .errors import AddressError, InputError
from .i18n import Message, _
from .model import Model
from .models.text import Text
from .ops.softmax import loss
from .passes import At, Pass
from .past import Past
from .pieces import Ids
from .reading import read_prompt, read_source, remarks
from .tape import Record, Tape, Untraced
from .tensor import Array, Tensor

BUDGET = 256 << 20
"""bytes of recorded outputs that a run keeps; beyond it, the steps touched longest ago are dropped"""


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
        self.target = self._labels()
        self.prompt_text = self._read_prompt()
        self._prompt = len(self.prompt_text)
        self.tokens: list[Token] = []
        self.in_force = self._in_force()
        room = self.model.check_room(max(self._prompt, self.prompt_text.positions[-1] + 1))
        rules = Rules(None, ()) if self.teacher_forced else self.model.rules
        self.limit = limit_of(self.settings.max_tokens, rules, self._prompt, self._default_limit(), room)
        self.passes = list(self._first_passes())
        self.past = self.passes[-1].past
        self.computed = self.first - 1
        self._memory: Tensor | None = None
        self._search: Search | None = None
        self._tapes: OrderedDict[At, Tape] = OrderedDict()
        self._held = 0
        self._again: tuple[tuple[str, str], Tape] = ("", ""), Tape(-1)

    def _first_passes(self) -> Iterator[Pass]:
        """The encoder's pass, where there is one, and the one in which the decoder reads what it is given."""
        if self.model.has_encoder:
            yield Pass(At(0), "encoder", self.source_text)
        is_cached = self.in_force.cache and not self.teacher_forced
        past = Past(self._prompt + self.max_tokens) if is_cached else None
        yield Pass(At(1), "decoder", self.prompt_text, past=past)

    def _given(self) -> Sequence[int]:
        """What the decoder reads before anything is chosen."""
        if not self.model.has_encoder:
            return [*self.source_ids, *(self.target_ids or ())]
        return [self.model.start_id] if self.target_ids is None else self.target_ids

    def _read_prompt(self) -> Text:
        """The same as it is read."""
        read = partial(
            read_prompt, self.model, tuple(self._given()), tuple(self.target), decoding=not self.teacher_forced
        )
        is_text = isinstance(self.source_ids, Ids)  # all of it words, as a tokenizer's mask has it, whatever their ids
        stated = [1] * len(self.source_ids) if self.mask is None and is_text else self.mask
        if self.model.has_encoder or (stated is None and self.target_mask is None):
            return read(self.target_mask, self.positions)
        given = (stated, self.source_ids), (self.target_mask, self.target_ids or ())
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
        return self.passes[0].place.number

    @property
    def teacher_forced(self) -> bool:
        """Whether the output was given rather than decoded."""
        return self.target_ids is not None

    @property
    def cached(self) -> bool:
        """Whether keys and values are kept from step to step."""
        return self.passes[-1].past is not None

    def past_after(self, number: int) -> Past | None:
        """What the steps up to one left to those after it; None where nothing is kept."""
        following = number + 1 - self.first
        return self.passes[following].past if following < len(self.passes) else self.past

    @property
    def ended(self) -> bool:
        """Whether no step follows the last one computed."""
        return self.computed == self.passes[-1].place.number

    def _is_last(self, token: int, count: int) -> bool:
        return token in self.model.rules.eos_ids or count >= self.max_tokens

    @property
    def ending(self) -> str:
        """Why a run that has ended did, for people."""
        if not self.tokens:
            return _("the given output is read")
        last, at_limit = self.tokens[-1], len(self.tokens) == self.max_tokens
        if last.id not in self.model.rules.eos_ids:
            return self.limit.ending
        if at_limit and self._verdict(self.passes[-1].text.ids).forced is not None:
            return _("{piece}, forced: {why}").format(piece=last.piece, why=self.limit.ending)
        return last.piece

    @property
    def decoder_ids(self) -> Sequence[int]:
        """What the decoder has read so far, and what was chosen last: the ids of ``target``."""
        return [*self.prompt_text.ids, *self.output_ids]

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
            self._prepare()
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

    def _prepare(self) -> None:
        """Perform the passes before the first of the decoder."""
        while self.computed + 1 < self.passes[-1].place.number:
            self._advance(record=True)

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
            begin = self._pass(1)
            past = begin.past and begin.past._replace(kept=left[h.ids[:-1]] if h.ids else {})
            going_on = self._following(begin, h.ids, self.model.pieces(h.ids, "target"), past)
            tape = self._untraced(going_on)
            z, read = self.logits(going_on, tape), going_on.text.ids
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
            self._advance(record=True)
        return self._kept(self._pass(number))

    def at(self, place: At) -> Tape:
        """The tape that addresses of a place speak of: a step's, or that of a hypothesis' pass; raises as `pass_at`."""
        return self.step(place.number) if place.beam is None else self._kept(self.pass_at(place))

    def pass_at(self, place: At) -> Pass:
        """What the tape of a step is made from, which has been computed, or that of the pass of a hypothesis.

        Raises:
            AddressError: the search considered no such hypothesis, or there was no search.
        """
        number, beam = place
        if beam is None:
            return self._pass(number)
        considered = self.search.steps[number - 1 : number] if self.settings.strategy == "beam" and number else []
        if not considered or beam >= len(considered[0]):
            raise AddressError(
                _("there is no hypothesis @{n}.{b}; info beams lists those of a beam search").format(n=number, b=beam)
            )
        h = considered[0][beam]
        read = h.ids[:-1]
        following = self._following(self._pass(1), read, self.model.pieces(read, "target"), None)
        return replace(following, place=place, hypothesis=h)

    def _pass(self, number: int) -> Pass:
        return self.passes[number - self.first]

    def _following(self, here: Pass, chosen: Sequence[int], pieces: Sequence[str], past: Past | None) -> Pass:
        """The pass that reads some tokens chosen after another; without a past it reads everything again."""
        ids = [*here.text.ids, *chosen]
        text = here.text.followed(ids, [*here.text.labels, *pieces])
        start = len(ids) - 1 if past is not None and chosen else 0
        return Pass(At(here.place.number + len(chosen)), "decoder", text, start, past)

    def _kept(self, wanted: Pass) -> Tape:
        """A tape from memory, or performed again."""
        if wanted.place not in self._tapes:
            tape = self._tape(wanted)
            self.perform(wanted, tape)
            self._keep(tape)
        self._tapes.move_to_end(wanted.place)
        return self._tapes[wanted.place]

    def of(self, model: Model) -> Run:
        """The same run of another model, not begun."""
        return replace(self, model=model)

    def decode(self, record: bool = True) -> Run:
        """Compute to the end, with or without keeping what was recorded; a step not kept is recomputed when touched."""
        while not self.ended:
            self._advance(record=record)
        return self

    def _tape(self, wanted: Pass) -> Tape:
        """A fresh tape; once a step has filled half the budget, its further outputs are left to be recomputed."""
        return Tape(*wanted.place, past=wanted.past, room=self.budget / 2, recompute=self._recomputed)

    def _untraced(self, wanted: Pass) -> Tape:
        return Untraced(*wanted.place, past=wanted.past)

    def _recomputed(self, address: str) -> Array:
        """An output that was not kept, from a pass that keeps the module around it; the last such pass is kept."""
        step, _colon, path = address.partition(":")
        module, dot, _name = path.rpartition(".")
        again = step, module + dot or path
        if again != self._again[0]:
            wanted = self.pass_at(At.of(step))
            tape = Tape(*wanted.place, past=wanted.past, room=0, recompute=self._recomputed, within=again[1])
            self.perform(wanted, tape)
            self._again = again, tape
        return self._again[1].find(path).output.array

    def _advance(self, *, record: bool) -> None:
        """Perform the next pass; nothing of the run changes unless it comes to its end."""
        here = self._pass(self.computed + 1)
        tape = self._tape(here) if record else self._untraced(here)
        token = self.perform(here, tape)
        past = here.past and here.past._replace(kept=tape.kept)
        if token is not None:
            self.target.append(token.piece)
            self.tokens.append(token)
            if not self._is_last(token.id, len(self.tokens)):
                self.passes.append(self._following(here, [token.id], [token.piece], past))
        self.past = past if here.stack == "decoder" else self.past
        self.computed = here.place.number
        if record:
            self._keep(tape)

    @np.errstate(all="ignore")
    def perform(self, here: Pass, tape: Tape) -> Token | None:
        """Make the tape of a pass. The same pass always computes the same, however often.

        What is not finite is for the reader of the tape to see, and no warning of NumPy's.
        """
        if here.stack == "encoder":
            self._memory = self.model.architecture.encode(tape, here.text)
            return None
        logits, read = self.logits(here, tape), here.text.ids
        if self.teacher_forced:
            self._lose(tape, logits)
            return None
        if self.settings.strategy == "beam":
            h = here.hypothesis or self.search.finished[0].lineage[here.place.number - 1]
            probs, chosen = self._go_on(tape, read, logits, h)
        else:
            probs, chosen = choose(tape, logits, self.in_force, self._verdict(read), self._penalties(read))
        return self._token(here.place.number, int(chosen.array), float(probs.array[chosen.array]))

    def logits(self, here: Pass, tape: Tape) -> Tensor:
        """A decoder's pass, as far as its logits [position, vocab]."""
        if not (here.start or self.teacher_forced):
            self.model.check_start()
        return self.model.architecture.decode(tape, here.text, self._memory, self.source_text, here.start)

    def _go_on(self, tape: Tape, read: Sequence[int], logits: Tensor, h: Hypothesis) -> tuple[Tensor, Tensor]:
        """From what was read to a hypothesis of one token more, as the search went."""
        rules, length_penalty = self.model.rules, self._setting("length_penalty")
        return keep(tape, logits, rules, self._verdict(read), self._penalties(read), h, length_penalty)

    def _verdict(self, read: Sequence[int]) -> Verdict:
        """What the model's rules say of the token after those read."""
        return self.model.rules.verdict(read, self._prompt, self.limit.forces, self._repeatable)

    def _penalties(self, read: Sequence[int]) -> Iterator[Penalty]:
        """What the model's rules penalise in the choice of the token after those read."""
        return self.model.rules.penalties(read, self._repeatable)

    @cached_property
    def _repeatable(self) -> list[int | None]:
        """The source as an output could repeat it: None for a token that only the source's vocabulary has."""
        vocab = self.model.facts.target_vocab
        return [i if i < vocab else None for i in self.source_ids]

    def _lose(self, tape: Tape, logits: Tensor) -> None:
        """The loss of every given target id that the decoder saw something before."""
        start = 0 if self.model.has_encoder else len(self.source_ids) - 1
        if gold := self.prompt_text.ids[start + 1 :]:
            tape(loss, "loss", logits, gold=gold, start=start)

    def _token(self, step: int, chosen: int, prob: float) -> Token:
        ids = [*self.output_ids[: step - 1], chosen]
        return Token(step, chosen, self.model.piece(chosen, "target"), prob, self.text_of(ids))

    def _keep(self, tape: Tape) -> None:
        self._tapes[At(tape.number, tape.beam)] = tape
        self._held += tape.nbytes
        while self._held > self.budget and len(self._tapes) > 1:
            self._held -= self._tapes.popitem(last=False)[1].nbytes
