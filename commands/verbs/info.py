"""Facts: about the model, the run, and what is set in the session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from tracer import views
from tracer.dataclass import dataclass
from tracer.errors import InputError
from tracer.i18n import N_, Message, _, spoken
from tracer.views.tokens import shown

from ..grammar.address_suggestions import operands
from ..grammar.kinds import among
from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing, words
from ..registry import command
from ..results.computed import history_facts
from ..results.facts import (
    ORDERS,
    bookmark_facts,
    cache_facts,
    display_facts,
    hypothesis_facts,
    model_facts,
    record_facts,
    run_facts,
    tensor_facts,
)
from ..results.given import scored_tokens
from ..results.result import Results, View, answer
from ..results.shared import token_result, tokens_so_far
from ..results.stopped import overview
from ..session import Session
from .frames import where
from .settings import show


def _about(typing: Typing) -> Iterable[Suggestion]:
    """Addresses and an order, for the one subject that takes them."""
    if not "tensors".startswith(typing.before[0]):
        return ()
    by = re.search(r"(?:^|\s)by\s+-?(\w*)$", typing.text)
    if by:
        return (Suggestion(key, len(by[1])) for key in ORDERS if key.startswith(by[1]))
    after = re.search(r"\s(b?y?)$", typing.text)
    return (
        [Suggestion("by ", len(after[1]), _("an order"))] if after and "by".startswith(after[1]) else operands(typing)
    )


About = Annotated[str, Kind("GLOB", str, _about)]


@command("tokens", group="look")
def tokens(session: Session) -> Results:
    """Show the tokens of source and target up to the cursor.

    Where the output is given (--target, set target), each of its tokens comes with its probability and rank, the
    likeliest other token, and the loss; then the mean of these.

    (tx) tokens
    """
    yield tokens_so_far(session, "tokens")
    yield from scored_tokens(session)
    for token in session.tokens:
        yield token_result(token)


def _run(session: Session) -> Results:
    """How the run is decoded; of a question, with the text that the model reads."""
    yield from run_facts(session)
    prompt = session.opener.prompt
    if prompt is not None:
        lines = "\n".join(f"  {shown(line)}" for line in prompt.text.split("\n"))
        told = _("the chat template puts it so:")
        yield answer("info", lambda: {"prompt": prompt._asdict()}, lambda: f"{told}\n{lines}")


@dataclass(frozen=True)
class Subject:
    """A kind of facts: what they are, and what tells them."""

    sentence: Message
    tell: Callable[[Session], Results]


_SUBJECTS: Mapping[str, Subject] = {
    "beams": Subject(N_("what a beam search considered"), hypothesis_facts),
    "bookmarks": Subject(N_("places that were kept"), bookmark_facts),
    "breakpoints": Subject(N_("breakpoints, watches and catches"), lambda session: iter([overview(session.stops)])),
    "cache": Subject(N_("keys and values that are kept from step to step"), cache_facts),
    "display": Subject(N_("what is shown at every stop"), display_facts),
    "frame": Subject(N_("the nested scopes around the cursor"), where.function),
    "model": Subject(N_("the modules of the model, and their parameters"), model_facts),
    "record": Subject(N_("the operation under the cursor"), record_facts),
    "run": Subject(N_("how the run is decoded, and how far it is"), _run),
    "settings": Subject(N_("the settings, and what they do"), show.function),
    "tensors": Subject(
        N_("the records of a step, or parameters: GLOB by KEY"), lambda session: tensor_facts(session, "")
    ),
    "tokens": Subject(N_("the tokens of source and target"), tokens.function),
    "values": Subject(N_("what was printed, as $1, $2, …"), history_facts),
}


def _sentences(_debugger: object = None) -> dict[str, str]:
    return {name: spoken(subject.sentence) for name, subject in _SUBJECTS.items()}


Named = Annotated[str, replace(among(*_SUBJECTS, short={"b": "breakpoints"}), suggestions=words(_sentences))]


@command("info", "i", group="look")
def info(session: Session, subject: Named | None = None, about: About | None = None) -> Results:
    """Show what there is: modules, records, stops, settings.

    info alone lists its kinds.

    info tensors takes an address with * and **, of records or of parameters, and an order: by std, max, size and so on,
    the largest first; by -std the smallest. Without an address it lists the whole step. info beams tells what a beam
    search considered, info values what was printed.

    (tx) info
    (tx) info model
    (tx) info tensors dec.*.cross.* by std
    (tx) info tensors by -min
    (tx) info tensors dec.*.ffn.*.weight by std
    (tx) i run
    (tx) info record
    (tx) info cache
    (tx) info settings
    """
    if about is not None and subject != "tensors":
        raise InputError(_("info {subject} takes no {text!r}").format(subject=subject, text=about))
    if subject is None:
        return iter([answer("info", _sentences, _kinds)])
    return tensor_facts(session, about) if about is not None else _SUBJECTS[subject].tell(session)


def _kinds() -> View:
    return views.glossary.glossary({f"info {name}": sentence for name, sentence in _sentences().items()})
