"""Models opened for a session, and the runs that are begun of one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tracer.addresses import escaped
from tracer.card import Dtype
from tracer.decoding.settings import Settings, Strategy
from tracer.digits import whole_number
from tracer.errors import InputError
from tracer.i18n import N_, _, ngettext, spoken
from tracer.in_force import in_force
from tracer.loading import load
from tracer.model import Model
from tracer.reading import MASK, POSITIONS, SEGMENTS, check_mask, check_positions, check_segments
from tracer.run import BUDGET, Run
from tracer.tapes import Shelf
from tracer.views.tokens import shown
from tracer.worksheets import is_drawn

if TYPE_CHECKING:
    from tracer.comparing.given import Pass

EXAMPLE = "我爱你"
EXAMPLE_LATIN = "I love you"
EXAMPLE_IDS = "1 2 3"

MOST_SHOWN = 4000
"""characters of what a model reads"""

LONG = 200 << 20
"""bytes; reading fewer is over before it could be told of"""

FOLLOWED = {
    "sample": N_(
        "note: {model} states do_sample: tokens are drawn, the same ones with the same --seed; "
        "--strategy greedy takes the likeliest each time"
    ),
    "beam": N_(
        "note: {model} states num_beams={beams}: the output is that of beam search; "
        "--strategy greedy takes the likeliest token each time"
    ),
}
"""A strategy that nobody but the checkpoint asks for is told in these words."""

LEFT_OUT = {
    "greedy": N_("note: {model} states {settings}, which is not followed in greedy decoding"),
    "sample": N_("note: {model} states {settings}, which is not followed in sampling"),
    "beam": N_("note: {model} states {settings}, which is not followed in beam search"),
}
"""What a checkpoint states of other strategies, or of the one in use, is told in these words."""


class Opener:
    """Begins runs of one model with one set of settings; remembers the text of the last, and the output given for it.

    ``ids`` says that texts are token ids, ``chat`` that this one is a question, to be put as the chat template of the
    checkpoint has it: ``prompt`` is what the model reads then. ``target`` is a given output; for a model without
    tokenizers it holds ids. ``mask``, ``positions`` and ``segments`` are numbers, one for each token of the text, and
    belong to it alone. ``target_ids`` stand in place of a target, perhaps with a ``target_mask``; ``types_ids`` says
    that of texts to come, where this one is of another kind. ``given`` is the output as it was given. All tapes stand
    on one ``shelf``. ``warn`` is told what a text loses, and what would surprise about how it is read.
    """

    def __init__(
        self,
        model: Model,
        text: str = EXAMPLE,
        *,
        ids: bool = False,
        chat: bool = False,
        target: str | None = None,
        mask: str | None = None,
        positions: str | None = None,
        segments: str | None = None,
        target_ids: Sequence[int] | None = None,
        target_mask: Sequence[int] | None = None,
        types_ids: bool | None = None,
        settings: Settings | None = None,
        shelf: Shelf | None = None,
        warn: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.model = model
        self.text = text
        self.ids = ids
        self.prompt = model.prompt(text) if chat else None
        self.types_ids = ids if types_ids is None else types_ids
        self.mask = mask
        self.positions = positions
        self.segments = segments
        self.settings = settings or Settings()
        self.warn = warn
        self._shelf = shelf or Shelf(BUDGET)
        self.given: dict[str, Any] = {"target": target, "target_ids": target_ids, "target_mask": target_mask}
        self.target, self.target_ids, self.target_mask = target, target_ids, target_mask
        if target_ids is not None:
            self.target = " ".join(model.piece(i, "target") for i in model.check_ids(target_ids, "target"))
        elif target is not None:
            self.target_ids = self._given(target)

    def __call__(self, text: str | None = None) -> Run:
        """A fresh run of a text, which is decoded; without one, of the last text again, with the output given for it.

        Raises:
            InputError: the text is empty, too long, or no list of ids where ids are wanted; the mask, the positions or
                the segments don't fit it.
        """
        if text is not None:
            run = self._begun(self._source(text, are_ids=self.types_ids))
            self._forget(text)
            return run
        model, ids = self.model, self._last()
        hides = None if self.mask is None else check_mask(model, read_numbers(self.mask, MASK), ids)
        stated = None if self.positions is None else read_numbers(self.positions, POSITIONS)
        places = None if stated is None else check_positions(model, stated, ids)
        parts = None if self.segments is None else check_segments(model, read_numbers(self.segments, SEGMENTS), ids)
        read = {"mask": hides, "positions": places, "segments": parts, "target_mask": self.target_mask}
        return self._begun(ids, self.target_ids, **read)

    def _begun(self, ids: Sequence[int], target: Sequence[int] | None = None, **read: Sequence[int] | None) -> Run:
        run = Run(self.model, ids, self.settings, target, shelf=self._shelf, **read)  # type: ignore[arg-type]
        for remark in run.remarks:
            self.warn(_("note: {what}").format(what=spoken(remark)))
        return run

    def _forget(self, text: str) -> None:
        """Go over to another text."""
        self._tell_of_places()
        before = self._of_decoding()
        self.text, self.ids, self.prompt = text, self.types_ids, None
        self.mask = self.positions = self.segments = None
        self.target = self.target_ids = self.target_mask = None
        self.given = {}
        self._tell_of_decoding(before)

    def _tell_of_places(self) -> None:
        """Tell what was stated of the places of the text, where that is left behind."""
        options = {MASK: self.mask, POSITIONS: self.positions, SEGMENTS: self.segments}
        if stated := [option for option, given in options.items() if given is not None]:
            told = _("note: {options} belonged to the text before, and this one is read without")
            self.warn(told.format(options=", ".join(stated)))

    def introduce(self) -> None:
        """Tell how a checkpoint was opened, what is odd about it, and what it asks for and does not get."""
        if not self.model.is_builtin:
            self.warn(self._opened())
        for decision in self.model.decisions.told:
            if decision.odd:
                self.warn(_("note: {what}").format(what=spoken(decision.what)))
        for warning in self.model.warnings:
            self.warn(_("warning: {warning}").format(warning=spoken(warning)))
        self._tell_of_decoding([])
        self._tell_of_prompt()

    def _opened(self) -> str:
        """The decisions that one would look up first, in a line."""
        files = self.model.source.files if self.model.source else ()
        return _("head: {head}; words: {words}").format(
            head=self._head(), words=" + ".join(files) or _("none (token ids only)")
        )

    def _head(self) -> str:
        """The name of the output projection."""
        parameters = self.model.architecture.parameters
        if "logits" not in parameters:
            return _("none (hidden states only)")
        head = parameters.logits.weight
        is_tied = sum(leaf is head for leaf in parameters.leaves()) > 1
        return _("the embedding") if is_tied else head.address

    def deciding(self, settings: Settings) -> Opener:
        """The same with other settings; tells what the checkpoint asks for and does not get any more."""
        other = self._again(self.model, settings, **self.given)
        other._tell_of_decoding(self._of_decoding())
        return other

    def giving(self, target: str | None) -> Opener:
        """The same with another output given, or none; tells as `deciding` does.

        Raises:
            InputError: the model can't read it.
        """
        other = self._again(self.model, self.settings, target=target)
        other._tell_of_decoding(self._of_decoding())
        return other

    def asking(self, question: str | None) -> Opener:
        """Runs of a question, put as the chat template has it; for None, of the same text as it is.

        Raises:
            InputError: the checkpoint states no such template, or it can't be rendered.
        """
        self._tell_of_places()
        is_put, text = question is not None, self.text if question is None else question
        other = self._over(self.model, text, chat=is_put, ids=self.ids and not is_put, settings=self.settings)
        other._tell_of_decoding(self._of_decoding())
        other._tell_of_prompt()
        return other

    def _tell_of_prompt(self) -> None:
        """Show what the model reads where a question is put to it."""
        if self.prompt is not None:
            self.warn(_("with the chat template of {model} it reads:").format(model=self.model.name))
            text, more = self.prompt.text[:MOST_SHOWN], self.prompt.text[MOST_SHOWN:]
            for line in text.split("\n"):
                self.warn(f"  {shown(line)}")
            if n := len(more):
                self.warn(ngettext("  … and {n} more character", "  … and {n} more characters", n).format(n=n))

    def computing_in(self, dtype: Dtype) -> Opener:
        """The same with arithmetic of another type."""
        return self._again(self.model.computing_in(dtype), self.settings, **self.given)

    def replaying(self, given: Pass, settings: Settings | None = None) -> Opener:
        """Runs over what went into another implementation; texts that are typed are read as before."""
        stated = {"mask": given.mask, "positions": given.positions, "segments": given.segments}
        places = {name: None if numbers is None else _written(numbers) for name, numbers in stated.items()}
        output = {"target_ids": given.target, "target_mask": given.target_mask}
        return self._over(
            self.model,
            _written(given.source),
            ids=True,
            types_ids=self.types_ids,
            settings=settings or self.settings,
            **places,
            **output,
        )

    def _again(self, model: Model, settings: Settings, **given: Any) -> Opener:
        places = {"mask": self.mask, "positions": self.positions, "segments": self.segments}
        text = {"ids": self.ids, "types_ids": self.types_ids, "chat": self.prompt is not None}
        return self._over(model, self.text, settings=settings, **text, **places, **given)

    def between(self, source_lang: str | None, target_lang: str | None) -> Opener:
        """The same between other languages; None is the one that the files state."""
        return self._again(self.model.between(source_lang, target_lang), self.settings, **self.given)

    def over(self, model: Model) -> Iterator[Opener]:
        """Runs of another model: of the same text, and after that of texts that it may read where it can't read that.

        A given output, mask and positions are left behind with the model they were for.
        """
        self._tell_of_places()
        if model.source is not None:
            for text in dict.fromkeys([EXAMPLE if self.ids else self.text, EXAMPLE, EXAMPLE_LATIN]):
                yield self._over(model, text, settings=self.settings)
        for ids in dict.fromkeys([self.text if self.ids else EXAMPLE_IDS, EXAMPLE_IDS]):
            yield self._over(model, ids, ids=True, settings=self.settings)

    def _over(self, model: Model, text: str, **options: Any) -> Opener:
        return Opener(model, text, shelf=self._shelf, warn=self.warn, **options)

    @property
    def _strategy(self) -> Strategy:
        """How tokens are chosen."""
        return self.settings.strategy or self.model.rules.strategy

    def _followed(self) -> list[str]:
        """What there is to say of a strategy that the checkpoint alone asks for, in a way that can be followed."""
        told = FOLLOWED.get(self._strategy)
        if told is None or self.settings.strategy is not None or self.target_ids is not None:
            return []
        with suppress(InputError):
            in_force(self.model, self.settings)
            return [spoken(told).format(model=self.model.name, beams=self.model.rules.stated.get("num_beams"))]
        return []

    def _left_out(self) -> list[str]:
        """What the checkpoint states of strategies and this one does not follow; a given output needs none."""
        return [] if self.target_ids is not None else self.model.rules.unfollowed(self._strategy)

    def _of_decoding(self) -> list[str]:
        """What is told of how tokens are chosen."""
        return [*self._followed(), *self._left_out()]

    def _tell_of_decoding(self, before: Sequence[str]) -> None:
        """Tell what holds of that now and did not ``before``: what is followed unasked, and what is left out."""
        for told in self._followed():
            if told not in before:
                self.warn(told)
        if settings := [setting for setting in self._left_out() if setting not in before]:
            told = LEFT_OUT[self._strategy]
            self.warn(spoken(told).format(model=self.model.name, settings=", ".join(settings)))

    def _given(self, target: str) -> Sequence[int]:
        if self.model.target:
            self._warn_of(self.model.target.encode(target).unknown)
        ids = self.model.target_ids(target) if self.model.target else self._given_ids(target)
        return self._measured(self.model.check_ids(ids, "target"))

    def _given_ids(self, target: str) -> list[int]:
        try:
            return read_ids(target)
        except InputError:
            told = _("{name} has no tokenizer, so that --target takes token ids, written like 5 9 2, and not {text!r}")
            raise InputError(told.format(name=self.model.name, text=target)) from None

    def _last(self) -> Sequence[int]:
        """The last text."""
        if self.prompt is None:
            return self._source(self.text, are_ids=self.ids)
        ids, unknown = self.model.prompt_ids(self.prompt)
        self._warn_of(unknown)
        return self._measured(ids)

    def _source(self, text: str, *, are_ids: bool) -> Sequence[int]:
        if are_ids:
            return self._measured(self.model.check_ids(read_ids(text), "source"))
        ids, unknown = self.model.source_ids(text)
        self._warn_of(unknown)
        return self._measured(ids)

    def _measured(self, ids: Sequence[int]) -> Sequence[int]:
        """The ids; tell if they are more than the model is made for."""
        made_for = self.model.facts.made_for
        if made_for is not None and len(ids) > made_for:
            told = _(
                "warning: the text has {n} tokens, and {model} is made for {made_for}; positions go on all the same"
            )
            self.warn(told.format(n=len(ids), model=self.model.name, made_for=made_for))
        return ids

    def _warn_of(self, unknown: Sequence[str]) -> None:
        """Tell which parts of a text become `<unk>`."""
        if unknown:
            listed = " ".join(unknown)
            self.warn(_("warning: {model} does not know {characters}").format(model=self.model.name, characters=listed))


def as_typed(text: str) -> str:
    """A text as `run` reads it on one line: as it is, or between double quotes for what is lost without."""
    is_plain = text == text.strip() and set("\n\r\t|>").isdisjoint(text) and not text.startswith('"')
    return text if is_plain else f'"{escaped(text)}"'


def read_ids(text: str) -> list[int]:
    """Token ids, between blanks or commas; raises `InputError` for anything else."""
    found = _whole_numbers(text)
    if found is None:
        raise InputError(_("{text!r} is no list of token ids; write them like 5 9 2").format(text=text))
    return found


def read_numbers(text: str, option: str) -> list[int]:
    """The numbers of an option, written as ids are; raises `InputError` for anything else."""
    found = _whole_numbers(text)
    if found is None:
        told = _("{option}: {text!r} is no list of numbers, one for each token; write them like 0 1 1")
        raise InputError(told.format(option=option, text=text))
    return found


def _written(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


def _whole_numbers(text: str) -> list[int] | None:
    numbers = list(map(whole_number, re.split(r"[\s,]+", text.strip())))
    return None if None in numbers else cast("list[int]", numbers)


def open_model(name: str, dtype: Dtype = "float32", adapter: str | Path | None = None) -> Model:
    """A model with its parameters in memory, so that its warnings are complete; ``worksheet:7`` is drawn.

    Raises:
        InputError: as `load` does, and for a name like that of a worksheet that is none.
    """
    if is_drawn(name) and adapter is None:
        return _drawn(name).computing_in(dtype)
    model = load(name, dtype, _show if sys.stderr.isatty() else None, adapter)
    model.read()
    return model


def _drawn(name: str) -> Model:
    from tracer.worksheets.tiny import drawn, named

    of = named(name)
    assert of is not None
    return drawn(of)


def _show(done: int, total: int) -> None:
    if total < LONG:
        return
    line = _("reading {done} of {total} MB").format(done=done >> 20, total=total >> 20)
    print(f"\r{line}" if done < total else f"\r{' ' * (len(line) + 2)}\r", end="", file=sys.stderr, flush=True)
