"""``set parameter NAME CELLS = E`` and ``set config KEY VALUE``: a model changed in memory, for a branch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
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

CELLS, SETTING, RANDOM = "NAME CELLS = E", "KEY VALUE", "random [SEED]"
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
    """Make a branch whose parameters are all drawn anew; raises `InputError` for anything but a word and a seed."""
    word, _blank, seed = text.strip().partition(" ")
    meant(word, ["random"])
    run = live(debugger.run, "set parameters")
    yield from entered(debugger, run, redrawn(run, SEED.read(seed.strip() or "0")))


def set_config(debugger: Debugger, text: str) -> Results:
    """Make a branch whose model has another configuration; raises as `branched` does, and where there is no value."""
    key, _blank, value = text.replace("=", " ", 1).strip().partition(" ")
    if not value.strip():
        raise InputError(_("set config needs a key and a value, e.g. set config norm_eps 0.1"))
    try:
        yield from branched(debugger, "set config", [Edit(Address(key), Configured(_read_value(value.strip())))])
    except InputError as error:
        raise InputError(str(error).removeprefix(f"{debugger.run.card.path}/config.json: ")) from None


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
