"""What stands in for an opener where there is a trace and no model: the trace, as often as a run is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.i18n import _
from tracer.model import Model
from tracer.trace import Trace

from .opener import Opener

if TYPE_CHECKING:
    from tracer.chats.prompt import Prompt


class Replay:
    """Begins the same trace again and again, and nothing else.

    ``text`` is what was traced, of token ids if ``ids`` says so, and ``target`` the output that was given for it.
    ``settings`` are those that were asked for. ``warn`` is told what another model's opener has to say.
    """

    def __init__(
        self,
        trace: Trace,
        text: str,
        *,
        ids: bool = False,
        target: str | None = None,
        settings: Settings | None = None,
        warn: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.trace = trace
        self.text = text
        self.ids = ids
        self.target = target
        self.settings = settings or Settings()
        self.prompt: Prompt | None = None
        self.warn = warn

    @classmethod
    def of(cls, trace: Trace, warn: Callable[[str], None]) -> Replay:
        """Over a trace of which nothing more is known than what it says itself."""
        side = next(iter(trace.pieces))
        target = trace.text if trace.teacher_forced else None
        return cls(trace, trace.source_text, ids=trace.card.words[side] is None, target=target, warn=warn)

    def __call__(self, text: str | None = None) -> Trace:
        """The trace; raises `InputError` for any text but its own."""
        return self.trace if text in (None, self.text) else self._refuse()

    def introduce(self) -> None:
        """There is nothing to tell."""

    def over(self, model: Model) -> Iterator[Opener]:
        """Runs of a model, of the same text or of one that it can read; see `Opener.over`."""
        return Opener(model, self.text, ids=self.ids, warn=self.warn).over(model)

    def _refuse(self, *_asked: object) -> NoReturn:
        told = _("this is a trace of {name}, and without the model it computes nothing else; model NAME|PATH opens one")
        raise InputError(told.format(name=self.trace.card.name))

    deciding = giving = asking = computing_in = between = replaying = _refuse
