"""Runs: the steps of one decoding, computed when touched, dropped when memory asks for it, and recomputed the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property, partial
from itertools import count, takewhile

from .addresses import At
from .affected import affected
from .backward import Objective, backward, subject
from .card import Card
from .dataclass import dataclass
from .decoding.beam import Search
from .decoding.limits import limit_of
from .decoding.rules import Rules
from .decoding.settings import DECLARED, Settings
from .edits import Edit, changed, is_of_model, placed
from .errors import AddressError, InputError
from .face import Face
from .hypotheses import Finished, no_hypothesis, pass_of, searched
from .i18n import Message, _
from .in_force import Origin, in_force, origin
from .model import Model
from .models.text import Side, Text
from .models.texts import Given
from .parameters import Named
from .passes import BEGIN, Across, Pass
from .past import Past, Rows
from .performer import Chosen, Performer, Yield
from .reading import remarks
from .step import Stepped
from .tape import Record, Tape, Untraced
from .tapes import Shelf, Tapes, Way
from .tensor import Axis, Tensor
from .trace import Decided, Token, Trace
from .work import work

BUDGET = 256 << 20
"""bytes of recorded outputs that a run keeps; beyond it, the steps touched longest ago are dropped"""

_EXAMPLE = 'tracer.edit("decoder.0.self_attn.heads[h0]", 0.0)'


@dataclass(repr=False, eq=False)
class Run(Stepped, Face):
    """One decoding of ``source_ids``, or, with ``target_ids``, one pass over a given output.

    An encoder–decoder reads ``source_ids`` with its encoder, and ``target_ids``, start token first, with its decoder; a
    decoder-only model reads both as one text; an encoder reads ``source_ids`` alone, and yields no token. Under teacher
    forcing, step @1 yields logits at every position, and the loss of each target id that follows another. ``budget`` is
    in bytes of recorded outputs.

    ``mask`` has 0 for every source id that no query looks at, and 1 for the others; ``target_mask`` the same for target
    ids. ``positions`` are those of the source ids; `models.padding` says what they are where they are not given.
    ``segments`` say which part of the text each of these is of.

    ``passes`` are those there have been and the next, in order. ``shelf`` is where its tapes stand, which it shares
    with its branches, and perhaps with other runs. ``edits`` hold in it; a run that is a branch of another has that for
    its ``parent``. ``number`` is the n of ``rn``, in a session.

    Raises:
        InputError: the text is too long, or a strategy is to choose tokens where none are chosen.
    """

    model: Model
    source_ids: Sequence[int]
    settings: Settings = field(default_factory=Settings)
    target_ids: Sequence[int] | None = None
    budget: int = BUDGET
    mask: Sequence[int] | None = None
    positions: Sequence[int] | None = None
    target_mask: Sequence[int] | None = None
    segments: Sequence[int] | None = None
    shelf: Shelf = None  # type: ignore[assignment]
    edits: tuple[Edit, ...] = ()
    parent: Run | None = field(default=None, init=False)
    number: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._check_strategy()
        given = Given(self.source_ids, self.target_ids, self.mask, self.positions, self.target_mask, self.segments)
        self.texts = self.model.texts.read(self.model, given)
        self.source = self.model.pieces(self.source_ids, "source")
        self.target = list(self.texts[-1].labels) if self.texts[-1].side == "target" else []
        self.tokens: list[Token] = []
        asked = self.settings if self.chooses else replace(self.settings, strategy="greedy")
        self.in_force = in_force(self.model, asked)
        read, rules = self.texts[-1], self.model.rules if self.chooses else Rules(None, ())
        room = self.model.check_room(read)
        self.limit = limit_of(self.settings.max_tokens, rules, len(read), self.model.texts.limit(given), room)
        self.past = Past(len(read) + self.max_tokens) if self.cached else None
        self.passes = [self._begun(0, self.past)]
        self.computed = self.first - 1
        self._performer = Performer(self.model, given, len(read), self.in_force, self.limit)
        self.shelf = self.shelf or Shelf(self.budget)
        self._tapes = Tapes(self.shelf, self._performer.perform)
        self._downstream: dict[At, frozenset[str]] = {}
        self._objectives: dict[int, Objective] = {}

    def _check_strategy(self) -> None:
        if self.chooses or self.settings.strategy in (None, "greedy"):
            return
        told = (
            _(
                "strategy {strategy} chooses tokens, and here the output is given; "
                "leave out the strategy or the target (set target off)"
            )
            if self.teacher_forced
            else _("strategy {strategy} chooses tokens, and {name} yields none; leave out the strategy")
        )
        raise InputError(told.format(strategy=self.settings.strategy, name=self.model.name))

    @property
    def remarks(self) -> list[Message]:
        """What would surprise about how the text is read."""
        return list(remarks(self.model, self.texts, stated=self.mask is not None, decoding=self.chooses))

    @property
    def source_text(self) -> str:
        """The source as text, or its ids where pieces are not known."""
        words = self.model.source
        return " ".join(map(str, self.source_ids)) if words is None else words.decode(self.source_ids)

    @property
    def pieces(self) -> Mapping[Side, Sequence[str]]:
        """The pieces on each side that the model reads, those of the target as far as they are chosen."""
        read: dict[Side, Sequence[str]] = {"source": self.source, "target": self.target}
        return {side: read[side] for side in self.model.texts.sides}

    def read_along(self, record: Record, axis: Axis) -> Text:
        """The text whose places an axis of a record runs over: the source's along the keys of cross-attention."""
        of = self.subject(record)
        here = self.pass_at(of.at)
        is_across = axis.name == "key" and of.scope.endswith("cross_attn")
        return here.across.text if is_across and here.across else here.text

    def subject(self, record: Record) -> Record:
        """The record that one is the gradient of; itself where it is none, or that of a parameter."""
        at, path = subject(record)
        return self.at(at).there(path) or record

    @property
    def decided(self) -> Mapping[str, Decided]:
        """What decoding goes by; nothing where nothing is chosen."""
        if not self.chooses:
            return {}
        strategy, rules = self.in_force.strategy, self.model.rules.followed
        heeded = [name for name, declared in DECLARED.items() if declared.strategy == strategy]
        heeded += ["seed"] * (strategy == "sample")
        return {
            **{name: Decided(getattr(self.in_force, name), self.origin(name)) for name in ("strategy", *heeded)},
            **({"rules": Decided(rules, "stated")} if rules else {}),
            "cache": Decided(self.cached, self.origin("cache")),
            "max_tokens": Decided(self.max_tokens, self.limit.by),
        }

    def origin(self, name: str) -> Origin:
        """Who says what a setting in force is: a person, the checkpoint, or nobody."""
        return origin(self.model, self.settings, name)

    @property
    def card(self) -> Card:
        """What there is to say of the model."""
        return self.model.card

    @property
    def parameters(self) -> Named:
        """The parameters of the model."""
        return self.model.named

    @property
    def max_tokens(self) -> int:
        """The most tokens that are chosen."""
        return self.limit.tokens

    @property
    def first(self) -> int:
        """The number of the first step: 0 where there is an encoder."""
        return self.passes[0].place.number

    @property
    def begins(self) -> Mapping[Side, int]:
        """The number of the first step that reads a text of each side."""
        return {text.side: BEGIN[kind] for kind, text in zip(self.model.texts.passes, self.texts, strict=True)}

    @property
    def teacher_forced(self) -> bool:
        """Whether the output was given rather than decoded."""
        return self.target_ids is not None

    @property
    def chooses(self) -> bool:
        """Whether tokens are chosen: not where the output is given, or there is none."""
        return not self.teacher_forced and "decode" in self.model.texts.passes

    @property
    def cached(self) -> bool:
        """Whether keys and values are kept from step to step."""
        return self.chooses and bool(self.in_force.cache)

    def past_after(self, number: int) -> Past | None:
        """What the steps up to one left to those after it; None where nothing is kept."""
        following = number + 1 - self.first
        return self.passes[following].past if following < len(self.passes) else self.past

    @property
    def ended(self) -> bool:
        """Whether no step follows the last one computed."""
        return self.computed == self.passes[-1].place.number

    @property
    def goes_on(self) -> bool:
        """Whether another step can be had."""
        return not self.ended

    def _is_last(self, token: int, count: int) -> bool:
        return token in self.model.rules.eos_ids or count >= self.max_tokens

    @property
    def ending(self) -> str:
        """Why a run that has ended did, for people."""
        if not self.tokens:
            return _("the given output is read") if self.teacher_forced else _("the text is read")
        last, at_limit = self.tokens[-1], len(self.tokens) == self.max_tokens
        if last.id not in self.model.rules.eos_ids:
            return self.limit.ending
        if at_limit and self._performer.verdict(self.passes[-1].text.ids).forced is not None:
            return _("{piece}, forced: {why}").format(piece=last.piece, why=self.limit.ending)
        return last.piece

    @property
    def decoder_ids(self) -> Sequence[int]:
        """What the decoder has read so far, and what was chosen last: the ids of ``target``."""
        given = self.texts[-1]
        return [*given.ids, *self.output_ids] if given.side == "target" else []

    @property
    def text(self) -> str:
        """The output so far as text; under teacher forcing, the output given."""
        return self.text_of(self.output_ids if not self.teacher_forced else self.target_ids or ())

    def text_of(self, ids: Sequence[int]) -> str:
        """The text of target ids, without start and end tokens."""
        special = {*self.model.rules.eos_ids, self.model.rules.start_id}
        return self.model.text([i for i in ids if i not in special])

    @property
    def hypotheses(self) -> list[Finished]:
        """What beam search found, best first; of another strategy, the one output. Decodes to the end."""
        if self.in_force.strategy != "beam":
            self.decode()
            score = sum(math.log(token.prob) for token in self.tokens if token.prob) / max(1, len(self.tokens))
            return [Finished(self.output_ids, self.text, score, None)]
        return [Finished(list(h.ids), self.text_of(h.ids), h.score, h) for h in self.search.finished]

    @cached_property
    def search(self) -> Search:
        """The beam search, performed when first asked for, with the passes before it."""
        return searched(self._performer, self._first_decoded)

    @property
    def _first_decoded(self) -> Pass:
        """The first pass of the decoder; those before it are performed."""
        while len(self.passes) < len(self.texts):
            self._advance(record=True)
        return self.passes[len(self.texts) - 1]

    def __repr__(self) -> str:
        steps = f"@{self.first} to @{self.computed}" if self.numbers else "not started"
        return f"<Run of {self.model.name}: {steps}, {self.text!r}>"

    def step(self, number: int) -> Tape:
        """The sealed tape of a step: from memory, recomputed, or computed now with all steps before it.

        Raises:
            AddressError: the run has no such step.
        """
        if number < self.first:
            raise AddressError(
                _("there is no step @{n}; this run begins with @{first}").format(n=number, first=self.first)
            )
        if self.computed < number:
            self._go_on_to(number)
        return self._tapes.of(self._pass(number))

    def _go_on_to(self, number: int) -> None:
        """Compute all steps up to one; raises as `step` does."""
        for _number in work(range(self.computed, number), _("steps")):
            if self.ended:
                raise AddressError(
                    _("there is no step @{n}; the run ends with @{last}: {why}").format(
                        n=number, last=self.computed, why=self.ending
                    )
                )
            self._advance(record=True)

    def at(self, place: At) -> Tape:
        """The tape that addresses of a place speak of: a step's, or that of a hypothesis' pass; raises as `pass_at`."""
        return self.step(place.number) if place.beam is None else self._tapes.of(self.pass_at(place))

    def pass_at(self, place: At) -> Pass:
        """What the tape of a step is made from, which has been computed, or that of the pass of a hypothesis.

        Raises:
            AddressError: the search considered no such hypothesis, or there was no search.
        """
        if place.beam is None:
            return self._pass(place.number)
        if self.in_force.strategy != "beam":
            raise no_hypothesis(place)
        return pass_of(self._performer, self._first_decoded, self.search, place)

    def _pass(self, number: int) -> Pass:
        return self.passes[number - self.first]

    def branch(self, *edits: Edit) -> Run:
        """A run with further edits, which shares the passes before the first edited one, and computes the others.

        Raises:
            AddressError: an edit is of something that is recorded in no pass, or of cells that no pass has.
            InputError: what it puts in does not fit there, or there is none.
        """
        if not edits:
            raise InputError(_("a branch begins with an edit, e.g. {example}").format(example=_EXAMPLE))
        numbered = [replace(edit, number=n) for n, edit in enumerate(edits, len(self.edits) + 1)]
        found = [(math.inf, edit) if is_of_model(edit) else self._placed(edit) for edit in numbered]
        model = changed(self.model, filter(is_of_model, numbered))
        branch = replace(self, model=model, edits=(*self.edits, *(edit for _first, edit in found)))
        first = min(first for first, _edit in found)
        branch._share(self, int(first if model is self.model else min(first, self._alike_until(branch))))
        return branch

    def replayed(self, *edits: Edit, at: int) -> Run:
        """As `branch`, but with the tokens that this run has chosen before a step, which is computed next.

        Of the steps before it only what leaves something to it is performed. Raises as `branch` and `step` do.
        """
        self.step(at)
        return self.branch(*edits)._following(self, at)

    def without_cache(self, at: int) -> Run:
        """The same with nothing kept from pass to pass: a step, which is computed next, reads all that led to it again.

        The tokens before it are those that this run has chosen. Raises as `step` does.
        """
        self.step(at)
        return replace(self, settings=replace(self.settings, cache=False))._following(self, at) if self.cached else self

    def over(self, model: Model, at: int) -> Run:
        """The same run of another model, with the tokens that this one has chosen before a step; raises as `step`."""
        self.step(at)
        return self.of(model)._following(self, at)

    def _following(self, run: Run, at: int) -> Run:
        """This run up to a step, which is computed next, with the tokens that another has chosen."""
        for number in range(self.computed + 1, at + 1):
            self.passes[-1] = replace(self.passes[-1], hypothesis=run._pass(number).hypothesis)
            if number < at:
                self._follow(run)
        return self

    def given_rows_of(self, run: Run) -> Run:
        """This run, whose next pass reads the keys and values that another has of its own text, if any are kept."""
        here, there = self.passes[-1], run._pass(self.passes[-1].place.number)
        if here.past is not None and there.past is not None:
            kept = {
                path: there.past.kept[path] if isinstance(own, Rows) else own for path, own in here.past.kept.items()
            }
            self.passes[-1] = replace(here, past=here.past._replace(kept=kept))
        return self

    def adopted(self, parent: Run, *edits: Edit) -> Run:
        """This run, of which nothing need be computed yet, as a branch of one whose model edits have made its own."""
        numbered = [replace(edit, number=n) for n, edit in enumerate(edits, len(parent.edits) + 1)]
        self.parent, self.edits = parent, (*parent.edits, *numbered)
        self._tapes.since = self.first
        return self

    def record_gradients(self, number: int, objective: Objective) -> Tape:
        """The tape of a step, from now on with the gradients of an expression; raises as `step` does.

        They go through the encoder's pass too, and, of a step made with a cache, through its own rows alone: what
        earlier steps left counts as given, but for the keys and values that the first step made of the encoder's.
        """
        self.step(number)
        tape = self._tapes.record_gradients(self._pass(number), self._way(number, objective))
        self._with(number)._objectives[number] = objective
        return tape

    def objective(self, number: int) -> Objective | None:
        """The expression whose gradients a step has; None where it has none."""
        return self._with(number)._objectives.get(number)

    def _with(self, number: int) -> Run:
        """The run that has the tape of a step: this one, or the one that it shares the step with."""
        return self if self.parent is None or number >= self.since else self.parent._with(number)

    def gradients_of(self, number: int, objective: Objective) -> Tape:
        """As `record_gradients`, but on a tape that the run does not keep."""
        return self._tapes.gradients_of(self._pass(number), self._way(number, objective))

    def _way(self, number: int, objective: Objective) -> Way:
        """The way back from a step, through the passes that it took something from."""
        behind = [self.first] if number > self.first == 0 else []
        behind += [BEGIN["decode"]] if self.cached and number > BEGIN["decode"] else []
        append = partial(backward, objective=objective, parameters=self.model.named)
        return Way(append, tuple(map(self._pass, behind)))

    def _alike_until(self, other: Run) -> int:
        """The first step that another model computes otherwise; the last, where there is none."""
        for tape in self.tapes():
            if self.in_force.strategy == "beam" and tape.number >= BEGIN["decode"]:
                return tape.number
            here = self._pass(tape.number)
            again = here.tape()
            other.perform(here, again)
            if not _are_alike(tape, again):
                return tape.number
        return self.computed

    def downstream(self, at: At) -> frozenset[str]:
        """The records of a pass that edits lie before, or are of, by path; raises as `pass_at`."""
        return affected(self, at, self._downstream) if self.edits else frozenset()

    @property
    def unedited(self) -> Run:
        """The run that this is a branch of, perhaps over others, and that has no edits."""
        return self if self.parent is None else self.parent.unedited

    def _placed(self, edit: Edit) -> tuple[int, Edit]:
        """The first step in which an edit is of something, and the edit with the records that it is of."""
        step = edit.address.step
        if step is not None:
            here = self.step(step)
            return placed(edit, [here], [here])
        kinds = [self.step(number) for number in self.begins.values()]
        return placed(edit, kinds, self.tapes())

    @property
    def since(self) -> int:
        """The first step that it does not share with the run that it is a branch of."""
        return self.first if self.parent is None else self._tapes.since

    def tapes(self) -> Iterator[Tape]:
        """The tapes of all steps, one after the other, computed to the end."""
        number = self.first
        while number <= self.computed or not self.ended:
            yield self.step(number)
            number += 1

    def _share(self, parent: Run, first: int) -> None:
        """Take over what another run has before a step; of a beam search, what it has before the search."""
        self.parent = parent
        if self.in_force.strategy == "beam":
            first = min(first, BEGIN["decode"])
        shared, here = parent.passes[: first - self.first], parent.passes[first - self.first]
        self.passes = [*shared, replace(here, edits=self.edits, hypothesis=None)]
        self.tokens = [token for token in parent.tokens if token.step < first]
        self.target += [token.piece for token in self.tokens]
        self.past, self.computed = self.passes[-1].past or self.past, first - 1
        self._tapes.earlier, self._tapes.since = parent._tapes, first

    def of(self, model: Model) -> Run:
        """The same run of another model, not begun."""
        return replace(self, model=model)

    def decode(self, record: bool = True) -> Run:
        """Compute to the end, with or without keeping what was recorded; a step not kept is recomputed when touched."""
        for _number in work(takewhile(lambda _number: not self.ended, count()), _("steps"), self.max_tokens):
            self._advance(record=record)
        return self

    def _advance(self, *, record: bool) -> None:
        here = self._led(self.passes[-1])
        tape = self._tapes.begun(here) if record else here.tape(Untraced)
        self.advance(tape)
        if record:
            self._tapes.keep(tape)

    def advance(self, tape: Tape) -> None:
        """Perform the next pass, on a tape of it; nothing of the run changes unless it comes to its end."""
        here = self._led(self.passes[-1])
        memory, chosen = self.perform(here, tape)
        past = here.left(tape) or self.past
        following: list[Pass] = []
        if chosen is None and memory is not None and len(self.texts) > 1:
            following = [self._begun(1, past, Across(memory, here.text))]
        self._come_to(here, past, chosen, following)

    def _come_to(self, here: Pass, past: Past | None, chosen: Chosen | None, following: Sequence[Pass] = ()) -> None:
        """Take in a pass that was performed, what it yields, and what reads that: all of it in one assignment."""
        token = None if chosen is None else self._token(here, chosen)
        if token is not None and not self._is_last(token.id, len(self.tokens) + 1):
            following = [here.followed([token.id], [token.piece], past)]
        vars(self).update(
            past=past,
            passes=[*self.passes[:-1], here, *following],
            tokens=[*self.tokens, *([] if token is None else [token])],
            target=[*self.target, *([] if token is None else [token.piece])],
            computed=here.place.number,
        )

    def _follow(self, run: Run) -> None:
        """Perform the next pass, if it leaves anything to those after it, and take the token that a run chose then."""
        here = self.passes[-1]
        if here.kind == "encode":
            self._advance(record=True)
            return
        past = self.past
        if here.past is not None:
            tape = self._tapes.begun(here)
            self.perform(here, tape)
            past = here.left(tape)
        token = run.tokens[here.place.number - BEGIN["decode"]]
        self._come_to(here, past, Chosen(token.id, token.prob))

    def _led(self, here: Pass) -> Pass:
        """The pass with the hypothesis that the winner of a search had there, unless it has one."""
        if self.in_force.strategy != "beam" or here.kind == "encode" or here.hypothesis is not None:
            return here
        return replace(here, hypothesis=self.search.finished[0].lineage[here.place.number - 1])

    def _begun(self, n: int, past: Past | None, across: Across | None = None) -> Pass:
        """The first pass of a kind, which reads what was given."""
        kind = self.model.texts.passes[n]
        return Pass(
            At(BEGIN[kind]), kind, self.texts[n], 0, past if kind == "decode" else None, across, edits=self.edits
        )

    def perform(self, here: Pass, tape: Tape) -> Yield:
        """Make the tape of a pass, and choose the token it yields; the same pass always computes the same."""
        return self._performer.perform(here, tape)

    def logits(self, here: Pass, tape: Tape) -> Tensor:
        """A decoder's pass, as far as its logits [position, vocab]."""
        return self._performer.logits(here, tape)

    def _token(self, here: Pass, chosen: Chosen) -> Token:
        token, step = chosen.id, here.place.number
        text = self.text_of([*self.output_ids[: step - 1], token])
        return Token(step, token, self.model.piece(token, "target"), chosen.prob, text)


def _are_alike(one: Tape, other: Tape) -> bool:
    """Whether two tapes have the same records before any gradients, bit for bit."""
    ours, theirs = one.forward, other.forward
    if [record.address for record in ours] != [record.address for record in theirs]:
        return False
    return all(a.output.array.tobytes() == b.output.array.tobytes() for a, b in zip(ours, theirs, strict=True))


def live(trace: Trace, command: str) -> Run:
    """The run that a trace is, whose passes can be performed again; ``command`` is what asks for it.

    Raises:
        InputError: it is only what was kept of one.
    """
    if isinstance(trace, Run):
        return trace
    told = _(
        "{command} computes with the model, and this holds only numbers of {name}; switch goes to a run of a model, "
        "model NAME|PATH opens one"
    )
    raise InputError(told.format(command=command, name=trace.card.name))
