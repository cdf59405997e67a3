"""``set parameter NAME CELLS = E`` and ``set config KEY VALUE``: a model changed in memory, for a branch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tracer.addresses import Address, Everywhere
from tracer.debugger.debugger import Debugger
from tracer.debugger.evaluated import evaluated
from tracer.domains import Whole, meant
from tracer.edits import Edit
from tracer.errors import InputError
from tracer.i18n import _
from tracer.model_edits import Configured, Trained, keys_of, name_of
from tracer.redrawn import redrawn
from tracer.run import live

from ..grammar.address_suggestions import expressions, operands
from ..grammar.suggestions import Suggestion, Typing, words
from ..results.branches import branched, entered
from ..results.result import Results
from .set_tensor import EQUALS, read

CELLS, SETTING, RANDOM = "NAME CELLS = E", "KEY VALUE", "random [SEED] [KEY VALUE …]"
SEED = Whole("SEED", 0, 2**32 - 1)


def set_parameter(debugger: Debugger, text: str) -> Results:
    """Make a branch in which some trained numbers are others; raises as `branched` does, and for what does not read."""
    cells, expression = read(re.sub(r"^([^=\[]*?)\s+\[", r"\1[", text))
    address = cells.address if isinstance(cells, Everywhere) else cells
    if address.step is not None or address.run is not None:
        raise InputError(
            _("{address}: a parameter is the same in every step; leave out what it begins with").format(address=address)
        )
    edit = Edit(address, Trained(evaluated(expression, debugger.here)))
    name = name_of(debugger.run.parameters, edit)
    yield from branched(debugger, "set parameter", [replace(edit, address=replace(address, path=name))])


def set_parameters(debugger: Debugger, text: str) -> Results:
    """Make a branch whose parameters are all drawn anew, perhaps of another size.

    Raises:
        InputError: what is typed is not a word, a seed and keys with values, or there can be no such model.
    """
    word, *rest = text.split()
    meant(word, ["random"])
    run = live(debugger.run, "set parameters")
    is_seeded = bool(rest) and (len(rest) == 1 or rest[0].isdecimal())
    seed, stated = (rest[0], rest[1:]) if is_seeded else ("0", rest)
    with _of_config(debugger):
        yield from entered(debugger, run, redrawn(run, SEED.read(seed), _pairs(stated)))


def _pairs(stated: Sequence[str]) -> Mapping[str, Any]:
    """Values by their keys: `KEY VALUE KEY VALUE`."""
    if len(stated) % 2:
        raise InputError(_("{key} has no value, e.g. set parameters random 1 decoder_layers 6").format(key=stated[-1]))
    return dict(zip(stated[::2], map(_read_value, stated[1::2]), strict=True))


@contextmanager
def _of_config(debugger: Debugger) -> Iterator[None]:
    """Errors without the name of the file in which nothing is wrong."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error).removeprefix(f"{debugger.run.card.path}/config.json: ")) from None


def set_config(debugger: Debugger, text: str) -> Results:
    """Make a branch whose model has another configuration; raises as `branched` does, and where there is no value."""
    key, _blank, value = text.replace("=", " ", 1).strip().partition(" ")
    if not value.strip():
        raise InputError(_("set config needs a key and a value, e.g. set config norm_eps 0.1"))
    with _of_config(debugger):
        yield from branched(debugger, "set config", [Edit(Address(key), Configured(_read_value(value.strip())))])


def _read_value(text: str) -> Any:
    """A value as JSON has it; a word stands for itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parameters(typing: Typing) -> Iterable[Suggestion]:
    """Parameters before the sign of equality, expressions after it."""
    match = EQUALS.fullmatch(typing.text)
    if match is not None:
        return expressions(replace(typing, text=match[2].lstrip()))
    if "[" in typing.text:
        return operands(typing)
    return words(lambda debugger: dict.fromkeys(debugger.run.parameters.names, _("parameter")))(typing)


def settings(typing: Typing) -> Iterator[Suggestion]:
    """Keys with the values they have, then the words that a value may be."""
    try:
        known = keys_of(live(typing.debugger.run, "set config"))
    except InputError:
        return
    key, blank, typed = typing.text.partition(" ")
    if not blank:
        yield from words(lambda _debugger: {name: str(value) for name, value in known.items()})(typing)
        return
    offered = ["true", "false"] if isinstance(known.get(key), bool) else [str(known[key])] if key in known else []
    yield from words(lambda _debugger: dict.fromkeys(offered, ""))(replace(typing, text=typed))


def sizes(typing: Typing) -> Iterator[Suggestion]:
    """The word, then keys and values in turn, a seed before them or none."""
    _word, blank, rest = typing.text.partition(" ")
    if not blank:
        yield from words(lambda _debugger: {RANDOM.split()[0]: _("by a seed")})(typing)
        return
    *before, typed = rest.split(" ")
    stated = before[1:] if before and before[0].isdecimal() else before
    yield from settings(replace(typing, text=f"{stated[-1]} {typed}" if len(stated) % 2 else typed))
