"""Models opened for a session, and the runs that are begun of one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tracer.addresses import escaped
from tracer.card import Dtype
from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.i18n import N_, _, spoken
from tracer.loading import load
from tracer.model import Model
from tracer.reading import MASK, POSITIONS, check_mask, check_positions
from tracer.run import BUDGET, Run
from tracer.tapes import Shelf

if TYPE_CHECKING:
    from tracer.comparing.given import Pass

EXAMPLE = "我爱你"
EXAMPLE_LATIN = "I love you"
EXAMPLE_IDS = "1 2 3"

LONG = 200 << 20
"""bytes; reading fewer is over before it could be told of"""

LEFT_OUT = {
    "greedy": N_("note: {model} states {settings}, which is not followed: decoding is greedy unless asked"),
    "sample": N_("note: {model} states {settings}, which is not followed in sampling"),
    "beam": N_("note: {model} states {settings}, which is not followed in beam search"),
}
"""What a checkpoint states of other strategies, or of the one in use, is told in these words."""


class Opener:
    """Begins runs of one model with one set of settings; remembers the text of the last, and the output given for it.

    ``ids`` says that texts are token ids. ``target`` is a given output; for a model without tokenizers it holds ids.
    ``mask`` and ``positions`` are numbers, one for each token of the text, and belong to it alone. ``target_ids`` stand
    in place of a target, perhaps with a ``target_mask``; ``types_ids`` says that of texts to come, where this one is of
    another kind. ``given`` is the output as it was given. All tapes stand on one ``shelf``. ``warn`` is told
    what a text loses, and what would surprise about how it is read.
    """

    def __init__(
        self,
        model: Model,
        text: str = EXAMPLE,
        *,
        ids: bool = False,
        target: str | None = None,
        mask: str | None = None,
        positions: str | None = None,
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
        self.types_ids = ids if types_ids is None else types_ids
        self.mask = mask
        self.positions = positions
        self.settings = settings or Settings()
        self._warn = warn
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
            InputError: the text is empty, too long, or no list of ids where ids are wanted; the mask or the positions
                don't fit it.
        """
        if text is not None:
            run = self._begun(self._source(text, are_ids=self.types_ids))
            self._forget(text)
            return run
        model, ids = self.model, self._source(self.text, are_ids=self.ids)
        hides = None if self.mask is None else check_mask(model, read_numbers(self.mask, MASK), ids)
        stated = None if self.positions is None else read_numbers(self.positions, POSITIONS)
        places = None if stated is None else check_positions(model, stated, ids)
        return self._begun(ids, self.target_ids, mask=hides, positions=places, target_mask=self.target_mask)

    def _begun(self, ids: Sequence[int], target: Sequence[int] | None = None, **read: Sequence[int] | None) -> Run:
        run = Run(self.model, ids, self.settings, target, shelf=self._shelf, **read)  # type: ignore[arg-type]
        for remark in run.remarks:
            self._warn(_("note: {what}").format(what=spoken(remark)))
        return run

    def _forget(self, text: str) -> None:
        """Go over to another text."""
        self._tell_of_places()
        before = self._left_out()
        self.text, self.ids, self.mask, self.positions = text, self.types_ids, None, None
        self.target = self.target_ids = self.target_mask = None
        self.given = {}
        self._tell_what_is_left_out(before)

    def _tell_of_places(self) -> None:
        """Tell what was stated of the places of the text, where that is left behind."""
        stated = [option for option, given in ((MASK, self.mask), (POSITIONS, self.positions)) if given is not None]
        if stated:
            told = _("note: {options} belonged to the text before, and this one is read without")
            self._warn(told.format(options=", ".join(stated)))

    def introduce(self) -> None:
        """Tell how a checkpoint was opened, what is odd about it, and what it asks for and does not get."""
        if not self.model.is_builtin:
            self._warn(self._opened())
        for decision in self.model.decisions.told:
            if decision.odd:
                self._warn(_("note: {what}").format(what=spoken(decision.what)))
        for warning in self.model.warnings:
            self._warn(_("warning: {warning}").format(warning=spoken(warning)))
        self._tell_what_is_left_out([])

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
        other._tell_what_is_left_out(self._left_out())
        return other

    def giving(self, target: str | None) -> Opener:
        """The same with another output given, or none; tells as `deciding` does.

        Raises:
            InputError: the model can't read it.
        """
        other = self._again(self.model, self.settings, target=target)
        other._tell_what_is_left_out(self._left_out())
        return other

    def computing_in(self, dtype: Dtype) -> Opener:
        """The same with arithmetic of another type."""
        return self._again(self.model.computing_in(dtype), self.settings, **self.given)

    def replaying(self, given: Pass, settings: Settings | None = None) -> Opener:
        """Runs over what went into another implementation; texts that are typed are read as before."""
        stated = {"mask": given.mask, "positions": given.positions}
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
        text = {"ids": self.ids, "types_ids": self.types_ids, "mask": self.mask, "positions": self.positions}
        return self._over(model, self.text, settings=settings, **text, **given)

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
        return Opener(model, text, shelf=self._shelf, warn=self._warn, **options)

    def _left_out(self) -> list[str]:
        """What the checkpoint states of strategies and this one does not follow; a given output needs none."""
        return [] if self.target_ids is not None else self.model.rules.unfollowed(self.settings.strategy)

    def _tell_what_is_left_out(self, before: Sequence[str]) -> None:
        """Tell what is left out now and was not ``before``."""
        if settings := [setting for setting in self._left_out() if setting not in before]:
            told = LEFT_OUT[self.settings.strategy]
            self._warn(spoken(told).format(model=self.model.name, settings=", ".join(settings)))

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
            self._warn(told.format(n=len(ids), model=self.model.name, made_for=made_for))
        return ids

    def _warn_of(self, unknown: Sequence[str]) -> None:
        """Tell which parts of a text become `<unk>`."""
        if unknown:
            listed = " ".join(unknown)
            self._warn(
                _("warning: {model} does not know {characters}").format(model=self.model.name, characters=listed)
            )


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
    words = re.split(r"[\s,]+", text.strip())
    return [int(word) for word in words] if all(word.isascii() and word.isdigit() for word in words) else None


def open_model(name: str, dtype: Dtype = "float32") -> Model:
    """A model with its parameters in memory, so that its warnings are complete; raises as `load` does."""
    model = load(name, dtype, _show if sys.stderr.isatty() else None)
    model.read()
    return model


def _show(done: int, total: int) -> None:
    if total < LONG:
        return
    line = _("reading {done} of {total} MB").format(done=done >> 20, total=total >> 20)
    print(f"\r{line}" if done < total else f"\r{' ' * (len(line) + 2)}\r", end="", file=sys.stderr, flush=True)
