"""From the options of the command line to a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.i18n import _
from tracer.model import Model
from tracer.run import Run

EXAMPLE = "我爱你"


class Opener:
    """Begins runs of one model with one set of settings; remembers the text of the last.

    ``ids`` says that texts are token ids. ``target`` is a given output; for a model without tokenizers it holds ids.
    ``warn`` is told what a text loses.
    """

    def __init__(
        self,
        model: Model,
        text: str = EXAMPLE,
        *,
        ids: bool = False,
        target: str | None = None,
        settings: Settings | None = None,
        warn: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.model = model
        self.text = text
        self._ids = ids
        self._target = None if target is None else self._given(target)
        self._settings = settings or Settings()
        self._warn = warn

    def __call__(self, text: str | None = None) -> Run:
        """A fresh run of a text, or of the last one again.

        Raises:
            InputError: the text is empty, too long, or no list of ids where ids are wanted.
        """
        wanted = self.text if text is None else text
        run = Run(self.model, self._source(wanted), self._settings, self._target)
        self.text = wanted
        return run

    def _given(self, target: str) -> Sequence[int]:
        ids = self.model.target_ids(target) if self.model.target else read_ids(target)
        return self.model.check_ids(ids, "target")

    def _source(self, text: str) -> Sequence[int]:
        if self._ids:
            return self.model.check_ids(read_ids(text), "source")
        ids, unknown = self.model.source_ids(text)
        if unknown:
            listed = " ".join(unknown)
            self._warn(
                _("warning: {model} does not know {characters}").format(model=self.model.name, characters=listed)
            )
        return ids


def read_ids(text: str) -> list[int]:
    """Token ids, between blanks or commas; raises `InputError` for anything else."""
    words = re.split(r"[\s,]+", text.strip())
    if not all(word.isascii() and word.isdigit() for word in words):
        raise InputError(_("{text!r} is no list of token ids; write them like 5 9 2").format(text=text))
    return [int(word) for word in words]
