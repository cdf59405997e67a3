"""Facts: about the model, the run, and what is set in the session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated

from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.address_suggestions import operands
from ..grammar.kinds import among
from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing
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
from ..results.result import Results
from ..results.shared import token_result, tokens_so_far
from ..results.stopped import overview
from ..sitting import Sitting
from .frames import where
from .settings import show

SUBJECTS = (
    "beams",
    "bookmarks",
    "breakpoints",
    "cache",
    "display",
    "frame",
    "model",
    "record",
    "run",
    "settings",
    "tensors",
    "tokens",
    "values",
)
Subject = Annotated[str, among(*SUBJECTS, short={"b": "breakpoints"})]


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
def tokens(sitting: Sitting) -> Results:
    """Show the tokens of source and target up to the cursor.

    Where the output is given (--target, set target), each of its tokens comes with its probability and rank, the
    likeliest other token, and the loss; then the mean of these.

    (tx) tokens
    """
    yield tokens_so_far(sitting, "tokens")
    yield from scored_tokens(sitting)
    for token in sitting.tokens:
        yield token_result(token)


@command("info", "i", group="look")
def info(sitting: Sitting, subject: Subject, about: About | None = None) -> Results:
    """Show what there is: modules, records, stops, settings.

    info tensors takes an address with * and **, of records or of parameters, and an order: by std, max, size and so on,
    the largest first; by -std the smallest. Without an address it lists the whole step. info beams tells what a beam
    search considered, info values what was printed.

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
    return tensor_facts(sitting, about or "") if subject == "tensors" else _SUBJECTS[subject](sitting)


_SUBJECTS: dict[str, Callable[[Sitting], Results]] = {
    "beams": hypothesis_facts,
    "bookmarks": bookmark_facts,
    "breakpoints": lambda sitting: iter([overview(sitting.stops)]),
    "cache": cache_facts,
    "display": display_facts,
    "frame": where.function,
    "model": model_facts,
    "record": record_facts,
    "run": run_facts,
    "settings": show.function,
    "tokens": tokens.function,
    "values": history_facts,
}
